#include "compiler/base/arena.h"

#include <algorithm>

// Growing the region: linear memory grows by `memory.grow`, which the sandbox
// refuses beyond the profile's page count; a native region was reserved whole
// by its owner, so that only the limit is checked. Both commit whole pages, an
// eighth more than is asked for, so that growing is rare.

namespace ingot {

bool Arena::Grow(uint64_t end) {
  const uint64_t have = committed_ / kPageBytes;
  const uint64_t most = std::min<uint64_t>(limit_ / kPageBytes, 65535);
  const uint64_t least = (end + kPageBytes - 1) / kPageBytes;
  if (least > most) return false;
  const uint64_t pages = std::min(std::max(least, have + have / 8), most);
#ifdef __wasm__
  if (__builtin_wasm_memory_grow(0, static_cast<unsigned long>(pages - have)) ==
      static_cast<unsigned long>(-1)) {
    return false;
  }
#endif
  committed_ = static_cast<uint32_t>(pages * kPageBytes);
  return true;
}

}  // namespace ingot
