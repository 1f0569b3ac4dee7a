#ifndef SANDBOX_EMBEDDED_COMPILER_H_
#define SANDBOX_EMBEDDED_COMPILER_H_

#include <cstdint>
#include <span>

// compiler.wasm as a part of this program. In: nothing. Out: its bytes. Holds:
// they are those of //compiler/wasm32:compiler_wasm of the same build.

namespace ingot::sandbox {

std::span<const uint8_t> EmbeddedCompilerWasm();

}  // namespace ingot::sandbox

#endif  // SANDBOX_EMBEDDED_COMPILER_H_
