// Arbitrary bytes and mutated modules through the decoder and the validator.
// In: the bytes; which proposals are on follows from their number. What must
// hold: both end, an error lies in the module, memory is linear in it. Built
// twice: `decoder` goes on from any bytes, `validator` from valid modules.

#include <cstdlib>

#include "compiler/wasm/decoder.h"
#include "compiler/wasm/validator.h"
#include "fuzz/targets/target.h"

namespace ingot::fuzz {
namespace {

constexpr uint64_t kRegionBytes = uint64_t{256} << 20;
constexpr uint32_t kFirstOffset = 64;
// What the arena may hold in the end: so much, and so much per byte. The largest
// element is a Body, of 68 bytes, and a list that grew has left its smaller
// copies behind.
constexpr uint64_t kFixedBytes = 4096;
constexpr uint64_t kMemoryPerByte = 2 * sizeof(wasm::Body);

}  // namespace

Verdict OneInput(std::span<const uint8_t> input) {
  static uint8_t* const region =
      static_cast<uint8_t*>(std::malloc(kRegionBytes));
  const auto size = static_cast<uint32_t>(input.size());
  const wasm::Features features{size % 4};
  const wasm::ModuleLimits limits;
  Status status;
  uint64_t used = 0;
  Timed(size, [&] {
    Arena arena(region, kFirstOffset, 0, kRegionBytes);
    wasm::Module module;
    status = wasm::Decode(arena, input.data(), size, limits, features,
                          wasm::DecodeMode::kWhole, &module);
    if (status.ok()) {
      status =
          wasm::Validate(arena, input.data(), limits, features, &module);
    }
    used = arena.used();
    return status.ok();
  });
  if (status.ok()) Count("valid");
  if (status.code == Code::kOutOfMemory) Fail("out of memory");
  if (status.offset != kNowhere && status.offset > size) {
    Fail("an error outside of the module");
  }
  if (used > kFixedBytes + kMemoryPerByte * size) {
    Fail("more memory than is linear");
  }
#ifdef INGOT_VALID_ONLY
  return status.ok() ? Verdict::kKeep : Verdict::kDiscard;
#else
  return Verdict::kKeep;
#endif
}

}  // namespace ingot::fuzz
