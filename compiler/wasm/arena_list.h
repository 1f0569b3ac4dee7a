#ifndef COMPILER_WASM_ARENA_LIST_H_
#define COMPILER_WASM_ARENA_LIST_H_

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "compiler/base/arena.h"
#include "compiler/base/check.h"

// A list in the arena whose length is not known beforehand. It grows where it
// stands while it is the arena's last allocation, and moves to twice the space
// otherwise; what it leaves behind is at most as much as it has.

namespace ingot::wasm {

template <typename T>
class ArenaList {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  uint32_t size() const { return size_; }
  Array<T> array() const { return {offset_, size_}; }

  // False when the arena is full.
  [[nodiscard]] bool Append(Arena& arena, const T& value) {
    if (size_ == capacity_ && !Grow(arena)) return false;
    arena.At<T>(offset_)[size_++] = value;
    return true;
  }

  // Forgets what stands at and after `size`.
  void Truncate(uint32_t size) {
    INGOT_CHECK(size <= size_);
    size_ = size;
  }

  // Gives back what is not used, if this is the last allocation.
  void Trim(Arena& arena) {
    if (capacity_ != 0 && End(capacity_) == arena.used()) {
      arena.Rewind(End(size_));
      capacity_ = size_;
    }
  }

 private:
  static constexpr uint32_t kFirst = 16;

  uint32_t End(uint32_t size) const {
    return offset_ + size * static_cast<uint32_t>(sizeof(T));
  }

  bool Grow(Arena& arena) {
    const uint64_t wanted = capacity_ == 0 ? kFirst : uint64_t{capacity_} * 2;
    if (wanted * sizeof(T) > arena.limit()) return false;
    if (capacity_ != 0 && End(capacity_) == arena.used()) {
      arena.Rewind(offset_);
      if (arena.Allocate(wanted * sizeof(T)) != offset_) return false;
    } else {
      const uint32_t offset = arena.Allocate(wanted * sizeof(T));
      if (offset == 0) return false;
      if (size_ != 0) {
        memcpy(arena.At<T>(offset), arena.At<T>(offset_), size_ * sizeof(T));
      }
      offset_ = offset;
    }
    capacity_ = static_cast<uint32_t>(wanted);
    return true;
  }

  uint32_t offset_ = 0;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_ARENA_LIST_H_
