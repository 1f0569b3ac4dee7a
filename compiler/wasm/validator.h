#ifndef COMPILER_WASM_VALIDATOR_H_
#define COMPILER_WASM_VALIDATOR_H_

#include <cstdint>

#include "compiler/base/arena.h"
#include "compiler/base/status.h"
#include "compiler/wasm/features.h"
#include "compiler/wasm/module.h"
#include "compiler/wasm/module_limits.h"

// Validation: a decoded module in, the verdict out (core specification,
// chapter 3 and appendix A.3), and with it what later stages want to know of
// each body: Body's counts, Module::loops and Module::loop_locals.
//
// Validate checks the module's declarations, then every body in index order;
// the first error wins. Time is linear in the module's bytes; scratch memory
// is given back, so that only the loops stay in the arena.

namespace ingot::wasm {

Status Validate(Arena& arena, const uint8_t* bytes, const ModuleLimits& limits,
                Features features, Module* module);

// The declarations only: what an artifact's kept sections are checked by.
Status ValidateDeclarations(Arena& arena, const uint8_t* bytes,
                            const ModuleLimits& limits, const Module& module);

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_VALIDATOR_H_
