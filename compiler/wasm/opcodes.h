#ifndef COMPILER_WASM_OPCODES_H_
#define COMPILER_WASM_OPCODES_H_

#include <array>
#include <cstdint>

// The instruction set as tables, all made from compiler/wasm/opcodes.def.
//
// An Op is the instruction's byte, or 0x100 + n for the n-th instruction behind
// the prefix 0xFC. OpIndex numbers the instructions densely in the order of
// the rows: price tables and the like are arrays of kOpCount elements.

namespace ingot::wasm {

enum class Op : uint16_t {
#define INGOT_OPCODE(name, prefix, byte, text, immediate, signature, flags) \
  name = ((prefix) == 0xFC ? 0x100 : 0) + (byte),
#include "compiler/wasm/opcodes.def"
#undef INGOT_OPCODE
};

// What follows the opcode (core specification, 5.4).
enum class ImmediateKind : uint8_t {
  kNone,
  kBlock,         // block type
  kLabel,         // label
  kLabelTable,    // vector of labels and the default label
  kFunction,      // function index
  kTypeTable,     // type index, table index
  kSelectType,    // vector of one value type
  kLocal,         // local index
  kGlobal,        // global index
  kTable,         // table index
  kMemArg,        // alignment, offset
  kMemory,        // a zero byte
  kMemoryMemory,  // two zero bytes
  kDataMemory,    // data segment index, a zero byte
  kData,          // data segment index
  kElementTable,  // element segment index, table index
  kElement,       // element segment index
  kTableTable,    // destination table index, source table index
  kI32,           // signed LEB128
  kI64,
  kF32,           // 4 bytes
  kF64,           // 8 bytes
  kRefType,       // reference type
};

enum OpFlag : uint8_t {
  kTraps = 1,           // may trap by itself
  kCanonicalises = 2,   // its NaN results are the canonical NaN
  kCalls = 4,           // calls a wasm or host function
  kCallsRuntime = 8,    // is done by the runtime
};

struct OpInfo {
  Op op;
  const char* text;
  const char* signature;  // operands:results; "*" depends on context
  ImmediateKind immediate;
  uint8_t flags;
};

inline constexpr OpInfo kOpInfo[] = {
#define INGOT_OPCODE(name, prefix, byte, text, immediate, signature, flags) \
  {Op::name, text, signature, ImmediateKind::k##immediate, flags},
#include "compiler/wasm/opcodes.def"
#undef INGOT_OPCODE
};

inline constexpr uint32_t kOpCount = sizeof(kOpInfo) / sizeof(kOpInfo[0]);

// Numbers that may follow 0xFC in this table are below this one.
inline constexpr uint32_t kPrefixedOps = 32;
inline constexpr uint32_t kOpValues = 0x100 + kPrefixedOps;
inline constexpr uint8_t kNoOp = 0xFF;

namespace opcodes_internal {

constexpr std::array<uint8_t, kOpValues> MakeIndex() {
  std::array<uint8_t, kOpValues> index{};
  for (uint8_t& entry : index) entry = kNoOp;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    index[static_cast<uint32_t>(kOpInfo[i].op)] = static_cast<uint8_t>(i);
  }
  return index;
}

}  // namespace opcodes_internal

// From an Op's value to its dense index; kNoOp where nothing is defined.
inline constexpr std::array<uint8_t, kOpValues> kOpIndex =
    opcodes_internal::MakeIndex();

constexpr uint32_t OpIndex(Op op) {
  return kOpIndex[static_cast<uint32_t>(op)];
}
constexpr const OpInfo& InfoOf(Op op) { return kOpInfo[OpIndex(op)]; }
constexpr const char* OpText(Op op) { return InfoOf(op).text; }
constexpr bool HasFlag(Op op, OpFlag flag) {
  return (InfoOf(op).flags & flag) != 0;
}

// `block`, `loop`, `else` and `end` mark structure: they are passed, never
// executed, and have no price.
constexpr bool IsStructure(Op op) {
  return op == Op::kBlock || op == Op::kLoop || op == Op::kElse ||
         op == Op::kEnd;
}

// Log2 of the bytes that a load or store accesses: the largest alignment that
// it may state.
constexpr uint32_t AccessLog2(Op op) {
  switch (op) {
    case Op::kI32Load8S:
    case Op::kI32Load8U:
    case Op::kI64Load8S:
    case Op::kI64Load8U:
    case Op::kI32Store8:
    case Op::kI64Store8:
      return 0;
    case Op::kI32Load16S:
    case Op::kI32Load16U:
    case Op::kI64Load16S:
    case Op::kI64Load16U:
    case Op::kI32Store16:
    case Op::kI64Store16:
      return 1;
    case Op::kI64Load:
    case Op::kF64Load:
    case Op::kI64Store:
    case Op::kF64Store:
      return 3;
    default:
      return 2;
  }
}

// The table holds each byte once, says nothing of undefined ones, and its
// numbers are those of the specification.
namespace opcodes_internal {

constexpr uint32_t Defined(uint32_t first, uint32_t last) {
  uint32_t count = 0;
  for (uint32_t value = first; value <= last; ++value) {
    if (kOpIndex[value] != kNoOp) ++count;
  }
  return count;
}

}  // namespace opcodes_internal

static_assert(kOpCount < kNoOp);
static_assert(opcodes_internal::Defined(0, kOpValues - 1) == kOpCount,
              "a value occurs twice");
static_assert(opcodes_internal::Defined(0x00, 0x05) == 6);
static_assert(opcodes_internal::Defined(0x06, 0x0A) == 0);
static_assert(opcodes_internal::Defined(0x0B, 0x13) == 9);
static_assert(opcodes_internal::Defined(0x14, 0x19) == 0);
static_assert(opcodes_internal::Defined(0x1A, 0x1C) == 3);
static_assert(opcodes_internal::Defined(0x1D, 0x1F) == 0);
static_assert(opcodes_internal::Defined(0x20, 0x26) == 7);
static_assert(opcodes_internal::Defined(0x27, 0x27) == 0);
static_assert(opcodes_internal::Defined(0x28, 0xC4) == 0xC4 - 0x28 + 1);
static_assert(opcodes_internal::Defined(0xC5, 0xCF) == 0);
static_assert(opcodes_internal::Defined(0xD0, 0xD2) == 3);
static_assert(opcodes_internal::Defined(0xD3, 0xFF) == 0);
static_assert(opcodes_internal::Defined(0x100, 0x111) == 18);
static_assert(opcodes_internal::Defined(0x112, kOpValues - 1) == 0);
static_assert(static_cast<uint32_t>(Op::kI32Add) == 0x6A);
static_assert(static_cast<uint32_t>(Op::kF64Copysign) == 0xA6);
static_assert(static_cast<uint32_t>(Op::kI64Extend32S) == 0xC4);
static_assert(static_cast<uint32_t>(Op::kTableFill) == 0x111);

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_OPCODES_H_
