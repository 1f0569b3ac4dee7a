#include "runtime/interpreter/code.h"

#include "runtime/interpreter/fixture.h"

// Bodies made ready: what is left out, where branches go, and that depth costs
// neither time nor stack.

namespace ingot::runtime::interpreter {
namespace {

using wasm::Op;

class CodeTest : public InterpreterTest {
 protected:
  std::unique_ptr<const Code> Prepare(std::string_view text) {
    program_ = Load(text);
    return PrepareCode(*program_, 0, profile_.execution);
  }
  static std::vector<Op> Ops(const Code& code) {
    std::vector<Op> ops;
    for (const Instruction& in : code.instructions) ops.push_back(in.op);
    return ops;
  }
};

TEST_F(CodeTest, StructureAndDeadCodeAreLeftOut) {
  const auto code = Prepare(R"((module (func (param i32) (result i32)
    (block $out (result i32)
      (loop (nop))
      (br $out (local.get 0))
      (drop (i32.add (i32.const 1) (i32.const 2)))
      (block (br 0) (unreachable))
      (i32.const 3)))))");
  EXPECT_EQ(Ops(*code), (std::vector<Op>{Op::kNop, Op::kLocalGet, Op::kBr,
                                         Op::kEnd}));
  EXPECT_EQ(code->targets[code->instructions[2].a].pc, 3u);
  EXPECT_EQ(code->targets[code->instructions[2].a].keep, 1u);
  EXPECT_EQ(code->offsets[0], CodeOffset(0) + 4);
}

TEST_F(CodeTest, BranchesCarryTheirArityAndDropTheRest) {
  const auto code = Prepare(R"((module (func (result i32 i32)
    (i32.const 7)
    (block $out (result i32)
      (i32.const 1) (i32.const 2) (br_if 1 (i32.const 9))
      (i32.const 3) (br_table 0 $out 0 (i32.const 0))))))");
  ASSERT_EQ(code->instructions[4].op, Op::kBrIf);
  const BranchTarget& whole = code->targets[code->instructions[4].a];
  EXPECT_EQ(whole.height, 0u);
  EXPECT_EQ(whole.keep, 2u);
  EXPECT_EQ(whole.pc, 8u);
  ASSERT_EQ(code->instructions[7].op, Op::kBrTable);
  EXPECT_EQ(code->instructions[7].b, 2u);
  for (uint32_t i = 0; i < 3; ++i) {
    const BranchTarget& target = code->targets[code->instructions[7].a + i];
    EXPECT_EQ(target.height, 1u);  // above the 7
    EXPECT_EQ(target.keep, 1u);
    EXPECT_EQ(target.pc, 8u);
  }
  EXPECT_EQ(code->max_height, 5u);
}

TEST_F(CodeTest, LoopsTakeTheirParametersAndGoBack) {
  const auto code = Prepare(R"((module (func (param i32) (result i32)
    (local.get 0)
    (loop (param i32) (result i32)
      (br_if 0 (i32.eqz (local.get 0)))))))");
  ASSERT_EQ(code->instructions[3].op, Op::kBrIf);
  const BranchTarget& target = code->targets[code->instructions[3].a];
  EXPECT_EQ(target.pc, 1u);
  EXPECT_EQ(target.height, 0u);
  EXPECT_EQ(target.keep, 1u);
}

TEST_F(CodeTest, ArmsOfAnIfAreJumpedOver) {
  const auto code = Prepare(R"((module (func (param i32)
    (if (local.get 0) (then (nop)) (else (unreachable)))
    (if (local.get 0) (then (nop))))))");
  EXPECT_EQ(Ops(*code),
            (std::vector<Op>{Op::kLocalGet, Op::kIf, Op::kNop, Op::kElse,
                             Op::kUnreachable, Op::kLocalGet, Op::kIf,
                             Op::kNop, Op::kEnd}));
  const auto target = [&](uint32_t pc) {
    return code->targets[code->instructions[pc].a].pc;
  };
  EXPECT_EQ(target(1), 4u);
  EXPECT_EQ(target(3), 5u);
  EXPECT_EQ(target(6), 8u);
  EXPECT_EQ(code->instructions[3].price, 0u);
}

// Row 18 of RELIABILITY.md 10.
TEST_F(CodeTest, HundredThousandNestedBlocksAreFlat) {
  constexpr uint32_t kDepth = 100000;
  std::vector<uint8_t> bytes = {0, 'a', 's', 'm', 1, 0, 0, 0,
                                1, 4, 1, 0x60, 0, 0,  // [] -> []
                                3, 2, 1, 0,           // one function
                                7, 5, 1, 1, 'f', 0, 0};
  const auto leb4 = [&bytes](uint32_t value) {  // padded to four bytes
    for (int i = 0; i < 3; ++i) bytes.push_back((value >> (7 * i)) | 128);
    bytes.push_back(value >> 21);
  };
  bytes.push_back(10);
  leb4(1 + 4 + 1 + 3 * kDepth + 4 + 1);
  bytes.push_back(1);
  leb4(1 + 3 * kDepth + 4 + 1);
  bytes.push_back(0);
  for (uint32_t i = 0; i < kDepth; ++i) bytes.insert(bytes.end(), {2, 0x40});
  bytes.insert(bytes.end(), {0x41, 1, 0x0D, 5});  // br_if 5
  bytes.insert(bytes.end(), kDepth + 1, 0x0B);
  Status rejection;
  const auto program = Program::FromModule(bytes, profile_, &rejection);
  ASSERT_TRUE(rejection.ok()) << static_cast<int>(rejection.code);
  InstantiateProgram(*program);
  const Outcome outcome = Call("f");
  EXPECT_EQ(outcome.kind, OutcomeKind::kReturned);
  EXPECT_EQ(outcome.gas_used, prices().EntryPrice(0, 0, 0) +
                                  Price({Op::kI32Const, Op::kBrIf}));
}

}  // namespace
}  // namespace ingot::runtime::interpreter
