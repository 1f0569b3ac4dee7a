#include "compiler/regalloc/allocator.h"

// One scan in layout order that keeps, for each register, the value it holds:
// a linear scan whose active set is the register file. When registers run out,
// the value whose next use is furthest away gives its up (Belady). A value that
// loses its register in a loop without having been used there loses it before
// the loop, by shortening its segment after the fact: so nothing is reloaded
// round and round for the sake of a value that only passes through.
//
// Each block records its registers at both ends (at most 27 entries); edges
// are reconciled from those records when code is emitted.

namespace ingot::compiler {

AllocateResult AllocateRegisters(Arena& arena, Graph& graph,
                                 Liveness& liveness, uint32_t max_slots,
                                 Allocation* out) {
  return Allocator(arena, graph, liveness, out).Run(max_slots);
}

AllocateResult Allocator::Run(uint32_t max_slots) {
  Array<Alloc> insts;
  Array<uint8_t> pool_loc, phi_reg;
  Array<BlockState> blocks;
  Array<uint32_t> loops, loop_ends;
  if (!arena_.AllocateArray(graph_.num_insts, &insts) ||
      !arena_.AllocateArray(uint64_t{graph_.num_pool} + 1, &pool_loc) ||
      !arena_.AllocateArray(graph_.num_insts, &phi_reg) ||
      !arena_.AllocateArray(graph_.num_blocks, &blocks) ||
      !arena_.AllocateArray(uint64_t{graph_.num_loops} + 1, &loops) ||
      !arena_.AllocateArray(uint64_t{graph_.num_loops} + 1, &loop_ends)) {
    return AllocateResult::kOutOfMemory;
  }
  out_.insts = arena_.At<Alloc>(insts.offset);
  out_.pool_loc = arena_.At<uint8_t>(pool_loc.offset);
  out_.phi_reg = arena_.At<uint8_t>(phi_reg.offset);
  out_.blocks = arena_.At<BlockState>(blocks.offset);
  open_ = arena_.At<uint32_t>(loops.offset);
  open_ends_ = arena_.At<uint32_t>(loop_ends.offset);
  out_.moves.Attach(&arena_);
  out_.states.Attach(&arena_);
  out_.segments.Attach(&arena_);
  for (InstId i = 0; i < graph_.num_insts; ++i) {
    out_.insts[i] = Alloc{};
    out_.phi_reg[i] = kNoReg;
  }
  for (InstId& value : reg_value_) value = kNoId;
  for (BlockId b = 0; b < graph_.num_blocks; ++b) {
    EnterBlock(b);
    const Block& block = graph_.blocks[b];
    for (InstId i = block.first + block.phis; i < block.end; ++i) {
      const uint8_t flags = graph_.insts[i].flags;
      if ((flags & kFlagLive) == 0 || (flags & kFlagFused) != 0) continue;
      locked_ = 0;
      AllocateInst(i);
      if (out_.moves.failed() || out_.segments.failed()) {
        return AllocateResult::kOutOfMemory;
      }
    }
    LeaveBlock(b);
    if (out_.states.failed()) return AllocateResult::kOutOfMemory;
  }
  return AssignSlots(max_slots);
}

// The registers at a block's start: those of its predecessor in layout, or of
// its first processed one; a loop header takes those of the entry edge.
void Allocator::EnterBlock(BlockId b) {
  block_ = b;
  locked_ = 0;
  const Block& block = graph_.blocks[b];
  while (num_open_ != 0 && open_ends_[num_open_ - 1] <= b) --num_open_;
  if (block.is_loop_header) {
    open_[num_open_] = block.first;
    open_ends_[num_open_++] = graph_.loops[block.loop].end;
  }
  EdgeId base = kNoId;
  uint32_t forward = 0;
  for (EdgeId e = block.first_in; e != kNoId; e = graph_.edges[e].next_in) {
    if (graph_.edges[e].from >= b) continue;
    ++forward;
    if (base == kNoId || graph_.edges[e].from == b - 1) base = e;
  }
  if (base == kNoId) {
    used_ = 0;
    for (InstId& value : reg_value_) value = kNoId;
  } else {
    LoadState(graph_.edges[base].from, block.first);
  }
  DropDead(block.first);
  if (forward > 1) MergeState(b, base);
  PlacePhis(b, base);
  RecordState(&out_.blocks[b].entry, &out_.blocks[b].entry_count);
}

// Takes over the registers recorded at the end of `from`, for a block at `pos`.
void Allocator::LoadState(BlockId from, uint32_t pos) {
  used_ = 0;
  for (InstId& value : reg_value_) value = kNoId;
  const BlockState& record = out_.blocks[from];
  const uint32_t from_pos = graph_.blocks[from].end - 1;
  for (uint32_t i = 0; i < record.exit_count; ++i) {
    const RegState state = out_.states[record.exit + i];
    if (!out_.ValidAt(state.segment, from_pos)) continue;
    const InstId value = out_.segments[state.segment].value;
    reg_value_[state.reg] = value;
    used_ |= 1u << state.reg;
    live_.values[value].segment = state.segment;
    // The residency ended in a block laid out in between; here it goes on.
    if (out_.segments[state.segment].end <= pos) {
      live_.values[value].segment =
          out_.segments.Push(Segment{value, pos, kNoId});
    }
  }
}

void Allocator::DropDead(uint32_t pos) {
  for (uint32_t mask = used_; mask != 0; mask &= mask - 1) {
    const uint8_t reg = static_cast<uint8_t>(std::countr_zero(mask));
    if (live_.values[reg_value_[reg]].end < pos) Release(reg);
  }
}

// Where several forward edges meet, a value keeps the base's register if at
// least half of the other predecessors looked at have it in some register. One
// that was defined inside of what closes here is kept only if all have it:
// it may be alive on another path alone.
void Allocator::MergeState(BlockId b, EdgeId base) {
  constexpr uint32_t kLookedAt = 4;
  const Block& block = graph_.blocks[b];
  for (uint32_t mask = used_; mask != 0; mask &= mask - 1) {
    const uint8_t reg = static_cast<uint8_t>(std::countr_zero(mask));
    const InstId value = reg_value_[reg];
    const bool inside = value >= block.opened;
    uint32_t looked = 0, have = 0;
    bool same = true;
    for (EdgeId e = block.first_in; e != kNoId; e = graph_.edges[e].next_in) {
      if (e == base || graph_.edges[e].from >= b) continue;
      if (inside ? have < looked : looked == kLookedAt) break;
      ++looked;
      bool there = false;
      if (ExitHas(graph_.edges[e].from, value, reg, &there)) ++have;
      same = same && there;
    }
    bool keep = 2 * have >= looked;
    if (inside) keep = have == looked;
    if (IsConst(value)) keep = same && have == looked;
    if (keep) continue;
    Evict(reg, block.first);
  }
}

// Whether a block ends with `value` in a register, and whether in `reg`.
bool Allocator::ExitHas(BlockId from, InstId value, uint8_t reg,
                        bool* in_reg) const {
  const BlockState& state = out_.blocks[from];
  const uint32_t pos = graph_.blocks[from].end - 1;
  bool found = false;
  for (uint32_t i = 0; i < state.exit_count; ++i) {
    const RegState& entry = out_.states[state.exit + i];
    if (out_.segments[entry.segment].value != value ||
        !out_.ValidAt(entry.segment, pos)) {
      continue;
    }
    found = true;
    if (entry.reg == reg) *in_reg = true;
  }
  return found;
}

void Allocator::PlacePhis(BlockId b, EdgeId base) {
  const Block& block = graph_.blocks[b];
  for (uint32_t k = 0; k < block.phis; ++k) {
    const InstId phi = block.first + k;
    const Inst& inst = graph_.insts[phi];
    if ((inst.flags & kFlagLive) == 0) continue;
    ValueInfo& info = live_.values[phi];
    const uint32_t free =
        (IsFloat(inst.type) ? kFloatMask : kGeneralMask) & ~used_;
    uint8_t reg = kNoReg;
    const uint8_t arg = out_.pool_loc[graph_.edges[base].args + k];
    if (arg < 32 && (free >> arg & 1) != 0) {
      reg = arg;
    } else if (free != 0) {
      reg = Preference(phi, free);
    } else {
      // The furthest next use, among values and this phi, stays in the frame.
      const uint32_t mask =
          (IsFloat(inst.type) ? kFloatMask : kGeneralMask) & used_;
      uint32_t furthest = NextUse(phi, block.first);
      for (uint32_t m = mask; m != 0; m &= m - 1) {
        const uint8_t r = static_cast<uint8_t>(std::countr_zero(m));
        const InstId value = reg_value_[r];
        if (value >= block.first && value < phi) continue;
        const uint32_t next = NextUse(value, block.first);
        if (next > furthest) {
          furthest = next;
          reg = r;
        }
      }
      if (reg == kNoReg) {
        info.spilled = true;
        continue;
      }
      Evict(reg, block.first);
    }
    Occupy(reg, phi, block.first);
    reg_last_use_[reg] = phi;
    if (info.preferred == kNoReg) info.preferred = reg;
    out_.phi_reg[phi] = reg;
  }
}

void Allocator::LeaveBlock(BlockId b) {
  RecordState(&out_.blocks[b].exit, &out_.blocks[b].exit_count);
}

void Allocator::RecordState(uint32_t* at, uint32_t* count) {
  *at = out_.states.size();
  *count = 0;
  for (uint32_t mask = used_; mask != 0; mask &= mask - 1) {
    const uint8_t reg = static_cast<uint8_t>(std::countr_zero(mask));
    out_.states.Push(
        RegState{live_.values[reg_value_[reg]].segment, reg});
    ++*count;
  }
}

// Where the arguments of all outgoing edges stand at the terminator.
void Allocator::RecordEdgeArgs(InstId last) {
  ForEachEdge(graph_, graph_.insts[last], [&](EdgeId e) {
    const Edge& edge = graph_.edges[e];
    const Block& to = graph_.blocks[edge.to];
    for (uint32_t k = 0; k < to.phis; ++k) {
      if ((graph_.insts[to.first + k].flags & kFlagLive) == 0) continue;
      out_.pool_loc[edge.args + k] =
          LocationOf(graph_.pool[edge.args + k], last);
    }
  });
}

// Frame slots for the spilled values: the intervals in order of their start,
// each in the slot that was free first (a heap of the ends in use).
AllocateResult Allocator::AssignSlots(uint32_t max_slots) {
  if (graph_.slot_mode) {
    for (InstId i = 0; i < graph_.num_insts; ++i) {
      if (live_.values[i].spilled) live_.values[i].slot = graph_.home[i];
    }
    out_.slots = max_slots;
    return AllocateResult::kOk;
  }
  struct Busy {
    uint32_t end;
    uint32_t slot;
  };
  ArenaVector<Busy> heap;
  heap.Attach(&arena_);
  uint32_t busy = 0;
  for (InstId i = 0; i < graph_.num_insts; ++i) {
    ValueInfo& info = live_.values[i];
    if (!info.spilled) continue;
    Busy entry{info.end, 0};
    // All phis of a block are written before any is read: their intervals
    // begin together, so that a slot freed by an earlier phi is not reused.
    if (busy != 0 && heap[0].end < i) {
      entry.slot = heap[0].slot;
      uint32_t at = 0;
      while (true) {
        uint32_t child = 2 * at + 1;
        if (child >= busy) break;
        if (child + 1 < busy && heap[child + 1].end < heap[child].end) ++child;
        if (heap[child].end >= entry.end) break;
        heap[at] = heap[child];
        at = child;
      }
      heap[at] = entry;
    } else {
      entry.slot = out_.slots++;
      if (out_.slots > max_slots) return AllocateResult::kOutOfSlots;
      heap.Push(entry);
      if (heap.failed()) return AllocateResult::kOutOfMemory;
      uint32_t at = busy++;
      while (at != 0 && heap[(at - 1) / 2].end > entry.end) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
      }
      heap[at] = entry;
    }
    info.slot = entry.slot;
  }
  return AllocateResult::kOk;
}

