#include "compiler/x64/emitter.h"

// Float instructions. Arithmetic yields the positive canonical NaN where some
// use can see the bits (kFlagCanonical); the repair stands out of line. The
// machine's min, max and conversions differ from wasm's at NaN, signed zero and
// the ends of the integer ranges: those cases are tested one by one.

namespace ingot::compiler {

using wasm::Op;

namespace {
constexpr uint64_t kDouble2p31 = 0x41E0000000000000u;
constexpr uint64_t kDouble2p32 = 0x41F0000000000000u;
constexpr uint64_t kDouble2p63 = 0x43E0000000000000u;
constexpr uint64_t kDouble2p64 = 0x43F0000000000000u;
constexpr uint64_t kDoubleMinus1 = 0xBFF0000000000000u;
constexpr uint64_t kDoubleMinus2p31Less1 = 0xC1E0000000200000u;
constexpr uint64_t kDoubleMinus2p63 = 0xC3E0000000000000u;
constexpr uint64_t kSingle2p31 = 0x4F000000u;
constexpr uint64_t kSingle2p32 = 0x4F800000u;
constexpr uint64_t kSingle2p63 = 0x5F000000u;
constexpr uint64_t kSingle2p64 = 0x5F800000u;
constexpr uint64_t kSingleMinus1 = 0xBF800000u;
constexpr uint64_t kSingleMinus2p31 = 0xCF000000u;
constexpr uint64_t kSingleMinus2p63 = 0xDF000000u;

X86 ThreeOperandForm(X86 id) {
  switch (id) {
    case x::kIdAddss: return x::kIdVaddss;
    case x::kIdAddsd: return x::kIdVaddsd;
    case x::kIdSubss: return x::kIdVsubss;
    case x::kIdSubsd: return x::kIdVsubsd;
    case x::kIdMulss: return x::kIdVmulss;
    case x::kIdMulsd: return x::kIdVmulsd;
    case x::kIdDivss: return x::kIdVdivss;
    default: return x::kIdVdivsd;
  }
}
}  // namespace

bool Emitter::FloatNumeric(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  switch (static_cast<Op>(inst.op)) {
    case Op::kF32Add: FloatBinary(i, x::kIdAddss); return true;
    case Op::kF64Add: FloatBinary(i, x::kIdAddsd); return true;
    case Op::kF32Sub: FloatBinary(i, x::kIdSubss); return true;
    case Op::kF64Sub: FloatBinary(i, x::kIdSubsd); return true;
    case Op::kF32Mul: FloatBinary(i, x::kIdMulss); return true;
    case Op::kF64Mul: FloatBinary(i, x::kIdMulsd); return true;
    case Op::kF32Div: FloatBinary(i, x::kIdDivss); return true;
    case Op::kF64Div: FloatBinary(i, x::kIdDivsd); return true;
    case Op::kF32Min: case Op::kF64Min: FloatMinMax(i, false); return true;
    case Op::kF32Max: case Op::kF64Max: FloatMinMax(i, true); return true;
    case Op::kF32Sqrt: FloatUnary(i, x::kIdSqrtss); return true;
    case Op::kF64Sqrt: FloatUnary(i, x::kIdSqrtsd); return true;
    case Op::kF32DemoteF64: FloatUnary(i, x::kIdCvtsd2ss); return true;
    case Op::kF64PromoteF32: FloatUnary(i, x::kIdCvtss2sd); return true;
    // Rounding modes with the inexact exception suppressed (SDM, ROUNDSS).
    case Op::kF32Nearest: case Op::kF64Nearest: Round(i, 8); return true;
    case Op::kF32Floor: case Op::kF64Floor: Round(i, 9); return true;
    case Op::kF32Ceil: case Op::kF64Ceil: Round(i, 10); return true;
    case Op::kF32Trunc: case Op::kF64Trunc: Round(i, 11); return true;
    case Op::kF32Neg: case Op::kF64Neg: case Op::kF32Abs: case Op::kF64Abs:
      SignBit(i);
      return true;
    case Op::kF32Copysign: case Op::kF64Copysign: CopySign(i); return true;
    case Op::kF32ConvertI32S: case Op::kF64ConvertI32S:
      ConvertFromInt(i, false, true);
      return true;
    case Op::kF32ConvertI32U: case Op::kF64ConvertI32U:
      ConvertFromInt(i, false, false);
      return true;
    case Op::kF32ConvertI64S: case Op::kF64ConvertI64S:
      ConvertFromInt(i, true, true);
      return true;
    case Op::kF32ConvertI64U: case Op::kF64ConvertI64U:
      ConvertFromInt(i, true, false);
      return true;
    case Op::kI32ReinterpretF32:
      as_.Rx(x::kIdMovd, Width::k32, alloc.dst, alloc.src[0]);
      return true;
    case Op::kI64ReinterpretF64:
      as_.Rx(x::kIdMovq, Width::k64, alloc.dst, alloc.src[0]);
      return true;
    case Op::kF32ReinterpretI32:
      as_.Xr(x::kIdMovd, Width::k32, alloc.dst, alloc.src[0]);
      return true;
    case Op::kF64ReinterpretI64:
      as_.Xr(x::kIdMovq, Width::k64, alloc.dst, alloc.src[0]);
      return true;
    case Op::kI32TruncF32S: Truncate(i, false, false, true, false); return true;
    case Op::kI32TruncF32U:
      Truncate(i, false, false, false, false);
      return true;
    case Op::kI32TruncF64S: Truncate(i, true, false, true, false); return true;
    case Op::kI32TruncF64U: Truncate(i, true, false, false, false); return true;
    case Op::kI64TruncF32S: Truncate(i, false, true, true, false); return true;
    case Op::kI64TruncF32U: Truncate(i, false, true, false, false); return true;
    case Op::kI64TruncF64S: Truncate(i, true, true, true, false); return true;
    case Op::kI64TruncF64U: Truncate(i, true, true, false, false); return true;
    case Op::kI32TruncSatF32S:
      Truncate(i, false, false, true, true);
      return true;
    case Op::kI32TruncSatF32U:
      Truncate(i, false, false, false, true);
      return true;
    case Op::kI32TruncSatF64S: Truncate(i, true, false, true, true); return true;
    case Op::kI32TruncSatF64U:
      Truncate(i, true, false, false, true);
      return true;
    case Op::kI64TruncSatF32S: Truncate(i, false, true, true, true); return true;
    case Op::kI64TruncSatF32U:
      Truncate(i, false, true, false, true);
      return true;
    case Op::kI64TruncSatF64S: Truncate(i, true, true, true, true); return true;
    case Op::kI64TruncSatF64U: Truncate(i, true, true, false, true); return true;
    default: return false;
  }
}

void Emitter::FloatBinary(InstId i, X86 id) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  if (graph_.v3) {
    const X86 three = ThreeOperandForm(id);
    if (alloc.src[1] == kInFrame) {
      as_.Xxm(three, alloc.dst, alloc.src[0], SlotOf(inst.b));
    } else if (alloc.src[1] == kInMemory) {
      as_.Xxm(three, alloc.dst, alloc.src[0], Folded(inst.b));
    } else {
      as_.Xxx(three, alloc.dst, alloc.src[0], alloc.src[1]);
    }
    return Canonicalise(i);
  }
  MoveReg(inst.type, alloc.dst, alloc.src[0]);
  if (alloc.src[1] == kInFrame) {
    as_.Xm(id, alloc.dst, SlotOf(alloc.swapped ? inst.a : inst.b));
  } else if (alloc.src[1] == kInMemory) {
    as_.Xm(id, alloc.dst, Folded(inst.b));
  } else {
    as_.Xx(id, alloc.dst, alloc.src[1]);
  }
  Canonicalise(i);
}

