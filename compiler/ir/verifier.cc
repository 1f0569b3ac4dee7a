#include "compiler/ir/verifier.h"

#include <vector>

// One walk for structure and types, then dominance: immediate dominators by
// Cooper, Harvey and Kennedy ("A Simple, Fast Dominance Algorithm", 2001),
// whose block order is the layout here.

namespace ingot::compiler {

using wasm::Op;

namespace {

class Verifier {
 public:
  explicit Verifier(Graph& graph) : graph_(graph) {}

  GraphError Run() {
    block_of_.assign(graph_.num_insts, kNoId);
    Blocks();
    if (error_.what == nullptr) Edges();
    if (error_.what == nullptr) Dominators();
    for (BlockId b = 0; b < graph_.num_blocks && error_.what == nullptr; ++b) {
      for (InstId i = graph_.blocks[b].first; i < graph_.blocks[b].end; ++i) {
        Operands(b, i);
      }
    }
    return error_;
  }

 private:
  void Fail(const char* what, InstId inst) {
    if (error_.what == nullptr) error_ = GraphError{what, inst};
  }

  void Blocks() {
    InstId next = 0;
    for (BlockId b = 0; b < graph_.num_blocks; ++b) {
      const Block& block = graph_.blocks[b];
      if (block.first != next) return Fail("block does not follow", next);
      if (block.end <= block.first + block.phis || block.end > graph_.num_insts) {
        return Fail("block has no terminator", block.first);
      }
      for (InstId i = block.first; i < block.end; ++i) {
        const Inst& inst = graph_.insts[i];
        block_of_[i] = b;
        if ((inst.op == kPhi) != (i < block.first + block.phis)) {
          Fail("phi outside of its block's head", i);
        }
        if (inst.op == kPhi && inst.a != i - block.first) {
          Fail("phi out of order", i);
        }
        if (IsTerminator(inst.op) != (i + 1 == block.end)) {
          Fail("terminator inside a block, or none at its end", i);
        }
        if (i == block.first + block.phis && inst.op != kGas) {
          Fail("block does not begin by paying", i);
        }
        if (IsCall(inst.op)) AfterCall(i, block);
      }
      next = block.end;
    }
    if (next != graph_.num_insts) Fail("instructions behind the last block", next);
  }

  // A call closes its segment: only its results may stand before the next one.
  void AfterCall(InstId call, const Block& block) {
    InstId i = call + 1;
    while (i < block.end && graph_.insts[i].op == kResult) {
      if (graph_.insts[i].a != call) Fail("result of another call", i);
      ++i;
    }
    if (i >= block.end || graph_.insts[i].op != kGas) {
      Fail("call does not close its segment", call);
    }
  }

  void Edges() {
    predecessors_.resize(graph_.num_blocks);
    for (BlockId b = 0; b < graph_.num_blocks; ++b) {
      const InstId last = graph_.blocks[b].end - 1;
      ForEachEdge(graph_, graph_.insts[last], [&](EdgeId e) {
        const Edge& edge = graph_.edges[e];
        if (edge.from != b || edge.to >= graph_.num_blocks) {
          return Fail("edge is not bound", last);
        }
        const Block& to = graph_.blocks[edge.to];
        if (edge.to <= b && !to.is_loop_header) {
          Fail("jump back to no loop header", last);
        }
        predecessors_[edge.to].push_back(b);
        bool listed = false;
        for (EdgeId in = to.first_in; in != kNoId && !listed;
             in = graph_.edges[in].next_in) {
          listed = in == e;
        }
        if (!listed) Fail("edge is missing at its target", last);
      });
    }
  }

  void Dominators() {
    idom_.assign(graph_.num_blocks, kNoId);
    idom_[0] = 0;
    for (bool changed = true; changed;) {
      changed = false;
      for (BlockId b = 1; b < graph_.num_blocks; ++b) {
        BlockId best = kNoId;
        for (BlockId p : predecessors_[b]) {
          if (idom_[p] == kNoId) continue;
          best = best == kNoId ? p : Intersect(best, p);
        }
        if (best == kNoId) {
          Fail("block is not reached", graph_.blocks[b].first);
          return;
        }
        if (idom_[b] != best) {
          idom_[b] = best;
          changed = true;
        }
      }
    }
  }

  BlockId Intersect(BlockId a, BlockId b) const {
    while (a != b) {
      if (a > b) {
        a = idom_[a];
      } else {
        b = idom_[b];
      }
    }
    return a;
  }

  bool Dominates(BlockId a, BlockId b) const {
    while (b > a) b = idom_[b];
    return a == b;
  }

  // `value` is available at the end of what precedes `user` in block b.
  void Use(BlockId b, InstId user, InstId value) {
    if (value >= graph_.num_insts || graph_.insts[value].type == Type::kNone) {
      return Fail("operand is no value", user);
    }
    const BlockId def = block_of_[value];
    const bool fine = def == b ? value < user : Dominates(def, b);
    if (!fine) Fail("operand does not dominate its use", user);
  }

  void Operands(BlockId b, InstId i) {
    Inst& inst = graph_.insts[i];
    ForEachOperand(graph_, inst, [&](uint32_t& value) { Use(b, i, value); });
    if (error_.what != nullptr) return;
    Types(i, inst);
    if (!IsTerminator(inst.op)) return;
    ForEachEdge(graph_, inst, [&](EdgeId e) {
      const Edge& edge = graph_.edges[e];
      const Block& to = graph_.blocks[edge.to];
      for (uint32_t k = 0; k < to.phis; ++k) {
        const InstId value = graph_.pool[edge.args + k];
        Use(b, i + 1, value);
        if (error_.what != nullptr) return;
        if (graph_.insts[value].type != graph_.insts[to.first + k].type) {
          Fail("argument is not of its phi's type", i);
        }
      }
    });
  }

  static Type Letter(char letter) {
    switch (letter) {
      case 'i': return Type::kI32;
      case 'f': return Type::kF32;
      case 'F': return Type::kF64;
      default: return Type::kI64;
    }
  }

  void Types(InstId i, const Inst& inst) {
    if (inst.op == W(Op::kSelect)) {
      if (graph_.insts[inst.a].type != inst.type ||
          graph_.insts[inst.b].type != inst.type ||
          graph_.insts[inst.c].type != Type::kI32) {
        Fail("select of different types", i);
      }
      return;
    }
    if (inst.op >= kIrFirst) {
      if ((inst.op == kBranch || inst.op == kBrTable) &&
          graph_.insts[inst.a].type != Type::kI32) {
        Fail("condition or index is no i32", i);
      }
      return;
    }
    const char* signature = wasm::InfoOf(static_cast<Op>(inst.op)).signature;
    if (signature[0] == '*') return Fail("not an instruction of the IR", i);
    const InstId operands[] = {inst.a, inst.b};
    uint32_t n = 0;
    while (signature[n] != ':' && n < 2) {
      if (graph_.insts[operands[n]].type != Letter(signature[n])) {
        Fail("operand has another type", i);
      }
      ++n;
    }
    const char result = signature[n + 1];
    const Type type = result == 0 ? Type::kNone : Letter(result);
    if (inst.type != type) Fail("result has another type", i);
  }

  Graph& graph_;
  GraphError error_;
  std::vector<BlockId> block_of_;
  std::vector<std::vector<BlockId>> predecessors_;
  std::vector<BlockId> idom_;
};

}  // namespace

GraphError VerifyGraph(Graph& graph) { return Verifier(graph).Run(); }

}  // namespace ingot::compiler
