#include "compiler/abi/calling_convention.h"
#include "compiler/x64/emitter.h"

// What reaches outside of the function: linear memory, vmctx, other functions
// and the runtime.
//
// A memory access is [base + index + offset] with a zero-extended 32-bit index
// and an offset below 2^31; the reservation behind the base makes every such
// address either the instance's own or a fault. A larger offset is added in 64
// bits and compared with the memory's size: the only address arithmetic.

namespace ingot::compiler {

using wasm::Op;

namespace {

uint32_t AccessBytes(Op op) { return 1u << wasm::AccessLog2(op); }

}  // namespace

Mem Emitter::Address(InstId i, uint32_t bytes) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const bool imported = graph_.module->imported_memories != 0;
  const uint8_t index = alloc.src[0];
  if (inst.c <= abi::kLargestFoldedOffset) {
    uint8_t base = kBaseReg;
    if (imported) {
      as_.Rm(x::kIdMov, Width::k64, kScratch, Base(abi::kVmctxMemoryBase));
      base = kScratch;
    }
    return Mem{base, index, 0, static_cast<int32_t>(inst.c)};
  }
  uint8_t base = kBaseReg;
  if (imported) {
    base = alloc.temp;
    as_.Rm(x::kIdMov, Width::k64, base, Base(abi::kVmctxMemoryBase));
  }
  as_.MovImm64(kScratch, uint64_t{inst.c} + bytes);
  as_.Rr(x::kIdAdd, Width::k64, kScratch, index);
  as_.Rm(x::kIdCmp, Width::k64, kScratch,
         Mem{base, kNoReg, 0, abi::kVmctxMemoryBytes});
  TrapIf(Cc::kA, i, TrapCode::kOutOfBoundsMemory);
  return Mem{base, kScratch, 0, -static_cast<int32_t>(bytes)};
}

void Emitter::Load(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Op op = static_cast<Op>(inst.op);
  const uint8_t dst = alloc_.insts[i].dst == kNoReg ? kScratch
                                                    : alloc_.insts[i].dst;
  const Mem mem = Address(i, AccessBytes(op));
  AddTrap(as_.offset(), i, TrapCode::kOutOfBoundsMemory, Correction(i));
  constexpr Width w32 = Width::k32, w64 = Width::k64;
  switch (op) {
    case Op::kI32Load:
    case Op::kI64Load32U: as_.Rm(x::kIdMov, w32, dst, mem); return;
    case Op::kI64Load: as_.Rm(x::kIdMov, w64, dst, mem); return;
    case Op::kF32Load: as_.Xm(x::kIdMovss, dst, mem); return;
    case Op::kF64Load: as_.Xm(x::kIdMovsd, dst, mem); return;
    case Op::kI32Load8U:
    case Op::kI64Load8U:
      as_.LoadExtend(x::kIdMovzx, w32, dst, mem, 1);
      return;
    case Op::kI32Load16U:
    case Op::kI64Load16U:
      as_.LoadExtend(x::kIdMovzx, w32, dst, mem, 2);
      return;
    case Op::kI32Load8S: as_.LoadExtend(x::kIdMovsx, w32, dst, mem, 1); return;
    case Op::kI32Load16S: as_.LoadExtend(x::kIdMovsx, w32, dst, mem, 2); return;
    case Op::kI64Load8S: as_.LoadExtend(x::kIdMovsx, w64, dst, mem, 1); return;
    case Op::kI64Load16S: as_.LoadExtend(x::kIdMovsx, w64, dst, mem, 2); return;
    case Op::kI64Load32S:
      as_.LoadExtend(x::kIdMovsxd, w64, dst, mem, 4);
      return;
    default: INGOT_CHECK(false);
  }
}

void Emitter::Store(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Op op = static_cast<Op>(inst.op);
  const uint32_t bytes = AccessBytes(op);
  const uint8_t src = alloc_.insts[i].src[1];
  const Mem mem = Address(i, bytes);
  AddTrap(as_.offset(), i, TrapCode::kOutOfBoundsMemory, Correction(i));
  if (src == kImmediate) {
    int64_t imm = ConstImm(inst.b);
    if (bytes == 1) imm = static_cast<int8_t>(imm);
    if (bytes == 2) imm = static_cast<int16_t>(imm);
    as_.Mi(x::kIdMov, mem, bytes, imm);
    return;
  }
  switch (op) {
    case Op::kF32Store: as_.Mx(x::kIdMovss, mem, src); return;
    case Op::kF64Store: as_.Mx(x::kIdMovsd, mem, src); return;
    case Op::kI32Store8:
    case Op::kI64Store8: as_.Store8(mem, src); return;
    case Op::kI32Store16:
    case Op::kI64Store16: as_.Store16(mem, src); return;
    case Op::kI64Store: as_.Mr(x::kIdMov, Width::k64, mem, src); return;
    default: as_.Mr(x::kIdMov, Width::k32, mem, src); return;
  }
}

