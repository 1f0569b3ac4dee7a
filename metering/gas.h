#ifndef METERING_GAS_H_
#define METERING_GAS_H_

#include <compare>
#include <cstdint>

#include "compiler/base/check.h"

// Gas: what execution costs (metering/README.md).
//
// A Gas is between 0 and 2^62. It converts to and from numbers only explicitly
// and has no operators: a sum saturates, a difference is asked for and may
// fail, and running out of gas is that failure.

namespace ingot {

class Gas {
 public:
  // The greatest limit; a larger one means this one. Sums saturate here, which
  // no run can tell from the exact sum, because every limit is at most this.
  static constexpr uint64_t kMaxValue = uint64_t{1} << 62;

  constexpr Gas() = default;
  // A limit given as a number: more than 2^62 means 2^62.
  static constexpr Gas FromLimit(uint64_t value) {
    return Gas(value < kMaxValue ? value : kMaxValue);
  }
  constexpr explicit Gas(uint64_t value) : value_(value) {
    INGOT_CHECK(value <= kMaxValue);
  }

  constexpr uint64_t value() const { return value_; }
  constexpr auto operator<=>(const Gas&) const = default;

  constexpr Gas SaturatingAdd(Gas other) const {
    return FromLimit(value_ + other.value_);  // at most 2^63
  }
  // count × price, saturating.
  static constexpr Gas SaturatingProduct(uint64_t count, uint64_t price) {
    if (count != 0 && price > kMaxValue / count) return Gas(kMaxValue);
    return FromLimit(count * price);
  }
  // *this - other into *out; false, without touching *out, when other is more.
  [[nodiscard]] constexpr bool CheckedSub(Gas other, Gas* out) const {
    if (other.value_ > value_) return false;
    *out = Gas(value_ - other.value_);
    return true;
  }

 private:
  uint64_t value_ = 0;
};

inline constexpr Gas kMaxGas{Gas::kMaxValue};

}  // namespace ingot

#endif  // METERING_GAS_H_
