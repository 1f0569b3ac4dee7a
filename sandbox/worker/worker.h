#ifndef SANDBOX_WORKER_WORKER_H_
#define SANDBOX_WORKER_WORKER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sandbox/compile_job.h"

// The worker process. In: the three memory files of protocol.h. Out: one reply
// and exit code 0. Holds: after the compiler is loaded the process is jailed;
// no byte of a job is read before.

namespace ingot::sandbox {

// Ways to go wrong, for tests.
struct WorkerHooks {
  std::function<void(uint32_t attempt)> before_compile = {};
  std::function<void(uint32_t attempt, JobOptions::Step step)> on_step = {};
  std::function<void(uint32_t attempt, std::string* reply)> on_reply = {};
};

// What the process does when it was started as `PROGRAM ... worker [MODE]`:
// `arguments` are the words behind "worker". MODE "probe" reports what the jail
// leaves in reach instead of compiling. Never returns to anything but exit.
int WorkerMain(const std::vector<std::string>& arguments,
               const WorkerHooks& hooks = {});

}  // namespace ingot::sandbox

#endif  // SANDBOX_WORKER_WORKER_H_
