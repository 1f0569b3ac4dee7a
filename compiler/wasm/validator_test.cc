#include "compiler/wasm/validator.h"

#include <functional>
#include <string>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "compiler/wasm/test_module.h"
#include "gtest/gtest.h"

// The rules of chapter 3: for each a case that breaks it, and the typing of
// code that cannot be reached.

namespace ingot::wasm {
namespace {

constexpr ValType kI32 = ValType::kI32;
constexpr ValType kI64 = ValType::kI64;
constexpr ValType kF32 = ValType::kF32;
constexpr ValType kF64 = ValType::kF64;
constexpr ValType kFuncRef = ValType::kFuncRef;
constexpr ValType kExternRef = ValType::kExternRef;

std::vector<uint8_t> I32Init(int32_t value) {
  return ByteWriter().I32Const(value).Inst(Op::kEnd).Take();
}

// What the body under test finds around it.
struct World {
  // Types.
  static constexpr uint32_t kNothing = 0;    // [] -> []
  static constexpr uint32_t kUnary = 1;      // [i32] -> [i32]
  static constexpr uint32_t kPair = 2;       // [] -> [i32 i64]
  static constexpr uint32_t kSwap = 3;       // [i32 i64] -> [i64 i32]

  ModuleBuilder builder;

  World() {
    builder.AddType({}, {});
    builder.AddType({kI32}, {kI32});
    builder.AddType({}, {kI32, kI64});
    builder.AddType({kI32, kI64}, {kI64, kI32});
    builder.ImportFunction("m", "unary", kUnary);      // function 0
    builder.ImportFunction("m", "pair", kPair);        // function 1
    builder.ImportFunction("m", "hidden", kNothing);   // function 2
    builder.ImportGlobal("m", "g", {kI32, false});     // global 0
    builder.ImportGlobal("m", "v", {kI32, true});      // global 1
    builder.AddTable({kFuncRef, {1, 0, false}});       // table 0
    builder.AddTable({kExternRef, {1, 0, false}});     // table 1
    builder.AddMemory({1, 0, false});
    builder.AddGlobal({kI64, true}, ByteWriter()       // global 2
                                        .I64Const(1)
                                        .Inst(Op::kEnd)
                                        .bytes());
    builder.AddElements(SegmentMode::kPassive, 0, {},
                        std::vector<uint32_t>{0});     // element segment 0
    builder.AddDataCount();
    builder.AddData(SegmentMode::kPassive, 0, {}, std::vector<uint8_t>{1});
  }

  // Adds a function with an i32, an i64, an f32 and an f64 local.
  TestModule Test(const ByteWriter& code, uint32_t type = kNothing,
                  const TestOptions& options = {}) {
    builder.AddFunction(type, {{1, kI32}, {1, kI64}, {1, kF32}, {1, kF64}},
                        code.bytes());
    return TestModule(builder.Build(), options);
  }
};

Code CodeOf(ByteWriter code, uint32_t type = World::kNothing,
            const TestOptions& options = {}) {
  code.Inst(Op::kEnd);
  return World().Test(code, type, options).code();
}

TEST(ValidatorTest, AcceptsOrdinaryCode) {
  EXPECT_EQ(CodeOf(ByteWriter()), Code::kOk);
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kCall, 1), World::kPair), Code::kOk);
  EXPECT_EQ(CodeOf(ByteWriter()
                       .Inst(Op::kLocalGet, 0)
                       .Block(Op::kIf, kI32)
                       .I32Const(1)
                       .Inst(Op::kElse)
                       .I32Const(2)
                       .Inst(Op::kEnd),
                   World::kUnary),
            Code::kOk);
  EXPECT_EQ(CodeOf(ByteWriter()
                       .Inst(Op::kCall, 1)
                       .BlockOfType(Op::kBlock, World::kSwap)
                       .Inst(Op::kLocalSet, 1)
                       .Inst(Op::kLocalSet, 0)
                       .Inst(Op::kLocalGet, 1)
                       .Inst(Op::kLocalGet, 0)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)
                       .Inst(Op::kDrop)),
            Code::kOk);
}

