// compiler.wasm to a Program of either engine. In: its bytes, perhaps its
// artifact. Out: a SandboxedCompiler. Holds: `digest` is the digest of the
// bytes of compiler.wasm, whichever engine runs them.

#include "sandbox/compiler_loader.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/program.h"
#include "sandbox/compiler_instance.h"

namespace ingot::sandbox {
namespace {

// As many pages as a memory can have: the job's own limit is the transaction's.
constexpr uint32_t kAllPages = 65535;

}  // namespace

Profile CompilerProfile(const Profile& job) {
  Profile profile;
  profile.execution = job.compile;
  profile.limits.memory_pages = kAllPages;
  return profile;
}

absl::StatusOr<SandboxedCompiler> LoadInterpretedCompiler(
    std::span<const uint8_t> compiler_wasm, const Profile& job) {
  Status rejection;
  absl::StatusOr<std::shared_ptr<const runtime::Program>> program =
      runtime::Program::FromModule(
          {compiler_wasm.begin(), compiler_wasm.end()}, CompilerProfile(job),
          &rejection);
  if (!program.ok()) return program.status();
  if (*program == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("compiler.wasm is refused with code ",
                     static_cast<uint32_t>(rejection.code)));
  }
  SandboxedCompiler compiler;
  compiler.digest = Sha256(compiler_wasm);
  compiler.program = *std::move(program);
  compiler.make_store =
      []() -> absl::StatusOr<std::unique_ptr<runtime::Store>> {
    return runtime::NewInterpreter();
  };
  return compiler;
}

absl::StatusOr<SandboxedCompiler> LoadCompilerArtifact(
    std::span<const uint8_t> compiler_wasm, std::span<const uint8_t> artifact,
    const Profile& job) {
  const Profile profile = CompilerProfile(job);
  SandboxedCompiler compiler;
  compiler.digest = Sha256(compiler_wasm);
  // compiler.wasm is both the module and the compiler of its own artifact.
  absl::StatusOr<std::shared_ptr<const runtime::NativeProgram>> program =
      runtime::NativeProgram::Load(artifact, {.file = std::nullopt,
                                              .module = compiler.digest,
                                              .compiler = compiler.digest,
                                              .profile = &profile});
  if (!program.ok()) return program.status();
  compiler.program = *std::move(program);
  compiler.make_store =
      []() -> absl::StatusOr<std::unique_ptr<runtime::Store>> {
    return std::make_unique<runtime::NativeStore>();
  };
  compiler.spares = std::make_shared<SpareInstances>();
  return compiler;
}

}  // namespace ingot::sandbox
