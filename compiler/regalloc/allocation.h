#ifndef COMPILER_REGALLOC_ALLOCATION_H_
#define COMPILER_REGALLOC_ALLOCATION_H_

#include <cstdint>

#include "compiler/base/arena.h"
#include "compiler/base/arena_vector.h"
#include "compiler/ir/ir.h"
#include "compiler/regalloc/liveness.h"

// The result of register allocation: where each instruction finds its operands
// and leaves its value, and the moves between. A spilled value is stored to its
// frame slot right where it is defined, so the slot is good ever after and
// giving up a register costs nothing.

namespace ingot::compiler {

// Registers: 0-15 general (machine numbers), 16-31 xmm.
inline constexpr uint8_t kRax = 0, kRcx = 1, kRdx = 2, kRsp = 4, kScratch = 11,
                         kR10 = 10, kR12 = 12, kGasReg = 14, kBaseReg = 15;
inline constexpr uint8_t kXmm0 = 16, kScratchXmm = 31;

inline constexpr uint32_t kGeneralMask =
    0xFFFFu & ~((1u << kRsp) | (1u << kScratch) | (1u << kGasReg) |
                (1u << kBaseReg));
inline constexpr uint32_t kFloatMask = 0x7FFF0000u;

// Where an operand stands: a register, or one of these.
inline constexpr uint8_t kInFrame = 0x40;   // its value's frame slot
inline constexpr uint8_t kImmediate = 0x41; // a constant, its bits in the inst
// In linear memory: a load that its user does. The load's own src[0] is the
// register of its address.
inline constexpr uint8_t kInMemory = 0x42;

struct Alloc {
  uint8_t dst = kNoReg;
  uint8_t src[3] = {kNoReg, kNoReg, kNoReg};
  uint8_t temp = kNoReg;
  bool swapped = false;  // operands a and b stand for each other
};

// Done in order before instruction `inst`.
struct Move {
  InstId inst;
  InstId value;  // what is moved; loads take its slot, constants its bits
  uint8_t dst;   // register
  uint8_t src;   // register, kInFrame, or kImmediate
};

// One register's content at a block boundary.
struct RegState {
  uint32_t segment;
  uint8_t reg;
};

// A value's stay in one register, valid at positions start <= p < end.
struct Segment {
  InstId value;
  uint32_t start;
  uint32_t end;
};

struct BlockState {
  uint32_t entry = 0;  // RegStates [entry, entry + entry_count)
  uint32_t entry_count = 0;
  uint32_t exit = 0;
  uint32_t exit_count = 0;
};

struct Allocation {
  Alloc* insts = nullptr;       // per instruction
  uint8_t* pool_loc = nullptr;  // per pool entry: where an argument stands
  uint8_t* phi_reg = nullptr;   // unused entries are kNoReg; per instruction
  BlockState* blocks = nullptr;
  ArenaVector<Move> moves;      // ordered by inst
  ArenaVector<RegState> states;
  ArenaVector<Segment> segments;
  uint32_t slots = 0;           // 8-byte frame slots in use
  // Values live in at a block's start are exactly those its entry state names,
  // as long as their segments reach it, and those in their slots.
  bool ValidAt(uint32_t segment, uint32_t pos) const {
    const Segment& s = segments[segment];
    return s.start <= pos && pos < s.end;
  }
};

enum class AllocateResult : uint8_t { kOk, kOutOfSlots, kOutOfMemory };

// Allocates registers for `graph` in one forward scan. `max_slots` is what the
// frame holds; needing more is kOutOfSlots (build again in slot mode, which
// needs none beyond the home slots).
AllocateResult AllocateRegisters(Arena& arena, Graph& graph,
                                 Liveness& liveness, uint32_t max_slots,
                                 Allocation* out);

}  // namespace ingot::compiler

#endif  // COMPILER_REGALLOC_ALLOCATION_H_
