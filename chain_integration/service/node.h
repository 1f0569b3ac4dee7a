#ifndef CHAIN_INTEGRATION_SERVICE_NODE_H_
#define CHAIN_INTEGRATION_SERVICE_NODE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "chain_integration/service/call.h"
#include "chain_integration/service/instances.h"
#include "chain_integration/service/targets.h"
#include "chain_integration/service/turns.h"
#include "chain_integration/store/artifact_store.h"
#include "chain_integration/store/compile_cache.h"
#include "ingot/v1/compiler.pb.h"

// The node behind every transport: store, workers, instances. In: the API's
// messages, from any number of threads. Out: its answers, or faults of the
// listed set. Holds: a verdict is an OK answer and the same that a fresh
// compilation gives; when workers fail on the block path the job runs here, on
// the interpreter, its verdict is answered, and the node asks to be stopped. No
// setting turns a fault into an outcome.

namespace ingot::service {

struct NodeOptions {
  std::string store_folder = {};
  // Artifacts and modules beyond this are evicted; 0: never.
  uint64_t store_bytes = 0;
  // Empty: the compiler that is embedded in this program.
  std::vector<std::vector<uint8_t>> compilers = {};
  // The first is the default.
  std::vector<Profile> profiles = {Profile()};
  sandbox::WorkerOptions workers = {};
  // Compilations at a time; the block path has one more of its own.
  uint32_t compilations = 2;
  // See store::CacheOptions.
  uint64_t shared_gas_limit = 20'000'000'000;
  uint32_t max_waiting = 256;
  uint64_t max_module_bytes = uint64_t{257} << 20;
  uint64_t max_message_bytes = uint64_t{16} << 20;
  // Of all uploads that have not ended.
  uint64_t max_upload_bytes = uint64_t{1} << 30;
  // On the normal lane.
  std::chrono::milliseconds call_time = std::chrono::seconds(120);
  ClientLimitOptions client_limits = {};
  InstanceOptions instances = {};
  // Told once, when workers have failed a job of the block path; a line that
  // says how. The job's answer is given all the same.
  std::function<void(const std::string& report)> on_workers_failed = {};
  // Only tests set it: compiles instead of the workers, of which there are
  // none then.
  std::function<absl::StatusOr<sandbox::Verdict>(
      std::span<const uint8_t> module, const Profile& profile,
      uint64_t gas_limit)>
      compile = {};
};

class Node {
 public:
  // `log` and `metrics` outlive the node.
  static absl::StatusOr<std::unique_ptr<Node>> Create(NodeOptions options,
                                                      Log& log,
                                                      Metrics& metrics);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  absl::StatusOr<v1::CompileResponse> Compile(const v1::CompileRequest& request,
                                              const CallContext& context);
  // `next` is the stream: false at its end.
  using UploadSource = std::function<bool(v1::UploadModuleRequest* piece)>;
  absl::StatusOr<v1::UploadModuleResponse> UploadModule(
      const UploadSource& next, const CallContext& context);
  // `sink` takes the pieces; false: the client is gone. kWhole: one piece, or
  // TOO_LARGE when it is too large for a message.
  enum class Pieces : uint8_t { kMany, kWhole };
  using ArtifactSink =
      std::function<bool(const v1::GetArtifactResponse& piece)>;
  absl::Status GetArtifact(const v1::GetArtifactRequest& request,
                           Pieces pieces, const ArtifactSink& sink,
                           const CallContext& context);
  absl::StatusOr<v1::VerifyResponse> Verify(const v1::VerifyRequest& request,
                                            const CallContext& context);
  absl::StatusOr<v1::QuoteResponse> Quote(const v1::QuoteRequest& request,
                                          const CallContext& context);
  absl::StatusOr<v1::GetInfoResponse> GetInfo(
      const v1::GetInfoRequest& request, const CallContext& context);

  absl::StatusOr<v1::InstantiateResponse> Instantiate(
      const v1::InstantiateRequest& request, const CallContext& context);
  // The whole stream; its last message, the outcome, is the answer.
  absl::StatusOr<v1::CallResponse> CallFunction(CallPeer& peer,
                                                const CallContext& context);
  absl::StatusOr<v1::ReleaseResponse> Release(const v1::ReleaseRequest& request,
                                              const CallContext& context);

