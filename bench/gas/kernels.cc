// The loops. A loop's locals start from its argument, which the compiler does
// not know, and end in globals. Rounds hold several copies of the operation,
// so that the loop itself is a small part of it.

#include "bench/gas/kernels.h"

#include <functional>
#include <utility>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"

namespace ingot::bench {

using wasm::ByteWriter;
using wasm::ExternKind;
using wasm::LocalRun;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::ValType;

namespace {

// The locals of a loop: its argument, then four of each type, then two for
// what the kernel itself needs.
constexpr uint32_t kCount = 0;
constexpr uint32_t kEach = 4;
constexpr uint32_t kI32 = 1;
constexpr uint32_t kI64 = kI32 + kEach;
constexpr uint32_t kF64 = kI64 + kEach;
constexpr uint32_t kF32 = kF64 + kEach;
constexpr uint32_t kRandom = kF32 + kEach;  // i32

// Functions that every module has, for calls.
constexpr uint32_t kYield = 0;     // imported from WASI
constexpr uint32_t kFirstLeaf = 1; // leaves i32 -> i32, also in the table
constexpr uint32_t kLeaves = 8;

using Emit = std::function<void(ByteWriter&)>;

void Access(ByteWriter& code, Op op, uint32_t offset) {
  code.Opcode(op).U32(0).U32(offset);
}

// random = random × 1664525 + 1013904223, its upper bits on the stack.
void NextRandom(ByteWriter& code, int32_t shift) {
  code.Inst(Op::kLocalGet, kRandom).I32Const(1664525).Inst(Op::kI32Mul);
  code.I32Const(1013904223).Inst(Op::kI32Add).Inst(Op::kLocalTee, kRandom);
  code.I32Const(shift).Inst(Op::kI32ShrU);
}

void StartLocals(ByteWriter& code) {
  for (uint32_t i = 0; i < kEach; ++i) {
    const int32_t odd = static_cast<int32_t>(2 * i + 3);
    code.Inst(Op::kLocalGet, kCount).I32Const(odd).Inst(Op::kI32Mul);
    code.Inst(Op::kLocalSet, kI32 + i);
    code.Inst(Op::kLocalGet, kCount).Inst(Op::kI64ExtendI32U);
    code.I64Const(0x1E3779B97F4A7C15 + odd).Inst(Op::kI64Mul);
    code.Inst(Op::kLocalSet, kI64 + i);
    code.Inst(Op::kLocalGet, kI32 + i).Inst(Op::kF64ConvertI32U);
    code.Inst(Op::kLocalSet, kF64 + i);
    code.Inst(Op::kLocalGet, kI32 + i).Inst(Op::kF32ConvertI32U);
    code.Inst(Op::kLocalSet, kF32 + i);
  }
}

void KeepLocals(ByteWriter& code) {
  for (uint32_t i = 0; i < kEach; ++i) {
    for (uint32_t k = 0; k < 4; ++k) {
      code.Inst(Op::kLocalGet, kI32 + k * kEach + i);
      code.Inst(Op::kGlobalSet, k);
    }
  }
}

void AddLeaves(ModuleBuilder* builder) {
  const uint32_t type = builder->AddType({ValType::kI32}, {ValType::kI32});
  std::vector<uint32_t> leaves;
  for (uint32_t i = 0; i < kLeaves; ++i) {
    ByteWriter code;
    code.Inst(Op::kLocalGet, 0).I32Const(static_cast<int32_t>(i + 1));
    code.Inst(Op::kI32Xor).Inst(Op::kEnd);
    leaves.push_back(builder->AddFunction(type, {}, code.bytes()));
  }
  builder->AddTable({ValType::kFuncRef, {64, 0, false}});
  builder->AddElements(wasm::SegmentMode::kActive, 0,
                       ByteWriter().I32Const(0).Inst(Op::kEnd).bytes(),
                       leaves);
}

std::vector<uint8_t> LoopModule(uint32_t pages, const Emit& prepare,
                                const Emit& round) {
  ModuleBuilder builder;
  const uint32_t answers = builder.AddType({}, {ValType::kI32});
  builder.ImportFunction("wasi_snapshot_preview1", "sched_yield", answers);
  const uint32_t run = builder.AddType({ValType::kI32}, {});
  builder.AddMemory({pages, 0, false});
  const ByteWriter zeros[] = {ByteWriter().I32Const(0).Inst(Op::kEnd),
                              ByteWriter().I64Const(0).Inst(Op::kEnd),
                              ByteWriter().F64Const(0).Inst(Op::kEnd),
                              ByteWriter().F32Const(0).Inst(Op::kEnd)};
  const ValType types[] = {ValType::kI32, ValType::kI64, ValType::kF64,
                           ValType::kF32};
  for (int i = 0; i < 4; ++i) {
    builder.AddGlobal({types[i], true}, zeros[i].bytes());
  }
  AddLeaves(&builder);
  ByteWriter code;
  StartLocals(code);
  code.Block(Op::kLoop);
  round(code);
  code.Inst(Op::kLocalGet, kCount).I32Const(1).Inst(Op::kI32Sub);
  code.Inst(Op::kLocalTee, kCount).Inst(Op::kBrIf, 0).Inst(Op::kEnd);
  KeepLocals(code);
  const std::vector<LocalRun> locals = {{kEach, ValType::kI32},
                                        {kEach, ValType::kI64},
                                        {kEach, ValType::kF64},
                                        {kEach, ValType::kF32},
                                        {1, ValType::kI32}};
  builder.AddExport(
      "run", ExternKind::kFunc,
      builder.AddFunction(run, locals, code.Inst(Op::kEnd).bytes()));
  if (prepare) {
    ByteWriter body;
    prepare(body);
    builder.AddExport("prepare", ExternKind::kFunc,
                      builder.AddFunction(run, {}, body.Inst(Op::kEnd).bytes()));
  }
  return builder.Build();
}

class Kernels {
 public:
  std::vector<GasKernel> Take() { return std::move(kernels_); }

