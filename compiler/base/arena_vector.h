#ifndef COMPILER_BASE_ARENA_VECTOR_H_
#define COMPILER_BASE_ARENA_VECTOR_H_

#include <cstdint>
#include <cstring>

#include "compiler/base/arena.h"

// A growing array in the arena, for working state within one entry point. It
// doubles: in place if nothing was allocated behind it, else by copying, which
// leaves the old room behind until the next Rewind. When the arena is full, `failed` stays set and pushes are dropped:
// the caller asks once, at its end.

namespace ingot {

template <typename T>
class ArenaVector {
 public:
  void Attach(Arena* arena) {
    arena_ = arena;
    data_ = nullptr;
    size_ = capacity_ = 0;
    failed_ = false;
  }

  uint32_t Push(const T& value) {
    if (size_ == capacity_ && !Grow()) [[unlikely]] return 0;
    data_[size_] = value;
    return size_++;
  }

  T& operator[](uint32_t index) { return data_[index]; }
  const T& operator[](uint32_t index) const { return data_[index]; }
  T* data() const { return data_; }
  uint32_t size() const { return size_; }
  bool failed() const { return failed_; }
  void Truncate(uint32_t size) { size_ = size; }

 private:
  bool Grow() {
    const uint32_t capacity = capacity_ == 0 ? 64 : 2 * capacity_;
    const uint64_t bytes = uint64_t{capacity_} * sizeof(T);
    if (capacity_ != 0 && !failed_ &&
        arena_->At<uint8_t>(arena_->used()) ==
            reinterpret_cast<uint8_t*>(data_) + bytes) {
      // 64 elements and their doubles end where the next allocation begins.
      failed_ = arena_->Allocate(bytes) == 0;
      if (!failed_) capacity_ = capacity;
      return !failed_;
    }
    Array<T> array;
    if (failed_ || !arena_->AllocateArray(capacity, &array)) {
      failed_ = true;
      return false;
    }
    T* data = arena_->At<T>(array.offset);
    if (size_ != 0) std::memcpy(data, data_, uint64_t{size_} * sizeof(T));
    data_ = data;
    capacity_ = capacity;
    return true;
  }

  Arena* arena_ = nullptr;
  T* data_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
  bool failed_ = false;
};

}  // namespace ingot

#endif  // COMPILER_BASE_ARENA_VECTOR_H_
