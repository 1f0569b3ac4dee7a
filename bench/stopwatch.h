#ifndef BENCH_STOPWATCH_H_
#define BENCH_STOPWATCH_H_

#include <ctime>

#include <cstdint>
#include <limits>

// Times in microseconds. The least of several is what a measurement reports:
// whatever else the machine does can only add. What runs on one thread can be
// timed by that thread's clock, which stands still while others run.

namespace ingot::bench {

enum class Clock : uint8_t { kWall, kThread };

class Stopwatch {
 public:
  explicit Stopwatch(Clock clock = Clock::kWall)
      : id_(clock == Clock::kWall ? CLOCK_MONOTONIC
                                  : CLOCK_THREAD_CPUTIME_ID),
        begin_(Now()) {}

  double Microseconds() const {
    return static_cast<double>(Now() - begin_) / 1000;
  }

 private:
  int64_t Now() const {
    timespec now = {};
    clock_gettime(id_, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }

  clockid_t id_;
  int64_t begin_;
};

class Least {
 public:
  void Add(double microseconds) {
    if (microseconds < least_) least_ = microseconds;
  }
  double value() const { return least_; }

 private:
  double least_ = std::numeric_limits<double>::infinity();
};

}  // namespace ingot::bench

#endif  // BENCH_STOPWATCH_H_
