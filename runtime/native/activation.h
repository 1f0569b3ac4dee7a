#ifndef RUNTIME_NATIVE_ACTIVATION_H_
#define RUNTIME_NATIVE_ACTIVATION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "compiler/abi/calling_convention.h"
#include "compiler/abi/vmctx.h"
#include "runtime/native/stub_offsets.h"

// The border between host and wasm code: what the stubs of stubs_x64.S read
// and write. Host to wasm is one stub, wasm to host another, for every
// signature: both move whole register sets, and C++ places the values.

namespace ingot::runtime {

class NativeRun;

// The registers that carry arguments and results.
struct ValueRegisters {
  uint64_t ints[abi::kIntRegisters];      // in the order of abi::kIntArgument
  uint64_t floats[abi::kFloatRegisters];  // low lanes of xmm0 …
};

// One per store; native code reaches it at kVmctxStore.
struct ExecutionState {
  // Where the host's stack continues when wasm code of this store leaves.
  uint64_t host_rsp = 0;
  uint32_t host_mxcsr = 0;
  // Not 0: its control bits are not those of wasm code.
  uint32_t foreign_mxcsr = 0;
  // Not 0: wasm code must stop. The stubs look before they enter it; from then
  // on an interrupt stops it (fault_handler.h). Set with `run`.
  const std::atomic<uint32_t>* stop = nullptr;
  // The innermost run of this store; null when there is none.
  NativeRun* run = nullptr;
};

// Host to wasm. The stub writes back values, stack pointer and gas.
struct EntryRecord {
  ValueRegisters values;
  uint64_t wasm_rsp;  // stack arguments stand there; after: stack results
  int64_t gas;
  uint64_t code;
  uint64_t base;
  ExecutionState* state;
};

// Wasm to host, on the host's stack. C++ replaces the values, the gas and, where
// the call may have stack arguments, the stack pointer (popped of them).
struct ExitRecord {
  ValueRegisters values;
  uint64_t wasm_rsp;  // points to the return address; after: above it
  int64_t gas;
  uint64_t return_address;
  uint64_t base;         // r15: of the callee, or of the builtin's instance
  uint64_t caller_base;  // r10: of the caller, for host functions
  uint64_t number;       // r11d: of the builtin
};

// What C++ tells the wasm-to-host stubs.
enum class Resume : uint32_t { kContinue = 0, kLeave = 1 };

extern "C" {
// Runs wasm code. 0: it returned; 1: it left by IngotLeaveWasm.
uint32_t IngotEnterWasm(EntryRecord* record);
// Code addresses, never called from C++: what native code calls for a host
// function, plain or not, and for a builtin, and where a trap continues with rsp = host_rsp.
void IngotHostCallStub();
void IngotPlainHostCallStub();
void IngotBuiltinStub();
void IngotLeaveWasm();
// Parts of the stubs, [begin, end): between a stub's look at `stop` and wasm
// code. The thread may be made to continue at IngotLeaveWasm from there, too.
void IngotEnterBegin();
void IngotEnterEnd();
void IngotHostCallStubResume();
void IngotHostCallStubEnd();
void IngotPlainHostCallStubResume();
void IngotPlainHostCallStubEnd();
void IngotBuiltinStubResume();
void IngotBuiltinStubEnd();

// C++ that the stubs call.
Resume IngotHostCall(NativeRun* run, ExitRecord* record);
// Masks of all integer registers, for the results; null to leave.
const uint64_t* IngotPlainHostCall(NativeRun* run, ExitRecord* record);
Resume IngotBuiltin(NativeRun* run, ExitRecord* record);
}

static_assert(abi::kVmctxStore == INGOT_VMCTX_STORE);
static_assert(offsetof(ExecutionState, host_rsp) == INGOT_STATE_HOST_RSP);
static_assert(offsetof(ExecutionState, host_mxcsr) == INGOT_STATE_HOST_MXCSR);
static_assert(offsetof(ExecutionState, foreign_mxcsr) ==
              INGOT_STATE_FOREIGN_MXCSR);
static_assert(offsetof(ExecutionState, run) == INGOT_STATE_RUN);
static_assert(offsetof(ExecutionState, stop) == INGOT_STATE_STOP);
static_assert(sizeof(std::atomic<uint32_t>) == 4);
static_assert(offsetof(ValueRegisters, ints) == INGOT_REGISTERS_INTS);
static_assert(offsetof(ValueRegisters, floats) == INGOT_REGISTERS_FLOATS);
static_assert(offsetof(EntryRecord, values) == 0);
static_assert(offsetof(EntryRecord, wasm_rsp) == INGOT_ENTRY_WASM_RSP);
static_assert(offsetof(EntryRecord, gas) == INGOT_ENTRY_GAS);
static_assert(offsetof(EntryRecord, code) == INGOT_ENTRY_CODE);
static_assert(offsetof(EntryRecord, base) == INGOT_ENTRY_BASE);
static_assert(offsetof(EntryRecord, state) == INGOT_ENTRY_STATE);
static_assert(offsetof(ExitRecord, values) == 0);
static_assert(offsetof(ExitRecord, wasm_rsp) == INGOT_EXIT_WASM_RSP);
static_assert(offsetof(ExitRecord, gas) == INGOT_EXIT_GAS);
static_assert(offsetof(ExitRecord, return_address) ==
              INGOT_EXIT_RETURN_ADDRESS);
static_assert(offsetof(ExitRecord, base) == INGOT_EXIT_BASE);
static_assert(offsetof(ExitRecord, caller_base) == INGOT_EXIT_CALLER_BASE);
static_assert(offsetof(ExitRecord, number) == INGOT_EXIT_NUMBER);
static_assert(sizeof(ExitRecord) == INGOT_EXIT_BYTES);
static_assert(sizeof(ExitRecord) % 16 == 0);

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_ACTIVATION_H_