// Operands of every instruction with a fixed signature: right, missing, wrong.
TEST(ValidatorTest, ChecksEverySignature) {
  const auto constant = [](ByteWriter& out, char letter) {
    if (letter == 'i') out.I32Const(0);
    if (letter == 'I') out.I64Const(0);
    if (letter == 'f') out.F32Const(0);
    if (letter == 'F') out.F64Const(0);
  };
  for (const OpInfo& info : kOpInfo) {
    const std::string signature = info.signature;
    const bool memory = info.immediate == ImmediateKind::kMemArg;
    if (signature == "*" || signature == ":" ||
        !(memory || info.immediate == ImmediateKind::kNone)) {
      continue;
    }
    const std::string operands = signature.substr(0, signature.find(':'));
    const auto build = [&](const std::string& given) {
      ByteWriter code;
      for (char letter : given) constant(code, letter);
      if (memory) {
        code.Inst(info.op, 0, 0);
      } else {
        code.Inst(info.op);
      }
      if (signature.back() != ':') code.Inst(Op::kDrop);
      return code;
    };
    EXPECT_EQ(CodeOf(build(operands)), Code::kOk) << info.text;
    EXPECT_EQ(CodeOf(build(operands.substr(1))), Code::kTypeMismatch)
        << info.text;
    std::string wrong = operands;
    wrong[0] = wrong[0] == 'f' ? 'F' : 'f';
    EXPECT_EQ(CodeOf(build(wrong)), Code::kTypeMismatch) << info.text;
    EXPECT_EQ(CodeOf(build("i" + operands)), Code::kTypeMismatch) << info.text;
  }
}

TEST(ValidatorTest, ChecksMemoryAccesses) {
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kI32Load, 3, 0).Inst(
                Op::kDrop)),
            Code::kAlignmentTooLarge);
  const ByteWriter no_memory[] = {
      ByteWriter().I32Const(0).Inst(Op::kI32Load, 0, 0).Inst(Op::kDrop),
      ByteWriter().Inst(Op::kMemorySize, 0).Inst(Op::kDrop),
      ByteWriter().I32Const(0).Inst(Op::kMemoryGrow, 0).Inst(Op::kDrop),
      ByteWriter().I32Const(0).I32Const(0).I32Const(0).Inst(Op::kMemoryFill, 0),
      ByteWriter().I32Const(0).I32Const(0).I32Const(0).Inst(Op::kMemoryCopy, 0,
                                                            0)};
  for (ByteWriter code : no_memory) {
    EXPECT_EQ(CodeOf(code), Code::kOk);
    ModuleBuilder builder;
    builder.AddFunction(builder.AddType({}, {}), {},
                        code.Inst(Op::kEnd).bytes());
    EXPECT_EQ(TestModule(builder.Build()).code(), Code::kUnknownMemory);
  }
}

TEST(ValidatorTest, ChecksIndices) {
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kLocalGet, 4)), Code::kUnknownLocal);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kLocalSet, 4)),
            Code::kUnknownLocal);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kLocalTee, 0xFFFFFFFF)),
            Code::kUnknownLocal);
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kGlobalGet, 3)),
            Code::kUnknownGlobal);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kGlobalSet, 3)),
            Code::kUnknownGlobal);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kGlobalSet, 0)),
            Code::kImmutableGlobal);
  EXPECT_EQ(CodeOf(ByteWriter().I64Const(0).Inst(Op::kGlobalSet, 2)),
            Code::kOk);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kGlobalSet, 2)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kCall, 4)), Code::kUnknownFunction);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kCallIndirect, 4, 0)),
            Code::kUnknownType);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kCallIndirect, 0, 2)),
            Code::kUnknownTable);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kCallIndirect, 0, 1)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter().BlockOfType(Op::kBlock, 4).Inst(Op::kEnd)),
            Code::kUnknownType);
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kDataDrop, 1)),
            Code::kUnknownDataSegment);
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kElemDrop, 1)),
            Code::kUnknownElementSegment);
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kTableSize, 2).Inst(Op::kDrop)),
            Code::kUnknownTable);
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kRefFunc, 4).Inst(Op::kDrop)),
            Code::kUnknownFunction);
}

TEST(ValidatorTest, DataInstructionsNeedACount) {
  ModuleBuilder builder;
  builder.AddData(SegmentMode::kPassive, 0, {}, {});
  builder.AddFunction(
      builder.AddType({}, {}), {},
      ByteWriter().Inst(Op::kDataDrop, 0).Inst(Op::kEnd).bytes());
  EXPECT_EQ(TestModule(builder.Build()).code(), Code::kDataCountRequired);
  builder.AddDataCount();
  EXPECT_EQ(TestModule(builder.Build()).code(), Code::kOk);
}

