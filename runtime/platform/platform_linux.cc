// The platform on Linux: address space by mmap, code by sealed memory files,
// the heap of the C library, threads' stacks by pthread. The handling of
// faults is in faults_linux.cc, because its code runs in signal handlers.

#include "runtime/platform/platform.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace ingot::runtime::platform {
namespace {

std::atomic<LogSink> g_log_sink{nullptr};

// Who asks for so much at once is about to use it; smaller memories are better
// off with the pages that they touch.
constexpr size_t kHugeCommitBytes = size_t{4} << 20;

bool WriteAll(int handle, std::span<const uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        write(handle, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

void* Allocate(size_t bytes) { return std::calloc(1, bytes == 0 ? 1 : bytes); }

void Free(void* memory) { std::free(memory); }

uint8_t* Reserve(size_t bytes) {
  void* address = mmap(nullptr, bytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return address == MAP_FAILED ? nullptr : static_cast<uint8_t*>(address);
}

bool Commit(uint8_t* address, size_t bytes) {
  if (bytes == 0) return true;
  if (mprotect(address, bytes, PROT_READ | PROT_WRITE) != 0) return false;
  // A page fault for each 4 KiB would cost more than the work on them. A
  // kernel without huge pages refuses, which changes nothing else.
  if (bytes >= kHugeCommitBytes) madvise(address, bytes, MADV_HUGEPAGE);
  return true;
}

bool Protect(uint8_t* address, size_t bytes) {
  return bytes == 0 || mprotect(address, bytes, PROT_NONE) == 0;
}

bool Clear(uint8_t* address, size_t bytes) {
  return bytes == 0 || madvise(address, bytes, MADV_DONTNEED) == 0;
}

void Release(uint8_t* address, size_t bytes) {
  if (address != nullptr) munmap(address, bytes);
}

SealedBytes Seal(std::span<const uint8_t> bytes) {
  SealedBytes sealed;
  const int handle =
      memfd_create("ingot-artifact", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (handle < 0) return sealed;
  constexpr int kSeals =
      F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (bytes.empty() || !WriteAll(handle, bytes) ||
      fcntl(handle, F_ADD_SEALS, kSeals) != 0) {
    close(handle);
    return sealed;
  }
  void* view =
      mmap(nullptr, bytes.size(), PROT_READ, MAP_PRIVATE, handle, 0);
  if (view == MAP_FAILED) {
    close(handle);
    return sealed;
  }
  sealed.handle = handle;
  sealed.bytes = {static_cast<const uint8_t*>(view), bytes.size()};
  return sealed;
}

void Unseal(SealedBytes& sealed) {
  if (!sealed.ok()) return;
  munmap(const_cast<uint8_t*>(sealed.bytes.data()), sealed.bytes.size());
  close(sealed.handle);
  sealed = SealedBytes{};
}

bool MapPrivate(uint8_t* address, const SealedBytes& sealed) {
  return mmap(address, sealed.bytes.size(), PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, sealed.handle,
              0) == address;
}

bool MapZeros(uint8_t* address, size_t bytes) {
  return mmap(address, bytes, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE, -1,
              0) == address;
}

const uint8_t* MapCode(const SealedBytes& sealed, size_t offset, size_t code,
                       size_t data) {
  void* address = mmap(nullptr, code + data, PROT_READ, MAP_PRIVATE,
                       sealed.handle, static_cast<off_t>(offset));
  if (address == MAP_FAILED) return nullptr;
  if (mprotect(address, code, PROT_READ | PROT_EXEC) != 0) {
    munmap(address, code + data);
    return nullptr;
  }
  return static_cast<const uint8_t*>(address);
}

void UnmapCode(const uint8_t* address, size_t bytes) {
  if (address != nullptr) munmap(const_cast<uint8_t*>(address), bytes);
}

StackBounds ThreadStack() {
  thread_local StackBounds bounds;
  if (bounds.highest != 0) return bounds;
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return bounds;
  void* lowest = nullptr;
  size_t bytes = 0;
  if (pthread_attr_getstack(&attributes, &lowest, &bytes) == 0) {
    bounds.lowest = reinterpret_cast<uint64_t>(lowest);
    bounds.highest = bounds.lowest + bytes;
  }
  pthread_attr_destroy(&attributes);
  return bounds;
}

void Log(LogLevel level, std::string_view text) {
  if (LogSink sink = g_log_sink.load(std::memory_order_acquire)) {
    sink(level, text);
    return;
  }
  constexpr const char* kNames[] = {"info", "warning", "error"};
  std::fprintf(stderr, "ingot: %s: %.*s\n",
               kNames[static_cast<uint8_t>(level)],
               static_cast<int>(text.size()), text.data());
}

void SetLogSink(LogSink sink) {
  g_log_sink.store(sink, std::memory_order_release);
}

}  // namespace ingot::runtime::platform
