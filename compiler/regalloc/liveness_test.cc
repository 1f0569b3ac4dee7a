// What the walk decides besides lifetimes, on small bodies: which loads their
// user does, and which float results must be canonical.

#include "compiler/regalloc/liveness.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "compiler/ir/test_graph.h"

namespace ingot::compiler {
namespace {

using wasm::ByteWriter;
using wasm::Op;
using wasm::ValType;

constexpr ValType kI32 = ValType::kI32, kF64 = ValType::kF64;
constexpr uint8_t kVoid = 0x40;

// An optimised body of the given type, analysed.
class Analysed {
 public:
  Analysed(ByteWriter code, ValType param, ValType result)
      : test_(OneFunction({param, param}, {result}, {}, code.Inst(Op::kEnd)),
              BuildMode::kSsa, true) {
    EXPECT_EQ(test_.result(), BuildResult::kOk);
    EXPECT_TRUE(Analyse(test_.arena(), test_.graph(), &liveness_));
  }

  // How many live instructions of `op` have the flag.
  uint32_t With(uint8_t flag, IrOp op) {
    uint32_t count = 0;
    const Graph& graph = test_.graph();
    for (InstId i = 0; i < graph.num_insts; ++i) {
      const Inst& inst = graph.insts[i];
      if ((inst.flags & kFlagLive) != 0 && (inst.flags & flag) != 0) {
        count += inst.op == op;
      }
    }
    return count;
  }
  uint32_t Folded(Op load) { return With(kFlagFused, W(load)); }

 private:
  TestGraph test_;
  Liveness liveness_;
};

ByteWriter Load(ByteWriter code, Op op = Op::kI32Load, uint32_t offset = 0) {
  return code.Inst(op, 0, offset);
}
ByteWriter X() { return ByteWriter().Inst(Op::kLocalGet, 0); }
ByteWriter Y(ByteWriter code) { return code.Inst(Op::kLocalGet, 1); }

Analysed Ints(ByteWriter code) { return {std::move(code), kI32, kI32}; }

TEST(FoldTest, EitherOperandOfASum) {
  EXPECT_EQ(Ints(Load(Y(X())).Inst(Op::kI32Add)).Folded(Op::kI32Load), 1u);
  EXPECT_EQ(Ints(Y(Load(X())).Inst(Op::kI32Add)).Folded(Op::kI32Load), 1u);
}

TEST(FoldTest, OnlyWhatIsSubtracted) {
  EXPECT_EQ(Ints(Load(Y(X())).Inst(Op::kI32Sub)).Folded(Op::kI32Load), 1u);
  EXPECT_EQ(Ints(Y(Load(X())).Inst(Op::kI32Sub)).Folded(Op::kI32Load), 0u);
}

TEST(FoldTest, AComparisonIsMirrored) {
  Analysed test = Ints(Y(Load(X())).Inst(Op::kI32LtU));
  EXPECT_EQ(test.Folded(Op::kI32Load), 1u);
  EXPECT_EQ(test.With(kFlagLive, W(Op::kI32GtU)), 1u);
  EXPECT_EQ(test.With(kFlagLive, W(Op::kI32LtU)), 0u);
}

TEST(FoldTest, AComparisonWithAConstantStays) {
  Analysed test = Ints(Load(X()).I32Const(7).Inst(Op::kI32LtU));
  EXPECT_EQ(test.Folded(Op::kI32Load), 1u);
  EXPECT_EQ(test.With(kFlagLive, W(Op::kI32LtU)), 1u);
}

// One that no immediate holds stands in a register, which comes first.
TEST(FoldTest, AComparisonWithALargeConstantIsMirrored) {
  ByteWriter code = Load(X(), Op::kI64Load);
  code.I64Const(int64_t{1} << 40).Inst(Op::kI64LtU);
  Analysed test = Ints(std::move(code));
  EXPECT_EQ(test.Folded(Op::kI64Load), 1u);
  EXPECT_EQ(test.With(kFlagLive, W(Op::kI64GtU)), 1u);
}

// Of two loads only the later one: the other would trap behind it.
TEST(FoldTest, OneOfTwoLoads) {
  EXPECT_EQ(
      Ints(Load(Y(Load(X())), Op::kI32Load, 4).Inst(Op::kI32Xor)).Folded(
          Op::kI32Load),
      1u);
}

TEST(FoldTest, NotPastAStore) {
  ByteWriter code = Load(X());
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1);
  code.Inst(Op::kI32Store, 0, 0);
  code.Inst(Op::kLocalGet, 1).Inst(Op::kI32Add);
  EXPECT_EQ(Ints(std::move(code)).Folded(Op::kI32Load), 0u);
}

TEST(FoldTest, NotPastATrap) {
  ByteWriter code = Load(X());
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1).Inst(Op::kI32DivU);
  code.Inst(Op::kI32Add);
  EXPECT_EQ(Ints(std::move(code)).Folded(Op::kI32Load), 0u);
}

