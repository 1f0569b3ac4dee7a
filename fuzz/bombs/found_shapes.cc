// Shapes that fuzz/bombs/search found, kept as the genomes that it printed.

#include "fuzz/bombs/genome.h"
#include "fuzz/bombs/shape_makers.h"

namespace ingot::fuzz {

std::vector<uint8_t> Make_merging_loops(uint32_t n) {
  return ModuleOf(*ParseGenome("6:02f7c61d4f23125ebd11ae6c12b98f"), n);
}

}  // namespace ingot::fuzz
