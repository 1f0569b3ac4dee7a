#ifndef COMPILER_REGALLOC_CHECKER_H_
#define COMPILER_REGALLOC_CHECKER_H_

#include "compiler/ir/ir.h"
#include "compiler/regalloc/allocation.h"
#include "compiler/regalloc/liveness.h"

// Replays an allocation symbolically: which value is in which register and
// frame slot at each instruction, on every path. For tests and fuzzing
// (//compiler:compile_checked).

namespace ingot::compiler {

struct AllocationError {
  const char* what = nullptr;  // null: every operand is where it is said to be
  InstId inst = kNoId;
  InstId value = kNoId;
};

AllocationError CheckAllocation(Graph& graph, const Liveness& liveness,
                                const Allocation& allocation);

}  // namespace ingot::compiler

#endif  // COMPILER_REGALLOC_CHECKER_H_
