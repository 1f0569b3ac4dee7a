#ifndef FUZZ_BOMBS_SHAPES_H_
#define FUZZ_BOMBS_SHAPES_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/base/status.h"

// Compiler bombs: valid modules whose shape makes some compiler slow, large or
// dead (shapes.def). In: a shape and a size. Out: a module of about that size,
// the same bytes on every machine. Holds: what grows with the size is the
// shape itself, in all its dimensions, so that a cost of n × n shows.

namespace ingot::fuzz {

struct BombShape {
  std::string_view name;
  std::vector<uint8_t> (*make)(uint32_t n);
  uint32_t n_at_32k;
  // How every size of 32 KB and more ends: accepted, or refused by this limit.
  Code ending;
  std::string_view known_from;
};

std::span<const BombShape> BombShapes();

// Null if there is none of that name.
const BombShape* FindBombShape(std::string_view name);

// A module of the shape with about `bytes` bytes.
std::vector<uint8_t> MakeBomb(const BombShape& shape, uint32_t bytes);

}  // namespace ingot::fuzz

#endif  // FUZZ_BOMBS_SHAPES_H_
