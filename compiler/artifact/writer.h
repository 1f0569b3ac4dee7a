#ifndef COMPILER_ARTIFACT_WRITER_H_
#define COMPILER_ARTIFACT_WRITER_H_

#include <cstdint>
#include <span>

#include "compiler/abi/profile.h"
#include "compiler/base/arena.h"
#include "compiler/base/status.h"
#include "compiler/compile.h"
#include "compiler/wasm/module.h"

// Pieces in, the artifact's bytes out (format: compiler/abi/artifact.h). Code
// is laid out in function order, 16-aligned; calls and jump tables are bound.

namespace ingot::compiler {

struct ArtifactInput {
  const Input* input;
  const Profile* profile;
  const wasm::Module* module;
  std::span<const uint8_t> pieces;  // records of all functions, in order
};

Status WriteArtifact(Arena& arena, const ArtifactInput& in,
                     Array<uint8_t>* artifact);

}  // namespace ingot::compiler

#endif  // COMPILER_ARTIFACT_WRITER_H_
