// Slots are taken and freed by compare-and-exchange; chunks are added at the
// end and stay for good, their number follows the largest number of ranges that
// ever existed at once.

#include "runtime/native/address_registry.h"

#include <new>

namespace ingot::runtime {
namespace {

constexpr uint32_t kPageBits = 12;
constexpr uint32_t kCountBits = 28;

constexpr uint64_t Pack(uint64_t begin, uint64_t bytes) {
  return (begin >> kPageBits) << kCountBits | bytes >> kPageBits;
}

constinit AddressRegistry g_code;
constinit AddressRegistry g_memory;

}  // namespace

bool AddressRegistry::Add(uint64_t begin, uint64_t bytes) {
  const uint64_t range = Pack(begin, bytes);
  for (Chunk* chunk = &first_;;) {
    for (std::atomic<uint64_t>& slot : chunk->slots) {
      uint64_t expected = 0;
      if (slot.load(std::memory_order_relaxed) == 0 &&
          slot.compare_exchange_strong(expected, range)) {
        return true;
      }
    }
    Chunk* next = chunk->next.load();
    if (next == nullptr) {
      Chunk* made = new (std::nothrow) Chunk;
      if (made == nullptr) return false;
      if (chunk->next.compare_exchange_strong(next, made)) {
        next = made;
      } else {
        delete made;  // never seen by anyone
      }
    }
    chunk = next;
  }
}

void AddressRegistry::Remove(uint64_t begin, uint64_t bytes) {
  const uint64_t range = Pack(begin, bytes);
  for (Chunk* chunk = &first_; chunk != nullptr; chunk = chunk->next.load()) {
    for (std::atomic<uint64_t>& slot : chunk->slots) {
      uint64_t expected = range;
      if (slot.load(std::memory_order_relaxed) == range &&
          slot.compare_exchange_strong(expected, 0)) {
        return;
      }
    }
  }
}

bool AddressRegistry::Contains(uint64_t address) const {
  const uint64_t page = address >> kPageBits;
  for (const Chunk* chunk = &first_; chunk != nullptr;
       chunk = chunk->next.load(std::memory_order_acquire)) {
    for (const std::atomic<uint64_t>& slot : chunk->slots) {
      const uint64_t range = slot.load(std::memory_order_acquire);
      const uint64_t first = range >> kCountBits;
      const uint64_t count = range & ((uint64_t{1} << kCountBits) - 1);
      if (page >= first && page - first < count) return true;
    }
  }
  return false;
}

AddressRegistry& CodeRanges() { return g_code; }
AddressRegistry& MemoryRanges() { return g_memory; }

}  // namespace ingot::runtime
