#include "compiler/regalloc/checker.h"

#include <vector>

// A forward analysis over locations (registers, then frame slots). A location
// holds a value, or nothing known; where paths meet, what differs becomes
// unknown (the lattice of regalloc2's checker, without its sets: a value is in
// one place under one name here). Blocks are repeated until nothing changes;
// then each operand is looked up.

namespace ingot::compiler {

using wasm::Op;

namespace {

constexpr InstId kUnknown = kNoId;       // bottom: no value can be relied on
constexpr InstId kUnreached = kNoId - 1; // top: no path has come yet
constexpr uint32_t kRegisters = 32;

class Checker {
 public:
  Checker(Graph& graph, const Liveness& liveness, const Allocation& allocation)
      : graph_(graph), live_(liveness), alloc_(allocation) {}

  AllocationError Run() {
    uint32_t slots = alloc_.slots;
    for (InstId i = 0; i < graph_.num_insts; ++i) {
      const uint32_t slot = live_.values[i].slot;
      if (live_.values[i].spilled && slot != kNoId && slot >= slots) {
        return {"slot outside of the frame", i, i};
      }
    }
    locations_ = kRegisters + slots;
    entry_.assign(graph_.num_blocks,
                  std::vector<InstId>(locations_, kUnreached));
    entry_[0].assign(locations_, kUnknown);
    IndexMoves();
    for (bool changed = true; changed;) {
      changed = false;
      for (BlockId b = 0; b < graph_.num_blocks; ++b) {
        if (entry_[b][0] == kUnreached) continue;
        state_ = entry_[b];
        WalkBlock(b, false, &changed);
      }
    }
    for (BlockId b = 0; b < graph_.num_blocks && error_.what == nullptr; ++b) {
      if (entry_[b][0] == kUnreached) continue;
      state_ = entry_[b];
      bool unused = false;
      WalkBlock(b, true, &unused);
    }
    return error_;
  }

 private:
  void Fail(const char* what, InstId inst, InstId value) {
    if (checking_ && error_.what == nullptr) error_ = {what, inst, value};
  }

  // The first move of each instruction; moves are ordered.
  void IndexMoves() {
    first_move_.assign(uint64_t{graph_.num_insts} + 1, 0);
    uint32_t m = 0;
    for (InstId i = 0; i <= graph_.num_insts; ++i) {
      while (m < alloc_.moves.size() && alloc_.moves[m].inst < i) ++m;
      first_move_[i] = m;
    }
  }

  uint32_t SlotOf(InstId value) const {
    return kRegisters + live_.values[value].slot;
  }

  // A value is expected at `where`.
  void Expect(InstId inst, uint8_t where, InstId value) {
    if (where == kImmediate) {
      if (graph_.insts[value].op != kConst) Fail("no constant", inst, value);
      return;
    }
    if (where == kInFrame) {
      if (!live_.values[value].spilled || live_.values[value].slot == kNoId) {
        return Fail("operand in a frame slot it was never stored to", inst,
                    value);
      }
      if (state_[SlotOf(value)] != value) {
        Fail("frame slot holds something else", inst, value);
      }
      return;
    }
    if (where == kInMemory) {
      const Inst& load = graph_.insts[value];
      if ((load.flags & kFlagFused) == 0) Fail("no folded load", inst, value);
      return Expect(inst, alloc_.insts[value].src[0], load.a);
    }
    if (where >= kRegisters || state_[where] != value) {
      Fail("register holds something else", inst, value);
    }
  }

  void WalkBlock(BlockId b, bool checking, bool* changed) {
    checking_ = checking;
    const Block& block = graph_.blocks[b];
    for (uint32_t k = 0; k < block.phis; ++k) {
      const InstId phi = block.first + k;
      if ((graph_.insts[phi].flags & kFlagLive) == 0) continue;
      if (alloc_.phi_reg[phi] != kNoReg && live_.values[phi].spilled) {
        state_[SlotOf(phi)] = phi;
      }
    }
    for (InstId i = block.first + block.phis; i < block.end; ++i) {
      const uint8_t flags = graph_.insts[i].flags;
      if ((flags & kFlagLive) == 0 || (flags & kFlagFused) != 0) continue;
      Moves(i);
      Operands(i);
      Effects(i);
    }
    ForEachEdge(graph_, graph_.insts[block.end - 1],
                [&](EdgeId e) { PassEdge(e, changed); });
  }

  void Moves(InstId i) {
    for (uint32_t m = first_move_[i]; m < first_move_[i + 1]; ++m) {
      const Move& move = alloc_.moves[m];
      Expect(i, move.src, move.value);
      state_[move.dst] = move.value;
    }
  }

