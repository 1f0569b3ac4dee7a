// Field by field, little-endian, in the order of the ELF structures.

#include "runtime/artifact/elf_layout.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace ingot::runtime {
namespace {

using abi::ArtifactSection;
using abi::kArtifactPage;
using abi::kTextAddress;

constexpr uint64_t kSectionAlignment = 16;

// Section names with the empty name first, as .shstrtab holds them.
constexpr std::string_view kNames[kSections] = {
    "",
    ".text",
    ".rodata",
    ".ingot.identity",
    ".ingot.module",
    ".ingot.functions",
    ".ingot.traps",
    ".ingot.certs",
    ".symtab",
    ".strtab",
    ".shstrtab",
};

constexpr uint32_t kProgbits = 1;
constexpr uint32_t kSymtab = 2;
constexpr uint32_t kStrtab = 3;
constexpr uint64_t kAlloc = 2;
constexpr uint64_t kExecute = 4;

struct Kind {
  uint32_t type;
  uint64_t flags;
  uint64_t entry_bytes;
};

constexpr Kind kKinds[kSections] = {
    {0, 0, 0},
    {kProgbits, kAlloc | kExecute, 0},
    {kProgbits, kAlloc, 0},
    {kProgbits, 0, 0},
    {kProgbits, 0, 0},
    {kProgbits, 0, sizeof(abi::FunctionEntry)},
    {kProgbits, 0, sizeof(abi::TrapEntry)},
    {kProgbits, 0, sizeof(abi::CertificateEntry)},
    {kSymtab, 0, kSymbolBytes},
    {kStrtab, 0, 0},
    {kStrtab, 0, 0},
};

constexpr uint32_t Index(ArtifactSection section) {
  return static_cast<uint32_t>(section);
}

constexpr uint64_t RoundUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

class Bytes {
 public:
  explicit Bytes(uint64_t expected = 0) { bytes_.reserve(expected); }

  Bytes& U8(uint64_t value) { return Put(value, 1); }
  Bytes& U16(uint64_t value) { return Put(value, 2); }
  Bytes& U32(uint64_t value) { return Put(value, 4); }
  Bytes& U64(uint64_t value) { return Put(value, 8); }
  Bytes& Text(std::string_view text) {
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    return *this;
  }
  std::vector<uint8_t> Take() { return std::move(bytes_); }

 private:
  Bytes& Put(uint64_t value, int size) {
    uint8_t bytes[8];
    for (int i = 0; i < size; ++i) {
      bytes[i] = static_cast<uint8_t>(value >> (8 * i));
    }
    bytes_.insert(bytes_.end(), bytes, bytes + size);
    return *this;
  }

  std::vector<uint8_t> bytes_;
};

// What the symbol of a function is called.
class SymbolName {
 public:
  SymbolName(const SymbolRange& symbols, size_t index) {
    char* const number = std::copy_n("wasm[", 5, text_);
    char* const end =
        std::to_chars(number, std::end(text_), symbols.first + index).ptr;
    *end = ']';
    size_ = static_cast<size_t>(end + 1 - text_);
  }

  size_t size() const { return size_; }
  operator std::string_view() const { return {text_, size_}; }

 private:
  char text_[32];
  size_t size_;
};

uint64_t SymbolNamesSize(const SymbolRange& symbols) {
  uint64_t size = 1;
  for (size_t i = 0; i < symbols.functions.size(); ++i) {
    size += SymbolName(symbols, i).size() + 1;
  }
  return size;
}

}  // namespace

ElfLayout LayOut(const std::array<uint64_t, kSections>& sizes,
                 const SymbolRange& symbols) {
  ElfLayout layout;
  uint64_t offset = kElfHeaderBytes + kProgramHeaders * kProgramHeaderBytes;
  for (uint32_t i = 1; i < kSections; ++i) {
    const auto section = static_cast<ArtifactSection>(i);
    uint64_t size = sizes[i];
    uint64_t alignment = kSectionAlignment;
    if (section == ArtifactSection::kText ||
        section == ArtifactSection::kRodata) {
      alignment = kArtifactPage;
    } else if (section == ArtifactSection::kSymtab) {
      size = (symbols.functions.size() + 1) * kSymbolBytes;
    } else if (section == ArtifactSection::kStrtab) {
      size = SymbolNamesSize(symbols);
    } else if (section == ArtifactSection::kShstrtab) {
      size = SectionNameBytes().size();
    }
    offset = RoundUp(offset, alignment);
    layout.sections[i] = {offset, size};
    offset += size;
  }
  layout.section_headers = RoundUp(offset, kSectionAlignment);
  layout.file_bytes = layout.section_headers + kSectionTableBytes;
  return layout;
}

