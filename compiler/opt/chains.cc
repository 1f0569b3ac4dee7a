#include "compiler/opt/chains.h"

#include <utility>

// The instructions keep their places. The operand that one is given must be
// computed before it: of the values that came before the n-th instruction, n + 1
// belong to the first n, so one is always left.

namespace ingot::compiler {

using wasm::Op;

namespace {

class Chain {
 public:
  Chain(Graph& graph, const uint32_t* uses, IrOp op, InstId block_first)
      : graph_(graph), uses_(uses), op_(op), block_first_(block_first) {}

  void Gather(InstId last) {
    for (InstId node = last;;) {
      const Inst& inst = graph_.insts[node];
      nodes_[num_nodes_++] = node;
      InstId inner = inst.a, other = inst.b;
      if (!GoesOn(inner) || (GoesOn(other) && other > inner)) {
        std::swap(inner, other);
      }
      AddLeaf(other);
      if (num_nodes_ == kMaxChain || !GoesOn(inner)) return AddLeaf(inner);
      graph_.insts[inner].flags |= kFlagChained;
      node = inner;
    }
  }

  void Order() {
    if (num_nodes_ < 2) return;
    uint32_t first_phi = 0;
    for (uint32_t i = 0; i < num_leaves_; ++i) {
      if (graph_.insts[leaves_[i]].op != kPhi) {
        std::swap(leaves_[first_phi++], leaves_[i]);
      }
    }
    Sort(0, first_phi);
    Sort(first_phi, num_leaves_);
    for (uint32_t n = num_nodes_; n-- > 0;) {
      Inst& inst = graph_.insts[nodes_[n]];
      if (n + 1 < num_nodes_) {
        inst.a = nodes_[n + 1];
        inst.b = Take(nodes_[n]);
        continue;
      }
      inst.a = Take(nodes_[n]);
      if (immediate_ == kNoId) {
        inst.b = Take(nodes_[n]);
      } else {
        inst.op = kAddImmediate;
        inst.b = kNoId;
        inst.c = graph_.insts[immediate_].a;
      }
    }
  }

 private:
  bool GoesOn(InstId value) const {
    return value >= block_first_ && graph_.insts[value].op == op_ &&
           uses_[value] == 1;
  }

  // One constant of a sum is set apart; sums of constants are none any more.
  void AddLeaf(InstId value) {
    const bool adds = op_ == W(Op::kI32Add) || op_ == W(Op::kI64Add);
    if (adds && immediate_ == kNoId && FitsImmediate(graph_.insts[value])) {
      immediate_ = value;
    } else {
      leaves_[num_leaves_++] = value;
    }
  }

  void Sort(uint32_t begin, uint32_t end) {
    for (uint32_t i = begin + 1; i < end; ++i) {
      for (uint32_t k = i; k > begin && leaves_[k] < leaves_[k - 1]; --k) {
        std::swap(leaves_[k], leaves_[k - 1]);
      }
    }
  }

  // The first leaf that is left and computed before `node`.
  InstId Take(InstId node) {
    uint32_t at = 0;
    while (leaves_[at] == kNoId || leaves_[at] > node) ++at;
    return std::exchange(leaves_[at], kNoId);
  }

  Graph& graph_;
  const uint32_t* uses_;
  const IrOp op_;
  const InstId block_first_;
  InstId nodes_[kMaxChain] = {};  // from the last one
  InstId leaves_[kMaxChain + 1] = {};
  InstId immediate_ = kNoId;
  uint32_t num_nodes_ = 0;
  uint32_t num_leaves_ = 0;
};

}  // namespace

void OrderChain(Graph& graph, const uint32_t* uses, InstId last,
                InstId block_first) {
  const Inst& inst = graph.insts[last];
  if ((inst.flags & kFlagChained) != 0) return;
  const auto inner = [&](InstId value) {
    return graph.insts[value].op == inst.op && uses[value] == 1;
  };
  if (!inner(inst.a) && !inner(inst.b)) return;
  Chain chain(graph, uses, inst.op, block_first);
  chain.Gather(last);
  chain.Order();
}

}  // namespace ingot::compiler
