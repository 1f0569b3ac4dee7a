#ifndef METERING_STACK_UNITS_H_
#define METERING_STACK_UNITS_H_

#include <cstdint>

#include "compiler/abi/calling_convention.h"
#include "compiler/wasm/module.h"

// Stack units: what a call takes of the stack budget, in bytes of native frame,
// fixed from the wasm alone (metering/README.md).

namespace ingot {

// Units of entering `body`, which has been validated. A function enters only
// if its units fit into what is left; else the call traps: stack overflow.
inline uint64_t StackUnits(const wasm::Body& body) {
  return abi::FrameBytes(body.locals, body.max_height, body.outgoing_slots);
}

}  // namespace ingot

#endif  // METERING_STACK_UNITS_H_
