#ifndef RUNTIME_INTERPRETER_LINEAR_MEMORY_H_
#define RUNTIME_INTERPRETER_LINEAR_MEMORY_H_

#include <cstdint>
#include <span>

#include "absl/status/status.h"

// The bytes of one linear memory (core specification 2.0, 4.2.8).
//
// The address range of the largest size is reserved once, so bytes never move
// and growing costs nothing but the new pages, which read as zero. Whether a
// growth is allowed is the caller's business: a failure here is the host's,
// a fault.

namespace ingot::runtime::interpreter {

inline constexpr uint64_t kPageBytes = 65536;

class LinearMemory {
 public:
  LinearMemory() = default;
  ~LinearMemory();
  LinearMemory(const LinearMemory&) = delete;
  LinearMemory& operator=(const LinearMemory&) = delete;

  // Once, before anything else.
  absl::Status Reserve(uint32_t max_pages);
  // Adds pages; the sum is at most max_pages.
  absl::Status Grow(uint32_t pages);

  uint8_t* data() const { return data_; }
  uint64_t size() const { return size_; }
  uint32_t pages() const { return static_cast<uint32_t>(size_ / kPageBytes); }
  std::span<uint8_t> bytes() const { return {data_, size_}; }

 private:
  uint8_t* data_ = nullptr;
  uint64_t size_ = 0;
  uint64_t reserved_ = 0;
};

}  // namespace ingot::runtime::interpreter

#endif  // RUNTIME_INTERPRETER_LINEAR_MEMORY_H_