TEST(ValidatorTest, OnlyDeclaredFunctionsAreReferred) {
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kRefFunc, 0).Inst(Op::kDrop)),
            Code::kOk);
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kRefFunc, 2).Inst(Op::kDrop)),
            Code::kUndeclaredFunction);
  World world;
  world.builder.AddExport("f", ExternKind::kFunc, 2);
  EXPECT_EQ(world
                .Test(ByteWriter()
                          .Inst(Op::kRefFunc, 2)
                          .Inst(Op::kDrop)
                          .Inst(Op::kEnd))
                .code(),
            Code::kOk);
}

TEST(ValidatorTest, ChecksTables) {
  const auto zero = [] { return ByteWriter().I32Const(0); };
  const auto null_extern = [](ByteWriter out) {
    return out.Opcode(Op::kRefNull).Type(kExternRef);
  };
  EXPECT_EQ(CodeOf(zero().Inst(Op::kTableGet, 1).Inst(Op::kDrop)), Code::kOk);
  EXPECT_EQ(CodeOf(null_extern(zero()).Inst(Op::kTableSet, 1)), Code::kOk);
  EXPECT_EQ(CodeOf(null_extern(zero()).Inst(Op::kTableSet, 0)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(null_extern(ByteWriter())
                       .I32Const(1)
                       .Inst(Op::kTableGrow, 1)
                       .Inst(Op::kDrop)),
            Code::kOk);
  EXPECT_EQ(CodeOf(null_extern(zero()).I32Const(1).Inst(Op::kTableFill, 1)),
            Code::kOk);
  EXPECT_EQ(CodeOf(zero().I32Const(0).I32Const(0).Inst(Op::kTableCopy, 0, 0)),
            Code::kOk);
  EXPECT_EQ(CodeOf(zero().I32Const(0).I32Const(0).Inst(Op::kTableCopy, 0, 1)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(zero().I32Const(0).I32Const(0).Inst(Op::kTableInit, 0, 0)),
            Code::kOk);
  EXPECT_EQ(CodeOf(zero().I32Const(0).I32Const(0).Inst(Op::kTableInit, 0, 1)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(zero().I32Const(0).I32Const(0).Inst(Op::kTableInit, 1, 0)),
            Code::kUnknownElementSegment);
  EXPECT_EQ(CodeOf(zero().I32Const(0).I32Const(0).Inst(Op::kMemoryInit, 0, 0)),
            Code::kOk);
  EXPECT_EQ(CodeOf(zero().Inst(Op::kRefIsNull).Inst(Op::kDrop)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(null_extern(ByteWriter()).Inst(Op::kRefIsNull).Inst(
                Op::kDrop)),
            Code::kOk);
}

TEST(ValidatorTest, ChecksSelect) {
  const auto select = [](ByteWriter out) {
    return CodeOf(out.I32Const(0).Inst(Op::kSelect).Inst(Op::kDrop));
  };
  EXPECT_EQ(select(ByteWriter().F32Const(0).F32Const(0)), Code::kOk);
  EXPECT_EQ(select(ByteWriter().F32Const(0).F64Const(0)), Code::kTypeMismatch);
  const ByteWriter refs = ByteWriter()
                              .Opcode(Op::kRefNull)
                              .Type(kFuncRef)
                              .Opcode(Op::kRefNull)
                              .Type(kFuncRef)
                              .I32Const(0);
  EXPECT_EQ(CodeOf(ByteWriter(refs).Inst(Op::kSelect).Inst(Op::kDrop)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter(refs)
                       .Inst(Op::kSelectT, 1)
                       .Type(kFuncRef)
                       .Inst(Op::kDrop)),
            Code::kOk);
  EXPECT_EQ(CodeOf(ByteWriter(refs).Inst(Op::kSelectT, 0).Inst(Op::kDrop)),
            Code::kInvalidResultArity);
}

TEST(ValidatorTest, ChecksBlocks) {
  // What a block leaves, needs or passes on.
  EXPECT_EQ(CodeOf(ByteWriter().Block(Op::kBlock, kI32).Inst(Op::kEnd)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter().Block(Op::kBlock).I32Const(0).Inst(Op::kEnd)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter()
                       .I32Const(0)
                       .Block(Op::kBlock)
                       .Inst(Op::kDrop)
                       .Inst(Op::kEnd)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter()
                       .I32Const(0)
                       .BlockOfType(Op::kBlock, World::kSwap)
                       .Inst(Op::kEnd)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter()
                       .I32Const(0)
                       .Block(Op::kIf, kI32)
                       .I32Const(0)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter()
                       .I32Const(0)
                       .I32Const(0)
                       .BlockOfType(Op::kIf, World::kUnary)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)),
            Code::kOk);
  EXPECT_EQ(CodeOf(ByteWriter()
                       .Inst(Op::kCall, 1)
                       .I32Const(0)
                       .BlockOfType(Op::kIf, World::kSwap)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)
                       .Inst(Op::kDrop)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter().Block(Op::kBlock).Inst(Op::kElse).Inst(
                Op::kEnd)),
            Code::kElseWithoutIf);
  EXPECT_EQ(CodeOf(ByteWriter()
                       .I32Const(0)
                       .Block(Op::kIf)
                       .Inst(Op::kElse)
                       .Inst(Op::kElse)
                       .Inst(Op::kEnd)),
            Code::kElseWithoutIf);
}

TEST(ValidatorTest, ChecksBodyEnds) {
  EXPECT_EQ(CodeOf(ByteWriter().Block(Op::kBlock)), Code::kEndExpected);
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kEnd)), Code::kCodeAfterEnd);
  EXPECT_EQ(CodeOf(ByteWriter(), World::kUnary), Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0)), Code::kTypeMismatch);
  ModuleBuilder builder;
  builder.AddFunction(builder.AddType({}, {}), {}, {});
  EXPECT_EQ(TestModule(builder.Build()).code(), Code::kEndExpected);
}

