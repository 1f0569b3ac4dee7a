#ifndef RUNTIME_ARTIFACT_ELF_LAYOUT_H_
#define RUNTIME_ARTIFACT_ELF_LAYOUT_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/abi/artifact.h"

// The parts of an artifact that its sections' payload implies: ELF headers,
// program headers, section headers, symbols and names (ELF specification 1.2).
// The reader compares them with the file, the writer writes them; so there is
// one byte sequence for a payload.

namespace ingot::runtime {

inline constexpr uint32_t kSections =
    static_cast<uint32_t>(abi::ArtifactSection::kCount);
inline constexpr uint32_t kElfHeaderBytes = 64;
inline constexpr uint32_t kProgramHeaderBytes = 56;
inline constexpr uint32_t kProgramHeaders = 2;
inline constexpr uint32_t kSectionHeaderBytes = 64;
inline constexpr uint32_t kSymbolBytes = 24;
inline constexpr uint32_t kSectionTableBytes = kSections * kSectionHeaderBytes;

struct SectionRange {
  uint64_t offset = 0;
  uint64_t size = 0;
};

// Where everything lies; by ArtifactSection. Sections that have a payload of
// their own bring their sizes, the rest follows from `functions`.
struct ElfLayout {
  std::array<SectionRange, kSections> sections;
  uint64_t section_headers = 0;  // offset of the section header table
  uint64_t file_bytes = 0;
};

// The functions that symbols are named after: `first` is the index of the first
// defined function, which is the number of imported ones.
struct SymbolRange {
  std::span<const abi::FunctionEntry> functions;
  uint32_t first = 0;
};

// `sizes` by ArtifactSection; those of symtab, strtab and shstrtab are ignored.
ElfLayout LayOut(const std::array<uint64_t, kSections>& sizes,
                 const SymbolRange& symbols);

// ELF header and program headers.
std::vector<uint8_t> HeadBytes(const ElfLayout& layout);
std::vector<uint8_t> SectionHeaderBytes(const ElfLayout& layout);
std::vector<uint8_t> SymbolTableBytes(const SymbolRange& symbols);
std::vector<uint8_t> SymbolNameBytes(const SymbolRange& symbols);
std::span<const uint8_t> SectionNameBytes();

}  // namespace ingot::runtime

#endif  // RUNTIME_ARTIFACT_ELF_LAYOUT_H_
