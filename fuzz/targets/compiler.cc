// Valid modules through the whole compiler, with the IR verifier and the
// allocation checker between its passes, at the level that the input's length
// says; `compiler_slots`: every function in slot mode. What must hold: a module
// is accepted or rejected, an accepted one gives an artifact that parts 1 and 2
// of the verifier accept, and the same bytes from memory at another address
// with other leftovers in it.

#include <string>

#include "absl/strings/str_cat.h"
#include "fuzz/targets/target.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {
namespace {

// 16 MiB are cheap to take and more than a small module needs.
constexpr uint32_t kMemoryPages = 256;

void CheckArtifact(const std::vector<uint8_t>& artifact,
                   std::span<const uint8_t> module) {
  const auto view = runtime::ReadArtifact(artifact, {});
  if (!view.ok()) Fail(absl::StrCat("refused: ", view.status().ToString()));
  const absl::Status verified = runtime::VerifyWithModule(*view, module);
  if (!verified.ok()) Fail(absl::StrCat("refused: ", verified.ToString()));
}

}  // namespace

Verdict OneInput(std::span<const uint8_t> input) {
  Profile profile;
  profile.level = input.size() & 1;
  profile.features = input.size() / 2 & wasm::Features::kAll;
  sandbox::NativeOptions options;
  options.memory_pages = kMemoryPages;
  absl::StatusOr<sandbox::NativeResult> result;
  Timed(input.size(), [&] {
    result = sandbox::CompileNatively(input, profile, Digest{}, options);
    return result.ok() && result->verdict.ok();
  });
  if (!result.ok()) Fail(result.status().ToString());
  if (result->verdict.code == Code::kOutOfMemory) Count("out_of_memory");
  if (!result->verdict.ok()) return Verdict::kDiscard;
  Count("valid");
  CheckArtifact(result->artifact, input);
  options.shuffle = true;
  const auto again =
      sandbox::CompileNatively(input, profile, Digest{}, options);
  if (!again.ok()) Fail(again.status().ToString());
  if (again->artifact != result->artifact) Fail("other bytes");
  return Verdict::kKeep;
}

}  // namespace ingot::fuzz
