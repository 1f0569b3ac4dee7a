#include "compiler/opt/simplify.h"

#include <bit>
#include <utility>

// The rules by kind of instruction. Each step returns either what it found or
// nothing; Simplify repeats the steps while they find something, at most
// kMostSteps times.

namespace ingot::compiler {

using wasm::Op;

namespace {

constexpr uint32_t kMostSteps = 4;

bool IsIntCompare(IrOp op) {
  return op >= W(Op::kI32Eqz) && op <= W(Op::kI64GeU);
}
bool IsCompareOp(IrOp op) {
  return op >= W(Op::kI32Eqz) && op <= W(Op::kF64Ge);
}

// Always 0 or 1.
bool IsBoolean(IrOp op) {
  return IsCompareOp(op) || op == kTestZero || op == kTestNonzero;
}

bool IsCommutative(IrOp op) {
  switch (static_cast<Op>(op)) {
    case Op::kI32Add: case Op::kI32Mul: case Op::kI32And: case Op::kI32Or:
    case Op::kI32Xor: case Op::kI64Add: case Op::kI64Mul: case Op::kI64And:
    case Op::kI64Or: case Op::kI64Xor: case Op::kI32Eq: case Op::kI32Ne:
    case Op::kI64Eq: case Op::kI64Ne:
      return true;
    default:
      return false;
  }
}

// The comparison with its operands exchanged; 0 if there is none.
IrOp Exchanged(IrOp op) {
  switch (static_cast<Op>(op)) {
    case Op::kI32LtS: return W(Op::kI32GtS);
    case Op::kI32LtU: return W(Op::kI32GtU);
    case Op::kI32GtS: return W(Op::kI32LtS);
    case Op::kI32GtU: return W(Op::kI32LtU);
    case Op::kI32LeS: return W(Op::kI32GeS);
    case Op::kI32LeU: return W(Op::kI32GeU);
    case Op::kI32GeS: return W(Op::kI32LeS);
    case Op::kI32GeU: return W(Op::kI32LeU);
    case Op::kI64LtS: return W(Op::kI64GtS);
    case Op::kI64LtU: return W(Op::kI64GtU);
    case Op::kI64GtS: return W(Op::kI64LtS);
    case Op::kI64GtU: return W(Op::kI64LtU);
    case Op::kI64LeS: return W(Op::kI64GeS);
    case Op::kI64LeU: return W(Op::kI64GeU);
    case Op::kI64GeS: return W(Op::kI64LeS);
    case Op::kI64GeU: return W(Op::kI64LeU);
    default: return 0;
  }
}

// The comparison that holds when this one does not; 0 for eqz.
IrOp Inverted(IrOp op) {
  constexpr Op kPairs32[] = {Op::kI32Ne,  Op::kI32Eq,  Op::kI32GeS,
                             Op::kI32GeU, Op::kI32LeS, Op::kI32LeU,
                             Op::kI32GtS, Op::kI32GtU, Op::kI32LtS,
                             Op::kI32LtU};
  constexpr Op kPairs64[] = {Op::kI64Ne,  Op::kI64Eq,  Op::kI64GeS,
                             Op::kI64GeU, Op::kI64LeS, Op::kI64LeU,
                             Op::kI64GtS, Op::kI64GtU, Op::kI64LtS,
                             Op::kI64LtU};
  if (op >= W(Op::kI32Eq) && op <= W(Op::kI32GeU)) {
    return W(kPairs32[op - W(Op::kI32Eq)]);
  }
  if (op >= W(Op::kI64Eq) && op <= W(Op::kI64GeU)) {
    return W(kPairs64[op - W(Op::kI64Eq)]);
  }
  return 0;
}

struct Number {
  bool known = false;
  uint64_t bits = 0;
};

class Rules {
 public:
  Rules(const Inst* insts, bool v3, ConstantMaker& constants)
      : insts_(insts), v3_(v3), constants_(constants) {}

  Simplified Run(Pure pure) {
    Simplified result{kNoId, pure};
    for (uint32_t step = 0; step < kMostSteps; ++step) {
      if (result.value != kNoId || result.pure.op == kConst) break;
      if (!Step(&result)) break;
    }
    return result;
  }

