#ifndef FUZZ_FAULTS_PROCESS_DEATH_H_
#define FUZZ_FAULTS_PROCESS_DEATH_H_

#include <cstdint>
#include <string>

#include "fuzz/faults/power_loss.h"

// Stores whose process is killed, on the machine's own file system. In: a
// program that works on a store and writes down its promises until it dies.
// Out: what was found by another process that opened the store afterwards.

namespace ingot::faults {

struct ProcessDeathOptions {
  std::string folder;   // exists and is empty
  std::string program;  // runs WorkUntilKilled: `PROGRAM work FOLDER SEED`
  uint64_t kills = 100;
  uint64_t seed = 1;
  uint64_t kills_of_a_store = 10;
};

CrashReport KillOften(const ProcessDeathOptions& options);

// Works on the store in `folder`, promises go to standard output. Returns only
// when something is wrong.
int WorkUntilKilled(const std::string& folder, uint64_t seed);

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_PROCESS_DEATH_H_
