#include "compiler/regalloc/liveness.h"

#include <utility>

#include "compiler/abi/calling_convention.h"
#include "compiler/abi/vmctx.h"
#include "compiler/base/arena_vector.h"
#include "compiler/opt/chains.h"
#include "compiler/opt/trivial_phis.h"

// Three passes. Marking starts from effects and follows operands, through
// trivial phis to what they are, so that pure code without a use is dropped,
// also around loops. Then the need for canonical NaNs spreads from phis and
// selects that somebody sees the bits of to what they pass on. Last, one walk
// backwards over the live instructions pushes each operand's use to the front
// of its list, which leaves the lists in order, and extends intervals over
// loops.

namespace ingot::compiler {

using wasm::Op;

bool IsCompare(IrOp op) {
  return (op >= W(Op::kI32Eqz) && op <= W(Op::kF64Ge)) || op == kTestZero ||
         op == kTestNonzero;
}

bool IsShift(IrOp op) {
  return (op >= W(Op::kI32Shl) && op <= W(Op::kI32ShrU)) ||
         (op >= W(Op::kI64Shl) && op <= W(Op::kI64ShrU));
}

namespace {

constexpr uint32_t kFoldDistance = 16;

// Instructions that count even without a use of their value.
bool IsRoot(IrOp op) {
  if (op >= kIrFirst) {
    return op == kGas || op == kGlobalSet || op == kStoreSlot || IsCall(op) ||
           IsTerminator(op);
  }
  const wasm::OpInfo& info = wasm::InfoOf(static_cast<Op>(op));
  if (info.immediate == wasm::ImmediateKind::kMemArg) return true;
  return (info.flags & wasm::kTraps) != 0;
}

// Values that pass on the bits of others: whether one's NaNs must be canonical
// is known from its users, those of the others from it.
bool PassesOn(const Inst& inst) {
  return (inst.op == kPhi || inst.op == W(Op::kSelect)) && IsFloat(inst.type);
}

// What reads its second operand from memory as well as from a register.
bool ReadsMemory(IrOp op) {
  switch (op) {
    case W(Op::kI32Add): case W(Op::kI32Sub): case W(Op::kI32Mul):
    case W(Op::kI32And): case W(Op::kI32Or): case W(Op::kI32Xor):
    case W(Op::kI64Add): case W(Op::kI64Sub): case W(Op::kI64Mul):
    case W(Op::kI64And): case W(Op::kI64Or): case W(Op::kI64Xor):
    case W(Op::kF32Add): case W(Op::kF32Sub): case W(Op::kF32Mul):
    case W(Op::kF32Div): case W(Op::kF64Add): case W(Op::kF64Sub):
    case W(Op::kF64Mul): case W(Op::kF64Div):
      return true;
    default:
      return op >= W(Op::kI32Eqz) && op <= W(Op::kI64GeU);
  }
}

bool IsCommutative(IrOp op) {
  switch (op) {
    case W(Op::kI32Sub): case W(Op::kI64Sub): case W(Op::kF32Sub):
    case W(Op::kF32Div): case W(Op::kF64Sub): case W(Op::kF64Div):
      return false;
    default:
      return ReadsMemory(op) && !IsCompare(op);
  }
}

// The comparison that says the same of exchanged operands.
IrOp Mirrored(IrOp op) {
  const IrOp first = op >= W(Op::kI64Eqz) ? W(Op::kI64Eqz) : W(Op::kI32Eqz);
  constexpr uint8_t kOther[] = {0, 1, 2, 5, 6, 3, 4, 9, 10, 7, 8};
  return static_cast<IrOp>(first + kOther[op - first]);
}

// Users that cannot tell one NaN from another: arithmetic, which canonicalises
// its own result, comparisons, and truncations.
bool IgnoresNanBits(const Inst& inst) {
  const IrOp op = inst.op;
  if (PassesOn(inst)) return true;
  if (op >= kIrFirst) return false;
  if (IsCompare(op)) return true;
  if (wasm::HasFlag(static_cast<Op>(op), wasm::kCanonicalises)) return true;
  return (op >= W(Op::kI32TruncF32S) && op <= W(Op::kI32TruncF64U)) ||
         (op >= W(Op::kI64TruncF32S) && op <= W(Op::kI64TruncF64U)) ||
         (op >= W(Op::kI32TruncSatF32S) && op <= W(Op::kI64TruncSatF64U));
}

class Analysis {
 public:
  Analysis(Arena& arena, Graph& graph, Liveness* out)
      : arena_(arena), graph_(graph), out_(*out) {}

