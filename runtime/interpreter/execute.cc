#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "compiler/base/check.h"
#include "runtime/interpreter/numeric.h"
#include "runtime/interpreter/run.h"

// The instructions one by one (core specification 2.0, 4.4). Operands are
// 64-bit slots; Get and Put say which part of a slot a type uses.
//
// The loop keeps the innermost activation in local variables. `leave` writes
// them back before anything else looks at the run (a call, a trap, a bulk
// instruction), `enter` reads them again. Both are inlined always: their
// references would otherwise keep the variables out of registers.

namespace ingot::runtime::interpreter {
namespace {

using wasm::Op;

// How long a run goes on at most when it was told to stop.
constexpr uint64_t kGasBetweenLooks = 4096;

template <typename T>
T Get(uint64_t slot) {
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(static_cast<uint32_t>(slot));
  } else {
    return std::bit_cast<T>(slot);
  }
}

template <typename T>
uint64_t Put(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? 1 : 0;
  } else if constexpr (sizeof(T) == 4) {
    return std::bit_cast<uint32_t>(value);
  } else {
    return std::bit_cast<uint64_t>(value);
  }
}

// 4.4.1 t.unop, t.testop, cvtop: T -> F(T).
template <typename T, typename F>
void Unary(uint64_t* sp, F f) {
  sp[-1] = Put(f(Get<T>(sp[-1])));
}

// 4.4.1 t.binop, t.relop: T T -> F(T, T).
template <typename T, typename F>
void Binary(uint64_t*& sp, F f) {
  --sp;
  sp[-1] = Put(f(Get<T>(sp[-1]), Get<T>(sp[0])));
}

// Partial operators: they leave the stack as it is when they trap.
template <typename T, typename F>
TrapCode PartialBinary(uint64_t*& sp, F f) {
  T result = 0;
  const TrapCode trap = f(Get<T>(sp[-2]), Get<T>(sp[-1]), &result);
  if (trap != TrapCode::kNone) return trap;
  --sp;
  sp[-1] = Put(result);
  return trap;
}

template <typename I, typename F>
TrapCode PartialTruncate(uint64_t* sp) {
  I result = 0;
  const TrapCode trap = Truncate<I>(Get<F>(sp[-1]), &result);
  if (trap == TrapCode::kNone) sp[-1] = Put(result);
  return trap;
}

// 4.4.7 t.load: the effective address is a 33-bit number.
template <typename M, typename T>
bool Load(uint64_t* sp, uint32_t offset, const uint8_t* memory,
          uint64_t size) {
  const uint64_t address = uint64_t{Get<uint32_t>(sp[-1])} + offset;
  if (address + sizeof(M) > size) return false;
  M value;
  std::memcpy(&value, memory + address, sizeof(M));
  sp[-1] = Put(static_cast<T>(value));
  return true;
}

// 4.4.7 t.store: keeps the low bits.
template <typename M>
bool Store(uint64_t*& sp, uint32_t offset, uint8_t* memory, uint64_t size) {
  const uint64_t address = uint64_t{Get<uint32_t>(sp[-2])} + offset;
  if (address + sizeof(M) > size) return false;
  const M value = static_cast<M>(sp[-1]);
  std::memcpy(memory + address, &value, sizeof(M));
  sp -= 2;
  return true;
}
static_assert(std::endian::native == std::endian::little);

// 4.4.8 "br l": unwinds the operand stack to the label.
inline uint32_t Jump(const BranchTarget& target, uint64_t* operands,
                     uint64_t*& sp) {
  uint64_t* to = operands + target.height;
  const uint64_t* from = sp - target.keep;
  if (to != from) std::memmove(to, from, 8 * uint64_t{target.keep});
  sp = to + target.keep;
  return target.pc;
}

}  // namespace

#define INGOT_INLINE __attribute__((always_inline))

