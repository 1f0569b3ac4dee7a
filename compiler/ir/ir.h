#ifndef COMPILER_IR_IR_H_
#define COMPILER_IR_IR_H_

#include <cstdint>

#include "compiler/abi/traps.h"
#include "compiler/base/arena.h"
#include "compiler/base/check.h"
#include "compiler/wasm/module.h"
#include "compiler/wasm/opcodes.h"

// The intermediate representation of one function: SSA in flat arrays.
//
// An instruction is named by its index, and so is the value that it defines.
// Instructions stand in layout order, blocks are contiguous ranges of them, and
// the blocks of a wasm loop are contiguous too: block order is the order of the
// wasm text. A block begins with its phis; an edge holds one argument per phi
// of its target. Values are I32, I64 (also references), F32 or F64.
//
// Numeric instructions, loads and stores keep their wasm opcode; the others are
// below. Instructions that can trap, store, or call stay in their order.

namespace ingot::compiler {

enum class Type : uint8_t { kNone, kI32, kI64, kF32, kF64 };

constexpr Type TypeOf(wasm::ValType type) {
  switch (type) {
    case wasm::ValType::kI32: return Type::kI32;
    case wasm::ValType::kF32: return Type::kF32;
    case wasm::ValType::kF64: return Type::kF64;
    default: return Type::kI64;
  }
}
constexpr bool IsFloat(Type type) { return type >= Type::kF32; }
constexpr bool Is64(Type type) {
  return type == Type::kI64 || type == Type::kF64;
}

using InstId = uint32_t;   // an instruction, and the value it defines
using BlockId = uint32_t;
using EdgeId = uint32_t;
inline constexpr uint32_t kNoId = 0xFFFFFFFF;

using IrOp = uint16_t;
constexpr IrOp W(wasm::Op op) { return static_cast<IrOp>(op); }

enum : IrOp {
  kIrFirst = 0x200,
  kConst,         // a, b: low and high 32 bits
  kParam,         // a: index of the parameter, c: its place
  kPhi,           // a: its place among the phis of its block; b: the value that
                  // it is, where it is trivial (compiler/opt/trivial_phis.h)
  kResult,        // a: call, b: index among its results, c: its place
  kCall,          // operands in the pool; pool[a] = function
  kCallImport,    // pool[a] = function
  kCallIndirect,  // pool[a] = type, pool[a+1] = table; last argument: index
  kBuiltin,       // pool[a] = builtin, pool[a+1] = result type
  kGlobalGet,     // c: global
  kGlobalSet,     // a: value, c: global
  kMemorySize,
  kRefFunc,       // c: function
  kTestZero,      // i32: (a & b) == 0
  kTestNonzero,   // i32: (a & b) != 0
  kAndNot,        // ~a & b (x86-64-v3)
  kAddScaled,     // a + (b << c)
  kByteSwap,      // the bytes of a in the opposite order
  kAddImmediate,  // a + c, sign-extended
  kLoadSlot,      // c: home slot of a local or operand
  kStoreSlot,     // a: value, c: home slot
  // a: price of what follows up to the next kGas or the end. b: what is paid
  // with it for the blocks that follow. c: module offset of what follows; kNoId
  // in code between blocks, where the last one still holds.
  kGas,
  kJump,          // a: edge
  kBranch,        // a: condition, b: edge if not zero, c: edge if zero
  // a: index, c: entries (the last is the default). pool[b] = distinct edges
  // n, then those n edges, then the entries' places among them.
  kBrTable,
  kReturn,        // a: pool offset of values, b: count
  kTrap,          // c: TrapCode
  // Calls that replace the frame; operands as those of the calls above.
  kTailCall,
  kTailCallImport,
  kTailCallIndirect,
};

constexpr bool IsTailCall(IrOp op) { return op >= kTailCall; }
// A call through a table: the last argument is the index.
constexpr bool IsIndirect(IrOp op) {
  return op == kCallIndirect || op == kTailCallIndirect;
}

// The place of a parameter or result: a register (0-15 general, 16-31 xmm), or
// a stack slot of the calling convention.
inline constexpr uint32_t kOnStack = 0x80000000;

// Flags of an instruction.
enum : uint8_t {
  kFlagLive = 1,       // reached from an effect
  kFlagFused = 2,      // emitted as part of its only user
  kFlagCheck = 4,      // kGas: test the sign
  kFlagCanonical = 8,  // float arithmetic: some use sees the bits
  kFlagChained = 16,   // part of a chain that was put in order
};

struct Inst {
  IrOp op = 0;
  Type type = Type::kNone;
  uint8_t flags = 0;
  uint32_t a = kNoId;
  uint32_t b = kNoId;
  uint32_t c = 0;     // loads and stores: static offset; select: condition
  uint32_t pos = 0;   // module offset of the wasm instruction
  uint32_t gas = 0;   // price owed since the last kGas, this one included
};
static_assert(sizeof(Inst) == 24);

struct Edge {
  BlockId from = kNoId;
  BlockId to = kNoId;
  uint32_t args = 0;        // pool offset: one value per phi of `to`
  EdgeId next_in = kNoId;   // next edge into `to`
};

struct Block {
  InstId first = 0;         // phis first
  InstId end = 0;           // one past its terminator
  uint32_t phis = 0;
  EdgeId first_in = kNoId;  // edges into it
  uint32_t loop = kNoId;    // innermost loop
  // Module offset of what is executed next; kNoId: code between blocks.
  uint32_t pos = kNoId;
  bool is_loop_header = false;
  // In a loop that is unrolled: which round of it this is, from 0. Elsewhere 0.
  uint8_t round = 0;
  bool begins_round = false;  // what a jump back to the header became
  bool leaves_loop = false;     // ends outside of the loop that it is in
  // Where several forward edges meet: the first instruction behind the opening
  // of the label. Every path here passes it.
  InstId opened = 0;
  InstId last_gas = 0;      // its last kGas
  uint32_t ahead = 0;       // gas of it that is paid before it is entered
};

struct Loop {
  BlockId header = 0;
  BlockId end = 0;          // one past its last block
  uint32_t parent = kNoId;
};

// Arrays are sized from what validation counted; the sizes are the used part.
struct Graph {
  Inst* insts = nullptr;
  uint32_t num_insts = 0;
  Block* blocks = nullptr;
  uint32_t num_blocks = 0;
  Edge* edges = nullptr;
  uint32_t num_edges = 0;
  Loop* loops = nullptr;
  uint32_t num_loops = 0;
  uint32_t* pool = nullptr;  // operands of calls, returns, edges, br_tables
  uint32_t num_pool = 0;
  // In slot mode: the home slot of each value; otherwise null.
  uint32_t* home = nullptr;
  bool slot_mode = false;
  bool optimised = false;      // level 1
  bool v3 = false;             // the target has BMI and three-operand forms
  bool needs_base = false;     // a call may change the base register

