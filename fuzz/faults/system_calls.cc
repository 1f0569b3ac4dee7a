// The C library's names, defined over the kernel's calls. The linker takes
// these for the program and for the shared libraries that it uses. In and out:
// see the header.

#include "fuzz/faults/system_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace ingot::faults {
namespace {

constinit std::atomic<CallWatcher*> watcher_of_calls{nullptr};
constinit thread_local bool inside_of_watcher = false;

class Inside {
 public:
  Inside() { inside_of_watcher = true; }
  ~Inside() { inside_of_watcher = false; }
};

template <typename Kernel>
int64_t Watched(CallEvent event, const Kernel& kernel) {
  CallWatcher* const watcher =
      watcher_of_calls.load(std::memory_order_acquire);
  if (watcher == nullptr || inside_of_watcher) return kernel();
  int error = 0;
  {
    const Inside inside;
    error = watcher->Before(event);
  }
  if (error > 0) {
    errno = error;
    return -1;
  }
  const int64_t result = error == CallWatcher::kSkip ? 0 : kernel();
  const int kept = errno;
  if (event.call == Call::kOpen || event.call == Call::kMemoryFile) {
    event.file = static_cast<int>(result);
  }
  {
    const Inside inside;
    watcher->After(event, result);
  }
  errno = kept;
  return result;
}

int64_t Write(int file, std::span<const iovec> parts, off_t at) {
  CallEvent event{.call = Call::kWrite, .file = file, .bytes = parts};
  const bool at_cursor = at < 0;
  event.offset = static_cast<uint64_t>(
      at_cursor ? syscall(SYS_lseek, file, 0, SEEK_CUR) : at);
  return Watched(event, [&]() -> int64_t {
    // A jailed worker may write, but not with writev.
    if (at_cursor && parts.size() == 1) {
      return syscall(SYS_write, file, parts[0].iov_base, parts[0].iov_len);
    }
    if (at_cursor) {
      return syscall(SYS_writev, file, parts.data(), parts.size());
    }
    return syscall(SYS_pwrite64, file, parts[0].iov_base, parts[0].iov_len,
                   at);
  });
}

int64_t Open(const char* path, int flags, mode_t mode) {
  return Watched({.call = Call::kOpen, .path = path, .flags = flags}, [&] {
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  });
}

}  // namespace

void WatchCalls(CallWatcher* watcher) {
  watcher_of_calls.store(watcher, std::memory_order_release);
}

}  // namespace ingot::faults

using ingot::faults::Call;
using ingot::faults::Watched;

extern "C" {

int open(const char* path, int flags, ...) {
  va_list words;
  va_start(words, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0
                          ? va_arg(words, mode_t)
                          : 0;
  va_end(words);
  return static_cast<int>(ingot::faults::Open(path, flags, mode));
}

// What the C library's checked headers make of open() without a mode.
int __open_2(const char* path, int flags) {
  return static_cast<int>(ingot::faults::Open(path, flags, 0));
}

ssize_t read(int file, void* bytes, size_t size) {
  const iovec part{bytes, size};
  return Watched({.call = Call::kRead, .file = file, .bytes = {&part, 1}},
                 [&] { return syscall(SYS_read, file, bytes, size); });
}

ssize_t pread(int file, void* bytes, size_t size, off_t at) {
  const iovec part{bytes, size};
  return Watched({.call = Call::kRead, .file = file, .bytes = {&part, 1}},
                 [&] { return syscall(SYS_pread64, file, bytes, size, at); });
}

ssize_t write(int file, const void* bytes, size_t size) {
  const iovec part{const_cast<void*>(bytes), size};
  return ingot::faults::Write(file, {&part, 1}, -1);
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  const iovec part{const_cast<void*>(bytes), size};
  return ingot::faults::Write(file, {&part, 1}, at);
}

ssize_t writev(int file, const iovec* parts, int count) {
  return ingot::faults::Write(file, {parts, static_cast<size_t>(count)}, -1);
}

int fsync(int file) {
  return static_cast<int>(Watched({.call = Call::kSync, .file = file},
                                  [&] { return syscall(SYS_fsync, file); }));
}

int fdatasync(int file) {
  return static_cast<int>(
      Watched({.call = Call::kSync, .file = file},
              [&] { return syscall(SYS_fdatasync, file); }));
}

int ftruncate(int file, off_t size) noexcept {
  return static_cast<int>(
      Watched({.call = Call::kTruncate,
               .file = file,
               .offset = static_cast<uint64_t>(size)},
              [&] { return syscall(SYS_ftruncate, file, size); }));
}

int rename(const char* from, const char* to) noexcept {
  return static_cast<int>(
      Watched({.call = Call::kRename, .path = from, .target = to},
              [&] { return syscall(SYS_rename, from, to); }));
}

int link(const char* from, const char* to) noexcept {
  return static_cast<int>(
      Watched({.call = Call::kLink, .path = from, .target = to},
              [&] { return syscall(SYS_link, from, to); }));
}

int unlink(const char* path) noexcept {
  return static_cast<int>(Watched({.call = Call::kUnlink, .path = path},
                                  [&] { return syscall(SYS_unlink, path); }));
}

int mkdir(const char* path, mode_t mode) noexcept {
  return static_cast<int>(
      Watched({.call = Call::kMakeFolder, .path = path},
              [&] { return syscall(SYS_mkdir, path, mode); }));
}

int close(int file) {
  return static_cast<int>(Watched({.call = Call::kClose, .file = file},
                                  [&] { return syscall(SYS_close, file); }));
}

int memfd_create(const char* name, unsigned flags) noexcept {
  return static_cast<int>(
      Watched({.call = Call::kMemoryFile, .path = name},
              [&] { return syscall(SYS_memfd_create, name, flags); }));
}

void* mmap(void* address, size_t size, int protection, int flags, int file,
           off_t at) noexcept {
  return reinterpret_cast<void*>(
      Watched({.call = Call::kMap, .file = file, .flags = flags}, [&] {
        return syscall(SYS_mmap, address, size, protection, flags, file, at);
      }));
}

int mprotect(void* address, size_t size, int protection) noexcept {
  return static_cast<int>(Watched({.call = Call::kMap}, [&] {
    return syscall(SYS_mprotect, address, size, protection);
  }));
}

int posix_spawn(pid_t* id, const char* path,
                const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const argv[],
                char* const environment[]) {
  // The C library's own, which is more than a call of the kernel.
  static const auto library = reinterpret_cast<decltype(&posix_spawn)>(
      dlsym(RTLD_NEXT, "posix_spawn"));
  const int64_t started = Watched({.call = Call::kFork}, [&]() -> int64_t {
    errno = library(id, path, actions, attributes, argv, environment);
    return errno == 0 ? 0 : -1;
  });
  return started == 0 ? 0 : errno;
}

}  // extern "C"
