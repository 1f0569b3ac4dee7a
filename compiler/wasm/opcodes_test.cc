#include "compiler/wasm/opcodes.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

// What the static_asserts of opcodes.h cannot say: that rows read well.

namespace ingot::wasm {
namespace {

TEST(OpcodesTest, IndexInvertsTheTable) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    EXPECT_EQ(OpIndex(kOpInfo[i].op), i);
    EXPECT_STREQ(OpText(kOpInfo[i].op), kOpInfo[i].text);
  }
}

TEST(OpcodesTest, TextsAreUnique) {
  std::set<std::string> texts;
  for (const OpInfo& info : kOpInfo) {
    EXPECT_TRUE(texts.insert(info.text).second) << info.text;
  }
  EXPECT_EQ(texts.count("i64.trunc_sat_f64_u"), 1u);
}

TEST(OpcodesTest, SignaturesAreWellFormed) {
  for (const OpInfo& info : kOpInfo) {
    const std::string signature = info.signature;
    if (signature == "*") continue;
    const size_t colon = signature.find(':');
    ASSERT_NE(colon, std::string::npos) << info.text;
    EXPECT_LE(colon, 3u) << info.text;
    EXPECT_LE(signature.size() - colon - 1, 1u) << info.text;
    EXPECT_EQ(signature.find_first_not_of("iIfFr:"), std::string::npos)
        << info.text;
  }
}

TEST(OpcodesTest, ExactlyIntegerDivisionsTruncationsAndAccessesTrap) {
  for (const OpInfo& info : kOpInfo) {
    const std::string text = info.text;
    if (info.immediate != ImmediateKind::kNone || text == "unreachable") {
      continue;
    }
    const bool divides = text[0] == 'i' && (text.find(".div") == 3 ||
                                            text.find(".rem") == 3);
    const bool truncates = text[0] == 'i' && text.find(".trunc_f") == 3;
    EXPECT_EQ(HasFlag(info.op, kTraps), divides || truncates) << text;
  }
  EXPECT_TRUE(HasFlag(Op::kI64Load8U, kTraps));
  EXPECT_TRUE(HasFlag(Op::kF64Store, kTraps));
  EXPECT_TRUE(HasFlag(Op::kCallIndirect, kTraps));
  EXPECT_FALSE(HasFlag(Op::kCall, kTraps));
  EXPECT_FALSE(HasFlag(Op::kMemoryGrow, kTraps));
}

TEST(OpcodesTest, ExactlyFloatArithmeticCanonicalises) {
  const std::set<std::string> arithmetic = {
      "add", "sub",  "mul",   "div",   "sqrt",    "min",
      "max", "ceil", "floor", "trunc", "nearest", "promote_f32",
      "demote_f64"};
  for (const OpInfo& info : kOpInfo) {
    const std::string text = info.text;
    const bool expected =
        text[0] == 'f' && text.size() > 4 && arithmetic.count(text.substr(4));
    EXPECT_EQ(HasFlag(info.op, kCanonicalises), expected) << text;
  }
}

TEST(OpcodesTest, AccessSizesFollowTheNames) {
  EXPECT_EQ(AccessLog2(Op::kI64Load8S), 0u);
  EXPECT_EQ(AccessLog2(Op::kI32Store16), 1u);
  EXPECT_EQ(AccessLog2(Op::kI64Load32U), 2u);
  EXPECT_EQ(AccessLog2(Op::kF32Load), 2u);
  EXPECT_EQ(AccessLog2(Op::kI64Store32), 2u);
  EXPECT_EQ(AccessLog2(Op::kF64Store), 3u);
}

}  // namespace
}  // namespace ingot::wasm