  const wasm::Module* module = nullptr;
  const wasm::Body* body = nullptr;
  uint32_t num_locals = 0;
};

constexpr bool IsTerminator(IrOp op) { return op >= kJump; }
constexpr bool IsCall(IrOp op) { return op >= kCall && op <= kBuiltin; }
// Operations on two values that wasm has no instruction for.
constexpr bool IsBinary(IrOp op) {
  return op >= kTestZero && op <= kAddScaled;
}

// A constant that an instruction can hold: 32 bits, sign-extended.
inline bool FitsImmediate(const Inst& inst) {
  if (inst.op != kConst) return false;
  if (inst.type == Type::kI32) return true;
  if (inst.type != Type::kI64) return false;
  const int64_t bits = static_cast<int64_t>(uint64_t{inst.b} << 32 | inst.a);
  return bits == static_cast<int32_t>(bits);
}

// Calls `fn(uint32_t& operand)` for each value operand of an instruction but
// not for the arguments of its edges.
template <typename Fn>
void ForEachOperand(Graph& graph, Inst& inst, Fn&& fn) {
  switch (inst.op) {
    case kConst: case kParam: case kPhi: case kResult: case kGlobalGet:
    case kMemorySize: case kRefFunc: case kLoadSlot:
    case kGas: case kJump: case kTrap:
      return;
    case kCall: case kCallImport: case kCallIndirect: case kBuiltin:
    case kTailCall: case kTailCallImport: case kTailCallIndirect:
      for (uint32_t i = 0; i < inst.b; ++i) fn(graph.pool[inst.a + 2 + i]);
      return;
    case kGlobalSet: case kStoreSlot: case kBranch: case kBrTable:
      fn(inst.a);
      return;
    case kReturn:
      for (uint32_t i = 0; i < inst.b; ++i) fn(graph.pool[inst.a + i]);
      return;
    case W(wasm::Op::kSelect):
      fn(inst.a);
      fn(inst.b);
      fn(inst.c);
      return;
    default:
      fn(inst.a);
      if (inst.b != kNoId) fn(inst.b);
      return;
  }
}

// Calls `fn(EdgeId)` for each outgoing edge of a terminator.
template <typename Fn>
void ForEachEdge(const Graph& graph, const Inst& inst, Fn&& fn) {
  switch (inst.op) {
    case kJump:
      fn(inst.a);
      return;
    case kBranch:
      fn(inst.b);
      fn(inst.c);
      return;
    case kBrTable:
      for (uint32_t i = 0; i < graph.pool[inst.b]; ++i) {
        fn(graph.pool[inst.b + 1 + i]);
      }
      return;
    default:
      return;
  }
}

}  // namespace ingot::compiler

#endif  // COMPILER_IR_IR_H_
