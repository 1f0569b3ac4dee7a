// Instances. In and out: see the header. Holds: each instance has a store of its
// own, so that calls of different instances run at once; `mutex` of an instance
// is held by the call that runs in it.

#include "chain_integration/service/instances.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "chain_integration/service/faults.h"
#include "chain_integration/service/host_calls.h"
#include "chain_integration/service/wire.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/native/native_store.h"

namespace ingot::service {
namespace {

using runtime::Extern;
using runtime::NativeProgram;
using std::chrono::steady_clock;

runtime::Signature SignatureOf(const runtime::Program& program,
                               uint32_t function) {
  const wasm::Module& module = program.module();
  const uint32_t type_index = program.View(module.functions)[function];
  const wasm::FuncType& type = program.View(module.types)[type_index];
  const auto pool = program.View(module.type_pool)
                        .subspan(type.pool_offset,
                                 uint32_t{type.params} + type.results);
  runtime::Signature signature;
  signature.params.assign(pool.begin(), pool.begin() + type.params);
  signature.results.assign(pool.begin() + type.params, pool.end());
  return signature;
}

runtime::Transaction::Budget BudgetOf(const Profile& profile) {
  runtime::Transaction::Budget budget;
  budget.stack_units = profile.stack_units;
  budget.nesting = profile.call_depth;
  return budget;
}

// Of a run that has no outcome.
absl::Status RunFault(const absl::Status& status, const Call& call) {
  // A cancelled run's own status carries no reason.
  const bool cancelled = absl::IsCancelled(status) &&
                         ReasonOf(status) == v1::FAULT_REASON_INTERNAL;
  return cancelled ? call.Why()
                   : AsFault(status, v1::FAULT_REASON_INTERNAL);
}

std::string_view OutcomeName(runtime::OutcomeKind kind) {
  switch (kind) {
    case runtime::OutcomeKind::kReturned: return "returned";
    case runtime::OutcomeKind::kTrapped: return "trapped";
    case runtime::OutcomeKind::kReverted: return "reverted";
    case runtime::OutcomeKind::kOutOfGas: return "out_of_gas";
  }
  return "";
}

}  // namespace

struct Instances::Instance {
  std::string client;
  std::shared_ptr<const NativeProgram> program;
  runtime::NativeStore store;
  runtime::InstanceId id = runtime::kNoInstance;
  HostCalls host_calls;
  // Guarded by the table's mutex.
  bool busy = false;
  bool dead = false;
  bool forgotten = false;  // its client went away during a call
  steady_clock::time_point last_used = steady_clock::now();
};

class Instances::Running {
 public:
  Running(Instances& table, runtime::Transaction& transaction, Call& call)
      : table_(table), transaction_(transaction), call_(call) {
    const std::lock_guard<std::mutex> lock(table_.mutex_);
    table_.running_.push_back(this);
  }
  ~Running() {
    const std::lock_guard<std::mutex> lock(table_.mutex_);
    std::erase(table_.running_, this);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void CancelIfOver() const {
    if (call_.Over()) transaction_.Cancel();
  }

 private:
  Instances& table_;
  runtime::Transaction& transaction_;
  Call& call_;
};

Instances::Instances(const InstanceOptions& options, Log& log,
                     Metrics& metrics)
    : options_(options), log_(log), metrics_(metrics) {}

Instances::~Instances() = default;

std::shared_ptr<const NativeProgram> Instances::Find(const Digest& artifact) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = programs_.find(artifact);
  if (found == programs_.end()) return nullptr;
  found->second.last_use = next_use_++;
  return found->second.program;
}

absl::StatusOr<std::shared_ptr<const NativeProgram>> Instances::Load(
    const store::Key& key, const store::StoredFile& artifact) {
  runtime::ExpectedArtifact expected;
  expected.file = artifact.digest();
  expected.module = key.module;
  expected.compiler = key.compiler;
  auto program = NativeProgram::Load(artifact.bytes(), expected);
  if (!program.ok()) {
    const bool refused = runtime::ArtifactErrorOf(program.status()) !=
                         runtime::ArtifactError::kNone;
    return AsFault(program.status(), refused
                                         ? v1::FAULT_REASON_ARTIFACT_REFUSED
                                         : v1::FAULT_REASON_INTERNAL);
  }
  ++cold_loads_;
  log_.Info("loaded", {{"artifact", artifact.digest().Hex()},
                       {"bytes", artifact.bytes().size()}});
  const std::lock_guard<std::mutex> lock(mutex_);
  programs_[artifact.digest()] = {*program, next_use_++};
  while (programs_.size() > std::max(options_.max_programs, 1u)) {
    programs_.erase(std::min_element(
        programs_.begin(), programs_.end(), [](const auto& a, const auto& b) {
          return a.second.last_use < b.second.last_use;
        }));
  }
  return program;
}

absl::StatusOr<uint64_t> Instances::GasLimit(std::optional<uint64_t> asked,
                                             const Call& call) const {
  const uint64_t limit = GasLimitFrom(asked);
  if (call.lane() != store::Lane::kBlock && limit > options_.max_gas) {
    return Fault(v1::FAULT_REASON_BAD_REQUEST,
                 absl::StrCat("gas_limit: outside of the block path at most ",
                              options_.max_gas, " is taken"));
  }
  return limit;
}

absl::StatusOr<v1::InstantiateResponse> Instances::Instantiate(
    std::shared_ptr<const NativeProgram> program,
    const v1::InstantiateRequest& request, const std::string& client,
    Call& call) {
  const absl::StatusOr<uint64_t> limit = GasLimit(
      request.has_gas_limit() ? std::optional(request.gas_limit())
                              : std::nullopt,
      call);
  if (!limit.ok()) return limit.status();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto mine = std::count_if(
        instances_.begin(), instances_.end(),
        [&](const auto& entry) { return entry.second->client == client; });
    if (instances_.size() + making_ >= options_.max_instances ||
        mine >= options_.max_instances_per_client) {
      return Fault(v1::FAULT_REASON_QUEUE_FULL, "too many instances exist");
    }
    ++making_;
  }
  auto instance = std::make_shared<Instance>();
  instance->client = client;
  instance->program = program;
  instance->host_calls.SetMaxReadBytes(options_.max_read_bytes);
  absl::StatusOr<runtime::Store::Instantiation> made;
  {
    std::vector<Extern> imports;
    absl::Status bound = absl::OkStatus();
    for (const wasm::Import& import :
         program->View(program->module().imports)) {
      if (import.kind != wasm::ExternKind::kFunc) {
        bound = Fault(v1::FAULT_REASON_BAD_REQUEST,
                      absl::StrCat("the module imports ",
                                   std::string(program->Name(import.module)),
                                   ".", std::string(program->Name(import.name)),
                                   ", which is no function"));
        break;
      }
      imports.push_back(instance->host_calls.Bind(
          instance->store, SignatureOf(*program, import.index),
          std::string(program->Name(import.module)),
          std::string(program->Name(import.name))));
    }
    runtime::Transaction transaction(BudgetOf(program->profile()));
    const Running running(*this, transaction, call);
    made = bound.ok() ? instance->store.Instantiate(program, imports,
                                                    transaction, *limit)
                      : absl::StatusOr<runtime::Store::Instantiation>(bound);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  --making_;
  if (!made.ok()) return RunFault(made.status(), call);
  v1::InstantiateResponse response;
  const absl::StatusOr<v1::Outcome> outcome = OutcomeToWire(made->outcome);
  if (!outcome.ok()) return outcome.status();
  *response.mutable_outcome() = *outcome;
  metrics_.CountOutcome(OutcomeName(made->outcome.kind));
  if (made->outcome.kind == runtime::OutcomeKind::kReturned) {
    instance->id = made->instance;
    response.set_instance(next_id_++);
    instances_[response.instance()] = std::move(instance);
  }
  return response;
}

absl::StatusOr<std::shared_ptr<Instances::Instance>> Instances::Take(
    uint64_t id, const std::string& client) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = instances_.find(id);
  if (found == instances_.end() || found->second->client != client) {
    return Fault(v1::FAULT_REASON_UNKNOWN_INSTANCE,
                 absl::StrCat("this client has no instance ", id));
  }
  Instance& instance = *found->second;
  if (instance.busy || instance.dead) {
    return Fault(v1::FAULT_REASON_INSTANCE_UNUSABLE,
                 instance.busy ? "the instance is in a call"
                               : "the instance has died in a call");
  }
  instance.busy = true;
  return found->second;
}

