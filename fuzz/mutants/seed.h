#ifndef FUZZ_MUTANTS_SEED_H_
#define FUZZ_MUTANTS_SEED_H_

#include <cstdint>

// Which seeded defect is awake. In: the environment variable INGOT_SEED, read
// before main, or Choose. Out: INGOT_SEED(name), which the edited sources ask.
// None is awake otherwise, and then the edited sources are right.

namespace ingot::mutants {

enum class Seed : uint16_t {
  kNone,
#define INGOT_SEED_ROW(name, rule, what) name,
#include "fuzz/mutants/seeds.inc"
#undef INGOT_SEED_ROW
};

struct SeedRow {
  Seed seed;
  const char* name;
  uint32_t rule;  // of the verifier, that refuses it; 0: a bug for the tests
  const char* what;
};

inline constexpr SeedRow kSeeds[] = {
#define INGOT_SEED_ROW(name, rule, what) {Seed::name, #name, rule, what},
#include "fuzz/mutants/seeds.inc"
#undef INGOT_SEED_ROW
};

extern Seed chosen;

inline void Choose(Seed seed) { chosen = seed; }

}  // namespace ingot::mutants

#define INGOT_SEED(name) \
  (::ingot::mutants::chosen == ::ingot::mutants::Seed::name)

#endif  // FUZZ_MUTANTS_SEED_H_
