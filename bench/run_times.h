#ifndef BENCH_RUN_TIMES_H_
#define BENCH_RUN_TIMES_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "runtime/digest.h"

// One call of one module in turns by native code with gas code, native code
// without, and the interpreter. In: the module, its unmetered artifact, the
// call. Out: times of one call. Holds: all gave the same results and left the
// same memory.

namespace ingot::bench {

// A call of an export. Arguments that are missing are 0.
struct Step {
  std::string export_name;
  std::vector<uint64_t> args;
};

struct Kernel {
  std::vector<uint8_t> module;
  std::vector<uint8_t> unmetered_artifact;
  // Calls that come first and are not timed.
  std::vector<Step> before;
  Step timed;
  std::vector<std::string> wasi_arguments;
  // Imported functions that WASI does not have answer 0.
  bool stubs = false;
};

struct RunRounds {
  uint32_t rounds = 7;
  // A timed part lasts so long, by calls of the same instance if they can be
  // repeated, by instances if not.
  double sample_us = 20'000;
  // No interpretation of a call that native code takes longer for.
  double interpreted_us = 150'000;
};

struct RunTimes {
  uint64_t gas = 0;         // of one metered call
  uint32_t calls = 1;       // in a timed part
  double metered_us = 0;    // of one call, as all
  double unmetered_us = 0;
  double interpreter_us = 0;  // 0: not interpreted
  std::string params;  // the arguments as TYPE:BITS, separated by spaces
  std::string results;
  Digest memory;  // after the first call
};

// A status is a fault, a difference, or says why the kernel cannot run: an
// import that WASI does not have, a trap.
absl::StatusOr<RunTimes> TimeRuns(const Kernel& kernel, const Profile& profile,
                                  const RunRounds& rounds);

}  // namespace ingot::bench

#endif  // BENCH_RUN_TIMES_H_
