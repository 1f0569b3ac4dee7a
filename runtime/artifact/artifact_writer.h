#ifndef RUNTIME_ARTIFACT_ARTIFACT_WRITER_H_
#define RUNTIME_ARTIFACT_ARTIFACT_WRITER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/abi/artifact.h"

// The executor's own writer of artifacts: the payload of each section in, the
// file out. It exists so that reading and writing again can be shown to give
// the same bytes, and for artifacts that tests make by hand; the compiler has
// its own writer (compiler/artifact/), which must agree byte for byte.

namespace ingot::runtime {

struct ArtifactPayload {
  std::span<const uint8_t> code;    // without padding
  std::span<const uint8_t> rodata;  // padded or not
  abi::Identity identity;           // magic, version and lengths are filled in
  std::span<const uint8_t> profile;
  std::span<const uint8_t> module;
  std::span<const abi::FunctionEntry> functions;
  std::span<const abi::TrapEntry> traps;
  std::span<const abi::CertificateEntry> certificates;
  uint32_t first_function = 0;  // number of imported functions
};

std::vector<uint8_t> WriteArtifact(const ArtifactPayload& payload);

}  // namespace ingot::runtime

#endif  // RUNTIME_ARTIFACT_ARTIFACT_WRITER_H_
