#include "runtime/interpreter/numeric.h"

#include "gtest/gtest.h"

// The operators at their edges (core specification 2.0, 4.3). The suite of the
// specification covers them at large.

namespace ingot::runtime::interpreter {
namespace {

uint32_t Bits(float value) { return std::bit_cast<uint32_t>(value); }
uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }
float Float(uint32_t bits) { return std::bit_cast<float>(bits); }

TEST(NumericTest, EveryNanBecomesTheCanonicalOne) {
  for (uint32_t bits : {0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFFFFFFFFu}) {
    EXPECT_EQ(Bits(Canonical(Float(bits))), 0x7FC00000u);
    EXPECT_EQ(Bits(Minimum(Float(bits), 1.0f)), 0x7FC00000u);
    EXPECT_EQ(Bits(Maximum(1.0f, Float(bits))), 0x7FC00000u);
    EXPECT_EQ(Bits(Nearest(Float(bits))), 0x7FC00000u);
  }
  EXPECT_EQ(Bits(Canonical(-0.0)), Bits(-0.0));
}

TEST(NumericTest, MinusZeroIsLessThanZero) {
  EXPECT_EQ(Bits(Minimum(0.0, -0.0)), Bits(-0.0));
  EXPECT_EQ(Bits(Minimum(-0.0, 0.0)), Bits(-0.0));
  EXPECT_EQ(Bits(Maximum(0.0, -0.0)), Bits(0.0));
  EXPECT_EQ(Bits(Maximum(-0.0, 0.0)), Bits(0.0));
}

TEST(NumericTest, NearestBreaksTiesToEven) {
  const std::pair<double, double> cases[] = {
      {0.5, 0.0},   {-0.5, -0.0}, {1.5, 2.0},  {2.5, 2.0},  {-2.5, -2.0},
      {-1.5, -2.0}, {0.49, 0.0},  {-0.0, -0.0}, {3.7, 4.0},
      {4503599627370495.5, 4503599627370496.0},
      {4503599627370497.0, 4503599627370497.0}};
  for (const auto& [in, out] : cases) {
    EXPECT_EQ(Bits(Nearest(in)), Bits(out)) << in;
  }
  EXPECT_EQ(Bits(Nearest(8388607.5f)), Bits(8388608.0f));
}

TEST(NumericTest, TruncationHasTheExactRangeOfItsType) {
  int32_t i32 = 0;
  uint32_t u32 = 0;
  int64_t i64 = 0;
  uint64_t u64 = 0;
  EXPECT_EQ(Truncate<int32_t>(-2147483648.9, &i32), TrapCode::kNone);
  EXPECT_EQ(i32, std::numeric_limits<int32_t>::min());
  EXPECT_EQ(Truncate<int32_t>(-2147483649.0, &i32),
            TrapCode::kIntegerOverflow);
  EXPECT_EQ(Truncate<int32_t>(2147483647.9, &i32), TrapCode::kNone);
  EXPECT_EQ(Truncate<int32_t>(2147483648.0f, &i32),
            TrapCode::kIntegerOverflow);
  EXPECT_EQ(Truncate<int32_t>(-2147483648.0f, &i32), TrapCode::kNone);
  EXPECT_EQ(Truncate<uint32_t>(-0.9, &u32), TrapCode::kNone);
  EXPECT_EQ(u32, 0u);
  EXPECT_EQ(Truncate<uint32_t>(-1.0f, &u32), TrapCode::kIntegerOverflow);
  EXPECT_EQ(Truncate<uint32_t>(4294967295.9, &u32), TrapCode::kNone);
  EXPECT_EQ(u32, 0xFFFFFFFFu);
  EXPECT_EQ(Truncate<int64_t>(-9223372036854775808.0, &i64), TrapCode::kNone);
  EXPECT_EQ(Truncate<int64_t>(9223372036854775808.0, &i64),
            TrapCode::kIntegerOverflow);
  EXPECT_EQ(Truncate<uint64_t>(18446744073709549568.0, &u64),
            TrapCode::kNone);
  EXPECT_EQ(u64, 18446744073709549568u);
  EXPECT_EQ(Truncate<uint64_t>(18446744073709551616.0f, &u64),
            TrapCode::kIntegerOverflow);
  EXPECT_EQ(Truncate<int32_t>(Float(0x7FC00000), &i32),
            TrapCode::kInvalidConversion);
}

TEST(NumericTest, SaturationEndsAtTheRange) {
  EXPECT_EQ((TruncateSaturating<int32_t, float>(1e20f)), 0x7FFFFFFF);
  EXPECT_EQ((TruncateSaturating<int32_t, float>(-1e20f)),
            std::numeric_limits<int32_t>::min());
  EXPECT_EQ((TruncateSaturating<uint64_t, double>(-1.0)), 0u);
  EXPECT_EQ((TruncateSaturating<uint64_t, double>(1e30)), ~uint64_t{0});
  EXPECT_EQ((TruncateSaturating<int64_t, double>(std::nan(""))), 0);
}

TEST(NumericTest, DivisionTrapsWhereItIsUndefined) {
  int32_t quotient = 0;
  EXPECT_EQ(Divide<int32_t>(-7, 2, &quotient), TrapCode::kNone);
  EXPECT_EQ(quotient, -3);
  EXPECT_EQ(Divide<int32_t>(1, 0, &quotient), TrapCode::kIntegerDivideByZero);
  EXPECT_EQ(Divide<int32_t>(std::numeric_limits<int32_t>::min(), -1,
                            &quotient),
            TrapCode::kIntegerOverflow);
  EXPECT_EQ(Remainder<int32_t>(-7, 2, &quotient), TrapCode::kNone);
  EXPECT_EQ(quotient, -1);
  EXPECT_EQ(Remainder<int32_t>(std::numeric_limits<int32_t>::min(), -1,
                               &quotient),
            TrapCode::kNone);
  EXPECT_EQ(quotient, 0);
  uint64_t rest = 0;
  EXPECT_EQ(Remainder<uint64_t>(5, 0, &rest), TrapCode::kIntegerDivideByZero);
}

}  // namespace
}  // namespace ingot::runtime::interpreter
