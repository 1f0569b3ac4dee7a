#include "compiler/artifact/writer.h"

#include <cstring>

#include "compiler/abi/artifact.h"
#include "compiler/artifact/piece.h"

// Two walks over the records: the first adds up the sizes of all sections,
// which fixes where everything lies; the second writes. The file's length is
// known before a byte is written, and it begins as zeros.

namespace ingot::compiler {

namespace {

using abi::ArtifactSection;

constexpr uint32_t kSections = static_cast<uint32_t>(ArtifactSection::kCount);
constexpr uint32_t kElfHeaderBytes = 64;
constexpr uint32_t kProgramHeaderBytes = 56;
constexpr uint32_t kSectionHeaderBytes = 64;
constexpr uint32_t kSymbolBytes = 24;
constexpr uint32_t kCodeAlignment = 16;
constexpr char kOffsetsSection[] = "ingot.offsets";
constexpr uint32_t kOffsetsNameBytes = sizeof(kOffsetsSection) - 1;

constexpr const char* kNames[kSections] = {
    "", ".text", ".rodata", ".ingot.identity", ".ingot.module",
    ".ingot.functions", ".ingot.traps", ".ingot.certs", ".symtab", ".strtab",
    ".shstrtab"};

constexpr uint32_t Length(const char* text) {
  uint32_t n = 0;
  while (text[n] != 0) ++n;
  return n;
}

constexpr uint64_t RoundUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

uint32_t Digits(uint32_t n) {
  uint32_t digits = 1;
  while (n >= 10) {
    n /= 10;
    ++digits;
  }
  return digits;
}

uint32_t LebBytes(uint32_t n) {
  uint32_t bytes = 1;
  while (n >= 128) {
    n >>= 7;
    ++bytes;
  }
  return bytes;
}

class Writer {
 public:
  Writer(Arena& arena, const ArtifactInput& in) : arena_(arena), in_(in) {}

  Status Run(Array<uint8_t>* artifact) {
    if (!Measure()) return Error(Code::kOutOfMemory);
    LayOut();
    if (file_bytes_ > 0xFFFFFFFFu) return Error(Code::kOutOfMemory);
    if (!arena_.AllocateArray(file_bytes_, artifact)) {
      return Error(Code::kOutOfMemory);
    }
    file_ = arena_.At<uint8_t>(artifact->offset);
    std::memset(file_, 0, file_bytes_);
    Headers();
    Functions();
    IdentitySection();
    ModuleSection();
    Symbols();
    return kOkStatus;
  }

 private:
  uint64_t& Size(ArtifactSection s) {
    return size_[static_cast<uint32_t>(s)];
  }
  uint64_t Offset(ArtifactSection s) const {
    return offset_[static_cast<uint32_t>(s)];
  }

  // Sizes of all sections, and where each function's code begins.
  bool Measure() {
    if (!arena_.AllocateArray(uint64_t{in_.module->bodies.size} + 1,
                              &code_at_)) {
      return false;
    }
    uint64_t text = 0;
    uint32_t index = 0;
    const uint8_t* at = in_.pieces.data();
    const uint8_t* end = at + in_.pieces.size();
    Size(ArtifactSection::kStrtab) = 1;
    while (at < end) {
      const RecordView record = RecordView::At(at);
      INGOT_CHECK(index < in_.module->bodies.size);
      text = RoundUp(text, kCodeAlignment);
      arena_.Get(code_at_, index++) = static_cast<uint32_t>(text);
      text += record.header.code_bytes;
      if (text > 0x7FFFFFFFu) return false;
      Size(ArtifactSection::kRodata) += 4 * uint64_t{record.header.rodata};
      Size(ArtifactSection::kTraps) +=
          uint64_t{record.header.traps} * sizeof(abi::TrapEntry);
      Size(ArtifactSection::kCerts) +=
          uint64_t{record.header.certs} * sizeof(abi::CertificateEntry);
      Size(ArtifactSection::kStrtab) += Digits(record.header.function) + 7;
      at += record.bytes;
    }
    INGOT_CHECK(index == in_.module->bodies.size);
    functions_ = index;
    code_bytes_ = static_cast<uint32_t>(text);
    Size(ArtifactSection::kText) = RoundUp(text, abi::kArtifactPage);
    uint64_t& rodata = Size(ArtifactSection::kRodata);
    rodata = RoundUp(rodata, abi::kArtifactPage);
    Size(ArtifactSection::kIdentity) =
        sizeof(abi::Identity) + in_.input->profile.size;
    Size(ArtifactSection::kFunctions) =
        uint64_t{functions_} * sizeof(abi::FunctionEntry);
    Size(ArtifactSection::kSymtab) =
        (uint64_t{functions_} + 1) * kSymbolBytes;
    uint64_t module = 8;
    for (const wasm::Bytes& section : KeptSections()) module += section.size;
    offsets_bytes_ = 1 + kOffsetsNameBytes + 4 * in_.module->kept_sections.size;
    Size(ArtifactSection::kModule) =
        module + 1 + LebBytes(offsets_bytes_) + offsets_bytes_;
    for (const char* name : kNames) {
      Size(ArtifactSection::kShstrtab) += Length(name) + 1;
    }
    return true;
  }

