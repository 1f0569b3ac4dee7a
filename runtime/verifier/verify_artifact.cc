#include "runtime/verifier/verify_artifact.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "compiler/base/check.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/program.h"

namespace ingot::runtime {
namespace {

constexpr char kPayload[] = "ingot/verifier_refusal";

// Room for what metering needs of a body, per byte of it: at most a segment,
// its successors, a trap point and a control for each instruction.
constexpr uint64_t kScratchPerByte = 192;
constexpr uint64_t kSmallestScratch = uint64_t{1} << 20;

// The kept sections stand in the artifact as they stand in the module; behind
// them is only where they stood.
bool KeepsSectionsOf(const ArtifactView& view, const Program& program) {
  uint64_t at = 8;
  std::vector<uint32_t> offsets;
  for (const wasm::Bytes& kept : program.View(program.module().kept_sections)) {
    if (view.module.size() < at + kept.size ||
        std::memcmp(view.module.data() + at,
                    program.bytes().data() + kept.offset, kept.size) != 0) {
      return false;
    }
    at += kept.size;
    offsets.push_back(kept.offset);
  }
  const size_t bytes = 4 * offsets.size(), size = view.module.size();
  return bytes == 0 ||
         (size >= at + bytes && std::memcmp(view.module.data() + size - bytes,
                                            offsets.data(), bytes) == 0);
}

absl::Status ToStatus(const verifier::Refusal& refusal) {
  if (refusal.ok()) return absl::OkStatus();
  std::string where = absl::StrCat("rule V", verifier::RuleOf(refusal.reason),
                                   ", ", verifier::TextOf(refusal.reason));
  if (refusal.function != kNowhere) {
    absl::StrAppend(&where, "; function ", refusal.function);
  }
  if (refusal.code_offset != kNowhere) {
    absl::StrAppend(&where, ", code offset 0x", absl::Hex(refusal.code_offset));
  }
  absl::Status status = MakeArtifactError(ArtifactError::kVerifier, where);
  // Read again by this process only.
  const uint32_t fields[] = {static_cast<uint32_t>(refusal.reason),
                             refusal.function, refusal.code_offset};
  status.SetPayload(kPayload,
                    absl::Cord(absl::string_view(
                        reinterpret_cast<const char*>(fields), sizeof fields)));
  return status;
}

}  // namespace

verifier::CodeParts PartsOf(const ArtifactView& view, const Arena& arena,
                            const wasm::Module& module) {
  return {.code = view.text.first(view.identity.code_bytes),
          .text_bytes = static_cast<uint32_t>(view.text.size()),
          .isa = view.profile.TargetIsa(),
          .rodata = view.rodata,
          .functions = view.functions,
          .traps = view.traps,
          .certificates = view.certificates,
          .arena = &arena,
          .module = &module};
}

verifier::Refusal RefusalOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload.has_value()) return {};
  const std::string bytes(*payload);
  uint32_t fields[3];
  INGOT_CHECK(bytes.size() == sizeof fields);
  std::memcpy(fields, bytes.data(), sizeof fields);
  return {static_cast<verifier::Reason>(fields[0]), fields[1], fields[2]};
}

absl::Status VerifyCode(const ArtifactView& view, const Arena& arena,
                        const wasm::Module& module) {
  return ToStatus(verifier::VerifyCode(PartsOf(view, arena, module)));
}

absl::Status VerifyWithModule(const ArtifactView& view,
                              std::span<const uint8_t> module_bytes,
                              const std::optional<Digest>& module_digest) {
  if ((module_digest ? *module_digest : Sha256(module_bytes)) !=
      view.ModuleDigest()) {
    return MakeArtifactError(ArtifactError::kModuleDiffers,
                             view.ModuleDigest().Hex());
  }
  Status rejection;
  const auto program = Program::FromModule(
      {module_bytes.begin(), module_bytes.end()}, view.profile, &rejection);
  if (!program.ok()) return program.status();
  if (!rejection.ok()) {
    return MakeArtifactError(
        ArtifactError::kModuleSection,
        absl::StrCat("the module is invalid at offset ", rejection.offset));
  }
  const wasm::Module& module = (*program)->module();
  if (!KeepsSectionsOf(view, **program) ||
      view.functions.size() != module.bodies.size ||
      (!view.functions.empty() &&
       view.first_function != module.imported_functions)) {
    return MakeArtifactError(ArtifactError::kModuleSection,
                             "not the module's sections");
  }
  uint64_t largest = 0;
  for (const wasm::Body& body : (*program)->View(module.bodies)) {
    largest = std::max<uint64_t>(largest, body.end - body.begin);
  }
  const uint64_t pages =
      (kSmallestScratch + kScratchPerByte * largest) / Arena::kPageBytes;
  const uint64_t bytes = pages * Arena::kPageBytes;
  const std::unique_ptr<uint8_t[]> region(new (std::nothrow) uint8_t[bytes]);
  if (region == nullptr) {
    return absl::ResourceExhaustedError("no host memory to verify metering");
  }
  Arena scratch(region.get(), 16, 0, bytes);
  return ToStatus(verifier::VerifyMetering(
      PartsOf(view, (*program)->arena(), module), module_bytes,
      view.profile.execution, scratch));
}

}  // namespace ingot::runtime
