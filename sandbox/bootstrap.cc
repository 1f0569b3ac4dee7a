// compiler.wasm by the native build to what the sandbox executes. In: bytes
// and a profile. Out: a compiler ready to run. Holds: one load per engine and
// compile schedule in a process, whoever asks first.

#include "sandbox/bootstrap.h"

#include <mutex>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/digest.h"
#include "sandbox/native_compiler.h"

namespace ingot::sandbox {
namespace {

Digest DigestOf(const Profile& profile) {
  std::vector<uint8_t> bytes(kProfileBytes);
  Encode(profile, bytes);
  return Sha256(bytes);
}

// What this process has loaded. Never destroyed: jobs may outlive main.
struct LoadedCompilers {
  std::mutex mutex;
  absl::btree_map<std::pair<EngineKind, Digest>,
                  std::shared_ptr<const SandboxedCompiler>>
      by_schedule;
};

LoadedCompilers& Loaded() {
  static LoadedCompilers* const loaded = new LoadedCompilers;
  return *loaded;
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> BuildCompilerArtifact(
    std::span<const uint8_t> compiler_wasm, const Profile& job) {
  absl::StatusOr<NativeResult> result = CompileNatively(
      compiler_wasm, CompilerProfile(job), Sha256(compiler_wasm));
  if (!result.ok()) return result.status();
  if (!result->verdict.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "compiler.wasm is refused with code ",
        static_cast<uint32_t>(result->verdict.code), " at offset ",
        result->verdict.offset));
  }
  return std::move(result->artifact);
}

absl::StatusOr<SandboxedCompiler> LoadCompiler(
    EngineKind engine, std::span<const uint8_t> compiler_wasm,
    const Profile& job) {
  if (engine == EngineKind::kInterpreter) {
    return LoadInterpretedCompiler(compiler_wasm, job);
  }
  absl::StatusOr<std::vector<uint8_t>> artifact =
      BuildCompilerArtifact(compiler_wasm, job);
  if (!artifact.ok()) return artifact.status();
  return LoadCompilerArtifact(compiler_wasm, *artifact, job);
}

absl::StatusOr<std::shared_ptr<const SandboxedCompiler>> EmbeddedCompiler(
    EngineKind engine, const Profile& job) {
  LoadedCompilers& loaded = Loaded();
  const std::pair key(engine, DigestOf(CompilerProfile(job)));
  const std::lock_guard<std::mutex> lock(loaded.mutex);
  if (const auto found = loaded.by_schedule.find(key);
      found != loaded.by_schedule.end()) {
    return found->second;
  }
  absl::StatusOr<SandboxedCompiler> compiler =
      LoadCompiler(engine, EmbeddedCompilerWasm(), job);
  if (!compiler.ok()) return compiler.status();
  auto shared = std::make_shared<const SandboxedCompiler>(*std::move(compiler));
  loaded.by_schedule.emplace(key, shared);
  return shared;
}

}  // namespace ingot::sandbox
