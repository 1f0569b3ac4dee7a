// One call: a fresh store and instance, arguments into regions that the
// contract allocates, the entry point, its result out of its region. All of it
// runs under one gas limit; the state transaction is committed only if the
// report still says kReturned at the end.

#include "chain_integration/cosmwasm/contract.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "chain_integration/cosmwasm/host_functions.h"
#include "chain_integration/cosmwasm/region.h"
#include "chain_integration/cosmwasm/report.h"

namespace ingot::cosmwasm {
namespace {

using runtime::Extern;
using runtime::Outcome;
using runtime::OutcomeKind;
using runtime::Value;

constexpr uint64_t kGreatestGasLimit = uint64_t{1} << 62;

// A call while it runs: everything that its steps share. Each step returns
// true to go on; false with an OK status when the report is final.
class Run {
 public:
  Run(const CallRequest& request, const Querier& querier, runtime::Store& store,
      StateTransaction& state, CallReport& report)
      : request_(request),
        store_(store),
        transaction_(request.budget),
        report_(report),
        session_{.state = state,
                 .querier = querier,
                 .addresses =
                     AddressCodec::ForContract(request.env.contract),
                 .read_only = request.entry == "query",
                 .host_gas = 0,
                 .debug = {},
                 .debug_bytes = 0} {
    report_.gas_limit = std::min(request.gas_limit, kGreatestGasLimit);
  }

  absl::Status Execute(std::shared_ptr<const runtime::Program> program) {
    absl::StatusOr<bool> goes_on = Instantiate(std::move(program));
    if (goes_on.ok() && *goes_on) goes_on = CallEntry();
    Finish();
    return goes_on.status();
  }

 private:
  uint64_t GasLeft() const { return report_.gas_limit - report_.gas_used; }

  void OutOfGas() {
    report_.outcome = OutcomeKind::kOutOfGas;
    report_.gas_used = report_.gas_limit;
    report_.error = "out of gas";
  }

  // What the host does before and after the run is paid like a host function.
  bool Charge(uint64_t price) {
    if (price > GasLeft()) {
      OutOfGas();
      return false;
    }
    report_.gas_used += price;
    session_.host_gas += price;
    return true;
  }

  // Takes an engine's outcome into the report.
  bool Absorb(Outcome outcome) {
    report_.gas_used += outcome.gas_used;
    report_.outcome = outcome.kind;
    report_.phase = outcome.phase;
    switch (outcome.kind) {
      case OutcomeKind::kReturned:
        return true;
      case OutcomeKind::kTrapped:
        report_.trap = outcome.trap;
        report_.function = outcome.function;
        report_.offset = outcome.offset;
        report_.backtrace = std::move(outcome.backtrace);
        report_.error = TrapMessage(outcome.trap);
        return false;
      case OutcomeKind::kReverted:
        Revert(static_cast<HostError>(outcome.revert_code),
               std::move(outcome.revert_message), report_);
        return false;
      case OutcomeKind::kOutOfGas:
        OutOfGas();
        return false;
    }
    return false;
  }

  absl::StatusOr<bool> Instantiate(
      std::shared_ptr<const runtime::Program> program) {
    std::vector<Extern> imports;
    for (const wasm::Import& import :
         program->View(program->module().imports)) {
      const HostFunctionInfo* function =
          FindHostFunction(program->Name(import.name));
      if (function == nullptr) {
        return absl::InternalError("an import was not checked");
      }
      imports.push_back(AddHostFunction(*function, session_, store_));
    }
    absl::StatusOr<runtime::Store::Instantiation> made = store_.Instantiate(
        std::move(program), imports, transaction_, report_.gas_limit);
    if (!made.ok()) return made.status();
    instance_ = made->instance;
    return Absorb(std::move(made->outcome));
  }

  absl::StatusOr<bool> CallFunction(Extern function,
                                    std::span<const Value> args,
                                    uint32_t* result) {
    absl::StatusOr<Outcome> outcome =
        store_.Call(function, args, transaction_, GasLeft());
    if (!outcome.ok()) return outcome.status();
    std::vector<Value> results = outcome->results;
    if (!Absorb(*std::move(outcome))) return false;
    *result = static_cast<uint32_t>(results[0].bits);
    report_.results = std::move(results);
    return true;
  }

  bool Check(const RegionStatus& status) {
    if (status.ok()) return true;
    Revert(status.error, status.message, report_);
    return false;
  }

  absl::StatusOr<bool> PassArgument(const std::string& text, Value* pointer) {
    if (!Charge(kArgument.Of(text.size()))) return false;
    const std::optional<Extern> allocate =
        store_.FindExport(instance_, "allocate");
    if (!allocate.has_value()) {
      return absl::InternalError("allocate was not checked");
    }
    const Value size{.type = wasm::ValType::kI32,
                     .bits = static_cast<uint32_t>(text.size())};
    uint32_t address = 0;
    const absl::StatusOr<bool> goes_on =
        CallFunction(*allocate, {&size, 1}, &address);
    if (!goes_on.ok() || !*goes_on) return goes_on;
    if (address == 0) {
      Revert(HostError::kZeroAddress,
             HostErrorMessage(HostError::kZeroAddress), report_);
      return false;
    }
    const std::span<uint8_t> memory = store_.InstanceMemory(instance_);
    Region region;
    *pointer = {.type = wasm::ValType::kI32, .bits = address};
    return Check(LoadRegion(memory, address, &region)) &&
           Check(FillRegion(memory, address, region, text));
  }

