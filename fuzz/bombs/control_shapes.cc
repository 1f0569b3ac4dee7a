// Shapes of control flow: nests, ladders, tables and merges, alone and beside
// many locals or operands.

#include <algorithm>

#include "fuzz/bombs/shape_makers.h"

namespace ingot::fuzz {

using wasm::ByteWriter;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::ValType;

namespace {

// A br_table has no more labels than the profile allows; larger modules have
// more tables.
constexpr uint32_t kMostLabels = 60000;
// As many locals as the profile allows, and a few less.
constexpr uint32_t kMostLocals = 49000;

void Repeat(ByteWriter* code, uint32_t times, Op op) {
  for (uint32_t i = 0; i < times; ++i) code->Inst(op);
}

// Tables of at most `most` labels to the enclosing block, n labels in all.
void EqualTables(ByteWriter* code, uint32_t n, uint32_t most) {
  for (uint32_t left = n; left > 0;) {
    const uint32_t labels = std::min(left, most);
    left -= labels;
    code->Block(Op::kBlock).Inst(Op::kLocalGet, 0);
    code->Inst(Op::kBrTable, labels);
    for (uint32_t i = 0; i <= labels; ++i) code->U32(0);
    code->Inst(Op::kEnd);
  }
}

void SetLocals(ByteWriter* code, uint32_t locals) {
  for (uint32_t i = 0; i < locals; ++i) {
    code->I32Const(static_cast<int32_t>(i)).Inst(Op::kLocalSet, kParams + i);
  }
}

// local = local + 1, and its value stays on the stack.
void CountUp(ByteWriter* code, uint32_t local) {
  code->Inst(Op::kLocalGet, local).I32Const(1).Inst(Op::kI32Add);
  code->Inst(Op::kLocalTee, local);
}

// Blocks of type [i32 × arity] -> [i32 × arity], one in another.
std::vector<uint8_t> NestWithParameters(Op op, uint32_t n, uint32_t arity) {
  ModuleBuilder builder;
  const ModuleBuilder::ValTypes values(arity, ValType::kI32);
  const uint32_t block = builder.AddType(values, values);
  const uint32_t type = builder.AddType({ValType::kI32}, {});
  ByteWriter code;
  for (uint32_t i = 0; i < arity; ++i) code.Inst(Op::kLocalGet, 0);
  for (uint32_t i = 0; i < n; ++i) code.BlockOfType(op, block);
  if (op == Op::kLoop) code.Inst(Op::kLocalGet, 0).Inst(Op::kBrIf, 0);
  Repeat(&code, n, Op::kEnd);
  Repeat(&code, arity, Op::kDrop);
  code.Inst(Op::kEnd);
  builder.AddExport("run", wasm::ExternKind::kFunc,
                    builder.AddFunction(type, {}, code.bytes()));
  return builder.Build();
}

}  // namespace

std::vector<uint8_t> Make_empty_loops(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) code.Block(Op::kLoop).Inst(Op::kEnd);
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_block_set_chain(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Block(Op::kBlock).I32Const(1).Inst(Op::kLocalGet, 0);
    code.Inst(Op::kI32Add).Inst(Op::kLocalSet, 0).Inst(Op::kEnd);
  }
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_nested_blocks(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) code.Block(Op::kBlock);
  Repeat(&code, n + 1, Op::kEnd);
  return OneFunction(0, code);
}

std::vector<uint8_t> Make_nested_loops(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) code.Block(Op::kLoop);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kBrIf, 0);
  Repeat(&code, n + 1, Op::kEnd);
  return OneFunction(0, code);
}

