#include "compiler/ir/builder.h"

#include <gtest/gtest.h>

#include "compiler/ir/printer.h"
#include "compiler/ir/test_graph.h"
#include "compiler/ir/verifier.h"

namespace ingot::compiler {
namespace {

using wasm::ByteWriter;
using wasm::Op;
using wasm::ValType;

constexpr ValType kI32 = ValType::kI32;
constexpr uint8_t kVoid = 0x40;

// f(n): sum = 0; do { sum += n; n -= 1; } while (n); return sum
std::vector<uint8_t> SumLoop() {
  ByteWriter code;
  code.Byte(0x03).Byte(kVoid);
  code.Inst(Op::kLocalGet, 1).Inst(Op::kLocalGet, 0).Inst(Op::kI32Add);
  code.Inst(Op::kLocalSet, 1);
  code.Inst(Op::kLocalGet, 0).Byte(0x41).Byte(0x7F).Inst(Op::kI32Add);
  code.Inst(Op::kLocalTee, 0).Inst(Op::kBrIf, 0).Inst(Op::kEnd);
  code.Inst(Op::kLocalGet, 1).Inst(Op::kEnd);
  return OneFunction({kI32}, {kI32}, {{1, kI32}}, code);
}

TEST(BuilderTest, LoopGetsPhisForWhatItAssigns) {
  TestGraph test(SumLoop());
  ASSERT_EQ(test.result(), BuildResult::kOk);
  EXPECT_EQ(VerifyGraph(test.graph()).what, nullptr);
  EXPECT_EQ(PrintGraph(test.graph()),
            "b0:\n"
            "  gas 30\n"
            "  v1 = param i32 0\n"
            "  v2 = const i32 0\n"
            "  v3 = const i64 0\n"
            "  v4 = const f32 0\n"
            "  v5 = const f64 0\n"
            "  jump b1\n"
            "b1:  loop header\n"
            "  v7 = phi i32 [b0: v2, b1: v10]\n"
            "  v8 = phi i32 [b0: v1, b1: v12]\n"
            "  gas 18 check\n"
            "  v10 = i32.add v7 v8\n"
            "  v11 = const i32 4294967295\n"
            "  v12 = i32.add v8 v11\n"
            "  branch v12 b1 b2\n"
            "b2:\n"
            "  gas 0\n"
            "  jump b3\n"
            "b3:\n"
            "  gas 1\n"
            "  return v10\n");
}

TEST(BuilderTest, MergeMakesPhisOnlyWhereValuesDiffer) {
  // if (p) a = 7; return a + b
  ByteWriter code;
  code.Inst(Op::kLocalGet, 0).Byte(0x04).Byte(kVoid);
  code.Byte(0x41).Byte(7).Inst(Op::kLocalSet, 1).Inst(Op::kEnd);
  code.Inst(Op::kLocalGet, 1).Inst(Op::kLocalGet, 2).Inst(Op::kI32Add);
  code.Inst(Op::kEnd);
  TestGraph test(OneFunction({kI32, kI32, kI32}, {kI32}, {}, code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  EXPECT_EQ(VerifyGraph(test.graph()).what, nullptr);
  EXPECT_EQ(test.Count(kPhi), 1u);
}

TEST(BuilderTest, EqualAssignmentsOnAllPathsNeedNoPhi) {
  // if (p) a = b else a = b; return a
  ByteWriter code;
  code.Inst(Op::kLocalGet, 0).Byte(0x04).Byte(kVoid);
  code.Inst(Op::kLocalGet, 2).Inst(Op::kLocalSet, 1).Inst(Op::kElse);
  code.Inst(Op::kLocalGet, 2).Inst(Op::kLocalSet, 1).Inst(Op::kEnd);
  code.Inst(Op::kLocalGet, 1).Inst(Op::kEnd);
  TestGraph test(OneFunction({kI32, kI32, kI32}, {kI32}, {}, code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  EXPECT_EQ(test.Count(kPhi), 0u);
}

TEST(BuilderTest, SlotModeHasNoPhisAndTheSamePrices) {
  TestGraph ssa(SumLoop());
  TestGraph slots(SumLoop(), BuildMode::kSlots);
  ASSERT_EQ(slots.result(), BuildResult::kOk);
  EXPECT_EQ(VerifyGraph(slots.graph()).what, nullptr);
  EXPECT_EQ(slots.Count(kPhi), 0u);
  EXPECT_GT(slots.Count(kLoadSlot), 0u);
  EXPECT_EQ(slots.Paid(), ssa.Paid());
}

TEST(BuilderTest, PaysTheEntryAndEveryExecutedInstructionOnce) {
  ByteWriter code;
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 0).Inst(Op::kI32Mul);
  code.Inst(Op::kNop).Inst(Op::kEnd);
  TestGraph test(OneFunction({kI32}, {kI32}, {{3, kI32}}, code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  const GasSchedule& prices = kGasScheduleV1;
  EXPECT_EQ(test.Paid(), prices.EntryPrice(1, 1, 3) +
                             2 * prices.Price(Op::kLocalGet) +
                             prices.Price(Op::kI32Mul) +
                             prices.Price(Op::kNop));
}

TEST(BuilderTest, CallsCloseTheirSegment) {
  ByteWriter code;
  code.Inst(Op::kLocalGet, 0).Inst(Op::kCall, 0).Inst(Op::kCall, 0);
  code.Inst(Op::kEnd);
  TestGraph test(OneFunction({kI32}, {kI32}, {}, code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  EXPECT_EQ(VerifyGraph(test.graph()).what, nullptr);
  EXPECT_EQ(test.Count(kCall), 2u);
  EXPECT_EQ(test.Count(kGas), 3u);
}

TEST(BuilderTest, CodeBehindABranchIsNotBuilt) {
  ByteWriter code;
  code.Inst(Op::kUnreachable).Byte(0x03).Byte(kVoid).Inst(Op::kEnd);
  code.Inst(Op::kI32Add).Inst(Op::kEnd);
  TestGraph test(OneFunction({}, {kI32}, {}, code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  EXPECT_EQ(test.graph().num_blocks, 1u);
  EXPECT_EQ(test.Count(kTrap), 1u);
}

TEST(BuilderTest, TooManyMergesGoOverBudget) {
  // 400 locals change before each of many branches to one label: a snapshot
  // each would be quadratic.
  ByteWriter code;
  code.Byte(0x02).Byte(kVoid);
  for (uint32_t i = 0; i < 400; ++i) {
    code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalSet, i + 1);
  }
  for (uint32_t i = 0; i < 400; ++i) {
    code.Inst(Op::kLocalGet, 0).Inst(Op::kBrIf, 0);
  }
  code.Inst(Op::kEnd).Inst(Op::kEnd);
  const std::vector<uint8_t> bytes =
      OneFunction({kI32}, {}, {{400, kI32}}, code);
  EXPECT_EQ(TestGraph(bytes).result(), BuildResult::kOverBudget);
  TestGraph slots(bytes, BuildMode::kSlots);
  ASSERT_EQ(slots.result(), BuildResult::kOk);
  EXPECT_EQ(VerifyGraph(slots.graph()).what, nullptr);
}

// Planted errors: the verifier is a check that can fail.

TEST(VerifierTest, RefusesAnOperandThatComesLater) {
  TestGraph test(SumLoop());
  test.graph().insts[10].a = 12;
  EXPECT_STREQ(VerifyGraph(test.graph()).what,
               "operand does not dominate its use");
}

TEST(VerifierTest, RefusesAnOperandOfAnotherType) {
  TestGraph test(SumLoop());
  test.graph().insts[10].b = 3;
  EXPECT_STREQ(VerifyGraph(test.graph()).what, "operand has another type");
}

TEST(VerifierTest, RefusesAnArgumentOfAnotherType) {
  TestGraph test(SumLoop());
  Graph& graph = test.graph();
  graph.pool[graph.edges[0].args] = 3;
  EXPECT_STREQ(VerifyGraph(graph).what, "argument is not of its phi's type");
}

TEST(VerifierTest, RefusesABlockThatDoesNotPay) {
  TestGraph test(SumLoop());
  test.graph().insts[9].op = kMemorySize;
  EXPECT_STREQ(VerifyGraph(test.graph()).what,
               "block does not begin by paying");
}

TEST(VerifierTest, RefusesAJumpBackToAnOrdinaryBlock) {
  TestGraph test(SumLoop());
  test.graph().blocks[1].is_loop_header = false;
  EXPECT_STREQ(VerifyGraph(test.graph()).what, "jump back to no loop header");
}

TEST(VerifierTest, RefusesAnUnboundEdge) {
  TestGraph test(SumLoop());
  test.graph().edges[0].to = 99;
  EXPECT_STREQ(VerifyGraph(test.graph()).what, "edge is not bound");
}

}  // namespace
}  // namespace ingot::compiler