void Instances::End(uint64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  instances_.erase(id);
}

absl::StatusOr<v1::Outcome> Instances::Run(const v1::CallStart& start,
                                           CallPeer& peer,
                                           const std::string& client,
                                           Call& call) {
  const absl::StatusOr<uint64_t> limit = GasLimit(
      start.has_gas_limit() ? std::optional(start.gas_limit()) : std::nullopt,
      call);
  if (!limit.ok()) return limit.status();
  std::vector<runtime::Value> arguments;
  for (const v1::Value& value : start.arguments()) {
    const absl::StatusOr<runtime::Value> argument =
        ValueFrom(value, "start.arguments");
    if (!argument.ok()) return argument.status();
    arguments.push_back(*argument);
  }
  absl::StatusOr<std::shared_ptr<Instance>> taken =
      Take(start.instance(), client);
  if (!taken.ok()) return taken.status();
  Instance& instance = **taken;
  const auto give_back = [&](bool dead) {
    const std::lock_guard<std::mutex> lock(mutex_);
    instance.busy = false;
    instance.dead = dead;
    instance.last_used = steady_clock::now();
    if (instance.forgotten) instances_.erase(start.instance());
  };
  const std::optional<Extern> function =
      instance.store.FindExport(instance.id, start.function());
  const bool callable =
      function && function->kind == wasm::ExternKind::kFunc;
  std::vector<wasm::ValType> types;
  for (const runtime::Value& value : arguments) types.push_back(value.type);
  if (!callable ||
      instance.store.FunctionSignature(*function).params != types) {
    give_back(false);
    return Fault(v1::FAULT_REASON_BAD_REQUEST,
                 callable ? "start.arguments: of other types than the "
                            "function's"
                          : absl::StrCat("start.function: no function \"",
                                         start.function(), "\" is exported"));
  }
  runtime::Transaction transaction(BudgetOf(instance.program->profile()));
  const auto began = steady_clock::now();
  instance.host_calls.SetPeer(&peer, &call);
  const absl::StatusOr<runtime::Outcome> outcome = [&] {
    const Running running(*this, transaction, call);
    return instance.store.Call(*function, arguments, transaction, *limit);
  }();
  instance.host_calls.SetPeer(nullptr, nullptr);
  const std::chrono::duration<double> took = steady_clock::now() - began;
  if (!outcome.ok()) {
    // Half of a call was done: nobody may see the rest.
    End(start.instance());
    return RunFault(outcome.status(), call);
  }
  if (instance.host_calls.count() == 0) {
    metrics_.ObserveRun(took.count(), outcome->gas_used);
  }
  metrics_.CountOutcome(OutcomeName(outcome->kind));
  give_back(outcome->kind == runtime::OutcomeKind::kOutOfGas);
  return OutcomeToWire(*outcome);
}

