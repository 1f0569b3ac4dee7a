// Compiles each module named on the command line and verifies its artifact:
// prints refusals and the speed of both parts.

#include <time.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "fuzz/verifier/specimen.h"

namespace {

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
  double part1 = 0, part2 = 0;
  uint64_t bytes = 0;
  int refused = 0, verified = 0, skipped = 0;
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::vector<uint8_t> module{std::istreambuf_iterator<char>(file), {}};
    for (const uint32_t level : {0u, 1u}) {
      ingot::Profile profile;
      profile.level = level;
      const auto specimen = ingot::fuzz::MakeSpecimen(module, profile);
      if (!specimen.ok()) {
        ++skipped;
        continue;
      }
      ++verified;
      const auto begin = CpuSeconds();
      const auto code = specimen->VerifyCode();
      const auto middle = CpuSeconds();
      const auto gas = specimen->VerifyMetering();
      const auto end = CpuSeconds();
      bytes += specimen->code.size();
      part1 += middle - begin;
      part2 += end - middle;
      for (const auto& refusal : {code, gas}) {
        if (refusal.ok()) continue;
        ++refused;
        std::printf("%s: %s\n", argv[i],
                    ingot::fuzz::Describe(*specimen, refusal).c_str());
      }
    }
  }
  std::printf("%d verified, %d refusals, %d not compiled\n", verified, refused,
              skipped);
  std::printf("%.1f MB of code; part 1 %.1f MB/s, both %.1f MB/s\n",
              static_cast<double>(bytes) * 1e-6,
              static_cast<double>(bytes) * 1e-6 / part1,
              static_cast<double>(bytes) * 1e-6 / part2);
  return refused == 0 ? 0 : 1;
}
