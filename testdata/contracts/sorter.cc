// Sorts the same numbers in three ways (standard library, heap, radix) and
// compares: calls through the comparison, unpredictable branches, and memory
// that grows with the input.

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace {

// xorshift64* (Vigna): the numbers to sort.
std::vector<uint32_t> Numbers(uint32_t count) {
  std::vector<uint32_t> numbers(count);
  uint64_t state = 0x9E3779B97F4A7C15;
  for (uint32_t& number : numbers) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    number = static_cast<uint32_t>((state * 0x2545F4914F6CDD1D) >> 32);
  }
  return numbers;
}

void SiftDown(std::vector<uint32_t>& heap, size_t at, size_t end) {
  while (2 * at + 1 < end) {
    size_t child = 2 * at + 1;
    if (child + 1 < end && heap[child] < heap[child + 1]) ++child;
    if (heap[at] >= heap[child]) return;
    std::swap(heap[at], heap[child]);
    at = child;
  }
}

void HeapSort(std::vector<uint32_t>& numbers) {
  for (size_t i = numbers.size() / 2; i > 0; --i) {
    SiftDown(numbers, i - 1, numbers.size());
  }
  for (size_t end = numbers.size(); end > 1; --end) {
    std::swap(numbers[0], numbers[end - 1]);
    SiftDown(numbers, 0, end - 1);
  }
}

void RadixSort(std::vector<uint32_t>& numbers) {
  std::vector<uint32_t> sorted(numbers.size());
  for (uint32_t shift = 0; shift < 32; shift += 8) {
    std::array<uint32_t, 257> begin = {};
    for (const uint32_t number : numbers) {
      ++begin[((number >> shift) & 0xFF) + 1];
    }
    for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
    for (const uint32_t number : numbers) {
      sorted[begin[(number >> shift) & 0xFF]++] = number;
    }
    numbers.swap(sorted);
  }
}

}  // namespace

// A checksum that depends on the order of the sorted numbers; traps when the
// ways of sorting disagree.
extern "C" __attribute__((export_name("run"))) uint64_t Run(uint32_t count) {
  std::vector<uint32_t> numbers = Numbers(count);
  std::vector<uint32_t> heap_sorted = numbers;
  std::vector<uint32_t> radix_sorted = numbers;
  std::sort(numbers.begin(), numbers.end());
  HeapSort(heap_sorted);
  RadixSort(radix_sorted);
  if (numbers != heap_sorted || numbers != radix_sorted) __builtin_trap();
  uint64_t checksum = 0;
  for (const uint32_t number : numbers) checksum = checksum * 31 + number;
  return checksum;
}
