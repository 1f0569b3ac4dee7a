// The schedule itself. Holds: arrivals keep their rate while answers are late.

#include "fuzz/load/open_loop.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"

namespace ingot::load {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(OpenLoopTest, ArrivalsDoNotWaitForAnswers) {
  std::atomic<uint64_t> rate{1'000'000};  // a thousand a second
  std::atomic<bool> stop{false};
  std::atomic<int> served{0};
  std::atomic<int> late{0};
  std::thread loop([&] {
    RunOpenLoop({.threads = 2, .seed = 1}, rate, stop, [&](uint32_t, Time due) {
      ++served;
      late += steady_clock::now() - due > milliseconds(50) ? 1 : 0;
      std::this_thread::sleep_for(milliseconds(5));
    });
  });
  std::this_thread::sleep_for(milliseconds(500));
  stop = true;
  loop.join();
  // Two threads answer at most 400 a second, and nothing is forgotten.
  EXPECT_LE(served, 250);
  EXPECT_GT(late, served / 4);
}

TEST(HistogramTest, GivesQuantilesWithinAFewPercent) {
  Histogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  for (int i = 1; i <= 1000; ++i) histogram.Add(microseconds(i));
  EXPECT_EQ(histogram.count(), 1000u);
  EXPECT_NEAR(histogram.Quantile(0.5), 500, 20);
  EXPECT_NEAR(histogram.Quantile(0.99), 990, 40);
  histogram.Clear();
  EXPECT_EQ(histogram.count(), 0u);
}

}  // namespace
}  // namespace ingot::load