  bool Run() {
    Array<ValueInfo> values;
    Array<uint32_t> work, counts;
    if (!arena_.AllocateArray(graph_.num_insts, &values) ||
        !arena_.AllocateArray(graph_.num_insts, &work) ||
        !arena_.AllocateArray(graph_.num_insts, &counts)) {
      return false;
    }
    out_.values = arena_.At<ValueInfo>(values.offset);
    work_ = arena_.At<uint32_t>(work.offset);
    counts_ = arena_.At<uint32_t>(counts.offset);
    first_passing_ = graph_.num_insts;
    for (uint32_t i = 0; i < graph_.num_insts; ++i) {
      out_.values[i] = ValueInfo{};
      counts_[i] = 0;
    }
    Mark();
    SpreadCanonical();
    Array<Use> uses;
    Array<uint32_t> loops;
    if (!arena_.AllocateArray(uint64_t{num_uses_} + 1, &uses) ||
        !arena_.AllocateArray(uint64_t{graph_.num_loops} + 1, &loops)) {
      return false;
    }
    out_.uses = arena_.At<Use>(uses.offset);
    open_ = arena_.At<uint32_t>(loops.offset);
    num_uses_ = 0;
    for (BlockId b = graph_.num_blocks; b-- > 0;) WalkBlock(b);
    return true;
  }

 private:
  void Reach(InstId value, bool sees_bits) {
    Inst& inst = graph_.insts[value];
    ++counts_[value];
    ++num_uses_;
    if (sees_bits) inst.flags |= kFlagCanonical;
    if ((inst.flags & kFlagLive) != 0) return;
    inst.flags |= kFlagLive;
    work_[num_work_++] = value;
  }

  void Mark() {
    for (InstId i = graph_.num_insts; i-- > 0;) {
      Inst& inst = graph_.insts[i];
      if ((inst.flags & kFlagLive) != 0 || !IsRoot(inst.op)) continue;
      inst.flags |= kFlagLive;
      work_[num_work_++] = i;
      while (num_work_ != 0) Visit(work_[--num_work_]);
    }
  }

  void Visit(InstId i) {
    Inst& inst = graph_.insts[i];
    const bool sees_bits = !IgnoresNanBits(inst);
    ForEachOperand(graph_, inst, [&](uint32_t& value) {
      value = Resolved(graph_, value);
      Reach(value, sees_bits);
    });
    if (PassesOn(inst)) work_[--first_passing_] = i;
    if (inst.op == kResult) Reach(inst.a, false);
    if (inst.op != kPhi) return;
    ForEachIncoming(i, [&](uint32_t& value) {
      value = Resolved(graph_, value);
      Reach(value, false);
    });
  }

  // Each value is pushed once, when it gets the flag. What Visit left at the
  // end of work_ is read before it is overwritten.
  void SpreadCanonical() {
    for (uint32_t k = first_passing_; k < graph_.num_insts; ++k) {
      const InstId i = work_[k];
      if ((graph_.insts[i].flags & kFlagCanonical) != 0) work_[num_work_++] = i;
    }
    const auto see = [&](uint32_t value) {
      Inst& inst = graph_.insts[value];
      if ((inst.flags & kFlagCanonical) != 0) return;
      inst.flags |= kFlagCanonical;
      if (PassesOn(inst)) work_[num_work_++] = value;
    };
    while (num_work_ != 0) {
      const InstId i = work_[--num_work_];
      const Inst& inst = graph_.insts[i];
      if (inst.op == kPhi) {
        ForEachIncoming(i, see);
      } else {
        see(inst.a);
        see(inst.b);
      }
    }
  }

  // The block of a phi is found through its position: phis open blocks.
  template <typename F>
  void ForEachIncoming(InstId phi, F&& f) {
    const uint32_t place = graph_.insts[phi].a;
    for (EdgeId e = graph_.blocks[BlockOf(phi)].first_in; e != kNoId;
         e = graph_.edges[e].next_in) {
      f(graph_.pool[graph_.edges[e].args + place]);
    }
  }

