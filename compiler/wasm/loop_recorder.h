#ifndef COMPILER_WASM_LOOP_RECORDER_H_
#define COMPILER_WASM_LOOP_RECORDER_H_

#include <cstdint>

#include "compiler/base/arena.h"
#include "compiler/wasm/arena_list.h"
#include "compiler/wasm/module.h"

// Which locals each loop of a body assigns: the SSA builder makes phis for
// exactly those when it enters the loop, so that it needs no second pass.
//
// The lists of the open loops stand on one stack, the innermost on top. Each
// local has a stamp: the id of the innermost open loop whose list holds it. An
// entry remembers the stamp that it replaced, so that closing a loop restores
// the stamps and sees at once which of its locals the enclosing loop lacks.
// Closing costs the length of the list, and the sum of the lengths is bounded:
// a body that exceeds kLoopLocalsPerByte × its bytes keeps no lists at all.

namespace ingot::wasm {

class LoopRecorder {
 public:
  // Scratch for bodies of up to `max_locals` and `max_bytes`; false when the
  // arena is full.
  [[nodiscard]] bool Init(Arena& arena, uint32_t max_locals,
                          uint32_t max_bytes);

  void BeginBody(uint32_t body_bytes);
  // Returns the loop's index in Module::loops; false when the arena is full.
  [[nodiscard]] bool Open(Arena& arena, uint32_t* loop);
  [[nodiscard]] bool Close(Arena& arena, uint32_t end_offset);
  void Assign(uint32_t local) {
    if (depth_ != 0 && !over_budget_ && stamps_[local] != top_id_) Add(local);
  }
  void Call() {
    if (depth_ != 0) top_calls_ = true;
  }
  // All loops are closed: fills in the body's loop fields.
  void EndBody(Arena& arena, Body* body);

  // Moves the results of all bodies to `to`, which lies before everything that
  // Init and the calls after it allocated, and frees what follows them.
  void Finish(Arena& arena, uint32_t to, Module* module);

 private:
  struct Entry {
    uint32_t local;
    uint32_t stamp;  // of the local before this entry
  };
  // What a loop saves of the one around it.
  struct Saved {
    uint32_t loop;
    uint32_t id;
    uint32_t first_entry;
    uint32_t calls;
  };

  void Add(uint32_t local) {
    entries_[entry_count_++] = Entry{local, stamps_[local]};
    stamps_[local] = top_id_;
  }

  uint32_t* stamps_ = nullptr;
  Entry* entries_ = nullptr;
  Saved* saved_ = nullptr;
  uint32_t entry_count_ = 0;
  uint32_t depth_ = 0;
  uint32_t next_id_ = 1;
  // Of the innermost open loop:
  uint32_t top_loop_ = 0;
  uint32_t top_id_ = 0;
  uint32_t top_first_ = 0;
  bool top_calls_ = false;
  // Of the body:
  bool over_budget_ = false;
  uint64_t budget_ = 0;
  uint32_t first_loop_ = 0;
  uint32_t first_local_ = 0;
  ArenaList<LoopInfo> loops_;
  ArenaList<uint32_t> locals_;
};

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_LOOP_RECORDER_H_
