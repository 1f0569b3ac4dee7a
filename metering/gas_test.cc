#include "metering/gas.h"

#include <type_traits>

#include "gtest/gtest.h"

namespace ingot {
namespace {

static_assert(!std::is_convertible_v<uint64_t, Gas>);
static_assert(!std::is_convertible_v<Gas, uint64_t>);

TEST(GasTest, LimitsEndAtTwoToThe62) {
  EXPECT_EQ(Gas::FromLimit(5).value(), 5u);
  EXPECT_EQ(Gas::FromLimit(uint64_t{1} << 62), kMaxGas);
  EXPECT_EQ(Gas::FromLimit(~uint64_t{0}), kMaxGas);
  EXPECT_DEATH(Gas((uint64_t{1} << 62) + 1), "");
}

TEST(GasTest, SumsSaturate) {
  EXPECT_EQ(Gas(2).SaturatingAdd(Gas(3)), Gas(5));
  EXPECT_EQ(kMaxGas.SaturatingAdd(Gas(1)), kMaxGas);
  EXPECT_EQ(kMaxGas.SaturatingAdd(kMaxGas), kMaxGas);
}

TEST(GasTest, ProductsSaturate) {
  EXPECT_EQ(Gas::SaturatingProduct(6, 7), Gas(42));
  EXPECT_EQ(Gas::SaturatingProduct(0, ~uint64_t{0}), Gas(0));
  EXPECT_EQ(Gas::SaturatingProduct(uint64_t{1} << 31, uint64_t{1} << 31),
            kMaxGas);
  EXPECT_EQ(Gas::SaturatingProduct(~uint64_t{0}, ~uint64_t{0}), kMaxGas);
}

TEST(GasTest, DifferencesMayFail) {
  Gas left(10);
  EXPECT_TRUE(left.CheckedSub(Gas(10), &left));
  EXPECT_EQ(left, Gas(0));
  EXPECT_FALSE(left.CheckedSub(Gas(1), &left));
  EXPECT_EQ(left, Gas(0));
}

TEST(GasTest, Orders) {
  EXPECT_LT(Gas(1), Gas(2));
  EXPECT_GE(kMaxGas, Gas(2));
}

}  // namespace
}  // namespace ingot
