// The table of shapes.def behind its interface.

#include "fuzz/bombs/shapes.h"

#include <algorithm>

#include "fuzz/bombs/shape_makers.h"

namespace ingot::fuzz {
namespace {

constexpr BombShape kShapes[] = {
#define INGOT_BOMB(name, n_at_32k, ending, known_from) \
  {#name, &Make_##name, n_at_32k, Code::ending, known_from},
#include "fuzz/bombs/shapes.def"
};

}  // namespace

std::span<const BombShape> BombShapes() { return kShapes; }

const BombShape* FindBombShape(std::string_view name) {
  for (const BombShape& shape : kShapes) {
    if (shape.name == name) return &shape;
  }
  return nullptr;
}

std::vector<uint8_t> MakeBomb(const BombShape& shape, uint32_t bytes) {
  const uint64_t n = uint64_t{shape.n_at_32k} * bytes / (32 * 1024);
  return shape.make(static_cast<uint32_t>(std::max<uint64_t>(n, 1)));
}

}  // namespace ingot::fuzz
