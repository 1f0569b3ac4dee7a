#ifndef BENCH_GAS_KERNELS_H_
#define BENCH_GAS_KERNELS_H_

#include <cstdint>
#include <string>
#include <vector>

// Loops that do one thing, to learn what time a gas takes there. In: nothing.
// Out: modules. Holds: each exports run(n: i32), n rounds of its loop, and
// keeps what it computes, so that nothing of it can be left out. What must be
// in memory is put there by an export `prepare`, if there is one.

namespace ingot::bench {

enum class KernelKind : uint8_t {
  kOrdinary,     // as compilers of contracts arrange it: independent work
  kAdversarial,  // as an attacker would: chains, mispredictions, odd operands
  kCacheMissing, // waits for memory
};

struct GasKernel {
  std::string name;
  KernelKind kind;
  std::vector<uint8_t> module;
};

std::vector<GasKernel> GasKernels();

}  // namespace ingot::bench

#endif  // BENCH_GAS_KERNELS_H_
