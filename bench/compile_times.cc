// Times both compilers. What a sandboxed compilation spends outside of
// compiler.wasm is found by making the same steps here, with a stopwatch on
// the calls; pages that the compiler touches first count as inside.

#include "bench/compile_times.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "bench/stopwatch.h"
#include "compiler/wasm32/abi.h"
#include "runtime/native/native_program.h"
#include "sandbox/compiler_instance.h"
#include "sandbox/native_compiler.h"

namespace ingot::bench {

using sandbox::CompilerInstance;
using sandbox::SandboxedCompiler;
using sandbox::StepResult;

namespace {

constexpr uint64_t kGas = uint64_t{1} << 62;

std::vector<uint8_t> CanonicalBytes(const Profile& profile) {
  std::vector<uint8_t> bytes(kProfileBytes);
  Encode(profile, bytes);
  return bytes;
}

// The steps of docs/compiler-abi.md for a module that is accepted.
class SteppedJob {
 public:
  SteppedJob(const SandboxedCompiler& compiler, const Profile& profile,
             Clock clock)
      : compiler_(compiler), pages_(profile.compiler_memory_pages),
        clock_(clock) {}

  absl::Status Run(std::span<const uint8_t> module,
                   std::span<const uint8_t> profile) {
    StepResult step;
    auto planner = CompilerInstance::Create(compiler_, pages_, kGas, &step);
    if (!planner.ok()) return planner.status();
    const std::vector<uint8_t> digests(3 * 32);
    absl::Status status = Place(**planner, wasm32::kExportInput,
                                {pages_, static_cast<uint32_t>(module.size()),
                                 static_cast<uint32_t>(profile.size())},
                                {digests, profile, module});
    if (!status.ok()) return status;
    status = Call(**planner, wasm32::kExportPlan, {});
    if (!status.ok()) return status;

    const CompilerInstance::Image image = (*planner)->TakeImage();
    std::vector<uint8_t> sizes;
    std::vector<uint8_t> pieces;
    for (uint32_t batch = 0; batch < image.batches; ++batch) {
      auto instance = CompilerInstance::Restore(compiler_, pages_, image);
      if (!instance.ok()) return instance.status();
      status = Call(**instance, wasm32::kExportCompileFunctions, {batch});
      if (!status.ok()) return status;
      NoteMemory(**instance);
      const std::vector<uint8_t> piece = (*instance)->TakeOutput(&step);
      for (int shift = 0; shift < 32; shift += 8) {
        sizes.push_back(static_cast<uint8_t>(piece.size() >> shift));
      }
      pieces.insert(pieces.end(), piece.begin(), piece.end());
    }
    status = Place(**planner, wasm32::kExportLinkInput,
                   {image.batches, static_cast<uint32_t>(pieces.size())},
                   {sizes, pieces});
    if (!status.ok()) return status;
    status = Call(**planner, wasm32::kExportLink, {});
    NoteMemory(**planner);
    return status;
  }

  double inside_us() const { return inside_us_; }
  uint64_t memory_bytes() const { return memory_bytes_; }

 private:
  absl::Status Call(CompilerInstance& instance, std::string_view name,
                    std::initializer_list<uint32_t> args) {
    const Stopwatch stopwatch(clock_);
    const auto step = instance.Run(name, args, kGas);
    inside_us_ += stopwatch.Microseconds();
    return Check(step);
  }

  absl::Status Place(CompilerInstance& instance, std::string_view name,
                     std::initializer_list<uint32_t> args,
                     const std::vector<std::span<const uint8_t>>& parts) {
    return Check(instance.Place(name, args, parts, kGas));
  }

  void NoteMemory(CompilerInstance& instance) {
    memory_bytes_ = std::max<uint64_t>(
        memory_bytes_, instance.store().InstanceMemory(instance.id()).size());
  }

  static absl::Status Check(const absl::StatusOr<StepResult>& step) {
    if (!step.ok()) return step.status();
    if (step->kind == StepResult::Kind::kDone) return absl::OkStatus();
    return absl::InternalError("a step failed that went well in the sandbox");
  }

