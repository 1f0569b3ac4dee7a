// What the builder makes of small bodies at level 1: which instructions are
// left, which values are found again, and where gas is paid.

#include <algorithm>
#include <vector>

#include "compiler/ir/test_graph.h"
#include "compiler/ir/verifier.h"
#include "compiler/opt/gas_placement.h"
#include "compiler/opt/trivial_phis.h"
#include "gtest/gtest.h"

namespace ingot::compiler {
namespace {

using wasm::ByteWriter;
using wasm::Op;
using wasm::ValType;

constexpr ValType kI32 = ValType::kI32;
constexpr uint8_t kVoid = 0x40;

// The body of f(x, y: T) -> R, without its end.
TestGraph Optimised(ByteWriter code, ValType type = kI32,
                    ValType result = kI32) {
  code.Inst(Op::kEnd);
  return TestGraph(OneFunction({type, type}, {result}, {}, code),
                   BuildMode::kSsa, true);
}

ByteWriter X() { return ByteWriter().Inst(Op::kLocalGet, 0); }
ByteWriter XY() { return X().Inst(Op::kLocalGet, 1); }

// The operations that are left, apart from parameters, constants, gas and the
// return.
std::vector<IrOp> Left(const TestGraph& test, const Graph& graph) {
  EXPECT_EQ(test.result(), BuildResult::kOk);
  std::vector<IrOp> ops;
  for (InstId i = 0; i < graph.num_insts; ++i) {
    const IrOp op = graph.insts[i].op;
    if (op == kParam || op == kConst || op == kGas || IsTerminator(op)) {
      continue;
    }
    ops.push_back(op);
  }
  return ops;
}

std::vector<IrOp> Left(TestGraph test) {
  EXPECT_EQ(VerifyGraph(test.graph()).what, nullptr);
  return Left(test, test.graph());
}

// What the function returns.
const Inst& Returned(TestGraph& test) {
  const Graph& graph = test.graph();
  const Inst& last = graph.insts[graph.num_insts - 1];
  return graph.insts[graph.pool[last.a]];
}

using Ops = std::vector<IrOp>;

TEST(SimplifyTest, Identities) {
  EXPECT_EQ(Left(Optimised(X().I32Const(0).Inst(Op::kI32Add))), Ops{});
  EXPECT_EQ(Left(Optimised(X().I32Const(0).Inst(Op::kI32Sub))), Ops{});
  EXPECT_EQ(Left(Optimised(X().I32Const(1).Inst(Op::kI32Mul))), Ops{});
  EXPECT_EQ(Left(Optimised(X().I32Const(-1).Inst(Op::kI32And))), Ops{});
  EXPECT_EQ(Left(Optimised(X().I32Const(32).Inst(Op::kI32Shl))), Ops{});
  EXPECT_EQ(Left(Optimised(X().I32Const(64).Inst(Op::kI32Rotl))), Ops{});
  EXPECT_EQ(Left(Optimised(X().Inst(Op::kLocalGet, 0).Inst(Op::kI32Xor))),
            Ops{});
}

TEST(SimplifyTest, ConstantsFold) {
  const auto folded = [](ByteWriter code) {
    TestGraph test = Optimised(std::move(code));
    const Inst& value = Returned(test);
    EXPECT_EQ(value.op, kConst);
    return value.a;
  };
  const auto two = [](int32_t a, int32_t b) {
    return ByteWriter().I32Const(a).I32Const(b);
  };
  EXPECT_EQ(folded(two(7, -9).Inst(Op::kI32Add)), 0xFFFFFFFEu);
  EXPECT_EQ(folded(two(7, 33).Inst(Op::kI32Shl)), 14u);
  EXPECT_EQ(folded(two(-8, 1).Inst(Op::kI32ShrS)), 0xFFFFFFFCu);
  EXPECT_EQ(folded(two(-1, 1).Inst(Op::kI32LtU)), 0u);
  EXPECT_EQ(folded(two(-1, 1).Inst(Op::kI32LtS)), 1u);
  EXPECT_EQ(folded(ByteWriter().I32Const(0).Inst(Op::kI32Clz)), 32u);
}

TEST(SimplifyTest, ChainsOfConstantsAreOne) {
  TestGraph test = Optimised(X().I32Const(5).Inst(Op::kI32Add).I32Const(7)
                                 .Inst(Op::kI32Sub).I32Const(-3)
                                 .Inst(Op::kI32Add));
  const Inst& sum = Returned(test);
  EXPECT_EQ(sum.op, W(Op::kI32Add));
  EXPECT_EQ(test.graph().insts[sum.a].op, kParam);
  EXPECT_EQ(test.graph().insts[sum.b].a, 0xFFFFFFFBu);
}

TEST(SimplifyTest, Comparisons) {
  EXPECT_EQ(Left(Optimised(XY().Inst(Op::kI32LtS).Inst(Op::kI32Eqz))),
            (Ops{W(Op::kI32LtS), W(Op::kI32GeS)}));
  EXPECT_EQ(Left(Optimised(ByteWriter().I32Const(4).Inst(Op::kLocalGet, 0)
                               .Inst(Op::kI32GtU))),
            Ops{W(Op::kI32LtU)});
  EXPECT_EQ(Left(Optimised(XY().Inst(Op::kI32And).Inst(Op::kI32Eqz))),
            (Ops{W(Op::kI32And), kTestZero}));
  EXPECT_EQ(Left(Optimised(X().I32Const(0).Inst(Op::kI32LtU))), Ops{});
}

// Of floats nothing is folded that could see a NaN's bits.
TEST(SimplifyTest, FloatsStay) {
  ByteWriter code;
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 0).Inst(Op::kF32Sub);
  code.Inst(Op::kEnd);
  TestGraph test(OneFunction({ValType::kF32}, {ValType::kF32}, {}, code),
                 BuildMode::kSsa, true);
  EXPECT_EQ(Left(test, test.graph()), Ops{W(Op::kF32Sub)});
}

TEST(SimplifyTest, DivisionByConstants) {
  EXPECT_EQ(Left(Optimised(X().I32Const(8).Inst(Op::kI32DivU))),
            Ops{W(Op::kI32ShrU)});
  EXPECT_EQ(Left(Optimised(X().I32Const(8).Inst(Op::kI32RemU))),
            Ops{W(Op::kI32And)});
  const Ops ten = Left(Optimised(X().I32Const(10).Inst(Op::kI32DivS)));
  EXPECT_EQ(std::count(ten.begin(), ten.end(), W(Op::kI64Mul)), 1);
  EXPECT_EQ(std::count(ten.begin(), ten.end(), W(Op::kI32DivS)), 0);
  // Those that trap, or may, stay.
  EXPECT_EQ(Left(Optimised(X().I32Const(0).Inst(Op::kI32DivU))),
            Ops{W(Op::kI32DivU)});
  EXPECT_EQ(Left(Optimised(X().I32Const(-1).Inst(Op::kI32DivS))),
            Ops{W(Op::kI32DivS)});
}

TEST(SimplifyTest, AndNot) {
  EXPECT_EQ(Left(Optimised(X().I32Const(-1).Inst(Op::kI32Xor)
                               .Inst(Op::kLocalGet, 1).Inst(Op::kI32And))),
            (Ops{W(Op::kI32Xor), kAndNot}));
}

// Byte k of x to the opposite place, first masked or first shifted.
ByteWriter SwappedByte(ValType type, uint32_t k, bool mask_first) {
  const bool is_64 = type == ValType::kI64;
  const uint32_t last = is_64 ? 7 : 3;
  const auto number = [is_64](ByteWriter* code, uint64_t bits) {
    is_64 ? code->I64Const(static_cast<int64_t>(bits))
          : code->I32Const(static_cast<int32_t>(bits));
  };
  const auto mask = [&](ByteWriter* code, uint32_t place) {
    number(code, uint64_t{0xFF} << 8 * place);
    code->Inst(is_64 ? Op::kI64And : Op::kI32And);
  };
  ByteWriter code = X();
  if (mask_first) mask(&code, k);
  const bool left = 2 * k < last;
  number(&code, 8 * (left ? last - 2 * k : 2 * k - last));
  code.Inst(left ? (is_64 ? Op::kI64Shl : Op::kI32Shl)
                 : (is_64 ? Op::kI64ShrU : Op::kI32ShrU));
  if (!mask_first) mask(&code, last - k);
  return code;
}

TEST(SimplifyTest, BytesInTheOppositeOrder) {
  for (const ValType type : {kI32, ValType::kI64}) {
    const bool is_64 = type == ValType::kI64;
    const uint32_t bytes = is_64 ? 8 : 4;
    for (const bool mask_first : {false, true}) {
      for (uint32_t missing = 0; missing <= bytes; ++missing) {
        ByteWriter code;
        uint32_t terms = 0;
        for (uint32_t k = 0; k < bytes; ++k) {
          if (k == missing) continue;
          code.Raw(SwappedByte(type, k, mask_first).bytes());
          if (++terms > 1) code.Inst(is_64 ? Op::kI64Or : Op::kI32Or);
        }
        TestGraph test = Optimised(std::move(code), type, type);
        ASSERT_EQ(test.result(), BuildResult::kOk);
        EXPECT_EQ(Returned(test).op == kByteSwap, missing == bytes);
      }
    }
  }
  // Two halves that are rotated.
  ByteWriter code = X().I32Const(8).Inst(Op::kI32Rotl).I32Const(0xFF00FF);
  code.Inst(Op::kI32And).Inst(Op::kLocalGet, 0).I32Const(24);
  code.Inst(Op::kI32Rotl).I32Const(static_cast<int32_t>(0xFF00FF00));
  code.Inst(Op::kI32And).Inst(Op::kI32Or);
  TestGraph test = Optimised(std::move(code));
  EXPECT_EQ(Returned(test).op, kByteSwap);
}

TEST(ValueNumberingTest, EqualInstructionsAreOne) {
  EXPECT_EQ(Left(Optimised(XY().Inst(Op::kI32Add).Inst(Op::kLocalGet, 0)
                               .Inst(Op::kLocalGet, 1).Inst(Op::kI32Add)
                               .Inst(Op::kI32Mul))),
            (Ops{W(Op::kI32Add), W(Op::kI32Mul)}));
}

// An arm's value does not reach the other arm, nor what follows.
TEST(ValueNumberingTest, ArmsKeepTheirValues) {
  ByteWriter code = X();
  code.Byte(0x04).Byte(kVoid);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1).Inst(Op::kI32Mul);
  code.Inst(Op::kLocalSet, 0);
  code.Inst(Op::kElse);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1).Inst(Op::kI32Mul);
  code.Inst(Op::kLocalSet, 1);
  code.Inst(Op::kEnd);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1).Inst(Op::kI32Mul);
  const Ops left = Left(Optimised(std::move(code)));
  EXPECT_EQ(std::count(left.begin(), left.end(), W(Op::kI32Mul)), 3);
}

