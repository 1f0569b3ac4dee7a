#ifndef RUNTIME_PLATFORM_WASM_STACK_H_
#define RUNTIME_PLATFORM_WASM_STACK_H_

#include <cstdint>
#include <memory>

// The stack that wasm code of one transaction runs on: a budget of stack units
// (bytes of native frames), below it a margin, below and above that
// inaccessible guard pages. The stack pointer is the counter of stack units:
// frames end at Limit(), so the guard is never reached.

namespace ingot::runtime {

class WasmStack {
 public:
  // Below Limit() native code stores return addresses of calls into the
  // runtime, and nothing else.
  static constexpr uint64_t kMarginBytes = 4096;
  // A larger budget than this has no stack.
  static constexpr uint64_t kMaxUnits = uint64_t{1} << 34;

  // A stack for `units` bytes of frames; null when the host has no memory for
  // it. Stacks are taken from a small pool of the process and go back to it.
  static std::unique_ptr<WasmStack> Create(uint64_t units);
  ~WasmStack();
  WasmStack(const WasmStack&) = delete;
  WasmStack& operator=(const WasmStack&) = delete;

  // One past the highest byte; a multiple of 16.
  uint64_t Top() const { return top_; }
  // The lowest value that the stack pointer may take in a frame.
  uint64_t Limit() const { return top_ - units_; }

  bool Contains(uint64_t address) const {
    return address >= Limit() - kMarginBytes && address < top_;
  }

 private:
  WasmStack(uint8_t* region, uint64_t bytes, uint64_t units);

  uint8_t* region_;
  uint64_t bytes_;
  uint64_t top_;
  uint64_t units_;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_PLATFORM_WASM_STACK_H_