 private:
  Number NumberOf(InstId id) const {
    if (id == kNoId || insts_[id].op != kConst) return {};
    return {true, uint64_t{insts_[id].b} << 32 | insts_[id].a};
  }

  static bool Become(Simplified* s, InstId value) {
    s->value = value;
    return true;
  }
  static bool Constant(Simplified* s, uint64_t bits) {
    if (s->pure.type == Type::kI32) bits &= 0xFFFFFFFF;
    s->pure = Pure{kConst, s->pure.type, static_cast<uint32_t>(bits),
                   static_cast<uint32_t>(bits >> 32), 0};
    return true;
  }
  static bool Rewrite(Simplified* s, IrOp op, InstId a, InstId b) {
    s->pure.op = op;
    s->pure.a = a;
    s->pure.b = b;
    return true;
  }

  bool Step(Simplified* s) {
    Pure& p = s->pure;
    if (p.op == kTestZero || p.op == kTestNonzero) return Test(s);
    if (p.op >= kIrFirst) return false;
    if (p.op == W(Op::kSelect)) return Select(s);
    const Type operand = insts_[p.a].type;
    if (IsFloat(operand)) return Bits(s);
    if (p.b == kNoId) return One(s);
    const bool is_64 = operand == Type::kI64;
    Number a = NumberOf(p.a), b = NumberOf(p.b);
    if (a.known && b.known) {
      uint64_t bits;
      return Fold(p.op, a.bits, b.bits, &bits) && Constant(s, bits);
    }
    if (a.known) {
      const IrOp exchanged =
          IsCommutative(p.op) ? p.op : Exchanged(p.op);
      if (exchanged != 0) return Rewrite(s, exchanged, p.b, p.a);
      return false;
    }
    if (IsIntCompare(p.op)) return Compare(s, b, is_64);
    if (p.a == p.b && Same(s)) return true;
    if (b.known) return WithConstant(s, b.bits, is_64);
    if (ByteSwap(s)) return true;
    return v3_ && AndNot(s);
  }

  // (x ^ -1) & y
  bool AndNot(Simplified* s) {
    const Pure& p = s->pure;
    if (p.op != W(Op::kI32And) && p.op != W(Op::kI64And)) return false;
    for (const auto& [inverted, other] :
         {std::pair{p.a, p.b}, std::pair{p.b, p.a}}) {
      const Inst& inst = insts_[inverted];
      if (inst.op != (p.type == Type::kI64 ? W(Op::kI64Xor) : W(Op::kI32Xor))) {
        continue;
      }
      const Number ones = NumberOf(inst.b);
      const uint64_t all =
          p.type == Type::kI64 ? ~uint64_t{0} : uint64_t{0xFFFFFFFF};
      if (ones.known && (ones.bits & all) == all) {
        return Rewrite(s, kAndNot, inst.a, other);
      }
    }
    return false;
  }

  // What an `or` of shifted and masked copies of one value has of it, byte by
  // byte: only bytes at the place that they have in the opposite order.
  struct Swapped {
    InstId whole = kNoId;
    uint64_t mask = 0;  // of the result, what is there already
  };

  bool ByteSwap(Simplified* s) {
    const Pure& p = s->pure;
    const bool is_64 = p.op == W(Op::kI64Or);
    if (!is_64 && p.op != W(Op::kI32Or)) return false;
    // Each term brings a byte, and so many may wait: that bounds the walk.
    constexpr uint32_t kMostTerms = 8;
    InstId terms[kMostTerms] = {p.a, p.b};
    uint32_t count = 2;
    Swapped found;
    while (count != 0) {
      const Inst& inst = insts_[terms[--count]];
      if (inst.op != p.op) {
        if (!SwappedTerm(inst, is_64, &found)) return false;
        continue;
      }
      if (count + 2 > kMostTerms) return false;
      terms[count++] = inst.a;
      terms[count++] = inst.b;
    }
    if (found.mask != (is_64 ? ~uint64_t{0} : uint64_t{0xFFFFFFFF})) {
      return false;
    }
    s->pure = Pure{kByteSwap, p.type, found.whole, kNoId, 0};
    return true;
  }