TEST(ValidatorTest, ChecksBranches) {
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kBr, 1)), Code::kUnknownLabel);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kBrIf, 1)),
            Code::kUnknownLabel);
  EXPECT_EQ(CodeOf(ByteWriter().I32Const(0).Inst(Op::kBrTable, 1, 0).U32(1)),
            Code::kUnknownLabel);
  EXPECT_EQ(CodeOf(ByteWriter().Inst(Op::kBr, 0), World::kUnary),
            Code::kTypeMismatch);
  // A branch to a loop takes its parameters, to a block its results.
  EXPECT_EQ(CodeOf(ByteWriter()
                       .Block(Op::kLoop, kI32)
                       .Inst(Op::kBr, 0)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)),
            Code::kOk);
  EXPECT_EQ(CodeOf(ByteWriter()
                       .Block(Op::kBlock, kI32)
                       .Inst(Op::kBr, 0)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)),
            Code::kTypeMismatch);
  // The targets of a table agree in number, or in types where reachable.
  EXPECT_EQ(CodeOf(ByteWriter()
                       .Block(Op::kBlock, kI32)
                       .I32Const(1)
                       .I32Const(0)
                       .Inst(Op::kBrTable, 1, 0)
                       .U32(1)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)),
            Code::kTypeMismatch);
  EXPECT_EQ(CodeOf(ByteWriter()
                       .Block(Op::kBlock, kI32)
                       .Block(Op::kBlock, kF32)
                       .I32Const(1)
                       .I32Const(0)
                       .Inst(Op::kBrTable, 1, 1)
                       .U32(0)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)
                       .I32Const(0)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)),
            Code::kTypeMismatch);
}

TEST(ValidatorTest, TypesCodeThatCannotBeReached) {
  const auto after = [](ByteWriter code, uint32_t type = World::kNothing) {
    return CodeOf(ByteWriter().Inst(Op::kUnreachable).Raw(code.bytes()), type);
  };
  EXPECT_EQ(after(ByteWriter(), World::kPair), Code::kOk);
  EXPECT_EQ(after(ByteWriter().Inst(Op::kI32Add), World::kUnary), Code::kOk);
  EXPECT_EQ(after(ByteWriter().Inst(Op::kI64Add), World::kUnary),
            Code::kTypeMismatch);
  EXPECT_EQ(after(ByteWriter().Inst(Op::kSelect), World::kUnary), Code::kOk);
  EXPECT_EQ(after(ByteWriter().F32Const(0).I32Const(0).Inst(Op::kSelect),
                  World::kUnary),
            Code::kTypeMismatch);
  // What is pushed is typed; only what lies below is unknown.
  EXPECT_EQ(after(ByteWriter().F32Const(0).Inst(Op::kI32Eqz).Inst(Op::kDrop)),
            Code::kTypeMismatch);
  EXPECT_EQ(after(ByteWriter().Inst(Op::kDrop).Inst(Op::kDrop)), Code::kOk);
  EXPECT_EQ(after(ByteWriter().Inst(Op::kRefIsNull), World::kUnary),
            Code::kOk);
  EXPECT_EQ(after(ByteWriter().Inst(Op::kBrIf, 0), World::kUnary), Code::kOk);
  EXPECT_EQ(after(ByteWriter().Inst(Op::kBrIf, 0).Inst(Op::kI64Eqz),
                  World::kUnary),
            Code::kTypeMismatch);  // br_if leaves an i32
  EXPECT_EQ(after(ByteWriter().Inst(Op::kLocalGet, 9)), Code::kUnknownLocal);
  // A block inside begins with an empty, known stack.
  EXPECT_EQ(after(ByteWriter()
                      .Block(Op::kBlock)
                      .Inst(Op::kDrop)
                      .Inst(Op::kEnd)),
            Code::kTypeMismatch);
  // Targets of one number but different types agree on unknown operands.
  EXPECT_EQ(CodeOf(ByteWriter()
                       .Block(Op::kBlock, kI32)
                       .Block(Op::kBlock, kF32)
                       .Inst(Op::kUnreachable)
                       .Inst(Op::kBrTable, 1, 0)
                       .U32(1)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)
                       .I32Const(0)
                       .Inst(Op::kEnd)
                       .Inst(Op::kDrop)),
            Code::kOk);
}

