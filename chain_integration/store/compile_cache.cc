// Single flight over the store. In and out: see the header. Holds: a flight is
// in `flights_` from its start until its verdict is stored, so whoever finds
// neither a record nor a flight is the first to ask.

#include "chain_integration/store/compile_cache.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "metering/gas.h"

namespace ingot::store {
namespace {

// How often a waiting caller is asked whether it gives up.
constexpr std::chrono::milliseconds kPoll(20);

absl::Status TooMany() {
  return absl::AbortedError("too many compilations wait");
}

absl::Status Stopping() {
  return absl::UnavailableError("the compile cache is stopping");
}

}  // namespace

CompileCache::CompileCache(ArtifactStore& store, CacheOptions options)
    : store_(store), options_(std::move(options)) {
  for (uint32_t i = 0; i < std::max(options_.threads, 1u); ++i) {
    threads_.emplace_back([this] { Work(Serves::kBothLanes); });
  }
  for (uint32_t i = 0; i < options_.block_threads; ++i) {
    threads_.emplace_back([this] { Work(Serves::kBlockLane); });
  }
}

CompileCache::~CompileCache() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    const auto end = [](Flight& flight) {
      flight.fault = Stopping();
      flight.done = true;
    };
    for (const auto& flight : block_lane_) end(*flight);
    for (const auto& entry : normal_lane_.entries()) end(*entry.task);
    block_lane_.clear();
    normal_lane_.clear();
  }
  work_.notify_all();
  done_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

size_t CompileCache::Waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return block_lane_.size() + normal_lane_.size();
}

std::chrono::nanoseconds CompileCache::OldestWait() const {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard<std::mutex> lock(mutex_);
  std::chrono::nanoseconds oldest(0);
  const auto look = [&](const Flight& flight) {
    oldest = std::max(oldest, std::chrono::nanoseconds(now - flight.queued));
  };
  for (const auto& flight : block_lane_) look(*flight);
  for (const auto& entry : normal_lane_.entries()) look(*entry.task);
  return oldest;
}

absl::StatusOr<CacheAnswer> CompileCache::Compile(const Key& key,
                                                  uint64_t gas_limit, Lane lane,
                                                  const GiveUp& give_up,
                                                  const std::string& client) {
  absl::StatusOr<std::optional<sandbox::Verdict>> known =
      store_.Find(key, gas_limit);
  if (!known.ok()) return known.status();
  if (known->has_value()) {
    ++counters_.hits;
    return CacheAnswer{**known, true};
  }
  absl::StatusOr<Record> record =
      Fly(key, Need::kVerdict, gas_limit, lane, give_up, client);
  if (!record.ok()) return record.status();
  std::optional<sandbox::Verdict> verdict = AnswerFor(*record, gas_limit);
  // A flight that covers the limit answers it.
  if (!verdict) return absl::InternalError("a compilation answered too little");
  return CacheAnswer{*std::move(verdict), false};
}

absl::StatusOr<std::shared_ptr<const StoredFile>> CompileCache::Artifact(
    const Key& key, const std::optional<Digest>& expected, Lane lane,
    const GiveUp& give_up, const std::string& client) {
  absl::StatusOr<std::shared_ptr<const StoredFile>> file =
      store_.Artifact(key, expected);
  if (!absl::IsNotFound(file.status())) return file;
  absl::StatusOr<Record> record = store_.RecordFor(key);
  const bool known_without =
      record.ok() && record->knowledge == Record::Knowledge::kVerdict &&
      !record->HasArtifact();
  if (known_without) return file.status();
  if (!store_.HasModule(key.module)) return file.status();
  ++counters_.rebuilds;
  // What is known to be accepted must be so again.
  uint64_t limit = options_.shared_gas_limit;
  if (record.ok() && record->HasArtifact()) {
    limit = record->knowledge == Record::Knowledge::kVerdict
                ? std::max(limit, record->verdict.compile_gas)
                : Gas::FromLimit(~uint64_t{0}).value();
  }
  record = Fly(key, Need::kArtifact, limit, lane, give_up, client);
  if (!record.ok()) return record.status();
  return store_.Artifact(key, expected);
}

