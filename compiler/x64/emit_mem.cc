#include "compiler/x64/emitter.h"

// Linear memory, and what else the vmctx holds.
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

// What a load that its user does reads. The user is the next instruction that
// is encoded: it may trap in the load's place.
Mem Emitter::Folded(InstId load) {
  const Mem mem = Address(load, 0);
  AddTrap(as_.offset(), load, TrapCode::kOutOfBoundsMemory, Correction(load));
  return mem;
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

}  // namespace ingot::compiler
