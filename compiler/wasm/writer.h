#ifndef COMPILER_WASM_WRITER_H_
#define COMPILER_WASM_WRITER_H_

#include <cstdint>
#include <vector>

#include "compiler/base/arena.h"
#include "compiler/wasm/module.h"

// The decoder's twin: a decoded Module in, module bytes out, in canonical form
// (core specification, chapter 5): numbers in the fewest bytes, sections with
// items only, no custom sections, element segments by function index where
// that says the same. For a canonical module m, Encode(Decode(m)) equals m;
// for any other it is the canonical form of m, up to the instructions inside
// bodies, which are copied.

namespace ingot::wasm {

// `bytes` are those from which `module` was decoded, code section included.
std::vector<uint8_t> Encode(const Arena& arena, const uint8_t* bytes,
                            const Module& module);

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_WRITER_H_
