#ifndef SANDBOX_COMPILE_JOB_H_
#define SANDBOX_COMPILE_JOB_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "runtime/digest.h"
#include "runtime/program.h"
#include "runtime/store.h"
#include "sandbox/verdict.h"

// One compilation in the sandbox. In: module bytes, a profile, a gas limit,
// and compiler.wasm loaded on either engine. Out: the verdict of running plan,
// the batches in order and link under one gas counter (docs/compiler-abi.md).
// Holds: both engines give the same verdict, gas and bytes, and so does any
// number of threads. A non-OK status is a fault of the host.

namespace ingot::sandbox {

// Stack units of every call into compiler.wasm. Its deepest call chain is
// fixed by its source (no recursion on the shape of the input) and needs less
// than a quarter of this.
inline constexpr uint64_t kCompilerStackUnits = 1 << 20;

class SpareInstances;  // sandbox/compiler_instance.h

// compiler.wasm, ready to run on one engine, priced by one compile schedule.
// Made by LoadCompiler (sandbox/bootstrap.h). Any number of jobs at once.
struct SandboxedCompiler {
  Digest digest;  // SHA-256 of compiler.wasm
  std::shared_ptr<const runtime::Program> program;
  std::function<absl::StatusOr<std::unique_ptr<runtime::Store>>()> make_store;
  // Only a test sets another budget, to show how much is left of it.
  uint64_t stack_units = kCompilerStackUnits;
  // Instances that earlier jobs are done with. A job resets what it takes from
  // here, so that nothing of an earlier one is left. Null: every job makes its
  // own.
  std::shared_ptr<SpareInstances> spares = nullptr;
};

struct JobOptions {
  uint64_t gas_limit = uint64_t{1} << 62;  // a larger number means 2^62
  // Batches compiled at a time. Changes neither the verdict nor its gas.
  uint32_t threads = 1;
  // The verifier, with the module, on what comes out (runtime/verifier/). What it
  // refuses is rejected as compiler_defect. Off only for compilers of tests,
  // which write no artifacts.
  bool verify = true;
  // Told before each step of the compilation, by the thread that makes it: for
  // tests that make a step fail.
  enum class Step : uint8_t { kPlan, kBatch, kLink, kVerify };
  std::function<void(Step step)> on_step = {};
};

absl::StatusOr<Verdict> CompileInSandbox(const SandboxedCompiler& compiler,
                                         std::span<const uint8_t> module_bytes,
                                         const Profile& profile,
                                         const JobOptions& options = {});

}  // namespace ingot::sandbox

#endif  // SANDBOX_COMPILE_JOB_H_
