#include "compiler/base/arena.h"

// Growing the region: linear memory grows by `memory.grow`, which the sandbox
// refuses beyond the profile's page count; a native region was reserved whole
// by its owner, so that only the limit is checked. Both commit whole pages.

namespace ingot {

bool Arena::Grow(uint64_t end) {
  const uint64_t pages = (end + kPageBytes - 1) / kPageBytes;
  if (pages * kPageBytes > limit_ || pages >= 65536) return false;
#ifdef __wasm__
  const uint64_t have = committed_ / kPageBytes;
  if (__builtin_wasm_memory_grow(0, static_cast<unsigned long>(pages - have)) ==
      static_cast<unsigned long>(-1)) {
    return false;
  }
#endif
  committed_ = static_cast<uint32_t>(pages * kPageBytes);
  return true;
}

}  // namespace ingot
