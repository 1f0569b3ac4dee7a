#include "compiler/abi/calling_convention.h"
#include "compiler/regalloc/allocator.h"

// What each instruction wants of the registers on x86-64: two-address forms,
// the shift count in rcx, division in rax and rdx, calls by the convention.
// compiler/x64/ emits exactly the shapes that are chosen here.

namespace ingot::compiler {

using wasm::Op;

void Allocator::AllocateInst(InstId i) {
  const Inst& inst = graph_.insts[i];
  switch (inst.op) {
    case kConst:
      return;  // made where it is used
    case kGas:
      return;
    case kParam:
    case kResult:
      return Result(i);
    case kCall: case kCallImport: case kCallIndirect: case kBuiltin:
      return CallLike(i);
    case kTailCall: case kTailCallImport: case kTailCallIndirect:
      return Arguments(i);
    case kGlobalGet: case kMemorySize: case kRefFunc:
    case kLoadSlot:
      DefineAny(i);
      return;
    case kGlobalSet: case kStoreSlot:
      out_.insts[i].src[0] = FitsImmediate(inst.a)
                                 ? kImmediate
                                 : UseInRegister(inst.a, i);
      FreeOperand(inst.a, i);
      return;
    case kJump: case kTrap:
      RecordEdgeArgs(i);
      return;
    case kBranch:
      Condition(inst.a, i, &out_.insts[i].src[0]);
      RecordEdgeArgs(i);
      return;
    case kBrTable: {
      out_.insts[i].src[0] = UseInRegister(inst.a, i);
      const uint8_t temp = TakeRegister(false, i, i);
      out_.insts[i].temp = temp;
      RecordEdgeArgs(i);
      return;
    }
    case kTestZero: case kTestNonzero:
      return Compare(i);
    case kAndNot: case kAddScaled:
      return ThreeOperand(i, inst.a, inst.b, false);
    case kByteSwap: case kAddImmediate:
      return InPlace(i, inst.a);
    case kReturn:
      for (uint32_t k = 0; k < inst.b; ++k) {
        out_.pool_loc[inst.a + k] = LocationOf(graph_.pool[inst.a + k], i);
      }
      return;
    default:
      return Numeric(i, inst);
  }
}

void Allocator::Numeric(InstId i, const Inst& inst) {
  switch (static_cast<Op>(inst.op)) {
    case Op::kI32Add: case Op::kI32Mul: case Op::kI32And: case Op::kI32Or:
    case Op::kI32Xor: case Op::kI64Add: case Op::kI64Mul: case Op::kI64And:
    case Op::kI64Or: case Op::kI64Xor:
      return TwoAddress(i, inst.a, inst.b, true, true, true);
    case Op::kI32Sub: case Op::kI64Sub:
      return TwoAddress(i, inst.a, inst.b, false, true, true);
    case Op::kF32Add: case Op::kF32Mul: case Op::kF64Add: case Op::kF64Mul:
      if (graph_.v3) return ThreeOperand(i, inst.a, inst.b, true);
      return TwoAddress(i, inst.a, inst.b, true, true, false);
    case Op::kF32Sub: case Op::kF32Div: case Op::kF64Sub: case Op::kF64Div:
      if (graph_.v3) return ThreeOperand(i, inst.a, inst.b, true);
      return TwoAddress(i, inst.a, inst.b, false, true, false);
    case Op::kF32Min: case Op::kF32Max: case Op::kF64Min: case Op::kF64Max:
    case Op::kF32Copysign: case Op::kF64Copysign:
      return TwoAddress(i, inst.a, inst.b, false, false, false);
    case Op::kI32Shl: case Op::kI32ShrS: case Op::kI32ShrU:
    case Op::kI32Rotl: case Op::kI32Rotr:
    case Op::kI64Shl: case Op::kI64ShrS: case Op::kI64ShrU:
    case Op::kI64Rotl: case Op::kI64Rotr:
      return Shift(i, inst.a, inst.b);
    case Op::kI32DivS: case Op::kI32DivU: case Op::kI64DivS: case Op::kI64DivU:
      return Divide(i, inst.a, inst.b, false);
    case Op::kI32RemS: case Op::kI32RemU: case Op::kI64RemS: case Op::kI64RemU:
      return Divide(i, inst.a, inst.b, true);
    case Op::kSelect:
      return Select(i);
    case Op::kF32Neg: case Op::kF64Neg: case Op::kF32Abs: case Op::kF64Abs:
    case Op::kF32Sqrt: case Op::kF64Sqrt:
    case Op::kF32Ceil: case Op::kF32Floor: case Op::kF32Trunc:
    case Op::kF32Nearest: case Op::kF64Ceil: case Op::kF64Floor:
    case Op::kF64Trunc: case Op::kF64Nearest:
    case Op::kF32DemoteF64: case Op::kF64PromoteF32:
      return Unary(i, inst.a, false);
    case Op::kI32Clz: case Op::kI32Ctz: case Op::kI64Clz: case Op::kI64Ctz:
      return Unary(i, inst.a, !graph_.v3);
    case Op::kI32TruncF32S: case Op::kI32TruncF32U: case Op::kI32TruncF64S:
    case Op::kI32TruncF64U: case Op::kI64TruncF32S: case Op::kI64TruncF32U:
    case Op::kI64TruncF64S: case Op::kI64TruncF64U:
    case Op::kI32TruncSatF32S: case Op::kI32TruncSatF32U:
    case Op::kI32TruncSatF64S: case Op::kI32TruncSatF64U:
    case Op::kI64TruncSatF32S: case Op::kI64TruncSatF32U:
    case Op::kI64TruncSatF64S: case Op::kI64TruncSatF64U:
    case Op::kF32ConvertI64U: case Op::kF64ConvertI64U:
      return Unary(i, inst.a, true);
    default:
      break;
  }
  if (IsCompare(inst.op)) return Compare(i);
  const wasm::OpInfo& info = wasm::InfoOf(static_cast<Op>(inst.op));
  if (info.immediate == wasm::ImmediateKind::kMemArg) {
    return inst.type == Type::kNone ? Store(i) : Load(i);
  }
  // Conversions, extensions, popcnt, reinterpretations.
  Unary(i, inst.a, false);
}

// dst = a op b, with dst first holding a.
void Allocator::TwoAddress(InstId i, InstId a, InstId b, bool commutative,
                           bool memory_ok, bool imm_ok) {
  Alloc& alloc = out_.insts[i];
  if (commutative && a != b && !IsFused(b)) {
    const bool a_fits = imm_ok && FitsImmediate(a);
    const bool b_fits = imm_ok && FitsImmediate(b);
    const bool better = (RegOf(b) != kNoReg && DiesAt(b, i)) &&
                        !(RegOf(a) != kNoReg && DiesAt(a, i));
    if ((a_fits && !b_fits) || (better && !b_fits)) {
      alloc.swapped = true;
      const InstId t = a;
      a = b;
      b = t;
    }
  }
  const uint8_t ra = UseInRegister(a, i);
  alloc.src[0] = ra;
  if (IsFused(b)) {
    b = UseFolded(b, i, &alloc.src[1]);
  } else if (imm_ok && FitsImmediate(b)) {
    alloc.src[1] = kImmediate;
  } else {
    alloc.src[1] = memory_ok ? UseAnywhere(b, i) : UseInRegister(b, i);
  }
  if (DiesAt(a, i) && RegOf(a) == ra) {
    Release(ra);
    FreeOperand(b, i);
    Define(i, ra);
    return;
  }
  const uint8_t dst =
      TakeRegister(IsFloat(graph_.insts[i].type), i, i);
  FreeOperand(a, i);
  FreeOperand(b, i);
  Define(i, dst);
}

// dst = a op b, all apart; the operands are read before dst is written.
void Allocator::ThreeOperand(InstId i, InstId a, InstId b, bool memory_ok) {
  Alloc& alloc = out_.insts[i];
  alloc.src[0] = UseInRegister(a, i);
  if (IsFused(b)) {
    b = UseFolded(b, i, &alloc.src[1]);
  } else {
    alloc.src[1] = memory_ok ? UseAnywhere(b, i) : UseInRegister(b, i);
  }
  FreeOperand(a, i);
  FreeOperand(b, i);
  locked_ = 0;
  DefineAny(i);
}

void Allocator::Unary(InstId i, InstId a, bool early_result) {
  Alloc& alloc = out_.insts[i];
  alloc.src[0] = UseInRegister(a, i);
  if (early_result) {
    const Op op = static_cast<Op>(graph_.insts[i].op);
    if (op == Op::kF32ConvertI64U || op == Op::kF64ConvertI64U) {
      alloc.temp = TakeRegister(false, i, i);
      Lock(alloc.temp);
    }
    const uint8_t dst =
        TakeRegister(IsFloat(graph_.insts[i].type), i, i);
    FreeOperand(a, i);
    Define(i, dst);
    return;
  }
  FreeOperand(a, i);
  if (DiesAt(a, i)) locked_ = 0;
  DefineAny(i);
}

// dst = op a, with dst first holding a.
void Allocator::InPlace(InstId i, InstId a) {
  const uint8_t ra = UseInRegister(a, i);
  out_.insts[i].src[0] = ra;
  if (DiesAt(a, i)) {
    Release(ra);
    Define(i, ra);
  } else {
    DefineAny(i);
  }
}

void Allocator::Shift(InstId i, InstId a, InstId count) {
  Alloc& alloc = out_.insts[i];
  if (IsConst(count)) {
    InPlace(i, a);
    alloc.src[1] = kImmediate;
    return;
  }
  if (graph_.v3 && IsShift(graph_.insts[i].op)) {
    return ThreeOperand(i, a, count, false);
  }
  // The count goes to rcx; whatever stood there makes room.
  const uint8_t from = RegOf(count);
  if (from != kRcx) {
    Lock(kRcx);
    if (from != kNoReg) Lock(from);
    const uint8_t other = RegOf(a);
    if (other != kNoReg && other != kRcx) Lock(other);
    Vacate(kRcx, i);
    if (from == kNoReg) {
      live_.values[count].spilled = true;
      AddMove(i, count, kRcx, kInFrame);
      if (!DiesAt(count, i)) Occupy(kRcx, count, i);
    } else {
      reg_last_use_[from] = i;
      if (DiesAt(count, i) && count != a) {
        Relocate(from, kRcx, i);
      } else {
        AddMove(i, count, kRcx, from);
      }
    }
  }
  reg_last_use_[kRcx] = i;
  locked_ = 1u << kRcx;
  const uint8_t ra = UseInRegister(a, i);
  alloc.src[0] = ra;
  alloc.src[1] = kRcx;
  if (DiesAt(a, i) && ra != kRcx) {
    Release(ra);
    FreeOperand(count, i);
    Define(i, ra);
    return;
  }
  const uint8_t dst = TakeRegister(false, i, i);
  FreeOperand(a, i);
  FreeOperand(count, i);
  Define(i, dst);
}

void Allocator::Divide(InstId i, InstId a, InstId b, bool remainder) {
  Alloc& alloc = out_.insts[i];
  // The divisor stands outside of rax and rdx.
  Lock(kRax);
  Lock(kRdx);
  uint8_t rb = RegOf(b);
  if (rb == kRax || rb == kRdx) {
    const uint8_t to = TakeRegister(false, b, i);
    Relocate(rb, to, i);
    rb = to;
    Lock(rb);
  } else {
    rb = UseInRegister(b, i);
  }
  reg_last_use_[rb] = i;
  alloc.src[1] = rb;
  const uint8_t ra = RegOf(a);
  if (ra == kRax && DiesAt(a, i)) {
    Release(kRax);
  } else if (ra == kRax) {
    // It stands there already; a copy elsewhere survives the division.
    reg_last_use_[kRax] = i;
    Vacate(kRax, i);
  } else {
    Vacate(kRax, i);
    if (ra != kNoReg) {
      reg_last_use_[ra] = i;
      AddMove(i, a, kRax, ra);
      if (DiesAt(a, i) && a != b) Release(ra);
    } else if (IsConst(a)) {
      AddMove(i, a, kRax, kImmediate);
    } else {
      live_.values[a].spilled = true;
      AddMove(i, a, kRax, kInFrame);
    }
  }
  Vacate(kRdx, i);
  alloc.src[0] = kRax;
  FreeOperand(b, i);
  Define(i, remainder ? kRdx : kRax);
}

// Operands of a comparison at instruction `i`, used at `pos` (its own place,
// or that of the instruction that absorbs it).
void Allocator::CompareOperands(InstId i, uint32_t pos) {
  const Inst& inst = graph_.insts[i];
  Alloc& alloc = out_.insts[i];
  const bool is_float = IsFloat(graph_.insts[inst.a].type);
  if (IsFused(inst.a)) {
    UseFolded(inst.a, pos, &alloc.src[0]);
  } else {
    alloc.src[0] = UseInRegister(inst.a, pos);
  }
  if (inst.b == kNoId) return;
  const bool tests = inst.op == kTestZero || inst.op == kTestNonzero;
  if (IsFused(inst.b)) {
    UseFolded(inst.b, pos, &alloc.src[1]);
  } else if (!is_float && FitsImmediate(inst.b)) {
    alloc.src[1] = kImmediate;
  } else {
    alloc.src[1] =
        is_float || tests ? UseInRegister(inst.b, pos) : UseAnywhere(inst.b, pos);
  }
}

void Allocator::FreeCompared(InstId i, uint32_t pos) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = out_.insts[i];
  FreeOperand(alloc.src[0] == kInMemory ? graph_.insts[inst.a].a : inst.a, pos);
  if (inst.b == kNoId) return;
  FreeOperand(alloc.src[1] == kInMemory ? graph_.insts[inst.b].a : inst.b, pos);
}