std::vector<uint8_t> Make_br_table_equal(uint32_t n) {
  ByteWriter code;
  EqualTables(&code, n, kMostLabels);
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_br_table_repeated(uint32_t n) {
  ByteWriter code;
  EqualTables(&code, n, 1000);
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_br_table_depths(uint32_t n) {
  const uint32_t blocks = n / 60 + 1;
  ByteWriter code;
  for (uint32_t i = 0; i < blocks; ++i) code.Block(Op::kBlock);
  for (uint32_t first = 0; first < n; first += kMostLabels) {
    const uint32_t labels = std::min(n - first, kMostLabels);
    code.Block(Op::kBlock).Inst(Op::kLocalGet, 0);
    code.Inst(Op::kBrTable, labels);
    for (uint32_t i = 0; i <= labels; ++i) code.U32(i * 7 % blocks);
    code.Inst(Op::kEnd);
  }
  // Work behind each block, or all of their ends would be one place.
  for (uint32_t i = 0; i < blocks; ++i) {
    code.Inst(Op::kEnd);
    CountUp(&code, 0);
    code.Inst(Op::kDrop);
  }
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_br_table_arity(uint32_t n) {
  constexpr uint32_t kArity = 1000;
  ModuleBuilder builder;
  const uint32_t block =
      builder.AddType({}, ModuleBuilder::ValTypes(kArity, ValType::kI32));
  const uint32_t type = builder.AddType({ValType::kI32}, {});
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.BlockOfType(Op::kBlock, block);
    for (uint32_t value = 0; value < kArity; ++value) {
      code.Inst(Op::kLocalGet, 0);
    }
    code.Inst(Op::kLocalGet, 0).Inst(Op::kBrTable, 500);
    for (uint32_t label = 0; label <= 500; ++label) code.U32(0);
    code.Inst(Op::kEnd);
    Repeat(&code, kArity, Op::kDrop);
  }
  code.Inst(Op::kEnd);
  builder.AddExport("run", wasm::ExternKind::kFunc,
                    builder.AddFunction(type, {}, code.bytes()));
  return builder.Build();
}

std::vector<uint8_t> Make_br_table_arity_dead(uint32_t n) {
  ModuleBuilder builder;
  const uint32_t block =
      builder.AddType({}, ModuleBuilder::ValTypes(1000, ValType::kI32));
  const uint32_t type = builder.AddType({}, {});
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.BlockOfType(Op::kBlock, block).Inst(Op::kUnreachable);
    code.Inst(Op::kBrTable, 1000);
    for (uint32_t label = 0; label <= 1000; ++label) code.U32(0);
    code.Inst(Op::kEnd).Inst(Op::kUnreachable);
  }
  code.Inst(Op::kEnd);
  builder.AddExport("run", wasm::ExternKind::kFunc,
                    builder.AddFunction(type, {}, code.bytes()));
  return builder.Build();
}

std::vector<uint8_t> Make_locals_ifs(uint32_t n) {
  const uint32_t locals = AtMost(n / 10 + 1, kMostLocals);
  ByteWriter code;
  SetLocals(&code, locals);
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0).Block(Op::kIf).Inst(Op::kEnd);
  }
  return OneFunction(locals, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_locals_if_sets(uint32_t n) {
  const uint32_t locals = AtMost(n / 10 + 1, kMostLocals);
  ByteWriter code;
  SetLocals(&code, locals);
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0).Block(Op::kIf);
    code.I32Const(7).Inst(Op::kLocalSet, kParams + i % locals);
    code.Inst(Op::kEnd);
  }
  return OneFunction(locals, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_stack_br_ifs(uint32_t n) {
  const uint32_t height = n / 2;
  ByteWriter code;
  for (uint32_t i = 0; i < height; ++i) code.Inst(Op::kLocalGet, 0);
  for (uint32_t i = 0; i < n; ++i) {
    code.Block(Op::kBlock).Inst(Op::kLocalGet, 0).Inst(Op::kBrIf, 0);
    code.Inst(Op::kEnd);
  }
  Repeat(&code, height, Op::kDrop);
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_stack_ifs(uint32_t n) {
  const uint32_t height = n / 2;
  ByteWriter code;
  for (uint32_t i = 0; i < height; ++i) {
    code.Inst(Op::kLocalGet, 0).Inst(Op::kI32Eqz);
  }
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0).Block(Op::kIf).Inst(Op::kEnd);
  }
  Repeat(&code, height, Op::kDrop);
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_locals_loops(uint32_t n) {
  const uint32_t locals = AtMost(n, kMostLocals);
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Block(Op::kLoop);
    CountUp(&code, kParams + i % locals);
    code.Inst(Op::kBrIf, 0).Inst(Op::kEnd);
  }
  return OneFunction(locals, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_locals_nested_loops(uint32_t n) {
  const uint32_t locals = AtMost(n, kMostLocals);
  const uint32_t loops = n / 10 + 1;
  ByteWriter code;
  for (uint32_t i = 0; i < loops; ++i) {
    code.Block(Op::kLoop);
    for (uint32_t k = 0; k < 10; ++k) {
      const uint32_t local = kParams + (i * 10 + k) % locals;
      CountUp(&code, local);
      code.Inst(Op::kDrop);
    }
    code.Inst(Op::kLocalGet, kParams + i % locals).Inst(Op::kBrIf, 0);
  }
  Repeat(&code, loops + 1, Op::kEnd);
  return OneFunction(locals, code);
}

std::vector<uint8_t> Make_nested_if_else(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0).Block(Op::kIf, ValType::kI32);
  }
  code.I32Const(1);
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kElse).I32Const(static_cast<int32_t>(i % 64));
    code.Inst(Op::kEnd);
  }
  return OneFunction(0, code.Inst(Op::kDrop).Inst(Op::kEnd));
}

