#ifndef CHAIN_INTEGRATION_SERVICE_HOST_CALLS_H_
#define CHAIN_INTEGRATION_SERVICE_HOST_CALLS_H_

#include <cstdint>
#include <span>
#include <string>

#include "chain_integration/service/call.h"
#include "ingot/v1/execution.pb.h"
#include "runtime/store.h"

// Host functions that a client answers. In: an import that wasm code calls, the
// client's stream. Out: what the host function did. Holds: gas is charged and
// memory reached only through the run's own checks; whatever the client sends
// that is no answer is the fault HOST_FAILED, and a client that is gone is a
// fault, never an outcome.

namespace ingot::service {

class CallPeer;

class HostCalls {
 public:
  HostCalls() = default;
  HostCalls(const HostCalls&) = delete;
  HostCalls& operator=(const HostCalls&) = delete;

  void SetMaxReadBytes(uint64_t bytes) { max_read_bytes_ = bytes; }

  // An import as a function of `store`, which this outlives.
  runtime::Extern Bind(runtime::Store& store, runtime::Signature signature,
                       std::string module, std::string name);

  // Who answers from here on; null: nobody. `count` starts again.
  void SetPeer(CallPeer* peer, Call* call);
  // Host calls since SetPeer with a peer.
  uint64_t count() const { return count_; }

 private:
  runtime::HostResult Ask(const std::string& module, const std::string& name,
                          const runtime::Signature& signature,
                          runtime::Caller& caller,
                          std::span<const runtime::Value> args,
                          std::span<runtime::Value> results);
  // One message of the client; false when it was the last.
  bool Answer(const v1::CallRequest& request,
              const runtime::Signature& signature, runtime::Caller& caller,
              std::span<runtime::Value> results, runtime::HostResult* result);
  bool Read(const v1::MemoryRead& read, runtime::Caller& caller,
            runtime::HostResult* result);
  runtime::HostResult Gone() const;

  uint64_t max_read_bytes_ = 0;
  CallPeer* peer_ = nullptr;
  Call* call_ = nullptr;
  uint64_t count_ = 0;
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_HOST_CALLS_H_
