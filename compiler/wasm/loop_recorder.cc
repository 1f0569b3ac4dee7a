#include "compiler/wasm/loop_recorder.h"

#include <cstring>

#include "compiler/base/check.h"

// Ids of loops are never used twice in a module, so that the stamps of one
// body need not be cleared for the next.

namespace ingot::wasm {

bool LoopRecorder::Init(Arena& arena, uint32_t max_locals, uint32_t max_bytes) {
  // An assignment takes two bytes, and so does a loop (without its `end`).
  const uint32_t most = max_bytes / 2 + 1;
  Array<uint32_t> stamps;
  Array<Entry> entries;
  Array<Saved> saved;
  if (!arena.AllocateArray(max_locals, &stamps) ||
      !arena.AllocateArray(most, &entries) ||
      !arena.AllocateArray(most, &saved)) {
    return false;
  }
  stamps_ = arena.At<uint32_t>(stamps.offset);
  entries_ = arena.At<Entry>(entries.offset);
  saved_ = arena.At<Saved>(saved.offset);
  memset(stamps_, 0, uint64_t{max_locals} * sizeof(uint32_t));
  return true;
}

void LoopRecorder::BeginBody(uint32_t body_bytes) {
  INGOT_CHECK(depth_ == 0 && entry_count_ == 0);
  over_budget_ = false;
  budget_ = uint64_t{kLoopLocalsPerByte} * body_bytes;
  first_loop_ = loops_.size();
  first_local_ = locals_.size();
}

bool LoopRecorder::Open(Arena& arena, uint32_t* loop) {
  *loop = loops_.size();
  if (!loops_.Append(arena, LoopInfo{})) return false;
  saved_[depth_++] = Saved{top_loop_, top_id_, top_first_, top_calls_};
  top_loop_ = *loop;
  top_id_ = next_id_++;
  top_first_ = entry_count_;
  top_calls_ = false;
  return true;
}

bool LoopRecorder::Close(Arena& arena, uint32_t end_offset) {
  INGOT_CHECK(depth_ != 0);
  LoopInfo& info = arena.Get(loops_.array(), top_loop_);
  const uint32_t count = entry_count_ - top_first_;
  info.end_offset = end_offset;
  info.contains_call = top_calls_;
  if (locals_.size() - first_local_ + uint64_t{count} > budget_) {
    over_budget_ = true;
  }
  if (!over_budget_) {
    info.first = locals_.size();
    info.count = count;
  }
  const Saved outer = saved_[--depth_];
  const bool calls = top_calls_;
  const uint32_t first = top_first_;
  top_loop_ = outer.loop;
  top_id_ = outer.id;
  top_first_ = outer.first_entry;
  top_calls_ = outer.calls != 0 || (calls && depth_ != 0);
  // The list goes out; what the outer loop lacks of it stays on the stack.
  entry_count_ = first;
  for (uint32_t i = first; i < first + count; ++i) {
    const Entry entry = entries_[i];
    if (!over_budget_ && !locals_.Append(arena, entry.local)) return false;
    stamps_[entry.local] = entry.stamp;
    if (depth_ != 0 && !over_budget_ && entry.stamp != top_id_) {
      Add(entry.local);
    }
  }
  return true;
}

void LoopRecorder::EndBody(Arena& arena, Body* body) {
  INGOT_CHECK(depth_ == 0 && entry_count_ == 0);
  body->first_loop = first_loop_;
  body->loops = loops_.size() - first_loop_;
  body->loops_over_budget = over_budget_;
  if (!over_budget_) return;
  locals_.Truncate(first_local_);
  for (uint32_t i = first_loop_; i < loops_.size(); ++i) {
    LoopInfo& info = arena.Get(loops_.array(), i);
    info.first = first_local_;
    info.count = 0;
  }
}

void LoopRecorder::Finish(Arena& arena, uint32_t to, Module* module) {
  module->loops = loops_.array();
  module->loop_locals = locals_.array();
  // Downwards, the lower one first: no move overwrites what is still to move.
  struct Range {
    uint32_t* offset;
    uint32_t bytes;
  };
  Range ranges[2] = {
      {&module->loops.offset,
       module->loops.size * static_cast<uint32_t>(sizeof(LoopInfo))},
      {&module->loop_locals.offset,
       module->loop_locals.size * static_cast<uint32_t>(sizeof(uint32_t))}};
  if (*ranges[1].offset < *ranges[0].offset) {
    const Range first = ranges[0];
    ranges[0] = ranges[1];
    ranges[1] = first;
  }
  uint32_t next = (to + 15) & ~uint32_t{15};
  for (Range& range : ranges) {
    if (range.bytes != 0) {
      INGOT_CHECK(next <= *range.offset);
      memmove(arena.base() + next, arena.base() + *range.offset, range.bytes);
    }
    *range.offset = next;
    next = (next + range.bytes + 15) & ~uint32_t{15};
  }
  arena.Rewind(next);
}

}  // namespace ingot::wasm