  void Add(const char* name, KernelKind kind, uint32_t copies,
           const Emit& round, uint32_t pages = 16, const Emit& prepare = {}) {
    kernels_.push_back({name, kind,
                        LoopModule(pages, prepare, [&](ByteWriter& code) {
                          for (uint32_t i = 0; i < copies; ++i) round(code);
                        })});
  }

  // Four chains of a binary operation side by side, as ordinary code has
  // them, and one chain of it.
  void AddBinary(const char* name, Op op, uint32_t first) {
    Add(name, KernelKind::kOrdinary, 8, [&](ByteWriter& code) {
      for (uint32_t i = 0; i < kEach; ++i) {
        code.Inst(Op::kLocalGet, first + i);
        code.Inst(Op::kLocalGet, first + (i + 1) % kEach).Inst(op);
        code.Inst(Op::kLocalSet, first + i);
      }
    });
    AddChain(name, first, [op, first](ByteWriter& code) {
      code.Inst(Op::kLocalGet, first + 1).Inst(op);
    });
  }

  // An operation on the first local of a type, again and again.
  void AddChain(const char* name, uint32_t local, const Emit& operation) {
    Add((std::string(name) + ", chain").c_str(), KernelKind::kAdversarial, 32,
        [&](ByteWriter& code) {
          code.Inst(Op::kLocalGet, local);
          operation(code);
          code.Inst(Op::kLocalSet, local);
        });
  }

