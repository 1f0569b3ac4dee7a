#include "compiler/artifact/piece.h"

#include <cstring>

// Records of functions: written by a batch, read by the link step.

namespace ingot::compiler {

namespace {

// Appends and zero-pads to 4 bytes.
uint8_t* Put(uint8_t* out, const void* data, uint64_t bytes) {
  if (bytes != 0) std::memcpy(out, data, bytes);
  out += bytes;
  while ((bytes++ & 3) != 0) *out++ = 0;
  return out;
}

}  // namespace

void WriteRecord(const RecordHeader& header, const FunctionCode& code,
                 uint8_t* out) {
  out = Put(out, &header, sizeof(header));
  out = Put(out, code.code, header.code_bytes);
  out = Put(out, code.relocs.data(), uint64_t{header.relocs} * sizeof(Reloc));
  out = Put(out, code.traps.data(),
            uint64_t{header.traps} * sizeof(abi::TrapEntry));
  out = Put(out, code.certs.data(),
            uint64_t{header.certs} * sizeof(abi::CertificateEntry));
  Put(out, code.rodata.data(), uint64_t{header.rodata} * 4);
}

RecordView RecordView::At(const uint8_t* record) {
  RecordView view;
  std::memcpy(&view.header, record, sizeof(view.header));
  const RecordHeader& header = view.header;
  view.code = record + sizeof(RecordHeader);
  view.relocs = view.code + PaddedCode(header.code_bytes);
  view.traps = view.relocs + uint64_t{header.relocs} * sizeof(Reloc);
  view.certs = view.traps + uint64_t{header.traps} * sizeof(abi::TrapEntry);
  view.rodata =
      view.certs + uint64_t{header.certs} * sizeof(abi::CertificateEntry);
  view.bytes = RecordBytes(header);
  return view;
}

}  // namespace ingot::compiler