  BlockId BlockOf(InstId i) const {
    BlockId low = 0, high = graph_.num_blocks - 1;
    while (low < high) {
      const BlockId middle = (low + high) / 2;
      if (graph_.blocks[middle].end > i) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  void EnterLoops(const Block& block, BlockId b) {
    while (num_open_ != 0 &&
           graph_.loops[open_[num_open_ - 1]].header > b) {
      --num_open_;
    }
    const uint32_t top = num_open_ == 0 ? kNoId : open_[num_open_ - 1];
    uint32_t count = 0;
    for (uint32_t l = block.loop; l != top && l != kNoId;
         l = graph_.loops[l].parent) {
      ++count;
    }
    num_open_ += count;
    uint32_t at = num_open_;
    for (uint32_t l = block.loop; count-- > 0; l = graph_.loops[l].parent) {
      open_[--at] = l;
    }
  }

  uint32_t LoopStart(uint32_t loop) const {
    return graph_.blocks[graph_.loops[loop].header].first;
  }
  uint32_t LoopEnd(uint32_t loop) const {
    return graph_.blocks[graph_.loops[loop].end - 1].end - 1;
  }

  void AddUse(InstId value, uint32_t pos) {
    ValueInfo& info = out_.values[value];
    out_.uses[num_uses_] = Use{pos, info.next_use};
    info.next_use = num_uses_++;
    if (info.end < pos) info.end = pos;
    if (num_open_ == 0 || LoopStart(open_[num_open_ - 1]) <= value) return;
    // The outermost open loop that does not hold the definition.
    uint32_t low = 0, high = num_open_ - 1;
    while (low < high) {
      const uint32_t middle = (low + high) / 2;
      if (LoopStart(open_[middle]) > value) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    const uint32_t end = LoopEnd(open_[low]);
    if (info.end < end) info.end = end;
  }

  // A comparison with one use is done by that use, if both are in one block.
  void TryFuse(InstId value, InstId at, InstId block_first) {
    Inst& inst = graph_.insts[value];
    if (!IsCompare(inst.op) || counts_[value] != 1 || value < block_first) {
      return;
    }
    inst.flags |= kFlagFused;
    TryFold(inst, at, block_first);
  }

  // An addition of a value shifted by 1 to 3, which nothing else uses, is one
  // instruction.
  void TryScale(Inst& add, InstId block_first) {
    const bool is_64 = add.op == W(Op::kI64Add);
    if (!graph_.optimised || (!is_64 && add.op != W(Op::kI32Add))) return;
    const uint32_t a = add.a, b = add.b;
    if (a == b || IsConst(a) || IsConst(b)) return;
    for (const auto& [shifted, other] : {std::pair{b, a}, std::pair{a, b}}) {
      Inst& shift = graph_.insts[shifted];
      if (shift.op != (is_64 ? W(Op::kI64Shl) : W(Op::kI32Shl)) ||
          counts_[shifted] != 1 || shifted < block_first ||
          !IsConst(shift.b)) {
        continue;
      }
      const uint32_t count = graph_.insts[shift.b].a & (is_64 ? 63 : 31);
      if (count < 1 || count > 3) continue;
      add.op = kAddScaled;
      add.a = other;
      add.b = shift.a;
      add.c = count;
      shift.flags &= static_cast<uint8_t>(~kFlagLive);
      return;
    }
  }

  // A load with one use is read by that use, as its second operand, if nothing
  // in between could be told apart from it: what traps, writes or pays stays in
  // its order. At most kFoldDistance instructions lie between.
  bool CanFold(InstId value, const Inst& user, InstId at, InstId block_first) {
    const Inst& load = graph_.insts[value];
    if (load.op != FoldedLoad(user) || counts_[value] != 1 ||
        value < block_first || value + kFoldDistance < at ||
        load.c > abi::kLargestFoldedOffset) {
      return false;
    }
    for (InstId i = value + 1; i < at; ++i) {
      const Inst& between = graph_.insts[i];
      if ((between.flags & kFlagLive) != 0 && IsRoot(between.op)) return false;
    }
    return true;
  }

  bool IsPlainLoad(InstId value) const {
    const IrOp op = graph_.insts[value].op;
    return op >= W(Op::kI32Load) && op <= W(Op::kF64Load);
  }

  // `at`: where `user` is done.
  void TryFold(Inst& user, InstId at, InstId block_first) {
    if (user.op < W(Op::kI32Eqz) || user.op > W(Op::kF64Div)) return;
    const bool first = IsPlainLoad(user.a);
    const bool second = user.b != kNoId && IsPlainLoad(user.b);
    if ((!first && !second) || !graph_.optimised || !ReadsMemory(user.op) ||
        graph_.module->imported_memories != 0) {
      return;
    }
    if (second && CanFold(user.b, user, at, block_first)) {
      graph_.insts[user.b].flags |= kFlagFused;
      return;
    }
    const bool compares = IsCompare(user.op);
    if (!first || (!compares && !IsCommutative(user.op)) ||
        !CanFold(user.a, user, at, block_first)) {
      return;
    }
    graph_.insts[user.a].flags |= kFlagFused;
    // A comparison with an immediate reads its first operand.
    if (compares &&
        (user.b == kNoId || FitsImmediate(graph_.insts[user.b]))) {
      return;
    }
    std::swap(user.a, user.b);
    if (compares) user.op = Mirrored(user.op);
  }

  // The load of the width and type that an instruction works on.
  IrOp FoldedLoad(const Inst& user) const {
    switch (graph_.insts[user.a].type) {
      case Type::kI32: return W(Op::kI32Load);
      case Type::kI64: return W(Op::kI64Load);
      case Type::kF32: return W(Op::kF32Load);
      default: return W(Op::kF64Load);
    }
  }

  bool IsConst(InstId value) const { return graph_.insts[value].op == kConst; }

  void WalkBlock(BlockId b) {
    const Block& block = graph_.blocks[b];
    EnterLoops(block, b);
    const InstId last = block.end - 1;
    ForEachEdge(graph_, graph_.insts[last], [&](EdgeId e) {
      const Edge& edge = graph_.edges[e];
      const Block& to = graph_.blocks[edge.to];
      for (uint32_t k = 0; k < to.phis; ++k) {
        const InstId phi = to.first + k;
        if ((graph_.insts[phi].flags & kFlagLive) == 0) continue;
        const InstId value = graph_.pool[edge.args + k];
        AddUse(value, last);
        out_.values[value].hint_phi = phi;
      }
    });
    for (InstId i = block.end; i-- > block.first;) WalkInst(i, block);
  }

  void WalkInst(InstId i, const Block& block) {
    Inst& inst = graph_.insts[i];
    if ((inst.flags & kFlagLive) == 0 || (inst.flags & kFlagFused) != 0) return;
    if (IsAssociative(inst.op) && graph_.optimised) {
      OrderChain(graph_, counts_, i, block.first);
    }
    TryScale(inst, block.first);
    TryFold(inst, i, block.first);
    if (inst.op == kBranch) TryFuse(inst.a, i, block.first);
    if (inst.op == W(Op::kSelect)) TryFuse(inst.c, i, block.first);
    UseOperands(inst, i);
    Hints(inst);
  }

  // What is absorbed uses its own operands at `pos`: a comparison, and in it a
  // load.
  void UseOperands(Inst& inst, InstId pos) {
    ForEachOperand(graph_, inst, [&](uint32_t& value) {
      Inst& operand = graph_.insts[value];
      if ((operand.flags & kFlagFused) == 0) {
        AddUse(value, pos);
      } else {
        UseOperands(operand, pos);
      }
    });
  }

  void Hints(const Inst& inst) {
    ValueInfo* values = out_.values;
    switch (inst.op) {
      case kCall: case kCallImport: case kCallIndirect: case kBuiltin:
      case kTailCall: case kTailCallImport: case kTailCallIndirect:
        PlaceHints(inst.a + 2, inst.b);
        return;
      case kReturn:
        PlaceHints(inst.a, inst.b);
        return;
      case W(Op::kI32Shl): case W(Op::kI32ShrS): case W(Op::kI32ShrU):
      case W(Op::kI32Rotl): case W(Op::kI32Rotr):
      case W(Op::kI64Shl): case W(Op::kI64ShrS): case W(Op::kI64ShrU):
      case W(Op::kI64Rotl): case W(Op::kI64Rotr):
        if (graph_.v3 && IsShift(inst.op)) return;
        values[inst.b].hint = 1;  // rcx
        return;
      case W(Op::kI32DivS): case W(Op::kI32DivU):
      case W(Op::kI32RemS): case W(Op::kI32RemU):
      case W(Op::kI64DivS): case W(Op::kI64DivU):
      case W(Op::kI64RemS): case W(Op::kI64RemU):
        values[inst.a].hint = 0;  // rax
        return;
      default:
        return;
    }
  }

  void PlaceHints(uint32_t at, uint32_t count) {
    uint32_t ints = 0, floats = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const InstId value = graph_.pool[at + i];
      if (IsFloat(graph_.insts[value].type)) {
        if (floats < abi::kFloatRegisters) {
          out_.values[value].hint = static_cast<uint8_t>(16 + floats++);
        }
      } else if (ints < abi::kIntRegisters) {
        out_.values[value].hint = abi::kIntArgument[ints++];
      }
    }
  }

  Arena& arena_;
  Graph& graph_;
  Liveness& out_;
  uint32_t* work_ = nullptr;
  uint32_t* counts_ = nullptr;
  uint32_t num_work_ = 0;
  // What was visited and passes on bits stands at the end of work_, from here.
  uint32_t first_passing_ = 0;
  uint32_t num_uses_ = 0;
  uint32_t* open_ = nullptr;
  uint32_t num_open_ = 0;
};

}  // namespace

bool Analyse(Arena& arena, Graph& graph, Liveness* out) {
  return Analysis(arena, graph, out).Run();
}

}  // namespace ingot::compiler