  std::span<const wasm::Bytes> KeptSections() const {
    return arena_.View(in_.module->kept_sections);
  }

  void LayOut() {
    uint64_t at = kElfHeaderBytes + 2 * kProgramHeaderBytes;
    for (uint32_t i = 1; i < kSections; ++i) {
      const bool mapped = i <= static_cast<uint32_t>(ArtifactSection::kRodata);
      at = RoundUp(at, mapped ? abi::kArtifactPage : 16);
      offset_[i] = at;
      at += size_[i];
    }
    section_headers_ = RoundUp(at, 16);
    file_bytes_ = section_headers_ + kSections * kSectionHeaderBytes;
  }

  void Put(uint64_t at, uint64_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; ++i) {
      file_[at + i] = static_cast<uint8_t>(value >> (8 * i));
    }
  }
  // Four bytes, as both builds' machines store them.
  void Put32(uint64_t at, uint64_t value) {
    const uint32_t low = static_cast<uint32_t>(value);
    std::memcpy(file_ + at, &low, 4);
  }
  void Copy(uint64_t at, const void* data, uint64_t bytes) {
    if (bytes != 0) std::memcpy(file_ + at, data, bytes);
  }

  // ELF header, program headers, section headers, section names.
  void Headers() {
    constexpr uint8_t kIdent[] = {0x7F, 'E', 'L', 'F', 2, 1, 1};
    Copy(0, kIdent, sizeof(kIdent));
    Put(16, 3, 2);    // ET_DYN
    Put(18, 62, 2);   // EM_X86_64
    Put(20, 1, 4);    // EV_CURRENT
    Put(32, kElfHeaderBytes, 8);
    Put(40, section_headers_, 8);
    Put(52, kElfHeaderBytes, 2);
    Put(54, kProgramHeaderBytes, 2);
    Put(56, 2, 2);
    Put(58, kSectionHeaderBytes, 2);
    Put(60, kSections, 2);
    Put(62, static_cast<uint32_t>(ArtifactSection::kShstrtab), 2);
    const uint64_t text = Size(ArtifactSection::kText);
    Segment(0, 5, abi::kTextAddress, ArtifactSection::kText);
    Segment(1, 4, abi::kTextAddress + text, ArtifactSection::kRodata);
    constexpr uint32_t kProgbits = 1, kSymtab = 2, kStrtab = 3;
    constexpr uint64_t kAlloc = 2, kExecute = 4;
    constexpr uint64_t kEntryBytes[kSections] = {
        0, 0, 0, 0, 0, sizeof(abi::FunctionEntry), sizeof(abi::TrapEntry),
        sizeof(abi::CertificateEntry), kSymbolBytes, 0, 0};
    uint32_t name = 1;
    for (uint32_t i = 1; i < kSections; ++i) {
      const ArtifactSection section = static_cast<ArtifactSection>(i);
      const uint64_t at = section_headers_ + uint64_t{i} * kSectionHeaderBytes;
      uint32_t type = kProgbits;
      if (section == ArtifactSection::kSymtab) type = kSymtab;
      if (section > ArtifactSection::kSymtab) type = kStrtab;
      uint64_t flags = 0, address = 0, alignment = 16;
      if (section == ArtifactSection::kText) {
        flags = kAlloc | kExecute;
        address = abi::kTextAddress;
        alignment = abi::kArtifactPage;
      } else if (section == ArtifactSection::kRodata) {
        flags = kAlloc;
        address = abi::kTextAddress + text;
        alignment = abi::kArtifactPage;
      }
      Put(at, name, 4);
      Put(at + 4, type, 4);
      Put(at + 8, flags, 8);
      Put(at + 16, address, 8);
      Put(at + 24, offset_[i], 8);
      Put(at + 32, size_[i], 8);
      if (section == ArtifactSection::kSymtab) {
        Put(at + 40, static_cast<uint32_t>(ArtifactSection::kStrtab), 4);
        Put(at + 44, size_[i] / kSymbolBytes, 4);  // all symbols are local
      }
      Put(at + 48, alignment, 8);
      Put(at + 56, kEntryBytes[i], 8);
      Copy(Offset(ArtifactSection::kShstrtab) + name, kNames[i],
           Length(kNames[i]));
      name += Length(kNames[i]) + 1;
    }
  }

