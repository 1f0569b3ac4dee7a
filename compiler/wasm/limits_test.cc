#include <string>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "compiler/wasm/test_module.h"
#include "gtest/gtest.h"

// Both sides of every limit of module_limits.def: a module at the limit is
// accepted, one beyond it is refused by that limit's code.

namespace ingot::wasm {
namespace {

const std::vector<uint8_t> kEndOnly = ByteWriter().Inst(Op::kEnd).Take();
const std::vector<uint8_t> kZero =
    ByteWriter().I32Const(0).Inst(Op::kEnd).Take();

// Checks a limit of `n` with modules of n and n + 1 items.
template <typename Make>
void CheckLimit(uint32_t ModuleLimits::*limit, Code code, uint32_t n,
                Make make) {
  TestOptions options;
  options.limits.*limit = n;
  TestModule at(make(n), options);
  EXPECT_TRUE(at.status().ok()) << at.name();
  TestModule beyond(make(n + 1), options);
  EXPECT_EQ(beyond.code(), code) << beyond.name();
}

// A module with one function of `code`, whose locals are `locals`.
std::vector<uint8_t> OneFunction(const std::vector<uint8_t>& code,
                                 const std::vector<LocalRun>& locals = {}) {
  ModuleBuilder builder;
  builder.AddFunction(builder.AddType({}, {}), locals, code);
  return builder.Build();
}

TEST(LimitsTest, ModuleBytes) {
  TestOptions options;
  const std::vector<uint8_t> bytes = OneFunction(kEndOnly);
  options.limits.module_bytes = static_cast<uint32_t>(bytes.size());
  EXPECT_TRUE(TestModule(bytes, options).status().ok());
  options.limits.module_bytes -= 1;
  EXPECT_EQ(TestModule(bytes, options).code(), Code::kLimitModuleBytes);
}

TEST(LimitsTest, Types) {
  CheckLimit(&ModuleLimits::types, Code::kLimitTypes, 2, [](uint32_t n) {
    ModuleBuilder builder;
    for (uint32_t i = 0; i < n; ++i) builder.AddType({}, {});
    return builder.Build();
  });
}

TEST(LimitsTest, ParamsAndResults) {
  CheckLimit(&ModuleLimits::params, Code::kLimitParams, 3, [](uint32_t n) {
    ModuleBuilder builder;
    builder.AddType(std::vector<ValType>(n, ValType::kI32), {});
    return builder.Build();
  });
  CheckLimit(&ModuleLimits::results, Code::kLimitResults, 3, [](uint32_t n) {
    ModuleBuilder builder;
    builder.AddType({}, std::vector<ValType>(n, ValType::kI32));
    return builder.Build();
  });
}

TEST(LimitsTest, ImportsCountWithDefinitions) {
  CheckLimit(&ModuleLimits::imports, Code::kLimitImports, 3, [](uint32_t n) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({}, {});
    for (uint32_t i = 0; i < n; ++i) builder.ImportFunction("m", "f", type);
    return builder.Build();
  });
  for (const bool only_imports : {false, true}) {
    CheckLimit(&ModuleLimits::functions, Code::kLimitFunctions, 3,
               [&](uint32_t n) {
                 ModuleBuilder builder;
                 const uint32_t type = builder.AddType({}, {});
                 builder.ImportFunction("m", "f", type);
                 for (uint32_t i = 1; i < n; ++i) {
                   if (only_imports) {
                     builder.ImportFunction("m", "f", type);
                   } else {
                     builder.AddFunction(type, {}, kEndOnly);
                   }
                 }
                 return builder.Build();
               });
    CheckLimit(&ModuleLimits::tables, Code::kLimitTables, 3, [&](uint32_t n) {
      ModuleBuilder builder;
      builder.ImportTable("m", "t", {});
      for (uint32_t i = 1; i < n; ++i) {
        if (only_imports) {
          builder.ImportTable("m", "t", {});
        } else {
          builder.AddTable({});
        }
      }
      return builder.Build();
    });
    CheckLimit(&ModuleLimits::globals, Code::kLimitGlobals, 3,
               [&](uint32_t n) {
                 ModuleBuilder builder;
                 builder.ImportGlobal("m", "g", {});
                 for (uint32_t i = 1; i < n; ++i) {
                   if (only_imports) {
                     builder.ImportGlobal("m", "g", {});
                   } else {
                     builder.AddGlobal({}, kZero);
                   }
                 }
                 return builder.Build();
               });
  }
}

TEST(LimitsTest, Exports) {
  CheckLimit(&ModuleLimits::exports, Code::kLimitExports, 2, [](uint32_t n) {
    ModuleBuilder builder;
    builder.AddGlobal({}, kZero);
    for (uint32_t i = 0; i < n; ++i) {
      builder.AddExport(std::to_string(i), ExternKind::kGlobal, 0);
    }
    return builder.Build();
  });
}

TEST(LimitsTest, Segments) {
  CheckLimit(&ModuleLimits::element_segments, Code::kLimitElementSegments, 2,
             [](uint32_t n) {
               ModuleBuilder builder;
               for (uint32_t i = 0; i < n; ++i) {
                 builder.AddElements(SegmentMode::kPassive, 0, {}, {});
               }
               return builder.Build();
             });
  CheckLimit(&ModuleLimits::elements, Code::kLimitElements, 2, [](uint32_t n) {
    ModuleBuilder builder;
    builder.AddFunction(builder.AddType({}, {}), {}, kEndOnly);
    builder.AddElements(SegmentMode::kPassive, 0, {},
                        std::vector<uint32_t>(n, 0));
    return builder.Build();
  });
  for (const bool counted : {false, true}) {
    CheckLimit(&ModuleLimits::data_segments, Code::kLimitDataSegments, 2,
               [&](uint32_t n) {
                 ModuleBuilder builder;
                 if (counted) builder.AddDataCount();
                 for (uint32_t i = 0; i < n; ++i) {
                   builder.AddData(SegmentMode::kPassive, 0, {}, {});
                 }
                 return builder.Build();
               });
  }
}

TEST(LimitsTest, Bodies) {
  CheckLimit(&ModuleLimits::body_bytes, Code::kLimitBodyBytes, 10,
             [](uint32_t n) {
               ByteWriter code;
               for (uint32_t i = 2; i < n; ++i) code.Inst(Op::kNop);
               return OneFunction(code.Inst(Op::kEnd).bytes());
             });
  CheckLimit(&ModuleLimits::locals, Code::kLimitLocals, 10, [](uint32_t n) {
    ModuleBuilder builder;
    builder.AddFunction(builder.AddType({ValType::kI32}, {}),
                        {{n - 1, ValType::kI64}}, kEndOnly);
    return builder.Build();
  });
  CheckLimit(&ModuleLimits::branch_targets, Code::kLimitBranchTargets, 10,
             [](uint32_t n) {
               ByteWriter code;
               code.I32Const(0).Inst(Op::kBrTable, n);
               for (uint32_t i = 0; i <= n; ++i) code.U32(0);
               return OneFunction(code.Inst(Op::kEnd).bytes());
             });
  CheckLimit(&ModuleLimits::block_depth, Code::kLimitBlockDepth, 10,
             [](uint32_t n) {
               ByteWriter code;
               for (uint32_t i = 0; i < n; ++i) code.Block(Op::kLoop);
               for (uint32_t i = 0; i <= n; ++i) code.Inst(Op::kEnd);
               return OneFunction(code.bytes());
             });
  CheckLimit(&ModuleLimits::operand_height, Code::kLimitOperandHeight, 10,
             [](uint32_t n) {
               ByteWriter code;
               for (uint32_t i = 0; i < n; ++i) code.I32Const(1);
               return OneFunction(
                   code.Inst(Op::kUnreachable).Inst(Op::kEnd).bytes());
             });
}

TEST(LimitsTest, OperandHeightHoldsForListsToo) {
  CheckLimit(&ModuleLimits::operand_height, Code::kLimitOperandHeight, 10,
             [](uint32_t n) {
               ModuleBuilder builder;
               const uint32_t type = builder.AddType({}, {});
               const uint32_t many = builder.AddType(
                   {}, std::vector<ValType>(n, ValType::kI32));
               builder.ImportFunction("m", "f", many);
               builder.AddFunction(type, {},
                                   ByteWriter()
                                       .Inst(Op::kCall, 0)
                                       .Inst(Op::kUnreachable)
                                       .Inst(Op::kEnd)
                                       .bytes());
               return builder.Build();
             });
}

// 65536 values are always allowed; a call of 1000 results passes them, and the
// br that drops them passes none.
TEST(LimitsTest, PassedValues) {
  const auto make = [](uint32_t calls) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({}, {});
    const uint32_t many =
        builder.AddType({}, std::vector<ValType>(1000, ValType::kI32));
    builder.ImportFunction("m", "f", many);
    ByteWriter code;
    for (uint32_t i = 0; i < calls; ++i) {
      code.Block(Op::kBlock).Inst(Op::kCall, 0).Inst(Op::kBr, 0);
      code.Inst(Op::kEnd);
    }
    builder.AddFunction(type, {}, code.Inst(Op::kEnd).bytes());
    return builder.Build();
  };
  TestOptions options;
  options.limits.passed_values = 0;
  EXPECT_TRUE(TestModule(make(65), options).status().ok());
  TestModule refused(make(66), options);
  EXPECT_EQ(refused.code(), Code::kLimitPassedValues);
  EXPECT_EQ(refused.status().function, 1u);
  options.limits.passed_values = 2;  // × (66 × 7 + 2) bytes
  EXPECT_TRUE(TestModule(make(66), options).status().ok());
}