std::vector<uint8_t> Make_dead_nops(uint32_t n) {
  ByteWriter code;
  code.Inst(Op::kUnreachable);
  Repeat(&code, n, Op::kNop);
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_dead_operations(uint32_t n) {
  ByteWriter code;
  code.Block(Op::kBlock).Inst(Op::kUnreachable);
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kI32Add).Inst(Op::kDrop);
    if (i % 8 == 0) code.Inst(Op::kBr, 0);
    code.Inst(Op::kSelect).Inst(Op::kDrop);
  }
  return OneFunction(0, code.Inst(Op::kEnd).Inst(Op::kEnd));
}

std::vector<uint8_t> Make_br_if_ladder(uint32_t n) {
  ByteWriter code;
  code.Block(Op::kBlock);
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0).Inst(Op::kBrIf, 0);
  }
  return OneFunction(0, code.Inst(Op::kEnd).Inst(Op::kEnd));
}

std::vector<uint8_t> Make_if_else_ladder(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0).Block(Op::kIf).Inst(Op::kNop);
    code.Inst(Op::kElse).Inst(Op::kNop).Inst(Op::kEnd);
  }
  return OneFunction(0, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_block_parameters(uint32_t n) {
  return NestWithParameters(Op::kBlock, n, 100);
}

std::vector<uint8_t> Make_loop_parameters(uint32_t n) {
  return NestWithParameters(Op::kLoop, n, 100);
}

std::vector<uint8_t> Make_merge_fan(uint32_t n) {
  const uint32_t locals = AtMost(n, kMostLocals);
  ByteWriter code;
  code.Block(Op::kBlock);
  for (uint32_t i = 0; i < n; ++i) {
    CountUp(&code, kParams + i % locals);
    code.Inst(Op::kBrIf, 0);
  }
  return OneFunction(locals, code.Inst(Op::kEnd).Inst(Op::kEnd));
}

std::vector<uint8_t> Make_exits_of_all_depths(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Block(Op::kBlock).Inst(Op::kLocalGet, 0);
    code.Inst(Op::kBrIf, i * 7 % (i + 1));
  }
  Repeat(&code, n + 1, Op::kEnd);
  return OneFunction(0, code);
}

std::vector<uint8_t> Make_rotating_loops(uint32_t n) {
  // Each loop passes eight locals on by one place.
  constexpr uint32_t kTurning = 8;
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Block(Op::kLoop);
    for (uint32_t k = 0; k < kTurning; ++k) {
      code.Inst(Op::kLocalGet, kParams + k);
    }
    for (uint32_t k = 0; k < kTurning; ++k) {
      code.Inst(Op::kLocalSet, kParams + (k + 3) % kTurning);
    }
    code.Inst(Op::kLocalGet, kParams).Inst(Op::kBrIf, 0).Inst(Op::kEnd);
  }
  return OneFunction(kTurning, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_loop_tower(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    // What no loop around it changes.
    code.Block(Op::kLoop).Inst(Op::kLocalGet, 0);
    code.I32Const(static_cast<int32_t>(i % 64)).Inst(Op::kI32Mul);
    code.Inst(Op::kLocalSet, kParams + i % 4);
  }
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, kParams + i % 4).Inst(Op::kBrIf, 0);
    code.Inst(Op::kEnd);
  }
  return OneFunction(4, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_diamonds(uint32_t n) {
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0).I32Const(static_cast<int32_t>(i % 8));
    code.Inst(Op::kI32Add).Block(Op::kIf, ValType::kI32);
    code.Inst(Op::kLocalGet, 0).Inst(Op::kElse).Inst(Op::kLocalGet, 2);
    code.Inst(Op::kEnd).Inst(Op::kLocalSet, 2);
  }
  return OneFunction(1, code.Inst(Op::kEnd));
}

std::vector<uint8_t> Make_switch_in_loop(uint32_t n) {
  const uint32_t cases = n;
  ByteWriter code;
  code.Block(Op::kLoop);
  for (uint32_t i = 0; i < cases; ++i) code.Block(Op::kBlock);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kBrTable, AtMost(cases, kMostLabels));
  for (uint32_t i = 0; i <= AtMost(cases, kMostLabels); ++i) {
    code.U32(i % cases);
  }
  for (uint32_t i = 0; i < cases; ++i) {
    code.Inst(Op::kEnd);
    CountUp(&code, kParams + i % 16);
    code.Inst(Op::kBrIf, cases - 1 - i);
  }
  return OneFunction(16, code.Inst(Op::kEnd).Inst(Op::kEnd));
}

}  // namespace ingot::fuzz