// mem[x] = y; <between>; return mem[x]
Ops StoredAndLoaded(const ByteWriter& between) {
  ByteWriter code = XY();
  code.Byte(0x36).Byte(2).Byte(0);
  code.Raw(between.bytes());
  code.Inst(Op::kLocalGet, 0).Byte(0x28).Byte(2).Byte(0);
  return Left(Optimised(std::move(code)));
}

TEST(ValueNumberingTest, LoadsAreForwarded) {
  EXPECT_EQ(StoredAndLoaded({}), Ops{W(Op::kI32Store)});
  // Behind it, from the same index: apart.
  EXPECT_EQ(StoredAndLoaded(XY().Byte(0x36).Byte(2).Byte(4)),
            (Ops{W(Op::kI32Store), W(Op::kI32Store)}));
  // Overlapping, or from another index: not known.
  EXPECT_EQ(StoredAndLoaded(XY().Byte(0x36).Byte(2).Byte(3)),
            (Ops{W(Op::kI32Store), W(Op::kI32Store), W(Op::kI32Load)}));
  EXPECT_EQ(StoredAndLoaded(
                XY().Inst(Op::kLocalTee, 1).Byte(0x36).Byte(2).Byte(4)),
            (Ops{W(Op::kI32Store), W(Op::kI32Store)}));
  ByteWriter other;
  other.Inst(Op::kLocalGet, 1).Inst(Op::kLocalGet, 0);
  EXPECT_EQ(StoredAndLoaded(other.Byte(0x36).Byte(2).Byte(8)),
            (Ops{W(Op::kI32Store), W(Op::kI32Store), W(Op::kI32Load)}));
  // A call may write anything.
  ByteWriter call = XY();
  EXPECT_EQ(StoredAndLoaded(call.Inst(Op::kCall, 0).Inst(Op::kDrop)),
            (Ops{W(Op::kI32Store), kCall, kResult, W(Op::kI32Load)}));
}

