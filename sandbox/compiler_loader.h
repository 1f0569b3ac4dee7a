#ifndef SANDBOX_COMPILER_LOADER_H_
#define SANDBOX_COMPILER_LOADER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "sandbox/compile_job.h"

// compiler.wasm made ready to run, without the compiler's native build. In:
// compiler.wasm and, for the native engine, its artifact, wherever that came
// from. Out: what CompileInSandbox takes. Holds: an artifact of other bytes, or
// of another profile than CompilerProfile gives, is refused.

namespace ingot::sandbox {

// The profile under which compiler.wasm itself is compiled and run for jobs
// under `job`: its execution prices are the job's compile prices. Jobs that
// differ in anything else share it.
Profile CompilerProfile(const Profile& job);

absl::StatusOr<SandboxedCompiler> LoadInterpretedCompiler(
    std::span<const uint8_t> compiler_wasm, const Profile& job);

absl::StatusOr<SandboxedCompiler> LoadCompilerArtifact(
    std::span<const uint8_t> compiler_wasm, std::span<const uint8_t> artifact,
    const Profile& job);

}  // namespace ingot::sandbox

#endif  // SANDBOX_COMPILER_LOADER_H_
