// A kernel of the project's own as clang makes it for this machine: what no
// wasm engine is expected to beat. In: the kernel's argument. Out: its result
// and the least time of a call, separated by a tab. Built once for each kernel
// of testdata/contracts that needs no host; the same source is the wasm module.

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "bench/stopwatch.h"

extern "C" uint64_t Run(uint32_t argument);

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: native_kernel ARGUMENT\n");
    return 2;
  }
  const auto argument =
      static_cast<uint32_t>(std::strtoul(argv[1], nullptr, 10));
  constexpr int kRounds = 7;
  constexpr double kSampleMicroseconds = 20'000;
  ingot::bench::Least least;
  uint64_t result = 0;
  for (int round = 0; round < kRounds; ++round) {
    const ingot::bench::Stopwatch stopwatch(ingot::bench::Clock::kThread);
    int calls = 0;
    do {
      result = Run(argument);
      ++calls;
    } while (stopwatch.Microseconds() < kSampleMicroseconds);
    least.Add(stopwatch.Microseconds() / calls);
  }
  std::printf("%" PRIu64 "\t%.3f\n", result, least.value());
  return 0;
}
