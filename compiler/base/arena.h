#ifndef COMPILER_BASE_ARENA_H_
#define COMPILER_BASE_ARENA_H_

#include <cstdint>
#include <span>

#include "compiler/base/check.h"

// The one memory of a compilation: a bump allocator over a region that never
// moves, addressed by 32-bit offsets.
//
// In compiler.wasm the region is linear memory and an offset is the address;
// natively it is a reserved range handed in by the host. What is kept from one
// entry point to the next (the plan) holds offsets only, never pointers, so its
// bytes are the same in both builds. Growth fails only when `limit` is reached,
// which is the profile's page count: then Allocate returns 0 and the caller
// reports Code::kOutOfMemory.

namespace ingot {

// A range of `size` elements of type T that begins at byte `offset`.
template <typename T>
struct Array {
  uint32_t offset = 0;
  uint32_t size = 0;
};

class Arena {
 public:
  static constexpr uint32_t kPageBytes = 65536;

  // Offsets [used, committed) are free; the region may grow up to `limit`
  // bytes. `base` is the address of offset 0.
  Arena(uint8_t* base, uint32_t used, uint32_t committed, uint64_t limit)
      : base_(base), used_(used), committed_(committed), limit_(limit) {}

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Returns the offset of `bytes` bytes aligned to 16, or 0 when the limit is
  // reached. The bytes are not cleared.
  uint32_t Allocate(uint64_t bytes) {
    const uint64_t begin = (uint64_t{used_} + 15) & ~uint64_t{15};
    const uint64_t end = begin + bytes;
    if (end < begin || (end > committed_ && !Grow(end))) return 0;
    used_ = static_cast<uint32_t>(end);
    return static_cast<uint32_t>(begin);
  }

  // Like Allocate, for `size` elements; false when the limit is reached.
  template <typename T>
  [[nodiscard]] bool AllocateArray(uint64_t size, Array<T>* out) {
    static_assert(alignof(T) <= 16);
    if (size > 0xFFFFFFFFu) return false;
    const uint32_t offset = Allocate(size * sizeof(T));
    if (offset == 0) return false;
    *out = Array<T>{offset, static_cast<uint32_t>(size)};
    return true;
  }

  template <typename T>
  T* At(uint32_t offset) const {
    return reinterpret_cast<T*>(base_ + offset);
  }
  template <typename T>
  std::span<T> View(Array<T> array) const {
    return {At<T>(array.offset), array.size};
  }
  template <typename T>
  T& Get(Array<T> array, uint32_t index) const {
    INGOT_CHECK(index < array.size);
    return At<T>(array.offset)[index];
  }

  uint8_t* base() const { return base_; }
  uint32_t used() const { return used_; }
  uint32_t committed() const { return committed_; }
  uint64_t limit() const { return limit_; }

  // Frees everything from `offset` on (an earlier value of used()).
  void Rewind(uint32_t offset) {
    INGOT_CHECK(offset <= used_);
    used_ = offset;
  }

 private:
  // Makes [0, end) usable; false at the limit.
  bool Grow(uint64_t end);

  uint8_t* base_;
  uint32_t used_;
  uint32_t committed_;
  uint64_t limit_;
};

}  // namespace ingot

#endif  // COMPILER_BASE_ARENA_H_