void Emitter::FloatUnary(InstId i, X86 id) {
  const Alloc& alloc = alloc_.insts[i];
  // The upper lanes come from dst: cut the dependency on its old content.
  if (alloc.dst != alloc.src[0]) as_.Xx(x::kIdXorps, alloc.dst, alloc.dst);
  as_.Xx(id, alloc.dst, alloc.src[0]);
  Canonicalise(i);
}

void Emitter::Round(InstId i, uint32_t mode) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  if (alloc.dst != alloc.src[0]) as_.Xx(x::kIdXorps, alloc.dst, alloc.dst);
  as_.Xxi(inst.type == Type::kF32 ? x::kIdRoundss : x::kIdRoundsd, alloc.dst,
          alloc.src[0], mode);
  Canonicalise(i);
}

// If the result is a NaN, makes it the canonical one.
void Emitter::Canonicalise(InstId i) {
  const Inst& inst = graph_.insts[i];
  if ((inst.flags & kFlagCanonical) == 0) return;
  const uint8_t dst = alloc_.insts[i].dst;
  as_.Xx(inst.type == Type::kF32 ? x::kIdUcomiss : x::kIdUcomisd, dst, dst);
  const uint32_t at = as_.Jcc(Cc::kP);
  InsideSegment(as_.zero_upper());
  nan_stubs_.Push(NanStub{at, as_.offset(), Here(), dst,
                          inst.type});
}

