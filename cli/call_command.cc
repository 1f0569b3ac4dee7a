// `ingot call`. In: a CosmWasm contract, an entry point, a message, the state
// of earlier calls. Out: the report, and the state in its file. Holds: the file
// changes only if the call succeeded and was no query.

#include <optional>
#include <utility>

#include "chain_integration/cosmwasm/contract.h"
#include "chain_integration/cosmwasm/state_file.h"
#include "cli/code_names.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "compiler/abi/traps.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

using cosmwasm::CallReport;
using runtime::OutcomeKind;

constexpr uint64_t kMaxMockBytes = 64 << 20;

// The request that the flags describe.
absl::StatusOr<cosmwasm::CallRequest> MakeRequest(const Options& options,
                                                  const Profile& profile) {
  cosmwasm::CallRequest request;
  request.entry = options.entry;
  request.msg = options.msg;
  if (options.height) request.env.height = *options.height;
  if (options.time) request.env.time_nanoseconds = *options.time;
  if (!options.chain_id.empty()) request.env.chain_id = options.chain_id;
  if (!options.contract.empty()) request.env.contract = options.contract;
  if (!options.sender.empty()) request.info.sender = options.sender;
  absl::StatusOr<std::vector<cosmwasm::Coin>> funds =
      cosmwasm::ParseCoins(options.funds);
  if (!funds.ok()) return funds.status();
  request.info.funds = *std::move(funds);
  if (options.gas_limit) request.gas_limit = *options.gas_limit;
  request.budget.stack_units = profile.stack_units;
  request.budget.nesting = profile.call_depth;
  return request;
}

absl::Status FillQuerier(const Options& options, cosmwasm::Querier* querier) {
  for (const std::string& balance : options.balances) {
    if (absl::Status added = querier->AddBalance(balance); !added.ok()) {
      return added;
    }
  }
  if (options.query_mock.empty()) return absl::OkStatus();
  absl::StatusOr<InputFile> file =
      ReadInputFile(options.query_mock, kMaxMockBytes);
  if (!file.ok()) return file.status();
  return querier->LoadMock(
      {reinterpret_cast<const char*>(file->bytes.data()), file->bytes.size()});
}

// Text where it is text, else hexadecimal.
std::string ReadableBytes(const std::string& bytes) {
  bool printable = json::IsValidUtf8(bytes);
  for (const char c : bytes) {
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7F) printable = false;
  }
  if (printable) return bytes;
  std::string hex = "0x";
  for (const char c : bytes) {
    hex += fmt::format("{:02x}", static_cast<uint8_t>(c));
  }
  return hex;
}

// The report's object, with names in its backtrace: those are the reader's and
// known here.
void AddReport(const CallReport& report, const FunctionNames& names,
               json::Value* object) {
  const json::Value whole = cosmwasm::ToJson(report);
  for (const json::Member& member : whole.members()) {
    object->Add(member.first, member.first == "backtrace"
                                  ? BacktraceToJson(report.backtrace, names)
                                  : member.second);
  }
}

void PrintChanges(const CallReport& report, Output& output) {
  for (const cosmwasm::StateChange& change : report.state_changes) {
    output.Line(fmt::format("  {}", ReadableBytes(change.key)));
    if (change.before) {
      output.Line(output.Styled("    - " + ReadableBytes(*change.before),
                                Style::kBad));
    }
    if (change.after) {
      output.Line(output.Styled("    + " + ReadableBytes(*change.after),
                                Style::kGood));
    }
  }
}

