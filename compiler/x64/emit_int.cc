#include "compiler/x64/emitter.h"

// Integer instructions. Every operation on an i32 is a 32-bit machine
// operation, so that a register with an i32 always has a zero upper half; the
// verifier and memory addressing rely on it.

namespace ingot::compiler {

using wasm::Op;

void Emitter::Numeric(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const Op op = static_cast<Op>(inst.op);
  if (wasm::InfoOf(op).immediate == wasm::ImmediateKind::kMemArg) {
    return inst.type == Type::kNone ? Store(i) : Load(i);
  }
  constexpr Width w32 = Width::k32, w64 = Width::k64;
  switch (op) {
    case Op::kI32Add: return Add(i, w32);
    case Op::kI64Add: return Add(i, w64);
    case Op::kI32Sub: return Alu(i, x::kIdSub, w32);
    case Op::kI64Sub: return Alu(i, x::kIdSub, w64);
    case Op::kI32And: return Alu(i, x::kIdAnd, w32);
    case Op::kI64And: return Alu(i, x::kIdAnd, w64);
    case Op::kI32Or: return Alu(i, x::kIdOr, w32);
    case Op::kI64Or: return Alu(i, x::kIdOr, w64);
    case Op::kI32Xor: return Alu(i, x::kIdXor, w32);
    case Op::kI64Xor: return Alu(i, x::kIdXor, w64);
    case Op::kI32Mul: return Multiply(i, w32);
    case Op::kI64Mul: return Multiply(i, w64);
    case Op::kI32Shl: return Shift(i, x::kIdShl, w32);
    case Op::kI64Shl: return Shift(i, x::kIdShl, w64);
    case Op::kI32ShrS: return Shift(i, x::kIdSar, w32);
    case Op::kI64ShrS: return Shift(i, x::kIdSar, w64);
    case Op::kI32ShrU: return Shift(i, x::kIdShr, w32);
    case Op::kI64ShrU: return Shift(i, x::kIdShr, w64);
    case Op::kI32Rotl: return Shift(i, x::kIdRol, w32);
    case Op::kI64Rotl: return Shift(i, x::kIdRol, w64);
    case Op::kI32Rotr: return Shift(i, x::kIdRor, w32);
    case Op::kI64Rotr: return Shift(i, x::kIdRor, w64);
    case Op::kI32DivS: return Divide(i, w32, true, false);
    case Op::kI64DivS: return Divide(i, w64, true, false);
    case Op::kI32DivU: return Divide(i, w32, false, false);
    case Op::kI64DivU: return Divide(i, w64, false, false);
    case Op::kI32RemS: return Divide(i, w32, true, true);
    case Op::kI64RemS: return Divide(i, w64, true, true);
    case Op::kI32RemU: return Divide(i, w32, false, true);
    case Op::kI64RemU: return Divide(i, w64, false, true);
    case Op::kI32Clz: return CountZeros(i, w32, true);
    case Op::kI64Clz: return CountZeros(i, w64, true);
    case Op::kI32Ctz: return CountZeros(i, w32, false);
    case Op::kI64Ctz: return CountZeros(i, w64, false);
    case Op::kI32Popcnt:
      return as_.Rr(x::kIdPopcnt, w32, alloc.dst, alloc.src[0]);
    case Op::kI64Popcnt:
      return as_.Rr(x::kIdPopcnt, w64, alloc.dst, alloc.src[0]);
    case Op::kI32WrapI64:
      return as_.Rr(x::kIdMov, w32, alloc.dst, alloc.src[0]);
    case Op::kI64ExtendI32U:
      if (alloc.dst != alloc.src[0]) {
        as_.Rr(x::kIdMov, w32, alloc.dst, alloc.src[0]);
      }
      return;
    case Op::kI64ExtendI32S:
    case Op::kI64Extend32S:
      return as_.Extend32(alloc.dst, alloc.src[0]);
    case Op::kI32Extend8S:
      return as_.Extend8(x::kIdMovsx, w32, alloc.dst, alloc.src[0]);
    case Op::kI32Extend16S:
      return as_.Extend16(x::kIdMovsx, w32, alloc.dst, alloc.src[0]);
    case Op::kI64Extend8S:
      return as_.Extend8(x::kIdMovsx, w64, alloc.dst, alloc.src[0]);
    case Op::kI64Extend16S:
      return as_.Extend16(x::kIdMovsx, w64, alloc.dst, alloc.src[0]);
    case Op::kSelect:
      return Select(i);
    default:
      break;
  }
  if (IsCompare(inst.op)) return SetCompare(i);
  INGOT_CHECK(FloatNumeric(i));
}

// dst = a op b with b a register, in memory or an immediate.
void Emitter::Alu(InstId i, X86 id, Width w) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const InstId b = alloc.swapped ? inst.a : inst.b;
  MoveReg(inst.type, alloc.dst, alloc.src[0]);
  if (alloc.src[1] == kImmediate) {
    as_.Ri(id, w, alloc.dst, ConstImm(b));
  } else if (alloc.src[1] == kInFrame) {
    as_.Rm(id, w, alloc.dst, SlotOf(b));
  } else if (alloc.src[1] == kInMemory) {
    as_.Rm(id, w, alloc.dst, Folded(b));
  } else {
    as_.Rr(id, w, alloc.dst, alloc.src[1]);
  }
}