  // x << n, x >> n, rotl(x, n) & m, (x & m) << n and so on.
  bool SwappedTerm(const Inst& term, bool is_64, Swapped* found) const {
    const Inst* shift = &term;
    uint64_t kept = ~uint64_t{0}, taken = ~uint64_t{0};
    if (IsAnd(term)) {
      const Number mask = NumberOf(term.b);
      if (!mask.known) return false;
      kept = mask.bits;
      shift = &insts_[term.a];
    }
    const bool left = shift->op == (is_64 ? W(Op::kI64Shl) : W(Op::kI32Shl));
    const bool right =
        shift->op == (is_64 ? W(Op::kI64ShrU) : W(Op::kI32ShrU));
    const bool round =
        shift->op == (is_64 ? W(Op::kI64Rotl) : W(Op::kI32Rotl));
    if (!left && !right && !round) return false;
    const Number amount = NumberOf(shift->b);
    const uint32_t bytes = is_64 ? 8 : 4;
    const uint32_t bits = static_cast<uint32_t>(amount.bits) & (8 * bytes - 1);
    if (!amount.known || bits % 8 != 0) return false;
    InstId whole = shift->a;
    const Inst& masked = insts_[whole];
    if (whole != found->whole && IsAnd(masked) && NumberOf(masked.b).known) {
      taken = NumberOf(masked.b).bits;
      whole = masked.a;
    }
    if (found->whole != kNoId && found->whole != whole) return false;
    found->whole = whole;
    const uint64_t before = found->mask;
    for (uint32_t to = 0; to < bytes; ++to) {
      uint32_t from = left || round ? to - bits / 8 : to + bits / 8;
      if (round) from &= bytes - 1;
      if (from >= bytes) continue;
      const uint64_t byte =
          kept >> 8 * to & taken >> 8 * from & uint64_t{0xFF};
      if (byte == 0) continue;
      if (byte != 0xFF || from != bytes - 1 - to) return false;
      found->mask |= byte << 8 * to;
    }
    return found->mask != before;
  }

  bool Test(Simplified* s) {
    const Number a = NumberOf(s->pure.a), b = NumberOf(s->pure.b);
    if (a.known && b.known) {
      const bool zero = (a.bits & b.bits) == 0;
      return Constant(s, zero == (s->pure.op == kTestZero) ? 1 : 0);
    }
    return a.known && Rewrite(s, s->pure.op, s->pure.b, s->pure.a);
  }

  bool IsAnd(const Inst& inst) const {
    return inst.op == W(Op::kI32And) || inst.op == W(Op::kI64And);
  }

  bool Select(Simplified* s) {
    Pure& p = s->pure;
    if (p.a == p.b) return Become(s, p.a);
    const Number condition = NumberOf(p.c);
    if (condition.known) {
      return Become(s, (condition.bits & 0xFFFFFFFF) != 0 ? p.a : p.b);
    }
    // select(x, y, !c) is select(y, x, c).
    const Inst& test = insts_[p.c];
    if (test.op == W(Op::kI32Eqz) && !IsBoolean(insts_[test.a].op)) {
      const InstId a = p.a;
      p.a = p.b;
      p.b = a;
      p.c = test.a;
      return true;
    }
    return false;
  }

  // Copies of bits are seen through; nothing else of floats is.
  bool Bits(Simplified* s) {
    const Pure& p = s->pure;
    const Inst& a = insts_[p.a];
    const bool back =
        (p.op == W(Op::kI32ReinterpretF32) &&
         a.op == W(Op::kF32ReinterpretI32)) ||
        (p.op == W(Op::kI64ReinterpretF64) &&
         a.op == W(Op::kF64ReinterpretI64));
    return back && Become(s, a.a);
  }

