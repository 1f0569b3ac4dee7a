#ifndef COMPILER_COMPILE_H_
#define COMPILER_COMPILE_H_

#include <cstdint>
#include <span>

#include "compiler/base/arena.h"
#include "compiler/base/status.h"
#include "compiler/quote/quote.h"

// The compiler: module bytes in, artifact bytes out, a pure function of its
// input. Three steps, so that a large module compiles in parallel with the
// same bytes and the same gas:
//
//   Plan              decodes, validates every body, lays out batches; once
//   CompileFunctions  one batch of bodies to a piece; each starts from the
//                     arena that Plan left, and from nothing else
//   Link              puts all pieces in order and writes the artifact; starts
//                     from the arena that Plan left, too
//
// After Plan succeeded no batch can reject: CompileFunctions and Link return
// Ok or Code::kOutOfMemory. All state between the steps is in the arena and
// holds offsets only.

namespace ingot::compiler {

inline constexpr uint32_t kDigestBytes = 32;

// Where the host placed the input, as offsets in the arena.
struct Input {
  Array<uint8_t> module;
  Array<uint8_t> profile;  // canonical bytes (compiler/abi/profile.h)
  uint8_t module_digest[kDigestBytes];
  uint8_t compiler_digest[kDigestBytes];
  uint8_t profile_digest[kDigestBytes];
};

// What Plan leaves in the arena: an opaque root.
struct PlanRoot;

// Decodes, validates and lays out. On success `*root` is the arena offset of
// the plan.
Status Plan(Arena& arena, const Input& input, uint32_t* root);

uint32_t BatchCount(const Arena& arena, uint32_t root);

// What the batches and the link will cost, at least and at most. No part of a
// compilation; changes nothing in the arena.
Quote QuoteRest(const Arena& arena, uint32_t root);

// Compiles one batch; `*piece` is a range of the arena.
Status CompileFunctions(Arena& arena, uint32_t root, uint32_t batch,
                        Array<uint8_t>* piece);

// `pieces` holds the concatenation of all pieces in batch order, `sizes` the
// length of each.
Status Link(Arena& arena, uint32_t root, Array<uint8_t> pieces,
            Array<uint32_t> sizes, Array<uint8_t>* artifact);

}  // namespace ingot::compiler

#endif  // COMPILER_COMPILE_H_
