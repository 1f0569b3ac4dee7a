#ifndef COMPILER_BASE_BYTE_COMPARE_H_
#define COMPILER_BASE_BYTE_COMPARE_H_

#include <cstdint>
#include <cstring>

// Comparing ranges of bytes eight at a time. (Freestanding code links no
// memcmp: compiler.wasm takes nothing from a C library that it can do without.)

namespace ingot {

inline bool SameBytes(const uint8_t* a, const uint8_t* b, uint32_t size) {
  uint32_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t x;
    uint64_t y;
    memcpy(&x, a + i, 8);
    memcpy(&y, b + i, 8);
    if (x != y) return false;
  }
  for (; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

// Lexicographic order of bytes: negative, 0 or positive.
inline int32_t CompareBytes(const uint8_t* a, const uint8_t* b, uint32_t size) {
  uint32_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t x;
    uint64_t y;
    memcpy(&x, a + i, 8);
    memcpy(&y, b + i, 8);
    if (x != y) break;
  }
  for (; i < size; ++i) {
    if (a[i] != b[i]) return int32_t{a[i]} - int32_t{b[i]};
  }
  return 0;
}

}  // namespace ingot

#endif  // COMPILER_BASE_BYTE_COMPARE_H_