// 4096 are always allowed, beyond them so many for 16 bytes.
TEST(LimitsTest, CostlyInstructions) {
  const auto make = [](uint32_t divisions, uint32_t conversions) {
    ModuleBuilder builder;
    const uint32_t type = builder.AddType({}, {});
    ByteWriter code;
    code.I32Const(1);
    for (uint32_t i = 0; i < divisions; ++i) {
      code.I32Const(1).Inst(Op::kI32DivU);
    }
    for (uint32_t i = 0; i < conversions; ++i) {
      code.Inst(Op::kF32ConvertI32U).Inst(Op::kI32TruncF32U);
    }
    builder.AddFunction(type, {}, code.Inst(Op::kDrop).Inst(Op::kEnd).bytes());
    return builder.Build();
  };
  TestOptions options;
  options.limits.costly_instructions = 0;
  EXPECT_TRUE(TestModule(make(96, 2000), options).status().ok());
  TestModule refused(make(97, 2000), options);
  EXPECT_EQ(refused.code(), Code::kLimitCostlyInstructions);
  options.limits.costly_instructions = 1;
  EXPECT_TRUE(TestModule(make(97, 2000), options).status().ok());
  // 5 bytes beside 3 for each division and 2 for two conversions.
  options.limits.costly_instructions = 4;
  EXPECT_TRUE(TestModule(make(0, 2730), options).status().ok());
  EXPECT_EQ(TestModule(make(0, 2732), options).code(),
            Code::kLimitCostlyInstructions);
}