void Emitter::GlobalGet(InstId i) {
  const Inst& inst = graph_.insts[i];
  const uint8_t dst = alloc_.insts[i].dst;
  Mem mem = Base(layout_.Global(inst.c));
  if (inst.c < graph_.module->imported_globals) {
    as_.Rm(x::kIdMov, Width::k64, kScratch, mem);
    mem = Mem{kScratch, kNoReg, 0, 0};
  }
  LoadFrame(inst.type, dst, mem);
}

void Emitter::GlobalSet(InstId i) {
  const Inst& inst = graph_.insts[i];
  const uint8_t src = alloc_.insts[i].src[0];
  Mem mem = Base(layout_.Global(inst.c));
  if (inst.c < graph_.module->imported_globals) {
    as_.Rm(x::kIdMov, Width::k64, kScratch, mem);
    mem = Mem{kScratch, kNoReg, 0, 0};
  }
  if (src == kImmediate) {
    StoreConst(mem, inst.a);
  } else {
    StoreFrame(graph_.insts[inst.a].type, mem, src);
  }
}

void Emitter::MemorySize(InstId i) {
  const uint8_t dst = alloc_.insts[i].dst;
  Mem mem = Base(abi::kVmctxMemoryBytes);
  if (graph_.module->imported_memories != 0) {
    as_.Rm(x::kIdMov, Width::k64, kScratch, Base(abi::kVmctxMemoryBase));
    mem.base = kScratch;
  }
  as_.Rm(x::kIdMov, Width::k64, dst, mem);
  as_.Ri(x::kIdShr, Width::k64, dst, 16);
  // Fewer than 2^32 pages, told to the verifier by a 32-bit move.
  as_.Rr(x::kIdMov, Width::k32, dst, dst);
}

void Emitter::RefFunc(InstId i) {
  const uint8_t dst = alloc_.insts[i].dst;
  as_.Rm(x::kIdMov, Width::k64, dst, Base(abi::kVmctxFuncRefs));
  const uint32_t offset =
      graph_.insts[i].c * static_cast<uint32_t>(sizeof(abi::FuncRef));
  if (offset != 0) as_.Ri(x::kIdAdd, Width::k64, dst, offset);
}

const wasm::FuncType& Emitter::TypeOfCall(InstId i) const {
  const Inst& inst = graph_.insts[i];
  const uint32_t imm = graph_.pool[inst.a];
  const uint32_t type =
      inst.op == kCallIndirect
          ? imm
          : arena_.Get(graph_.module->functions, imm);
  return arena_.Get(graph_.module->types, type);
}

// Moves all arguments to where the convention wants them; the index of an
// indirect call, their last, to r12.
void Emitter::PlaceArguments(InstId i, const wasm::FuncType* type) {
  const Inst& inst = graph_.insts[i];
  out_area_ = 0;
  abi::ArgumentCursor cursor;
  for (uint32_t k = 0; k < inst.b; ++k) {
    const uint32_t at = inst.a + 2 + k;
    uint32_t dst = kR12;
    if (inst.op != kCallIndirect || k + 1 < inst.b) {
      const wasm::ValType val_type =
          type == nullptr
              ? wasm::ValType::kI64
              : arena_.Get(graph_.module->type_pool, type->pool_offset + k);
      const abi::ArgumentCursor::Place place = cursor.Next(val_type);
      dst = kSlotBase + num_slots_ + place.index;
      if (place.in_register) {
        dst =
            place.is_float ? 16 + place.index : abi::kIntArgument[place.index];
      }
    }
    AddParallel(dst, alloc_.pool_loc[at], graph_.pool[at]);
  }
  call_stack_arguments_ = cursor.slots;
  RunParallel();
}

