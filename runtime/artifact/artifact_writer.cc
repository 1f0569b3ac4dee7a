// Lays the sections out, copies each to its place, pads.

#include "runtime/artifact/artifact_writer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/artifact/elf_layout.h"

namespace ingot::runtime {
namespace {

using abi::ArtifactSection;

constexpr uint32_t Index(ArtifactSection section) {
  return static_cast<uint32_t>(section);
}

uint64_t RoundToPage(uint64_t size) {
  return (size + abi::kArtifactPage - 1) / abi::kArtifactPage *
         abi::kArtifactPage;
}

template <typename T>
std::span<const uint8_t> AsBytes(std::span<const T> table) {
  return {reinterpret_cast<const uint8_t*>(table.data()), table.size_bytes()};
}

}  // namespace

std::vector<uint8_t> WriteArtifact(const ArtifactPayload& payload) {
  abi::Identity identity = payload.identity;
  std::memcpy(identity.magic, "INGOTART", 8);
  identity.format_version = abi::kArtifactFormatVersion;
  identity.profile_bytes = static_cast<uint32_t>(payload.profile.size());
  identity.code_bytes = static_cast<uint32_t>(payload.code.size());

  std::array<uint64_t, kSections> sizes{};
  sizes[Index(ArtifactSection::kText)] = RoundToPage(payload.code.size());
  sizes[Index(ArtifactSection::kRodata)] = RoundToPage(payload.rodata.size());
  sizes[Index(ArtifactSection::kIdentity)] =
      sizeof identity + payload.profile.size();
  sizes[Index(ArtifactSection::kModule)] = payload.module.size();
  sizes[Index(ArtifactSection::kFunctions)] = payload.functions.size_bytes();
  sizes[Index(ArtifactSection::kTraps)] = payload.traps.size_bytes();
  sizes[Index(ArtifactSection::kCerts)] = payload.certificates.size_bytes();
  const SymbolRange symbols{payload.functions, payload.first_function};
  const ElfLayout layout = LayOut(sizes, symbols);

  std::vector<uint8_t> file(layout.file_bytes, 0);
  const auto put = [&](uint64_t offset, std::span<const uint8_t> bytes) {
    std::copy(bytes.begin(), bytes.end(), file.begin() + offset);
  };
  const auto offset_of = [&](ArtifactSection section) {
    return layout.sections[Index(section)].offset;
  };
  put(0, HeadBytes(layout));
  const SectionRange text = layout.sections[Index(ArtifactSection::kText)];
  std::fill_n(file.begin() + text.offset, text.size, 0xCC);
  put(text.offset, payload.code);
  put(offset_of(ArtifactSection::kRodata), payload.rodata);
  put(offset_of(ArtifactSection::kIdentity),
      {reinterpret_cast<const uint8_t*>(&identity), sizeof identity});
  put(offset_of(ArtifactSection::kIdentity) + sizeof identity,
      payload.profile);
  put(offset_of(ArtifactSection::kModule), payload.module);
  put(offset_of(ArtifactSection::kFunctions), AsBytes(payload.functions));
  put(offset_of(ArtifactSection::kTraps), AsBytes(payload.traps));
  put(offset_of(ArtifactSection::kCerts), AsBytes(payload.certificates));
  put(offset_of(ArtifactSection::kSymtab), SymbolTableBytes(symbols));
  put(offset_of(ArtifactSection::kStrtab), SymbolNameBytes(symbols));
  put(offset_of(ArtifactSection::kShstrtab), SectionNameBytes());
  put(layout.section_headers, SectionHeaderBytes(layout));
  return file;
}

}  // namespace ingot::runtime
