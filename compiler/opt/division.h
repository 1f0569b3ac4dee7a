#ifndef COMPILER_OPT_DIVISION_H_
#define COMPILER_OPT_DIVISION_H_

#include <cstdint>

// Division of 32-bit numbers by a constant as a multiplication (Granlund and
// Montgomery, "Division by Invariant Integers using Multiplication", 1994),
// with 64-bit arithmetic: all sums and products below fit.

namespace ingot::compiler {

// x / d = (((x × factor) >> 32) + (adds ? x : 0)) >> shift for every x < 2^32.
// d: from 3 up, no power of two.
struct UnsignedDivision {
  uint64_t factor;  // below 2^32
  uint32_t shift;
  bool adds;
};
constexpr UnsignedDivision DivideUnsigned(uint32_t d) {
  uint32_t bits = 0;
  while ((uint64_t{1} << bits) < d) ++bits;
  // The least p for which the rounded-up 2^(32+p) / d is exact enough.
  for (uint32_t p = 0; p < bits; ++p) {
    const uint64_t power = uint64_t{1} << (32 + p);
    const uint64_t factor = power / d + 1;
    if (factor < uint64_t{1} << 32 &&
        factor * d - power <= uint64_t{1} << p) {
      return {factor, p, false};
    }
  }
  // One bit more than fits: 2^32 + factor.
  const uint64_t excess = (uint64_t{1} << bits) - d;
  return {(excess << 32) / d + 1, bits, true};
}

// x / d = ((x × factor) >> (32 + shift)) + (x < 0) for every 32-bit signed x,
// shifts arithmetic. d: from 2 up.
struct SignedDivision {
  uint64_t factor;  // below 2^32
  uint32_t shift;
};
constexpr SignedDivision DivideSigned(uint32_t d) {
  uint32_t bits = 0;
  while ((uint64_t{1} << bits) < d) ++bits;
  return {(uint64_t{1} << (31 + bits)) / d + 1, bits - 1};
}

}  // namespace ingot::compiler

#endif  // COMPILER_OPT_DIVISION_H_