  // The client has no connection any more.
  void Forget(const std::string& client) { instances_->Forget(client); }
  // No call begins from here on.
  void Drain() { desk_.Drain(); }
  uint64_t running() const { return desk_.running(); }
  std::chrono::milliseconds call_time() const { return desk_.call_time(); }
  const NodeOptions& options() const { return options_; }
  const Targets& targets() const { return *targets_; }
  std::vector<MetricSample> Samples() const;

 private:
  Node(NodeOptions options, Log& log, Metrics& metrics);

  // Of a thread of its own: cancels runs whose call is over, ends idle
  // instances, evicts.
  void LookAfter();
  void Evict();
  absl::StatusOr<sandbox::Verdict> CompileInWorker(
      const Target& target, std::span<const uint8_t> module,
      uint64_t gas_limit);
  // Of the compile cache's threads.
  absl::StatusOr<sandbox::Verdict> Run(const store::CompileTask& task);
  absl::StatusOr<sandbox::Verdict> RunHere(const store::CompileTask& task,
                                           const Target& target,
                                           const absl::Status& lost);
  void NoteVerdict(const sandbox::Verdict& verdict);

  // The bodies of the calls above.
  absl::StatusOr<v1::CompileResponse> Answer(const v1::CompileRequest& request,
                                             Call& call);
  absl::StatusOr<v1::UploadModuleResponse> Answer(const UploadSource& next,
                                                  Call& call);
  absl::Status Answer(const v1::GetArtifactRequest& request, Pieces pieces,
                      const ArtifactSink& sink, Call& call);
  absl::StatusOr<v1::VerifyResponse> Answer(const v1::VerifyRequest& request,
                                            Call& call);
  absl::StatusOr<v1::QuoteResponse> Answer(const v1::QuoteRequest& request,
                                           Call& call);
  absl::StatusOr<v1::InstantiateResponse> Answer(
      const v1::InstantiateRequest& request, const CallContext& context,
      Call& call);
  // The normal lane's jobs that the compile cache does not know of: as many at
  // a time as there are compilations, clients by turns. `job` runs when there is
  // a place.
  template <typename Job>
  auto RunBesideCache(Call& call, const Job& job) -> decltype(job());
  // Compiles with a worker whatever the store knows.
  absl::StatusOr<sandbox::Verdict> Recompile(const Target& target,
                                             std::span<const uint8_t> module,
                                             Call& call);
  // Statuses of the cache and the store as faults. `missing` is what kNotFound
  // means.
  absl::Status StoreFault(const absl::Status& status, v1::FaultReason missing,
                          const Call& call) const;
  absl::StatusOr<store::CacheAnswer> CompileThrough(const store::Key& key,
                                                    uint64_t gas_limit,
                                                    Call& call);
  absl::StatusOr<std::shared_ptr<const store::StoredFile>> ArtifactThrough(
      const store::Key& key, const std::optional<Digest>& expected,
      Call& call);

  const NodeOptions options_;
  Log& log_;
  Metrics& metrics_;
  CallDesk desk_;
  std::vector<std::string> protections_;
  std::atomic<uint64_t> upload_bytes_{0};
  Turns beside_cache_;
  std::atomic<bool> workers_failed_{false};
  std::unique_ptr<store::ArtifactStore> store_;
  std::unique_ptr<Targets> targets_;
  std::unique_ptr<Instances> instances_;
  // Its threads use all of the above.
  std::unique_ptr<store::CompileCache> cache_;
  std::mutex mutex_;
  std::condition_variable ends_;
  bool ending_ = false;  // guarded by mutex_
  std::thread keeper_;
};

template <typename Job>
auto Node::RunBesideCache(Call& call, const Job& job) -> decltype(job()) {
  if (!beside_cache_.Enter(call.client(), call.GiveUp())) return call.Why();
  const auto began = std::chrono::steady_clock::now();
  auto result = job();
  beside_cache_.Leave(call.client(), std::chrono::steady_clock::now() - began);
  return result;
}

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_NODE_H_
