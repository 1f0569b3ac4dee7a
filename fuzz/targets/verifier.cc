// Parcels through the verifier, parts 1 and 2, as the loader calls them: first
// the reader, then the module's and the tables' sizes. The input's module is
// the whole module, so that both parts have one. What must hold: both end and
// touch nothing else; the time is linear.

#include <cstdlib>

#include "compiler/wasm/decoder.h"
#include "compiler/wasm/validator.h"
#include "fuzz/targets/parcel.h"
#include "fuzz/targets/target.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/verifier/verify_artifact.h"

namespace ingot::fuzz {
namespace {

constexpr uint64_t kRegionBytes = uint64_t{64} << 20;
constexpr uint32_t kFirstOffset = 64;

uint8_t* Region() { return static_cast<uint8_t*>(std::malloc(kRegionBytes)); }

// What the loader checks before it calls the verifier.
bool FitsModule(const runtime::ArtifactView& view,
                const wasm::Module& module) {
  if (view.functions.size() != module.bodies.size) return false;
  for (const abi::TrapEntry& entry : view.traps) {
    if (entry.function >= module.functions.size) return false;
  }
  return true;
}

}  // namespace

Verdict OneInput(std::span<const uint8_t> input) {
  static uint8_t* const module_region = Region();
  static uint8_t* const scratch_region = Region();
  const Parcel parcel = ParcelOf(input);
  Arena arena(module_region, kFirstOffset, 0, kRegionBytes);
  const Profile profile = ParcelProfile();
  wasm::Module module;
  Status status = wasm::Decode(
      arena, parcel.module.data(), static_cast<uint32_t>(parcel.module.size()),
      profile.limits, profile.Features(), wasm::DecodeMode::kWhole, &module);
  if (status.ok()) {
    status = wasm::Validate(arena, parcel.module.data(), profile.limits,
                            profile.Features(), &module);
  }
  if (!status.ok()) return Verdict::kDiscard;
  const std::vector<uint8_t> artifact =
      ArtifactOf(parcel, module.imported_functions);
  const auto view = runtime::ReadArtifact(artifact, {});
  if (!view.ok() || !FitsModule(*view, module)) return Verdict::kKeep;
  Count("read");
  const verifier::CodeParts parts = runtime::PartsOf(*view, arena, module);
  verifier::Refusal code;
  verifier::Refusal metering;
  Timed(input.size(), [&] {
    code = verifier::VerifyCode(parts);
    Arena scratch(scratch_region, kFirstOffset, 0, kRegionBytes);
    metering = verifier::VerifyMetering(parts, parcel.module,
                                        profile.execution, scratch);
    return metering.ok();
  });
  if (code.ok()) Count("part_1_accepts");
  if (metering.ok()) Count("part_2_accepts");
  if (metering.ok() && !code.ok()) Fail("part 2 accepts what part 1 refuses");
  return Verdict::kKeep;
}

}  // namespace ingot::fuzz