  void Segment(uint32_t index, uint32_t flags, uint64_t address,
               ArtifactSection section) {
    const uint64_t at = kElfHeaderBytes + index * kProgramHeaderBytes;
    Put(at, 1, 4);  // PT_LOAD
    Put(at + 4, flags, 4);
    Put(at + 8, Offset(section), 8);
    Put(at + 16, address, 8);
    Put(at + 24, address, 8);
    Put(at + 32, Size(section), 8);
    Put(at + 40, Size(section), 8);
    Put(at + 48, abi::kArtifactPage, 8);
  }

  // Code with its calls bound, jump tables, and the three tables.
  void Functions() {
    const uint64_t text = Offset(ArtifactSection::kText);
    std::memset(file_ + text, 0xCC, Size(ArtifactSection::kText));
    uint64_t rodata = Offset(ArtifactSection::kRodata);
    uint64_t traps = Offset(ArtifactSection::kTraps);
    uint64_t certs = Offset(ArtifactSection::kCerts);
    const uint8_t* at = in_.pieces.data();
    for (uint32_t i = 0; i < functions_; ++i) {
      const RecordView record = RecordView::At(at);
      const RecordHeader& header = record.header;
      const uint32_t code_at = arena_.Get(code_at_, i);
      const uint64_t code = text + code_at;
      Copy(code, record.code, header.code_bytes);
      for (uint32_t r = 0; r < header.relocs; ++r) {
        Reloc reloc;
        std::memcpy(&reloc, record.relocs + r * sizeof(Reloc), sizeof(Reloc));
        uint64_t target = rodata + reloc.target;
        if (reloc.kind == RelocKind::kFunction) {
          target = text + arena_.Get(code_at_, reloc.target -
                                                   in_.module->imported_functions);
        }
        // rel32 counts from the end of the instruction (SDM, CALL, LEA); file
        // and address space have equal distances within text and rodata.
        Put32(code + reloc.at, target - (code + reloc.at + 4));
      }
      for (uint32_t k = 0; k < header.rodata; ++k) {
        uint32_t target;
        std::memcpy(&target, record.rodata + 4 * k, 4);
        Put32(rodata + 4 * k, code + target - rodata);
      }
      rodata += 4 * uint64_t{header.rodata};
      CopyTable<abi::TrapEntry>(record.traps, header.traps, code_at, &traps);
      CopyTable<abi::CertificateEntry>(record.certs, header.certs, code_at,
                                       &certs);
      const uint64_t entry = Offset(ArtifactSection::kFunctions) +
                             uint64_t{i} * sizeof(abi::FunctionEntry);
      Put32(entry, code_at);
      Put32(entry + 4, header.code_bytes);
      Put32(entry + 8, header.frame_bytes);
      Put32(entry + 12, header.body_offset);
      at += record.bytes;
    }
  }

