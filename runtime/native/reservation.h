#ifndef RUNTIME_NATIVE_RESERVATION_H_
#define RUNTIME_NATIVE_RESERVATION_H_

#include <cstdint>

// The address space of one linear memory: the head, in which the vmctx ends,
// then the base, then abi::kMemoryReservation bytes, of which the first
// `committed` can be accessed. Reservations go through a pool of the process,
// so that instantiation usually maps nothing.

namespace ingot::runtime {

class Reservation {
 public:
  Reservation() = default;
  ~Reservation();
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;

  // A reservation whose head holds at least `head_bytes` and whose memory has
  // `memory_bytes`, a multiple of the page size; all of it is 0. Not ok() when
  // the host has no memory or address space.
  static Reservation Take(uint64_t head_bytes, uint64_t memory_bytes);

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
  void GiveBack();
  void Unmap();

  uint8_t* base_ = nullptr;
  uint64_t head_ = 0;
  uint64_t committed_ = 0;

  friend class ReservationPool;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_RESERVATION_H_
