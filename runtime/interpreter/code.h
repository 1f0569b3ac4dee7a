#ifndef RUNTIME_INTERPRETER_CODE_H_
#define RUNTIME_INTERPRETER_CODE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/wasm/module.h"
#include "compiler/wasm/opcodes.h"
#include "metering/gas_schedule.h"
#include "runtime/program.h"

// A function body made ready to be interpreted.
//
// In: the bytes of a validated body. Out: its instructions as an array, in
// their order, each with its price, its module offset and its immediates; where
// a branch goes and how many operands it carries and drops is written into it,
// so that no labels exist at run time (core specification 2.0, 4.4.8: a branch
// unwinds the operand stack to the label's height and keeps its arity). Made in
// one linear pass without recursion, when the function is first called.
//
// Nothing else changes: one instruction of the body is one element, except
// that structure (block, loop, else, end), which costs nothing and does
// nothing, and code that validation proves unreachable are left out. Two
// elements stand for more than themselves: kElse, where the first arm of an
// `if` jumps over the second, and kEnd, the end of the body, which returns.

namespace ingot::runtime::interpreter {

// Where a branch goes: to instruction `pc`; the topmost `keep` operands are
// kept, the operands below them are dropped down to `height`.
struct BranchTarget {
  uint32_t pc = 0;
  uint32_t height = 0;
  uint32_t keep = 0;
};

struct Instruction {
  wasm::Op op = wasm::Op::kUnreachable;
  uint32_t price = 0;
  // Index immediates as in wasm::Operator. Of br, br_if, if, else: a is an
  // index in Code::targets. Of br_table: targets [a, a + b], the default last.
  uint32_t a = 0;
  uint32_t b = 0;

  uint64_t Constant() const { return (uint64_t{b} << 32) | a; }
};
static_assert(sizeof(Instruction) == 16);

struct Code {
  std::vector<Instruction> instructions;
  std::vector<uint32_t> offsets;  // module offset of each instruction
  std::vector<BranchTarget> targets;
  uint32_t params = 0;
  uint32_t results = 0;
  uint32_t locals = 0;      // parameters and declared locals
  uint32_t max_height = 0;  // of the operand stack
  uint64_t frame_units = 0;  // stack units (metering/README.md)
  uint32_t entry_price = 0;
};

// Prepares defined function number `body` of a validated module.
std::unique_ptr<const Code> PrepareCode(const Program& program, uint32_t body,
                                        const GasSchedule& schedule);

}  // namespace ingot::runtime::interpreter

#endif  // RUNTIME_INTERPRETER_CODE_H_