  bool One(Simplified* s) {
    const Pure& p = s->pure;
    const Inst& a = insts_[p.a];
    const Number number = NumberOf(p.a);
    if (number.known) {
      uint64_t bits;
      return FoldOne(p.op, number.bits, &bits) && Constant(s, bits);
    }
    switch (static_cast<Op>(p.op)) {
      case Op::kI32Eqz: {
        if (IsIntCompare(a.op)) {
          const IrOp inverted = Inverted(a.op);
          if (inverted != 0) return Rewrite(s, inverted, a.a, a.b);
          // !(x == 0)
          const Type type = insts_[a.a].type;
          return Rewrite(s,
                         type == Type::kI64 ? W(Op::kI64Ne) : W(Op::kI32Ne),
                         a.a, constants_.Constant(type, 0));
        }
        if (a.op == kTestZero) return Rewrite(s, kTestNonzero, a.a, a.b);
        if (a.op == kTestNonzero) return Rewrite(s, kTestZero, a.a, a.b);
        return IsAnd(a) && Rewrite(s, kTestZero, a.a, a.b);
      }
      case Op::kI64Eqz:
        return IsAnd(a) && Rewrite(s, kTestZero, a.a, a.b);
      case Op::kI32WrapI64:
        if (a.op == W(Op::kI64ExtendI32S) || a.op == W(Op::kI64ExtendI32U)) {
          return Become(s, a.a);
        }
        return false;
      case Op::kF32ReinterpretI32:
        return a.op == W(Op::kI32ReinterpretF32) && Become(s, a.a);
      case Op::kF64ReinterpretI64:
        return a.op == W(Op::kI64ReinterpretF64) && Become(s, a.a);
      default:
        return false;
    }
  }

  bool Compare(Simplified* s, const Number& b, bool is_64) {
    const Pure& p = s->pure;
    const Op op = static_cast<Op>(p.op);
    if (p.a == p.b) {
      switch (op) {
        case Op::kI32Eq: case Op::kI32LeS: case Op::kI32LeU: case Op::kI32GeS:
        case Op::kI32GeU: case Op::kI64Eq: case Op::kI64LeS: case Op::kI64LeU:
        case Op::kI64GeS: case Op::kI64GeU:
          return Constant(s, 1);
        default:
          return Constant(s, 0);
      }
    }
    if (!b.known || b.bits != 0) return false;
    const IrOp eqz = is_64 ? W(Op::kI64Eqz) : W(Op::kI32Eqz);
    switch (op) {
      case Op::kI32Eq: case Op::kI64Eq:
      case Op::kI32LeU: case Op::kI64LeU:
        return Rewrite(s, eqz, p.a, kNoId);
      case Op::kI32LtU: case Op::kI64LtU:
        return Constant(s, 0);
      case Op::kI32GeU: case Op::kI64GeU:
        return Constant(s, 1);
      case Op::kI32Ne: case Op::kI64Ne: {
        const Inst& a = insts_[p.a];
        if (IsAnd(a)) return Rewrite(s, kTestNonzero, a.a, a.b);
        return op == Op::kI32Ne && IsBoolean(a.op) && Become(s, p.a);
      }
      default:
        return false;
    }
  }

  // Both operands are one value.
  static bool Same(Simplified* s) {
    switch (static_cast<Op>(s->pure.op)) {
      case Op::kI32Sub: case Op::kI64Sub: case Op::kI32Xor: case Op::kI64Xor:
        return Constant(s, 0);
      case Op::kI32And: case Op::kI64And: case Op::kI32Or: case Op::kI64Or:
        return Become(s, s->pure.a);
      default:
        return false;
    }
  }

