// `ingot client call`. In: a module, an exported function, its arguments. Out:
// what the node makes of the call, as `ingot run` prints it. Holds: the module is
// compiled through the node first; an import that is called is answered with
// zeros when stubs are asked for, and is a fault otherwise.

#include <optional>
#include <utility>

#include "chain_integration/service/wire.h"
#include "cli/client_session.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/hosts.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

std::optional<Profile> ProfileOf(const ClientSession& session) {
  Profile profile;
  for (const v1::ProfileInfo& item : session.info.profiles()) {
    if (item.profile_sha256() != session.target.profile_sha256()) continue;
    const auto bytes = service::SpanOf(item.canonical());
    if (Decode(bytes, &profile).ok()) return profile;
  }
  return std::nullopt;
}

// Of any import, by its signature in the module.
v1::HostReturn Zeros(const runtime::Program& program,
                     const v1::HostCall& call) {
  v1::HostReturn answer;
  answer.set_result(v1::HOST_RESULT_OK);
  for (const wasm::Import& import : program.View(program.module().imports)) {
    if (import.kind != wasm::ExternKind::kFunc ||
        program.Name(import.module) != call.module() ||
        program.Name(import.name) != call.name()) {
      continue;
    }
    for (const wasm::ValType type :
         SignatureOfFunction(program, import.index).results) {
      const auto zero = service::ValueToWire({type, 0});
      if (zero.ok()) *answer.add_results() = *zero;
    }
    break;
  }
  return answer;
}

// Everything but the verdict's part of the outcome.
runtime::Outcome OutcomeFrom(const v1::Outcome& wire, runtime::Phase phase) {
  runtime::Outcome outcome;
  outcome.phase = phase;
  switch (wire.kind()) {
    case v1::OUTCOME_KIND_TRAPPED:
      outcome.kind = runtime::OutcomeKind::kTrapped;
      break;
    case v1::OUTCOME_KIND_REVERTED:
      outcome.kind = runtime::OutcomeKind::kReverted;
      break;
    case v1::OUTCOME_KIND_OUT_OF_GAS:
      outcome.kind = runtime::OutcomeKind::kOutOfGas;
      break;
    default: break;
  }
  outcome.trap = static_cast<TrapCode>(wire.trap());
  if (wire.has_function()) outcome.function = wire.function();
  if (wire.has_offset()) outcome.offset = wire.offset();
  for (const v1::Value& value : wire.results()) {
    const auto result = service::ValueFrom(value, "results");
    if (result.ok()) outcome.results.push_back(*result);
  }
  outcome.gas_used = wire.gas_used();
  outcome.revert_code = wire.revert_code();
  return outcome;
}

// Instantiates, calls, releases. `limit` is for both together.
absl::StatusOr<runtime::Outcome> CallThere(ClientSession& session,
                                           const v1::Verdict& verdict,
                                           const runtime::Program& program,
                                           const Invocation& invocation,
                                           uint64_t limit,
                                           const Options& options) {
  v1::InstantiateRequest instantiate;
  *instantiate.mutable_target() = session.target;
  instantiate.set_module_sha256(verdict.module_sha256());
  instantiate.set_artifact_sha256(verdict.artifact_sha256());
  instantiate.set_gas_limit(limit);
  instantiate.set_lane(LaneOf(options));
  const auto made = session.client.Instantiate(instantiate);
  if (!made.ok()) return made.status();
  const uint64_t spent = made->outcome().gas_used();
  if (made->outcome().kind() != v1::OUTCOME_KIND_RETURNED) {
    return OutcomeFrom(made->outcome(), runtime::Phase::kInstantiate);
  }
  v1::CallStart start;
  start.set_instance(made->instance());
  start.set_function(invocation.entry);
  start.set_gas_limit(limit - spent);
  start.set_lane(LaneOf(options));
  for (const runtime::Value& value : invocation.args) {
    const auto argument = service::ValueToWire(value);
    if (!argument.ok()) return argument.status();
    *start.add_arguments() = *argument;
  }
  const auto called = session.client.Call(
      start, [&](const v1::HostCall& call, service::HostSession&) {
        if (options.stub_imports) return Zeros(program, call);
        v1::HostReturn fault;
        fault.set_result(v1::HOST_RESULT_FAULT);
        return fault;
      });
  // A fault has ended the instance already.
  if (!called.ok()) return called.status();
  const absl::Status released = session.client.Release(made->instance());
  if (!released.ok()) return released;
  runtime::Outcome outcome = OutcomeFrom(*called, runtime::Phase::kCall);
  outcome.gas_used += spent;
  return outcome;
}

}  // namespace

int ClientCallCommand(const Options& options, Output& output) {
  ClientSession session(options);
  if (absl::Status opened = session.Open(options); !opened.ok()) {
    return ClientRefusal(opened, output);
  }
  const std::optional<Profile> profile = ProfileOf(session);
  if (!profile) return output.Usage("the node has no such profile");
  const auto file = session.ReadModule(options.files[0]);
  if (!file.ok()) return ClientRefusal(file.status(), output);
  // The run's gas is not the compilation's.
  Options compiling = options;
  compiling.gas_limit = options.compile_gas_limit;
  const auto compiled = session.Compile(*file, compiling);
  if (!compiled.ok()) return ClientRefusal(compiled.status(), output);
  if (compiled->verdict().kind() != v1::VERDICT_KIND_ACCEPTED) {
    return output.Finish(PrintVerdict(*compiled, output));
  }
  Status rejection;
  const auto program =
      runtime::Program::FromModule(file->bytes, *profile, &rejection);
  if (!program.ok()) return output.Fault(program.status());
  if (*program == nullptr) {
    return output.Fault(absl::InternalError(
        "the node accepted a module that this program rejects"));
  }
  const auto invocation = PlanInvocation(**program, options);
  if (!invocation.ok()) return output.Refusal(invocation.status());
  const uint64_t limit = options.gas_limit.value_or(kDefaultRunGasLimit);
  const auto outcome = CallThere(session, compiled->verdict(), **program,
                                 *invocation, limit, options);
  if (!outcome.ok()) return ClientRefusal(outcome.status(), output);
  Execution execution;
  execution.outcome = *outcome;
  execution.outcome.gas_limit = limit;
  Loaded loaded;
  loaded.names = FunctionNames(file->bytes, **program);
  AddOutcome(execution, loaded.names, &output.object());
  PrintOutcome(execution, loaded, output);
  return output.Finish(ExitCodeOf(execution));
}

}  // namespace ingot::cli
