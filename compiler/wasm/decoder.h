#ifndef COMPILER_WASM_DECODER_H_
#define COMPILER_WASM_DECODER_H_

#include <cstdint>

#include "compiler/base/arena.h"
#include "compiler/base/status.h"
#include "compiler/wasm/features.h"
#include "compiler/wasm/module.h"
#include "compiler/wasm/module_limits.h"

// Decoding: module bytes in, a Module in the arena out (core specification,
// chapter 5). Everything but function bodies is checked against the binary
// format and the limits; bodies are only delimited (their instructions are
// decoded by the validator, in the same pass that types them). A module that
// decodes is not valid yet: compiler/wasm/validator.h.
//
// The first error in file order wins. Custom sections are passed over, but
// their names are checked. Work and memory are linear in the module's size.

namespace ingot::wasm {

enum class DecodeMode : uint8_t {
  kWhole,
  // The sections that an artifact keeps: there is no code section, functions
  // are declared without bodies, and Module::bodies is empty.
  kWithoutCode,
};

// `module` must stay where it is as long as *out is used.
Status Decode(Arena& arena, const uint8_t* module, uint32_t size,
              const ModuleLimits& limits, Features features, DecodeMode mode,
              Module* out);

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_DECODER_H_