// Equal operands may differ in sign only when both are zero: min takes the bits
// of either ("or"), max those of both ("and"). A NaN in either gives a NaN.
void Emitter::FloatMinMax(InstId i, bool is_max) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const bool single = inst.type == Type::kF32;
  MoveReg(inst.type, alloc.dst, alloc.src[0]);
  as_.Xx(single ? x::kIdUcomiss : x::kIdUcomisd, alloc.dst, alloc.src[1]);
  const uint32_t ordinary = as_.JccShort(Cc::kNe);
  const uint32_t unordered = as_.JccShort(Cc::kP);
  as_.Xx(is_max ? x::kIdAndps : x::kIdOrps, alloc.dst, alloc.src[1]);
  const uint32_t done = as_.JmpShort();
  Label({unordered});
  // addss carries a NaN of either operand into the result.
  as_.Xx(single ? x::kIdAddss : x::kIdAddsd, alloc.dst, alloc.src[1]);
  const uint32_t nan = as_.JmpShort();
  Label({ordinary});
  X86 id = single ? x::kIdMinss : x::kIdMinsd;
  if (is_max) id = single ? x::kIdMaxss : x::kIdMaxsd;
  as_.Xx(id, alloc.dst, alloc.src[1]);
  Label({done, nan});
  Canonicalise(i);
}

void Emitter::SignBit(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const Op op = static_cast<Op>(inst.op);
  const bool single = inst.type == Type::kF32;
  MoveReg(inst.type, alloc.dst, alloc.src[0]);
  as_.Xx(x::kIdPcmpeqd, kScratchXmm, kScratchXmm);
  const X86 left = single ? x::kIdPslld : x::kIdPsllq;
  const X86 right = single ? x::kIdPsrld : x::kIdPsrlq;
  if (op == Op::kF32Neg || op == Op::kF64Neg) {
    as_.Xi(left, kScratchXmm, single ? 31 : 63);
    as_.Xx(x::kIdXorps, alloc.dst, kScratchXmm);
  } else {
    as_.Xi(right, kScratchXmm, 1);
    as_.Xx(x::kIdAndps, alloc.dst, kScratchXmm);
  }
}

void Emitter::CopySign(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const bool single = inst.type == Type::kF32;
  const X86 left = single ? x::kIdPslld : x::kIdPsllq;
  const X86 right = single ? x::kIdPsrld : x::kIdPsrlq;
  const uint32_t bits = single ? 31 : 63;
  as_.Xx(x::kIdMovaps, kScratchXmm, alloc.src[1]);
  as_.Xi(right, kScratchXmm, bits);
  as_.Xi(left, kScratchXmm, bits);
  MoveReg(inst.type, alloc.dst, alloc.src[0]);
  as_.Xi(left, alloc.dst, 1);
  as_.Xi(right, alloc.dst, 1);
  as_.Xx(x::kIdOrps, alloc.dst, kScratchXmm);
}

// An unsigned i64 of 2^63 or more is halved, with its lowest bit kept as a
// sticky bit so that rounding is right, and the result doubled.
void Emitter::ConvertFromInt(InstId i, bool is_64, bool is_signed) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const bool single = inst.type == Type::kF32;
  const X86 id = single ? x::kIdCvtsi2ss : x::kIdCvtsi2sd;
  const uint8_t src = alloc.src[0];
  as_.Xx(x::kIdXorps, alloc.dst, alloc.dst);
  if (is_signed) {
    as_.Xr(id, is_64 ? Width::k64 : Width::k32, alloc.dst, src);
    return;
  }
  if (!is_64) {
    // Its upper half is zero: a signed 64-bit number.
    as_.Xr(id, Width::k64, alloc.dst, src);
    return;
  }
  as_.Rr(x::kIdTest, Width::k64, src, src);
  const uint32_t large = as_.JccShort(Cc::kS);
  as_.Xr(id, Width::k64, alloc.dst, src);
  const uint32_t done = as_.JmpShort();
  Label({large});
  as_.Rr(x::kIdMov, Width::k64, alloc.temp, src);
  as_.Rr(x::kIdMov, Width::k32, kScratch, src);
  as_.Ri(x::kIdShr, Width::k64, alloc.temp, 1);
  as_.Ri(x::kIdAnd, Width::k32, kScratch, 1);
  as_.Rr(x::kIdOr, Width::k64, alloc.temp, kScratch);
  as_.Xr(id, Width::k64, alloc.dst, alloc.temp);
  as_.Xx(single ? x::kIdAddss : x::kIdAddsd, alloc.dst, alloc.dst);
  Label({done});
}

