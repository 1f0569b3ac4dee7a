#ifndef RUNTIME_NATIVE_RESERVATION_H_
#define RUNTIME_NATIVE_RESERVATION_H_

#include <cstdint>
#include <memory>
#include <span>

#include "runtime/platform/platform.h"

// The address space of one linear memory: the head, in which the vmctx ends,
// then the base, then abi::kMemoryReservation bytes, of which the first
// `committed` can be accessed. Reservations go through a pool of the process,
// so that instantiation usually maps nothing.

namespace ingot::runtime {

// What a part of a memory begins with, ready to be mapped copy-on-write.
class MemoryImage {
 public:
  // `offset` and the length are multiples of the platform's page size. Null when
  // the host has no memory for it.
  static std::shared_ptr<const MemoryImage> Make(
      uint64_t offset, std::span<const uint8_t> bytes);
  ~MemoryImage();
  MemoryImage(const MemoryImage&) = delete;
  MemoryImage& operator=(const MemoryImage&) = delete;

  uint64_t offset() const { return offset_; }
  uint64_t bytes() const { return sealed_.bytes.size(); }

 private:
  friend class Reservation;

  MemoryImage(uint64_t offset, const platform::SealedBytes& sealed);

  uint64_t offset_;
  uint64_t id_;  // never used twice in a process
  platform::SealedBytes sealed_;
};

class Reservation {
 public:
  Reservation() = default;
  ~Reservation();
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;

  // A reservation whose head holds at least `head_bytes`, of which no more are
  // ever written, and whose memory has `memory_bytes`, a multiple of the page
  // size; all of it is 0 but for the image, which lies within it. Not ok() when
  // the host has no memory or address space.
  static Reservation Take(uint64_t head_bytes, uint64_t memory_bytes,
                          const MemoryImage* image = nullptr);

  bool ok() const { return base_ != nullptr; }
  uint8_t* base() const { return base_; }

  // Makes [0, bytes) of the memory accessible; less than that is left as it is.
  // False when the host has no memory.
  [[nodiscard]] bool Grow(uint64_t bytes);
  // Makes exactly [0, bytes) accessible; what lies behind will read as 0.
  [[nodiscard]] bool Shrink(uint64_t bytes);

 private:
  // Makes exactly [0, bytes) accessible.
  [[nodiscard]] bool Resize(uint64_t bytes);
  // Maps `image`, or zeros where another one was; null: none.
  [[nodiscard]] bool SetImage(const MemoryImage* image);
  [[nodiscard]] bool Clean();
  void GiveBack();
  void Unmap();

  uint8_t* base_ = nullptr;
  uint64_t head_ = 0;
  uint64_t used_head_ = 0;
  uint64_t committed_ = 0;
  // What lies behind may be other than 0 up to here.
  uint64_t written_ = 0;
  // The image that is mapped; 0: none.
  uint64_t image_id_ = 0;
  uint64_t image_offset_ = 0;
  uint64_t image_bytes_ = 0;

  friend class ReservationPool;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_RESERVATION_H_
