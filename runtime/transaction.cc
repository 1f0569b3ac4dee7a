#include "runtime/transaction.h"

#include "compiler/base/check.h"
#include "runtime/platform/platform.h"
#include "runtime/platform/wasm_stack.h"

// Here because the header knows the native stack only by name.

namespace ingot::runtime {

Transaction::Transaction(const Budget& budget) : budget_(budget) {}

Transaction::~Transaction() = default;

void Transaction::Cancel() {
  stop_.store(1);
  // The thread may have ended its run by now; then it is disturbed for nothing.
  if (const uint64_t thread = thread_.load(); thread != 0) {
    platform::InterruptThread(thread);
  }
}

void Transaction::Reset() {
  INGOT_CHECK(depth == 0);
  stack_used = 0;
  pages_used = 0;
  stop_.store(0);
}

}  // namespace ingot::runtime