// With the result in a third register, lea adds and copies at once.
void Emitter::Add(InstId i, Width w) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  if (alloc.dst == alloc.src[0] || alloc.src[1] == kInFrame ||
      alloc.src[1] == kInMemory) {
    return Alu(i, x::kIdAdd, w);
  }
  Mem mem{alloc.src[0], kNoReg, 0, 0};
  if (alloc.src[1] == kImmediate) {
    const InstId b = alloc.swapped ? inst.a : inst.b;
    mem.disp = static_cast<int32_t>(ConstImm(b));
  } else {
    mem.index = alloc.src[1];
  }
  as_.Rm(x::kIdLea, w, alloc.dst, mem);
}

void Emitter::AddImmediate(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const Width w = WidthOf(inst.type);
  const auto value = static_cast<int32_t>(inst.c);
  if (alloc.dst == alloc.src[0]) {
    as_.Ri(x::kIdAdd, w, alloc.dst, value);
  } else {
    as_.Rm(x::kIdLea, w, alloc.dst, Mem{alloc.src[0], kNoReg, 0, value});
  }
}

void Emitter::Multiply(InstId i, Width w) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  if (alloc.src[1] == kImmediate) {
    const InstId b = alloc.swapped ? inst.a : inst.b;
    as_.Rri(x::kIdImul, w, alloc.dst, alloc.src[0], ConstImm(b));
    return;
  }
  Alu(i, x::kIdImul, w);
}

void Emitter::Shift(InstId i, X86 id, Width w) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const uint64_t mask = w == Width::k64 ? 63 : 31;
  const bool constant = alloc.src[1] == kImmediate;
  const bool apart = alloc.dst != alloc.src[0];
  const uint64_t count = constant ? ConstBits(inst.b) & mask : 0;
  if (graph_.v3 && !constant && IsShift(inst.op)) {
    const X86 three = id == x::kIdShl   ? x::kIdShlx
                      : id == x::kIdShr ? x::kIdShrx
                                        : x::kIdSarx;
    as_.Rrr(three, w, alloc.dst, alloc.src[0], alloc.src[1]);
    return;
  }
  if (graph_.v3 && constant && apart && count != 0 && !IsShift(inst.op)) {
    const uint64_t right = id == x::kIdRor ? count : mask + 1 - count;
    as_.Rri(x::kIdRorx, w, alloc.dst, alloc.src[0],
            static_cast<int64_t>(right));
    return;
  }
  MoveReg(inst.type, alloc.dst, alloc.src[0]);
  if (constant) {
    if (count != 0) as_.Ri(id, w, alloc.dst, static_cast<int64_t>(count));
    return;
  }
  as_.Rcl(id, w, alloc.dst);
}