 private:
  std::vector<GasKernel> kernels_;
};

void AddIntegers(Kernels* out) {
  out->AddBinary("i32.add", Op::kI32Add, kI32);
  out->AddBinary("i32.mul", Op::kI32Mul, kI32);
  out->AddBinary("i32.shl", Op::kI32Shl, kI32);
  out->AddBinary("i64.add", Op::kI64Add, kI64);
  out->AddBinary("i64.mul", Op::kI64Mul, kI64);
  out->AddBinary("i64.rotl", Op::kI64Rotl, kI64);
  // Divisors that are never 0 or -1, dividends of full width.
  for (const auto& [name, op] : {std::pair("i32.div_u", Op::kI32DivU),
                                 std::pair("i32.rem_s", Op::kI32RemS)}) {
    out->AddChain(name, kI32, [op = op](ByteWriter& code) {
      code.I32Const(-0x5EADBEEF).Inst(Op::kI32Xor);
      code.Inst(Op::kLocalGet, kI32 + 1).I32Const(0x7001).Inst(Op::kI32Or);
      code.Inst(op);
    });
  }
  for (const auto& [name, op] : {std::pair("i64.div_u", Op::kI64DivU),
                                 std::pair("i64.rem_s", Op::kI64RemS)}) {
    out->AddChain(name, kI64, [op = op](ByteWriter& code) {
      code.I64Const(-0x5EADBEEFCAFE123).Inst(Op::kI64Xor);
      code.Inst(Op::kLocalGet, kI64 + 1).I64Const(0x70000001).Inst(Op::kI64Or);
      code.Inst(op);
    });
  }
  out->AddChain("i32.clz", kI32, [](ByteWriter& code) {
    code.Inst(Op::kI32Clz).Inst(Op::kI32Popcnt).Inst(Op::kI32Ctz);
  });
  out->AddChain("i64.eq, select", kI64, [](ByteWriter& code) {
    code.Inst(Op::kLocalGet, kI64 + 1).Inst(Op::kLocalGet, kI64);
    code.Inst(Op::kLocalGet, kI64 + 2).Inst(Op::kI64Eq).Inst(Op::kSelect);
  });
  out->Add("select", KernelKind::kOrdinary, 8, [](ByteWriter& code) {
    for (uint32_t i = 0; i < kEach; ++i) {
      code.Inst(Op::kLocalGet, kI32 + i);
      code.Inst(Op::kLocalGet, kI32 + (i + 1) % kEach);
      code.Inst(Op::kLocalGet, kI32 + i).Inst(Op::kLocalGet, kCount);
      code.Inst(Op::kI32LtU).Inst(Op::kSelect).Inst(Op::kLocalSet, kI32 + i);
    }
  });
}

void AddFloats(Kernels* out) {
  out->AddBinary("f64.add", Op::kF64Add, kF64);
  out->AddBinary("f64.mul", Op::kF64Mul, kF64);
  out->AddBinary("f64.div", Op::kF64Div, kF64);
  out->AddBinary("f64.min", Op::kF64Min, kF64);
  out->AddBinary("f32.add", Op::kF32Add, kF32);
  out->AddBinary("f32.div", Op::kF32Div, kF32);
  out->AddBinary("f64.copysign", Op::kF64Copysign, kF64);
  out->AddChain("f64.sqrt", kF64, [](ByteWriter& code) {
    code.F64Const(0x3FF8000000000000).Inst(Op::kF64Add).Inst(Op::kF64Sqrt);
  });
  out->AddChain("f32.sqrt", kF32, [](ByteWriter& code) {
    code.F32Const(0x3FC00000).Inst(Op::kF32Add).Inst(Op::kF32Sqrt);
  });
  out->AddChain("f64.floor, nearest", kF64, [](ByteWriter& code) {
    code.Inst(Op::kF64Floor).Inst(Op::kF64Nearest);
  });
  // The result of each is below the least normal number, and not zero.
  out->AddChain("f64.mul of subnormals", kF64, [](ByteWriter& code) {
    code.Inst(Op::kDrop).F64Const(0x000FFFFFFFFFFFF0);
    code.Inst(Op::kLocalGet, kF64).F64Const(0x0008000000000000);
    code.Inst(Op::kF64Mul).Inst(Op::kF64Add);
    code.F64Const(0x3FE0000000000000).Inst(Op::kF64Mul);
  });
  out->AddChain("f32.div of subnormals", kF32, [](ByteWriter& code) {
    code.Inst(Op::kDrop).F32Const(0x007FFFF0);
    code.Inst(Op::kLocalGet, kF32).F32Const(0x00400000).Inst(Op::kF32Mul);
    code.Inst(Op::kF32Add).F32Const(0x40400000).Inst(Op::kF32Div);
  });
  out->AddChain("f64 of NaN", kF64, [](ByteWriter& code) {
    code.Inst(Op::kDrop).F64Const(0x7FF8000000000001);
    code.Inst(Op::kLocalGet, kF64).Inst(Op::kF64Sub);
  });
  out->AddChain("i64.trunc_sat_f64_u, convert", kF64, [](ByteWriter& code) {
    code.Inst(Op::kI64TruncSatF64U).Inst(Op::kF64ConvertI64U);
  });
  out->AddChain("i32.trunc_f32_s, convert", kF32, [](ByteWriter& code) {
    code.Inst(Op::kDrop).F32Const(0x45000000);
    code.Inst(Op::kI32TruncF32S).Inst(Op::kF32ConvertI32S);
    code.Inst(Op::kLocalGet, kF32).Inst(Op::kF32Add);
  });
  out->AddChain("f32.demote, promote", kF64, [](ByteWriter& code) {
    code.Inst(Op::kF32DemoteF64).Inst(Op::kF64PromoteF32);
  });
}

void AddMemory(Kernels* out) {
  out->Add("i32.load", KernelKind::kOrdinary, 8, [](ByteWriter& code) {
    for (uint32_t i = 0; i < kEach; ++i) {
      code.Inst(Op::kLocalGet, kCount).I32Const(0xFFFF).Inst(Op::kI32And);
      Access(code, Op::kI32Load, 16 * i);
      code.Inst(Op::kLocalGet, kI32 + i).Inst(Op::kI32Xor);
      code.Inst(Op::kLocalSet, kI32 + i);
    }
  });
  out->Add("i64.store", KernelKind::kOrdinary, 8, [](ByteWriter& code) {
    for (uint32_t i = 0; i < kEach; ++i) {
      code.Inst(Op::kLocalGet, kCount).I32Const(0xFFF8).Inst(Op::kI32And);
      code.Inst(Op::kLocalGet, kI64 + i);
      Access(code, Op::kI64Store, 16 * i);
    }
  });
  out->Add("global.get, set", KernelKind::kOrdinary, 16, [](ByteWriter& code) {
    code.Inst(Op::kGlobalGet, 0).Inst(Op::kLocalGet, kCount);
    code.Inst(Op::kI32Add).Inst(Op::kGlobalSet, 0);
  });
  // Every address comes from the load before; all in the first cache.
  out->AddChain("i32.load", kI32, [](ByteWriter& code) {
    code.I32Const(0xFFC).Inst(Op::kI32And);
    Access(code, Op::kI32Load, 0);
  });
  // Across the ends of pages of 4 KiB.
  out->AddChain("i64.load across pages", kI32, [](ByteWriter& code) {
    code.I32Const(0x1000).Inst(Op::kI32And);
    Access(code, Op::kI64Load, 0xFFC);
    code.Inst(Op::kI32WrapI64);
  });
  // One physical page of zeros stands for all that nothing has written: a first
  // cache that is looked up by address has it under the last address only, so
  // that loads wait for the second.
  out->Add("loads of unwritten pages", KernelKind::kCacheMissing, 8,
           [](ByteWriter& code) {
             code.Inst(Op::kLocalGet, kI32).I32Const(0x1000);
             code.Inst(Op::kI32And);
             for (const uint32_t page : {0x20000, 0x22000, 0x24000, 0x26000}) {
               Access(code, Op::kI32Load, page);
             }
             code.Inst(Op::kLocalSet, kI32);
           });
  // What was stored comes back as part of a wider load.
  out->AddChain("i32.store8, load", kI32, [](ByteWriter& code) {
    code.Inst(Op::kLocalSet, kRandom).I32Const(64);
    code.Inst(Op::kLocalGet, kRandom);
    Access(code, Op::kI32Store8, 1);
    code.I32Const(64);
    Access(code, Op::kI32Load, 0);
  });
  constexpr uint32_t kLargePages = 1024;  // 64 MiB
  const Emit touch = [](ByteWriter& code) {
    code.I32Const(0).I32Const(0).I32Const(kLargePages * 65536);
    code.Inst(Op::kMemoryFill, 0);
  };
  out->Add("pointer chase over 64 MiB", KernelKind::kCacheMissing, 8,
           [](ByteWriter& code) {
             NextRandom(code, 6);
             code.Inst(Op::kLocalGet, kI32).Inst(Op::kI32Add);
             code.I32Const(0x3FFFFFC).Inst(Op::kI32And);
             Access(code, Op::kI32Load, 0);
             code.Inst(Op::kLocalSet, kI32);
           },
           kLargePages, touch);
  out->Add("scattered stores over 64 MiB", KernelKind::kCacheMissing, 8,
           [](ByteWriter& code) {
             NextRandom(code, 6);
             code.Inst(Op::kLocalGet, kCount);
             Access(code, Op::kI32Store8, 0);
           },
           kLargePages, touch);
}

void AddBulk(Kernels* out) {
  const auto bulk = [&](const char* name, KernelKind kind, Op op,
                        int32_t bytes) {
    out->Add(name, kind, 4, [=](ByteWriter& code) {
      code.Inst(Op::kLocalGet, kCount).I32Const(0x3F).Inst(Op::kI32And);
      code.I32Const(op == Op::kMemoryFill ? 7 : 70001).I32Const(bytes);
      op == Op::kMemoryFill ? code.Inst(op, 0) : code.Inst(op, 0, 0);
    });
  };
  bulk("memory.fill of 64 KiB", KernelKind::kOrdinary, Op::kMemoryFill, 65536);
  bulk("memory.fill of 1 B", KernelKind::kAdversarial, Op::kMemoryFill, 1);
  bulk("memory.copy of 64 KiB", KernelKind::kOrdinary, Op::kMemoryCopy, 65536);
  bulk("memory.copy of 512 KiB", KernelKind::kAdversarial, Op::kMemoryCopy,
       524288);
  bulk("memory.copy of 1 B", KernelKind::kAdversarial, Op::kMemoryCopy, 1);
  bulk("memory.copy of 65 B", KernelKind::kAdversarial, Op::kMemoryCopy, 65);
  out->Add("memory.grow by 1 page, touched", KernelKind::kAdversarial, 1,
           [](ByteWriter& code) {
             code.I32Const(1).Inst(Op::kMemoryGrow, 0).I32Const(16);
             code.Inst(Op::kI32Shl).I32Const(0x0FFF0000).Inst(Op::kI32And);
             code.I32Const(1).I32Const(65536).Inst(Op::kMemoryFill, 0);
           });
  out->Add("memory.grow by 0 pages", KernelKind::kAdversarial, 8,
           [](ByteWriter& code) {
             code.I32Const(0).Inst(Op::kMemoryGrow, 0).Inst(Op::kDrop);
           });
  out->Add("memory.size", KernelKind::kOrdinary, 16, [](ByteWriter& code) {
    code.Inst(Op::kMemorySize, 0).Inst(Op::kLocalGet, kI32);
    code.Inst(Op::kI32Xor).Inst(Op::kLocalSet, kI32);
  });
  out->Add("table.get, table.set", KernelKind::kAdversarial, 8,
           [](ByteWriter& code) {
             code.I32Const(1).I32Const(2).Inst(Op::kTableGet, 0);
             code.Inst(Op::kTableSet, 0);
           });
  out->Add("table.fill, table.copy", KernelKind::kAdversarial, 4,
           [](ByteWriter& code) {
             code.I32Const(16).Opcode(Op::kRefNull).Byte(0x70).I32Const(16);
             code.Inst(Op::kTableFill, 0);
             code.I32Const(16).I32Const(32).I32Const(16);
             code.Inst(Op::kTableCopy, 0, 0);
           });
}

void AddControl(Kernels* out) {
  out->Add("nop", KernelKind::kOrdinary, 64,
           [](ByteWriter& code) { code.Inst(Op::kNop); });
  out->Add("empty loop", KernelKind::kOrdinary, 1, [](ByteWriter&) {});
  out->Add("if, taken in turn", KernelKind::kOrdinary, 8,
           [](ByteWriter& code) {
             code.Inst(Op::kLocalGet, kCount).I32Const(1).Inst(Op::kI32And);
             code.Block(Op::kIf).Inst(Op::kLocalGet, kI32).I32Const(3);
             code.Inst(Op::kI32Add).Inst(Op::kLocalSet, kI32);
             code.Inst(Op::kEnd);
           });
  out->Add("br_if at random", KernelKind::kAdversarial, 8,
           [](ByteWriter& code) {
             code.Block(Op::kBlock);
             NextRandom(code, 31);
             code.Inst(Op::kBrIf, 0).Inst(Op::kLocalGet, kI32).I32Const(3);
             code.Inst(Op::kI32Add).Inst(Op::kLocalSet, kI32);
             code.Inst(Op::kEnd);
           });
  const auto table = [](ByteWriter& code, uint32_t cases) {
    for (uint32_t i = 0; i < cases; ++i) code.Block(Op::kBlock);
    NextRandom(code, 29);
    code.Inst(Op::kBrTable, cases - 1);
    for (uint32_t i = 0; i < cases; ++i) code.U32(i);
    for (uint32_t i = 0; i < cases; ++i) {
      code.Inst(Op::kEnd).Inst(Op::kLocalGet, kI32);
      code.I32Const(static_cast<int32_t>(i + 1)).Inst(Op::kI32Xor);
      code.Inst(Op::kLocalSet, kI32);
    }
  };
  out->Add("br_table at random", KernelKind::kAdversarial, 2,
           [&](ByteWriter& code) { table(code, 8); });
  out->Add("br_table, one way", KernelKind::kOrdinary, 16,
           [](ByteWriter& code) {
             code.Block(Op::kBlock).Block(Op::kBlock).Block(Op::kBlock);
             code.Inst(Op::kLocalGet, kCount).I32Const(0).Inst(Op::kI32And);
             code.Inst(Op::kBrTable, 2).U32(0).U32(1).U32(2);
             for (int i = 0; i < 3; ++i) code.Inst(Op::kEnd);
           });
  out->Add("call", KernelKind::kOrdinary, 16, [](ByteWriter& code) {
    code.Inst(Op::kLocalGet, kI32).Inst(Op::kCall, kFirstLeaf);
    code.Inst(Op::kLocalSet, kI32);
  });
  out->Add("call_indirect, one way", KernelKind::kOrdinary, 16,
           [](ByteWriter& code) {
             code.Inst(Op::kLocalGet, kI32).I32Const(3);
             code.Inst(Op::kCallIndirect, 2, 0).Inst(Op::kLocalSet, kI32);
           });
  out->Add("call_indirect at random", KernelKind::kAdversarial, 4,
           [](ByteWriter& code) {
             code.Inst(Op::kLocalGet, kI32);
             NextRandom(code, 29);
             code.Inst(Op::kCallIndirect, 2, 0).Inst(Op::kLocalSet, kI32);
           });
  out->Add("host call", KernelKind::kAdversarial, 4, [](ByteWriter& code) {
    code.Inst(Op::kCall, kYield).Inst(Op::kLocalSet, kI32);
  });
}

// A callee that has many locals and uses none, or takes many arguments.
GasKernel CallOf(const char* name, uint32_t params, uint32_t locals) {
  ModuleBuilder builder;
  const ModuleBuilder::ValTypes types(params, ValType::kI64);
  const uint32_t callee = builder.AddType(types, {});
  const uint32_t run = builder.AddType({ValType::kI32}, {});
  builder.AddFunction(callee, {{locals, ValType::kI64}},
                      ByteWriter().Inst(Op::kEnd).bytes());
  ByteWriter code;
  code.Block(Op::kLoop);
  for (uint32_t i = 0; i < params; ++i) code.I64Const(i);
  code.Inst(Op::kCall, 0).Inst(Op::kLocalGet, 0).I32Const(1);
  code.Inst(Op::kI32Sub).Inst(Op::kLocalTee, 0).Inst(Op::kBrIf, 0);
  code.Inst(Op::kEnd).Inst(Op::kEnd);
  builder.AddExport("run", ExternKind::kFunc,
                    builder.AddFunction(run, {}, code.bytes()));
  return {name, KernelKind::kAdversarial, builder.Build()};
}

}  // namespace

std::vector<GasKernel> GasKernels() {
  Kernels kernels;
  AddIntegers(&kernels);
  AddFloats(&kernels);
  AddMemory(&kernels);
  AddBulk(&kernels);
  AddControl(&kernels);
  std::vector<GasKernel> all = kernels.Take();
  all.push_back(CallOf("call with 1000 locals", 0, 1000));
  all.push_back(CallOf("call with 100 arguments", 100, 0));
  return all;
}

}  // namespace ingot::bench
