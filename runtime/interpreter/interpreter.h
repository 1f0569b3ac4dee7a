#ifndef RUNTIME_INTERPRETER_INTERPRETER_H_
#define RUNTIME_INTERPRETER_INTERPRETER_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "runtime/store.h"

// The reference interpreter: a Store that runs WebAssembly as the core
// specification 2.0 defines it and counts gas as metering/README.md defines it,
// instruction by instruction. It shares the decoder, the opcode table and the
// price table with the compiler and nothing else, and is what the native
// engine is compared with.

namespace ingot::runtime {

// Receives the gas used so far at every observation point of a run: before and
// after a host function and whenever it pays, at a fee, a trap, the return to
// the host. Sums that exceed the limit are not seen: the run is out of gas.
using GasObserver = std::function<void(uint64_t gas_used)>;

// Programs must have bodies (Program::FromModule).
std::unique_ptr<Store> NewInterpreter(GasObserver observer = nullptr);

}  // namespace ingot::runtime

#endif  // RUNTIME_INTERPRETER_INTERPRETER_H_
