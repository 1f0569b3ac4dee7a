#ifndef SANDBOX_WORKER_WORKER_POOL_H_
#define SANDBOX_WORKER_WORKER_POOL_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "runtime/digest.h"
#include "sandbox/verdict.h"
#include "sandbox/worker/protocol.h"

// Compiling in processes of their own. In: a compiler, module bytes, a profile,
// a gas limit. Out: the verdict that CompileInSandbox gives, the bounds that
// QuoteInSandbox gives, or a fault. Holds:
// each job has a process that did nothing else and is gone afterwards; a worker
// that died, hung or said what cannot be is a fault of that try and the job goes
// to another one; an accepted artifact was read and verified here, with its
// module; a time limit never becomes a verdict. Processes are started ahead, so
// that a job does not wait for one.

namespace ingot::sandbox {

struct WorkerOptions {
  // What starts a worker; its limits are appended.
  std::vector<std::string> command = {"/proc/self/exe", "worker"};
  uint32_t ready = 2;     // processes that wait for a job
  uint32_t attempts = 3;  // for a job
  // How many workers must give the same verdict: 1 or 2.
  uint32_t confirmations = 1;
  std::chrono::milliseconds job_time = std::chrono::seconds(120);
  std::chrono::milliseconds start_time = std::chrono::seconds(30);
  uint64_t max_reply_bytes = uint64_t{1} << 30;
  uint64_t max_data_bytes = uint64_t{12} << 30;
  // Told why a worker was lost; a line for a log.
  std::function<void(const std::string& line)> log = {};
};

struct WorkerCounters {
  std::atomic<uint64_t> started{0};
  std::atomic<uint64_t> lost{0};    // died, hung, lied
  std::atomic<uint64_t> doubts{0};  // two workers disagreed
};

class WorkerPool {
 public:
  // `artifact` is that of `compiler_wasm` for jobs under `job` and any profile
  // with the same compile schedule (sandbox/bootstrap.h).
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Create(
      std::span<const uint8_t> compiler_wasm, std::span<const uint8_t> artifact,
      const Profile& job, WorkerOptions options);
  // Kills what still runs.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // kUnavailable when every try was lost.
  absl::StatusOr<Verdict> Compile(std::span<const uint8_t> module_bytes,
                                  const Profile& profile, uint64_t gas_limit);
  // The same, and one worker's word is enough: a quote enters no consensus.
  absl::StatusOr<QuoteReply> Quote(std::span<const uint8_t> module_bytes,
                                   const Profile& profile, uint64_t gas_limit);

  struct ProbeReport {
    std::vector<std::string> protections;
    std::vector<std::string> reached;
  };
  // Starts a worker that tries to break out and says what it reached.
  absl::StatusOr<ProbeReport> Probe();

  const WorkerCounters& counters() const { return counters_; }

 private:
  struct Worker;

  explicit WorkerPool(WorkerOptions options);

  void Spawn();
  absl::StatusOr<std::unique_ptr<Worker>> Start(const std::string& mode);
  absl::StatusOr<std::unique_ptr<Worker>> Take();
  // One try: anything but a reply to this job is a status.
  absl::StatusOr<QuoteReply> Exchange(Job job, uint32_t attempt);
  // Whether what a worker says can be so.
  absl::Status CheckVerdict(const Job& job, const Profile& profile,
                            const Verdict& verdict) const;
  absl::Status CheckQuote(const Job& job, const QuoteReply& quote) const;
  absl::StatusOr<QuoteReply> TryUntilSound(const Job& job,
                                           const Profile& profile,
                                           uint32_t first_attempt);
  void Log(const std::string& line) const;

  const WorkerOptions options_;
  Digest compiler_digest_;
  int compiler_file_ = -1;
  WorkerCounters counters_;
  std::atomic<uint64_t> next_nonce_{1};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  absl::Status start_fault_;  // why the last start failed
  std::deque<std::unique_ptr<Worker>> ready_;
  // Workers die with the thread that started them, so one thread starts all.
  std::thread spawner_;
};

}  // namespace ingot::sandbox

#endif  // SANDBOX_WORKER_WORKER_POOL_H_