  // Entries begin with their code offset, which becomes relative to .text.
  template <typename Entry>
  void CopyTable(const uint8_t* entries, uint32_t count, uint32_t code_at,
                 uint64_t* out) {
    for (uint32_t k = 0; k < count; ++k) {
      Entry entry;
      std::memcpy(&entry, entries + k * sizeof(Entry), sizeof(Entry));
      entry.code_offset += code_at;
      Copy(*out, &entry, sizeof(Entry));
      *out += sizeof(Entry);
    }
  }

  void IdentitySection() {
    abi::Identity identity{};
    std::memcpy(identity.magic, "INGOTART", 8);
    identity.format_version = abi::kArtifactFormatVersion;
    identity.isa = in_.profile->isa;
    std::memcpy(identity.module_digest, in_.input->module_digest, kDigestBytes);
    std::memcpy(identity.compiler_digest, in_.input->compiler_digest,
                kDigestBytes);
    std::memcpy(identity.profile_digest, in_.input->profile_digest,
                kDigestBytes);
    identity.profile_bytes = in_.input->profile.size;
    identity.code_bytes = code_bytes_;
    const uint64_t at = Offset(ArtifactSection::kIdentity);
    Copy(at, &identity, sizeof(identity));
    Copy(at + sizeof(identity), arena_.View(in_.input->profile).data(),
         in_.input->profile.size);
  }

  void ModuleSection() {
    uint64_t at = Offset(ArtifactSection::kModule);
    const uint8_t* bytes = arena_.View(in_.input->module).data();
    Copy(at, bytes, 8);
    at += 8;
    for (const wasm::Bytes& section : KeptSections()) {
      Copy(at, bytes + section.offset, section.size);
      at += section.size;
    }
    file_[at++] = 0;  // a custom section
    for (uint32_t n = offsets_bytes_;; n >>= 7) {
      file_[at++] = static_cast<uint8_t>((n & 127) | (n >= 128 ? 128 : 0));
      if (n < 128) break;
    }
    file_[at++] = static_cast<uint8_t>(kOffsetsNameBytes);
    Copy(at, kOffsetsSection, kOffsetsNameBytes);
    at += kOffsetsNameBytes;
    for (const wasm::Bytes& section : KeptSections()) {
      Put(at, section.offset, 4);
      at += 4;
    }
  }

  void Symbols() {
    uint64_t symbol = Offset(ArtifactSection::kSymtab) + kSymbolBytes;
    const uint64_t names = Offset(ArtifactSection::kStrtab);
    uint64_t name = 1;
    const uint8_t* at = in_.pieces.data();
    for (uint32_t i = 0; i < functions_; ++i) {
      const RecordView record = RecordView::At(at);
      Put(symbol, name, 4);
      Put(symbol + 4, 2, 1);  // STB_LOCAL, STT_FUNC
      Put(symbol + 6, static_cast<uint32_t>(ArtifactSection::kText), 2);
      Put(symbol + 8, abi::kTextAddress + arena_.Get(code_at_, i), 8);
      Put(symbol + 16, record.header.code_bytes, 8);
      symbol += kSymbolBytes;
      const uint32_t digits = Digits(record.header.function);
      Copy(names + name, "wasm[", 5);
      uint32_t n = record.header.function;
      for (uint32_t d = digits; d-- > 0; n /= 10) {
        file_[names + name + 5 + d] = static_cast<uint8_t>('0' + n % 10);
      }
      file_[names + name + 5 + digits] = ']';
      name += digits + 7;
      at += record.bytes;
    }
  }

  Arena& arena_;
  const ArtifactInput& in_;
  Array<uint32_t> code_at_;
  uint64_t size_[kSections] = {};
  uint64_t offset_[kSections] = {};
  uint64_t section_headers_ = 0;
  uint64_t file_bytes_ = 0;
  uint32_t functions_ = 0;
  uint32_t code_bytes_ = 0;
  uint32_t offsets_bytes_ = 0;
  uint8_t* file_ = nullptr;
};

}  // namespace

Status WriteArtifact(Arena& arena, const ArtifactInput& in,
                     Array<uint8_t>* artifact) {
  return Writer(arena, in).Run(artifact);
}

}  // namespace ingot::compiler
