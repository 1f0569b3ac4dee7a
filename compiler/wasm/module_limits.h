#ifndef COMPILER_WASM_MODULE_LIMITS_H_
#define COMPILER_WASM_MODULE_LIMITS_H_

#include <cstdint>

// The limits on a module, with their defaults (compiler/wasm/module_limits.def;
// printed in docs/limits.md).

namespace ingot::wasm {

struct ModuleLimits {
#define INGOT_MODULE_LIMIT(name, default_value, largest, code, meaning) \
  uint32_t name = default_value;
#include "compiler/wasm/module_limits.def"
#undef INGOT_MODULE_LIMIT
};

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_MODULE_LIMITS_H_