  const SandboxedCompiler& compiler_;
  const uint32_t pages_;
  const Clock clock_;
  double inside_us_ = 0;
  uint64_t memory_bytes_ = 0;
};

double HashMicroseconds(std::span<const uint8_t> module,
                        std::span<const uint8_t> profile,
                        std::span<const uint8_t> artifact, Clock clock) {
  const Stopwatch stopwatch(clock);
  const Digest digests[] = {Sha256(module), Sha256(profile), Sha256(artifact)};
  const double time = stopwatch.Microseconds();
  // The comparison keeps the digests, and so their computation, alive.
  return digests[0] == digests[1] ? 0 : time;
}

void ReadSizes(std::span<const uint8_t> artifact,
               const runtime::NativeProgram& program, CompileTimes* out) {
  out->artifact_bytes = artifact.size();
  for (const abi::FunctionEntry& function : program.artifact().functions) {
    out->code_bytes += function.code_bytes;
  }
}

}  // namespace

absl::StatusOr<CompileTimes> TimeCompilers(const SandboxedCompiler& compiler,
                                           std::span<const uint8_t> module,
                                           const Profile& profile,
                                           const CompileRounds& rounds) {
  const std::vector<uint8_t> profile_bytes = CanonicalBytes(profile);
  CompileTimes out;
  Least native_us, sandbox_us, inside_us, hash_us, load_us;
  const Stopwatch all;
  for (uint32_t round = 0;
       round < rounds.least || all.Microseconds() < rounds.microseconds;
       ++round) {
    const Stopwatch native_time(rounds.clock);
    const auto native =
        sandbox::CompileNatively(module, profile, compiler.digest);
    native_us.Add(native_time.Microseconds());
    if (!native.ok()) return native.status();

    const Stopwatch sandbox_time(rounds.clock);
    const auto verdict = CompileInSandbox(
        compiler, module, profile, {.verify = rounds.verify});
    sandbox_us.Add(sandbox_time.Microseconds());
    if (!verdict.ok()) return verdict.status();

    if (native->artifact != verdict->artifact) {
      return absl::InternalError(
          "the native build and the sandbox made different artifacts");
    }
    out.verdict = verdict->kind;
    out.code = verdict->code;
    out.compile_gas = verdict->compile_gas;
    out.native_us = native_us.value();
    out.sandbox_us = sandbox_us.value();
    if (!out.accepted()) return out;

    SteppedJob job(compiler, profile, rounds.clock);
    const absl::Status stepped = job.Run(module, profile_bytes);
    if (!stepped.ok()) return stepped;
    inside_us.Add(job.inside_us());
    hash_us.Add(HashMicroseconds(module, profile_bytes, verdict->artifact,
                                 rounds.clock));
    out.memory_bytes = job.memory_bytes();
    const Stopwatch load_time(rounds.clock);
    const auto program = runtime::NativeProgram::Load(verdict->artifact, {});
    load_us.Add(load_time.Microseconds());
    if (!program.ok()) return program.status();
    if (round == 0) ReadSizes(verdict->artifact, **program, &out);
  }
  out.inside_us = inside_us.value();
  out.hash_us = hash_us.value();
  out.load_us = load_us.value();
  return out;
}

absl::StatusOr<ThreadTimes> TimeThreads(const SandboxedCompiler& compiler,
                                        std::span<const uint8_t> module,
                                        const Profile& profile,
                                        uint32_t rounds) {
  ThreadTimes out;
  Least native_us[2], sandbox_us[2];
  std::vector<uint8_t> artifact;
  for (uint32_t round = 0; round < rounds; ++round) {
    for (const uint32_t threads : {1u, 2u}) {
      const Stopwatch native_time;
      auto native = sandbox::CompileNatively(module, profile, compiler.digest,
                                             {.threads = threads});
      native_us[threads - 1].Add(native_time.Microseconds());
      if (!native.ok()) return native.status();
      const Stopwatch sandbox_time;
      const auto verdict = CompileInSandbox(
          compiler, module, profile, {.threads = threads, .verify = false});
      sandbox_us[threads - 1].Add(sandbox_time.Microseconds());
      if (!verdict.ok()) return verdict.status();
      if (artifact.empty()) artifact = native->artifact;
      if (native->artifact != artifact || verdict->artifact != artifact) {
        return absl::InternalError("another artifact on another number of "
                                   "threads");
      }
    }
  }
  for (int i = 0; i < 2; ++i) {
    out.native_us[i] = native_us[i].value();
    out.sandbox_us[i] = sandbox_us[i].value();
  }
  return out;
}

}  // namespace ingot::bench