// rax by a register. The machine faults on zero and on INT_MIN / -1; both are
// tested before, so that each trap has its own site.
void Emitter::Divide(InstId i, Width w, bool is_signed, bool remainder) {
  const Inst& inst = graph_.insts[i];
  const uint8_t divisor = alloc_.insts[i].src[1];
  const bool constant = graph_.insts[inst.b].op == kConst;
  const int64_t value = constant ? ConstImm(inst.b) : 0;
  if (!constant || value == 0) {
    as_.Rr(x::kIdTest, w, divisor, divisor);
    TrapIf(Cc::kE, i, TrapCode::kIntegerDivideByZero);
  }
  if (!is_signed) {
    as_.Rr(x::kIdXor, Width::k32, kRdx, kRdx);
    as_.R(x::kIdDiv, w, divisor);
    return;
  }
  const X86 extend = w == Width::k64 ? x::kIdCqo : x::kIdCdq;
  if (constant && value != -1) {
    as_.Plain(extend);
    as_.R(x::kIdIdiv, w, divisor);
    return;
  }
  as_.Ri(x::kIdCmp, w, divisor, -1);
  const uint32_t divide = as_.JccShort(Cc::kNe);
  if (remainder) {
    as_.Rr(x::kIdXor, Width::k32, kRdx, kRdx);
    const uint32_t done = as_.JmpShort();
    Label({divide});
    as_.Plain(extend);
    as_.R(x::kIdIdiv, w, divisor);
    Label({done});
    return;
  }
  as_.Rr(x::kIdMov, w, kScratch, kRax);
  as_.R(x::kIdNeg, w, kScratch);
  TrapIf(Cc::kO, i, TrapCode::kIntegerOverflow);
  Label({divide});
  as_.Plain(extend);
  as_.R(x::kIdIdiv, w, divisor);
}

// bsr and bsf leave their target undefined for zero, hence the cmov.
void Emitter::CountZeros(InstId i, Width w, bool leading) {
  const Alloc& alloc = alloc_.insts[i];
  if (graph_.v3) {
    as_.Rr(leading ? x::kIdLzcnt : x::kIdTzcnt, w, alloc.dst, alloc.src[0]);
    return;
  }
  const int bits = w == Width::k64 ? 64 : 32;
  as_.Ri(x::kIdMov, Width::k32, alloc.dst, leading ? 2 * bits - 1 : bits);
  as_.Rr(leading ? x::kIdBsr : x::kIdBsf, w, kScratch, alloc.src[0]);
  as_.Rr(x::kIdCmovne, w, alloc.dst, kScratch);
  if (leading) as_.Ri(x::kIdXor, Width::k32, alloc.dst, bits - 1);
}

void Emitter::CompareInts(InstId i, Width w) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  if (alloc.src[0] == kInMemory) {
    as_.Mi(x::kIdCmp, Folded(inst.a), w == Width::k64 ? 8 : 4,
           inst.b == kNoId ? 0 : ConstImm(inst.b));
  } else if (inst.b == kNoId) {
    TestZero(alloc.src[0], w);
  } else if (alloc.src[1] == kImmediate) {
    const int64_t imm = ConstImm(inst.b);
    const Op op = static_cast<Op>(inst.op);
    if (imm == 0 && (op == Op::kI32Eq || op == Op::kI32Ne ||
                     op == Op::kI64Eq || op == Op::kI64Ne)) {
      TestZero(alloc.src[0], w);
    } else if (imm == 0) {
      as_.Rr(x::kIdTest, w, alloc.src[0], alloc.src[0]);
    } else {
      as_.Ri(x::kIdCmp, w, alloc.src[0], imm);
    }
  } else if (alloc.src[1] == kInFrame) {
    as_.Rm(x::kIdCmp, w, alloc.src[0], SlotOf(inst.b));
  } else if (alloc.src[1] == kInMemory) {
    as_.Rm(x::kIdCmp, w, alloc.src[0], Folded(inst.b));
  } else {
    as_.Rr(x::kIdCmp, w, alloc.src[0], alloc.src[1]);
  }
}