void Allocator::Compare(InstId i) {
  CompareOperands(i, i);
  FreeCompared(i, i);
  locked_ = 0;
  DefineAny(i);
}

// A condition: a register to test, or an absorbed comparison (kNoReg).
void Allocator::Condition(InstId cond, uint32_t pos, uint8_t* where) {
  if (!IsFused(cond)) {
    *where = UseInRegister(cond, pos);
    return;
  }
  CompareOperands(cond, pos);
  *where = kNoReg;
}

void Allocator::Select(InstId i) {
  const Inst& inst = graph_.insts[i];
  Alloc& alloc = out_.insts[i];
  const bool is_float = IsFloat(inst.type);
  const uint8_t ra = UseInRegister(inst.a, i);
  alloc.src[0] = ra;
  alloc.src[1] = UseInRegister(inst.b, i);
  Condition(inst.c, i, &alloc.src[2]);
  // The result may take a's register only where nothing else reads it after
  // the condition was tested.
  const bool reuse = DiesAt(inst.a, i) && RegOf(inst.a) == ra &&
                     inst.a != inst.b;
  if (reuse) Release(ra);
  const uint8_t dst = reuse ? ra : TakeRegister(is_float, i, i);
  FreeOperand(inst.a, i);
  FreeOperand(inst.b, i);
  if (!IsFused(inst.c)) {
    FreeOperand(inst.c, i);
  } else {
    FreeCompared(inst.c, i);
  }
  Define(i, dst);
}

