#include "compiler/x64/emitter.h"

// Moves that happen at once, put in order: a move whose target nobody still
// reads goes first; when only cycles remain, one value is parked: in xmm15, or
// in r11 where that is free. Linear in the number of moves. Copies from frame
// to frame go through r11, and constants for vector registers and the frame.

namespace ingot::compiler {

void Emitter::AddParallel(uint32_t dst, uint8_t where, InstId value) {
  uint32_t src = where;
  if (where == kImmediate) {
    src = kSrcConst;
  } else if (where == kInFrame) {
    src = kSlotBase + live_.values[value].slot;
  }
  if (src == dst) return;
  if (dst >= kSlotBase ? src >= kSlotBase : src == kSrcConst && dst >= kXmm0) {
    scratch_taken_ = true;
  }
  const uint32_t index = pending_.Push(
      PendingMove{dst, src, value, src == kSrcConst ? kNoId : reader_[src]});
  if (pending_.failed()) return;
  writer_[dst] = index;
  if (src == kSrcConst) return;
  reader_[src] = index;
  ++readers_[src];
}

void Emitter::RunParallel() {
  const uint32_t count = pending_.size();
  if (count == 0 || pending_.failed()) return;
  for (uint32_t i = 0; i < count; ++i) {
    if (readers_[pending_[i].dst] == 0) ready_.Push(i);
  }
  uint32_t done = 0, next_cycle = 0;
  while (done < count && !ready_.failed()) {
    if (ready_.size() == 0) {
      // Every pending move lies on a cycle: park one target's old content.
      while (writer_[pending_[next_cycle].dst] != next_cycle) ++next_cycle;
      const uint32_t parked = pending_[next_cycle].dst;
      const bool in_scratch = parked < kXmm0 && !scratch_taken_;
      if (in_scratch) {
        as_.Rr(x::kIdMov, Width::k64, kScratch, static_cast<uint8_t>(parked));
      } else if (parked >= kSlotBase) {
        as_.Xm(x::kIdMovsd, kScratchXmm, LocationMem(parked));
      } else if (parked >= kXmm0) {
        as_.Xx(x::kIdMovaps, kScratchXmm, static_cast<uint8_t>(parked));
      } else {
        as_.Xr(x::kIdMovq, Width::k64, kScratchXmm,
               static_cast<uint8_t>(parked));
      }
      for (uint32_t i = reader_[parked]; i != kNoId; i = pending_[i].next) {
        pending_[i].src = in_scratch ? kScratch : kScratchXmm;
      }
      readers_[parked] = 0;
      reader_[parked] = kNoId;
      ready_.Push(next_cycle);
      continue;
    }
    const uint32_t index = ready_[ready_.size() - 1];
    ready_.Truncate(ready_.size() - 1);
    const PendingMove move = pending_[index];
    RunMove(move);
    ++done;
    writer_[move.dst] = kNoId;
    if (move.src == kSrcConst || move.src == kScratchXmm ||
        move.src == kScratch) {
      continue;
    }
    if (--readers_[move.src] == 0) {
      reader_[move.src] = kNoId;
      if (writer_[move.src] != kNoId) ready_.Push(writer_[move.src]);
    }
  }
  pending_.Truncate(0);
  ready_.Truncate(0);
  scratch_taken_ = false;
}

Mem Emitter::LocationMem(uint32_t location) const {
  const uint32_t slot = location - kSlotBase;
  if (slot < num_slots_) return Slot(slot);
  return Mem{kRsp, kNoReg, 0,
             out_area_ + static_cast<int32_t>(8 * (slot - num_slots_))};
}

void Emitter::RunMove(const PendingMove& move) {
  const Type type = graph_.insts[move.value].type;
  if (move.dst < kSlotBase) {
    const uint8_t dst = static_cast<uint8_t>(move.dst);
    if (move.src == kSrcConst) {
      LoadConst(move.value, dst);
    } else if (move.src >= kSlotBase) {
      LoadFrame(type, dst, LocationMem(move.src));
    } else if (move.src == kScratchXmm && !IsFloat(type)) {
      as_.Rx(type == Type::kI32 ? x::kIdMovd : x::kIdMovq, WidthOf(type), dst,
             kScratchXmm);
    } else {
      MoveReg(type, dst, static_cast<uint8_t>(move.src));
    }
    return;
  }
  const Mem mem = LocationMem(move.dst);
  if (move.src == kSrcConst) {
    StoreConst(mem, move.value);
  } else if (move.src >= kSlotBase) {
    as_.Rm(x::kIdMov, WidthOf(type), kScratch, LocationMem(move.src));
    as_.Mr(x::kIdMov, WidthOf(type), mem, kScratch);
  } else if (move.src == kScratchXmm) {
    as_.Mx(x::kIdMovsd, mem, kScratchXmm);
  } else {
    StoreFrame(type, mem, static_cast<uint8_t>(move.src));
  }
}

}  // namespace ingot::compiler
