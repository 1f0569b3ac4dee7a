#ifndef CLI_DISASSEMBLY_H_
#define CLI_DISASSEMBLY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/abi/artifact.h"
#include "compiler/base/status.h"
#include "runtime/artifact/artifact_reader.h"

// A function's native code as text. In: a checked artifact. Out: a line per
// instruction, with the trap or call site that the trap table has for it.
// Holds: lines cover the function's bytes; what does not decode is shown as
// bytes.

namespace ingot::cli {

struct DisassembledLine {
  uint32_t code_offset = 0;
  std::string text;
  std::string trap;                 // "unreachable", "call_site", …
  uint32_t wasm_offset = kNowhere;  // of the trap or the call
};

std::vector<DisassembledLine> DisassembleFunction(
    const runtime::ArtifactView& view, const abi::FunctionEntry& function);

// The few instructions before an offset of the function, and from it on.
// Holds: a line begins at the offset, whatever the bytes before it are.
std::vector<DisassembledLine> DisassembleAround(
    const runtime::ArtifactView& view, const abi::FunctionEntry& function,
    uint32_t code_offset);

}  // namespace ingot::cli

#endif  // CLI_DISASSEMBLY_H_
