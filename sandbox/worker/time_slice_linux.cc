// The wish by sched_setattr. In and out: see the header.

#include "sandbox/worker/time_slice.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace ingot::sandbox {
namespace {

// The kernel's sched_attr; its header and the C library's exclude each other.
struct Attributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};
static_assert(sizeof(Attributes) == 48);

}  // namespace

void SetTimeSlice(std::chrono::microseconds slice) {
  Attributes attributes{};
  attributes.size = sizeof(attributes);
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0) {
    return;
  }
  // For what shares time, and only there, this is the slice.
  constexpr uint32_t kShared = 0;
  if (attributes.policy != kShared) return;
  attributes.runtime =
      static_cast<uint64_t>(std::chrono::nanoseconds(slice).count());
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace ingot::sandbox