void Emitter::FloatBound(bool is_double, uint64_t bits_double,
                         uint64_t bits_single) {
  as_.MovImm64(kScratch, is_double ? bits_double : bits_single);
  if (is_double) {
    as_.Xr(x::kIdMovq, Width::k64, kScratchXmm, kScratch);
  } else {
    as_.Xr(x::kIdMovd, Width::k32, kScratchXmm, kScratch);
  }
}

// What fits into 32 bits is what 64 bits have of it.
void Emitter::TruncateTo32(InstId i, bool from_double, bool is_signed) {
  const Alloc& alloc = alloc_.insts[i];
  const uint8_t src = alloc.src[0], dst = alloc.dst;
  as_.Xx(from_double ? x::kIdUcomisd : x::kIdUcomiss, src, src);
  TrapIf(Cc::kP, i, TrapCode::kInvalidConversion);
  as_.Rx(from_double ? x::kIdCvttsd2si : x::kIdCvttss2si, Width::k64, kScratch,
         src);
  if (is_signed) {
    as_.Extend32(dst, kScratch);
  } else {
    as_.Rr(x::kIdMov, Width::k32, dst, kScratch);
  }
  as_.Rr(x::kIdCmp, Width::k64, dst, kScratch);
  TrapIf(Cc::kNe, i, TrapCode::kIntegerOverflow);
  if (is_signed) as_.Rr(x::kIdMov, Width::k32, dst, kScratch);
}

// The machine gives -2^63 for what does not fit, and for -2^63 itself, which
// alone is equal to what comes back.
void Emitter::TruncateTo64(InstId i, bool from_double) {
  const Alloc& alloc = alloc_.insts[i];
  const uint8_t src = alloc.src[0], dst = alloc.dst;
  as_.Rx(from_double ? x::kIdCvttsd2si : x::kIdCvttss2si, Width::k64, dst, src);
  as_.Ri(x::kIdCmp, Width::k64, dst, 1);
  const uint32_t fits = as_.JccShort(Cc::kNo);
  as_.Xr(from_double ? x::kIdCvtsi2sd : x::kIdCvtsi2ss, Width::k64, kScratchXmm,
         dst);
  as_.Xx(from_double ? x::kIdUcomisd : x::kIdUcomiss, src, kScratchXmm);
  TrapIf(Cc::kP, i, TrapCode::kInvalidConversion);
  TrapIf(Cc::kNe, i, TrapCode::kIntegerOverflow);
  Label({fits});
}

