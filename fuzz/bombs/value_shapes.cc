// Shapes of values: chains, deep stacks, calls with many values, memory
// accesses, floats.

#include "fuzz/bombs/shape_makers.h"

namespace ingot::fuzz {

using wasm::ByteWriter;
using wasm::ExternKind;
using wasm::Limits;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::ValType;

std::vector<uint8_t> OneFunction(uint32_t locals, const ByteWriter& code) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({ValType::kI32, ValType::kI64}, {});
  builder.AddMemory(Limits{1, 0, false});
  std::vector<wasm::LocalRun> runs;
  if (locals > 0) runs.push_back({locals, ValType::kI32});
  builder.AddExport("run", ExternKind::kFunc,
                    builder.AddFunction(type, runs, code.bytes()));
  return builder.Build();
}

namespace {

// The callee of a module whose other function only calls it.
std::vector<uint8_t> CallerOf(const ModuleBuilder::ValTypes& params,
                              const ModuleBuilder::ValTypes& results,
                              const ByteWriter& callee,
                              const ByteWriter& caller) {
  ModuleBuilder builder;
  const uint32_t called = builder.AddType(params, results);
  const uint32_t calling = builder.AddType({ValType::kI32, ValType::kI64}, {});
  builder.AddFunction(called, {}, callee.bytes());
  builder.AddExport("run", ExternKind::kFunc,
                    builder.AddFunction(calling, {}, caller.bytes()));
  return builder.Build();
}

void Access(ByteWriter* code, Op op, uint32_t align_log2, uint32_t offset) {
  code->Opcode(op).U32(align_log2).U32(offset);
}

}  // namespace

std::vector<uint8_t> Make_rem_chain(uint32_t n) {
  ByteWriter code;
  code.Inst(Op::kLocalGet, 1);
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 1).Inst(Op::kI64RemS);
  }
  return OneFunction(0, code.Inst(Op::kDrop).Inst(Op::kEnd));
}

std::vector<uint8_t> Make_local_sets(uint32_t n) {
  const uint32_t locals = AtMost(n, 49000);
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.I32Const(static_cast<int32_t>(i));
    code.Inst(Op::kLocalSet, kParams + i % locals);
  }
  return OneFunction(locals, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_adds(uint32_t n) {
  ByteWriter code;
  code.Inst(Op::kLocalGet, 0);
  for (uint32_t i = 0; i < n; ++i) {
    code.I32Const(1000 + static_cast<int32_t>(i % 1000)).Inst(Op::kI32Add);
    code.Inst(Op::kNop);
  }
  return OneFunction(0, code.Inst(Op::kDrop).Inst(Op::kEnd));
}

std::vector<uint8_t> Make_deep_expression(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.I32Const(static_cast<int32_t>(i % 64));
  }
  for (uint32_t i = 1; i < n; ++i) code.Inst(Op::kI32Add);
  return OneFunction(0, code.Inst(Op::kDrop).Inst(Op::kEnd));
}

std::vector<uint8_t> Make_live_stack(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0);
    Access(&code, Op::kI32Load8U, 0, i % 128);
  }
  for (uint32_t i = 1; i < n; ++i) code.Inst(Op::kI32Xor);
  return OneFunction(0, code.Inst(Op::kDrop).Inst(Op::kEnd));
}

std::vector<uint8_t> Make_live_across_calls(uint32_t n) {
  ByteWriter callee;
  callee.Inst(Op::kLocalGet, 0).Inst(Op::kEnd);
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0).Inst(Op::kCall, 0);
  }
  for (uint32_t i = 1; i < n; ++i) code.Inst(Op::kI32Xor);
  code.Inst(Op::kDrop).Inst(Op::kEnd);
  return CallerOf({ValType::kI32}, {ValType::kI32}, callee, code);
}

