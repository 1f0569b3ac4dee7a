#ifndef RUNTIME_OUTCOME_H_
#define RUNTIME_OUTCOME_H_

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/abi/traps.h"
#include "compiler/base/status.h"
#include "compiler/wasm/module.h"

// How a run ended. Everything here but the backtrace is computed alike by
// every engine and may enter consensus; faults are absl::Status, never here.

namespace ingot::runtime {

// A wasm value. An i32 and an f32 use the low 32 bits, the rest is 0. A
// reference is 0 when null; an externref n of the host is n + 1; a funcref is
// meaningful only to the store that made it.
struct Value {
  wasm::ValType type = wasm::ValType::kI32;
  uint64_t bits = 0;

  friend bool operator==(const Value&, const Value&) = default;
};

enum class OutcomeKind : uint8_t {
  kReturned,
  kTrapped,
  kReverted,  // a host function ended the run on purpose (Caller::Revert)
  kOutOfGas,
};

enum class Phase : uint8_t { kInstantiate, kCall };

// One active wasm function; offset is that of the call (innermost: the trap).
struct Frame {
  uint32_t function = kNowhere;
  uint32_t offset = kNowhere;

  friend bool operator==(const Frame&, const Frame&) = default;
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::kReturned;
  Phase phase = Phase::kCall;
  TrapCode trap = TrapCode::kNone;  // kTrapped only
  uint32_t function = kNowhere;     // where it trapped
  uint32_t offset = kNowhere;       // module offset of the instruction
  std::vector<Value> results;       // kReturned only
  uint64_t gas_limit = 0;
  uint64_t gas_used = 0;            // the limit, when out of gas
  uint64_t revert_code = 0;         // kReverted only: what the host passed
  std::string revert_message;       // kReverted only
  std::vector<Frame> backtrace;     // innermost first, at most 64
};

}  // namespace ingot::runtime

#endif  // RUNTIME_OUTCOME_H_
