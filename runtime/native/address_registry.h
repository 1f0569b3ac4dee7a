#ifndef RUNTIME_NATIVE_ADDRESS_REGISTRY_H_
#define RUNTIME_NATIVE_ADDRESS_REGISTRY_H_

#include <atomic>
#include <cstdint>

// A set of address ranges that a signal handler can search: without locks,
// without memory that may be freed. One such set holds all mapped code, another
// all reservations of linear memory.

namespace ingot::runtime {

class AddressRegistry {
 public:
  constexpr AddressRegistry() = default;
  AddressRegistry(const AddressRegistry&) = delete;
  AddressRegistry& operator=(const AddressRegistry&) = delete;

  // Both are multiples of the page size, bytes < 2^40. False when the host has
  // no memory for another entry. Any thread.
  [[nodiscard]] bool Add(uint64_t begin, uint64_t bytes);
  void Remove(uint64_t begin, uint64_t bytes);

  // Async-signal-safe: reads atomics in memory that is never freed.
  bool Contains(uint64_t address) const;

 private:
  static constexpr uint32_t kSlots = 512;

  // A range in one word, so that it is seen whole: the number of its first
  // page, then the number of its pages in 28 bits. 0 is a free slot.
  struct Chunk {
    std::atomic<uint64_t> slots[kSlots] = {};
    std::atomic<Chunk*> next{nullptr};
  };

  Chunk first_;
};

// All ranges from which code of artifacts runs.
AddressRegistry& CodeRanges();
// All reservations of linear memories, from their bases on.
AddressRegistry& MemoryRanges();

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_ADDRESS_REGISTRY_H_
