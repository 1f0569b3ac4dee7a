#ifndef FUZZ_VECTORS_CORNERS_H_
#define FUZZ_VECTORS_CORNERS_H_

#include <cstdint>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module.h"

// Values at which instructions change what they do.

namespace ingot::fuzz {

// The letter of a signature in opcodes.def.
wasm::ValType TypeOfLetter(char letter);

// The fourth is not 0, nor a NaN, nor out of range for a conversion.
std::vector<uint64_t> Corners(wasm::ValType type);

void WriteConstant(wasm::ValType type, uint64_t bits, wasm::ByteWriter& out);

}  // namespace ingot::fuzz

#endif  // FUZZ_VECTORS_CORNERS_H_
