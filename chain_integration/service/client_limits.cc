// A token bucket and a count for each client. In and out: see the header.

#include "chain_integration/service/client_limits.h"

#include <algorithm>

#include "chain_integration/service/faults.h"

namespace ingot::service {
namespace {

// More than this many are looked through for those that can be forgotten.
constexpr size_t kManyClients = 4096;

}  // namespace

absl::Status ClientLimits::Enter(const std::string& client, Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (clients_.size() >= kManyClients && !clients_.contains(client)) {
    Prune(now);
    if (clients_.size() >= kManyClients) {
      return Fault(v1::FAULT_REASON_QUEUE_FULL, "too many clients");
    }
  }
  const auto [entry, fresh] = clients_.try_emplace(client);
  Client& state = entry->second;
  const double burst = options_.burst;
  if (fresh) {
    state.tokens = burst;
  } else {
    const std::chrono::duration<double> passed = now - state.filled;
    state.tokens = std::min(
        burst, state.tokens + std::max(passed.count(), 0.0) *
                                  options_.calls_per_second);
  }
  state.filled = now;
  if (state.tokens < 1) {
    return Fault(v1::FAULT_REASON_RATE_LIMITED,
                 "more calls than one client may make in a second");
  }
  if (state.running >= options_.concurrent) {
    return Fault(v1::FAULT_REASON_QUEUE_FULL,
                 "more calls at once than one client may make");
  }
  state.tokens -= 1;
  ++state.running;
  return absl::OkStatus();
}

void ClientLimits::Leave(const std::string& client) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto entry = clients_.find(client);
  if (entry != clients_.end()) --entry->second.running;
}

void ClientLimits::Prune(Time now) {
  for (auto entry = clients_.begin(); entry != clients_.end();) {
    const std::chrono::duration<double> passed = now - entry->second.filled;
    const double tokens = entry->second.tokens +
                          passed.count() * options_.calls_per_second;
    const bool whole = entry->second.running == 0 && tokens >= options_.burst;
    entry = whole ? clients_.erase(entry) : std::next(entry);
  }
}

}  // namespace ingot::service
