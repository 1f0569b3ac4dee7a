#ifndef SANDBOX_BOOTSTRAP_H_
#define SANDBOX_BOOTSTRAP_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "sandbox/compile_job.h"
#include "sandbox/compiler_loader.h"
#include "sandbox/embedded_compiler.h"

// From compiler.wasm to a compiler that runs in the sandbox. In: compiler.wasm
// (embedded in the program) and the profile of the jobs to come. Out: on the
// native engine compiler.wasm's own artifact, made by the native build of the
// compiler and loaded; on the interpreter the module itself. Holds: the result
// depends on the bytes of compiler.wasm and the profile's compile schedule
// only.

namespace ingot::sandbox {

enum class EngineKind : uint8_t { kNative, kInterpreter };

// Compiles compiler.wasm by the native build: the compiler artifact.
absl::StatusOr<std::vector<uint8_t>> BuildCompilerArtifact(
    std::span<const uint8_t> compiler_wasm, const Profile& job);

// Loads compiler.wasm for an engine; for the native engine it is compiled
// first.
absl::StatusOr<SandboxedCompiler> LoadCompiler(
    EngineKind engine, std::span<const uint8_t> compiler_wasm,
    const Profile& job);

// The embedded compiler.wasm for jobs under `job`: loaded at the first call for
// each compile schedule, then kept by the process. Thread-safe.
absl::StatusOr<std::shared_ptr<const SandboxedCompiler>> EmbeddedCompiler(
    EngineKind engine, const Profile& job);

}  // namespace ingot::sandbox

#endif  // SANDBOX_BOOTSTRAP_H_
