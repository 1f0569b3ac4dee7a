#include "runtime/interpreter/linear_memory.h"

#include "compiler/base/check.h"
#include "runtime/platform/platform.h"

// A reservation of the platform, committed from its start page by page.

namespace ingot::runtime::interpreter {

static_assert(kPageBytes % platform::kPageBytes == 0);

LinearMemory::~LinearMemory() {
  if (data_ != nullptr) platform::Release(data_, reserved_);
}

absl::Status LinearMemory::Reserve(uint32_t max_pages) {
  INGOT_CHECK(data_ == nullptr);
  if (max_pages == 0) return absl::OkStatus();
  const uint64_t bytes = max_pages * kPageBytes;
  data_ = platform::Reserve(bytes);
  if (data_ == nullptr) {
    return absl::ResourceExhaustedError(
        "the host has no address space left for a linear memory");
  }
  reserved_ = bytes;
  return absl::OkStatus();
}

absl::Status LinearMemory::Grow(uint32_t pages) {
  const uint64_t bytes = pages * kPageBytes;
  INGOT_CHECK(bytes <= reserved_ - size_);
  if (bytes != 0 && !platform::Commit(data_ + size_, bytes)) {
    return absl::ResourceExhaustedError(
        "the host has no memory left for a linear memory");
  }
  size_ += bytes;
  return absl::OkStatus();
}

}  // namespace ingot::runtime::interpreter
