#ifndef COMPILER_IR_VERIFIER_H_
#define COMPILER_IR_VERIFIER_H_

#include "compiler/ir/ir.h"

// Checks what README.md says of a graph: blocks, edges, types, order and
// dominance. For tests and fuzzing (//compiler:compile_checked); what users
// run does not contain it.

namespace ingot::compiler {

struct GraphError {
  const char* what = nullptr;  // null: the graph is sound
  InstId inst = kNoId;
};

GraphError VerifyGraph(Graph& graph);

}  // namespace ingot::compiler

#endif  // COMPILER_IR_VERIFIER_H_
