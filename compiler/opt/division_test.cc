// Each factor and shift against the machine's own division, over the numbers
// where rounding could go wrong.

#include "compiler/opt/division.h"

#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace ingot::compiler {
namespace {

// Powers of two and multiples of the divisor, and their neighbours.
std::vector<uint32_t> Dividends(uint32_t d) {
  std::vector<uint32_t> all;
  for (uint32_t around = 0; around < 5; ++around) {
    for (uint32_t bit = 0; bit < 32; ++bit) {
      all.push_back((uint32_t{1} << bit) + around - 2);
    }
    const uint32_t last = std::numeric_limits<uint32_t>::max() / d * d;
    const uint32_t last_signed =
        std::numeric_limits<int32_t>::max() / d * d;
    for (uint32_t multiple : {uint32_t{0}, d, last, last_signed, last / 2}) {
      all.push_back(multiple + around - 2);
      all.push_back(0 - multiple + around - 2);
    }
  }
  return all;
}

std::vector<uint32_t> Divisors() {
  std::vector<uint32_t> all;
  for (uint32_t d = 2; d < 3000; ++d) all.push_back(d);
  for (uint32_t bit = 12; bit < 32; ++bit) {
    for (uint32_t around = 0; around < 7; ++around) {
      all.push_back((uint32_t{1} << bit) + around - 3);
    }
  }
  for (uint32_t d = 1'000'000'007; d > 100'000; d -= d / 1000) all.push_back(d);
  return all;
}

TEST(DivisionTest, Unsigned) {
  for (const uint32_t d : Divisors()) {
    if ((d & (d - 1)) == 0) continue;
    const UnsignedDivision by = DivideUnsigned(d);
    ASSERT_LT(by.factor, uint64_t{1} << 32) << d;
    for (const uint32_t x : Dividends(d)) {
      const uint64_t high = (x * by.factor) >> 32;
      const uint64_t quotient = (high + (by.adds ? x : 0)) >> by.shift;
      ASSERT_EQ(quotient, x / d) << x << " / " << d;
    }
  }
}

TEST(DivisionTest, Signed) {
  for (const uint32_t d : Divisors()) {
    if (d > static_cast<uint32_t>(std::numeric_limits<int32_t>::max())) {
      continue;
    }
    const SignedDivision by = DivideSigned(d);
    ASSERT_LT(by.factor, uint64_t{1} << 32) << d;
    for (const uint32_t bits : Dividends(d)) {
      const int64_t x = static_cast<int32_t>(bits);
      const int64_t quotient =
          ((x * static_cast<int64_t>(by.factor)) >> (32 + by.shift)) +
          (x < 0 ? 1 : 0);
      ASSERT_EQ(quotient, x / static_cast<int64_t>(d)) << x << " / " << d;
    }
  }
}

}  // namespace
}  // namespace ingot::compiler
