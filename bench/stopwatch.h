#ifndef BENCH_STOPWATCH_H_
#define BENCH_STOPWATCH_H_

#include <chrono>
#include <cstdint>
#include <limits>

// Times in microseconds. The least of several is what a measurement reports:
// whatever else the machine does can only add.

namespace ingot::bench {

class Stopwatch {
 public:
  double Microseconds() const {
    return std::chrono::duration<double, std::micro>(
               std::chrono::steady_clock::now() - begin_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ =
      std::chrono::steady_clock::now();
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
