#ifndef FUZZ_BOMBS_SHAPE_MAKERS_H_
#define FUZZ_BOMBS_SHAPE_MAKERS_H_

#include <cstdint>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"

// The makers of shapes.def, and what they share: a module that is one
// function. In: n, at least 1. Out: module bytes.

namespace ingot::fuzz {

#define INGOT_BOMB(name, n_at_32k, ending, known_from) \
  std::vector<uint8_t> Make_##name(uint32_t n);
#include "fuzz/bombs/shapes.def"

// A module of one exported function [i32, i64] -> [] with `locals` more
// locals of type i32 and one page of memory. `code` ends with the body's
// `end`. Locals 0 and 1 are the parameters.
std::vector<uint8_t> OneFunction(uint32_t locals,
                                 const wasm::ByteWriter& code);

inline constexpr uint32_t kParams = 2;

// The greatest number that the default profile allows, or n.
constexpr uint32_t AtMost(uint32_t n, uint32_t limit) {
  return n < limit ? n : limit;
}

}  // namespace ingot::fuzz

#endif  // FUZZ_BOMBS_SHAPE_MAKERS_H_
