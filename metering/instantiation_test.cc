#include "metering/instantiation.h"

#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "compiler/wasm/test_module.h"
#include "gtest/gtest.h"
#include "metering/stack_units.h"

// Instantiation fees and stack units of whole modules.

namespace ingot {
namespace {

using wasm::ByteWriter;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::SegmentMode;
using wasm::TestModule;
using wasm::ValType;

Gas FeeOf(const ModuleBuilder& builder) {
  TestModule test(builder.Build());
  EXPECT_TRUE(test.status().ok()) << test.name();
  return InstantiationFee(kGasScheduleV1, test.arena(), test.module());
}

const std::vector<uint8_t> kZero =
    ByteWriter().I32Const(0).Inst(Op::kEnd).Take();
const std::vector<uint8_t> kNothing = ByteWriter().Inst(Op::kEnd).Take();

TEST(InstantiationTest, AnEmptyInstanceCostsTheBase) {
  EXPECT_EQ(FeeOf(ModuleBuilder()), Gas(100000));
}

// metering/README.md, example 6.
TEST(InstantiationTest, WorkedExample) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  builder.ImportFunction("m", "f", type);
  builder.AddExport("f", wasm::ExternKind::kFunc,
                    builder.AddFunction(type, {}, kNothing));
  builder.AddMemory({1, 0, false});
  builder.AddData(SegmentMode::kActive, 0, kZero,
                  std::vector<uint8_t>(100, 7));
  EXPECT_EQ(FeeOf(builder), Gas(121020));
}

TEST(InstantiationTest, CountsOwnItemsOnly) {
  ModuleBuilder imports;
  imports.ImportMemory("m", "m", {5, 0, false});
  imports.ImportTable("m", "t", {ValType::kFuncRef, {50, 0, false}});
  imports.ImportGlobal("m", "g", {});
  EXPECT_EQ(FeeOf(imports), Gas(100000 + 3 * 500));
  ModuleBuilder own;
  own.AddMemory({5, 0, false});
  own.AddTable({ValType::kFuncRef, {50, 0, false}});
  own.AddGlobal({}, kZero);
  EXPECT_EQ(FeeOf(own), Gas(100000 + 5 * 20000 + 50 * 10 + 40));
}

TEST(InstantiationTest, PassiveBytesAreFreeUntilTheyAreCopied) {
  ModuleBuilder builder;
  builder.AddData(SegmentMode::kPassive, 0, {}, std::vector<uint8_t>(1000));
  EXPECT_EQ(FeeOf(builder), Gas(100000 + 200));
}

TEST(InstantiationTest, ElementsCostInEveryMode) {
  ModuleBuilder builder;
  builder.AddFunction(builder.AddType({}, {}), {}, kNothing);
  for (SegmentMode mode : {SegmentMode::kPassive, SegmentMode::kDeclarative}) {
    builder.AddElements(mode, 0, {}, std::vector<uint32_t>(10, 0));
  }
  EXPECT_EQ(FeeOf(builder), Gas(100000 + 40 + 2 * (200 + 10 * 20)));
}

// metering/README.md, example 7.
TEST(StackUnitsTest, FollowFromTheBodyAlone) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({ValType::kI64}, {});
  ByteWriter code;
  code.I32Const(0).I32Const(0).I32Const(0);
  code.Inst(Op::kDrop).Inst(Op::kDrop).Inst(Op::kDrop).Inst(Op::kEnd);
  builder.AddFunction(type, {{2, ValType::kF32}}, code.bytes());
  TestModule test(builder.Build());
  ASSERT_TRUE(test.status().ok()) << test.name();
  EXPECT_EQ(StackUnits(test.body(0)), 112u);
}

}  // namespace
}  // namespace ingot
