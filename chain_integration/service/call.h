#ifndef CHAIN_INTEGRATION_SERVICE_CALL_H_
#define CHAIN_INTEGRATION_SERVICE_CALL_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "chain_integration/service/client_limits.h"
#include "chain_integration/service/log.h"
#include "chain_integration/service/metrics.h"
#include "chain_integration/store/compile_cache.h"
#include "ingot/v1/types.pb.h"

// What every call has, whatever it asks for and however it came. In: who calls,
// on which lane. Out: leave to go on, or a fault; afterwards a count, a time and
// a log line. Holds: rate, number and time are limited on the normal lane and
// only there; while the node drains no call begins.

namespace ingot::service {

// What a transport knows of a call.
struct CallContext {
  std::string client;                  // whose limits and instances they are
  std::string_view transport = "direct";
  std::function<bool()> gone = {};     // the client has given up
  // False: LANE_BLOCK is treated as the normal lane.
  bool may_use_block_lane = true;
};

// What all calls share.
class CallDesk {
 public:
  CallDesk(const ClientLimitOptions& limits, std::chrono::milliseconds call_time,
           Log& log, Metrics& metrics)
      : limits_(limits), call_time_(call_time), log_(log), metrics_(metrics) {}

  // Refuses calls from here on.
  void Drain() { draining_ = true; }
  bool draining() const { return draining_; }
  // Calls that have begun and not ended.
  uint64_t running() const { return running_; }
  std::chrono::milliseconds call_time() const { return call_time_; }

 private:
  friend class Call;

  ClientLimits limits_;
  const std::chrono::milliseconds call_time_;
  Log& log_;
  Metrics& metrics_;
  std::atomic<bool> draining_{false};
  std::atomic<uint64_t> running_{0};
};

// One call, from its first message to its last.
class Call {
 public:
  Call(CallDesk& desk, std::string_view method, const CallContext& context);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Once, before any work.
  absl::Status Begin(v1::Lane lane);
  store::Lane lane() const { return lane_; }
  const std::string& client() const { return context_.client; }

  // For whoever waits on the call's behalf.
  store::GiveUp GiveUp() {
    return [this] { return Over(); };
  }
  // The client is gone or the time is up; then Why says which.
  bool Over();
  absl::Status Why() const;

  // Once, at the end: what came of it. Returns the same status, as a fault.
  absl::Status End(const absl::Status& status);

 private:
  CallDesk& desk_;
  const std::string method_;
  const CallContext& context_;
  const std::chrono::steady_clock::time_point start_;
  store::Lane lane_ = store::Lane::kNormal;
  bool entered_ = false;
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_CALL_H_