uint8_t Allocator::RegOf(InstId value) const {
  const uint32_t segment = live_.values[value].segment;
  if (segment == kNoId) return kNoReg;
  const uint32_t mask = IsFloat(graph_.insts[value].type)
                            ? used_ & kFloatMask
                            : used_ & kGeneralMask;
  for (uint32_t m = mask; m != 0; m &= m - 1) {
    const uint8_t reg = static_cast<uint8_t>(std::countr_zero(m));
    if (reg_value_[reg] == value) return reg;
  }
  return kNoReg;
}

// The next use behind `after`; the interval's end when there is none.
uint32_t Allocator::NextUse(InstId value, uint32_t after) {
  ValueInfo& info = live_.values[value];
  while (info.next_use != kNoId && live_.uses[info.next_use].pos <= after) {
    info.next_use = live_.uses[info.next_use].next;
  }
  return info.next_use != kNoId ? live_.uses[info.next_use].pos : info.end + 1;
}

void Allocator::Occupy(uint8_t reg, InstId value, uint32_t start) {
  live_.values[value].segment =
      out_.segments.Push(Segment{value, start, kNoId});
  reg_value_[reg] = value;
  reg_last_use_[reg] = start;
  used_ |= 1u << reg;
}

// Forgets a register; the value is dead or has moved on.
void Allocator::Release(uint8_t reg) {
  live_.values[reg_value_[reg]].segment = kNoId;
  reg_value_[reg] = kNoId;
  used_ &= ~(1u << reg);
}

