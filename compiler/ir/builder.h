#ifndef COMPILER_IR_BUILDER_H_
#define COMPILER_IR_BUILDER_H_

#include <cstdint>

#include "compiler/base/arena.h"
#include "compiler/ir/ir.h"
#include "compiler/opt/value_numbering.h"
#include "compiler/wasm/module.h"
#include "metering/gas_schedule.h"

// A validated body in, its SSA graph out, in one forward pass over the bytes
// (Braun et al., "Simple and Efficient Construction of SSA Form", 2013, made
// simpler by wasm's structure: the phis of a loop are known when it opens,
// because validation recorded what it assigns; a forward label's phis are known
// when it closes).
//
// Every executed wasm instruction's price is owed in exactly one kGas.
//
// With a table for value numbering (not in slot mode), pure instructions are
// simplified as they come, and computed once; a load or global.get whose value
// is known is not done again: what is left out cannot trap, since an equal
// access before it did not.
//
// Slot mode builds a graph without phis whose locals and cross-block operands
// live in home slots of the frame: for bodies whose merges would cost more
// than kMergeBudgetPerByte allows, and for those whose allocation ran out of
// slots. Home slots: local i at i, operand at height h at locals + h; a value
// never needs another slot than its home.

namespace ingot::compiler {

using wasm::kMergeBudgetPerByte;

enum class BuildMode : uint8_t { kSsa, kSlots };

enum class BuildResult : uint8_t {
  kOk,
  kOverBudget,     // build again in slot mode
  kOutOfMemory,
};

// Per-batch scratch that lives across functions, so that a function's locals
// need not be cleared one by one.
struct LocalsScratch {
  struct Entry {
    uint32_t value;
    uint32_t stamp;     // function in which `value` was set
    uint32_t log;       // 1 + place in the undo trail of the last change
    uint32_t seen;      // stamp of the last snapshot or merge that saw it
    uint32_t merged;    // value, then place among the phis, during a merge
    uint32_t count;
  };
  Entry* entries = nullptr;
  uint32_t size = 0;
  uint32_t stamp = 0;
};

// Makes room for bodies with up to `locals` locals.
[[nodiscard]] bool PrepareLocals(Arena& arena, uint32_t locals,
                                 LocalsScratch* scratch);

BuildResult BuildGraph(Arena& arena, const uint8_t* bytes,
                       const wasm::Module& module, const wasm::Body& body,
                       const GasSchedule& schedule, BuildMode mode,
                       LocalsScratch* scratch, ValueNumbering* numbering,
                       bool v3, Graph* graph);

}  // namespace ingot::compiler

#endif  // COMPILER_IR_BUILDER_H_
