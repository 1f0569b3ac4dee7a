#ifndef CHAIN_INTEGRATION_STORE_COMPILE_CACHE_H_
#define CHAIN_INTEGRATION_STORE_COMPILE_CACHE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "chain_integration/store/artifact_store.h"
#include "chain_integration/store/fair_queue.h"

// Compiling through the store. In: keys, modules, gas limits, from any number
// of threads, and a function that compiles. Out: verdicts and artifacts. Holds:
// one compilation per key at a time, shared by all who ask for it under limits
// that it covers; every answer is the verdict that a fresh compilation under
// that limit gives; a fault goes to those who wait and is never kept; who gives
// up waiting changes nothing for the others; what nobody waits for any more is
// not compiled; on the normal lane clients take turns of compile time.

namespace ingot::store {

enum class Lane : uint8_t { kBlock, kNormal };

struct CompileTask {
  Key key;
  std::shared_ptr<const StoredFile> module;
  uint64_t gas_limit = 0;
  Lane lane = Lane::kNormal;
};
using CompileFunction =
    std::function<absl::StatusOr<sandbox::Verdict>(const CompileTask& task)>;

struct CacheOptions {
  CompileFunction compile = {};
  // Compilations at a time.
  uint32_t threads = 1;
  // More of them, for the block lane alone.
  uint32_t block_threads = 0;
  // Every compilation runs under at least this limit, so that one answers all
  // that ask for less.
  uint64_t shared_gas_limit = uint64_t{1} << 62;
  // Tasks of the normal lane that wait; of more, those of who has had the most
  // compile time are kAborted. Those of the block lane are never refused.
  uint32_t max_waiting = 256;
};

struct CacheAnswer {
  sandbox::Verdict verdict;  // without the artifact's bytes
  bool cached = false;       // no compilation was needed
};

struct CacheCounters {
  std::atomic<uint64_t> hits{0};
  std::atomic<uint64_t> compilations{0};
  std::atomic<uint64_t> joined{0};
  std::atomic<uint64_t> rebuilds{0};
};

// Asked now and then while somebody waits; true gives up (kCancelled).
using GiveUp = std::function<bool()>;

class CompileCache {
 public:
  CompileCache(ArtifactStore& store, CacheOptions options);
  // Ends after the compilations that run; those that wait are kUnavailable.
  ~CompileCache();
  CompileCache(const CompileCache&) = delete;
  CompileCache& operator=(const CompileCache&) = delete;

  // The verdict for a module that is stored (kNotFound otherwise). `client` is
  // whose turn it is on the normal lane.
  absl::StatusOr<CacheAnswer> Compile(const Key& key, uint64_t gas_limit,
                                      Lane lane, const GiveUp& give_up = {},
                                      const std::string& client = {});

  // The artifact of an accepted module; built again from the module when it is
  // missing or was refused.
  absl::StatusOr<std::shared_ptr<const StoredFile>> Artifact(
      const Key& key, const std::optional<Digest>& expected, Lane lane,
      const GiveUp& give_up = {}, const std::string& client = {});

  // Makes all artifacts of a set present and sound, one after the other;
  // `progress` is told how many are done. Stops at the first fault.
  using Progress = std::function<void(size_t done, size_t all)>;
  absl::Status Ensure(std::span<const Key> keys, Lane lane,
                      const Progress& progress = {});

  const CacheCounters& counters() const { return counters_; }
  // Tasks that wait for a thread.
  size_t Waiting() const;
  // How long the oldest of them has waited.
  std::chrono::nanoseconds OldestWait() const;

 private:
  // One compilation and those who wait for it.
  struct Flight {
    CompileTask task;
    std::string client;  // who asked first
    uint32_t waiters = 0;
    const std::chrono::steady_clock::time_point queued =
        std::chrono::steady_clock::now();
    bool started = false;
    bool done = false;
    absl::Status fault;
    Record record;
  };

  // Joins or begins a flight that covers the limit, and waits for its end.
  enum class Need : uint8_t { kVerdict, kArtifact };
  absl::StatusOr<Record> Fly(const Key& key, Need need, uint64_t gas_limit,
                             Lane lane, const GiveUp& give_up,
                             const std::string& client);
  // A flight that is done already when the verdict has become known. The caller
  // is one of its waiters from here on.
  absl::StatusOr<std::shared_ptr<Flight>> Board(const Key& key, Need need,
                                                uint64_t gas_limit, Lane lane,
                                                const std::string& client);
  // Ends a flight that waits. Under mutex_.
  void Cancel(Flight& flight, absl::Status fault);
  enum class Serves : uint8_t { kBothLanes, kBlockLane };
  void Work(Serves serves);
  void Run(Flight& flight);

  ArtifactStore& store_;
  const CacheOptions options_;
  CacheCounters counters_;
  mutable std::mutex mutex_;
  std::condition_variable work_;  // a task waits, or the end has come
  std::condition_variable done_;  // a flight is done
  bool stopping_ = false;
  absl::btree_map<Key, std::shared_ptr<Flight>> flights_;
  std::deque<std::shared_ptr<Flight>> block_lane_;
  FairQueue<std::shared_ptr<Flight>> normal_lane_;
  std::vector<std::thread> threads_;
};

}  // namespace ingot::store

#endif  // CHAIN_INTEGRATION_STORE_COMPILE_CACHE_H_