// Ends a residency at `pos`, or already at the start of the outermost open
// loop in which the value was not used yet.
void Allocator::EndSegment(uint8_t reg, uint32_t pos) {
  Segment& segment =
      out_.segments[live_.values[reg_value_[reg]].segment];
  segment.end = pos;
  uint32_t low = 0, high = num_open_;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (open_[middle] > reg_last_use_[reg] && open_[middle] > segment.start) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (low < num_open_ && open_[low] < pos) segment.end = open_[low];
}

// Takes a register away from its value, which from now on is in its slot; a
// constant is made again instead.
void Allocator::Evict(uint8_t reg, uint32_t pos) {
  const InstId value = reg_value_[reg];
  EndSegment(reg, pos);
  if (!IsConst(value)) live_.values[value].spilled = true;
  Release(reg);
}

void Allocator::Relocate(uint8_t reg, uint8_t to, uint32_t pos) {
  const InstId value = reg_value_[reg];
  AddMove(pos, value, to, reg);
  out_.segments[live_.values[value].segment].end = pos;
  Release(reg);
  Occupy(to, value, pos);
}

// Frees a register for the current instruction; its value moves if it can.
void Allocator::Vacate(uint8_t reg, uint32_t pos) {
  if ((used_ >> reg & 1) == 0) return;
  const InstId value = reg_value_[reg];
  const uint32_t mask =
      (reg < 16 ? kGeneralMask : kFloatMask) & ~used_ & ~locked_ &
      ~(1u << reg);
  if (mask == 0 || IsConst(value) || DiesAt(value, pos - 1)) {
    Evict(reg, pos);
    return;
  }
  Relocate(reg, Preference(value, mask), pos);
}