TEST(ValueNumberingTest, NarrowStoresGiveNothingBack) {
  ByteWriter code = XY();
  code.Byte(0x3A).Byte(0).Byte(0);
  code.Inst(Op::kLocalGet, 0).Byte(0x2D).Byte(0).Byte(0);
  EXPECT_EQ(Left(Optimised(std::move(code))),
            (Ops{W(Op::kI32Store8), W(Op::kI32Load8U)}));
}

TEST(ValueNumberingTest, TooManyStoresAreForgotten) {
  ByteWriter between;
  for (uint32_t i = 1; i <= 9; ++i) {
    between.Raw(XY().Byte(0x36).Byte(2).Byte(4 * i).bytes());
  }
  EXPECT_EQ(StoredAndLoaded(between).back(), W(Op::kI32Load));
}

// Two loops around an assignment of what is there already: no phi is left.
TEST(TrivialPhisTest, AreSeenThrough) {
  ByteWriter code;
  code.Byte(0x03).Byte(kVoid).Byte(0x03).Byte(kVoid);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalSet, 0);
  code.Inst(Op::kLocalGet, 1).I32Const(1).Inst(Op::kI32Sub);
  code.Inst(Op::kLocalTee, 1).Inst(Op::kBrIf, 0).Inst(Op::kEnd);
  code.Inst(Op::kLocalGet, 1).Inst(Op::kBrIf, 0).Inst(Op::kEnd);
  code.Inst(Op::kLocalGet, 0);
  TestGraph test = Optimised(std::move(code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  Graph& graph = test.graph();
  FindTrivialPhis(graph);
  uint32_t phis = 0, trivial = 0;
  for (InstId i = 0; i < graph.num_insts; ++i) {
    if (graph.insts[i].op != kPhi) continue;
    ++phis;
    trivial += Resolved(graph, i) != i ? 1 : 0;
  }
  // One of them joins the ways out of the inner loop's rounds.
  EXPECT_EQ(phis, 5u);
  EXPECT_EQ(trivial, 2u);
  const Inst& last = graph.insts[graph.num_insts - 1];
  EXPECT_EQ(graph.insts[Resolved(graph, graph.pool[last.a])].op, kParam);
}

// if (x) {} else {}: what both arms and the end pay is paid before.
TEST(GasPlacementTest, ArmsPayNothing) {
  ByteWriter code = X();
  code.Byte(0x04).Byte(kVoid).Inst(Op::kNop).Inst(Op::kElse).Inst(Op::kNop);
  code.Inst(Op::kEnd).Inst(Op::kLocalGet, 0);
  TestGraph test = Optimised(std::move(code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  Graph& graph = test.graph();
  const uint64_t before = test.Paid();
  ASSERT_TRUE(PlaceGas(test.arena(), graph));
  EXPECT_EQ(test.Paid(), before);
  ASSERT_EQ(graph.num_blocks, 4u);
  EXPECT_EQ(graph.blocks[0].ahead, 0u);
  for (BlockId b = 1; b < 4; ++b) {
    const Block& block = graph.blocks[b];
    const Inst& gas = graph.insts[block.last_gas];
    EXPECT_EQ(gas.a + gas.b, block.ahead) << b;
    EXPECT_NE(block.ahead, 0u) << b;
  }
}

// loop { br_if out; ...; br_if loop }: the round is paid at its header, and the
// way out is given back what it does not cost.
TEST(GasPlacementTest, ALoopPaysOnceARound) {
  ByteWriter code;
  code.Byte(0x02).Byte(kVoid).Byte(0x03).Byte(kVoid);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kBrIf, 1);
  code.Inst(Op::kLocalGet, 1).I32Const(1).Inst(Op::kI32Sub);
  code.Inst(Op::kLocalTee, 1).Inst(Op::kBrIf, 0);
  code.Inst(Op::kEnd).Inst(Op::kEnd).Inst(Op::kLocalGet, 0);
  TestGraph test = Optimised(std::move(code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  Graph& graph = test.graph();
  ASSERT_TRUE(PlaceGas(test.arena(), graph));
  uint32_t inside = 0, given_back = 0;
  for (BlockId b = 0; b < graph.num_blocks; ++b) {
    const Block& block = graph.blocks[b];
    const Inst& gas = graph.insts[block.last_gas];
    const int64_t due = int64_t{gas.a} + gas.b - block.ahead;
    if (block.loop != kNoId && !block.is_loop_header && !block.leaves_loop) {
      ++inside;
      EXPECT_EQ(due, 0) << b;
    }
    given_back += due < 0 ? 1 : 0;
  }
  // Of each round: what follows its first branch, and all but the first begin.
  EXPECT_EQ(inside, 7u);
  // By its first branch from each round, by its last from all but the last.
  EXPECT_EQ(given_back, 7u);
}

// What only traps does not keep the branch before it from paying for what
// follows.
TEST(GasPlacementTest, TrapsBoundNothing) {
  ByteWriter code = X();
  code.Byte(0x04).Byte(kVoid).Inst(Op::kUnreachable).Inst(Op::kEnd);
  for (int i = 0; i < 40; ++i) code.Inst(Op::kNop);
  code.Inst(Op::kLocalGet, 0);
  TestGraph test = Optimised(std::move(code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  Graph& graph = test.graph();
  ASSERT_TRUE(PlaceGas(test.arena(), graph));
  ASSERT_EQ(graph.num_blocks, 3u);
  EXPECT_EQ(graph.insts[graph.blocks[1].end - 1].op, kTrap);
  EXPECT_EQ(graph.blocks[1].ahead, graph.blocks[2].ahead);
  EXPECT_EQ(graph.blocks[2].ahead, graph.insts[graph.blocks[2].last_gas].a);
}

// loop { x = x - 1; <nops>; br_if x }
TestGraph CountDown(uint32_t nops, const ByteWriter& inside = {}) {
  ByteWriter code;
  code.Byte(0x03).Byte(kVoid);
  code.Inst(Op::kLocalGet, 0).I32Const(1).Inst(Op::kI32Sub);
  code.Inst(Op::kLocalSet, 0);
  for (uint32_t i = 0; i < nops; ++i) code.Inst(Op::kNop);
  code.Raw(inside.bytes());
  code.Inst(Op::kLocalGet, 0).Inst(Op::kBrIf, 0).Inst(Op::kEnd);
  code.Inst(Op::kLocalGet, 0);
  return Optimised(std::move(code));
}

uint32_t Rounds(TestGraph test) {
  EXPECT_EQ(test.result(), BuildResult::kOk);
  EXPECT_EQ(VerifyGraph(test.graph()).what, nullptr);
  const Graph& graph = test.graph();
  uint32_t rounds = 0;
  for (BlockId b = 0; b < graph.num_blocks; ++b) {
    const Block& block = graph.blocks[b];
    if (!block.is_loop_header && !block.begins_round) continue;
    EXPECT_EQ(block.round, rounds);
    ++rounds;
  }
  return rounds;
}

TEST(UnrollingTest, SmallLoops) {
  EXPECT_EQ(Rounds(CountDown(0)), 4u);
  EXPECT_EQ(Rounds(CountDown(15)), 3u);
  EXPECT_EQ(Rounds(CountDown(35)), 2u);
  EXPECT_EQ(Rounds(CountDown(60)), 1u);
}

TEST(UnrollingTest, NotWithCallsOrLoopsInside) {
  ByteWriter call = XY();
  EXPECT_EQ(Rounds(CountDown(0, call.Inst(Op::kCall, 0).Inst(Op::kDrop))), 1u);
  ByteWriter loop;
  loop.Byte(0x03).Byte(kVoid).Inst(Op::kLocalGet, 0).I32Const(2);
  loop.Inst(Op::kI32ShrU).Inst(Op::kLocalTee, 0).Inst(Op::kBrIf, 0);
  TestGraph nest = CountDown(0, loop.Inst(Op::kEnd));
  ASSERT_EQ(nest.result(), BuildResult::kOk);
  EXPECT_EQ(VerifyGraph(nest.graph()).what, nullptr);
  uint32_t inner = 0;
  for (BlockId b = 0; b < nest.graph().num_blocks; ++b) {
    const Block& block = nest.graph().blocks[b];
    if (!block.begins_round) continue;
    EXPECT_NE(nest.graph().loops[block.loop].parent, kNoId);
    ++inner;
  }
  EXPECT_EQ(inner, 3u);
}

// One test and one payment for four rounds.
TEST(UnrollingTest, PaysForAllRoundsAtOnce) {
  TestGraph test = CountDown(0);
  Graph& graph = test.graph();
  ASSERT_TRUE(PlaceGas(test.arena(), graph));
  uint32_t tests = 0, header = 0, given_back = 0;
  for (BlockId b = 0; b < graph.num_blocks; ++b) {
    const Block& block = graph.blocks[b];
    const Inst& gas = graph.insts[block.last_gas];
    tests += (gas.flags & kFlagCheck) != 0 ? 1 : 0;
    const int64_t due = int64_t{gas.a} + gas.b - block.ahead;
    if (block.is_loop_header) {
      header = gas.a;
      EXPECT_EQ(gas.b, 3 * gas.a);
    }
    if (block.begins_round) EXPECT_EQ(due, 0);
    if (block.leaves_loop && due < 0) {
      EXPECT_LT(-due, int64_t{4} * header);
      ++given_back;
    }
  }
  EXPECT_EQ(tests, 1u);
  EXPECT_EQ(given_back, 3u);
}

// A loop's header tests, so nothing is paid before it for it.
TEST(GasPlacementTest, NothingIsAheadOfATest) {
  ByteWriter code;
  code.Byte(0x03).Byte(kVoid).Inst(Op::kLocalGet, 0).Inst(Op::kBrIf, 0);
  code.Inst(Op::kEnd).Inst(Op::kLocalGet, 1);
  TestGraph test = Optimised(std::move(code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  ASSERT_TRUE(PlaceGas(test.arena(), test.graph()));
  for (BlockId b = 0; b < test.graph().num_blocks; ++b) {
    const Block& block = test.graph().blocks[b];
    if (block.is_loop_header) EXPECT_EQ(block.ahead, 0u);
  }
}

// What is ahead of a block that calls is at most the price up to the call.
TEST(GasPlacementTest, NothingIsAheadAtACall) {
  ByteWriter code = X();
  code.Byte(0x04).Byte(kVoid);
  code.Raw(XY().Inst(Op::kCall, 0).Inst(Op::kDrop).bytes());
  code.Inst(Op::kEnd);
  for (int i = 0; i < 40; ++i) code.Inst(Op::kNop);
  code.Inst(Op::kLocalGet, 0);
  TestGraph test = Optimised(std::move(code));
  ASSERT_EQ(test.result(), BuildResult::kOk);
  Graph& graph = test.graph();
  ASSERT_TRUE(PlaceGas(test.arena(), graph));
  for (BlockId b = 0; b < graph.num_blocks; ++b) {
    const Block& block = graph.blocks[b];
    const InstId first = block.first + block.phis;
    if (first == block.last_gas) continue;
    EXPECT_LE(block.ahead, graph.insts[first].a);
    EXPECT_EQ(graph.insts[first].b, 0u);
  }
}

}  // namespace
}  // namespace ingot::compiler