TEST(LimitsTest, Names) {
  CheckLimit(&ModuleLimits::name_bytes, Code::kLimitNameBytes, 5,
             [](uint32_t n) {
               ModuleBuilder builder;
               builder.AddGlobal({}, kZero);
               builder.AddExport(std::string(n, 'x'), ExternKind::kGlobal, 0);
               return builder.Build();
             });
  CheckLimit(&ModuleLimits::name_bytes, Code::kLimitNameBytes, 5,
             [](uint32_t n) {
               ModuleBuilder builder;
               builder.ImportGlobal(std::string(n, 'x'), "g", {});
               return builder.Build();
             });
}

TEST(LimitsTest, ConstantInstructions) {
  TestOptions options;
  options.features.bits = Features::kExtendedConst;
  options.limits.const_instructions = 3;
  const auto make = [](uint32_t additions) {
    ByteWriter init;
    init.I32Const(1);
    for (uint32_t i = 0; i < additions; ++i) {
      init.I32Const(2).Inst(Op::kI32Add);
    }
    ModuleBuilder builder;
    builder.AddGlobal({}, init.Inst(Op::kEnd).bytes());
    return builder.Build();
  };
  EXPECT_TRUE(TestModule(make(1), options).status().ok());
  EXPECT_EQ(TestModule(make(2), options).code(),
            Code::kLimitConstInstructions);
}

TEST(LimitsTest, MemoriesAndTables) {
  CheckLimit(&ModuleLimits::memory_pages, Code::kLimitMemoryPages, 10,
             [](uint32_t n) {
               ModuleBuilder builder;
               builder.AddMemory({n, 65536, true});
               return builder.Build();
             });
  CheckLimit(&ModuleLimits::table_elements, Code::kLimitTableElements, 10,
             [](uint32_t n) {
               ModuleBuilder builder;
               builder.AddTable(
                   {ValType::kFuncRef, {n, 0xFFFFFFFF, true}});
               return builder.Build();
             });
}

}  // namespace
}  // namespace ingot::wasm
