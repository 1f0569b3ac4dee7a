#ifndef CHAIN_INTEGRATION_STORE_FAIR_QUEUE_H_
#define CHAIN_INTEGRATION_STORE_FAIR_QUEUE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/btree_map.h"

// Tasks of several clients, served by turns of time. In: tasks with the client
// whose they are, and afterwards what each took. Out: the first task of the
// client that has had the least time; when the queue is full, the last task of
// the one that has had the most. Holds: a client that has not asked for a while
// has no more credit than the others; one client's tasks keep their order. Not
// for several threads.

namespace ingot::store {

template <typename Task>
class FairQueue {
 public:
  using Duration = std::chrono::nanoseconds;
  struct Entry {
    std::string client;
    Task task;
  };

  void Push(std::string client, Task task) {
    Duration& had = had_[client];
    had = std::max(had, floor_);
    entries_.push_back({std::move(client), std::move(task)});
  }

  // The next; there must be one.
  Task Pop() {
    const auto next = std::min_element(
        entries_.begin(), entries_.end(),
        [this](const Entry& a, const Entry& b) { return Had(a) < Had(b); });
    floor_ = std::max(floor_, Had(*next));
    Task task = std::move(next->task);
    entries_.erase(next);
    Forget();
    return task;
  }

  // Makes room for a task of `client`: gives one back that is to be dropped, or
  // nothing, when no other client has had more.
  std::optional<Task> DropFor(const std::string& client) {
    if (entries_.empty()) return std::nullopt;
    const auto most = std::max_element(
        entries_.begin(), entries_.end(),
        [this](const Entry& a, const Entry& b) { return Had(a) < Had(b); });
    const auto own = had_.find(client);
    const Duration had =
        own == had_.end() ? floor_ : std::max(own->second, floor_);
    if (Had(*most) <= had) return std::nullopt;
    // The last of that client.
    auto last = entries_.end();
    do {
      --last;
    } while (last->client != most->client);
    Task task = std::move(last->task);
    entries_.erase(last);
    return task;
  }

  // A task of `client` took so long.
  void Charge(const std::string& client, Duration time) {
    Duration& had = had_[client];
    had = std::max(had, floor_) + time;
  }

  // Takes a task out; false when it is not here.
  bool Remove(const Task& task) {
    const auto at =
        std::find_if(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.task == task; });
    if (at == entries_.end()) return false;
    entries_.erase(at);
    return true;
  }

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  const std::deque<Entry>& entries() const { return entries_; }
  void clear() { entries_.clear(); }

 private:
  static constexpr size_t kMostKnown = 1024;

  Duration Had(const Entry& entry) const { return had_.at(entry.client); }

  // Clients that are where a stranger would begin; those with tasks stay.
  void Forget() {
    if (had_.size() < kMostKnown) return;
    for (auto at = had_.begin(); at != had_.end();) {
      const bool waits = std::any_of(
          entries_.begin(), entries_.end(),
          [&](const Entry& entry) { return entry.client == at->first; });
      at = at->second <= floor_ && !waits ? had_.erase(at) : std::next(at);
    }
  }

  std::deque<Entry> entries_;
  absl::btree_map<std::string, Duration> had_;
  // What the client that was served last had had.
  Duration floor_{0};
};

}  // namespace ingot::store

#endif  // CHAIN_INTEGRATION_STORE_FAIR_QUEUE_H_
