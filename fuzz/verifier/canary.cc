#include "fuzz/verifier/canary.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <utility>

#include "runtime/artifact/artifact_writer.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"

namespace ingot::fuzz {
namespace {

using runtime::NativeProgram;
using runtime::NativeStore;
using runtime::Outcome;
using runtime::OutcomeKind;
using runtime::Transaction;
using runtime::Value;

constexpr uint64_t kGasLimit = 200'000;  // of a world, all calls together
constexpr uint64_t kStackUnits = 1 << 20;
constexpr uint32_t kSeconds = 20;
constexpr uint64_t kGuardBytes = 1 << 20;
constexpr uint8_t kPattern = 0xA5;

// Instances of the subject's libraries and module, and what they did.
struct World {
  explicit World(const Subject& subject)
      : host(subject.host, subject.wasi_arguments) {}

  // False: a fault.
  bool Instantiate(const Programs& programs, NativeStore& store,
                   Transaction& transaction);
  bool Call(const Subject& subject, NativeStore& store,
            Transaction& transaction);
  bool Ran() const {
    return !outcomes.empty() && outcomes.back().kind == OutcomeKind::kReturned;
  }

  RunHost host;
  std::vector<runtime::InstanceId> instances;
  std::vector<Outcome> outcomes;
  uint64_t used = 0;
};

bool World::Instantiate(const Programs& programs, NativeStore& store,
                        Transaction& transaction) {
  for (const auto& program : programs) {
    const auto imports = host.Bind(*program, instances, store);
    if (!imports.ok()) return false;
    host.BeginStep(used, kGasLimit - used);
    auto made =
        store.Instantiate(program, *imports, transaction, kGasLimit - used);
    if (!made.ok()) return false;
    instances.push_back(made->instance);
    used += made->outcome.gas_used;
    outcomes.push_back(std::move(made->outcome));
    if (!Ran()) break;
  }
  return true;
}

bool World::Call(const Subject& subject, NativeStore& store,
                 Transaction& transaction) {
  for (const Step& step : subject.steps) {
    const auto function = store.FindExport(instances.back(), step.export_name);
    if (!function || function->kind != wasm::ExternKind::kFunc) return false;
    std::vector<Value> args;
    for (const wasm::ValType type : store.FunctionSignature(*function).params) {
      uint64_t bits = 0;
      if (args.size() < step.args.size()) bits = step.args[args.size()];
      if (type == wasm::ValType::kI32 || type == wasm::ValType::kF32) {
        bits = static_cast<uint32_t>(bits);
      } else if (type == wasm::ValType::kFuncRef) {
        bits = 0;
      }
      args.push_back({type, bits});
    }
    host.BeginStep(used, kGasLimit - used);
    auto outcome = store.Call(*function, args, transaction, kGasLimit - used);
    if (!outcome.ok()) return false;
    used += outcome->gas_used;
    outcomes.push_back(*std::move(outcome));
    if (outcomes.back().kind == OutcomeKind::kOutOfGas) break;
  }
  return true;
}

// What another instance must still be after the run.
struct Witness {
  std::vector<uint8_t> memory;
  std::vector<Value> globals;

  static Witness Of(NativeStore& store, runtime::InstanceId instance,
                    const runtime::Program& program) {
    Witness witness;
    const auto memory = store.InstanceMemory(instance);
    witness.memory.assign(memory.begin(), memory.end());
    for (uint32_t i = 0; i < program.module().globals.size; ++i) {
      witness.globals.push_back(store.InstanceGlobal(instance, i));
    }
    return witness;
  }
};

// Memory of a known pattern on both sides of the mappings that hold `address`,
// as near as there is room.
class Guards {
 public:
  explicit Guards(const void* address) {
    uint64_t low = 0, high = 0;
    if (address != nullptr && FindMappings(address, &low, &high)) {
      Add(low - kGuardBytes);
      Add(high);
    }
    Add(0);  // and anywhere
  }
  bool AreWhole() const {
    return std::all_of(guards_.begin(), guards_.end(), [](const uint8_t* at) {
      return std::all_of(at, at + kGuardBytes,
                         [](uint8_t byte) { return byte == kPattern; });
    });
  }

 private:
  // The mappings without a gap between them, one of which holds the address.
  static bool FindMappings(const void* address, uint64_t* low,
                           uint64_t* high) {
    std::FILE* maps = std::fopen("/proc/self/maps", "r");
    if (maps == nullptr) return false;
    const uint64_t at = reinterpret_cast<uint64_t>(address);
    char line[4352];
    bool found = false;
    while (std::fgets(line, sizeof(line), maps) != nullptr) {
      uint64_t begin, end;
      if (std::sscanf(line, "%" SCNx64 "-%" SCNx64, &begin, &end) != 2) {
        continue;
      }
      if (begin != *high) {
        if (found) break;
        *low = begin;
      }
      *high = end;
      found = found || (begin <= at && at < end);
    }
    std::fclose(maps);
    return found;
  }
  void Add(uint64_t at) {
    void* const wanted = reinterpret_cast<void*>(at);
    const int place = at != 0 ? MAP_FIXED_NOREPLACE : 0;
    void* const made = mmap(wanted, kGuardBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | place, -1, 0);
    if (made == MAP_FAILED) return;
    std::memset(made, kPattern, kGuardBytes);
    guards_.push_back(static_cast<const uint8_t*>(made));
  }

