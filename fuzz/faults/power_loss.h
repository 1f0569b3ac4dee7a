#ifndef FUZZ_FAULTS_POWER_LOSS_H_
#define FUZZ_FAULTS_POWER_LOSS_H_

#include <cstdint>
#include <string>
#include <vector>

// Stores that lose their power. In: a folder for scratch, a number of restarts,
// a seed. Out: what was found. Each restart: the store opens on what the crash
// before left and must keep its promises; some work; then it ends after a
// system call picked by chance, with the process or with the machine, and what
// was not flushed is lost in one of the ways of disk_model.h.

namespace ingot::faults {

struct CrashReport {
  uint64_t restarts = 0;
  uint64_t power_losses = 0;
  uint64_t process_deaths = 0;
  uint64_t calls = 0;     // system calls that changed the disk
  uint64_t promises = 0;  // made before a crash, checked after it
  std::vector<std::string> violations;
};

struct PowerLossOptions {
  std::string folder;  // exists and is empty
  uint64_t restarts = 500;
  uint64_t seed = 1;
  uint32_t steps = 8;  // calls of the client between two crashes
  // As long as one store lives; then comes an empty one.
  uint64_t restarts_of_a_store = 10;
  // A disk that says it flushed and did not.
  bool ignore_flushes = false;
};

CrashReport LosePowerOften(const PowerLossOptions& options);

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_POWER_LOSS_H_
