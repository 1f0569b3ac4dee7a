#include "compiler/wasm/writer.h"

#include <string>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "compiler/wasm/test_module.h"
#include "gtest/gtest.h"

// The round trip: canonical modules come back byte for byte, others in their
// canonical form. (corpus_test.cc does the same with real modules.)

namespace ingot::wasm {
namespace {

std::vector<uint8_t> RoundTrip(const std::vector<uint8_t>& bytes) {
  TestOptions options;
  options.features.bits = Features::kAll;
  TestModule test(bytes, options);
  EXPECT_TRUE(test.status().ok()) << test.name();
  return Encode(test.arena(), test.bytes(), test.module());
}

TEST(WriterTest, EmptyModule) {
  const std::vector<uint8_t> bytes = ModuleBuilder().Build();
  EXPECT_EQ(RoundTrip(bytes), bytes);
}

TEST(WriterTest, EveryKindOfDeclaration) {
  ModuleBuilder builder;
  const auto zero = ByteWriter().I32Const(0).Inst(Op::kEnd).Take();
  const uint32_t none = builder.AddType({}, {});
  const uint32_t type = builder.AddType(
      {ValType::kI32, ValType::kF32, ValType::kExternRef},
      {ValType::kI64, ValType::kF64});
  builder.ImportFunction("host", "function", type);
  builder.ImportTable("host", "table", {ValType::kExternRef, {1, 2, true}});
  builder.ImportGlobal("", "global", {ValType::kI32, false});
  builder.ImportMemory("host", "", {0, 65536, true});
  const uint32_t function = builder.AddFunction(
      none, {{300, ValType::kI64}, {1, ValType::kFuncRef}},
      ByteWriter().Inst(Op::kNop).Inst(Op::kEnd).bytes());
  const uint32_t table = builder.AddTable({ValType::kFuncRef, {10, 0, false}});
  const std::vector<ByteWriter> inits = {
      ByteWriter().I32Const(-1),
      ByteWriter().I32Const(INT32_MIN),
      ByteWriter().I32Const(64),
      ByteWriter().Inst(Op::kGlobalGet, 0),
      ByteWriter().I32Const(1).I32Const(2).Inst(Op::kI32Add),
      ByteWriter().I32Const(1).I32Const(2).Inst(Op::kI32Sub),
      ByteWriter().I32Const(1).I32Const(2).Inst(Op::kI32Mul)};
  for (ByteWriter init : inits) {
    builder.AddGlobal({ValType::kI32, true}, init.Inst(Op::kEnd).bytes());
  }
  const std::vector<ByteWriter> long_inits = {
      ByteWriter().I64Const(INT64_MIN), ByteWriter().I64Const(INT64_MAX),
      ByteWriter().I64Const(1).I64Const(2).Inst(Op::kI64Add),
      ByteWriter().I64Const(1).I64Const(2).Inst(Op::kI64Sub),
      ByteWriter().I64Const(1).I64Const(2).Inst(Op::kI64Mul)};
  for (ByteWriter init : long_inits) {
    builder.AddGlobal({ValType::kI64, false}, init.Inst(Op::kEnd).bytes());
  }
  builder.AddGlobal({ValType::kF32, false},
                    ByteWriter().F32Const(0x7FA00001).Inst(Op::kEnd).bytes());
  builder.AddGlobal({ValType::kF64, false},
                    ByteWriter().F64Const(1).Inst(Op::kEnd).bytes());
  builder.AddGlobal({ValType::kFuncRef, false},
                    ByteWriter().Inst(Op::kRefFunc, 1).Inst(Op::kEnd).bytes());
  builder.AddExport("f", ExternKind::kFunc, function);
  builder.AddExport("t", ExternKind::kTable, table);
  builder.AddExport("", ExternKind::kMemory, 0);
  builder.AddExport("\xC3\xA9", ExternKind::kGlobal, 3);
  builder.SetStart(function);
  const std::vector<uint32_t> functions = {0, 1, 1};
  const std::vector<std::vector<uint8_t>> nulls = {
      ByteWriter().Opcode(Op::kRefNull).Type(ValType::kExternRef)
          .Inst(Op::kEnd).Take()};
  const std::vector<std::vector<uint8_t>> mixed = {
      ByteWriter().Opcode(Op::kRefNull).Type(ValType::kFuncRef)
          .Inst(Op::kEnd).Take(),
      ByteWriter().Inst(Op::kRefFunc, 0).Inst(Op::kEnd).Take()};
  for (SegmentMode mode : {SegmentMode::kActive, SegmentMode::kPassive,
                           SegmentMode::kDeclarative}) {
    builder.AddElements(mode, table, zero, functions);
    builder.AddElements(mode, table, zero, {});
    builder.AddElementExprs(mode, 0, zero, ValType::kExternRef, nulls);
    builder.AddElementExprs(mode, table, zero, ValType::kFuncRef, mixed);
  }
  builder.AddDataCount();
  builder.AddData(SegmentMode::kActive, 0, zero, std::vector<uint8_t>(200, 1));
  builder.AddData(SegmentMode::kPassive, 0, {}, {});
  const std::vector<uint8_t> bytes = builder.Build();
  EXPECT_EQ(RoundTrip(bytes), bytes);
}

TEST(WriterTest, FormsOfElementsForTableZero) {
  const auto zero = ByteWriter().I32Const(0).Inst(Op::kEnd).Take();
  const std::vector<std::vector<uint8_t>> null = {
      ByteWriter().Opcode(Op::kRefNull).Type(ValType::kFuncRef)
          .Inst(Op::kEnd).Take()};
  ModuleBuilder builder;
  builder.AddTable({ValType::kFuncRef, {1, 0, false}});
  builder.AddElements(SegmentMode::kActive, 0, zero, {});
  builder.AddElementExprs(SegmentMode::kActive, 0, zero, ValType::kFuncRef,
                          null);
  const std::vector<uint8_t> bytes = builder.Build();
  EXPECT_EQ(RoundTrip(bytes), bytes);
}

TEST(WriterTest, OtherModulesBecomeCanonical) {
  // A custom section, a padded count, an empty table section, an element
  // segment of expressions that are functions.
  const std::vector<uint8_t> padded = {
      0,    'a',  's',  'm',  1,    0,    0,    0,    0,    2,    1,    'x',
      1,    5,    0x81, 0x00, 0x60, 0,    0,    3,    2,    1,    0,    4,
      1,    0,    9,    7,    1,    5,    0x70, 1,    0xD2, 0,    0x0B, 10,
      4,    1,    2,    0,    0x0B};
  const std::vector<uint8_t> canonical = RoundTrip(padded);
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  builder.AddFunction(type, {}, ByteWriter().Inst(Op::kEnd).bytes());
  builder.AddElements(SegmentMode::kPassive, 0, {}, std::vector<uint32_t>{0});
  EXPECT_EQ(canonical, builder.Build());
  EXPECT_EQ(RoundTrip(canonical), canonical);
}

}  // namespace
}  // namespace ingot::wasm
