#include <string>
#include <vector>

#include "compiler/abi/calling_convention.h"
#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "compiler/wasm/test_module.h"
#include "gtest/gtest.h"

// What validation finds out about a body for later stages: operand height,
// counts, stack slots of calls, and the locals that loops assign.

namespace ingot::wasm {
namespace {

constexpr ValType kI32 = ValType::kI32;
constexpr ValType kI64 = ValType::kI64;

// One function [] -> [] with ten i32 locals; function 0 is imported.
TestModule Validated(ByteWriter code, uint32_t params = 0, uint32_t results = 0) {
  ModuleBuilder builder;
  const uint32_t none = builder.AddType({}, {});
  const uint32_t callee =
      builder.AddType(std::vector<ValType>(params, kI64),
                      std::vector<ValType>(results, kI64));
  builder.ImportFunction("m", "f", callee);
  builder.AddMemory({1, 0, false});
  builder.AddFunction(none, {{10, kI32}}, code.Inst(Op::kEnd).bytes());
  return TestModule(builder.Build());
}

ByteWriter Set(uint32_t local) {
  return ByteWriter().I32Const(0).Inst(Op::kLocalSet, local);
}

using Locals = std::vector<uint32_t>;

TEST(BodyFactsTest, HeightCountsReachableOperands) {
  EXPECT_EQ(Validated(ByteWriter()).body(0).max_height, 0u);
  EXPECT_EQ(Validated(ByteWriter()
                     .I32Const(1)
                     .I32Const(2)
                     .Block(Op::kBlock)
                     .I32Const(3)
                     .Inst(Op::kDrop)
                     .Inst(Op::kEnd)
                     .Inst(Op::kI32Add)
                     .Inst(Op::kDrop))
                .body(0)
                .max_height,
            3u);
  EXPECT_EQ(Validated(ByteWriter()
                     .I32Const(1)
                     .Inst(Op::kReturn)
                     .I32Const(1)
                     .I32Const(2)
                     .Block(Op::kBlock)
                     .I32Const(3)
                     .Inst(Op::kDrop)
                     .Inst(Op::kEnd)
                     .Inst(Op::kDrop)
                     .Inst(Op::kDrop))
                .body(0)
                .max_height,
            1u);
}

TEST(BodyFactsTest, CodeBehindABlockIsReachableAgain) {
  EXPECT_EQ(Validated(ByteWriter()
                     .Block(Op::kBlock)
                     .Inst(Op::kBr, 0)
                     .Inst(Op::kEnd)
                     .I32Const(1)
                     .I32Const(2)
                     .Inst(Op::kDrop)
                     .Inst(Op::kDrop))
                .body(0)
                .max_height,
            2u);
  EXPECT_EQ(Validated(ByteWriter()
                     .I32Const(0)
                     .Block(Op::kIf)
                     .Inst(Op::kUnreachable)
                     .Inst(Op::kElse)
                     .I32Const(1)
                     .I32Const(2)
                     .Inst(Op::kDrop)
                     .Inst(Op::kDrop)
                     .Inst(Op::kEnd))
                .body(0)
                .max_height,
            2u);
}

TEST(BodyFactsTest, CountsInstructions) {
  TestModule test = Validated(ByteWriter()
                             .Block(Op::kBlock)
                             .Block(Op::kLoop)
                             .I32Const(0)
                             .Inst(Op::kBrIf, 1)
                             .I32Const(0)
                             .Inst(Op::kBrTable, 2, 0)
                             .U32(1)
                             .U32(2)
                             .Inst(Op::kEnd)
                             .Inst(Op::kEnd)
                             .I32Const(0)
                             .Block(Op::kIf)
                             .Inst(Op::kBr, 0)
                             .Inst(Op::kElse)
                             .Inst(Op::kEnd));
  ASSERT_TRUE(test.status().ok()) << test.name();
  const Body& body = test.body(0);
  EXPECT_EQ(body.instructions, 14u);
  EXPECT_EQ(body.controls, 4u);
  EXPECT_EQ(body.branches, 1u + 3u + 1u);
  EXPECT_EQ(body.loops, 1u);
  EXPECT_FALSE(body.has_calls);
}

TEST(BodyFactsTest, CountsCalls) {
  ByteWriter code;
  for (uint32_t i = 0; i < 8; ++i) code.I64Const(0);
  code.Inst(Op::kCall, 0);
  for (uint32_t i = 0; i < 9; ++i) code.Inst(Op::kDrop);
  code.I32Const(1).Inst(Op::kMemoryGrow, 0).Inst(Op::kDrop);
  TestModule test = Validated(code, 8, 9);
  ASSERT_TRUE(test.status().ok()) << test.name();
  const Body& body = test.body(0);
  EXPECT_TRUE(body.has_calls);
  EXPECT_EQ(body.calls, 2u);
  EXPECT_EQ(body.call_operands, 17u + 2u);
  EXPECT_EQ(body.outgoing_slots,
            (8 - abi::kIntRegisters) + (9 - abi::kIntRegisters));
}

TEST(BodyFactsTest, LoopsListTheirAssignedLocalsInOrder) {
  TestModule test = Validated(ByteWriter()
                             .Raw(Set(9).bytes())  // outside
                             .Block(Op::kLoop)
                             .Raw(Set(3).bytes())
                             .Raw(Set(1).bytes())
                             .I32Const(0)
                             .Inst(Op::kLocalTee, 3)
                             .Inst(Op::kLocalSet, 2)
                             .Inst(Op::kEnd)
                             .Raw(Set(8).bytes()));
  ASSERT_TRUE(test.status().ok());
  EXPECT_EQ(test.loop_locals(0, 0), (Locals{3, 1, 2}));
  EXPECT_FALSE(test.loop(0, 0).contains_call);
  EXPECT_FALSE(test.body(0).loops_over_budget);
}

TEST(BodyFactsTest, InnerLoopsMergeIntoOuterOnes) {
  TestModule test = Validated(ByteWriter()
                             .Block(Op::kLoop)       // 0
                             .Raw(Set(1).bytes())
                             .Block(Op::kLoop)       // 1
                             .Raw(Set(2).bytes())
                             .Block(Op::kLoop)       // 2
                             .Raw(Set(1).bytes())
                             .Raw(Set(3).bytes())
                             .Inst(Op::kEnd)
                             .Raw(Set(2).bytes())
                             .Inst(Op::kEnd)
                             .Raw(Set(4).bytes())
                             .Raw(Set(3).bytes())
                             .Inst(Op::kEnd)
                             .Block(Op::kLoop)       // 3
                             .Raw(Set(1).bytes())
                             .Inst(Op::kEnd));
  ASSERT_TRUE(test.status().ok());
  EXPECT_EQ(test.body(0).loops, 4u);
  EXPECT_EQ(test.loop_locals(0, 0), (Locals{1, 2, 3, 4}));
  EXPECT_EQ(test.loop_locals(0, 1), (Locals{2, 1, 3}));
  EXPECT_EQ(test.loop_locals(0, 2), (Locals{1, 3}));
  EXPECT_EQ(test.loop_locals(0, 3), (Locals{1}));
  EXPECT_LT(test.loop(0, 2).end_offset, test.loop(0, 1).end_offset);
  EXPECT_LT(test.loop(0, 1).end_offset, test.loop(0, 0).end_offset);
  EXPECT_EQ(test.bytes()[test.loop(0, 0).end_offset], 0x0B);
}

TEST(BodyFactsTest, LoopsKnowOfTheirCalls) {
  TestModule test = Validated(ByteWriter()
                             .Block(Op::kLoop)  // 0: through 2
                             .Block(Op::kLoop)  // 1: no call
                             .Inst(Op::kEnd)
                             .Block(Op::kLoop)  // 2
                             .Inst(Op::kCall, 0)
                             .Inst(Op::kEnd)
                             .Inst(Op::kEnd)
                             .Block(Op::kLoop)  // 3: a runtime call
                             .I32Const(0)
                             .Inst(Op::kMemoryGrow, 0)
                             .Inst(Op::kDrop)
                             .Inst(Op::kEnd)
                             .Inst(Op::kCall, 0)
                             .Block(Op::kLoop)  // 4: only behind a call
                             .Inst(Op::kEnd));
  ASSERT_TRUE(test.status().ok());
  EXPECT_TRUE(test.loop(0, 0).contains_call);
  EXPECT_FALSE(test.loop(0, 1).contains_call);
  EXPECT_TRUE(test.loop(0, 2).contains_call);
  EXPECT_TRUE(test.loop(0, 3).contains_call);
  EXPECT_FALSE(test.loop(0, 4).contains_call);
}

TEST(BodyFactsTest, DeadAssignmentsDoNotCount) {
  TestModule test = Validated(ByteWriter()
                             .Block(Op::kLoop)
                             .Inst(Op::kBr, 1)
                             .Raw(Set(1).bytes())
                             .Block(Op::kLoop)
                             .Raw(Set(2).bytes())
                             .Inst(Op::kEnd)
                             .Inst(Op::kEnd));
  ASSERT_TRUE(test.status().ok());
  EXPECT_EQ(test.body(0).loops, 2u);  // dead loops are listed
  EXPECT_EQ(test.loop_locals(0, 0), Locals{});
  EXPECT_EQ(test.loop_locals(0, 1), Locals{});
}

TEST(BodyFactsTest, ListsStayWithinTheirBudget) {
  // n loops around n assignments: n × n entries.
  const auto nest = [](uint32_t n) {
    ByteWriter code;
    for (uint32_t i = 0; i < n; ++i) code.Block(Op::kLoop);
    for (uint32_t i = 0; i < n; ++i) code.Raw(Set(i).bytes());
    for (uint32_t i = 0; i < n; ++i) code.Inst(Op::kEnd);
    ModuleBuilder builder;
    const uint32_t none = builder.AddType({}, {});
    code.Inst(Op::kEnd);
    builder.AddFunction(none, {{n, kI32}}, code.bytes());
    builder.AddFunction(none, {{1, kI32}},
                        ByteWriter()
                            .Block(Op::kLoop)
                            .Raw(Set(0).bytes())
                            .Inst(Op::kEnd)
                            .Inst(Op::kEnd)
                            .bytes());
    return TestModule(builder.Build());
  };
  TestModule small = nest(10);
  EXPECT_FALSE(small.body(0).loops_over_budget);
  EXPECT_EQ(small.loop_locals(0, 0).size(), 10u);
  EXPECT_EQ(small.loop_locals(0, 9).size(), 10u);
  TestModule large = nest(1000);
  EXPECT_TRUE(large.body(0).loops_over_budget);
  EXPECT_EQ(large.body(0).loops, 1000u);
  EXPECT_EQ(large.loop_locals(0, 0), Locals{});
  EXPECT_EQ(large.loop_locals(0, 999), Locals{});
  EXPECT_LT(large.module().loop_locals.size, 10u);
  // The next body starts afresh.
  EXPECT_FALSE(large.body(1).loops_over_budget);
  EXPECT_EQ(large.loop_locals(1, 0), Locals{0});
}

// A body of 50,000 locals in runs, of which few are cached.
TEST(BodyFactsTest, FindsTypesOfFarLocals) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType(
      std::vector<ValType>(500, kI64), {});
  ByteWriter code;
  const auto use = [&code](uint32_t local, Op op) {
    code.Inst(Op::kLocalGet, local).Inst(op).Inst(Op::kDrop);
  };
  use(499, Op::kI64Eqz);
  use(500, Op::kI32Eqz);
  use(10499, Op::kI32Eqz);
  use(10500, Op::kF32Abs);
  use(20499, Op::kF32Abs);
  use(20500, Op::kF64Abs);
  use(49999, Op::kF64Abs);
  builder.AddFunction(type,
                      {{10000, kI32},
                       {10000, ValType::kF32},
                       {29500, ValType::kF64}},
                      code.Inst(Op::kEnd).bytes());
  EXPECT_TRUE(TestModule(builder.Build()).status().ok());
}

}  // namespace
}  // namespace ingot::wasm
