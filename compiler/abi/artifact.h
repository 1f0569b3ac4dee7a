#ifndef COMPILER_ABI_ARTIFACT_H_
#define COMPILER_ABI_ARTIFACT_H_

#include <cstdint>

// The format of an artifact: an ELF64 file (ELF specification 1.2, System V
// x86-64 psABI) that is mapped and run without relocation. The compiler's
// writer (compiler/artifact/) and the executor's reader (runtime/artifact/)
// both take it from here; neither uses the other. All numbers are
// little-endian; every byte is defined; unused bytes are 0.
//
// File order: ELF header, two program headers (R-X: .text, R--: .rodata), then
// the sections below in this order, each aligned to 16 bytes except .text and
// .rodata, which begin at multiples of 4096 and are padded to one (.text with
// 0xCC, .rodata with 0), then the section headers. .text has the virtual
// address kTextAddress and .rodata follows it directly in address space and
// file, so that both are mapped by one range.
//
//   .text             code of all functions, in function order
//   .rodata           constants and jump tables
//   .ingot.identity   Identity, then the canonical bytes of the profile
//   .ingot.module     the module's sections without custom and code sections:
//                     the eight bytes of magic and version, then each kept
//                     section verbatim; a wasm module but for its bodies.
//                     Last a custom section "ingot.offsets": per kept section
//                     the uint32_t offset at which its header begins in the
//                     compiled module (segments that trap are located there)
//   .ingot.functions  FunctionEntry per defined function, in index order
//   .ingot.traps      TrapEntry, ordered by code offset
//   .ingot.certs      CertificateEntry, ordered by code offset
//   .symtab .strtab   one local function symbol per defined function, named
//                     "wasm[<index>]"
//   .shstrtab

namespace ingot::abi {

inline constexpr uint32_t kArtifactFormatVersion = 1;
inline constexpr uint64_t kTextAddress = 4096;
inline constexpr uint32_t kArtifactPage = 4096;

enum class ArtifactSection : uint8_t {
  kNull, kText, kRodata, kIdentity, kModule, kFunctions, kTraps, kCerts,
  kSymtab, kStrtab, kShstrtab, kCount,
};

struct Identity {
  char magic[8];  // "INGOTART"
  uint32_t format_version;
  uint32_t isa;                // Isa of the profile
  uint8_t module_digest[32];   // SHA-256
  uint8_t compiler_digest[32];
  uint8_t profile_digest[32];
  uint32_t profile_bytes;      // length of the profile that follows
  uint32_t code_bytes;         // length of .text before its padding
};
static_assert(sizeof(Identity) == 120);

struct FunctionEntry {
  uint32_t code_offset;  // of its entry, from the start of .text
  uint32_t code_bytes;   // up to the end of its cold code
  uint32_t frame_bytes;  // stack units: return address and frame
  uint32_t body_offset;  // module offset of its body (its locals vector)
};
static_assert(sizeof(FunctionEntry) == 16);

// A place in the code where a run can end, or a call (kCallSite: code_offset
// is that of its return address).
struct TrapEntry {
  uint32_t code_offset;     // of the instruction that faults
  uint32_t wasm_offset;     // module offset of the wasm instruction
  uint32_t function;        // wasm function whose instruction it is
  int32_t owed_minus_paid;  // gas: exact gas left = r14 - owed_minus_paid
  uint32_t code;            // TrapCode
};
static_assert(sizeof(TrapEntry) == 20);

// What holds at a place that a jump leads to, or at a native block's start, for
// the verifier (compiler/x64/DIALECT.md, 7).
struct CertificateEntry {
  uint32_t code_offset;
  // Bit r: general register r has a zero upper half. Above: kCertificatePaid,
  // kCertificateRepair and the round (kCertificateRound).
  uint32_t zero_upper;
  int32_t owed_minus_paid;  // gas: 0
  // Module offset of the wasm instruction with which a gas segment begins: the
  // one that begins here, or, with kCertificatePaid, the one that this place is
  // inside of. 0xFFFFFFFF before the first payment of a function.
  uint32_t wasm_offset;
};
static_assert(sizeof(CertificateEntry) == 16);

// The place is inside of a segment that is paid: in an instruction's expansion,
// or on the way from a segment's end to where control passes.
inline constexpr uint32_t kCertificatePaid = uint32_t{1} << 31;
// A repair out of line that returns behind the jump that leads here.
inline constexpr uint32_t kCertificateRepair = uint32_t{1} << 30;
// Which round of an unrolled loop the place is in: 0 outside of one. A loop's
// header need not test but in round 0.
inline constexpr uint32_t kCertificateRoundShift = 28;
inline constexpr uint32_t kCertificateRound = uint32_t{3}
                                              << kCertificateRoundShift;
inline constexpr uint32_t kCertificateFlags =
    kCertificatePaid | kCertificateRepair | kCertificateRound;

}  // namespace ingot::abi

#endif  // COMPILER_ABI_ARTIFACT_H_
