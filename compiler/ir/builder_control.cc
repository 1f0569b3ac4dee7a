#include "compiler/ir/builder_state.h"

// Blocks, labels and merges of the SSA builder.
//
// Locals live in one array with an undo trail. A forward edge keeps a snapshot:
// the locals changed since its label opened. When the label closes, the locals
// whose values differ among its edges get phis. A loop's phis are made when it
// opens: one for each local that it assigns.
//
// A snapshot in the pool is [n, n × (local, value), value per label operand];
// binding the edge replaces it by its list of arguments.

namespace ingot::compiler {

using wasm::BlockKind;
using wasm::Operator;
using wasm::OperatorReader;

BlockId Builder::StartBlock(bool loop_header) {
  if (graph_.num_blocks >= cap_blocks_) [[unlikely]] {
    if (outcome_ == Outcome::kOk) outcome_ = Outcome::kOverCapacity;
    graph_.num_blocks = cap_blocks_ - 1;
  }
  block_ = graph_.num_blocks++;
  Block& block = graph_.blocks[block_];
  block = Block{};
  block.first = graph_.num_insts;
  block.loop = open_loop_;
  block.pos = next_pos_;
  block.is_loop_header = loop_header;
  block.round = round_;
  reachable_ = true;
  if (num_controls_ == 0 && block_ == 0) BeginSegment(0);
  return block_;
}

// Called behind the terminator.
void Builder::EndBlock() {
  EndSegment();
  graph_.blocks[block_].end = graph_.num_insts;
  graph_.blocks[block_].last_gas = gas_;
  block_ = kNoId;
  reachable_ = false;
  owed_ = 0;
}

EdgeId Builder::NewEdge() {
  if (graph_.num_edges >= cap_edges_) [[unlikely]] {
    if (outcome_ == Outcome::kOk) outcome_ = Outcome::kOverCapacity;
    graph_.num_edges = cap_edges_ - 1;
  }
  const EdgeId id = graph_.num_edges++;
  graph_.edges[id] = Edge{};
  graph_.edges[id].from = block_;
  return id;
}

void Builder::BindEdge(EdgeId edge, BlockId to) {
  graph_.edges[edge].to = to;
  graph_.edges[edge].next_in = graph_.blocks[to].first_in;
  graph_.blocks[to].first_in = edge;
}

void Builder::JumpTo(EdgeId edge) {
  Emit(kJump, Type::kNone, edge);
  EndBlock();
}

// A value that is zero exactly if the condition on the stack is.
InstId Builder::PopCondition() {
  const InstId condition = Pop();
  if (numbering_ == nullptr || Over()) return condition;
  const Simplified simple = SimplifyCondition(graph_.insts, condition);
  return simple.value != kNoId ? simple.value : EmitPure(simple.pure);
}

void Builder::ResolveType(const Operator& op, Control* control) {
  switch (op.block) {
    case BlockKind::kEmpty:
      return;
    case BlockKind::kValue:
      control->results = 1;
      control->type_pool = kNoId;
      control->value_type = TypeOf(static_cast<wasm::ValType>(op.a));
      return;
    case BlockKind::kType: {
      const wasm::FuncType& type = arena_.Get(module_.types, op.a);
      control->params = type.params;
      control->results = type.results;
      control->type_pool = type.pool_offset;
      return;
    }
  }
}

Type Builder::ParamType(const Control& control, uint32_t i) const {
  return TypeOf(type_pool_[control.type_pool + i]);
}

Type Builder::ResultType(const Control& control, uint32_t i) const {
  if (control.type_pool == kNoId) return control.value_type;
  return TypeOf(type_pool_[control.type_pool + control.params + i]);
}

void Builder::OpenBlock(const Operator& op) {
  Control control;
  control.kind = ControlKind::kBlock;
  ResolveType(op, &control);
  control.height = height_ - control.params;
  control.trail_mark = num_trail_;
  control.opened = graph_.num_insts;
  INGOT_CHECK(num_controls_ < cap_controls_);
  controls_[num_controls_++] = control;
}

void Builder::OpenLoop(const Operator& op) {
  const wasm::LoopInfo& info =
      arena_.Get(module_.loops, body_.first_loop + next_loop_);
  Control control;
  control.loop_info = next_loop_++;
  control.kind = ControlKind::kLoop;
  ResolveType(op, &control);
  control.height = height_ - control.params;
  if (slots_) FlushTop(control.params);
  const uint32_t count = slots_ ? 0 : info.count;
  const uint32_t params = slots_ ? 0 : control.params;
  const EdgeId entry = NewEdge();
  const uint32_t args = Pool(count + params);
  Charge(uint64_t{wasm::kMergeCostOfLoopValue} * (count + params));
  if (Over()) return;
  const std::span<const uint32_t> assigned =
      arena_.View(module_.loop_locals).subspan(info.first, info.count);
  for (uint32_t i = 0; i < count; ++i) {
    graph_.pool[args + i] = GetLocal(assigned[i]);
  }
  for (uint32_t i = 0; i < params; ++i) {
    graph_.pool[args + count + i] = stack_[control.height + i];
  }
  graph_.edges[entry].args = args;
  JumpTo(entry);
  INGOT_CHECK(graph_.num_loops < body_.loops);
  Loop& loop = graph_.loops[graph_.num_loops];
  loop = Loop{};
  loop.parent = open_loop_;
  open_loop_ = graph_.num_loops++;
  control.loop = open_loop_;
  control.opened = graph_.num_insts;
  control.header = StartBlock(true);
  ForgetMemory();
  loop.header = control.header;
  graph_.blocks[block_].phis = count + params;
  for (uint32_t i = 0; i < count && !Over(); ++i) {
    const Type type = graph_.insts[graph_.pool[args + i]].type;
    SetLocal(assigned[i], Emit(kPhi, type, i));
  }
  for (uint32_t i = 0; i < params && !Over(); ++i) {
    stack_[control.height + i] =
        Emit(kPhi, ParamType(control, i), count + i);
  }
  if (Over()) return;
  BindEdge(entry, block_);
  BeginSegment(kFlagCheck);
  control.trail_mark = num_trail_;
  INGOT_CHECK(num_controls_ < cap_controls_);
  const uint32_t rounds = RoundsOf(control.loop_info);
  if (rounds > 1) BeginUnrolling(control, rounds);
  controls_[num_controls_++] = control;
}

void Builder::OpenIf(const Operator& op) {
  const InstId condition = PopCondition();
  Control control;
  control.kind = ControlKind::kIf;
  ResolveType(op, &control);
  control.height = height_ - control.params;
  control.trail_mark = num_trail_;
  control.opened = graph_.num_insts;
  control.split = graph_.num_insts;
  if (slots_) FlushTop(control.params);
  control.saved_params = Pool(control.params);
  const EdgeId then = NewEdge();
  control.else_edge = NewEdge();
  if (Over()) return;
  for (uint32_t i = 0; i < control.params; ++i) {
    graph_.pool[control.saved_params + i] = stack_[control.height + i];
  }
  Emit(kBranch, Type::kNone, condition, then, control.else_edge);
  EndBlock();
  BindEdge(then, StartBlock(false));
  BeginSegment(0);
  INGOT_CHECK(num_controls_ < cap_controls_);
  controls_[num_controls_++] = control;
}

void Builder::Else() {
  Control& control = controls_[num_controls_ - 1];
  if (reachable_) JumpTo(EdgeToLabel(control));
  if (Over()) return;
  UndoTo(control.trail_mark);
  control.kind = ControlKind::kElse;
  height_ = control.height + control.params;
  for (uint32_t i = 0; i < control.params; ++i) {
    stack_[control.height + i] = graph_.pool[control.saved_params + i];
  }
  const EdgeId edge = control.else_edge;
  control.else_edge = kNoId;
  HideFrom(control.split);
  BindEdge(edge, StartBlock(false));
  BeginSegment(0);
}

void Builder::End() {
  Control& control = controls_[num_controls_ - 1];
  if (IsUnrolled(control)) return EndRound();
  if (control.kind == ControlKind::kLoop) {
    const EdgeId out = reachable_ ? NewEdge() : kNoId;
    if (reachable_) JumpTo(out);
    graph_.loops[control.loop].end = graph_.num_blocks;
    open_loop_ = graph_.loops[control.loop].parent;
    --num_controls_;
    if (out == kNoId || Over()) return;
    BindEdge(out, StartBlock(false));
    BeginSegment(0);
    return;
  }
  // The missing `else` passes the parameters on.
  if (control.kind == ControlKind::kIf && !Over()) {
    const EdgeId edge = control.else_edge;
    const uint32_t params = slots_ ? 0 : control.params;
    const uint32_t at = Pool(1 + params);
    if (Over()) return;
    graph_.pool[at] = 0;
    for (uint32_t i = 0; i < params; ++i) {
      graph_.pool[at + 1 + i] = graph_.pool[control.saved_params + i];
    }
    graph_.edges[edge].args = at;
    AppendEdge(control, edge);
  }
  if (control.num_edges != 0) {
    if (reachable_) JumpTo(EdgeToLabel(control));
    if (Over()) return;
    UndoTo(control.trail_mark);
    const Control closed = control;
    --num_controls_;
    Merge(closed);
  } else {
    --num_controls_;
  }
  if (Over()) return;
  if (num_controls_ == 0 && reachable_) Return();
}

// Makes the block behind a label from the edges that lead to it.
void Builder::Merge(const Control& control) {
  height_ = control.height + control.results;
  HideBefore(control);
  StartBlock(false);
  graph_.blocks[block_].opened = control.opened;
  if (slots_) {
    for (EdgeId e = control.first_edge, next; e != kNoId; e = next) {
      next = graph_.edges[e].next_in;
      graph_.edges[e].args = 0;
      BindEdge(e, block_);
    }
    for (uint32_t i = 0; i < control.results; ++i) {
      stack_[control.height + i] = kInSlot;
      stack_types_[control.height + i] = ResultType(control, i);
    }
    BeginSegment(0);
    return;
  }
  // What changed on any edge: in order of first appearance.
  const uint32_t stamp = ++stamp_;
  uint32_t num_changed = 0;
  uint32_t pairs = 0;
  for (EdgeId e = control.first_edge; e != kNoId; e = graph_.edges[e].next_in) {
    pairs += graph_.pool[graph_.edges[e].args];
  }
  const uint32_t changed = Pool(pairs);
  if (Over()) return;
  for (EdgeId e = control.first_edge; e != kNoId; e = graph_.edges[e].next_in) {
    const uint32_t at = graph_.edges[e].args;
    for (uint32_t i = 0; i < graph_.pool[at]; ++i) {
      const uint32_t local = graph_.pool[at + 1 + 2 * i];
      const uint32_t value = graph_.pool[at + 2 + 2 * i];
      LocalsScratch::Entry& entry = locals_.entries[local];
      if (entry.seen != stamp) {
        entry.seen = stamp;
        entry.merged = value;
        entry.count = 1;
        graph_.pool[changed + num_changed++] = local;
      } else {
        if (entry.merged != value) entry.merged = kNoId;
        ++entry.count;
      }
    }
  }
  uint32_t phis = 0;
  for (uint32_t i = 0; i < num_changed && !Over(); ++i) {
    LocalsScratch::Entry& entry =
        locals_.entries[graph_.pool[changed + i]];
    const bool same =
        entry.merged != kNoId &&
        (entry.count == control.num_edges || entry.merged == entry.value);
    entry.count = kNoId;
    if (same) continue;
    entry.count = phis;
    entry.merged = Emit(kPhi, graph_.insts[entry.value].type, phis++);
  }
  const uint32_t local_phis = phis;
  for (uint32_t i = 0; i < control.results && !Over(); ++i) {
    stack_[control.height + i] = Emit(kPhi, ResultType(control, i), phis++);
  }
  if (Over()) return;
  graph_.blocks[block_].phis = phis;
  FillMergeArgs(control, changed, num_changed, local_phis);
  if (Over()) return;
  for (uint32_t i = 0; i < num_changed && num_controls_ != 0; ++i) {
    const uint32_t local = graph_.pool[changed + i];
    SetLocal(local, locals_.entries[local].merged);
  }
  BeginSegment(0);
}

// Turns the snapshots of all edges into arguments of the block's phis.
void Builder::FillMergeArgs(const Control& control, uint32_t changed,
                            uint32_t num_changed, uint32_t local_phis) {
  const uint32_t phis = graph_.blocks[block_].phis;
  for (EdgeId e = control.first_edge, next; e != kNoId; e = next) {
    next = graph_.edges[e].next_in;
    const uint32_t at = graph_.edges[e].args;
    const uint32_t args = Pool(phis);
    Charge(local_phis);
    if (Over()) return;
    for (uint32_t i = 0; i < num_changed; ++i) {
      const LocalsScratch::Entry& entry =
          locals_.entries[graph_.pool[changed + i]];
      if (entry.count != kNoId) {
        graph_.pool[args + entry.count] = entry.value;
      }
    }
    Charge(num_changed);
    const uint32_t pairs = graph_.pool[at];
    for (uint32_t i = 0; i < pairs; ++i) {
      const LocalsScratch::Entry& entry =
          locals_.entries[graph_.pool[at + 1 + 2 * i]];
      if (entry.count != kNoId) {
        graph_.pool[args + entry.count] = graph_.pool[at + 2 + 2 * i];
      }
    }
    for (uint32_t i = local_phis; i < phis; ++i) {
      graph_.pool[args + i] =
          graph_.pool[at + 1 + 2 * pairs + (i - local_phis)];
    }
    graph_.edges[e].args = args;
    BindEdge(e, block_);
  }
}

// Where paths meet that were apart since `split`.
void Builder::HideFrom(InstId split) {
  if (numbering_ == nullptr) return;
  numbering_->Hide(split, graph_.num_insts);
  numbering_->Forget();
}

// What is known where the edges of a label meet. Behind a single one that left
// just now, memory is as it was there.
void Builder::HideBefore(const Control& label) {
  constexpr uint32_t kBranchAndJump = 3;
  if (label.num_edges == 1 && numbering_ != nullptr &&
      graph_.num_insts - label.split <= kBranchAndJump) {
    numbering_->Hide(label.split, graph_.num_insts);
    return;
  }
  HideFrom(label.split);
}

void Builder::UndoTo(uint32_t mark) {
  while (num_trail_ > mark) {
    const TrailEntry& entry = trail_[--num_trail_];
    locals_.entries[entry.local].value = entry.old_value;
    locals_.entries[entry.local].log = entry.old_log;
  }
}

void Builder::AppendEdge(Control& label, EdgeId edge) {
  if (label.last_edge == kNoId) {
    label.first_edge = edge;
    // The arms of an `if` split at its branch.
    if (label.kind != ControlKind::kIf && label.kind != ControlKind::kElse) {
      label.split = graph_.num_insts;
    }
  } else {
    graph_.edges[label.last_edge].next_in = edge;
  }
  label.last_edge = edge;
  ++label.num_edges;
}

// An edge from the current block to a label, with the operands on top of the
// stack as the label's. In slot mode they are in the label's slots afterwards
// (CopyToLabel was called where they stand elsewhere).
EdgeId Builder::EdgeToLabel(Control& label) {
  if (slots_) {
    if (!NeedsCopies(label)) FlushTop(LabelArity(label));
    const EdgeId edge = NewEdge();
    if (Over()) return edge;
    if (label.kind == ControlKind::kLoop) {
      BindEdge(edge, label.header);
    } else {
      AppendEdge(label, edge);
    }
    return edge;
  }
  if (label.kind != ControlKind::kLoop ||
      (IsUnrolled(label) && unrolling_.rounds != 0)) {
    return EdgeToForward(label);
  }
  return EdgeToLoop(label);
}

EdgeId Builder::EdgeToForward(Control& label) {
  const EdgeId edge = NewEdge();
  const uint32_t stamp = ++stamp_;
  const uint32_t at = Pool(1);
  const uint32_t arity = LabelArity(label);
  Charge(num_trail_ - label.trail_mark + arity);
  uint32_t pairs = 0;
  for (uint32_t i = label.trail_mark; i < num_trail_ && !Over(); ++i) {
    LocalsScratch::Entry& entry = locals_.entries[trail_[i].local];
    if (entry.seen == stamp) continue;
    entry.seen = stamp;
    const uint32_t pair = Pool(2);
    if (Over()) break;
    graph_.pool[pair] = trail_[i].local;
    graph_.pool[pair + 1] = entry.value;
    ++pairs;
  }
  const uint32_t operands = Pool(arity);
  if (Over()) return edge;
  graph_.pool[at] = pairs;
  for (uint32_t i = 0; i < arity; ++i) {
    graph_.pool[operands + i] = stack_[height_ - arity + i];
  }
  graph_.edges[edge].args = at;
  AppendEdge(label, edge);
  return edge;
}

EdgeId Builder::EdgeToLoop(Control& label) {
  const EdgeId edge = NewEdge();
  const uint32_t phis = graph_.blocks[label.header].phis;
  const uint32_t args = Pool(phis);
  Charge(uint64_t{wasm::kMergeCostOfValueBack} * phis);
  if (Over()) return edge;
  const uint32_t locals = phis - label.params;
  // The header's phis are in the order of the loop's assigned locals; which
  // local each stands for is read off validation's list again.
  const wasm::LoopInfo& info = arena_.Get(
      module_.loops, body_.first_loop + label.loop_info);
  const std::span<const uint32_t> assigned =
      arena_.View(module_.loop_locals).subspan(info.first, info.count);
  for (uint32_t i = 0; i < locals; ++i) {
    graph_.pool[args + i] = GetLocal(assigned[i]);
  }
  for (uint32_t i = 0; i < label.params; ++i) {
    graph_.pool[args + locals + i] = stack_[height_ - label.params + i];
  }
  graph_.edges[edge].args = args;
  BindEdge(edge, label.header);
  return edge;
}

bool Builder::NeedsCopies(const Control& label) const {
  const uint32_t arity = LabelArity(label);
  return slots_ && arity != 0 && height_ - arity != label.height;
}

// Stores the label's operands into its slots. Going upwards is safe, since a
// target never lies above its source.
void Builder::CopyToLabel(const Control& label) {
  const uint32_t arity = LabelArity(label);
  for (uint32_t i = 0; i < arity && !Over(); ++i) {
    const InstId value = Operand(height_ - arity + i);
    Emit(kStoreSlot, Type::kNone, value, kNoId,
         graph_.num_locals + label.height + i);
  }
}

// A block of its own that copies operands on the way from `from` to a label.
EdgeId Builder::CopyBlock(Control& label, EdgeId from) {
  BindEdge(from, StartBlock(false));
  graph_.blocks[block_].pos = kNoId;
  BeginSegment(0);
  graph_.insts[gas_].c = kNoId;
  CopyToLabel(label);
  const EdgeId edge = EdgeToLabel(label);
  JumpTo(edge);
  return edge;
}

void Builder::FlushTop(uint32_t count) {
  for (uint32_t p = height_ - count; p < height_ && !Over(); ++p) {
    if (stack_[p] == kInSlot) continue;
    Emit(kStoreSlot, Type::kNone, stack_[p], kNoId, graph_.num_locals + p);
    stack_[p] = kInSlot;
  }
}

void Builder::Branch(uint32_t depth) {
  Control& label = Label(depth);
  if (NeedsCopies(label)) CopyToLabel(label);
  if (IsBeyondRounds(label)) graph_.blocks[block_].leaves_loop = true;
  const EdgeId edge = EdgeToLabel(label);
  if (Over()) return;
  JumpTo(edge);
}

void Builder::BranchIf(uint32_t depth) {
  const InstId condition = PopCondition();
  Control& label = Label(depth);
  const bool copies = NeedsCopies(label);
  const bool leaves = IsBeyondRounds(label);
  const EdgeId taken = copies || leaves ? NewEdge() : EdgeToLabel(label);
  const EdgeId fall = NewEdge();
  if (Over()) return;
  Emit(kBranch, Type::kNone, condition, taken, fall);
  EndBlock();
  if (copies) CopyBlock(label, taken);
  if (leaves) LeavingBlock(label, taken);
  if (Over()) return;
  BindEdge(fall, StartBlock(false));
  BeginSegment(0);
}

void Builder::BranchTable(OperatorReader& reader, uint32_t labels) {
  const InstId index = Pop();
  const uint32_t entries = labels + 1;
  const uint32_t depths = Pool(entries);
  const uint32_t edges = Pool(entries);
  if (Over()) return;
  const uint32_t stamp = ++stamp_;
  uint32_t distinct = 0;
  for (uint32_t i = 0; i < entries && !Over(); ++i) {
    const uint32_t depth = reader.ReadLabel();
    graph_.pool[depths + i] = depth;
    Control& label = Label(depth);
    if (label.branch_stamp == stamp) continue;
    label.branch_stamp = stamp;
    label.branch_place = distinct;
    graph_.pool[edges + distinct++] =
        NeedsCopies(label) ? NewEdge() : EdgeToLabel(label);
  }
  const uint32_t at = Pool(1 + distinct + entries);
  if (Over()) return;
  graph_.pool[at] = distinct;
  for (uint32_t i = 0; i < distinct; ++i) {
    graph_.pool[at + 1 + i] = graph_.pool[edges + i];
  }
  for (uint32_t i = 0; i < entries; ++i) {
    graph_.pool[at + 1 + distinct + i] =
        Label(graph_.pool[depths + i]).branch_place;
  }
  Emit(kBrTable, Type::kNone, index, at, entries);
  EndBlock();
  uint32_t next = 0;
  for (uint32_t i = 0; i < entries && !Over() && next < distinct; ++i) {
    Control& label = Label(graph_.pool[depths + i]);
    if (label.branch_place != next) continue;
    const EdgeId edge = graph_.pool[edges + next++];
    if (NeedsCopies(label)) CopyBlock(label, edge);
  }
}

}  // namespace ingot::compiler
