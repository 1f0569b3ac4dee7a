// See the header.

#include "fuzz/faults/board.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <new>

namespace ingot::faults {
namespace {

void* Map(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) return nullptr;
  void* page = MAP_FAILED;
  if ((flags & O_CREAT) == 0 || ftruncate(file, sizeof(Board)) == 0) {
    page = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED,
                file, 0);
  }
  close(file);
  return page == MAP_FAILED ? nullptr : page;
}

}  // namespace

void Board::Arm(const Pair& pair, uint32_t calls_before, uint32_t starts,
                uint64_t random) {
  armed = 0;
  worker_phase = Phase::kNone;
  worker = 0;
  held = 0;
  released = 0;
  hit = 0;
  fault = pair.fault;
  phase = pair.phase;
  way = pair.way;
  skip = calls_before;
  times = starts;
  chance = random;
  armed = 1;
}

bool Board::Take(Phase now, Way who) {
  if (armed == 0 || phase != now || way != who) return false;
  uint32_t left = skip;
  while (left > 0) {
    if (skip.compare_exchange_weak(left, left - 1)) return false;
  }
  uint32_t once = 1;
  return armed.compare_exchange_strong(once, 0);
}

void Board::Hold() {
  held = 1;
  // A jailed worker has no other way to sleep.
  const timespec time = {.tv_sec = 4, .tv_nsec = 0};
  syscall(SYS_futex, &released, FUTEX_WAIT, 0, &time, nullptr, 0);
}

void Board::Release() {
  released = 1;
  syscall(SYS_futex, &released, FUTEX_WAKE, 1 << 30, nullptr, nullptr, 0);
}

Board* MakeBoard(const std::string& path) {
  void* const page = Map(path, O_CREAT | O_EXCL);
  return page == nullptr ? nullptr : new (page) Board();
}

Board* OpenBoard(const std::string& path) {
  return static_cast<Board*>(Map(path, 0));
}

}  // namespace ingot::faults
