// Disassembly by Zydis, in Intel's syntax. In: code bytes. Out: lines. Holds:
// see the header.

#include "cli/disassembly.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "Zydis/Zydis.h"
#include "compiler/abi/traps.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

// The entry for an instruction: a trap at its first byte, or a call site at
// its return address, the byte after it.
void Annotate(const runtime::ArtifactView& view, uint32_t begin, uint32_t end,
              DisassembledLine* line) {
  const auto before = [](const abi::TrapEntry& trap, uint32_t offset) {
    return trap.code_offset < offset;
  };
  for (auto at = std::lower_bound(view.traps.begin(), view.traps.end(), begin,
                                  before);
       at != view.traps.end() && at->code_offset <= end; ++at) {
    const bool call_site =
        at->code == static_cast<uint32_t>(TrapCode::kCallSite);
    if (at->code_offset != (call_site ? end : begin)) continue;
    line->trap = TrapName(static_cast<TrapCode>(at->code));
    line->wasm_offset = at->wasm_offset;
    return;
  }
}

// Lines shown on either side of an offset.
constexpr size_t kLinesBefore = 3;
constexpr size_t kLinesFrom = 3;

// Instructions of [offset, end), at most `most` of them.
std::vector<DisassembledLine> Disassemble(const runtime::ArtifactView& view,
                                          uint32_t offset, uint32_t end,
                                          size_t most) {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
                   ZYDIS_STACK_WIDTH_64);
  ZydisFormatter formatter;
  ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);

  std::vector<DisassembledLine> lines;
  while (offset < end && lines.size() < most) {
    DisassembledLine line;
    line.code_offset = offset;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    char text[256];
    uint32_t length = 1;
    if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(
            &decoder, view.text.data() + offset, end - offset, &instruction,
            operands)) &&
        ZYAN_SUCCESS(ZydisFormatterFormatInstruction(
            &formatter, &instruction, operands,
            instruction.operand_count_visible, text, sizeof(text), offset,
            nullptr))) {
      length = instruction.length;
      line.text = text;
    } else {
      line.text = fmt::format("db 0x{:02x}", view.text[offset]);
    }
    Annotate(view, offset, offset + length, &line);
    offset += length;
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

std::vector<DisassembledLine> DisassembleFunction(
    const runtime::ArtifactView& view, const abi::FunctionEntry& function) {
  return Disassemble(view, function.code_offset,
                     function.code_offset + function.code_bytes, SIZE_MAX);
}

std::vector<DisassembledLine> DisassembleAround(
    const runtime::ArtifactView& view, const abi::FunctionEntry& function,
    uint32_t code_offset) {
  const uint32_t end = function.code_offset + function.code_bytes;
  if (code_offset < function.code_offset || code_offset >= end) return {};
  // The bytes before the offset, as if the code ended there.
  std::vector<DisassembledLine> lines =
      Disassemble(view, function.code_offset, code_offset, SIZE_MAX);
  if (lines.size() > kLinesBefore) {
    lines.erase(lines.begin(), lines.end() - kLinesBefore);
  }
  for (DisassembledLine& line :
       Disassemble(view, code_offset, end, kLinesFrom)) {
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace ingot::cli