std::vector<uint8_t> HeadBytes(const ElfLayout& layout) {
  const SectionRange text = layout.sections[Index(ArtifactSection::kText)];
  const SectionRange rodata = layout.sections[Index(ArtifactSection::kRodata)];
  Bytes out;
  out.Text("\x7F" "ELF").U8(2).U8(1).U8(1).U8(0).U64(0);
  out.U16(3).U16(62).U32(1);  // ET_DYN, EM_X86_64, EV_CURRENT
  out.U64(0).U64(kElfHeaderBytes).U64(layout.section_headers).U32(0);
  out.U16(kElfHeaderBytes).U16(kProgramHeaderBytes).U16(kProgramHeaders);
  out.U16(kSectionHeaderBytes).U16(kSections);
  out.U16(Index(ArtifactSection::kShstrtab));
  const auto segment = [&](uint32_t flags, uint64_t address,
                           const SectionRange& range) {
    out.U32(1).U32(flags).U64(range.offset).U64(address).U64(address);
    out.U64(range.size).U64(range.size).U64(kArtifactPage);
  };
  segment(5, kTextAddress, text);  // PT_LOAD, R and X
  segment(4, kTextAddress + text.size, rodata);
  return out.Take();
}

std::vector<uint8_t> SectionHeaderBytes(const ElfLayout& layout) {
  const uint64_t text_bytes =
      layout.sections[Index(ArtifactSection::kText)].size;
  Bytes out;
  out.Text(std::string(kSectionHeaderBytes, '\0'));
  uint32_t name = 1;
  for (uint32_t i = 1; i < kSections; ++i) {
    const auto section = static_cast<ArtifactSection>(i);
    const SectionRange range = layout.sections[i];
    const bool mapped = (kKinds[i].flags & kAlloc) != 0;
    const bool symbols = section == ArtifactSection::kSymtab;
    uint64_t address = 0;
    if (section == ArtifactSection::kText) address = kTextAddress;
    if (section == ArtifactSection::kRodata) address = kTextAddress + text_bytes;
    out.U32(name).U32(kKinds[i].type).U64(kKinds[i].flags).U64(address);
    out.U64(range.offset).U64(range.size);
    // A symbol table links to its names and says where global symbols begin.
    out.U32(symbols ? Index(ArtifactSection::kStrtab) : 0);
    out.U32(symbols ? range.size / kSymbolBytes : 0);
    out.U64(mapped ? kArtifactPage : kSectionAlignment);
    out.U64(kKinds[i].entry_bytes);
    name += static_cast<uint32_t>(kNames[i].size()) + 1;
  }
  return out.Take();
}

std::vector<uint8_t> SymbolTableBytes(const SymbolRange& symbols) {
  const auto functions = symbols.functions;
  Bytes out((functions.size() + 1) * kSymbolBytes);
  out.U64(0).U64(0).U64(0);
  uint64_t name = 1;
  for (size_t i = 0; i < functions.size(); ++i) {
    out.U32(name).U8(2).U8(0);  // STB_LOCAL, STT_FUNC
    out.U16(Index(ArtifactSection::kText));
    out.U64(kTextAddress + functions[i].code_offset);
    out.U64(functions[i].code_bytes);
    name += SymbolName(symbols, i).size() + 1;
  }
  return out.Take();
}

std::vector<uint8_t> SymbolNameBytes(const SymbolRange& symbols) {
  Bytes out;
  out.U8(0);
  for (size_t i = 0; i < symbols.functions.size(); ++i) {
    out.Text(SymbolName(symbols, i)).U8(0);
  }
  return out.Take();
}

std::span<const uint8_t> SectionNameBytes() {
  static const std::vector<uint8_t>* bytes = [] {
    Bytes out;
    for (std::string_view name : kNames) out.Text(name).U8(0);
    return new std::vector<uint8_t>(out.Take());
  }();
  return *bytes;
}

}  // namespace ingot::runtime
