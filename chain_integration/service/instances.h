#ifndef CHAIN_INTEGRATION_SERVICE_INSTANCES_H_
#define CHAIN_INTEGRATION_SERVICE_INSTANCES_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "chain_integration/service/call.h"
#include "chain_integration/store/durable_file.h"
#include "chain_integration/store/records.h"
#include "ingot/v1/execution.pb.h"
#include "runtime/native/native_program.h"

// Instances of artifacts, for clients that call them. In: artifacts, calls with
// their gas limits, a client's answers to host calls. Out: outcomes, or faults.
// Holds: an instance belongs to the client that made it and is in one call at a
// time; a client that goes away during a call is a fault and ends the instance;
// what a client claims to have done is checked as a contract's doing is.

namespace ingot::service {

struct InstanceOptions {
  uint32_t max_instances = 1024;
  uint32_t max_instances_per_client = 128;
  // Loaded artifacts that are kept for the next instance.
  uint32_t max_programs = 64;
  // The largest gas limit of a run on the normal lane.
  uint64_t max_gas = 1'000'000'000'000;
  // An instance that was not called for so long ends.
  std::chrono::milliseconds idle_time = std::chrono::minutes(10);
  // The largest piece of memory that a client reads at a time.
  uint64_t max_read_bytes = uint64_t{8} << 20;
};

// The client's side of a call.
class CallPeer {
 public:
  virtual ~CallPeer() = default;
  // False: the client is gone.
  virtual bool Send(const v1::CallResponse& response) = 0;
  virtual bool Receive(v1::CallRequest* request) = 0;
};

class Instances {
 public:
  Instances(const InstanceOptions& options, Log& log, Metrics& metrics);
  ~Instances();

  // The loaded artifact, if it is kept; null: load it.
  std::shared_ptr<const runtime::NativeProgram> Find(const Digest& artifact);
  // Verifies and maps an artifact, and keeps it.
  absl::StatusOr<std::shared_ptr<const runtime::NativeProgram>> Load(
      const store::Key& key, const store::StoredFile& artifact);

  absl::StatusOr<v1::InstantiateResponse> Instantiate(
      std::shared_ptr<const runtime::NativeProgram> program,
      const v1::InstantiateRequest& request, const std::string& client,
      Call& call);
  // `start` was the stream's first message.
  absl::StatusOr<v1::Outcome> Run(const v1::CallStart& start, CallPeer& peer,
                                  const std::string& client, Call& call);
  absl::Status Release(uint64_t instance, const std::string& client);

  // Ends all instances of a client.
  void Forget(const std::string& client);
  // Ends instances that are idle for too long.
  void Sweep();
  // Cancels the runs of calls that are over: their client is gone or their
  // time is up.
  void CancelOver();

  uint64_t count() const;
  uint64_t programs() const;
  uint64_t cold_loads() const { return cold_loads_; }

 private:
  struct Instance;
  // A run in progress, for CancelOver to find.
  class Running;

  absl::StatusOr<std::shared_ptr<Instance>> Take(uint64_t id,
                                                 const std::string& client);
  void End(uint64_t id);
  absl::StatusOr<uint64_t> GasLimit(std::optional<uint64_t> asked,
                                    const Call& call) const;

  const InstanceOptions options_;
  Log& log_;
  Metrics& metrics_;
  std::atomic<uint64_t> cold_loads_{0};
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  uint64_t next_id_ = 1;
  uint64_t next_use_ = 1;
  uint32_t making_ = 0;
  absl::btree_map<uint64_t, std::shared_ptr<Instance>> instances_;
  std::vector<const Running*> running_;
  struct Loaded {
    std::shared_ptr<const runtime::NativeProgram> program;
    uint64_t last_use = 0;
  };
  absl::btree_map<Digest, Loaded> programs_;
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_INSTANCES_H_