uint8_t Allocator::FreeRegister(uint32_t mask) const {
  // Registers without a fixed role come first, then those that need no prefix.
  constexpr uint32_t kTiers[] = {
      (1u << 3) | (1u << 6) | (1u << 7) | (1u << 5),
      (1u << 0) | (1u << 2) | (1u << 1),
  };
  for (uint32_t tier : kTiers) {
    if ((mask & tier) != 0) {
      return static_cast<uint8_t>(std::countr_zero(mask & tier));
    }
  }
  return static_cast<uint8_t>(std::countr_zero(mask));
}

uint8_t Allocator::Preference(InstId value, uint32_t candidates) const {
  const ValueInfo& info = live_.values[value];
  if (info.hint_phi != kNoId) {
    const uint8_t reg = live_.values[info.hint_phi].preferred;
    if (reg != kNoReg && (candidates >> reg & 1) != 0) return reg;
  }
  if (info.hint != kNoReg && (candidates >> info.hint & 1) != 0) {
    return info.hint;
  }
  return FreeRegister(candidates);
}

// A register for `value` at `pos`: a free one, or that of the value whose next
// use is furthest away.
uint8_t Allocator::TakeRegister(bool is_float, InstId value, uint32_t pos) {
  const uint32_t all = (is_float ? kFloatMask : kGeneralMask) & ~locked_;
  const uint32_t free = all & ~used_;
  if (free != 0) return Preference(value, free);
  uint8_t victim = kNoReg;
  uint32_t furthest = 0;
  for (uint32_t mask = all; mask != 0; mask &= mask - 1) {
    const uint8_t reg = static_cast<uint8_t>(std::countr_zero(mask));
    const InstId held = reg_value_[reg];
    uint32_t next = NextUse(held, pos - 1);
    // A constant costs no more than an instruction to make again.
    if (IsConst(held) && next > pos) next = kNoId;
    if (victim == kNoReg || next > furthest) {
      victim = reg;
      furthest = next;
    }
  }
  INGOT_CHECK(victim != kNoReg);
  Evict(victim, pos);
  return victim;
}

