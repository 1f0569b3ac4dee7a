#ifndef COMPILER_WASM_FEATURES_H_
#define COMPILER_WASM_FEATURES_H_

#include <cstdint>

// What a profile allows beyond WebAssembly 2.0 without vectors. A module that
// uses something else is refused by that thing's name.

namespace ingot::wasm {

struct Features {
  enum Bit : uint32_t {
    kTailCalls = 1,      // return_call, return_call_indirect
    kExtendedConst = 2,  // add, sub, mul in constant expressions
  };
  static constexpr uint32_t kAll = kTailCalls | kExtendedConst;

  uint32_t bits = 0;

  constexpr bool Has(Bit bit) const { return (bits & bit) != 0; }
};

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_FEATURES_H_