TEST(ValidatorTest, TailCallsAreAFeature) {
  TestOptions options;
  options.features.bits = Features::kTailCalls;
  const ByteWriter direct =
      ByteWriter().I32Const(0).Inst(Op::kReturnCall, 0);
  EXPECT_EQ(CodeOf(direct, World::kUnary), Code::kUnsupportedTailCalls);
  EXPECT_EQ(CodeOf(direct, World::kUnary, options), Code::kOk);
  EXPECT_EQ(CodeOf(direct, World::kNothing, options), Code::kTypeMismatch);
  const ByteWriter indirect = ByteWriter().I32Const(0).I32Const(0).Inst(
      Op::kReturnCallIndirect, World::kUnary, 0);
  EXPECT_EQ(CodeOf(indirect, World::kUnary), Code::kUnsupportedTailCalls);
  EXPECT_EQ(CodeOf(indirect, World::kUnary, options), Code::kOk);
}

TEST(ValidatorTest, LocatesTheFirstError) {
  World world;
  world.builder.AddFunction(World::kNothing, {},
                            ByteWriter().Inst(Op::kEnd).bytes());
  TestModule test = world.Test(ByteWriter()
                                   .Inst(Op::kNop)
                                   .Inst(Op::kLocalGet, 9)
                                   .Inst(Op::kGlobalGet, 9)
                                   .Inst(Op::kEnd));
  EXPECT_EQ(test.code(), Code::kUnknownLocal);
  EXPECT_EQ(test.status().function, 4u);
  ASSERT_TRUE(test.decoded());
  EXPECT_EQ(test.status().offset, test.body(1).code + 1);
}

TEST(ValidatorTest, ChecksExports) {
  const auto with = [](ExternKind kind, uint32_t index) {
    World world;
    world.builder.AddExport("x", kind, index);
    return world.Test(ByteWriter().Inst(Op::kEnd)).code();
  };
  EXPECT_EQ(with(ExternKind::kFunc, 3), Code::kOk);
  EXPECT_EQ(with(ExternKind::kFunc, 4), Code::kUnknownFunction);
  EXPECT_EQ(with(ExternKind::kTable, 2), Code::kUnknownTable);
  EXPECT_EQ(with(ExternKind::kMemory, 1), Code::kUnknownMemory);
  EXPECT_EQ(with(ExternKind::kGlobal, 3), Code::kUnknownGlobal);
}

TEST(ValidatorTest, ExportNamesAreUnique) {
  // Names that differ late, are prefixes of each other, or are empty.
  std::vector<std::string> names = {"", "a", "ab", "abcdefgh", "abcdefghi",
                                    "abcdefgi", "b"};
  for (uint32_t i = 0; i < 100; ++i) names.push_back("n" + std::to_string(i));
  const auto test = [](const std::vector<std::string>& all) {
    World world;
    for (const std::string& name : all) {
      world.builder.AddExport(name, ExternKind::kFunc, 0);
    }
    return world.Test(ByteWriter().Inst(Op::kEnd));
  };
  EXPECT_EQ(test(names).code(), Code::kOk);
  for (const uint32_t again : {0u, 3u, 50u}) {
    std::vector<std::string> repeated = names;
    repeated.insert(repeated.begin() + 60, names[again]);
    repeated.push_back(names[1]);
    TestModule module = test(repeated);
    EXPECT_EQ(module.code(), Code::kDuplicateExport);
    EXPECT_EQ(module.status().offset,
              module.arena().Get(module.module().exports, 60).name.offset);
  }
}

