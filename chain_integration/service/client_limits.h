#ifndef CHAIN_INTEGRATION_SERVICE_CLIENT_LIMITS_H_
#define CHAIN_INTEGRATION_SERVICE_CLIENT_LIMITS_H_

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"

// How much one client may ask for. In: who calls, and when. Out: OK, or
// RATE_LIMITED or QUEUE_FULL. Holds: what one client does takes nothing from
// another's allowance; the table of clients is bounded. Calls of the block
// path do not come here.

namespace ingot::service {

struct ClientLimitOptions {
  uint32_t calls_per_second = 500;
  uint32_t burst = 1000;      // calls at once after a pause
  uint32_t concurrent = 64;   // calls that have not ended
};

class ClientLimits {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit ClientLimits(const ClientLimitOptions& options)
      : options_(options) {}

  // Each OK is followed by one Leave.
  absl::Status Enter(const std::string& client, Time now);
  void Leave(const std::string& client);

 private:
  struct Client {
    double tokens = 0;
    Time filled;
    uint32_t running = 0;
  };

  // Forgets clients whose allowance is whole again.
  void Prune(Time now);

  const ClientLimitOptions options_;
  std::mutex mutex_;
  absl::btree_map<std::string, Client> clients_;
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_CLIENT_LIMITS_H_