// Right behind the call instruction: records the site, takes the popped
// arguments back, and restores the base if the callee may be elsewhere.
void Emitter::AfterCall(InstId i, uint32_t stack_arguments, bool reload_base) {
  AddTrap(as_.offset(), i, TrapCode::kCallSite, 0);
  if (stack_arguments != 0) {
    as_.Ri(x::kIdSub, Width::k64, kRsp, 8 * int64_t{stack_arguments});
  }
  if (reload_base) {
    as_.Rm(x::kIdMov, Width::k64, kBaseReg,
           Mem{kRsp, kNoReg, 0, static_cast<int32_t>(frame_ - 16)});
  }
}

void Emitter::Call(InstId i) {
  const Inst& inst = graph_.insts[i];
  if (inst.op == kBuiltin) {
    PlaceArguments(i, nullptr);
    as_.MovImm64(kScratch, graph_.pool[inst.a]);
    as_.CallMem(Base(abi::kVmctxBuiltinStub));
    AfterCall(i, 0, false);
    return;
  }
  PlaceArguments(i, &TypeOfCall(i));
  const uint32_t function = graph_.pool[inst.a];
  if (inst.op == kCallImport) {
    const int32_t cell = layout_.Import(function);
    as_.Rr(x::kIdMov, Width::k64, kR10, kBaseReg);
    as_.Rm(x::kIdMov, Width::k64, kBaseReg,
           Mem{kR10, kNoReg, 0, cell + 8});
    as_.CallMem(Mem{kR10, kNoReg, 0, cell});
  } else {
    out_->relocs.Push(Reloc{as_.CallRel(), RelocKind::kFunction, function});
  }
  AfterCall(i, call_stack_arguments_, inst.op == kCallImport);
}

// Bound, null, type: in the order of the specification. r8-r13 hold no
// argument, so r10-r13 are free here.
void Emitter::CallIndirect(InstId i) {
  const Inst& inst = graph_.insts[i];
  PlaceArguments(i, &TypeOfCall(i));
  constexpr uint8_t kR13 = 13;
  const uint32_t type = graph_.pool[inst.a];
  const uint32_t table = graph_.pool[inst.a + 1];
  Mem cell = Base(layout_.Table(table));
  if (table < graph_.module->imported_tables) {
    as_.Rm(x::kIdMov, Width::k64, kR10, cell);
    cell = Mem{kR10, kNoReg, 0, 0};
  }
  Mem size = cell;
  size.disp += abi::kTableSize;
  as_.Rm(x::kIdCmp, Width::k64, kR12, size);
  TrapIf(Cc::kAe, i, TrapCode::kUndefinedElement);
  as_.Rm(x::kIdMov, Width::k64, kScratch, cell);
  as_.Rm(x::kIdMov, Width::k64, kScratch, Mem{kScratch, kR12, 3, 0});
  as_.Rr(x::kIdTest, Width::k64, kScratch, kScratch);
  TrapIf(Cc::kE, i, TrapCode::kUninitializedElement);
  as_.Rm(x::kIdMov, Width::k64, kR13, Base(abi::kVmctxTypeIds));
  as_.Rm(x::kIdMov, Width::k32, kR13,
         Mem{kR13, kNoReg, 0, static_cast<int32_t>(4 * type)});
  as_.Rm(x::kIdCmp, Width::k32, kR13,
         Mem{kScratch, kNoReg, 0, abi::kFuncRefTypeId});
  TrapIf(Cc::kNe, i, TrapCode::kIndirectCallMismatch);
  as_.Rr(x::kIdMov, Width::k64, kR10, kBaseReg);
  as_.Rm(x::kIdMov, Width::k64, kBaseReg,
         Mem{kScratch, kNoReg, 0, abi::kFuncRefBase});
  as_.CallMem(Mem{kScratch, kNoReg, 0, abi::kFuncRefCode});
  AfterCall(i, call_stack_arguments_, true);
}

// A parameter or result that the convention leaves on the stack.
void Emitter::StackValue(InstId i) {
  const Inst& inst = graph_.insts[i];
  if ((inst.c & kOnStack) == 0) {
    // The convention vouches for the upper half of an i32.
    if (inst.type == Type::kI32) {
      as_.SetZeroUpper(as_.zero_upper() | 1u << inst.c);
    }
    return;
  }
  const uint32_t slot = inst.c & ~kOnStack;
  const uint32_t bytes = inst.op == kParam
                             ? frame_ + 8 * slot
                             : 8 * (call_stack_arguments_ + slot);
  LoadFrame(inst.type, alloc_.insts[i].dst,
            Mem{kRsp, kNoReg, 0, static_cast<int32_t>(bytes)});
}

}  // namespace ingot::compiler