  std::vector<const uint8_t*> guards_;
};

std::vector<uint8_t> CodeOf(const Programs& programs) {
  std::vector<uint8_t> bytes;
  for (const auto& program : programs) {
    const auto code = static_cast<const NativeProgram&>(*program).code();
    bytes.insert(bytes.end(), code.begin(), code.end());
  }
  return bytes;
}

std::vector<uint8_t> ArtifactOf(const Specimen& mutant) {
  const auto view = runtime::ReadArtifact(mutant.artifact, {});
  runtime::ArtifactPayload payload;
  payload.code = mutant.code;
  payload.rodata = mutant.rodata;
  payload.identity = view->identity;
  payload.profile = view->profile_bytes;
  payload.module = view->module;
  payload.functions = mutant.functions;
  payload.traps = mutant.traps;
  payload.certificates = mutant.certificates;
  payload.first_function = view->first_function;
  return runtime::WriteArtifact(payload);
}

// What the host sees but for gas.
bool SameBesidesGas(const std::vector<Outcome>& a,
                    const std::vector<Outcome>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Outcome& x, const Outcome& y) {
                      return x.kind == y.kind && x.trap == y.trap &&
                             x.results == y.results;
                    });
}

bool SameGas(const std::vector<Outcome>& a, const std::vector<Outcome>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Outcome& x, const Outcome& y) {
                      return x.gas_used == y.gas_used;
                    });
}

}  // namespace

const char* CanaryText(CanaryResult result) {
  constexpr const char* kTexts[] = {
      "other outcomes",
      "same outcomes and gas",
      "same outcomes, other gas",
      "fault",
      "unreadable",
      "memory beside its own changed",
      "another instance's memory changed",
      "another instance's global changed",
      "code changed",
      "process ended",
  };
  static_assert(std::size(kTexts) == static_cast<size_t>(CanaryResult::kCount));
  return kTexts[static_cast<uint8_t>(result)];
}

absl::StatusOr<std::unique_ptr<Canary>> Canary::Make(const Subject& subject,
                                                     const Specimen& specimen) {
  std::unique_ptr<Canary> canary(new Canary(subject));
  for (const auto& library : subject.libraries) {
    const auto made = MakeSpecimen(library, subject.profile);
    if (!made.ok()) return made.status();
    auto program = NativeProgram::Load(made->artifact, {});
    if (!program.ok()) return program.status();
    canary->programs_.push_back(*std::move(program));
  }
  auto program = NativeProgram::Load(specimen.artifact, {});
  if (!program.ok()) return program.status();
  canary->programs_.push_back(*std::move(program));

  World world(subject);
  NativeStore store;
  Transaction transaction({.stack_units = kStackUnits});
  if (!world.Instantiate(canary->programs_, store, transaction) ||
      (world.Ran() && !world.Call(subject, store, transaction))) {
    return absl::InternalError("the untouched module does not run");
  }
  canary->outcomes_ = std::move(world.outcomes);
  return canary;
}

CanaryResult Canary::Run(const Specimen& mutant) const {
  const std::vector<uint8_t> artifact = ArtifactOf(mutant);
  const pid_t child = fork();
  if (child == 0) {
    alarm(kSeconds);
    _exit(static_cast<int>(RunInChild(artifact)));
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) >= static_cast<int>(CanaryResult::kCount)) {
    return CanaryResult::kKilled;
  }
  return static_cast<CanaryResult>(WEXITSTATUS(status));
}

CanaryResult Canary::RunInChild(const std::vector<uint8_t>& artifact) const {
  const auto mutant = NativeProgram::Load(artifact, {});
  if (!mutant.ok()) return CanaryResult::kUnreadable;
  NativeStore store;
  Transaction transaction({.stack_units = kStackUnits});

  // The witness stands before the mutant begins, and shares nothing with it.
  World others(subject_);
  if (!others.Instantiate(programs_, store, transaction)) {
    return CanaryResult::kFault;
  }
  const runtime::InstanceId witness = others.instances.back();
  const bool has_witness = witness != runtime::kNoInstance;
  Witness before;
  if (has_witness) before = Witness::Of(store, witness, *programs_.back());
  Programs programs = programs_;
  programs.back() = *mutant;
  Programs all = programs;
  all.push_back(programs_.back());
  const std::vector<uint8_t> code = CodeOf(all);

  World world(subject_);
  bool ran = world.Instantiate(programs, store, transaction);
  const uint8_t* own = nullptr;
  if (ran && world.Ran()) {
    own = store.InstanceMemory(world.instances.back()).data();
  }
  const Guards guards(own);
  if (ran && world.Ran()) ran = world.Call(subject_, store, transaction);

  if (!guards.AreWhole()) return CanaryResult::kGuard;
  if (CodeOf(all) != code) return CanaryResult::kCode;
  if (has_witness) {
    const Witness after = Witness::Of(store, witness, *programs_.back());
    if (after.memory != before.memory) return CanaryResult::kWitnessMemory;
    if (after.globals != before.globals) return CanaryResult::kWitnessGlobal;
  }
  if (!ran) return CanaryResult::kFault;
  if (!SameBesidesGas(world.outcomes, outcomes_)) {
    return CanaryResult::kOtherOutcomes;
  }
  return SameGas(world.outcomes, outcomes_) ? CanaryResult::kSameGas
                                            : CanaryResult::kOtherGas;
}

}  // namespace ingot::fuzz
