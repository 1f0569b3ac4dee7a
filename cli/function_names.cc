// Function names. In: module bytes. Out: names. Holds: a cursor that never
// leaves its bytes; the first thing that is malformed ends the reading.

#include "cli/function_names.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "chain_integration/json/json.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

constexpr size_t kMaxNameBytes = 200;

class Cursor {
 public:
  explicit Cursor(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool AtEnd() const { return bytes_.empty(); }

  std::optional<uint8_t> Byte() {
    if (bytes_.empty()) return std::nullopt;
    const uint8_t byte = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return byte;
  }
  // An unsigned LEB128 number of 32 bits.
  std::optional<uint32_t> Number() {
    uint32_t value = 0;
    for (uint32_t shift = 0; shift < 35; shift += 7) {
      const std::optional<uint8_t> byte = Byte();
      if (!byte) return std::nullopt;
      value |= static_cast<uint32_t>(*byte & 0x7F) << shift;
      if ((*byte & 0x80) == 0) return value;
    }
    return std::nullopt;
  }
  // A vector of bytes behind its length.
  std::optional<std::span<const uint8_t>> Block() {
    const std::optional<uint32_t> size = Number();
    if (!size || *size > bytes_.size()) return std::nullopt;
    const std::span<const uint8_t> block = bytes_.first(*size);
    bytes_ = bytes_.subspan(*size);
    return block;
  }
  std::span<const uint8_t> rest() const { return bytes_; }

 private:
  std::span<const uint8_t> bytes_;
};

std::string_view Text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Nothing that moves a terminal's cursor: neither ASCII's control characters nor
// U+0080 to U+009F. What stands for invalid bytes takes three bytes each, so the
// length is cut at the end, in front of a character.
std::string Printable(std::string_view name) {
  const std::string text = json::ToValidUtf8(name.substr(0, kMaxNameBytes));
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const bool c1 =
        byte == 0xC2 && static_cast<uint8_t>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    out += c1 || byte < 0x20 || byte == 0x7F ? '?' : text[i];
  }
  size_t size = std::min(out.size(), kMaxNameBytes);
  while (size < out.size() && (out[size] & 0xC0) == 0x80) --size;
  out.resize(size);
  return out;
}

constexpr uint8_t kCustomSection = 0;
constexpr uint8_t kFunctionNames = 1;  // a subsection

}  // namespace

FunctionNames::FunctionNames(std::span<const uint8_t> module_bytes) {
  ReadNameSection(module_bytes);
}

FunctionNames::FunctionNames(std::span<const uint8_t> module_bytes,
                             const runtime::Program& program) {
  ReadNameSection(module_bytes);
  const wasm::Module& module = program.module();
  for (const wasm::Export& item : program.View(module.exports)) {
    if (item.kind == wasm::ExternKind::kFunc) {
      Add(item.index, program.Name(item.name));
    }
  }
  for (const wasm::Import& item : program.View(module.imports)) {
    if (item.kind == wasm::ExternKind::kFunc) {
      Add(item.index, fmt::format("{}.{}", program.Name(item.module),
                                  program.Name(item.name)));
    }
  }
}

void FunctionNames::Add(uint32_t function, std::string_view name) {
  if (name.empty() || names_.contains(function)) return;
  names_.emplace(function, Printable(name));
}

void FunctionNames::ReadNameSection(std::span<const uint8_t> module_bytes) {
  if (module_bytes.size() < 8) return;
  Cursor sections(module_bytes.subspan(8));
  while (!sections.AtEnd()) {
    const std::optional<uint8_t> id = sections.Byte();
    const auto section = sections.Block();
    if (!id || !section) return;
    if (*id != kCustomSection) continue;
    Cursor contents(*section);
    const auto section_name = contents.Block();
    if (!section_name || Text(*section_name) != "name") continue;
    while (!contents.AtEnd()) {
      const std::optional<uint8_t> kind = contents.Byte();
      const auto subsection = contents.Block();
      if (!kind || !subsection) return;
      if (*kind != kFunctionNames) continue;
      Cursor entries(*subsection);
      if (!entries.Number()) return;  // their count; the bytes decide
      while (!entries.AtEnd()) {
        const std::optional<uint32_t> index = entries.Number();
        const auto name = entries.Block();
        if (!index || !name) return;
        Add(*index, Text(*name));
      }
    }
  }
}

std::string FunctionNames::Find(uint32_t function) const {
  const auto found = names_.find(function);
  return found == names_.end() ? std::string() : found->second;
}

std::string FunctionNames::Describe(uint32_t function) const {
  const std::string name = Find(function);
  return name.empty() ? fmt::format("function {}", function)
                      : fmt::format("function {} ({})", function, name);
}

}  // namespace ingot::cli
