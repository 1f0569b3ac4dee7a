#ifndef RUNTIME_INTERPRETER_RUN_H_
#define RUNTIME_INTERPRETER_RUN_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "metering/gas_schedule.h"
#include "runtime/interpreter/instance.h"
#include "runtime/interpreter/interpreter_store.h"
#include "runtime/outcome.h"
#include "runtime/transaction.h"

// One run: what happens between the host's call of a store and its return.
//
// In: a function to invoke, and a gas limit. Out: an outcome or a fault. Wasm
// calls take an entry of `frames_`, never a frame of the host's stack, so how
// deep they go depends on stack units alone.
//
// Gas: `gas_used_` is the sum of the prices of all instructions executed so
// far and of the fees. It is compared with the limit at every instruction.
// That cannot be told from comparing at observation points only: once past the
// limit, the next observation point ends the run as out of gas, too.
//
// Operations return false when they stopped the run; the reason is then in
// outcome_ or fault_.

namespace ingot::runtime::interpreter {

class Run {
 public:
  Run(InterpreterStore& store, Transaction& transaction, uint64_t gas_limit,
      Phase phase);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // False when this run is nested deeper than the transaction allows, which
  // is a stack overflow at `callee` (null: nowhere), or the transaction is
  // cancelled. Once, before all else.
  [[nodiscard]] bool Begin(const FunctionInstance* callee);

  // An observation point.
  [[nodiscard]] bool PayFee(uint64_t fee);
  // A trap outside any function.
  bool TrapAtModuleOffset(TrapCode trap, uint32_t offset);
  bool Fault(absl::Status fault);
  bool Cancelled();

  // Calls `function` as the host does. The arguments fit its type.
  [[nodiscard]] bool Invoke(FunctionInstance& function,
                            std::span<const Value> args);

  // How the run ended; a non-OK status is a fault. Once, after all else.
  absl::StatusOr<Outcome> Finish();

  uint64_t gas_left() const { return gas_limit_ - gas_used_; }
  Transaction& transaction() { return transaction_; }
  InterpreterStore& store() { return store_; }

  // A host function pays. When it cannot, the run ends as out of gas whatever
  // the host function then returns.
  bool PayFromHost(uint64_t price);

 private:
  // An active wasm function.
  struct Activation {
    FunctionInstance* function;
    const Code* code;
    uint32_t pc;      // of its current instruction
    uint64_t locals;  // index of local 0 in the value stack
    uint64_t units;   // stack units in use, its own frame included
  };

  static constexpr uint32_t kBacktraceFrames = 64;

  // execute.cc: runs until the first activation has returned.
  bool Execute();

  // bulk.cc: the instructions on memory and tables as a whole.
  bool ExecuteBulk(const Instruction& instruction);
  bool MemoryGrow();
  bool MemoryCopy();
  bool MemoryFill();
  bool MemoryInit(uint32_t segment);
  bool TableGet(TableInstance& table);
  bool TableSet(TableInstance& table);
  bool TableGrow(TableInstance& table);
  bool TableFill(TableInstance& table);
  bool TableCopy(TableInstance& to, const TableInstance& from);
  bool TableInit(TableInstance& table, uint32_t segment);

  // run.cc: calls. Arguments are on top of the value stack and are replaced
  // by the results: at once by a host function, later by a wasm function.
  // `units` are in use before the callee's own; `caller` may be null.
  bool Call(FunctionInstance& callee, ModuleInstance* caller, uint64_t units);
  // A call by an instruction of the innermost activation; a tail call replaces
  // that activation.
  bool ExecuteCall(FunctionInstance& callee, bool tail);
  bool CallWasm(FunctionInstance& callee, uint64_t units);
  bool CallHost(FunctionInstance& callee, ModuleInstance* caller,
                uint64_t units);
  bool TakeHostResult(const FunctionInstance& callee, const HostResult& result,
                      std::span<const Value> results);
  // Ends the innermost activation, whose results are on top of the stack.
  void Return(uint32_t results);
  // Drops the innermost activation but keeps its topmost `args` operands.
  void DropFrame(uint32_t args);

  bool Trap(TrapCode trap);
  bool OutOfGas();
  void Locate();
  void Observe() const;

  ModuleInstance& module() { return *frames_.back().function->module; }
  const GasSchedule& schedule() {
    return module().program->profile().execution;
  }
  // Makes room for `slots` values from index `from` on.
  void Reserve(uint64_t from, uint64_t slots);
  void Push(uint64_t bits) { *sp_++ = bits; }
  uint64_t Pop() { return *--sp_; }
  uint32_t Pop32() { return static_cast<uint32_t>(*--sp_); }

  InterpreterStore& store_;
  Transaction& transaction_;
  const uint64_t gas_limit_;
  uint64_t gas_used_ = 0;
  bool host_out_of_gas_ = false;
  bool begun_ = false;
  uint32_t host_floats_ = 0;  // the host's floating-point environment
  const uint64_t stack_before_;  // transaction's stack_used
  uint64_t entry_units_ = 0;     // stack_before_ and the host's arguments
  std::vector<uint64_t> stack_;
  uint64_t* sp_ = nullptr;  // the first free slot of stack_
  std::vector<Activation> frames_;
  Outcome outcome_;
  absl::Status fault_;
};

}  // namespace ingot::runtime::interpreter

#endif  // RUNTIME_INTERPRETER_RUN_H_
