#ifndef COMPILER_ABI_CALLING_CONVENTION_H_
#define COMPILER_ABI_CALLING_CONVENTION_H_

#include <cstdint>
#include <span>

#include "compiler/wasm/module.h"

// How wasm functions of Ingot call each other, their host and the runtime.
//
//   pinned    r15 base: memory 0 at +0, vmctx below it (compiler/abi/vmctx.h)
//             r14 gas left, signed; rsp stack of wasm code
//   all other registers are the caller's to save
//   integers and references   rax rcx rdx rbx rsi rdi, then stack slots
//   floats                    xmm0 … xmm7, then stack slots
//   results                   in the same registers by the same rule
//   an i32 in a register has a zero upper half; an f32 stands in the low lane
//
// Stack slots are 8 bytes. At the call the arguments that found no register
// stand at [rsp], [rsp + 8], … and the results that find none are written by
// the callee right above them. The callee pops the arguments (`ret 8n`), so
// that the caller finds the results at [rsp]; it then restores rsp. A tail
// call therefore needs no other convention.
//
// Import and indirect calls: r10 = caller's base, r15 = callee's base, then
// `call [code]`; the caller restores r15 from its frame. Runtime calls
// (builtins.def): arguments as above, r11d = number, `call [r15 - stub]`.

namespace ingot::abi {

inline constexpr uint32_t kIntRegisters = 6;
inline constexpr uint32_t kFloatRegisters = 8;

// Machine numbers of the registers in argument order.
inline constexpr uint8_t kIntArgument[kIntRegisters] = {0, 1, 2, 3, 6, 7};

// Walks a list of values and says where each of them stands.
struct ArgumentCursor {
  uint32_t ints = 0;
  uint32_t floats = 0;
  uint32_t slots = 0;

  struct Place {
    bool in_register;
    bool is_float;
    uint32_t index;  // in kIntArgument, of xmm, or of the stack slot
  };

  constexpr Place Next(wasm::ValType type) {
    const bool is_float = wasm::IsFloat(type);
    if (is_float ? floats < kFloatRegisters : ints < kIntRegisters) {
      return {true, is_float, is_float ? floats++ : ints++};
    }
    return {false, is_float, slots++};
  }
};

// Number of stack slots of a list of values.
inline uint32_t StackSlots(std::span<const wasm::ValType> types) {
  ArgumentCursor cursor;
  for (wasm::ValType type : types) cursor.Next(type);
  return cursor.slots;
}

// The native frame of a function in bytes, its return address included: its
// stack units (metering/README.md). `locals` counts parameters too.
// kFrameConstant holds the return address, the saved base and spare slots.
inline constexpr uint32_t kFrameConstant = 8;
constexpr uint64_t FrameBytes(uint64_t locals, uint64_t max_height,
                              uint64_t outgoing_slots) {
  const uint64_t bytes =
      8 * (locals + max_height + outgoing_slots + kFrameConstant);
  return (bytes + 15) & ~uint64_t{15};
}

}  // namespace ingot::abi

#endif  // COMPILER_ABI_CALLING_CONVENTION_H_