bool Run::Execute() {
  ModuleInstance* instance;
  const Instruction* code;
  const BranchTarget* targets;
  uint64_t* locals;
  uint64_t* operands;
  uint64_t* sp;
  uint8_t* memory;
  uint64_t memory_size;
  uint32_t pc;
  uint64_t used;
  const uint64_t limit = gas_limit_;
  uint64_t look = 0;  // when to look at the limit, at the latest there

  const auto enter = [&]() INGOT_INLINE {
    const Activation& frame = frames_.back();
    instance = frame.function->module;
    code = frame.code->instructions.data();
    targets = frame.code->targets.data();
    locals = stack_.data() + frame.locals;
    operands = locals + frame.code->locals;
    sp = sp_;
    pc = frame.pc;
    used = gas_used_;
    const MemoryInstance* mem = instance->memory;
    memory = mem == nullptr ? nullptr : mem->bytes.data();
    memory_size = mem == nullptr ? 0 : mem->bytes.size();
  };
  const auto leave = [&]() INGOT_INLINE {
    frames_.back().pc = pc;
    sp_ = sp;
    gas_used_ = used;
  };
  const auto stop = [&](TrapCode trap) INGOT_INLINE {
    leave();
    return Trap(trap);
  };
// Ends a case: traps unless the access was in bounds, or the operator defined.
#define INGOT_ACCESS(access)                                \
  if (!(access)) return stop(TrapCode::kOutOfBoundsMemory); \
  break
#define INGOT_PARTIAL(operation)                                      \
  if (const TrapCode trap = (operation); trap != TrapCode::kNone) {   \
    return stop(trap);                                                \
  }                                                                   \
  break

  enter();
  for (;; ++pc) {
    const Instruction& in = code[pc];
    used += in.price;
    if (used > look) [[unlikely]] {
      leave();
      if (used > limit) return OutOfGas();
      if (transaction_.cancelled()) return Cancelled();
      look = std::min(limit, used + kGasBetweenLooks);
    }
    switch (in.op) {
      // 4.4.8 Control.
      case Op::kUnreachable:
        return stop(TrapCode::kUnreachable);
      case Op::kNop:
        break;
      case Op::kBlock:
      case Op::kLoop:
        INGOT_CHECK(false);  // left out by PrepareCode
      case Op::kIf:
        if (Get<uint32_t>(*--sp) == 0) {
          pc = Jump(targets[in.a], operands, sp) - 1;
        }
        break;
      case Op::kElse:
      case Op::kBr:
        pc = Jump(targets[in.a], operands, sp) - 1;
        break;
      case Op::kBrIf:
        if (Get<uint32_t>(*--sp) != 0) {
          pc = Jump(targets[in.a], operands, sp) - 1;
        }
        break;
      case Op::kBrTable: {
        const uint32_t index = Get<uint32_t>(*--sp);
        const BranchTarget& target =
            targets[in.a + (index < in.b ? index : in.b)];
        pc = Jump(target, operands, sp) - 1;
        break;
      }
      case Op::kReturn:
      case Op::kEnd:
        leave();
        Return(frames_.back().code->results);
        if (frames_.empty()) return true;
        enter();
        --pc;  // it is that of the next instruction already
        break;
      case Op::kCall:
      case Op::kReturnCall: {
        FunctionInstance& callee = *instance->functions[in.a];
        leave();
        if (!ExecuteCall(callee, in.op == Op::kReturnCall)) return false;
        if (frames_.empty()) return true;
        enter();
        --pc;  // it is that of the next instruction already
        break;
      }
      case Op::kCallIndirect:
      case Op::kReturnCallIndirect: {
        // 4.4.8 "call_indirect x y": bound, null, type.
        const std::vector<uint64_t>& table = instance->tables[in.b]->elements;
        const uint32_t index = Get<uint32_t>(*--sp);
        if (index >= table.size()) return stop(TrapCode::kUndefinedElement);
        if (table[index] == 0) return stop(TrapCode::kUninitializedElement);
        FunctionInstance& callee = store_.FunctionAt(table[index]);
        if (callee.type != instance->types[in.a]) {
          return stop(TrapCode::kIndirectCallMismatch);
        }
        leave();
        if (!ExecuteCall(callee, in.op == Op::kReturnCallIndirect)) {
          return false;
        }
        if (frames_.empty()) return true;
        enter();
        --pc;  // it is that of the next instruction already
        break;
      }

      // 4.4.4 Parametric, 4.4.2 references, 4.4.5 variables.
      case Op::kDrop:
        --sp;
        break;
      case Op::kSelect:
      case Op::kSelectT:
        sp -= 2;
        if (Get<uint32_t>(sp[1]) == 0) sp[-1] = sp[0];
        break;
      case Op::kRefNull:
        *sp++ = 0;
        break;
      case Op::kRefIsNull:
        sp[-1] = Put(sp[-1] == 0);
        break;
      case Op::kRefFunc:
        *sp++ = instance->functions[in.a]->Reference();
        break;
      case Op::kLocalGet:
        *sp++ = locals[in.a];
        break;
      case Op::kLocalSet:
        locals[in.a] = *--sp;
        break;
      case Op::kLocalTee:
        locals[in.a] = sp[-1];
        break;
      case Op::kGlobalGet:
        *sp++ = instance->globals[in.a]->bits;
        break;
      case Op::kGlobalSet:
        instance->globals[in.a]->bits = *--sp;
        break;

      // 4.4.6 Table, 4.4.7 Memory: what works on a whole.
      case Op::kTableGet:
      case Op::kTableSet:
      case Op::kTableInit:
      case Op::kElemDrop:
      case Op::kTableCopy:
      case Op::kTableGrow:
      case Op::kTableSize:
      case Op::kTableFill:
      case Op::kMemoryGrow:
      case Op::kMemoryInit:
      case Op::kDataDrop:
      case Op::kMemoryCopy:
      case Op::kMemoryFill:
        leave();
        if (!ExecuteBulk(in)) return false;
        enter();
        break;
      case Op::kMemorySize:
        *sp++ = memory_size / kPageBytes;
        break;

      // 4.4.7 Memory: loads and stores.
      case Op::kI32Load:
      case Op::kF32Load:
        INGOT_ACCESS((Load<uint32_t, uint32_t>(sp, in.a, memory, memory_size)));
      case Op::kI64Load:
      case Op::kF64Load:
        INGOT_ACCESS((Load<uint64_t, uint64_t>(sp, in.a, memory, memory_size)));
      case Op::kI32Load8S:
        INGOT_ACCESS((Load<int8_t, int32_t>(sp, in.a, memory, memory_size)));
      case Op::kI32Load8U:
        INGOT_ACCESS((Load<uint8_t, uint32_t>(sp, in.a, memory, memory_size)));
      case Op::kI32Load16S:
        INGOT_ACCESS((Load<int16_t, int32_t>(sp, in.a, memory, memory_size)));
      case Op::kI32Load16U:
        INGOT_ACCESS((Load<uint16_t, uint32_t>(sp, in.a, memory, memory_size)));
      case Op::kI64Load8S:
        INGOT_ACCESS((Load<int8_t, int64_t>(sp, in.a, memory, memory_size)));
      case Op::kI64Load8U:
        INGOT_ACCESS((Load<uint8_t, uint64_t>(sp, in.a, memory, memory_size)));
      case Op::kI64Load16S:
        INGOT_ACCESS((Load<int16_t, int64_t>(sp, in.a, memory, memory_size)));
      case Op::kI64Load16U:
        INGOT_ACCESS((Load<uint16_t, uint64_t>(sp, in.a, memory, memory_size)));
      case Op::kI64Load32S:
        INGOT_ACCESS((Load<int32_t, int64_t>(sp, in.a, memory, memory_size)));
      case Op::kI64Load32U:
        INGOT_ACCESS((Load<uint32_t, uint64_t>(sp, in.a, memory, memory_size)));
      case Op::kI32Store:
      case Op::kF32Store:
      case Op::kI64Store32:
        INGOT_ACCESS(Store<uint32_t>(sp, in.a, memory, memory_size));
      case Op::kI64Store:
      case Op::kF64Store:
        INGOT_ACCESS(Store<uint64_t>(sp, in.a, memory, memory_size));
      case Op::kI32Store8:
      case Op::kI64Store8:
        INGOT_ACCESS(Store<uint8_t>(sp, in.a, memory, memory_size));
      case Op::kI32Store16:
      case Op::kI64Store16:
        INGOT_ACCESS(Store<uint16_t>(sp, in.a, memory, memory_size));

      // 4.4.1 Numeric: constants.
      case Op::kI32Const:
      case Op::kI64Const:
      case Op::kF32Const:
      case Op::kF64Const:
        *sp++ = in.Constant();
        break;

      // i32 comparisons (4.3.2).
      case Op::kI32Eqz:
        Unary<uint32_t>(sp, [](uint32_t a) { return a == 0; });
        break;
      case Op::kI32Eq:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a == b; });
        break;
      case Op::kI32Ne:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a != b; });
        break;
      case Op::kI32LtS:
        Binary<int32_t>(sp, [](int32_t a, int32_t b) { return a < b; });
        break;
      case Op::kI32LtU:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a < b; });
        break;
      case Op::kI32GtS:
        Binary<int32_t>(sp, [](int32_t a, int32_t b) { return a > b; });
        break;
      case Op::kI32GtU:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a > b; });
        break;
      case Op::kI32LeS:
        Binary<int32_t>(sp, [](int32_t a, int32_t b) { return a <= b; });
        break;
      case Op::kI32LeU:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a <= b; });
        break;
      case Op::kI32GeS:
        Binary<int32_t>(sp, [](int32_t a, int32_t b) { return a >= b; });
        break;
      case Op::kI32GeU:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a >= b; });
        break;

      // i64 comparisons (4.3.2).
      case Op::kI64Eqz:
        Unary<uint64_t>(sp, [](uint64_t a) { return a == 0; });
        break;
      case Op::kI64Eq:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a == b; });
        break;
      case Op::kI64Ne:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a != b; });
        break;
      case Op::kI64LtS:
        Binary<int64_t>(sp, [](int64_t a, int64_t b) { return a < b; });
        break;
      case Op::kI64LtU:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a < b; });
        break;
      case Op::kI64GtS:
        Binary<int64_t>(sp, [](int64_t a, int64_t b) { return a > b; });
        break;
      case Op::kI64GtU:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a > b; });
        break;
      case Op::kI64LeS:
        Binary<int64_t>(sp, [](int64_t a, int64_t b) { return a <= b; });
        break;
      case Op::kI64LeU:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a <= b; });
        break;
      case Op::kI64GeS:
        Binary<int64_t>(sp, [](int64_t a, int64_t b) { return a >= b; });
        break;
      case Op::kI64GeU:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a >= b; });
        break;

      // f32 comparisons (4.3.3).
      case Op::kF32Eq:
        Binary<float>(sp, [](float a, float b) { return a == b; });
        break;
      case Op::kF32Ne:
        Binary<float>(sp, [](float a, float b) { return a != b; });
        break;
      case Op::kF32Lt:
        Binary<float>(sp, [](float a, float b) { return a < b; });
        break;
      case Op::kF32Gt:
        Binary<float>(sp, [](float a, float b) { return a > b; });
        break;
      case Op::kF32Le:
        Binary<float>(sp, [](float a, float b) { return a <= b; });
        break;
      case Op::kF32Ge:
        Binary<float>(sp, [](float a, float b) { return a >= b; });
        break;

      // f64 comparisons (4.3.3).
      case Op::kF64Eq:
        Binary<double>(sp, [](double a, double b) { return a == b; });
        break;
      case Op::kF64Ne:
        Binary<double>(sp, [](double a, double b) { return a != b; });
        break;
      case Op::kF64Lt:
        Binary<double>(sp, [](double a, double b) { return a < b; });
        break;
      case Op::kF64Gt:
        Binary<double>(sp, [](double a, double b) { return a > b; });
        break;
      case Op::kF64Le:
        Binary<double>(sp, [](double a, double b) { return a <= b; });
        break;
      case Op::kF64Ge:
        Binary<double>(sp, [](double a, double b) { return a >= b; });
        break;

      // i32 arithmetic (4.3.2).
      case Op::kI32Clz:
        Unary<uint32_t>(sp, LeadingZeros<uint32_t>);
        break;
      case Op::kI32Ctz:
        Unary<uint32_t>(sp, TrailingZeros<uint32_t>);
        break;
      case Op::kI32Popcnt:
        Unary<uint32_t>(sp, Ones<uint32_t>);
        break;
      case Op::kI32Add:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a + b; });
        break;
      case Op::kI32Sub:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a - b; });
        break;
      case Op::kI32Mul:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a * b; });
        break;
      case Op::kI32DivS:
        INGOT_PARTIAL(PartialBinary<int32_t>(sp, Divide<int32_t>));
      case Op::kI32DivU:
        INGOT_PARTIAL(PartialBinary<uint32_t>(sp, Divide<uint32_t>));
      case Op::kI32RemS:
        INGOT_PARTIAL(PartialBinary<int32_t>(sp, Remainder<int32_t>));
      case Op::kI32RemU:
        INGOT_PARTIAL(PartialBinary<uint32_t>(sp, Remainder<uint32_t>));
      case Op::kI32And:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a & b; });
        break;
      case Op::kI32Or:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a | b; });
        break;
      case Op::kI32Xor:
        Binary<uint32_t>(sp, [](uint32_t a, uint32_t b) { return a ^ b; });
        break;
      case Op::kI32Shl:
        Binary<uint32_t>(sp, ShiftLeft<uint32_t>);
        break;
      case Op::kI32ShrS:
        Binary<int32_t>(sp, ShiftRight<int32_t>);
        break;
      case Op::kI32ShrU:
        Binary<uint32_t>(sp, ShiftRight<uint32_t>);
        break;
      case Op::kI32Rotl:
        Binary<uint32_t>(sp, RotateLeft<uint32_t>);
        break;
      case Op::kI32Rotr:
        Binary<uint32_t>(sp, RotateRight<uint32_t>);
        break;
      case Op::kI32Extend8S:
        Unary<int32_t>(sp, ExtendFrom<int32_t, int8_t>);
        break;
      case Op::kI32Extend16S:
        Unary<int32_t>(sp, ExtendFrom<int32_t, int16_t>);
        break;

      // i64 arithmetic (4.3.2).
      case Op::kI64Clz:
        Unary<uint64_t>(sp, LeadingZeros<uint64_t>);
        break;
      case Op::kI64Ctz:
        Unary<uint64_t>(sp, TrailingZeros<uint64_t>);
        break;
      case Op::kI64Popcnt:
        Unary<uint64_t>(sp, Ones<uint64_t>);
        break;
      case Op::kI64Add:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a + b; });
        break;
      case Op::kI64Sub:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a - b; });
        break;
      case Op::kI64Mul:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a * b; });
        break;
      case Op::kI64DivS:
        INGOT_PARTIAL(PartialBinary<int64_t>(sp, Divide<int64_t>));
      case Op::kI64DivU:
        INGOT_PARTIAL(PartialBinary<uint64_t>(sp, Divide<uint64_t>));
      case Op::kI64RemS:
        INGOT_PARTIAL(PartialBinary<int64_t>(sp, Remainder<int64_t>));
      case Op::kI64RemU:
        INGOT_PARTIAL(PartialBinary<uint64_t>(sp, Remainder<uint64_t>));
      case Op::kI64And:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a & b; });
        break;
      case Op::kI64Or:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a | b; });
        break;
      case Op::kI64Xor:
        Binary<uint64_t>(sp, [](uint64_t a, uint64_t b) { return a ^ b; });
        break;
      case Op::kI64Shl:
        Binary<uint64_t>(sp, ShiftLeft<uint64_t>);
        break;
      case Op::kI64ShrS:
        Binary<int64_t>(sp, ShiftRight<int64_t>);
        break;
      case Op::kI64ShrU:
        Binary<uint64_t>(sp, ShiftRight<uint64_t>);
        break;
      case Op::kI64Rotl:
        Binary<uint64_t>(sp, RotateLeft<uint64_t>);
        break;
      case Op::kI64Rotr:
        Binary<uint64_t>(sp, RotateRight<uint64_t>);
        break;
      case Op::kI64Extend8S:
        Unary<int64_t>(sp, ExtendFrom<int64_t, int8_t>);
        break;
      case Op::kI64Extend16S:
        Unary<int64_t>(sp, ExtendFrom<int64_t, int16_t>);
        break;
      case Op::kI64Extend32S:
        Unary<int64_t>(sp, ExtendFrom<int64_t, int32_t>);
        break;

      // f32 arithmetic (4.3.3); abs, neg, copysign move bits.
      case Op::kF32Abs:
        Unary<uint32_t>(sp, Absolute<uint32_t>);
        break;
      case Op::kF32Neg:
        Unary<uint32_t>(sp, Negate<uint32_t>);
        break;
      case Op::kF32Ceil:
        Unary<float>(sp, [](float a) { return Canonical(std::ceil(a)); });
        break;
      case Op::kF32Floor:
        Unary<float>(sp, [](float a) { return Canonical(std::floor(a)); });
        break;
      case Op::kF32Trunc:
        Unary<float>(sp, [](float a) { return Canonical(std::trunc(a)); });
        break;
      case Op::kF32Nearest:
        Unary<float>(sp, Nearest<float>);
        break;
      case Op::kF32Sqrt:
        Unary<float>(sp, [](float a) { return Canonical(std::sqrt(a)); });
        break;
      case Op::kF32Add:
        Binary<float>(sp, [](float a, float b) { return Canonical(a + b); });
        break;
      case Op::kF32Sub:
        Binary<float>(sp, [](float a, float b) { return Canonical(a - b); });
        break;
      case Op::kF32Mul:
        Binary<float>(sp, [](float a, float b) { return Canonical(a * b); });
        break;
      case Op::kF32Div:
        Binary<float>(sp, [](float a, float b) { return Canonical(a / b); });
        break;
      case Op::kF32Min:
        Binary<float>(sp, Minimum<float>);
        break;
      case Op::kF32Max:
        Binary<float>(sp, Maximum<float>);
        break;
      case Op::kF32Copysign:
        Binary<uint32_t>(sp, CopySign<uint32_t>);
        break;

      // f64 arithmetic (4.3.3); abs, neg, copysign move bits.
      case Op::kF64Abs:
        Unary<uint64_t>(sp, Absolute<uint64_t>);
        break;
      case Op::kF64Neg:
        Unary<uint64_t>(sp, Negate<uint64_t>);
        break;
      case Op::kF64Ceil:
        Unary<double>(sp, [](double a) { return Canonical(std::ceil(a)); });
        break;
      case Op::kF64Floor:
        Unary<double>(sp, [](double a) { return Canonical(std::floor(a)); });
        break;
      case Op::kF64Trunc:
        Unary<double>(sp, [](double a) { return Canonical(std::trunc(a)); });
        break;
      case Op::kF64Nearest:
        Unary<double>(sp, Nearest<double>);
        break;
      case Op::kF64Sqrt:
        Unary<double>(sp, [](double a) { return Canonical(std::sqrt(a)); });
        break;
      case Op::kF64Add:
        Binary<double>(sp, [](double a, double b) { return Canonical(a + b); });
        break;
      case Op::kF64Sub:
        Binary<double>(sp, [](double a, double b) { return Canonical(a - b); });
        break;
      case Op::kF64Mul:
        Binary<double>(sp, [](double a, double b) { return Canonical(a * b); });
        break;
      case Op::kF64Div:
        Binary<double>(sp, [](double a, double b) { return Canonical(a / b); });
        break;
      case Op::kF64Min:
        Binary<double>(sp, Minimum<double>);
        break;
      case Op::kF64Max:
        Binary<double>(sp, Maximum<double>);
        break;
      case Op::kF64Copysign:
        Binary<uint64_t>(sp, CopySign<uint64_t>);
        break;

      // Conversions (4.3.4).
      case Op::kI32WrapI64:
        Unary<uint64_t>(sp, [](uint64_t a) { return uint32_t(a); });
        break;
      case Op::kI64ExtendI32S:
        Unary<int32_t>(sp, [](int32_t a) { return int64_t{a}; });
        break;
      case Op::kI64ExtendI32U:
        Unary<uint32_t>(sp, [](uint32_t a) { return uint64_t{a}; });
        break;
      case Op::kI32TruncF32S:
        INGOT_PARTIAL((PartialTruncate<int32_t, float>(sp)));
      case Op::kI32TruncF32U:
        INGOT_PARTIAL((PartialTruncate<uint32_t, float>(sp)));
      case Op::kI32TruncF64S:
        INGOT_PARTIAL((PartialTruncate<int32_t, double>(sp)));
      case Op::kI32TruncF64U:
        INGOT_PARTIAL((PartialTruncate<uint32_t, double>(sp)));
      case Op::kI64TruncF32S:
        INGOT_PARTIAL((PartialTruncate<int64_t, float>(sp)));
      case Op::kI64TruncF32U:
        INGOT_PARTIAL((PartialTruncate<uint64_t, float>(sp)));
      case Op::kI64TruncF64S:
        INGOT_PARTIAL((PartialTruncate<int64_t, double>(sp)));
      case Op::kI64TruncF64U:
        INGOT_PARTIAL((PartialTruncate<uint64_t, double>(sp)));
      case Op::kI32TruncSatF32S:
        Unary<float>(sp, TruncateSaturating<int32_t, float>);
        break;
      case Op::kI32TruncSatF32U:
        Unary<float>(sp, TruncateSaturating<uint32_t, float>);
        break;
      case Op::kI32TruncSatF64S:
        Unary<double>(sp, TruncateSaturating<int32_t, double>);
        break;
      case Op::kI32TruncSatF64U:
        Unary<double>(sp, TruncateSaturating<uint32_t, double>);
        break;
      case Op::kI64TruncSatF32S:
        Unary<float>(sp, TruncateSaturating<int64_t, float>);
        break;
      case Op::kI64TruncSatF32U:
        Unary<float>(sp, TruncateSaturating<uint64_t, float>);
        break;
      case Op::kI64TruncSatF64S:
        Unary<double>(sp, TruncateSaturating<int64_t, double>);
        break;
      case Op::kI64TruncSatF64U:
        Unary<double>(sp, TruncateSaturating<uint64_t, double>);
        break;
      case Op::kF32ConvertI32S:
        Unary<int32_t>(sp, [](int32_t a) { return static_cast<float>(a); });
        break;
      case Op::kF32ConvertI32U:
        Unary<uint32_t>(sp, [](uint32_t a) { return static_cast<float>(a); });
        break;
      case Op::kF32ConvertI64S:
        Unary<int64_t>(sp, [](int64_t a) { return static_cast<float>(a); });
        break;
      case Op::kF32ConvertI64U:
        Unary<uint64_t>(sp, [](uint64_t a) { return static_cast<float>(a); });
        break;
      case Op::kF64ConvertI32S:
        Unary<int32_t>(sp, [](int32_t a) { return static_cast<double>(a); });
        break;
      case Op::kF64ConvertI32U:
        Unary<uint32_t>(sp, [](uint32_t a) { return static_cast<double>(a); });
        break;
      case Op::kF64ConvertI64S:
        Unary<int64_t>(sp, [](int64_t a) { return static_cast<double>(a); });
        break;
      case Op::kF64ConvertI64U:
        Unary<uint64_t>(sp, [](uint64_t a) { return static_cast<double>(a); });
        break;
      case Op::kF32DemoteF64:
        Unary<double>(sp, [](double a) { return Canonical(float(a)); });
        break;
      case Op::kF64PromoteF32:
        Unary<float>(sp, [](float a) { return Canonical(double{a}); });
        break;
      case Op::kI32ReinterpretF32:
      case Op::kI64ReinterpretF64:
      case Op::kF32ReinterpretI32:
      case Op::kF64ReinterpretI64:
        break;  // a slot holds bits
    }
  }
#undef INGOT_ACCESS
#undef INGOT_PARTIAL
#undef INGOT_INLINE
}

}  // namespace ingot::runtime::interpreter