absl::Status Instances::Release(uint64_t id, const std::string& client) {
  absl::StatusOr<std::shared_ptr<Instance>> taken = Take(id, client);
  if (!taken.ok()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = instances_.find(id);
    // A dead one is released like any other.
    if (found != instances_.end() && found->second->client == client &&
        !found->second->busy) {
      instances_.erase(found);
      return absl::OkStatus();
    }
    return taken.status();
  }
  End(id);
  return absl::OkStatus();
}

void Instances::Forget(const std::string& client) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto entry = instances_.begin(); entry != instances_.end();) {
    Instance& instance = *entry->second;
    const bool mine = instance.client == client;
    // One in a call ends with it: a run may return before it is cancelled.
    instance.forgotten |= mine;
    entry = mine && !instance.busy ? instances_.erase(entry)
                                   : std::next(entry);
  }
}

void Instances::Sweep() {
  const auto now = steady_clock::now();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto entry = instances_.begin(); entry != instances_.end();) {
    const Instance& instance = *entry->second;
    const bool idle =
        !instance.busy && now - instance.last_used > options_.idle_time;
    entry = idle ? instances_.erase(entry) : std::next(entry);
  }
}

void Instances::CancelOver() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Running* const running : running_) running->CancelIfOver();
}

uint64_t Instances::count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return instances_.size();
}

uint64_t Instances::programs() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return programs_.size();
}

}  // namespace ingot::service
