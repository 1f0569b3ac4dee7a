#ifndef FUZZ_BOMBS_GENOME_H_
#define FUZZ_BOMBS_GENOME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/differential/random.h"

// Shapes that nobody thought of: a short list of genes, each a few
// instructions or a step of control flow, which a module repeats as often as
// its size asks for. In: a genome and a number of repetitions. Out: a valid
// module. Holds: any list of genes makes a valid module; blocks that the list
// opens and does not close nest deeper with each repetition; the text of a
// genome is all of it.

namespace ingot::fuzz {

struct Gene {
  uint8_t kind = 0;  // taken modulo the number of kinds
  uint8_t a = 0;
  uint8_t b = 0;
};

struct Genome {
  uint8_t locals_log2 = 3;  // i32 locals of each function, at most 15
  std::vector<Gene> genes;
};

// "LOCALS_LOG2:" and six hexadecimal digits a gene.
std::string TextOf(const Genome& genome);
std::optional<Genome> ParseGenome(std::string_view text);

Genome RandomGenome(Random* random);
// A copy with something changed, or parts of both.
Genome Mutate(const Genome& genome, Random* random);
Genome Cross(const Genome& left, const Genome& right, Random* random);

std::vector<uint8_t> ModuleOf(const Genome& genome, uint32_t repetitions);
// As many repetitions as make about so many bytes.
std::vector<uint8_t> ModuleOfSize(const Genome& genome, uint32_t bytes);

}  // namespace ingot::fuzz

#endif  // FUZZ_BOMBS_GENOME_H_
