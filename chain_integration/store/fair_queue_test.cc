// Turns of time. Holds: who has had much waits, whoever asked first.

#include "chain_integration/store/fair_queue.h"

#include <string>

#include "gtest/gtest.h"

namespace ingot::store {
namespace {

using std::chrono::milliseconds;

TEST(FairQueueTest, KeepsTheOrderAmongEquals) {
  FairQueue<int> queue;
  queue.Push("a", 1);
  queue.Push("a", 2);
  queue.Push("b", 3);
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), 2);
  EXPECT_EQ(queue.Pop(), 3);
  EXPECT_TRUE(queue.empty());
}

TEST(FairQueueTest, WhoHasHadMoreTimeWaits) {
  FairQueue<int> queue;
  for (int i = 0; i < 3; ++i) queue.Push("bombs", i);
  queue.Push("honest", 10);
  EXPECT_EQ(queue.Pop(), 0);
  queue.Charge("bombs", milliseconds(100));
  queue.Push("honest", 11);
  EXPECT_EQ(queue.Pop(), 10);
  queue.Charge("honest", milliseconds(10));
  EXPECT_EQ(queue.Pop(), 11);
  queue.Charge("honest", milliseconds(95));
  EXPECT_EQ(queue.Pop(), 1);
}

TEST(FairQueueTest, AStrangerHasNoCreditOfThePast) {
  FairQueue<int> queue;
  queue.Push("old", 1);
  EXPECT_EQ(queue.Pop(), 1);
  queue.Charge("old", milliseconds(1000));
  queue.Push("old", 2);
  EXPECT_EQ(queue.Pop(), 2);
  queue.Charge("old", milliseconds(1));
  // From where the old one was served, and not from nothing.
  queue.Push("new", 3);
  queue.Charge("new", milliseconds(2));
  queue.Push("old", 4);
  EXPECT_EQ(queue.Pop(), 4);
}

TEST(FairQueueTest, DropsForOneWhoHasHadLess) {
  FairQueue<int> queue;
  queue.Push("bombs", 1);
  queue.Push("bombs", 2);
  EXPECT_EQ(queue.DropFor("honest"), std::nullopt);
  EXPECT_EQ(queue.Pop(), 1);
  queue.Charge("bombs", milliseconds(50));
  queue.Push("bombs", 3);
  EXPECT_EQ(queue.DropFor("bombs"), std::nullopt);
  EXPECT_EQ(queue.DropFor("honest"), 3);
  EXPECT_TRUE(queue.Remove(2));
  EXPECT_FALSE(queue.Remove(2));
  EXPECT_EQ(queue.DropFor("honest"), std::nullopt);
}

TEST(FairQueueTest, ForgetsClientsThatAreGone) {
  FairQueue<int> queue;
  for (int i = 0; i < 5000; ++i) {
    queue.Push("client " + std::to_string(i), i);
    EXPECT_EQ(queue.Pop(), i);
  }
}

}  // namespace
}  // namespace ingot::store