Test Emitter::TestBits(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const Width w = WidthOf(graph_.insts[inst.a].type);
  if (alloc.src[1] == kImmediate) {
    as_.Ri(x::kIdTest, w, alloc.src[0], ConstImm(inst.b));
  } else {
    as_.Rr(x::kIdTest, w, alloc.src[0], alloc.src[1]);
  }
  return Test{Test::Kind::kPlain,
              inst.op == kTestZero ? Cc::kE : Cc::kNe};
}

// Sets the flags; what to test is the result.
Test Emitter::Compare(InstId i) {
  const Inst& inst = graph_.insts[i];
  if (inst.op == kTestZero || inst.op == kTestNonzero) return TestBits(i);
  const Op op = static_cast<Op>(inst.op);
  if (op >= Op::kF32Eq && op <= Op::kF64Ge) return CompareFloats(i);
  const bool is_64 = op >= Op::kI64Eqz && op <= Op::kI64GeU;
  CompareInts(i, is_64 ? Width::k64 : Width::k32);
  constexpr Cc kCodes[] = {Cc::kE, Cc::kE, Cc::kNe, Cc::kL, Cc::kB, Cc::kG,
                           Cc::kA, Cc::kLe, Cc::kBe, Cc::kGe, Cc::kAe};
  const uint32_t index = inst.op - W(is_64 ? Op::kI64Eqz : Op::kI32Eqz);
  return Test{Test::Kind::kPlain, kCodes[index]};
}

void Emitter::SetCompare(InstId i) {
  SetFromTest(Compare(i), alloc_.insts[i].dst);
}

void Emitter::SetFromTest(const Test& test, uint8_t dst) {
  if (test.kind == Test::Kind::kPlain) {
    as_.Set(test.cc, dst);
  } else {
    const bool equal = test.kind == Test::Kind::kFloatEqual;
    as_.Set(equal ? Cc::kNp : Cc::kP, kScratch);
    as_.Set(equal ? Cc::kE : Cc::kNe, dst);
    as_.Rr8(equal ? x::kIdAnd : x::kIdOr, dst, kScratch);
  }
  as_.Extend8(x::kIdMovzx, Width::k32, dst, dst);
}

void Emitter::Select(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const Test test = TestOf(inst.c, alloc.src[2]);
  // The flags are set; moves leave them alone.
  MoveReg(inst.type, alloc.dst, alloc.src[0]);
  if (alloc.src[1] == alloc.dst) return;
  if (!IsFloat(inst.type) && test.kind == Test::Kind::kPlain) {
    constexpr X86 kMoves[] = {
        x::kIdCmovo, x::kIdCmovno, x::kIdCmovb, x::kIdCmovae,
        x::kIdCmove, x::kIdCmovne, x::kIdCmovbe, x::kIdCmova,
        x::kIdCmovs, x::kIdCmovns, x::kIdCmovp, x::kIdCmovnp,
        x::kIdCmovl, x::kIdCmovge, x::kIdCmovle, x::kIdCmovg};
    as_.Rr(kMoves[static_cast<uint8_t>(Negate(test.cc))], WidthOf(inst.type),
           alloc.dst, alloc.src[1]);
    return;
  }
  // Jump over the move of b when the condition holds.
  uint32_t take = 0, skip = 0, skip2 = 0;
  switch (test.kind) {
    case Test::Kind::kPlain:
      skip = as_.JccShort(test.cc);
      break;
    case Test::Kind::kFloatEqual:
      take = as_.JccShort(Cc::kP);
      skip = as_.JccShort(Cc::kE);
      Label({take});
      break;
    case Test::Kind::kFloatNotEqual:
      skip = as_.JccShort(Cc::kP);
      skip2 = as_.JccShort(Cc::kNe);
      break;
  }
  MoveReg(inst.type, alloc.dst, alloc.src[1]);
  Label({skip, skip2});
}

}  // namespace ingot::compiler
