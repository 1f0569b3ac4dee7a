#ifndef FUZZ_GENERATOR_OPERATIONS_H_
#define FUZZ_GENERATOR_OPERATIONS_H_

#include <vector>

#include "compiler/wasm/module.h"
#include "compiler/wasm/opcodes.h"

// Instructions by what they yield or take, out of the opcode table.

namespace ingot::fuzz {

// i, I, f or F of a signature.
wasm::ValType TypeOfLetter(char letter);

// The plain numeric instructions with a result of the type.
std::vector<const wasm::OpInfo*> OperationsFor(wasm::ValType type);

// The loads that yield the type, or the stores that take it.
std::vector<const wasm::OpInfo*> LoadsOf(wasm::ValType type);
std::vector<const wasm::OpInfo*> StoresOf(wasm::ValType type);

}  // namespace ingot::fuzz

#endif  // FUZZ_GENERATOR_OPERATIONS_H_
