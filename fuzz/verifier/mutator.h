#ifndef FUZZ_VERIFIER_MUTATOR_H_
#define FUZZ_VERIFIER_MUTATOR_H_

#include <cstdint>

#include "fuzz/verifier/specimen.h"

// Changes to an artifact's parts, one at a time: what a defective or hostile
// compiler could have written instead. In: a specimen, a kind, a seed. Out: the
// specimen changed, or not, where the kind finds nothing to change.

namespace ingot::fuzz {

enum class Mutation : uint8_t {
#define INGOT_MUTATION(name, text) name,
#include "fuzz/verifier/mutations.def"
#undef INGOT_MUTATION
  kCount,
};

const char* MutationText(Mutation kind);

// False when nothing was changed.
bool Mutate(Mutation kind, uint64_t seed, Specimen* specimen);

}  // namespace ingot::fuzz

#endif  // FUZZ_VERIFIER_MUTATOR_H_
