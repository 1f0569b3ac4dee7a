// Compiles generated modules natively, for both levels and both targets, and
// verifies what comes out, with the module. In: the first seed and how many
// (1 and 1000 if absent). Out: each refusal, then how many were verified and
// refused. verify_random_slots is the same with every function in slot mode.
//
//   bazel run //fuzz/verifier:verify_random -- 1 25000

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "fuzz/generator/generator.h"
#include "fuzz/verifier/specimen.h"

int main(int argc, char** argv) {
  const uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 1;
  const uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : 1000;
  uint64_t verified = 0, refused = 0, failed = 0, bytes = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const ingot::fuzz::GeneratedModule module = ingot::fuzz::Generate(seed);
    for (const uint32_t level : {0u, 1u}) {
      for (const uint32_t isa : {2u, 3u}) {
        ingot::Profile profile;
        profile.level = level;
        profile.isa = isa;
        const auto specimen =
            ingot::fuzz::MakeSpecimen(module.bytes, profile);
        if (!specimen.ok()) {
          ++failed;
          std::printf("seed %" PRIu64 ": %s\n", seed,
                      specimen.status().ToString().c_str());
          continue;
        }
        ++verified;
        bytes += specimen->code.size();
        const auto refusal = specimen->VerifyMetering();
        if (refusal.ok()) continue;
        ++refused;
        std::printf("seed %" PRIu64 ", level %u, isa %u: %s\n", seed, level,
                    isa, ingot::fuzz::Describe(*specimen, refusal).c_str());
      }
    }
  }
  std::printf("%" PRIu64 " modules: %" PRIu64 " artifacts, %.1f MB of code, %"
              PRIu64 " refused, %" PRIu64 " not made\n",
              count, verified, static_cast<double>(bytes) * 1e-6, refused,
              failed);
  return refused == 0 && failed == 0 ? 0 : 1;
}