  // The operand that alloc.src[index] stands for.
  void Operands(InstId i) {
    Inst& inst = graph_.insts[i];
    const Alloc& alloc = alloc_.insts[i];
    if (IsCall(inst.op) || IsTailCall(inst.op) || inst.op == kReturn) {
      const uint32_t at = inst.op == kReturn ? inst.a : inst.a + 2;
      for (uint32_t k = 0; k < inst.b; ++k) {
        Expect(i, alloc_.pool_loc[at + k], graph_.pool[at + k]);
      }
      return;
    }
    if (inst.op == W(Op::kSelect)) {
      Expect(i, alloc.src[0], inst.a);
      Expect(i, alloc.src[1], inst.b);
      Condition(i, inst.c, alloc.src[2]);
      return;
    }
    if (inst.op == kBranch) return Condition(i, inst.a, alloc.src[0]);
    if (inst.op >= kIrFirst && !IsBinary(inst.op)) {
      ForEachOperand(graph_, inst, [&](uint32_t& value) {
        Expect(i, alloc.src[0], value);
      });
      return;
    }
    const InstId a = alloc.swapped ? inst.b : inst.a;
    const InstId b = alloc.swapped ? inst.a : inst.b;
    Expect(i, alloc.src[0], a);
    if (b != kNoId) Expect(i, alloc.src[1], b);
  }

  void Condition(InstId i, InstId condition, uint8_t where) {
    const Inst& inst = graph_.insts[condition];
    if ((inst.flags & kFlagFused) == 0) return Expect(i, where, condition);
    const Alloc& alloc = alloc_.insts[condition];
    Expect(i, alloc.src[0], inst.a);
    if (inst.b != kNoId) Expect(i, alloc.src[1], inst.b);
  }

  // What an instruction overwrites and defines.
  void Effects(InstId i) {
    const Inst& inst = graph_.insts[i];
    const Alloc& alloc = alloc_.insts[i];
    if (IsCall(inst.op)) {
      for (uint32_t r = 0; r < kRegisters; ++r) state_[r] = kUnknown;
    }
    if (inst.op >= W(Op::kI32DivS) && inst.op <= W(Op::kI32RemU)) Divided();
    if (inst.op >= W(Op::kI64DivS) && inst.op <= W(Op::kI64RemU)) Divided();
    state_[kScratch] = state_[kScratchXmm] = kUnknown;
    if (alloc.temp != kNoReg) state_[alloc.temp] = kUnknown;
    if (inst.op == kStoreSlot) {
      state_[kRegisters + inst.c] = graph_.slot_mode ? kUnknown : inst.a;
    }
    if (alloc.dst == kNoReg) return;
    state_[alloc.dst] = i;
    if (live_.values[i].spilled) state_[SlotOf(i)] = i;
  }

  void Divided() { state_[kRax] = state_[kRdx] = kUnknown; }

  // Carries the state over an edge as the emitter will: all at once, the
  // target's entry registers and its phis in slots.
  void PassEdge(EdgeId e, bool* changed) {
    const Edge& edge = graph_.edges[e];
    const Block& to = graph_.blocks[edge.to];
    const InstId last = graph_.blocks[edge.from].end - 1;
    const BlockState& want = alloc_.blocks[edge.to];
    const BlockState& have = alloc_.blocks[edge.from];
    std::vector<InstId> next = state_;
    for (uint32_t k = 0; k < to.phis; ++k) {
      const InstId phi = to.first + k;
      if ((graph_.insts[phi].flags & kFlagLive) == 0) continue;
      Expect(last, alloc_.pool_loc[edge.args + k], graph_.pool[edge.args + k]);
      if (alloc_.phi_reg[phi] == kNoReg) next[SlotOf(phi)] = phi;
    }
    for (uint32_t i = 0; i < want.entry_count; ++i) {
      const RegState& reg = alloc_.states[want.entry + i];
      if (!alloc_.ValidAt(reg.segment, to.first)) continue;
      const InstId value = alloc_.segments[reg.segment].value;
      if (value < to.first || value >= to.first + to.phis) {
        uint8_t where =
            graph_.insts[value].op == kConst ? kImmediate : kInFrame;
        for (uint32_t j = 0; j < have.exit_count; ++j) {
          const RegState& from = alloc_.states[have.exit + j];
          if (alloc_.segments[from.segment].value != value ||
              !alloc_.ValidAt(from.segment, last)) {
            continue;
          }
          where = from.reg;
          if (from.reg == reg.reg) break;
        }
        Expect(last, where, value);
      }
      next[reg.reg] = value;
    }
    // A phi is a new value in each round: old copies of it are not it.
    for (uint32_t l = 0; l < locations_; ++l) {
      const InstId value = next[l];
      if (value < to.first || value >= to.first + to.phis) continue;
      const bool is_home =
          l < kRegisters ? alloc_.phi_reg[value] == l
                         : alloc_.phi_reg[value] == kNoReg && l == SlotOf(value);
      if (!is_home) next[l] = kUnknown;
    }
    std::vector<InstId>& entry = entry_[edge.to];
    for (uint32_t l = 0; l < locations_; ++l) {
      InstId met = next[l];
      if (entry[l] != kUnreached && entry[l] != met) met = kUnknown;
      if (entry[l] == met) continue;
      entry[l] = met;
      *changed = true;
    }
  }

  Graph& graph_;
  const Liveness& live_;
  const Allocation& alloc_;
  AllocationError error_;
  bool checking_ = false;
  uint32_t locations_ = 0;
  std::vector<std::vector<InstId>> entry_;
  std::vector<InstId> state_;
  std::vector<uint32_t> first_move_;
};

}  // namespace

AllocationError CheckAllocation(Graph& graph, const Liveness& liveness,
                                const Allocation& allocation) {
  return Checker(graph, liveness, allocation).Run();
}

}  // namespace ingot::compiler