  bool WithConstant(Simplified* s, uint64_t number, bool is_64) {
    Pure& p = s->pure;
    const Type type = is_64 ? Type::kI64 : Type::kI32;
    const uint64_t mask = is_64 ? ~uint64_t{0} : 0xFFFFFFFF;
    const uint64_t width = is_64 ? 64 : 32;
    const Inst& a = insts_[p.a];
    // The constant operand of an inner instruction of the same kind.
    const Number inner = a.op == p.op ? NumberOf(a.b) : Number{};
    number &= mask;
    switch (static_cast<Op>(p.op)) {
      case Op::kI32Add: case Op::kI64Add:
        if (number == 0) return Become(s, p.a);
        if (inner.known) {
          return Rewrite(s, p.op, a.a, constants_.Constant(
                                           type, (inner.bits + number) & mask));
        }
        return false;
      case Op::kI32Sub: case Op::kI64Sub:
        return Rewrite(s, is_64 ? W(Op::kI64Add) : W(Op::kI32Add), p.a,
                       constants_.Constant(type, (0 - number) & mask));
      case Op::kI32Mul: case Op::kI64Mul:
        if (number == 0) return Constant(s, 0);
        if (number == 1) return Become(s, p.a);
        if (std::has_single_bit(number)) {
          return Rewrite(s, is_64 ? W(Op::kI64Shl) : W(Op::kI32Shl), p.a,
                         constants_.Constant(type, std::countr_zero(number)));
        }
        return false;
      case Op::kI32And: case Op::kI64And:
        if (number == 0) return Constant(s, 0);
        if (number == mask) return Become(s, p.a);
        if (inner.known) {
          return Rewrite(s, p.op, a.a,
                         constants_.Constant(type, inner.bits & number));
        }
        return false;
      case Op::kI32Or: case Op::kI64Or:
        if (number == 0) return Become(s, p.a);
        return number == mask && Constant(s, mask);
      case Op::kI32Xor: case Op::kI64Xor:
        return number == 0 && Become(s, p.a);
      case Op::kI32Shl: case Op::kI64Shl: case Op::kI32ShrS: case Op::kI64ShrS:
      case Op::kI32ShrU: case Op::kI64ShrU: {
        const uint64_t count = number & (width - 1);
        if (count == 0) return Become(s, p.a);
        if (!inner.known) return false;
        const uint64_t sum = count + (inner.bits & (width - 1));
        return sum < width &&
               Rewrite(s, p.op, a.a, constants_.Constant(type, sum));
      }
      case Op::kI32Rotl: case Op::kI64Rotl: case Op::kI32Rotr:
      case Op::kI64Rotr:
        return (number & (width - 1)) == 0 && Become(s, p.a);
      case Op::kI32DivU: case Op::kI64DivU:
        if (!std::has_single_bit(number)) return false;
        return Rewrite(s, is_64 ? W(Op::kI64ShrU) : W(Op::kI32ShrU), p.a,
                       constants_.Constant(type, std::countr_zero(number)));
      case Op::kI32RemU: case Op::kI64RemU:
        if (!std::has_single_bit(number)) return false;
        return Rewrite(s, is_64 ? W(Op::kI64And) : W(Op::kI32And), p.a,
                       constants_.Constant(type, number - 1));
      default:
        return false;
    }
  }

  static bool FoldOne(IrOp op, uint64_t a, uint64_t* out) {
    const uint32_t n = static_cast<uint32_t>(a);
    const auto extend = [](int64_t value) {
      return static_cast<uint64_t>(value);
    };
    switch (static_cast<Op>(op)) {
      case Op::kI32Eqz: *out = n == 0; return true;
      case Op::kI64Eqz: *out = a == 0; return true;
      case Op::kI32Clz:
        *out = static_cast<uint64_t>(std::countl_zero(n));
        return true;
      case Op::kI32Ctz:
        *out = static_cast<uint64_t>(std::countr_zero(n));
        return true;
      case Op::kI32Popcnt:
        *out = static_cast<uint64_t>(std::popcount(n));
        return true;
      case Op::kI64Clz:
        *out = static_cast<uint64_t>(std::countl_zero(a));
        return true;
      case Op::kI64Ctz:
        *out = static_cast<uint64_t>(std::countr_zero(a));
        return true;
      case Op::kI64Popcnt:
        *out = static_cast<uint64_t>(std::popcount(a));
        return true;
      case Op::kI32WrapI64: *out = n; return true;
      case Op::kI64ExtendI32S:
      case Op::kI64Extend32S:
        *out = extend(static_cast<int32_t>(n));
        return true;
      case Op::kI64ExtendI32U: *out = n; return true;
      case Op::kI32Extend8S:
      case Op::kI64Extend8S:
        *out = extend(static_cast<int8_t>(n));
        return true;
      case Op::kI32Extend16S:
      case Op::kI64Extend16S:
        *out = extend(static_cast<int16_t>(n));
        return true;
      default:
        return false;
    }
  }

