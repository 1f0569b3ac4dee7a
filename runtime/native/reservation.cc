// Reservations and their pool. A reservation goes into the pool cleared, with
// what is accessible and the image left as they are: taken again for a memory of
// the same size and image it needs no system call. Pages that were written are
// given back, which makes them zeros or the image again; the head's are cleared
// by hand and stay. A memory that shrinks keeps its pages up to kKeptBytes: they
// become inaccessible, and zeros when it grows over them again, which costs less
// than faulting in new ones.

#include "runtime/native/reservation.h"

#include <algorithm>
#include <atomic>
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
// Of a memory that shrinks: what is worth its room to the next that grows.
constexpr uint64_t kKeptBytes = 32 << 20;

}  // namespace

class ReservationPool {
 public:
  // The one that fits best: the same image, then the same bytes accessible, then
  // the last one that came back. Not ok() when empty.
  Reservation Take(uint64_t bytes, uint64_t image_id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return Reservation();
    size_t chosen = 0;
    int best = -1;
    for (size_t i = free_.size(); i-- > 0 && best < 3;) {
      const int fit = 2 * (free_[i].image_id_ == image_id) +
                      (free_[i].committed_ == bytes);
      if (fit <= best) continue;
      best = fit;
      chosen = i;
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

std::shared_ptr<const MemoryImage> MemoryImage::Make(
    uint64_t offset, std::span<const uint8_t> bytes) {
  const platform::SealedBytes sealed = platform::Seal(bytes);
  if (!sealed.ok()) return nullptr;
  return std::shared_ptr<const MemoryImage>(new MemoryImage(offset, sealed));
}

MemoryImage::MemoryImage(uint64_t offset, const platform::SealedBytes& sealed)
    : offset_(offset), sealed_(sealed) {
  static std::atomic<uint64_t> last_id{0};
  id_ = ++last_id;
}

MemoryImage::~MemoryImage() { platform::Unseal(sealed_); }

Reservation::~Reservation() { GiveBack(); }

Reservation::Reservation(Reservation&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)),
      head_(other.head_),
      used_head_(other.used_head_),
      committed_(other.committed_),
      written_(other.written_),
      image_id_(other.image_id_),
      image_offset_(other.image_offset_),
      image_bytes_(other.image_bytes_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(head_, other.head_);
  std::swap(used_head_, other.used_head_);
  std::swap(committed_, other.committed_);
  std::swap(written_, other.written_);
  std::swap(image_id_, other.image_id_);
  std::swap(image_offset_, other.image_offset_);
  std::swap(image_bytes_, other.image_bytes_);
  return *this;
}

Reservation Reservation::Take(uint64_t head_bytes, uint64_t memory_bytes,
                              const MemoryImage* image) {
  Reservation taken;
  if (head_bytes <= kUsualHead) {
    taken = ReservationPool::Get().Take(memory_bytes,
                                        image == nullptr ? 0 : image->id_);
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
  taken.used_head_ = head_bytes;
  // An old image goes while it is still within what is accessible.
  const bool same = image != nullptr && taken.image_id_ == image->id_;
  const bool ready = (same || taken.SetImage(nullptr)) &&
                     taken.Resize(memory_bytes) &&
                     (same || image == nullptr || taken.SetImage(image));
  if (ready) return taken;
  // In no known state: nobody else gets it.
  taken.Unmap();
  return Reservation();
}

bool Reservation::SetImage(const MemoryImage* image) {
  if (image == nullptr) {
    if (image_id_ == 0) return true;
    if (!platform::MapZeros(base_ + image_offset_, image_bytes_)) return false;
    image_id_ = image_offset_ = image_bytes_ = 0;
    return true;
  }
  if (!platform::MapPrivate(base_ + image->offset_, image->sealed_)) {
    return false;
  }
  image_id_ = image->id_;
  image_offset_ = image->offset_;
  image_bytes_ = image->bytes();
  return true;
}

bool Reservation::Grow(uint64_t bytes) {
  return bytes <= committed_ || Resize(bytes);
}

bool Reservation::Shrink(uint64_t bytes) {
  written_ = std::max(written_, committed_);
  const uint64_t kept = std::max(bytes, kKeptBytes);
  // Pages that are given back become the image where there is one, not zeros.
  if (written_ > kept && image_offset_ + image_bytes_ <= kept) {
    if (!platform::Clear(base_ + kept, written_ - kept)) return false;
    written_ = kept;
  }
  return Resize(bytes);
}

bool Reservation::Resize(uint64_t bytes) {
  if (bytes < committed_) {
    if (!platform::Protect(base_ + bytes, committed_ - bytes)) return false;
  } else {
    if (!platform::Commit(base_ + committed_, bytes - committed_)) return false;
    if (written_ > committed_) {
      std::memset(base_ + committed_, 0,
                  std::min(written_, bytes) - committed_);
    }
  }
  committed_ = bytes;
  return true;
}

void Reservation::GiveBack() {
  if (base_ == nullptr) return;
  // An image that is partly inaccessible cannot be undone by its next user.
  const bool whole = image_offset_ + image_bytes_ <= committed_;
  // Moving into the pool leaves this one empty.
  if (head_ == kUsualHead && whole && Clean() &&
      ReservationPool::Get().Put(*this)) {
    return;
  }
  Unmap();
}

bool Reservation::Clean() {
  std::memset(base_ - used_head_, 0, used_head_);
  if (!platform::Clear(base_, std::max(committed_, written_))) return false;
  written_ = 0;
  return true;
}

void Reservation::Unmap() {
  MemoryRanges().Remove(reinterpret_cast<uint64_t>(base_),
                        abi::kMemoryReservation);
  platform::Release(base_ - head_, head_ + abi::kMemoryReservation);
  base_ = nullptr;
}

}  // namespace ingot::runtime
