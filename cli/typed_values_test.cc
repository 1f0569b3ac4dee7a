// Values as text: what is accepted, what is refused, and that writing and
// reading give the same bits.

#include "cli/typed_values.h"

#include "gtest/gtest.h"
#include "metering/gas.h"

namespace ingot::cli {
namespace {

using wasm::ValType;

uint64_t Bits(std::string_view text, ValType type) {
  const absl::StatusOr<runtime::Value> value = ParseValue(text, type);
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? value->bits : 0;
}

TEST(TypedValuesTest, IntegersAreSignedOrUnsigned) {
  EXPECT_EQ(Bits("-1", ValType::kI32), 0xFFFFFFFF);
  EXPECT_EQ(Bits("4294967295", ValType::kI32), 0xFFFFFFFF);
  EXPECT_EQ(Bits("-0x80000000", ValType::kI32), 0x80000000);
  EXPECT_EQ(Bits("+7", ValType::kI32), 7u);
  EXPECT_EQ(Bits("-1", ValType::kI64), ~uint64_t{0});
  EXPECT_EQ(Bits("0xFFFFFFFFFFFFFFFF", ValType::kI64), ~uint64_t{0});
}

TEST(TypedValuesTest, FloatsAreDecimalsOrBits) {
  EXPECT_EQ(Bits("1", ValType::kF32), 0x3F800000u);
  EXPECT_EQ(Bits("-0.0", ValType::kF32), 0x80000000u);
  EXPECT_EQ(Bits("0x3f800000", ValType::kF32), 0x3F800000u);
  EXPECT_EQ(Bits("1e-3", ValType::kF64), 0x3F50624DD2F1A9FCu);
  EXPECT_EQ(Bits("inf", ValType::kF64), 0x7FF0000000000000u);
  EXPECT_EQ(Bits("nan", ValType::kF64), 0x7FF8000000000000u);
}

TEST(TypedValuesTest, EverythingElseIsRefused) {
  for (const char* text : {"", "-", "0x", "1.5", "1 ", "one", "4294967296",
                           "-2147483649", "99999999999999999999"}) {
    EXPECT_FALSE(ParseValue(text, ValType::kI32).ok()) << text;
  }
  for (const char* text : {"", "0x100000000", "1e", "1,5", "0xg"}) {
    EXPECT_FALSE(ParseValue(text, ValType::kF32).ok()) << text;
  }
  EXPECT_FALSE(ParseValue("1", ValType::kFuncRef).ok());
  EXPECT_FALSE(ParseValue("4294967295", ValType::kExternRef).ok());
}

TEST(TypedValuesTest, TextGivesTheSameBitsAgain) {
  for (const ValType type : {ValType::kI32, ValType::kI64, ValType::kF32,
                             ValType::kF64, ValType::kExternRef}) {
    for (uint64_t bits : {0x0u, 0x1u, 0x7FC00001u, 0x80000000u, 0xFFFFFFFEu}) {
      const runtime::Value value{type, bits};
      EXPECT_EQ(Bits(ValueText(value), type), bits) << ValueText(value);
    }
  }
}

TEST(TypedValuesTest, GasSaturatesAtItsGreatestLimit) {
  EXPECT_EQ(*ParseGas("1_000"), 1000u);
  EXPECT_EQ(*ParseGas("1,000"), 1000u);
  EXPECT_EQ(*ParseGas("99999999999999999999999"), Gas::kMaxValue);
  EXPECT_FALSE(ParseGas("").ok());
  EXPECT_FALSE(ParseGas("-1").ok());
  EXPECT_FALSE(ParseGas("_1").ok());
  EXPECT_FALSE(ParseGas("1e9").ok());
}

}  // namespace
}  // namespace ingot::cli
