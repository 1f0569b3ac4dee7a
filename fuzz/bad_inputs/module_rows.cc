// Rows 9, 11 to 15 and 17 to 30: valid modules whose shape hurts compilers.
// Most are shapes of fuzz/bombs; what is beyond a limit is made here.

#include <string>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "fuzz/bad_inputs/rows.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {

using Bytes = Row::Bytes;
using wasm::ByteWriter;
using wasm::ExternKind;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::SegmentMode;
using wasm::ValType;

namespace {

// () -> () with this body, exported as "f".
Bytes WithCode(const ByteWriter& code) {
  ModuleBuilder builder;
  builder.AddExport(
      "f", ExternKind::kFunc,
      builder.AddFunction(builder.AddType({}, {}), {}, code.bytes()));
  return builder.Build();
}

// `op` around itself; an `if` has a condition.
Bytes Nested(Op op, uint32_t depth) {
  ByteWriter code;
  for (uint32_t i = 0; i < depth; ++i) {
    if (op == Op::kIf) code.I32Const(1);
    code.Block(op);
  }
  for (uint32_t i = 0; i <= depth; ++i) code.Inst(Op::kEnd);
  return WithCode(code);
}

}  // namespace

void Row9(Row& row) {
  row.Bomb("functions_50k_locals");
  row.Bomb("functions_1k_locals");
}

void Row11(Row& row) { row.Bomb("functions_1000_params"); }

void Row12(Row& row) { row.Bomb("calls_1000_arguments"); }

void Row13(Row& row) {
  row.Bomb("block_parameters");
  row.Bomb("loop_parameters");
}