TEST(FoldTest, NotWithTwoUses) {
  ByteWriter code = Load(X()).Inst(Op::kLocalTee, 0);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kI32Mul);
  EXPECT_EQ(Ints(std::move(code)).Folded(Op::kI32Load), 0u);
}

TEST(FoldTest, NeitherNarrowNorFar) {
  EXPECT_EQ(Ints(Load(Y(X()), Op::kI32Load8U).Inst(Op::kI32Add))
                .Folded(Op::kI32Load8U),
            0u);
  EXPECT_EQ(Ints(Load(Y(X()), Op::kI32Load, 0x80000000u).Inst(Op::kI32Add))
                .Folded(Op::kI32Load),
            0u);
}

// A sum that goes round a loop; `use` is what is done with it behind.
Analysed Loop(ByteWriter use, ValType result) {
  ByteWriter code;
  code.Byte(0x03).Byte(kVoid);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1).Inst(Op::kF64Add);
  code.Inst(Op::kLocalTee, 0).Inst(Op::kLocalGet, 1).Inst(Op::kF64Lt);
  code.Inst(Op::kBrIf, 0).Inst(Op::kEnd);
  code.Raw(use.bytes());
  return {std::move(code), kF64, result};
}

TEST(CanonicalTest, ALoopThatOnlyCalculatesNeedsNone) {
  Analysed test = Loop(Y(X()).Inst(Op::kF64Gt), kI32);
  EXPECT_EQ(test.With(kFlagCanonical, W(Op::kF64Add)), 0u);
}

TEST(CanonicalTest, WhatLeavesALoopIsSeen) {
  Analysed test = Loop(X(), kF64);
  EXPECT_GT(test.With(kFlagCanonical, W(Op::kF64Add)), 0u);
}

TEST(CanonicalTest, ASelectPassesOn) {
  const auto both = [](Op last, ValType result) {
    ByteWriter code = Y(X()).Inst(Op::kF64Mul);
    code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1).Inst(Op::kF64Sub);
    code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1).Inst(Op::kF64Lt);
    code.Inst(Op::kSelect).Inst(last);
    return Analysed(std::move(code), kF64, result);
  };
  Analysed truncated = both(Op::kI32TruncSatF64S, kI32);
  EXPECT_EQ(truncated.With(kFlagCanonical, W(Op::kF64Mul)), 0u);
  EXPECT_EQ(truncated.With(kFlagCanonical, W(Op::kF64Sub)), 0u);
  Analysed negated = both(Op::kF64Neg, kF64);
  EXPECT_EQ(negated.With(kFlagCanonical, W(Op::kF64Mul)), 1u);
  EXPECT_EQ(negated.With(kFlagCanonical, W(Op::kF64Sub)), 1u);
}

}  // namespace
}  // namespace ingot::compiler
