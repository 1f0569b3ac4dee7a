// Any bytes in, a view or a refusal out. First the frame (ELF header, section
// headers, ranges), then the identity, then the tables, last everything that
// the payload implies, byte by byte. No offset or size is used before it was
// compared with what is there, and no memory is taken that is not in
// proportion to the file.

#include "runtime/artifact/artifact_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "compiler/abi/calling_convention.h"
#include "compiler/abi/traps.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/artifact/elf_layout.h"
#include "runtime/artifact/host_isa.h"
#include "runtime/artifact/profile_difference.h"

namespace ingot::runtime {
namespace {

using abi::ArtifactSection;
using Sizes = std::array<uint64_t, kSections>;

constexpr uint32_t Index(ArtifactSection section) {
  return static_cast<uint32_t>(section);
}

template <typename T>
T Load(std::span<const uint8_t> bytes, uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

absl::Status Refuse(ArtifactError error, std::string_view detail = {}) {
  return MakeArtifactError(error, detail);
}

bool IsSectionHeaderField(std::span<const uint8_t> file, uint64_t at,
                          std::span<const uint8_t> expected) {
  return std::equal(expected.begin(), expected.end(), file.begin() + at);
}

// The sizes of all sections, from headers that are in the file.
absl::StatusOr<Sizes> ReadFrame(std::span<const uint8_t> file) {
  constexpr uint8_t kMagic[] = {0x7F, 'E', 'L', 'F', 2, 1, 1};
  const size_t prefix = std::min(file.size(), sizeof kMagic);
  if (file.size() < 4 || std::memcmp(file.data(), kMagic, prefix) != 0) {
    return Refuse(ArtifactError::kBadMagic);
  }
  if (file.size() < kElfHeaderBytes) return Refuse(ArtifactError::kTruncated);
  if (Load<uint16_t>(file, 18) != 62) return Refuse(ArtifactError::kBadMagic);
  const auto section_headers = Load<uint64_t>(file, 40);
  if (Load<uint16_t>(file, 60) != kSections ||
      Load<uint16_t>(file, 58) != kSectionHeaderBytes) {
    return Refuse(ArtifactError::kSectionOrder, "number of sections");
  }
  if (section_headers > file.size() ||
      file.size() - section_headers < kSectionTableBytes) {
    return Refuse(ArtifactError::kTruncated, "section headers");
  }
  Sizes sizes{};
  const std::vector<uint8_t> pattern = SectionHeaderBytes(ElfLayout{});
  for (uint32_t i = 1; i < kSections; ++i) {
    const uint64_t at = section_headers + i * kSectionHeaderBytes;
    // Name and type do not depend on the layout.
    if (!IsSectionHeaderField(
            file, at,
            std::span(pattern).subspan(i * kSectionHeaderBytes, 8))) {
      return Refuse(ArtifactError::kSectionOrder, absl::StrCat("section ", i));
    }
    const auto offset = Load<uint64_t>(file, at + 24);
    const auto size = Load<uint64_t>(file, at + 32);
    if (offset > file.size() || size > file.size() - offset) {
      return Refuse(ArtifactError::kSectionRange, absl::StrCat("section ", i));
    }
    sizes[i] = size;
  }
  return sizes;
}

// The function index in the first symbol's name, "wasm[<index>]"; 0 without
// symbols. A name that is not of this form gives a number that then does not
// reproduce it.
uint32_t FirstSymbolIndex(std::span<const uint8_t> names) {
  constexpr size_t kDigits = 6;  // behind the empty name and "wasm["
  uint64_t index = 0;
  for (size_t i = kDigits; i < names.size() && i < kDigits + 10; ++i) {
    if (names[i] < '0' || names[i] > '9') break;
    index = index * 10 + (names[i] - '0');
  }
  return static_cast<uint32_t>(index);
}

template <typename T>
bool ViewTable(std::span<const uint8_t> bytes, std::span<const T>* out) {
  if (bytes.size() % sizeof(T) != 0) return false;
  *out = {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  return true;
}

absl::Status ReadIdentity(std::span<const uint8_t> section,
                          ArtifactView& view) {
  if (section.size() < sizeof(abi::Identity)) {
    return Refuse(ArtifactError::kSectionRange, "identity");
  }
  view.identity = Load<abi::Identity>(section, 0);
  if (std::memcmp(view.identity.magic, "INGOTART", 8) != 0) {
    return Refuse(ArtifactError::kBadMagic, "identity");
  }
  if (view.identity.format_version != abi::kArtifactFormatVersion) {
    return Refuse(ArtifactError::kFormatVersion,
                  absl::StrCat(view.identity.format_version));
  }
  view.profile_bytes = section.subspan(sizeof(abi::Identity));
  if (view.identity.profile_bytes != view.profile_bytes.size()) {
    return Refuse(ArtifactError::kProfileInvalid, "length");
  }
  if (Sha256(view.profile_bytes) != view.ProfileDigest()) {
    return Refuse(ArtifactError::kProfileInvalid, "digest");
  }
  const Status decoded = Decode(view.profile_bytes, &view.profile);
  if (decoded.code == Code::kProfileHostAbi) {
    return Refuse(ArtifactError::kHostAbi);
  }
  if (decoded.code == Code::kProfileVerifier) {
    return Refuse(ArtifactError::kVerifierVersion);
  }
  if (!decoded.ok()) {
    return Refuse(ArtifactError::kProfileInvalid,
                  absl::StrCat("at offset ", decoded.offset));
  }
  if (view.profile.execution.version > kNewestGasSchedule ||
      view.profile.compile.version > kNewestGasSchedule) {
    return Refuse(ArtifactError::kScheduleVersion);
  }
  if (view.identity.isa != view.profile.isa) {
    return Refuse(ArtifactError::kProfileInvalid, "isa");
  }
  if (view.identity.code_bytes > view.text.size() ||
      view.text.size() - view.identity.code_bytes >= abi::kArtifactPage) {
    return Refuse(ArtifactError::kSectionRange, "code");
  }
  return absl::OkStatus();
}

absl::Status CheckExpected(const ArtifactView& view,
                           const ExpectedArtifact& expected) {
  if (expected.module.has_value() && *expected.module != view.ModuleDigest()) {
    return Refuse(ArtifactError::kModuleDiffers, view.ModuleDigest().Hex());
  }
  if (expected.compiler.has_value() &&
      *expected.compiler != view.CompilerDigest()) {
    return Refuse(ArtifactError::kCompilerDiffers,
                  view.CompilerDigest().Hex());
  }
  if (expected.profile != nullptr) {
    const std::string field = FirstDifference(view.profile, *expected.profile);
    if (!field.empty()) return Refuse(ArtifactError::kProfileDiffers, field);
  }
  if (expected.any_processor) return absl::OkStatus();
  const std::string_view missing = MissingFeature(view.profile.TargetIsa());
  if (!missing.empty()) return Refuse(ArtifactError::kIsaUnsupported, missing);
  return absl::OkStatus();
}

absl::Status CheckFunctions(const ArtifactView& view) {
  uint64_t end = 0;
  for (size_t i = 0; i < view.functions.size(); ++i) {
    const abi::FunctionEntry& entry = view.functions[i];
    const bool frame_ok = entry.frame_bytes % 16 == 0 &&
                          entry.frame_bytes >= abi::FrameBytes(0, 0, 0) &&
                          entry.frame_bytes <= (uint32_t{1} << 30);
    if (entry.code_offset < end || entry.code_bytes == 0 || !frame_ok) {
      return Refuse(ArtifactError::kFunctionTable, absl::StrCat("entry ", i));
    }
    end = uint64_t{entry.code_offset} + entry.code_bytes;
    if (end > view.identity.code_bytes) {
      return Refuse(ArtifactError::kFunctionTable, absl::StrCat("entry ", i));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTraps(const ArtifactView& view) {
  for (size_t i = 0; i < view.traps.size(); ++i) {
    const abi::TrapEntry& entry = view.traps[i];
    const bool is_call =
        entry.code == static_cast<uint32_t>(TrapCode::kCallSite);
    // A return address may be where the next instruction can trap, so that
    // one offset has at most one entry of either sort.
    bool in_order = true;
    if (i > 0) {
      const abi::TrapEntry& before = view.traps[i - 1];
      const bool before_is_call =
          before.code == static_cast<uint32_t>(TrapCode::kCallSite);
      in_order = before.code_offset < entry.code_offset ||
                 (before.code_offset == entry.code_offset &&
                  before_is_call != is_call);
    }
    if (!in_order || entry.code == 0 ||
        entry.code > static_cast<uint32_t>(TrapCode::kCallSite) ||
        entry.code_offset >= view.identity.code_bytes) {
      return Refuse(ArtifactError::kTrapTable, absl::StrCat("entry ", i));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCertificates(const ArtifactView& view) {
  for (size_t i = 0; i < view.certificates.size(); ++i) {
    const uint32_t offset = view.certificates[i].code_offset;
    if (offset >= view.identity.code_bytes ||
        (i > 0 && offset <= view.certificates[i - 1].code_offset)) {
      return Refuse(ArtifactError::kCertificates, absl::StrCat("entry ", i));
    }
  }
  return absl::OkStatus();
}

bool AllEqual(std::span<const uint8_t> bytes, uint8_t value) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [value](uint8_t byte) { return byte == value; });
}

bool SameBytes(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// Everything that is not payload.
absl::Status CheckImplied(const ArtifactView& view, const ElfLayout& layout,
                          const SymbolRange& symbols) {
  const auto range = [&](ArtifactSection section) {
    const SectionRange& r = layout.sections[Index(section)];
    return view.file.subspan(r.offset, r.size);
  };
  const std::vector<uint8_t> head = HeadBytes(layout);
  if (!SameBytes(view.file.first(head.size()), head)) {
    return Refuse(ArtifactError::kNotCanonical, "headers");
  }
  if (!SameBytes(view.file.subspan(layout.section_headers),
                 SectionHeaderBytes(layout))) {
    return Refuse(ArtifactError::kNotCanonical, "section headers");
  }
  if (!SameBytes(range(ArtifactSection::kSymtab), SymbolTableBytes(symbols)) ||
      !SameBytes(range(ArtifactSection::kStrtab), SymbolNameBytes(symbols)) ||
      !SameBytes(range(ArtifactSection::kShstrtab), SectionNameBytes())) {
    return Refuse(ArtifactError::kNotCanonical, "symbols");
  }
  if (!AllEqual(view.text.subspan(view.identity.code_bytes), 0xCC)) {
    return Refuse(ArtifactError::kNotCanonical, "padding of the code");
  }
  uint64_t end = head.size();
  for (uint32_t i = 1; i <= kSections; ++i) {
    const uint64_t next =
        i < kSections ? layout.sections[i].offset : layout.section_headers;
    if (!AllEqual(view.file.subspan(end, next - end), 0)) {
      return Refuse(ArtifactError::kNotCanonical, "padding");
    }
    if (i < kSections) end = next + layout.sections[i].size;
  }
  return absl::OkStatus();
}

}  // namespace

Digest ArtifactView::ToDigest(const uint8_t (&bytes)[32]) {
  Digest digest;
  std::copy(std::begin(bytes), std::end(bytes), digest.bytes.begin());
  return digest;
}

absl::StatusOr<ArtifactView> ReadArtifact(std::span<const uint8_t> file,
                                          const ExpectedArtifact& expected) {
  if (reinterpret_cast<uintptr_t>(file.data()) % 16 != 0) {
    return absl::InvalidArgumentError("artifact bytes must begin at 16 n");
  }
  const absl::StatusOr<Sizes> sizes = ReadFrame(file);
  if (!sizes.ok()) return sizes.status();
  if (expected.file.has_value() && *expected.file != Sha256(file)) {
    return Refuse(ArtifactError::kDigestMismatch);
  }

  // Where the tables must lie follows from the sizes of what stands before
  // them; the symbols, which depend on the functions, stand behind.
  ElfLayout layout = LayOut(*sizes, SymbolRange{});
  const auto section = [&](ArtifactSection which) {
    const SectionRange& r = layout.sections[Index(which)];
    return file.subspan(r.offset, r.size);
  };
  for (uint32_t i = 1; i <= Index(ArtifactSection::kCerts); ++i) {
    const SectionRange& r = layout.sections[i];
    if (r.offset > file.size() || r.size > file.size() - r.offset) {
      return Refuse(ArtifactError::kTruncated, absl::StrCat("section ", i));
    }
  }
  ArtifactView view;
  view.file = file;
  view.text = section(ArtifactSection::kText);
  view.rodata = section(ArtifactSection::kRodata);
  view.module = section(ArtifactSection::kModule);
  const uint64_t text_offset =
      layout.sections[Index(ArtifactSection::kText)].offset;
  if (view.text.size() % abi::kArtifactPage != 0 ||
      view.rodata.size() % abi::kArtifactPage != 0 ||
      text_offset + view.text.size() + view.rodata.size() >
          (uint64_t{1} << 31)) {
    return Refuse(ArtifactError::kSectionRange, "code");
  }
  view.text_offset = static_cast<uint32_t>(text_offset);
  if (!ViewTable(section(ArtifactSection::kFunctions), &view.functions) ||
      !ViewTable(section(ArtifactSection::kTraps), &view.traps) ||
      !ViewTable(section(ArtifactSection::kCerts), &view.certificates)) {
    return Refuse(ArtifactError::kSectionRange, "tables");
  }

  absl::Status status =
      ReadIdentity(section(ArtifactSection::kIdentity), view);
  if (!status.ok()) return status;
  status = CheckExpected(view, expected);
  if (!status.ok()) return status;

  SymbolRange symbols{view.functions, 0};
  layout = LayOut(*sizes, symbols);
  const SectionRange names = layout.sections[Index(ArtifactSection::kStrtab)];
  if (names.offset > file.size()) return Refuse(ArtifactError::kTruncated);
  if (!view.functions.empty()) {
    symbols.first = FirstSymbolIndex(file.subspan(names.offset));
    view.first_function = symbols.first;
  }
  layout = LayOut(*sizes, symbols);
  if (layout.file_bytes > file.size()) {
    return Refuse(ArtifactError::kTruncated);
  }
  if (layout.file_bytes < file.size()) {
    return Refuse(ArtifactError::kNotCanonical, "length");
  }
  status = CheckFunctions(view);
  if (!status.ok()) return status;
  status = CheckTraps(view);
  if (!status.ok()) return status;
  status = CheckCertificates(view);
  if (!status.ok()) return status;
  status = CheckImplied(view, layout, symbols);
  if (!status.ok()) return status;
  return view;
}

}  // namespace ingot::runtime
