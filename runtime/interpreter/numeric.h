#ifndef RUNTIME_INTERPRETER_NUMERIC_H_
#define RUNTIME_INTERPRETER_NUMERIC_H_

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "compiler/abi/traps.h"

// The numeric operators that C++ does not give for free (core specification
// 2.0, 4.3). In: values of the C++ type of the operand; out: the result, or a
// trap code where the operator is partial. Every operator here is total on its
// C++ operands: none has undefined behaviour.
//
// The one choice that the specification leaves open, the NaN of an arithmetic
// result, is settled by DESIGN.md 4: the positive canonical NaN, always.

namespace ingot::runtime::interpreter {

// 4.3.3 "NaN propagation", with the payload fixed.
inline float Canonical(float value) {
  return value != value ? std::bit_cast<float>(0x7FC00000u) : value;
}
inline double Canonical(double value) {
  return value != value ? std::bit_cast<double>(0x7FF8000000000000u) : value;
}

// 4.3.2 idiv_s, irem_s, idiv_u, irem_u.
template <typename T>
TrapCode Divide(T a, T b, T* out) {
  if (b == 0) return TrapCode::kIntegerDivideByZero;
  if constexpr (std::is_signed_v<T>) {
    if (a == std::numeric_limits<T>::min() && b == -1) {
      return TrapCode::kIntegerOverflow;
    }
  }
  *out = static_cast<T>(a / b);
  return TrapCode::kNone;
}
template <typename T>
TrapCode Remainder(T a, T b, T* out) {
  if (b == 0) return TrapCode::kIntegerDivideByZero;
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) {
      *out = 0;
      return TrapCode::kNone;
    }
  }
  *out = static_cast<T>(a % b);
  return TrapCode::kNone;
}

// 4.3.2 ishl, ishr_u, ishr_s: the distance counts modulo the width.
template <typename T>
T ShiftLeft(T a, T distance) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a)
                        << (static_cast<U>(distance) % (8 * sizeof(T))));
}
template <typename T>
T ShiftRight(T a, T distance) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(a >> (static_cast<U>(distance) % (8 * sizeof(T))));
}

// 4.3.2 irotl, irotr, iclz, ictz, ipopcnt, iextendM_s.
template <typename U>
U RotateLeft(U a, U distance) {
  return std::rotl(a, static_cast<int>(distance % (8 * sizeof(U))));
}
template <typename U>
U RotateRight(U a, U distance) {
  return std::rotr(a, static_cast<int>(distance % (8 * sizeof(U))));
}
template <typename U>
U LeadingZeros(U a) {
  return static_cast<U>(std::countl_zero(a));
}
template <typename U>
U TrailingZeros(U a) {
  return static_cast<U>(std::countr_zero(a));
}
template <typename U>
U Ones(U a) {
  return static_cast<U>(std::popcount(a));
}
template <typename S, typename Narrow>
S ExtendFrom(S a) {
  return static_cast<Narrow>(a);
}

// 4.3.3 fabs, fneg, fcopysign on the bits: a NaN keeps its payload.
template <typename U>
inline constexpr U kSign = U{1} << (8 * sizeof(U) - 1);
template <typename U>
U Absolute(U bits) {
  return bits & ~kSign<U>;
}
template <typename U>
U Negate(U bits) {
  return bits ^ kSign<U>;
}
template <typename U>
U CopySign(U bits, U sign) {
  return (bits & ~kSign<U>) | (sign & kSign<U>);
}

// 4.3.3 fmin, fmax: a NaN wins, and -0 is less than +0.
template <typename F>
F Minimum(F a, F b) {
  if (a != a || b != b) return Canonical(a + b);
  if (a == 0 && b == 0) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
template <typename F>
F Maximum(F a, F b) {
  if (a != a || b != b) return Canonical(a + b);
  if (a == 0 && b == 0) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

// 4.3.3 fnearest: ties to even, whatever the rounding mode; keeps the sign of
// a zero result.
template <typename F>
F Nearest(F a) {
  // From here on every value is an integer.
  constexpr F kIntegers = std::is_same_v<F, float> ? F{8388608.0}
                                                   : F{4503599627370496.0};
  if (!(std::fabs(a) < kIntegers)) return Canonical(a);
  F below = std::floor(a);
  const F rest = a - below;  // exact
  if (rest > F{0.5} || (rest == F{0.5} && std::fmod(below, F{2}) != 0)) {
    below += 1;
  }
  return std::copysign(below, a);
}

// 4.3.4 trunc_u, trunc_s: defined when the value cut off lies in the range.
// The bounds are exact in F: [low, high) of the integer type, where values
// between low - 1 and low round up to low.
template <typename I, typename F>
bool TruncatesInto(F value) {
  constexpr F kHigh = static_cast<F>(std::numeric_limits<I>::max() / 2 + 1) * 2;
  if constexpr (std::is_unsigned_v<I>) {
    return value > F{-1} && value < kHigh;
  } else if constexpr (std::numeric_limits<F>::digits > 8 * sizeof(I)) {
    return value > static_cast<F>(std::numeric_limits<I>::min()) - 1 &&
           value < kHigh;
  } else {
    return value >= static_cast<F>(std::numeric_limits<I>::min()) &&
           value < kHigh;
  }
}

template <typename I, typename F>
TrapCode Truncate(F value, I* out) {
  if (value != value) return TrapCode::kInvalidConversion;
  if (!TruncatesInto<I>(value)) return TrapCode::kIntegerOverflow;
  *out = static_cast<I>(value);
  return TrapCode::kNone;
}

// 4.3.4 trunc_sat_u, trunc_sat_s.
template <typename I, typename F>
I TruncateSaturating(F value) {
  if (value != value) return 0;
  if (TruncatesInto<I>(value)) return static_cast<I>(value);
  return value < 0 ? std::numeric_limits<I>::min()
                   : std::numeric_limits<I>::max();
}

}  // namespace ingot::runtime::interpreter

#endif  // RUNTIME_INTERPRETER_NUMERIC_H_