void Allocator::Load(InstId i) {
  const Inst& inst = graph_.insts[i];
  Alloc& alloc = out_.insts[i];
  alloc.src[0] = UseInRegister(inst.a, i);
  if (inst.c >= 0x80000000u && graph_.module->imported_memories != 0) {
    alloc.temp = TakeRegister(false, i, i);
    Lock(alloc.temp);
  }
  FreeOperand(inst.a, i);
  if (DiesAt(inst.a, i) && alloc.temp == kNoReg) locked_ = 0;
  DefineAny(i);
}

void Allocator::Store(InstId i) {
  const Inst& inst = graph_.insts[i];
  Alloc& alloc = out_.insts[i];
  alloc.src[0] = UseInRegister(inst.a, i);
  alloc.src[1] = FitsImmediate(inst.b) ? kImmediate
                                       : UseInRegister(inst.b, i);
  if (inst.c >= 0x80000000u && graph_.module->imported_memories != 0) {
    alloc.temp = TakeRegister(false, i, i);
  }
  FreeOperand(inst.a, i);
  FreeOperand(inst.b, i);
}

// Arguments are read where they stand, all at once.
void Allocator::Arguments(InstId i) {
  const Inst& inst = graph_.insts[i];
  for (uint32_t k = 0; k < inst.b; ++k) {
    const uint32_t at = inst.a + 2 + k;
    out_.pool_loc[at] = LocationOf(graph_.pool[at], i);
  }
}

// Behind a call every register is the callee's.
void Allocator::CallLike(InstId i) {
  Arguments(i);
  for (uint32_t mask = used_; mask != 0; mask &= mask - 1) {
    const uint8_t reg = static_cast<uint8_t>(std::countr_zero(mask));
    if (DiesAt(reg_value_[reg], i)) {
      Release(reg);
    } else {
      Evict(reg, i);
    }
  }
}

// A parameter or a result stands where the convention says; those on the
// stack are loaded into any register.
void Allocator::Result(InstId i) {
  const uint32_t place = graph_.insts[i].c;
  if ((place & kOnStack) != 0) {
    DefineAny(i);
    return;
  }
  INGOT_CHECK((used_ >> place & 1) == 0);
  Define(i, static_cast<uint8_t>(place));
}

}  // namespace ingot::compiler