// NaN first, then the lower bound, then the upper one; only numbers inside
// reach the conversion. A saturating truncation gives 0 and the bounds.
void Emitter::Truncate(InstId i, bool from_double, bool to_64, bool is_signed,
                       bool saturate) {
  if (!to_64 && !saturate) return TruncateTo32(i, from_double, is_signed);
  if (is_signed && !saturate) return TruncateTo64(i, from_double);
  const Alloc& alloc = alloc_.insts[i];
  const uint8_t src = alloc.src[0], dst = alloc.dst;
  const X86 compare = from_double ? x::kIdUcomisd : x::kIdUcomiss;
  uint32_t nan = 0, low = 0, high = 0;
  as_.Xx(compare, src, src);
  if (saturate) {
    as_.MovImm64(dst, 0);
    nan = as_.Jcc(Cc::kP);
  } else {
    TrapIf(Cc::kP, i, TrapCode::kInvalidConversion);
  }
  // The lower bound itself is inside only where it is a float exactly.
  const bool strict = !is_signed || (from_double && !to_64);
  if (!is_signed) {
    FloatBound(from_double, kDoubleMinus1, kSingleMinus1);
  } else if (to_64) {
    FloatBound(from_double, kDoubleMinus2p63, kSingleMinus2p63);
  } else {
    FloatBound(from_double, kDoubleMinus2p31Less1, kSingleMinus2p31);
  }
  as_.Xx(compare, src, kScratchXmm);
  const Cc below = strict ? Cc::kBe : Cc::kB;
  if (saturate) {
    if (is_signed) {
      as_.MovImm64(dst, to_64 ? uint64_t{1} << 63 : uint64_t{1} << 31);
    }
    low = as_.Jcc(below);
  } else {
    TrapIf(below, i, TrapCode::kIntegerOverflow);
  }
  if (is_signed) {
    FloatBound(from_double, to_64 ? kDouble2p63 : kDouble2p31,
               to_64 ? kSingle2p63 : kSingle2p31);
  } else {
    FloatBound(from_double, to_64 ? kDouble2p64 : kDouble2p32,
               to_64 ? kSingle2p64 : kSingle2p32);
  }
  as_.Xx(compare, src, kScratchXmm);
  if (saturate) {
    uint64_t top = to_64 ? ~uint64_t{0} : 0xFFFFFFFFu;
    if (is_signed) top >>= 1;
    as_.MovImm64(dst, top);
    high = as_.Jcc(Cc::kAe);
  } else {
    TrapLikeLast(Cc::kAe);
  }
  TruncateValue(dst, src, from_double, to_64, is_signed);
  if (!saturate) return;
  for (uint32_t at : {nan, low, high}) as_.Patch32(at, as_.offset());
  // dst holds a bound of its own width on each of these paths.
  uint32_t zero_upper = as_.zero_upper() & ~(1u << dst);
  if (!to_64) zero_upper |= 1u << dst;
  InsideSegment(zero_upper);
}

// Truncates a number known to be in range.
void Emitter::TruncateValue(uint8_t dst, uint8_t src, bool from_double,
                            bool to_64, bool is_signed) {
  const X86 id = from_double ? x::kIdCvttsd2si : x::kIdCvttss2si;
  if (is_signed) {
    as_.Rx(id, to_64 ? Width::k64 : Width::k32, dst, src);
    return;
  }
  if (!to_64) {
    as_.Rx(id, Width::k64, dst, src);
    as_.Rr(x::kIdMov, Width::k32, dst, dst);
    return;
  }
  // 2^63 and more: subtract 2^63 first and set the top bit afterwards.
  FloatBound(from_double, kDouble2p63, kSingle2p63);
  as_.Xx(from_double ? x::kIdUcomisd : x::kIdUcomiss, src, kScratchXmm);
  const uint32_t large = as_.JccShort(Cc::kAe);
  as_.Rx(id, Width::k64, dst, src);
  const uint32_t done = as_.JmpShort();
  Label({large});
  // xmm15 = -(2^63 - src), exact since both are multiples of its last place.
  as_.Xx(from_double ? x::kIdSubsd : x::kIdSubss, kScratchXmm, src);
  as_.Rx(id, Width::k64, dst, kScratchXmm);
  as_.R(x::kIdNeg, Width::k64, dst);
  as_.MovImm64(kScratch, uint64_t{1} << 63);
  as_.Rr(x::kIdXor, Width::k64, dst, kScratch);
  Label({done});
}

// "Less" is tested as "greater" with exchanged operands, since only "above"
// is false for unordered operands.
Test Emitter::CompareFloats(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const bool single = inst.op <= W(Op::kF32Ge);
  const X86 id = single ? x::kIdUcomiss : x::kIdUcomisd;
  const uint32_t index = inst.op - W(single ? Op::kF32Eq : Op::kF64Eq);
  const uint8_t a = alloc.src[0], b = alloc.src[1];
  switch (index) {
    case 0:
      as_.Xx(id, a, b);
      return Test{Test::Kind::kFloatEqual, Cc::kE};
    case 1:
      as_.Xx(id, a, b);
      return Test{Test::Kind::kFloatNotEqual, Cc::kNe};
    case 2:
      as_.Xx(id, b, a);
      return Test{Test::Kind::kPlain, Cc::kA};
    case 3:
      as_.Xx(id, a, b);
      return Test{Test::Kind::kPlain, Cc::kA};
    case 4:
      as_.Xx(id, b, a);
      return Test{Test::Kind::kPlain, Cc::kAe};
    default:
      as_.Xx(id, a, b);
      return Test{Test::Kind::kPlain, Cc::kAe};
  }
}

}  // namespace ingot::compiler
