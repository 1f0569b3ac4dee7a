// In which order chains combine their operands, on graphs made by hand.

#include "compiler/opt/chains.h"

#include <gtest/gtest.h>

#include <vector>

namespace ingot::compiler {
namespace {

using wasm::Op;

// One block of instructions on i32; each is named by its index.
class Block1 {
 public:
  InstId Leaf(IrOp op = kParam) { return Push({.op = op, .type = Type::kI32}); }
  InstId Const(uint32_t value) {
    return Push({.op = kConst, .type = Type::kI32, .a = value});
  }
  InstId Two(Op op, InstId a, InstId b) {
    ++uses_[a];
    ++uses_[b];
    return Push({.op = W(op), .type = Type::kI32, .a = a, .b = b});
  }
  InstId Add(InstId a, InstId b) { return Two(Op::kI32Add, a, b); }
  void UseAgain(InstId value) { ++uses_[value]; }

  void Order(InstId last, InstId block_first = 0) {
    Graph graph;
    graph.insts = insts_.data();
    graph.num_insts = static_cast<uint32_t>(insts_.size());
    OrderChain(graph, uses_.data(), last, block_first);
  }
  const Inst& operator[](InstId inst) const { return insts_[inst]; }

 private:
  InstId Push(const Inst& inst) {
    insts_.push_back(inst);
    uses_.push_back(0);
    return static_cast<InstId>(insts_.size() - 1);
  }

  std::vector<Inst> insts_;
  std::vector<uint32_t> uses_;
};

TEST(ChainsTest, TheLatestValueComesLast) {
  Block1 block;
  const InstId a = block.Leaf(), b = block.Leaf(), late = block.Leaf();
  const InstId inner = block.Add(late, a);
  const InstId last = block.Add(inner, b);
  block.Order(last);
  EXPECT_EQ(block[inner].a, a);
  EXPECT_EQ(block[inner].b, b);
  EXPECT_EQ(block[last].a, inner);
  EXPECT_EQ(block[last].b, late);
}

TEST(ChainsTest, AConstantComesFirst) {
  Block1 block;
  const InstId a = block.Leaf(), late = block.Leaf();
  const InstId inner = block.Add(a, late);
  const InstId last = block.Add(inner, block.Const(0xFFFFFFF0u));
  block.Order(last);
  EXPECT_EQ(block[inner].op, kAddImmediate);
  EXPECT_EQ(block[inner].a, a);
  EXPECT_EQ(block[inner].b, kNoId);
  EXPECT_EQ(block[inner].c, 0xFFFFFFF0u);
  EXPECT_EQ(block[last].b, late);
}

TEST(ChainsTest, OnlySumsTakeImmediates) {
  Block1 block;
  const InstId a = block.Leaf(), late = block.Leaf();
  const InstId inner = block.Two(Op::kI32Xor, a, late);
  const InstId mask = block.Const(7);
  const InstId last = block.Two(Op::kI32Xor, inner, mask);
  block.Order(last);
  EXPECT_EQ(block[inner].op, W(Op::kI32Xor));
  EXPECT_EQ(block[last].b, mask);
}

// What a loop carries round is not combined before it must be.
TEST(ChainsTest, APhiComesLast) {
  Block1 block;
  const InstId phi = block.Leaf(kPhi), a = block.Leaf(), b = block.Leaf();
  const InstId inner = block.Add(phi, a);
  const InstId last = block.Add(inner, b);
  block.Order(last);
  EXPECT_EQ(block[inner].a, a);
  EXPECT_EQ(block[inner].b, b);
  EXPECT_EQ(block[last].b, phi);
}

// An operand that is computed behind an instruction cannot be its own.
TEST(ChainsTest, OperandsStandBefore) {
  Block1 block;
  const InstId phi = block.Leaf(kPhi), a = block.Leaf();
  const InstId inner = block.Add(phi, a);
  const InstId b = block.Leaf();
  const InstId last = block.Add(inner, b);
  block.Order(last);
  EXPECT_EQ(block[inner].a, a);
  EXPECT_EQ(block[inner].b, phi);
  EXPECT_EQ(block[last].b, b);
}

TEST(ChainsTest, SharedSumsStay) {
  Block1 block;
  const InstId a = block.Leaf(), b = block.Leaf(), late = block.Leaf();
  const InstId inner = block.Add(late, a);
  block.UseAgain(inner);
  const InstId last = block.Add(inner, b);
  block.Order(last);
  EXPECT_EQ(block[inner].a, late);
  EXPECT_EQ(block[last].b, b);
}

TEST(ChainsTest, NotIntoAnotherBlock) {
  Block1 block;
  const InstId a = block.Leaf(), b = block.Leaf(), late = block.Leaf();
  const InstId inner = block.Add(late, a);
  const InstId last = block.Add(inner, b);
  block.Order(last, last);
  EXPECT_EQ(block[inner].a, late);
}

// Two sums added are already as short as can be.
TEST(ChainsTest, OneSideIsFollowed) {
  Block1 block;
  const InstId a = block.Leaf(), b = block.Leaf();
  const InstId c = block.Leaf(), d = block.Leaf();
  const InstId left = block.Add(a, b);
  const InstId right = block.Add(d, c);
  const InstId last = block.Add(left, right);
  block.Order(last);
  EXPECT_EQ(block[left].a, a);
  EXPECT_EQ(block[left].b, b);
  EXPECT_EQ(block[right].a, c);
  EXPECT_EQ(block[right].b, d);
  EXPECT_EQ(block[last].b, left);
}

TEST(ChainsTest, LongChainsAreCut) {
  Block1 block;
  std::vector<InstId> leaves;
  for (uint32_t i = 0; i < 3 * kMaxChain; ++i) leaves.push_back(block.Leaf());
  InstId sum = leaves.back();
  std::vector<InstId> sums;
  for (size_t i = leaves.size() - 1; i-- > 0;) {
    sums.push_back(sum = block.Add(sum, leaves[i]));
  }
  block.Order(sum);
  uint32_t chained = 0;
  for (InstId inst : sums) chained += (block[inst].flags & kFlagChained) != 0;
  EXPECT_EQ(chained, kMaxChain - 1);
  // The part that was looked at ends with what it began with.
  EXPECT_EQ(block[sum].b, sums[sums.size() - kMaxChain - 1]);
}

}  // namespace
}  // namespace ingot::compiler