  absl::StatusOr<bool> CallEntry() {
    const std::optional<Extern> entry =
        store_.FindExport(instance_, request_.entry);
    std::vector<std::string> texts = ArgumentTexts(entry);
    if (texts.empty()) {
      Revert(HostError::kMissingExport,
             absl::StrCat("the contract does not export entry point ",
                          request_.entry),
             report_);
      return false;
    }
    std::vector<Value> args(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      const absl::StatusOr<bool> goes_on = PassArgument(texts[i], &args[i]);
      if (!goes_on.ok() || !*goes_on) return goes_on;
    }
    uint32_t address = 0;
    const absl::StatusOr<bool> goes_on = CallFunction(*entry, args, &address);
    if (!goes_on.ok() || !*goes_on) return goes_on;
    return ReadResult(address);
  }

  // The arguments for the entry point's type; empty if it is not one.
  std::vector<std::string> ArgumentTexts(
      const std::optional<Extern>& entry) const {
    if (!entry.has_value() || entry->kind != wasm::ExternKind::kFunc) return {};
    const runtime::Signature& type = store_.FunctionSignature(*entry);
    const auto is_i32 = [](wasm::ValType type) {
      return type == wasm::ValType::kI32;
    };
    if (type.results != std::vector{wasm::ValType::kI32} ||
        !std::all_of(type.params.begin(), type.params.end(), is_i32)) {
      return {};
    }
    const std::string env = json::Write(ToJson(request_.env));
    std::vector<std::string> texts = {env, request_.msg};
    if (request_.entry == "instantiate" || request_.entry == "execute") {
      texts = {env, json::Write(ToJson(request_.info)), request_.msg};
    } else if (request_.entry == "migrate" && type.params.size() == 3) {
      json::Value info = json::Value::MakeObject();
      info.Add("sender", json::Value::String(request_.info.sender));
      info.Add("old_migrate_version", json::Value::Null());
      texts.push_back(json::Write(info));
    }
    return type.params.size() == texts.size() ? texts
                                              : std::vector<std::string>();
  }

  bool ReadResult(uint32_t address) {
    const std::span<const uint8_t> memory = store_.InstanceMemory(instance_);
    Region region;
    std::string_view bytes;
    if (!Check(LoadRegion(memory, address, &region)) ||
        !Charge(kResult.Of(region.length)) ||
        !Check(ViewRegion(memory, region, kMaxResult, &bytes))) {
      return false;
    }
    ReadContractResult(request_.entry, bytes, report_);
    return report_.outcome == OutcomeKind::kReturned;
  }

  void Finish() {
    report_.gas_used_host = session_.host_gas;
    report_.gas_used_wasm = report_.gas_used - session_.host_gas;
    report_.debug = std::move(session_.debug);
    if (report_.outcome == OutcomeKind::kReturned) {
      report_.state_changes = session_.state.Changes();
      session_.state.Commit();
    } else {
      report_.results.clear();
    }
  }

  const CallRequest& request_;
  runtime::Store& store_;
  runtime::Transaction transaction_;
  CallReport& report_;
  CallSession session_;
  runtime::InstanceId instance_ = runtime::kNoInstance;
};

constexpr std::array<std::string_view, 12> kEntryPoints = {
    "instantiate",      "execute",
    "query",            "migrate",
    "sudo",             "reply",
    "ibc_channel_open", "ibc_channel_connect",
    "ibc_channel_close", "ibc_packet_receive",
    "ibc_packet_ack",   "ibc_packet_timeout",
};

}  // namespace

bool IsEntryPoint(std::string_view name) {
  return std::find(kEntryPoints.begin(), kEntryPoints.end(), name) !=
         kEntryPoints.end();
}

absl::StatusOr<Contract> Contract::Create(
    std::shared_ptr<const runtime::Program> program,
    StoreFactory store_factory) {
  std::vector<ContractFinding> findings = CheckImports(*program);
  if (findings.empty()) findings = CheckExports(*program);
  if (findings.empty()) {
    return Contract(std::move(program), std::move(store_factory));
  }
  std::string text = "the module cannot be called as a CosmWasm contract:";
  for (const ContractFinding& finding : findings) {
    absl::StrAppend(&text, "\n  ", finding.message);
  }
  return absl::InvalidArgumentError(text);
}

absl::StatusOr<CallReport> Contract::Call(const CallRequest& request,
                                          ContractState& state) const {
  static const Querier kKnowsNothing;
  if (!IsEntryPoint(request.entry)) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.entry, " is not a CosmWasm entry point"));
  }
  const absl::StatusOr<json::Value> msg = json::Parse(request.msg);
  if (!msg.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the message is not ", msg.status().message()));
  }
  const std::unique_ptr<runtime::Store> store = store_factory_();
  CallReport report;
  StateTransaction transaction(state);
  Run run(request,
          request.querier == nullptr ? kKnowsNothing : *request.querier, *store,
          transaction, report);
  const absl::Status status = run.Execute(program_);
  if (!status.ok()) return status;
  return report;
}

}  // namespace ingot::cosmwasm
