// Reservations and their pool. A reservation goes into the pool cleared, with
// what is accessible left as it is: taken again for a memory of the same size
// it needs no system call.

#include "runtime/native/reservation.h"

#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "compiler/abi/vmctx.h"
#include "runtime/native/address_registry.h"
#include "runtime/platform/platform.h"

namespace ingot::runtime {
namespace {

// Room for the vmctx of all but unusual modules; only reservations with this
// head are pooled.
constexpr uint64_t kUsualHead = 64 * 1024;
constexpr size_t kPooled = 64;
// Up to here clearing costs less than giving pages back and faulting them in.
constexpr uint64_t kKeptResident = 4 << 20;

}  // namespace

class ReservationPool {
 public:
  // One whose memory has `bytes` accessible, else any; not ok() when empty.
  Reservation Take(uint64_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return Reservation();
    size_t chosen = free_.size() - 1;
    for (size_t i = 0; i < free_.size(); ++i) {
      if (free_[i].committed_ == bytes) chosen = i;
    }
    Reservation taken = std::move(free_[chosen]);
    std::swap(free_[chosen], free_.back());
    free_.pop_back();
    return taken;
  }

  // False when the pool is full.
  bool Put(Reservation& reservation) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.size() >= kPooled) return false;
    free_.push_back(std::move(reservation));
    return true;
  }

  // Never destroyed: stores may outlive main.
  static ReservationPool& Get() {
    static ReservationPool* pool = new ReservationPool;
    return *pool;
  }

 private:
  ReservationPool() { free_.reserve(kPooled); }

  std::mutex mutex_;
  std::vector<Reservation> free_;
};

Reservation::~Reservation() { GiveBack(); }

Reservation::Reservation(Reservation&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)),
      head_(other.head_),
      committed_(other.committed_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(head_, other.head_);
  std::swap(committed_, other.committed_);
  return *this;
}

Reservation Reservation::Take(uint64_t head_bytes, uint64_t memory_bytes) {
  Reservation taken;
  if (head_bytes <= kUsualHead) {
    taken = ReservationPool::Get().Take(memory_bytes);
  }
  if (!taken.ok()) {
    const uint64_t head = head_bytes <= kUsualHead
                              ? kUsualHead
                              : platform::RoundToPages(head_bytes);
    const uint64_t bytes = head + abi::kMemoryReservation;
    uint8_t* address = platform::Reserve(bytes);
    if (address == nullptr) return taken;
    if (!platform::Commit(address, head) ||
        !MemoryRanges().Add(reinterpret_cast<uint64_t>(address) + head,
                            abi::kMemoryReservation)) {
      platform::Release(address, bytes);
      return taken;
    }
    taken.base_ = address + head;
    taken.head_ = head;
    taken.committed_ = 0;
  }
  if (!taken.Resize(memory_bytes)) return Reservation();
  return taken;
}

bool Reservation::Grow(uint64_t bytes) {
  return bytes <= committed_ || Resize(bytes);
}

bool Reservation::Shrink(uint64_t bytes) {
  const uint64_t behind = committed_ - bytes;
  if (behind <= kKeptResident) {
    std::memset(base_ + bytes, 0, behind);
  } else if (!platform::Clear(base_ + bytes, behind)) {
    return false;
  }
  return Resize(bytes);
}

bool Reservation::Resize(uint64_t bytes) {
  const bool done =
      bytes >= committed_
          ? platform::Commit(base_ + committed_, bytes - committed_)
          : platform::Protect(base_ + bytes, committed_ - bytes);
  if (done) committed_ = bytes;
  return done;
}

void Reservation::GiveBack() {
  if (base_ == nullptr) return;
  // Moving into the pool leaves this one empty.
  if (head_ == kUsualHead &&
      platform::Clear(base_ - head_, head_ + committed_) &&
      ReservationPool::Get().Put(*this)) {
    return;
  }
  Unmap();
}

void Reservation::Unmap() {
  MemoryRanges().Remove(reinterpret_cast<uint64_t>(base_),
                        abi::kMemoryReservation);
  platform::Release(base_ - head_, head_ + abi::kMemoryReservation);
  base_ = nullptr;
}

}  // namespace ingot::runtime
