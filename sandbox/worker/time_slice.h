#ifndef SANDBOX_WORKER_TIME_SLICE_H_
#define SANDBOX_WORKER_TIME_SLICE_H_

#include <chrono>

// How long the calling thread, and those that it starts, run at a time before
// others. In: a time; 0: the machine's own. Out: nothing; where the kernel knows
// no such wish (before Linux 6.12), nothing changes. Holds: who asks for short
// slices gets no more time, but is served sooner after a wait: so the service's
// threads need not wait for the slices of workers that compute.

namespace ingot::sandbox {

void SetTimeSlice(std::chrono::microseconds slice);

}  // namespace ingot::sandbox

#endif  // SANDBOX_WORKER_TIME_SLICE_H_
