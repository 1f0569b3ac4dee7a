#include "compiler/opt/gas_placement.h"

namespace ingot::compiler {
namespace {

// What is ahead stays in reach of an immediate, together with a segment.
constexpr uint32_t kMostAhead = uint32_t{1} << 29;

class Placement {
 public:
  explicit Placement(Graph& graph) : graph_(graph) {}

  bool Run(Arena& arena) {
    Array<uint32_t> parents, lowest, amounts, depths, loop_depths;
    if (!arena.AllocateArray(graph_.num_blocks, &parents) ||
        !arena.AllocateArray(graph_.num_blocks, &lowest) ||
        !arena.AllocateArray(graph_.num_blocks, &amounts) ||
        !arena.AllocateArray(graph_.num_blocks, &depths) ||
        !arena.AllocateArray(uint64_t{graph_.num_loops} + 1, &loop_depths)) {
      return false;
    }
    parent_ = arena.At<uint32_t>(parents.offset);
    lowest_ = arena.At<uint32_t>(lowest.offset);
    ahead_ = arena.At<uint32_t>(amounts.offset);
    depth_ = arena.At<uint32_t>(depths.offset);
    loop_depth_ = arena.At<uint32_t>(loop_depths.offset);
    // A loop's parent stands before it.
    for (uint32_t l = 0; l < graph_.num_loops; ++l) {
      const uint32_t parent = graph_.loops[l].parent;
      loop_depth_[l] = parent == kNoId ? 1 : loop_depth_[parent] + 1;
    }
    for (BlockId b = 0; b < graph_.num_blocks; ++b) {
      parent_[b] = lowest_[b] = b;
      ahead_[b] = kMostAhead;
      depth_[b] = DepthOf(b);
    }
    for (BlockId b = 0; b < graph_.num_blocks; ++b) JoinSuccessors(b);
    // Nothing is ahead at the entry, nor where a loop's header tests.
    for (BlockId b = 0; b < graph_.num_blocks; ++b) {
      if (b == 0 || graph_.blocks[b].is_loop_header) ahead_[ClassOf(b)] = 0;
    }
    for (BlockId b = graph_.num_blocks; b-- > 0;) {
      Bound(b);
      // With its first block a class is known; what bounds it not has nothing.
      uint32_t& ahead = ahead_[ClassOf(b)];
      if (lowest_[ClassOf(b)] == b && ahead == kMostAhead) ahead = 0;
    }
    for (BlockId b = 0; b < graph_.num_blocks; ++b) {
      Block& block = graph_.blocks[b];
      block.ahead = ahead_[ClassOf(b)];
      const uint32_t successors = SuccessorClass(b);
      graph_.insts[block.last_gas].b =
          successors == kNoId ? 0 : ahead_[successors];
    }
    return true;
  }

 private:
  uint32_t ClassOf(BlockId b) {
    while (parent_[b] != b) {
      parent_[b] = parent_[parent_[b]];
      b = parent_[b];
    }
    return b;
  }

  // How deep in loops a block runs; 0 if it only traps.
  uint32_t DepthOf(BlockId b) const {
    const Block& block = graph_.blocks[b];
    if (graph_.insts[block.end - 1].op == kTrap) return 0;
    const uint32_t loops = block.loop == kNoId ? 0 : loop_depth_[block.loop];
    return block.leaves_loop ? loops : loops + 1;
  }

  // The class of the blocks that follow `b`; kNoId if none does.
  uint32_t SuccessorClass(BlockId b) {
    const Inst& last = graph_.insts[graph_.blocks[b].end - 1];
    switch (last.op) {
      case kJump: return ClassOf(graph_.edges[last.a].to);
      case kBranch: return ClassOf(graph_.edges[last.b].to);
      case kBrTable:
        return ClassOf(graph_.edges[graph_.pool[last.b + 1]].to);
      default: return kNoId;
    }
  }

  void JoinSuccessors(BlockId b) {
    uint32_t first = kNoId;
    ForEachEdge(graph_, graph_.insts[graph_.blocks[b].end - 1],
                [&](EdgeId e) {
                  const uint32_t one = ClassOf(graph_.edges[e].to);
                  if (first == kNoId) first = one;
                  if (one == first) return;
                  // The later block leads, so that chains stay short when
                  // many branches go to one label.
                  const uint32_t root = one > first ? one : first;
                  const uint32_t child = one > first ? first : one;
                  parent_[child] = root;
                  if (lowest_[child] < lowest_[root]) {
                    lowest_[root] = lowest_[child];
                  }
                  if (depth_[child] > depth_[root]) {
                    depth_[root] = depth_[child];
                  }
                  first = root;
                });
  }

  // What block `b` pays on every path from its begin bounds what may be ahead
  // there. Blocks come from the last to the first.
  void Bound(BlockId b) {
    const Block& block = graph_.blocks[b];
    const InstId first_gas = block.first + block.phis;
    const uint32_t own = ClassOf(b);
    if (DepthOf(b) < depth_[own]) return;  // gives back what it need not pay
    uint64_t pays = graph_.insts[first_gas].a;
    if (block.last_gas == first_gas) {
      const uint32_t successors = SuccessorClass(b);
      // A block among its own successors' class passes on what it was given.
      if (successors == own) return;
      // A class is known when its first block was seen.
      if (successors != kNoId && lowest_[successors] > b) {
        pays += ahead_[successors];
      }
    }
    if (pays < ahead_[own]) ahead_[own] = static_cast<uint32_t>(pays);
  }

  Graph& graph_;
  uint32_t* parent_ = nullptr;
  uint32_t* lowest_ = nullptr;  // first block of the class
  uint32_t* ahead_ = nullptr;   // of the class
  uint32_t* depth_ = nullptr;   // the greatest of a block of the class
  uint32_t* loop_depth_ = nullptr;
};

}  // namespace

bool PlaceGas(Arena& arena, Graph& graph) {
  return Placement(graph).Run(arena);
}

}  // namespace ingot::compiler
