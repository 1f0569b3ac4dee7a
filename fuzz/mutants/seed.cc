#include "fuzz/mutants/seed.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

// The seed of the environment. A name that no seed has ends the process: a test
// that runs without its defect would pass for the wrong reason.

namespace ingot::mutants {
namespace {

Seed FromEnvironment() {
  const char* const name = std::getenv("INGOT_SEED");
  if (name == nullptr || *name == '\0') return Seed::kNone;
  for (const SeedRow& row : kSeeds) {
    if (std::strcmp(row.name, name) == 0) return row.seed;
  }
  std::fprintf(stderr, "INGOT_SEED: no seed is called %s\n", name);
  std::exit(2);
}

}  // namespace

Seed chosen = FromEnvironment();

}  // namespace ingot::mutants