std::vector<uint8_t> Make_calls_1000_results(uint32_t n) {
  const ModuleBuilder::ValTypes results(1000, ValType::kI64);
  ByteWriter callee;
  for (uint32_t i = 0; i < results.size(); ++i) callee.I64Const(0);
  callee.Inst(Op::kEnd);
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Block(Op::kBlock).Inst(Op::kCall, 0).Inst(Op::kBr, 0);
    code.Inst(Op::kEnd);
  }
  return CallerOf({}, results, callee, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_calls_1000_arguments(uint32_t n) {
  const ModuleBuilder::ValTypes params(1000, ValType::kI32);
  ByteWriter callee;
  callee.Inst(Op::kEnd);
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    for (uint32_t k = 0; k < params.size(); ++k) code.Inst(Op::kLocalGet, 0);
    code.Inst(Op::kCall, 0);
  }
  return CallerOf(params, {}, callee, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_calls(uint32_t n) {
  ByteWriter callee;
  callee.Inst(Op::kEnd);
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) code.Inst(Op::kCall, 0);
  return CallerOf({}, {}, callee, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_call_indirects(uint32_t n) {
  ModuleBuilder builder;
  const uint32_t empty = builder.AddType({}, {});
  builder.AddTable({ValType::kFuncRef, Limits{10, 0, false}});
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.I32Const(static_cast<int32_t>(i % 8));
    code.Inst(Op::kCallIndirect, empty, 0);
  }
  code.Inst(Op::kEnd);
  builder.AddExport("run", ExternKind::kFunc,
                    builder.AddFunction(empty, {}, code.bytes()));
  return builder.Build();
}

std::vector<uint8_t> Make_far_loads(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0);
    Access(&code, Op::kI32Load, 2, 0x80000000u);
    code.Inst(Op::kDrop);
  }
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_stores_and_loads(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    const uint32_t cell = i * 5 % 16 * 4;
    code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 0);
    Access(&code, Op::kI32Load, 2, cell);
    code.Inst(Op::kLocalGet, 0);
    Access(&code, Op::kI32Load, 2, 64 - cell);
    code.Inst(Op::kI32Add);
    Access(&code, Op::kI32Store, 2, cell);
    code.Inst(Op::kNop).Inst(Op::kNop).Inst(Op::kNop);
  }
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_nan_chain(uint32_t n) {
  ByteWriter code;
  code.Inst(Op::kLocalGet, 1).Inst(Op::kF64ConvertI64S);
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 1).Inst(Op::kF64ConvertI64S);
    code.Inst(i % 2 == 0 ? Op::kF64Div : Op::kF64Sub);
    code.Inst(Op::kF64Neg).Inst(Op::kF64Sqrt);
  }
  return OneFunction(0, code.Inst(Op::kDrop).Inst(Op::kEnd));
}

std::vector<uint8_t> Make_select_chain(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 2).Inst(Op::kLocalGet, 2);
    code.Inst(Op::kLocalGet, 0).Inst(Op::kSelect).Inst(Op::kLocalSet, 2);
  }
  return OneFunction(1, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_reassociation(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    // x = (x - z) - (y - z)
    code.Inst(Op::kLocalGet, 2).Inst(Op::kLocalGet, 0).Inst(Op::kI32Sub);
    code.Inst(Op::kLocalGet, 3).Inst(Op::kLocalGet, 0).Inst(Op::kI32Sub);
    code.Inst(Op::kI32Sub).Inst(Op::kLocalSet, 2 + i % 2);
  }
  return OneFunction(2, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_padded_numbers(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Opcode(Op::kI32Const).Byte(0x87);
    for (int k = 0; k < 3; ++k) code.Byte(0x80);
    code.Byte(0).Inst(Op::kDrop);
  }
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_bulk_operations(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    switch (i % 3) {
      case 0:
        code.Inst(Op::kLocalGet, 0).Inst(Op::kMemoryGrow, 0).Inst(Op::kDrop);
        break;
      case 1:
        code.Inst(Op::kLocalGet, 0).I32Const(1).I32Const(64);
        code.Inst(Op::kMemoryFill, 0);
        break;
      default:
        code.I32Const(0).Inst(Op::kLocalGet, 0).I32Const(64);
        code.Inst(Op::kMemoryCopy, 0, 0);
    }
  }
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_globals_in_turn(uint32_t n) {
  ModuleBuilder builder;
  ByteWriter zero;
  zero.I32Const(0).Inst(Op::kEnd);
  for (int i = 0; i < 8; ++i) {
    builder.AddGlobal({ValType::kI32, true}, zero.bytes());
  }
  const uint32_t type = builder.AddType({}, {});
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kGlobalGet, i % 8).Inst(Op::kGlobalGet, (i + 3) % 8);
    code.Inst(Op::kI32Add).Inst(Op::kGlobalSet, (i + 1) % 8);
  }
  code.Inst(Op::kEnd);
  builder.AddExport("run", ExternKind::kFunc,
                    builder.AddFunction(type, {}, code.bytes()));
  return builder.Build();
}

std::vector<uint8_t> Make_distinct_constants(uint32_t n) {
  ByteWriter code;
  code.F64Const(0);
  for (uint32_t i = 0; i < n; ++i) {
    code.F64Const(0x3FF0000000000000 + i * 0x123456789).Inst(Op::kF64Add);
  }
  return OneFunction(0, code.Inst(Op::kDrop).Inst(Op::kEnd));
}

std::vector<uint8_t> Make_address_chain(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0).I32Const(static_cast<int32_t>(i % 4));
    code.Inst(Op::kI32Shl).Inst(Op::kLocalGet, 2).Inst(Op::kI32Add);
    Access(&code, Op::kI32Load8U, 0, i % 128);
    code.Inst(Op::kLocalSet, 2);
  }
  return OneFunction(1, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_conversions(uint32_t n) {
  ByteWriter code;
  code.Inst(Op::kLocalGet, 1);
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kF64ConvertI64U).Inst(Op::kI32TruncF64U);
    code.Inst(Op::kF32ConvertI32U).Inst(Op::kI64TruncF32S);
    code.Inst(Op::kNop);
  }
  return OneFunction(0, code.Inst(Op::kDrop).Inst(Op::kEnd));
}

}  // namespace ingot::fuzz