void PrintReport(const CallReport& report, const Loaded& loaded,
                 const Options& options, Output& output) {
  const bool returned = report.outcome == OutcomeKind::kReturned;
  std::string what(OutcomeName(report.outcome));
  if (report.phase == runtime::Phase::kInstantiate) {
    what += " while instantiating";
  }
  output.Row("outcome", what, returned ? Style::kGood : Style::kBad);
  if (report.outcome == OutcomeKind::kTrapped) {
    output.Row("trap", fmt::format("{} ({})", TrapMessage(report.trap),
                                   TrapName(report.trap)));
    if (report.function != kNowhere) {
      output.Row("where",
                 fmt::format("{}, byte {} (0x{:x})",
                             loaded.names.Describe(report.function),
                             report.offset, report.offset));
    }
    PrintCallers(report.backtrace, loaded.names, output);
  }
  if (report.error) output.Row("error", *report.error);
  if (!report.data.IsNull()) output.Row("data", json::Write(report.data));
  for (const json::Value& event : report.events.items()) {
    output.Row("event", json::Write(event));
  }
  for (const json::Value& message : report.messages.items()) {
    output.Row("message", json::Write(message));
  }
  for (const std::string& line : report.debug) {
    output.Row("debug", json::ToValidUtf8(line));
  }
  output.Row("gas used",
             fmt::format("{} of {}  ({} contract, {} host)",
                         Grouped(report.gas_used), Grouped(report.gas_limit),
                         Grouped(report.gas_used_wasm),
                         Grouped(report.gas_used_host)));
  output.Row("state",
             Counted(report.state_changes.size(), "changed key"));
  if (options.diff) PrintChanges(report, output);
}

}  // namespace

int CallCommand(const Options& options, Output& output) {
  absl::StatusOr<Profile> profile = ProfileFor(options);
  if (!profile.ok()) return output.Refusal(profile.status());
  if (!cosmwasm::IsEntryPoint(options.entry)) {
    return output.Usage(fmt::format(
        "`{}` is no entry point; there are instantiate, execute, query, "
        "migrate, sudo, reply and those of IBC",
        options.entry));
  }
  if (absl::StatusOr<json::Value> msg = json::Parse(options.msg); !msg.ok()) {
    return output.Usage(fmt::format("--msg: {}",
                                    std::string(msg.status().message())));
  }
  cosmwasm::Querier querier;
  if (absl::Status filled = FillQuerier(options, &querier); !filled.ok()) {
    return output.Refusal(filled);
  }
  absl::StatusOr<cosmwasm::CallRequest> request =
      MakeRequest(options, *profile);
  if (!request.ok()) return output.Refusal(request.status());
  request->querier = &querier;

  absl::StatusOr<InputFile> file =
      ReadProgramFile(options.files[0], *profile);
  if (!file.ok()) return output.Fault(file.status());
  const Engine engine = options.engine == "interpreter" ? Engine::kInterpreter
                                                        : Engine::kNative;
  if (file->kind == FileKind::kArtifact && engine == Engine::kInterpreter) {
    return output.Usage("an artifact holds no function bodies to interpret: "
                        "pass the module, or leave --engine away");
  }
  Options with_host = options;
  with_host.host = "cosmwasm";
  absl::StatusOr<Loaded> loaded =
      LoadProgram(*file, with_host, *profile, engine);
  if (!loaded.ok()) return output.Fault(loaded.status());
  if (loaded->program == nullptr) {
    AddToJson(loaded->compilation, &output.object());
    Print(loaded->compilation, *file, output);
    return output.Finish(kExitNegative);
  }

  absl::StatusOr<cosmwasm::Contract> contract = cosmwasm::Contract::Create(
      loaded->program, [engine] { return NewStore(engine); });
  if (!contract.ok()) return output.Fault(contract.status());
  cosmwasm::ContractState state;
  if (!options.state.empty()) {
    absl::StatusOr<cosmwasm::ContractState> kept =
        cosmwasm::LoadState(options.state);
    if (!kept.ok()) return output.Fault(kept.status());
    state = *std::move(kept);
  }
  absl::StatusOr<CallReport> report = contract->Call(*request, state);
  if (!report.ok()) return output.Fault(report.status());
  const bool returned = report->outcome == OutcomeKind::kReturned;
  if (returned && !options.state.empty() && options.entry != "query") {
    const absl::Status saved = cosmwasm::SaveState(options.state, state);
    if (!saved.ok()) return output.Fault(saved);
  }
  AddReport(*report, loaded->names, &output.object());
  PrintReport(*report, *loaded, options, output);
  return output.Finish(returned ? kExitOk : kExitNegative);
}

}  // namespace ingot::cli
