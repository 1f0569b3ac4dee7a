#ifndef SANDBOX_WORKER_PROTOCOL_H_
#define SANDBOX_WORKER_PROTOCOL_H_

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sandbox/verdict.h"

// What the service and its workers agree on. A worker has three memory files
// and nothing else: the job (read by the worker), the reply (written by it), the
// compiler (sealed, shared by all workers). It waits on a word in the job's
// first page, writes one reply and exits; its exit is the signal.
//
// In: jobs, replies. Out: bytes and back. Holds: a reply that was cut short,
// grew or has one bit changed does not decode; what decodes may still be a lie,
// which is for the pool to find out.

namespace ingot::sandbox {

inline constexpr int kJobFile = 3;
inline constexpr int kReplyFile = 4;
inline constexpr int kCompilerFile = 5;

// The first page of the job file, shared.
struct JobHeader {
  // kWaiting -> kReady (worker) -> kPosted (service) -> kTaken (worker).
  std::atomic<uint32_t> state;
  uint32_t attempt;  // 0 for a job's first try; only tests look at it
  uint64_t job_bytes;
};
inline constexpr uint32_t kWaiting = 0;
inline constexpr uint32_t kReady = 1;
inline constexpr uint32_t kPosted = 2;
inline constexpr uint32_t kTaken = 3;
inline constexpr uint64_t kJobOffset = 4096;
static_assert(sizeof(JobHeader) == 16);
static_assert(std::atomic<uint32_t>::is_always_lock_free);

struct Job {
  enum class Kind : uint8_t { kCompile, kQuote };
  Kind kind = Kind::kCompile;
  uint64_t nonce = 0;  // the reply repeats it
  uint64_t gas_limit = 0;
  std::vector<uint8_t> profile;  // canonical bytes
  std::vector<uint8_t> module;
};

// The compiler file.
struct CompilerBytes {
  std::vector<uint8_t> wasm;
  std::vector<uint8_t> artifact;
  std::vector<uint8_t> profile;  // canonical bytes of some job that it is for
};

// Bounds of a compilation's gas, as quote_job.h has them.
struct QuoteReply {
  Verdict verdict;
  uint64_t lower_gas = 0;
  uint64_t upper_gas = 0;
  uint64_t quote_gas = 0;

  friend bool operator==(const QuoteReply&, const QuoteReply&) = default;
};

struct Reply {
  uint64_t nonce = 0;
  absl::Status fault;  // what went wrong in the worker; else `answer`
  // Of a compilation only the verdict is there.
  QuoteReply answer;
};

std::string Encode(const Job& job);
absl::StatusOr<Job> DecodeJob(std::string_view bytes);
std::string Encode(const CompilerBytes& compiler);
absl::StatusOr<CompilerBytes> DecodeCompiler(std::string_view bytes);
std::string Encode(const Reply& reply);
absl::StatusOr<Reply> DecodeReply(std::string_view bytes);

}  // namespace ingot::sandbox

#endif  // SANDBOX_WORKER_PROTOCOL_H_
