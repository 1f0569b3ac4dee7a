#ifndef SANDBOX_WORKER_JAIL_H_
#define SANDBOX_WORKER_JAIL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Takes from the calling process all that compiling does not need. In: what to
// do with a forbidden system call. Out: which protections this machine gave.
// Holds: seccomp, the limits and no_new_privs are there, or the process has
// failed; namespaces and landlock are there where the machine has them. The
// address space stays free: linear memories reserve gigabytes.

namespace ingot::sandbox {

struct JailOptions {
  enum class Misuse : uint8_t { kKill, kRefuse };
  Misuse misuse = Misuse::kKill;  // kRefuse: for the probe, which tries all
  uint64_t max_reply_bytes = 0;   // the largest file that can be written
  uint64_t max_data_bytes = 0;    // private writable memory
  uint64_t cpu_seconds = 0;       // 0: no limit
};

// Names of protections, as "seccomp". The caller has one thread.
absl::StatusOr<std::vector<std::string>> EnterJail(const JailOptions& options);

// Tries, inside of the jail, what a worker must not reach. Out: the names of
// what was reached.
std::vector<std::string> ProbeReachable();

}  // namespace ingot::sandbox

#endif  // SANDBOX_WORKER_JAIL_H_
