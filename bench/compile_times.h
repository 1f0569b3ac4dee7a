#ifndef BENCH_COMPILE_TIMES_H_
#define BENCH_COMPILE_TIMES_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "bench/stopwatch.h"
#include "compiler/abi/profile.h"
#include "compiler/base/status.h"
#include "sandbox/compile_job.h"
#include "sandbox/verdict.h"

// Both compilers on one module, in turns. In: module bytes; compiler.wasm,
// loaded. Out: times from bytes in memory to artifact bytes and from there to
// verified code, and sizes. Holds: both gave the same artifact.

namespace ingot::bench {

struct CompileRounds {
  uint32_t least = 6;
  // More rounds of a small module, until they took this long together.
  double microseconds = 100'000;
  Clock clock = Clock::kWall;
  // Whether the sandboxed compilation ends with the verification of its
  // artifact against the module, as a node's does.
  bool verify = false;
};

struct CompileTimes {
  // What follows `sandbox_us` is set for accepted modules only.
  sandbox::VerdictKind verdict = sandbox::VerdictKind::kAccepted;
  Code code = Code::kOk;
  uint64_t compile_gas = 0;
  double native_us = 0;
  double sandbox_us = 0;
  bool accepted() const {
    return verdict == sandbox::VerdictKind::kAccepted;
  }
  // Of sandbox_us, spent in compiler.wasm; the rest is hashes, instances,
  // copies of the plan's memory.
  double inside_us = 0;
  // Of native_us as of sandbox_us: SHA-256 of module, profile and artifact.
  double hash_us = 0;
  // From the artifact to verified code that can be called; in neither of both.
  double load_us = 0;
  uint64_t artifact_bytes = 0;
  uint64_t code_bytes = 0;  // machine code in it
  // The largest linear memory of any of compiler.wasm's instances.
  uint64_t memory_bytes = 0;
};

// A status is a fault, two different artifacts among them.
absl::StatusOr<CompileTimes> TimeCompilers(
    const sandbox::SandboxedCompiler& compiler,
    std::span<const uint8_t> module, const Profile& profile,
    const CompileRounds& rounds);

// The time that passes until there is an artifact, on one thread and on two.
struct ThreadTimes {
  double native_us[2] = {};
  double sandbox_us[2] = {};
};

// A status is a fault, or says that the artifacts differ.
absl::StatusOr<ThreadTimes> TimeThreads(
    const sandbox::SandboxedCompiler& compiler,
    std::span<const uint8_t> module, const Profile& profile, uint32_t rounds);

}  // namespace ingot::bench

#endif  // BENCH_COMPILE_TIMES_H_