absl::Status CompileCache::Ensure(std::span<const Key> keys, Lane lane,
                                  const Progress& progress) {
  size_t done = 0;
  for (const Key& key : keys) {
    absl::StatusOr<std::shared_ptr<const StoredFile>> file =
        Artifact(key, std::nullopt, lane);
    if (!file.ok()) {
      return absl::Status(file.status().code(),
                          absl::StrCat(key.Short(), ": ",
                                       std::string(file.status().message())));
    }
    if (progress) progress(++done, keys.size());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<CompileCache::Flight>> CompileCache::Board(
    const Key& key, Need need, uint64_t gas_limit, Lane lane,
    const std::string& client) {
  // The module is read before the lock is taken: it may be large.
  absl::StatusOr<std::shared_ptr<const StoredFile>> module =
      store_.Module(key.module);
  if (!module.ok()) return module.status();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_) return Stopping();
  const auto found = flights_.find(key);
  if (found != flights_.end()) {
    const std::shared_ptr<Flight>& flight = found->second;
    // A block that waits takes the whole flight with it.
    if (lane == Lane::kBlock && normal_lane_.Remove(flight)) {
      flight->task.lane = lane;
      block_lane_.push_back(flight);
      work_.notify_all();
    }
    if (!flight->started) {
      flight->task.gas_limit = std::max(flight->task.gas_limit, gas_limit);
    }
    ++counters_.joined;
    ++flight->waiters;
    return flight;
  }
  auto flight = std::make_shared<Flight>();
  // A flight may have ended since the caller looked: its verdict was stored
  // before it left `flights_`.
  if (need == Need::kVerdict) {
    const absl::StatusOr<Record> record = store_.RecordFor(key);
    if (record.ok() && AnswerFor(*record, gas_limit)) {
      ++counters_.joined;
      flight->record = *record;
      flight->done = true;
      ++flight->waiters;
      return flight;
    }
  }
  if (lane == Lane::kNormal && normal_lane_.size() >= options_.max_waiting) {
    const auto dropped = normal_lane_.DropFor(client);
    if (!dropped) return TooMany();
    Cancel(**dropped, TooMany());
  }
  flight->task = {key, *std::move(module),
                  std::max(gas_limit, options_.shared_gas_limit), lane};
  flight->client = client;
  ++flight->waiters;
  flights_[key] = flight;
  if (lane == Lane::kBlock) {
    block_lane_.push_back(flight);
  } else {
    normal_lane_.Push(client, flight);
  }
  // All, because some threads serve one lane only.
  work_.notify_all();
  return flight;
}

void CompileCache::Cancel(Flight& flight, absl::Status fault) {
  flight.fault = std::move(fault);
  flight.done = true;
  flights_.erase(flight.task.key);
  done_.notify_all();
}

absl::StatusOr<Record> CompileCache::Fly(const Key& key, Need need,
                                         uint64_t gas_limit, Lane lane,
                                         const GiveUp& give_up,
                                         const std::string& client) {
  gas_limit = Gas::FromLimit(gas_limit).value();
  // More than once only when flights end below this limit.
  while (true) {
    absl::StatusOr<std::shared_ptr<Flight>> flight =
        Board(key, need, gas_limit, lane, client);
    if (!flight.ok()) return flight.status();
    std::unique_lock<std::mutex> lock(mutex_);
    while (!(*flight)->done) {
      done_.wait_for(lock, kPoll);
      if ((*flight)->done || !give_up) continue;
      lock.unlock();
      const bool gave_up = give_up();
      lock.lock();
      if (!gave_up) continue;
      --(*flight)->waiters;
      return absl::CancelledError("the caller gave up");
    }
    --(*flight)->waiters;
    if (!(*flight)->fault.ok()) return (*flight)->fault;
    if (AnswerFor((*flight)->record, gas_limit)) return (*flight)->record;
  }
}

void CompileCache::Work(Serves serves) {
  const bool both = serves == Serves::kBothLanes;
  while (true) {
    std::shared_ptr<Flight> flight;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      work_.wait(lock, [&] {
        return stopping_ || !block_lane_.empty() ||
               (both && !normal_lane_.empty());
      });
      if (!block_lane_.empty()) {
        flight = block_lane_.front();
        block_lane_.pop_front();
      } else if (!normal_lane_.empty()) {
        flight = normal_lane_.Pop();
      } else {
        return;
      }
      if (flight->waiters == 0) {
        Cancel(*flight, absl::CancelledError("nobody waits"));
        continue;
      }
      flight->started = true;
    }
    Run(*flight);
  }
}

void CompileCache::Run(Flight& flight) {
  ++counters_.compilations;
  const auto began = std::chrono::steady_clock::now();
  absl::StatusOr<sandbox::Verdict> verdict = options_.compile(flight.task);
  absl::Status fault = verdict.status();
  if (verdict.ok() && KeyOf(*verdict) != flight.task.key) {
    fault = absl::InternalError("the verdict is one of another key");
  }
  if (fault.ok()) fault = store_.Put(*verdict, flight.task.gas_limit);
  const auto took = std::chrono::steady_clock::now() - began;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (flight.task.lane == Lane::kNormal) {
    normal_lane_.Charge(flight.client, took);
  }
  if (fault.ok()) flight.record = RecordOf(*verdict, flight.task.gas_limit);
  flight.fault = fault;
  flight.done = true;
  flights_.erase(flight.task.key);
  done_.notify_all();
}

}  // namespace ingot::store
