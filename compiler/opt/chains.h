#ifndef COMPILER_OPT_CHAINS_H_
#define COMPILER_OPT_CHAINS_H_

#include "compiler/ir/ir.h"

// Chains of one associative operation, `((a + b) + c) + d`, whose inner results
// nothing else uses. In: the last instruction of a chain, and how often each
// value is used. Out: the same instructions with the operands in the order in
// which they are computed, so that what is ready early is combined early and
// the latest value meets one operation instead of all. A constant that an
// instruction can hold comes first of all; what a loop carries round, last.
// Rounds of hash functions are such chains: each waits for the one before.
//
// At most kMaxChain instructions are looked at from each; none is visited twice.

namespace ingot::compiler {

inline constexpr uint32_t kMaxChain = 8;

constexpr bool IsAssociative(IrOp op) {
  constexpr IrOp kFirst = W(wasm::Op::kI32Add);
  constexpr auto bit = [](wasm::Op of) { return 1u << (W(of) - kFirst); };
  constexpr uint32_t kOps =
      bit(wasm::Op::kI32Add) | bit(wasm::Op::kI32And) | bit(wasm::Op::kI32Or) |
      bit(wasm::Op::kI32Xor) | bit(wasm::Op::kI64Add) | bit(wasm::Op::kI64And) |
      bit(wasm::Op::kI64Or) | bit(wasm::Op::kI64Xor);
  return op >= kFirst && op <= W(wasm::Op::kI64Xor) &&
         (kOps >> (op - kFirst) & 1) != 0;
}

// `last`: of an associative operation, in the block that begins with
// `block_first`. Nothing happens if it ends no chain.
void OrderChain(Graph& graph, const uint32_t* uses, InstId last,
                InstId block_first);

}  // namespace ingot::compiler

#endif  // COMPILER_OPT_CHAINS_H_