void Allocator::AddMove(uint32_t pos, InstId value, uint8_t dst, uint8_t src) {
  out_.moves.Push(Move{pos, value, dst, src});
}

// Brings an operand into a register and locks it.
uint8_t Allocator::UseInRegister(InstId value, uint32_t pos) {
  uint8_t reg = RegOf(value);
  if (reg == kNoReg) {
    reg = TakeRegister(IsFloat(graph_.insts[value].type), value, pos);
    if (!IsConst(value)) live_.values[value].spilled = true;
    AddMove(pos, value, reg, IsConst(value) ? kImmediate : kInFrame);
    Occupy(reg, value, pos);
  }
  reg_last_use_[reg] = pos;
  Lock(reg);
  return reg;
}

// An operand that may also stand in the frame: it is loaded only if it is
// used again soon.
uint8_t Allocator::UseAnywhere(InstId value, uint32_t pos) {
  if (RegOf(value) == kNoReg && !IsConst(value)) {
    constexpr uint32_t kSoon = 64;
    const uint32_t next = NextUse(value, pos);
    if (DiesAt(value, pos) || next > pos + kSoon ||
        ((IsFloat(graph_.insts[value].type) ? kFloatMask : kGeneralMask) &
         ~used_ & ~locked_) == 0) {
      live_.values[value].spilled = true;
      return kInFrame;
    }
  }
  return UseInRegister(value, pos);
}

// Where a value stands, without moving it.
uint8_t Allocator::LocationOf(InstId value, uint32_t pos) {
  const uint8_t reg = RegOf(value);
  if (reg != kNoReg) {
    reg_last_use_[reg] = pos;
    return reg;
  }
  if (IsConst(value)) return kImmediate;
  live_.values[value].spilled = true;
  return kInFrame;
}

// A load that its user does. Returns its address, which is in a register and is
// to be freed in the load's place.
InstId Allocator::UseFolded(InstId load, uint32_t pos, uint8_t* where) {
  const InstId address = graph_.insts[load].a;
  out_.insts[load].src[0] = UseInRegister(address, pos);
  *where = kInMemory;
  return address;
}

void Allocator::FreeOperand(InstId value, uint32_t pos) {
  if (!DiesAt(value, pos)) return;
  const uint8_t reg = RegOf(value);
  if (reg != kNoReg) Release(reg);
}

void Allocator::Define(InstId inst, uint8_t reg) {
  out_.insts[inst].dst = reg;
  ValueInfo& info = live_.values[inst];
  if (info.hint_phi != kNoId) {
    ValueInfo& phi = live_.values[info.hint_phi];
    if (phi.preferred == kNoReg) phi.preferred = reg;
  }
  if (DiesAt(inst, inst)) return;
  Occupy(reg, inst, inst);
}

uint8_t Allocator::DefineAny(InstId inst) {
  const uint8_t reg =
      TakeRegister(IsFloat(graph_.insts[inst].type), inst, inst);
  Define(inst, reg);
  return reg;
}

}  // namespace ingot::compiler
