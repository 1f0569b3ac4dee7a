#include "compiler/opt/trivial_phis.h"

namespace ingot::compiler {
namespace {

constexpr int kRounds = 2;

// The one value that reaches a phi from outside; kNoId if there are several.
InstId OnlyArgument(Graph& graph, const Block& block, InstId phi) {
  InstId only = kNoId;
  for (EdgeId e = block.first_in; e != kNoId; e = graph.edges[e].next_in) {
    const uint32_t at = graph.edges[e].args + graph.insts[phi].a;
    const InstId value = Resolved(graph, graph.pool[at]);
    if (value == phi || value == only) continue;
    if (only != kNoId) return kNoId;
    only = value;
  }
  return only;
}

}  // namespace

void FindTrivialPhis(Graph& graph) {
  for (int round = 0; round < kRounds; ++round) {
    for (BlockId b = graph.num_blocks; b-- > 0;) {
      const Block& block = graph.blocks[b];
      for (InstId phi = block.first; phi < block.first + block.phis; ++phi) {
        if (graph.insts[phi].b != kNoId) continue;
        graph.insts[phi].b = OnlyArgument(graph, block, phi);
      }
    }
  }
}

}  // namespace ingot::compiler
