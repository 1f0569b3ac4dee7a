#ifndef FUZZ_GENERATOR_CORNERS_H_
#define FUZZ_GENERATOR_CORNERS_H_

#include <cstdint>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module.h"
#include "fuzz/differential/random.h"

// Values at which instructions change what they do: the one list for generated
// modules and for the vectors.

namespace ingot::fuzz {

// The fourth is not 0, nor a NaN, nor out of range for a conversion. A
// reference has 0 only.
const std::vector<uint64_t>& Corners(wasm::ValType type);

// One of them, or in a quarter of the cases any number.
uint64_t CornerValue(wasm::ValType type, Random& random);

bool IsNan(wasm::ValType type, uint64_t bits);

// The constant instruction; of a reference, ref.null.
void WriteConstant(wasm::ValType type, uint64_t bits, wasm::ByteWriter& out);

}  // namespace ingot::fuzz

#endif  // FUZZ_GENERATOR_CORNERS_H_
