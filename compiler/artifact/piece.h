#ifndef COMPILER_ARTIFACT_PIECE_H_
#define COMPILER_ARTIFACT_PIECE_H_

#include <cstdint>

#include "compiler/base/arena.h"
#include "compiler/x64/emitter.h"

// A piece: the output of one batch, a run of function records. A record is a
// header and then, each padded to 4 bytes: code, relocations, traps,
// certificates, jump-table entries. Everything is relative to the function.

namespace ingot::compiler {

struct RecordHeader {
  uint32_t function;     // index in the function space
  uint32_t body_offset;  // module offset of its body
  uint32_t frame_bytes;
  uint32_t code_bytes;
  uint32_t relocs;
  uint32_t traps;
  uint32_t certs;
  uint32_t rodata;       // entries of 4 bytes
};
static_assert(sizeof(RecordHeader) == 32);

constexpr uint32_t PaddedCode(uint32_t bytes) { return (bytes + 3) & ~3u; }

constexpr uint64_t RecordBytes(const RecordHeader& header) {
  return sizeof(RecordHeader) + uint64_t{PaddedCode(header.code_bytes)} +
         uint64_t{header.relocs} * sizeof(Reloc) +
         uint64_t{header.traps} * sizeof(abi::TrapEntry) +
         uint64_t{header.certs} * sizeof(abi::CertificateEntry) +
         uint64_t{header.rodata} * 4;
}

// Writes the record of `code` at `out`, which has room for RecordBytes.
void WriteRecord(const RecordHeader& header, const FunctionCode& code,
                 uint8_t* out);

// A record's parts in place. `bytes` stays owned by the caller.
struct RecordView {
  RecordHeader header;
  const uint8_t* code;
  const uint8_t* relocs;
  const uint8_t* traps;
  const uint8_t* certs;
  const uint8_t* rodata;
  uint64_t bytes;

  static RecordView At(const uint8_t* record);
};

}  // namespace ingot::compiler

#endif  // COMPILER_ARTIFACT_PIECE_H_