  // Both known. Divisions stay: they are rare and trap.
  static bool Fold(IrOp op, uint64_t a, uint64_t b, uint64_t* out) {
    const uint32_t m = static_cast<uint32_t>(a), n = static_cast<uint32_t>(b);
    const int32_t sm = static_cast<int32_t>(m), sn = static_cast<int32_t>(n);
    const int64_t sa = static_cast<int64_t>(a), sb = static_cast<int64_t>(b);
    const int k32 = static_cast<int>(n & 31), k64 = static_cast<int>(b & 63);
    switch (static_cast<Op>(op)) {
      case Op::kI32Add: *out = m + n; return true;
      case Op::kI32Sub: *out = m - n; return true;
      case Op::kI32Mul: *out = m * n; return true;
      case Op::kI32And: *out = m & n; return true;
      case Op::kI32Or: *out = m | n; return true;
      case Op::kI32Xor: *out = m ^ n; return true;
      case Op::kI32Shl: *out = m << k32; return true;
      case Op::kI32ShrU: *out = m >> k32; return true;
      case Op::kI32ShrS: *out = static_cast<uint32_t>(sm >> k32); return true;
      case Op::kI32Rotl: *out = std::rotl(m, k32); return true;
      case Op::kI32Rotr: *out = std::rotr(m, k32); return true;
      case Op::kI32Eq: *out = m == n; return true;
      case Op::kI32Ne: *out = m != n; return true;
      case Op::kI32LtS: *out = sm < sn; return true;
      case Op::kI32LtU: *out = m < n; return true;
      case Op::kI32GtS: *out = sm > sn; return true;
      case Op::kI32GtU: *out = m > n; return true;
      case Op::kI32LeS: *out = sm <= sn; return true;
      case Op::kI32LeU: *out = m <= n; return true;
      case Op::kI32GeS: *out = sm >= sn; return true;
      case Op::kI32GeU: *out = m >= n; return true;
      case Op::kI64Add: *out = a + b; return true;
      case Op::kI64Sub: *out = a - b; return true;
      case Op::kI64Mul: *out = a * b; return true;
      case Op::kI64And: *out = a & b; return true;
      case Op::kI64Or: *out = a | b; return true;
      case Op::kI64Xor: *out = a ^ b; return true;
      case Op::kI64Shl: *out = a << k64; return true;
      case Op::kI64ShrU: *out = a >> k64; return true;
      case Op::kI64ShrS: *out = static_cast<uint64_t>(sa >> k64); return true;
      case Op::kI64Rotl: *out = std::rotl(a, k64); return true;
      case Op::kI64Rotr: *out = std::rotr(a, k64); return true;
      case Op::kI64Eq: *out = a == b; return true;
      case Op::kI64Ne: *out = a != b; return true;
      case Op::kI64LtS: *out = sa < sb; return true;
      case Op::kI64LtU: *out = a < b; return true;
      case Op::kI64GtS: *out = sa > sb; return true;
      case Op::kI64GtU: *out = a > b; return true;
      case Op::kI64LeS: *out = sa <= sb; return true;
      case Op::kI64LeU: *out = a <= b; return true;
      case Op::kI64GeS: *out = sa >= sb; return true;
      case Op::kI64GeU: *out = a >= b; return true;
      default: return false;
    }
  }

  const Inst* insts_;
  const bool v3_;
  ConstantMaker& constants_;
};

}  // namespace

Simplified Simplify(const Inst* insts, Pure pure, bool v3,
                    ConstantMaker& constants) {
  return Rules(insts, v3, constants).Run(pure);
}

Simplified SimplifyCondition(const Inst* insts, InstId condition) {
  const Inst* test = &insts[condition];
  if (test->op == W(Op::kI32Ne)) {
    const Inst& zero = insts[test->b];
    if (zero.op == kConst && zero.a == 0) {
      condition = test->a;
      test = &insts[condition];
    }
  }
  if (test->op == W(Op::kI32And)) {
    return {kNoId, {kTestNonzero, Type::kI32, test->a, test->b, 0}};
  }
  return {condition, {}};
}

}  // namespace ingot::compiler
