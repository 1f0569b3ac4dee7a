// The schedule. In and out: see the header.

#include "fuzz/load/open_loop.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace ingot::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr double kStep = 1.02;
// How soon a changed rate, or the end, is seen.
constexpr milliseconds kLook(5);

// Requests that are due and that no thread has taken.
class Queue {
 public:
  void Push(Time due) {
    const std::lock_guard<std::mutex> lock(mutex_);
    due_.push_back(due);
    ready_.notify_one();
  }
  void Close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    ready_.notify_all();
  }
  size_t size() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return due_.size();
  }
  // False at the end.
  bool Pop(Time* due) {
    std::unique_lock<std::mutex> lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !due_.empty(); });
    if (closed_) return false;
    *due = due_.front();
    due_.pop_front();
    return true;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Time> due_;
  bool closed_ = false;
};

}  // namespace

void Histogram::Add(nanoseconds time) {
  const double microseconds =
      std::max(1.0, static_cast<double>(time.count()) / 1000);
  const int place = static_cast<int>(std::log(microseconds) / std::log(kStep));
  ++counts_[std::min(place, kClasses - 1)];
}

uint64_t Histogram::count() const {
  uint64_t all = 0;
  for (const auto& count : counts_) all += count;
  return all;
}

double Histogram::Quantile(double part) const {
  const double wanted = part * static_cast<double>(count());
  uint64_t seen = 0;
  for (int i = 0; i < kClasses; ++i) {
    seen += counts_[i];
    if (seen > 0 && static_cast<double>(seen) >= wanted) {
      return std::pow(kStep, i + 0.5);
    }
  }
  return 0;
}

void Histogram::Clear() {
  for (auto& count : counts_) count = 0;
}

void RunOpenLoop(const LoopOptions& options,
                 const std::atomic<uint64_t>& per_second,
                 const std::atomic<bool>& stop, const Serve& serve) {
  Queue queue;
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < options.threads; ++i) {
    threads.emplace_back([&, i] {
      for (Time due; queue.Pop(&due);) serve(i, due);
    });
  }
  std::mt19937_64 random(options.seed);
  std::exponential_distribution<double> gap(1.0);
  Time due = steady_clock::now();
  while (!stop) {
    const Time now = steady_clock::now();
    const uint64_t rate = per_second;
    if (rate == kAsFastAsAnswered && queue.size() < options.threads) {
      queue.Push(now);
      continue;
    }
    if (rate == 0 || rate == kAsFastAsAnswered) {
      due = now;
      std::this_thread::sleep_for(rate == 0 ? kLook : milliseconds(1));
      continue;
    }
    if (now < due) {
      std::this_thread::sleep_for(std::min<nanoseconds>(due - now, kLook));
      continue;
    }
    queue.Push(due);
    due += nanoseconds(static_cast<int64_t>(
        gap(random) * 1e12 / static_cast<double>(rate)));
  }
  queue.Close();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace ingot::load
