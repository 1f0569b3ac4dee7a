#ifndef CHAIN_INTEGRATION_COSMWASM_CONTRACT_H_
#define CHAIN_INTEGRATION_COSMWASM_CONTRACT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chain_integration/cosmwasm/environment.h"
#include "chain_integration/cosmwasm/host_error.h"
#include "chain_integration/cosmwasm/querier.h"
#include "chain_integration/cosmwasm/state.h"
#include "chain_integration/json/json.h"
#include "compiler/abi/traps.h"
#include "runtime/outcome.h"
#include "runtime/program.h"
#include "runtime/store.h"
#include "runtime/transaction.h"

// Calls CosmWasm contracts (interface version 8) on either engine.
//
//   auto contract = Contract::Create(program, [] { return NewStore(); });
//   CallRequest request;
//   request.entry = "instantiate";
//   request.msg = R"({"verifier":"...","beneficiary":"..."})";
//   absl::StatusOr<CallReport> report = contract->Call(request, state);
//
// A non-OK status is a fault or misuse (malformed `msg`, an unknown entry
// point name). Whatever the contract does is in the report; `state` changes
// only if the call succeeded.

namespace ingot::cosmwasm {

// Something that keeps a module from being called under this profile.
struct ContractFinding {
  std::string code;     // "unknown_import", "import_type", "missing_export",
                        // "export_type", "interface_version"
  std::string message;  // names the import as module.name, or the export
  std::string help;
};

// Imports that this profile does not provide, each by its name, then exports
// that a contract must have. Empty: the module can be called.
std::vector<ContractFinding> CheckImports(const runtime::Program& program);
std::vector<ContractFinding> CheckExports(const runtime::Program& program);

// The entry points: instantiate, execute, query, migrate, sudo, reply and
// ibc_channel_open, ibc_channel_connect, ibc_channel_close,
// ibc_packet_receive, ibc_packet_ack, ibc_packet_timeout.
bool IsEntryPoint(std::string_view name);

inline constexpr uint64_t kDefaultCallGasLimit = 100'000'000'000;  // ~10 s

struct CallRequest {
  std::string entry = "execute";
  std::string msg = "{}";  // must be JSON
  Env env;
  MessageInfo info;  // used by instantiate and execute
  const Querier* querier = nullptr;  // nullptr: knows nothing
  uint64_t gas_limit = kDefaultCallGasLimit;
  runtime::Transaction::Budget budget;
};

struct CallReport {
  // kReverted also when the contract returned an error. Unless kReturned, the
  // state is as before the call.
  runtime::OutcomeKind outcome = runtime::OutcomeKind::kReturned;
  runtime::Phase phase = runtime::Phase::kCall;
  TrapCode trap = TrapCode::kNone;
  uint32_t function = kNowhere;  // unless trapped: kNowhere
  uint32_t offset = kNowhere;
  std::vector<runtime::Frame> backtrace;
  std::vector<runtime::Value> results;  // the entry point's raw results

  uint64_t gas_limit = 0;
  uint64_t gas_used = 0;       // = gas_used_wasm + gas_used_host
  uint64_t gas_used_wasm = 0;  // instructions and fees
  uint64_t gas_used_host = 0;  // host functions, passing arguments and results

  HostError error_code = HostError::kNone;  // kReverted only
  std::optional<std::string> error;  // text of a trap, an error, an abort

  // query: the answer as JSON, or its base64 if it is not JSON. Else the
  // response's `data` (base64 or null); of an IBC entry point that gives no
  // response, its whole result.
  json::Value data;
  // [{"type", "attributes": [{"key", "value"}]}]: an event "wasm" with the
  // response's attributes, if any, then its events, each type prefixed "wasm-".
  json::Value events = json::Value::MakeArray();
  json::Value messages = json::Value::MakeArray();  // as the contract gave them
  std::vector<StateChange> state_changes;           // sorted by key
  // What the contract passed to `debug`; at most 64 KiB. For reading only.
  std::vector<std::string> debug;
};

// The object of INTERFACE's `call`: outcome, trap, function, offset, results,
// gas_used, gas_limit, phase, data, events, messages, error, error_code,
// state_changes ([{"key", "before", "after"}], hexadecimal or null),
// gas_used_wasm, gas_used_host; backtrace when trapped; debug when there is
// any.
json::Value ToJson(const CallReport& report);

// Makes an empty store of the engine that can run the program.
using StoreFactory = std::function<std::unique_ptr<runtime::Store>()>;

class Contract {
 public:
  // kInvalidArgument with the findings' text if there are any.
  static absl::StatusOr<Contract> Create(
      std::shared_ptr<const runtime::Program> program,
      StoreFactory store_factory);

  absl::StatusOr<CallReport> Call(const CallRequest& request,
                                  ContractState& state) const;

 private:
  Contract(std::shared_ptr<const runtime::Program> program,
           StoreFactory store_factory)
      : program_(std::move(program)),
        store_factory_(std::move(store_factory)) {}

  std::shared_ptr<const runtime::Program> program_;
  StoreFactory store_factory_;
};

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_CONTRACT_H_
