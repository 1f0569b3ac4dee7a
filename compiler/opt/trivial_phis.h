#ifndef COMPILER_OPT_TRIVIAL_PHIS_H_
#define COMPILER_OPT_TRIVIAL_PHIS_H_

#include "compiler/ir/ir.h"

// Phis whose arguments are one value, or they themselves. In: a graph. Out:
// the `b` of each such phi is that value; who follows operands resolves them
// (Resolved). A loop has a phi for each local that it assigns, also where it
// assigns what was there, and for what only passes through an inner loop.
//
// Twice from the last block to the first, so that an inner loop's phi is known
// before the outer one that it comes from.

namespace ingot::compiler {

void FindTrivialPhis(Graph& graph);

// What a value is after trivial phis are seen through. What lay on the way is
// shortened, so that deep nests are not walked again and again.
inline InstId Resolved(Graph& graph, InstId value) {
  const auto leads_on = [&graph](InstId id) {
    return graph.insts[id].op == kPhi && graph.insts[id].b != kNoId;
  };
  if (!leads_on(value)) return value;
  InstId end = graph.insts[value].b;
  while (leads_on(end)) end = graph.insts[end].b;
  while (value != end) {
    const InstId next = graph.insts[value].b;
    graph.insts[value].b = end;
    value = next;
  }
  return end;
}

}  // namespace ingot::compiler

#endif  // COMPILER_OPT_TRIVIAL_PHIS_H_
