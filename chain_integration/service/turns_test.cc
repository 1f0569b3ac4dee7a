// Places by turns. Holds: no more jobs at a time than places; one client with
// many jobs does not keep another waiting.

#include "chain_integration/service/turns.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ingot::service {
namespace {

using std::chrono::milliseconds;

bool Never() { return false; }

TEST(TurnsTest, NoMoreAtATimeThanPlaces) {
  Turns turns(2);
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] {
      const std::string client = std::to_string(i % 3);
      ASSERT_TRUE(turns.Enter(client, Never));
      const int now = ++inside;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      std::this_thread::sleep_for(milliseconds(5));
      --inside;
      turns.Leave(client, milliseconds(5));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 2);
}

TEST(TurnsTest, WhoHasHadMuchWaits) {
  Turns turns(1);
  ASSERT_TRUE(turns.Enter("many", Never));
  std::atomic<int> entered{0};
  int place_of_one = 0;
  std::vector<std::thread> threads;
  const auto want = [&](const std::string& client) {
    threads.emplace_back([&, client] {
      ASSERT_TRUE(turns.Enter(client, Never));
      const int place = ++entered;
      if (client == "one") place_of_one = place;
      turns.Leave(client, milliseconds(100));
    });
    std::this_thread::sleep_for(milliseconds(20));
  };
  for (int i = 0; i < 4; ++i) want("many");
  want("one");
  turns.Leave("many", milliseconds(100));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(entered, 5);
  EXPECT_LE(place_of_one, 2);
}

TEST(TurnsTest, WhoGivesUpLeavesNoTrace) {
  Turns turns(1);
  ASSERT_TRUE(turns.Enter("a", Never));
  EXPECT_FALSE(turns.Enter("b", [] { return true; }));
  turns.Leave("a", milliseconds(1));
  ASSERT_TRUE(turns.Enter("c", Never));
  turns.Leave("c", milliseconds(1));
}

}  // namespace
}  // namespace ingot::service
