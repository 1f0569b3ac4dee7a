#ifndef CHAIN_INTEGRATION_SERVICE_TURNS_H_
#define CHAIN_INTEGRATION_SERVICE_TURNS_H_

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "absl/container/btree_set.h"
#include "chain_integration/store/fair_queue.h"

// Places for jobs that the compile cache does not know of. In: clients who want
// one, from any number of threads. Out: places, a fixed number at a time. Holds:
// clients take turns of the time that their jobs took; who gives up leaves no
// trace.

namespace ingot::service {

class Turns {
 public:
  explicit Turns(uint32_t places) : free_(std::max(places, 1u)) {}

  // Waits for a place. False: `over`, asked now and then, said so first.
  bool Enter(const std::string& client, const std::function<bool()>& over) {
    std::unique_lock<std::mutex> lock(mutex_);
    const uint64_t ticket = next_++;
    waiting_.Push(client, ticket);
    Call();
    while (!called_.contains(ticket)) {
      changed_.wait_for(lock, kPoll);
      if (called_.contains(ticket)) break;
      lock.unlock();
      const bool gives_up = over();
      lock.lock();
      if (gives_up && waiting_.Remove(ticket)) return false;
    }
    called_.erase(ticket);
    return true;
  }

  // Once for each place that was had.
  void Leave(const std::string& client, std::chrono::nanoseconds took) {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.Charge(client, took);
    ++free_;
    Call();
  }

 private:
  static constexpr std::chrono::milliseconds kPoll{20};

  // Under mutex_.
  void Call() {
    while (free_ > 0 && !waiting_.empty()) {
      called_.insert(waiting_.Pop());
      --free_;
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  uint32_t free_;
  uint64_t next_ = 0;
  store::FairQueue<uint64_t> waiting_;
  absl::btree_set<uint64_t> called_;  // those that have a place and not seen it
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_TURNS_H_
