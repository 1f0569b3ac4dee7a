// The symbols around the bytes are defined by embedded_compiler.S, which the
// build writes (sandbox/BUILD).

#include "sandbox/embedded_compiler.h"

extern "C" const uint8_t ingot_compiler_wasm_begin[];
extern "C" const uint8_t ingot_compiler_wasm_end[];

namespace ingot::sandbox {

std::span<const uint8_t> EmbeddedCompilerWasm() {
  return {ingot_compiler_wasm_begin, ingot_compiler_wasm_end};
}

}  // namespace ingot::sandbox