TEST(ValidatorTest, ChecksTheStartFunction) {
  World world;
  world.builder.SetStart(2);
  EXPECT_EQ(world.Test(ByteWriter().Inst(Op::kEnd)).code(), Code::kOk);
  for (const uint32_t function : {0u, 1u}) {
    World other;
    other.builder.SetStart(function);
    EXPECT_EQ(other.Test(ByteWriter().Inst(Op::kEnd)).code(),
              Code::kStartFunction);
  }
}

TEST(ValidatorTest, ChecksConstantExpressions) {
  const auto global = [](ValType type, const ByteWriter& init) {
    World world;
    world.builder.AddGlobal({type, false},
                            ByteWriter(init).Inst(Op::kEnd).bytes());
    return world.Test(ByteWriter().Inst(Op::kEnd)).code();
  };
  EXPECT_EQ(global(kI32, ByteWriter().Inst(Op::kGlobalGet, 0)), Code::kOk);
  EXPECT_EQ(global(kI64, ByteWriter().Inst(Op::kGlobalGet, 0)),
            Code::kTypeMismatch);
  EXPECT_EQ(global(kI32, ByteWriter().Inst(Op::kGlobalGet, 1)),
            Code::kConstantRequired);  // mutable
  EXPECT_EQ(global(kI64, ByteWriter().Inst(Op::kGlobalGet, 2)),
            Code::kUnknownGlobal);  // not imported
  EXPECT_EQ(global(kI32, ByteWriter()), Code::kTypeMismatch);
  EXPECT_EQ(global(kI32, ByteWriter().I32Const(0).I32Const(0)),
            Code::kTypeMismatch);
  EXPECT_EQ(global(kF32, ByteWriter().F32Const(0)), Code::kOk);
  EXPECT_EQ(global(kF64, ByteWriter().F64Const(0)), Code::kOk);
  EXPECT_EQ(global(kFuncRef, ByteWriter().Inst(Op::kRefFunc, 0)), Code::kOk);
  EXPECT_EQ(global(kFuncRef, ByteWriter().Inst(Op::kRefFunc, 99)),
            Code::kUnknownFunction);
  EXPECT_EQ(
      global(kExternRef, ByteWriter().Opcode(Op::kRefNull).Type(kExternRef)),
      Code::kOk);
}

TEST(ValidatorTest, ChecksSegments) {
  const auto element = [](uint32_t table, const std::vector<uint8_t>& offset,
                          uint32_t function) {
    World world;
    world.builder.AddElements(SegmentMode::kActive, table, offset,
                              std::vector<uint32_t>{function});
    return world.Test(ByteWriter().Inst(Op::kEnd)).code();
  };
  EXPECT_EQ(element(0, I32Init(0), 0), Code::kOk);
  EXPECT_EQ(element(2, I32Init(0), 0), Code::kUnknownTable);
  EXPECT_EQ(element(1, I32Init(0), 0), Code::kTypeMismatch);
  EXPECT_EQ(element(0, I32Init(0), 99), Code::kUnknownFunction);
  EXPECT_EQ(element(0, ByteWriter().I64Const(0).Inst(Op::kEnd).Take(), 0),
            Code::kTypeMismatch);
  const auto data = [](uint32_t memory, const std::vector<uint8_t>& offset) {
    World world;
    world.builder.AddData(SegmentMode::kActive, memory, offset, {});
    return world.Test(ByteWriter().Inst(Op::kEnd)).code();
  };
  EXPECT_EQ(data(0, I32Init(0)), Code::kOk);
  EXPECT_EQ(data(1, I32Init(0)), Code::kUnknownMemory);
  EXPECT_EQ(data(0, ByteWriter().F32Const(0).Inst(Op::kEnd).Take()),
            Code::kTypeMismatch);
}

TEST(ValidatorTest, RunningOutOfMemoryIsItsOwnVerdict) {
  TestOptions options;
  options.arena_pages = 1;
  ByteWriter code;
  for (uint32_t i = 0; i < 20000; ++i) code.Inst(Op::kNop);
  EXPECT_EQ(CodeOf(code, World::kNothing, options), Code::kOutOfMemory);
}

}  // namespace
}  // namespace ingot::wasm
