#ifndef FUZZ_FAULTS_SYSTEM_CALLS_H_
#define FUZZ_FAULTS_SYSTEM_CALLS_H_

#include <sys/uio.h>

#include <cstdint>
#include <span>

// The system calls of this program, watched and made to fail. In: a watcher. A
// program that is linked with this library has its own open(), write(),
// fsync(), rename() and so on: the product's code, LMDB's included, runs
// unchanged and calls these. Out: what each call was and came to. Holds:
// without a watcher every call is the kernel's; calls that a watcher makes
// itself are not watched.

namespace ingot::faults {

enum class Call : uint8_t {
  kOpen,
  kRead,   // read, pread
  kWrite,  // write, pwrite, writev
  kSync,   // fsync, fdatasync, msync
  kTruncate,
  kRename,
  kLink,
  kUnlink,
  kMakeFolder,
  kClose,
  kMemoryFile,  // memfd_create
  kMap,         // mmap, mprotect
  kFork,
};

struct CallEvent {
  Call call = Call::kOpen;
  int file = -1;
  const char* path = nullptr;    // also where a name comes from, and of memory
  const char* target = nullptr;  // the new name
  std::span<const iovec> bytes = {};  // to write, or where it was read to
  uint64_t offset = 0;           // of a write; a truncated file's size
  int flags = 0;                 // of open
};

class CallWatcher {
 public:
  static constexpr int kSkip = -1;

  virtual ~CallWatcher() = default;
  // An error number makes the call fail without being made; 0 lets it pass;
  // kSkip returns 0 to the caller without making it.
  virtual int Before(const CallEvent& event) = 0;
  // `result` is the kernel's: a count, a descriptor, 0 or -1. `event.file` of
  // open is the new descriptor.
  virtual void After(const CallEvent& event, int64_t result) = 0;
};

// Null for none. The watcher outlives the calls of all threads.
void WatchCalls(CallWatcher* watcher);

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_SYSTEM_CALLS_H_
