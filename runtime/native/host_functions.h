#ifndef RUNTIME_NATIVE_HOST_FUNCTIONS_H_
#define RUNTIME_NATIVE_HOST_FUNCTIONS_H_

#include <cstdint>
#include <deque>
#include <utility>

#include "runtime/native/canonical_types.h"
#include "runtime/store.h"

// Host functions that any number of native stores take over as they are: what
// takes time (types, allocations) is done once. In: signatures and callables,
// before the first store has them. Out: entries that stay where they are.

namespace ingot::runtime {

struct HostFunctionEntry {
  Signature signature;
  HostFunction function;
  // When set, called instead of `function` by wasm code.
  PlainHostFunction plain = nullptr;
  void* state = nullptr;
  // Of result i; those of an i32 leave out its upper half.
  uint64_t result_masks[kPlainValues] = {};
  uint32_t type_id = 0;
};

class NativeHostFunctions {
 public:
  NativeHostFunctions() = default;
  ~NativeHostFunctions() {
    for (const HostFunctionEntry& entry : entries_) {
      ReleaseTypeId(entry.type_id);
    }
  }
  NativeHostFunctions(const NativeHostFunctions&) = delete;
  NativeHostFunctions& operator=(const NativeHostFunctions&) = delete;

  void Add(Signature signature, HostFunction function) {
    HostFunctionEntry& entry = entries_.emplace_back();
    entry.signature = std::move(signature);
    entry.function = std::move(function);
    entry.type_id = AcquireTypeId(entry.signature);
  }

  // The signature is plain (runtime/store.h).
  void AddPlain(Signature signature, PlainHostFunction function, void* state) {
    Add(std::move(signature), FromPlain(function, state));
    HostFunctionEntry& entry = entries_.back();
    entry.plain = function;
    entry.state = state;
    for (size_t i = 0; i < entry.signature.results.size(); ++i) {
      entry.result_masks[i] =
          entry.signature.results[i] == wasm::ValType::kI32
              ? 0xFFFFFFFF
              : ~uint64_t{0};
    }
  }

  const std::deque<HostFunctionEntry>& entries() const { return entries_; }

 private:
  std::deque<HostFunctionEntry> entries_;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_HOST_FUNCTIONS_H_
