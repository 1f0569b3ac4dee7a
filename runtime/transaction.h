#ifndef RUNTIME_TRANSACTION_H_
#define RUNTIME_TRANSACTION_H_

#include <cstdint>
#include <memory>

// The budgets that all calls of one transaction share, however deeply a host
// function nests them: stack units, memory pages, nesting depth. Gas is given
// to each call; a nested call's limit is taken from its parent's gas.

namespace ingot::runtime {

class WasmStack;  // runtime/platform: the native stack of wasm code

class Transaction {
 public:
  struct Budget {
    uint64_t stack_units = 1 << 20;  // bytes of wasm frames
    // Added by instantiation and growth while the transaction lasts.
    uint64_t memory_pages = 65536;
    // Levels of runs started by host functions, below the outermost run.
    uint32_t nesting = 16;
  };

  explicit Transaction(const Budget& budget);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  const Budget& budget() const { return budget_; }

  // Spent so far. An engine sets stack_used to the depth of the calling frame
  // before it enters a host function; a nested run begins there. Entering wasm
  // from the host costs 8 bytes per stack slot of the arguments and results
  // (compiler/abi/calling_convention.h), rounded up to 16.
  uint64_t stack_used = 0;
  uint64_t pages_used = 0;
  uint32_t depth = 0;

  // Belongs to the native executor; made on first use.
  std::unique_ptr<WasmStack> stack;

 private:
  Budget budget_;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_TRANSACTION_H_
