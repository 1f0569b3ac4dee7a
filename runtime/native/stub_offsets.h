#ifndef RUNTIME_NATIVE_STUB_OFFSETS_H_
#define RUNTIME_NATIVE_STUB_OFFSETS_H_

// Displacements that the stubs (stubs_x64.S) use, as plain numbers because an
// assembler reads them. activation.h states by static_assert that they are
// those of the structures.

#define INGOT_VMCTX_STORE (-56)

#define INGOT_STATE_HOST_RSP 0
#define INGOT_STATE_HOST_MXCSR 8
#define INGOT_STATE_FOREIGN_MXCSR 12
#define INGOT_STATE_STOP 16
#define INGOT_STATE_RUN 24

#define INGOT_REGISTERS_INTS 0
#define INGOT_REGISTERS_FLOATS 48

#define INGOT_ENTRY_WASM_RSP 112
#define INGOT_ENTRY_GAS 120
#define INGOT_ENTRY_CODE 128
#define INGOT_ENTRY_BASE 136
#define INGOT_ENTRY_STATE 144

#define INGOT_EXIT_WASM_RSP 112
#define INGOT_EXIT_GAS 120
#define INGOT_EXIT_RETURN_ADDRESS 128
#define INGOT_EXIT_BASE 136
#define INGOT_EXIT_CALLER_BASE 144
#define INGOT_EXIT_NUMBER 152
#define INGOT_EXIT_BYTES 160

// All exceptions masked, round to nearest, subnormals kept.
#define INGOT_WASM_MXCSR 0x1F80

#endif  // RUNTIME_NATIVE_STUB_OFFSETS_H_
