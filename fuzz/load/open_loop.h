#ifndef FUZZ_LOAD_OPEN_LOOP_H_
#define FUZZ_LOAD_OPEN_LOOP_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

// Requests at moments of their own. In: a rate, which may change, and what to do
// for a request. Out: calls of it from several threads, each told when its
// request was due. Holds: arrivals are random (exponential gaps) and do not
// wait for answers, so that a slow service shows as late answers and not as
// fewer questions.

namespace ingot::load {

using Time = std::chrono::steady_clock::time_point;

// Latencies in classes of 2 %; may lie in memory that processes share.
class Histogram {
 public:
  void Add(std::chrono::nanoseconds time);
  // In microseconds; 0 when there is nothing.
  double Quantile(double part) const;
  uint64_t count() const;
  void Clear();

 private:
  static constexpr int kClasses = 1300;
  std::atomic<uint32_t> counts_[kClasses] = {};
};

// A rate at which each thread asks again as soon as it is answered.
inline constexpr uint64_t kAsFastAsAnswered = ~uint64_t{0};

struct LoopOptions {
  uint32_t threads = 1;
  uint64_t seed = 1;
};

// Until `stop`. `per_second` is in thousandths; 0: none. `serve` is called from
// thread number 0, 1, …
using Serve = std::function<void(uint32_t thread, Time due)>;
void RunOpenLoop(const LoopOptions& options,
                 const std::atomic<uint64_t>& per_second,
                 const std::atomic<bool>& stop, const Serve& serve);

}  // namespace ingot::load

#endif  // FUZZ_LOAD_OPEN_LOOP_H_
