#ifndef RUNTIME_NATIVE_FAULT_HANDLER_H_
#define RUNTIME_NATIVE_FAULT_HANDLER_H_

#include <cstdint>

#include "runtime/native/activation.h"

// Turns a fault of the processor in wasm code into the end of its run: the
// thread continues at IngotLeaveWasm on the host's stack, and what happened is
// found in the run's FaultRecord. An interrupt does the same to a run that was
// told to stop, without a record.

namespace ingot::runtime {

// The wasm code that this thread runs, for its fault handler. The thread slot
// points to the innermost one; null outside wasm code and host functions.
struct FaultRecord {
  ExecutionState* state = nullptr;
  bool happened = false;
  bool in_memory = false;  // an access in a reservation, not a ud2
  uint64_t pc = 0;
  uint64_t sp = 0;
  int64_t gas = 0;
};

// Once per process and thread; false when the platform refuses.
[[nodiscard]] bool PrepareForFaults();

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_FAULT_HANDLER_H_
