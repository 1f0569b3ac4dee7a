#ifndef COMPILER_REGALLOC_LIVENESS_H_
#define COMPILER_REGALLOC_LIVENESS_H_

#include <cstdint>

#include "compiler/base/arena.h"
#include "compiler/ir/ir.h"

// What the register allocator needs to know of each value: where it is used,
// in order, and how far it lives.
//
// Positions are instruction indices. A value lives from its definition to
// `end`, one interval without holes. Since the blocks of a loop are contiguous,
// a value that is used in a loop but defined before it lives to the loop's end;
// that needs neither live sets nor a fixpoint.

namespace ingot::compiler {

inline constexpr uint8_t kNoReg = 0xFF;

struct ValueInfo {
  uint32_t next_use = kNoId;  // into Liveness::uses; advances with the allocator
  uint32_t end = 0;
  uint32_t hint_phi = kNoId;  // a phi that this value is an argument of
  uint32_t segment = kNoId;   // current register residency (allocator)
  uint32_t slot = kNoId;      // frame slot, when spilled (allocator)
  uint8_t hint = kNoReg;      // a register that a user would like
  uint8_t preferred = kNoReg; // phi: the register that one of its values got
  bool spilled = false;       // stored to its slot where it is defined
};

struct Use {
  uint32_t pos;
  uint32_t next;
};

struct Liveness {
  ValueInfo* values = nullptr;  // one per instruction
  Use* uses = nullptr;
};

// Marks what is live (kFlagLive), what a user absorbs (kFlagFused) and which
// float results must be canonical (kFlagCanonical), then fills `*out`. False
// when the arena is full.
[[nodiscard]] bool Analyse(Arena& arena, Graph& graph, Liveness* out);

// True for an integer or float comparison or a test for zero.
bool IsCompare(IrOp op);
// A shift, not a rotation.
bool IsShift(IrOp op);

}  // namespace ingot::compiler

#endif  // COMPILER_REGALLOC_LIVENESS_H_