void Row14(Row& row) {
  row.Bomb("imports");
  row.Bomb("exports");
  ModuleBuilder imports;
  const uint32_t type = imports.AddType({}, {});
  for (uint32_t i = 0; i <= 100'000; ++i) imports.ImportFunction("", "", type);
  row.Refused("100,001 imports", imports.Build(), {Code::kLimitImports});
  ModuleBuilder exports;
  exports.AddMemory({1, 0, false});
  for (uint32_t i = 0; i <= 100'000; ++i) {
    exports.AddExport(std::to_string(i), ExternKind::kMemory, 0);
  }
  row.Refused("100,001 exports", exports.Build(), {Code::kLimitExports});
}

void Row15(Row& row) {
  row.Bomb("data_segments");
  row.Bomb("element_segments");
  ModuleBuilder data;
  ModuleBuilder elements;
  for (uint32_t i = 0; i <= 100'000; ++i) {
    data.AddData(SegmentMode::kPassive, 0, {}, {});
    elements.AddElements(SegmentMode::kPassive, 0, {}, {});
  }
  row.Refused("100,001 data segments", data.Build(),
              {Code::kLimitDataSegments});
  row.Refused("100,001 element segments", elements.Build(),
              {Code::kLimitElementSegments});
  // What instantiation takes grows with each segment and each byte.
  const auto text = [](int segments, int bytes) {
    std::string module = "(module (memory 1)";
    for (int i = 0; i < segments; ++i) {
      module += "(data (i32.const 0) \"" + std::string(bytes, 'x') + "\")";
    }
    return module + ")";
  };
  uint64_t gas[3] = {};
  for (int i = 0; i < 3; ++i) {
    row.OnEachEngine("instantiation",
                     i == 0   ? text(0, 0)
                     : i == 1 ? text(100, 0)
                              : text(100, 50),
                     [&](runtime::Store& store, auto program) {
                       runtime::Transaction transaction({});
                       const auto made = store.Instantiate(program, {},
                                                           transaction, 1 << 30);
                       EXPECT_TRUE(made.ok()) << made.status();
                       gas[i] = made->outcome.gas_used;
                       return std::to_string(gas[i]);
                     });
  }
  EXPECT_GE(gas[1], gas[0] + 100);
  EXPECT_GE(gas[2], gas[1] + 100);
}

void Row17(Row& row) {
  ModuleBuilder memory;
  memory.AddMemory({65536, 0, false});
  row.Refused("memory", memory.Build(), {Code::kLimitMemoryPages});
  ModuleBuilder table;
  table.AddTable({ValType::kFuncRef, {0xFFFFFFFF, 0, false}});
  row.Refused("table", table.Build(), {Code::kLimitTableElements});
  ModuleBuilder beyond;
  beyond.AddMemory({65537, 0, false});
  row.Refused("memory beyond 4 GiB", beyond.Build(), {Code::kMemorySize});
}

void Row18(Row& row) {
  row.Bomb("nested_blocks");
  row.Bomb("nested_loops");
  row.Bomb("nested_if_else");
  for (const Op op : {Op::kBlock, Op::kLoop, Op::kIf}) {
    row.Accepted("3,500 deep", Nested(op, 3'500));
    row.Accepted("100,000 deep", Nested(op, 100'000));
  }
  row.Refused("1,000,001 deep", Nested(Op::kBlock, 1'000'001),
              {Code::kLimitBlockDepth});
}

void Row19(Row& row) { row.Bomb("empty_loops"); }

void Row20(Row& row) {
  row.Bomb("block_set_chain");
  row.Bomb("local_sets");
}

void Row21(Row& row) { row.Bomb("locals_loops"); }

void Row22(Row& row) { row.Bomb("locals_nested_loops"); }

void Row23(Row& row) {
  row.Bomb("br_table_equal");
  row.Bomb("br_table_repeated");
  ByteWriter code;
  code.Block(Op::kBlock).I32Const(0).Opcode(Op::kBrTable).U32(1'000'000);
  for (uint32_t i = 0; i <= 1'000'000; ++i) code.U32(0);
  code.Inst(Op::kEnd).Inst(Op::kEnd);
  row.Refused("a million labels", WithCode(code), {Code::kLimitBranchTargets});
}

void Row24(Row& row) { row.Bomb("br_table_depths"); }

void Row25(Row& row) { row.Bomb("select_chain"); }

void Row26(Row& row) { row.Bomb("reassociation"); }

void Row27(Row& row) {
  row.Bomb("rem_chain");
  // Whichever divisor is 0, its own division is the place.
  row.OnEachEngine(
      "places",
      R"((module (func (export "f") (param i32 i32 i32) (result i32)
        (i32.div_u (i32.div_u (i32.div_u (i32.const 100) (local.get 0))
          (local.get 1)) (local.get 2)))))",
      [](runtime::Store& store, auto program) {
        runtime::Transaction transaction({});
        const auto made = store.Instantiate(program, {}, transaction, 1 << 20);
        std::string places;
        uint32_t before = 0;
        for (int zero = 0; zero < 3; ++zero) {
          std::vector<runtime::Value> args(3, {ValType::kI32, 1});
          args[zero].bits = 0;
          const auto end = store.Call(*store.FindExport(made->instance, "f"),
                                      args, transaction, 1 << 20);
          EXPECT_EQ(end->trap, TrapCode::kIntegerDivideByZero);
          EXPECT_GT(end->offset, before);
          before = end->offset;
          places += std::to_string(end->offset) + " ";
        }
        return places;
      });
}

void Row28(Row& row) {
  row.Bomb("calls");
  row.Bomb("call_indirects");
}

void Row29(Row& row) {
  row.Bomb("live_stack");
  row.Bomb("live_across_calls");
  ByteWriter code;
  for (uint32_t i = 0; i < 64'000; ++i) {
    code.Inst(Op::kLocalGet, 0);
  }
  for (uint32_t i = 1; i < 64'000; ++i) code.Inst(Op::kI32Add);
  code.Inst(Op::kEnd);
  ModuleBuilder builder;
  builder.AddFunction(builder.AddType({ValType::kI32}, {ValType::kI32}), {},
                      code.bytes());
  row.Accepted("64,000 operands", builder.Build());
}

void Row30(Row& row) {
  row.Bomb("dead_nops");
  row.Bomb("dead_operations");
  row.Bomb("br_table_arity_dead");
  const auto dead = [](uint32_t count) {
    ByteWriter code;
    code.Inst(Op::kUnreachable);
    for (uint32_t i = 0; i < count; ++i) code.Inst(Op::kI32Add);
    // A branch with operands of no known type.
    code.Inst(Op::kDrop).Block(Op::kBlock).Inst(Op::kBr, 0).Inst(Op::kEnd);
    return WithCode(code.Inst(Op::kEnd));
  };
  const Bytes many = row.Accepted("400,000 dead", dead(400'000));
  const Bytes none = row.Accepted("none dead", dead(0));
  EXPECT_LE(many.size(), none.size() + 64);
}

}  // namespace ingot::fuzz
