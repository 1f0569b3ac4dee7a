#ifndef RUNTIME_TRANSACTION_H_
#define RUNTIME_TRANSACTION_H_

#include <atomic>
#include <cstdint>
#include <memory>

// The budgets that all calls of one transaction share, however deeply a host
// function nests them: stack units, memory pages, nesting depth. Gas is given
// to each call; a nested call's limit is taken from its parent's gas.
//
// A transaction is one thread's; only Cancel may come from another.

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

  // Ends the run in progress, and all that it is nested in, with the fault
  // kCancelled: at once while wasm code runs, otherwise as soon as the host
  // function returns. Runs that begin later end likewise. A run that was about
  // to end may still give its outcome. Any thread, any number of times, while
  // the transaction lives.
  void Cancel();
  bool cancelled() const {
    return stop_.load(std::memory_order_relaxed) != 0;
  }
  // Makes the transaction as new, for another use of its stack. No run may be
  // in progress. A Cancel that comes later is one of the next use.
  void Reset();

  // For engines. Where native code's stubs read whether to stop, and the
  // thread to interrupt: that of the run in progress, or of the last one.
  const std::atomic<uint32_t>* stop_flag() const { return &stop_; }
  void SetThread(uint64_t thread) {
    // Not again what Cancel sees already: the store waits for others to see it.
    if (thread_.load(std::memory_order_relaxed) != thread) {
      thread_.store(thread);
    }
  }

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
  // Either Cancel sees the thread or the thread's run sees the flag: each side
  // writes its own and then reads the other's, in one total order.
  std::atomic<uint32_t> stop_{0};
  std::atomic<uint64_t> thread_{0};
};

}  // namespace ingot::runtime

#endif  // RUNTIME_TRANSACTION_H_
