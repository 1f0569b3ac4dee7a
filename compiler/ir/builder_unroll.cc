#include "compiler/ir/builder_state.h"

// Small loops without loops and calls in them are built several times over, so
// that gas is paid and tested once for several rounds.
//
// In all rounds but the last a branch to the loop is a forward one, to where
// the next round begins; only the last round's lead back to the header. What
// leaves the loop gets a block of its own, so that gas for rounds that do not
// come is given back on the way out alone.

namespace ingot::compiler {

namespace {

// What all rounds of a loop may have together, and the most rounds.
constexpr uint32_t kUnrolledBytes = 96;
constexpr uint32_t kMostRounds = 4;

}  // namespace

// How many bytes the loops of the body may be built of again.
uint32_t Builder::UnrollingBudget() const {
  if (numbering_ == nullptr) return 0;
  const uint64_t bytes = body_.end - body_.begin;
  const uint64_t most = uint64_t{body_.loops} * kUnrolledBytes;
  const uint64_t share = bytes / 2 + kUnrolledBytes;
  return static_cast<uint32_t>(most < share ? most : share);
}

// The rounds to build of a loop whose body begins behind this instruction.
uint32_t Builder::RoundsOf(uint32_t loop) const {
  if (numbering_ == nullptr) return 1;
  const wasm::LoopInfo& info =
      arena_.Get(module_.loops, body_.first_loop + loop);
  const uint32_t bytes = info.end_offset - next_pos_;
  if (info.contains_call || bytes > kUnrolledBytes / 2) return 1;
  const bool innermost =
      loop + 1 == body_.loops ||
      arena_.Get(module_.loops, body_.first_loop + loop + 1).end_offset >
          info.end_offset;
  if (!innermost) return 1;
  const uint32_t rounds =
      bytes * kMostRounds <= kUnrolledBytes ? kMostRounds
                                            : kUnrolledBytes / bytes;
  return (rounds - 1) * bytes <= unrolling_budget_ ? rounds : 1;
}

// `control`, about to go onto the stack, is a loop of several rounds.
void Builder::BeginUnrolling(const Control& control, uint32_t rounds) {
  const wasm::LoopInfo& info =
      arena_.Get(module_.loops, body_.first_loop + control.loop_info);
  unrolling_.begin = next_pos_;
  unrolling_.rounds = rounds - 1;
  unrolling_.control = num_controls_;
  unrolling_.exits = control;
  unrolling_.exits.kind = ControlKind::kBlock;
  unrolling_budget_ -= unrolling_.rounds * (info.end_offset - next_pos_);
}

bool Builder::IsUnrolled(const Control& control) const {
  return unrolling_.control == static_cast<uint32_t>(&control - controls_);
}

// Whether a label is outside of the loop that is being unrolled.
bool Builder::IsBeyondRounds(const Control& label) const {
  return unrolling_.control != kNoId &&
         static_cast<uint32_t>(&label - controls_) < unrolling_.control;
}

// A block between the branch that `edge` comes from and a label outside.
EdgeId Builder::LeavingBlock(Control& label, EdgeId edge) {
  BindEdge(edge, StartBlock(false));
  graph_.blocks[block_].pos = kNoId;
  graph_.blocks[block_].leaves_loop = true;
  BeginSegment(0);
  graph_.insts[gas_].c = kNoId;
  const EdgeId out = EdgeToLabel(label);
  if (!Over()) JumpTo(out);
  return out;
}

// At the `end` of a loop that is being unrolled: the next round, or what
// follows the loop.
void Builder::EndRound() {
  Control& control = controls_[num_controls_ - 1];
  if (reachable_) {
    graph_.blocks[block_].leaves_loop = true;
    JumpTo(EdgeToForward(unrolling_.exits));
  }
  if (Over()) return;
  UndoTo(control.trail_mark);
  if (unrolling_.rounds != 0 && control.num_edges != 0) {
    Control label = control;
    label.kind = ControlKind::kBlock;
    label.params = 0;
    label.results = control.params;
    control.first_edge = control.last_edge = kNoId;
    control.num_edges = 0;
    --unrolling_.rounds;
    ++round_;
    resume_ = next_pos_ = unrolling_.begin;
    Merge(label);
    if (!Over()) graph_.blocks[block_].begins_round = true;
    return;
  }
  graph_.loops[control.loop].end = graph_.num_blocks;
  open_loop_ = graph_.loops[control.loop].parent;
  round_ = 0;
  unrolling_.control = kNoId;
  --num_controls_;
  const Control exits = unrolling_.exits;
  if (exits.num_edges != 0) Merge(exits);
}

}  // namespace ingot::compiler
