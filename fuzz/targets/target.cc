// libFuzzer's entry points around a target, and the report at the end. The
// distribution of times is kept in buckets an eighth of a power of two wide, so
// that any number of executions takes the same memory.

#include "fuzz/targets/target.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size,
                                   size_t max_size);

namespace ingot::fuzz {
namespace {

constexpr uint32_t kMaxCounters = 16;
constexpr uint32_t kBuckets = 64 * 8;
constexpr int kRepetitions = 5;

struct Counter {
  const char* name;
  uint64_t count;
};

Counter g_counters[kMaxCounters];
uint64_t g_times[kBuckets];  // by picoseconds per byte
uint64_t g_timed = 0;
double g_worst = 0;  // ns per byte
std::span<const uint8_t> g_input;
// Where to keep the slowest input; null: nothing is timed.
const char* g_slowest = nullptr;

uint32_t BucketOf(uint64_t picoseconds) {
  if (picoseconds < 8) return 0;
  const uint32_t log2 = 63 - static_cast<uint32_t>(std::countl_zero(picoseconds));
  return 8 * log2 + static_cast<uint32_t>(picoseconds >> (log2 - 3) & 7);
}

// The middle of a bucket, in nanoseconds per byte.
double MiddleOf(uint32_t bucket) {
  const double low = static_cast<double>(uint64_t{1} << bucket / 8);
  return low * (1 + (bucket % 8 + 0.5) / 8) / 1000;
}

double Median() {
  uint64_t seen = 0;
  for (uint32_t i = 0; i < kBuckets; ++i) {
    seen += g_times[i];
    if (2 * seen >= g_timed) return MiddleOf(i);
  }
  return 0;
}

uint64_t Nanoseconds(const std::function<bool()>& work, bool* whole) {
  const auto start = std::chrono::steady_clock::now();
  *whole = work();
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(
          std::chrono::steady_clock::now() - start)
          .count());
}

void KeepSlowest() {
  std::FILE* file = std::fopen(g_slowest, "wb");
  if (file == nullptr) return;
  std::fwrite(g_input.data(), 1, g_input.size(), file);
  std::fclose(file);
}

void Report() {
  std::fprintf(stderr, "REPORT");
  for (const Counter& counter : g_counters) {
    if (counter.name == nullptr) break;
    std::fprintf(stderr, " %s=%llu", counter.name,
                 static_cast<unsigned long long>(counter.count));
  }
  if (g_timed != 0) {
    std::fprintf(stderr, " timed=%llu median_ns_per_byte=%.2f "
                 "worst_ns_per_byte=%.2f",
                 static_cast<unsigned long long>(g_timed), Median(), g_worst);
  }
  std::fprintf(stderr, "\n");
}

}  // namespace

void Count(const char* name) {
  for (Counter& counter : g_counters) {
    if (counter.name == nullptr) counter.name = name;
    if (counter.name == name) {
      ++counter.count;
      return;
    }
  }
  Fail("too many counters");
}

void Timed(size_t bytes, const std::function<bool()>& work) {
  if (g_slowest == nullptr || bytes < kTimedBytes) {
    work();
    return;
  }
  bool whole = false;
  uint64_t least = Nanoseconds(work, &whole);
  if (whole) {
    ++g_timed;
    ++g_times[BucketOf(least * 1000 / bytes)];
  }
  const auto exceeds = [&] {
    return static_cast<double>(least) / static_cast<double>(bytes) > g_worst;
  };
  for (int i = 0; i < kRepetitions && exceeds(); ++i) {
    least = std::min(least, Nanoseconds(work, &whole));
  }
  if (!exceeds()) return;
  g_worst = static_cast<double>(least) / static_cast<double>(bytes);
  KeepSlowest();
}

void Fail(std::string_view what) {
  std::fprintf(stderr, "FINDING: %.*s\n", static_cast<int>(what.size()),
               what.data());
  std::abort();
}

size_t MutateBytes(uint8_t* data, size_t size, size_t max_size) {
  return LLVMFuzzerMutate(data, size, max_size);
}

}  // namespace ingot::fuzz

// Wasm runs on a stack of its own. What is freed is given out again soon: the
// compiler's memory is large, and touching ever new pages takes most of the time
// otherwise.
extern "C" const char* __asan_default_options() {
  return "detect_stack_use_after_return=0:quarantine_size_mb=8";
}

extern "C" const char* __ubsan_default_options() {
  return "print_stacktrace=1";
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  ingot::fuzz::g_slowest = std::getenv("INGOT_FUZZ_SLOWEST");
  std::atexit(&ingot::fuzz::Report);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ingot::fuzz::g_input = {data, size};
  const ingot::fuzz::Verdict verdict =
      ingot::fuzz::OneInput(ingot::fuzz::g_input);
  return verdict == ingot::fuzz::Verdict::kKeep ? 0 : -1;
}
