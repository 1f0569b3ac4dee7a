#ifndef COMPILER_OPT_GAS_PLACEMENT_H_
#define COMPILER_OPT_GAS_PLACEMENT_H_

#include "compiler/base/arena.h"
#include "compiler/ir/ir.h"

// Where gas is paid. In: a graph in which each segment is paid at its begin.
// Out: blocks that are entered with some of their price already paid
// (Block::ahead), and what each segment leaves paid for its successors
// (kGas::b). Each path pays the same sum as before, and owes it at the same
// calls, returns and tests, where nothing is ahead.
//
// Two arms of a branch and what follows them are often paid by one subtraction
// before the branch, so that the blocks themselves pay nothing. Blocks that
// share a predecessor are entered with the same amount: the least that any of
// them will pay in any case. Where some of them stand in a loop that others
// leave, those in the loop alone decide, and the others give back what is too
// much: a loop with exits is paid once a round.
//
// Linear but for the forest of those classes (union-find, path halving).

namespace ingot::compiler {

// False when the arena is full.
[[nodiscard]] bool PlaceGas(Arena& arena, Graph& graph);

}  // namespace ingot::compiler

#endif  // COMPILER_OPT_GAS_PLACEMENT_H_
