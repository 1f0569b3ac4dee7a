#ifndef CHAIN_INTEGRATION_SERVICE_TARGETS_H_
#define CHAIN_INTEGRATION_SERVICE_TARGETS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "ingot/v1/types.pb.h"
#include "runtime/digest.h"
#include "sandbox/compile_job.h"
#include "sandbox/worker/worker_pool.h"

// What the node can compile by and under. In: compilers and profiles. Out: the
// target that a request names, or UNKNOWN_COMPILER or UNKNOWN_PROFILE. Holds:
// each compiler has one pool of workers per compile schedule, shared by all
// profiles that have it; targets live as long as the table.

namespace ingot::service {

struct KnownProfile {
  Digest digest;
  std::string canonical;
  Profile profile;
};

// One compiler with one profile.
struct Target {
  Digest compiler;
  const KnownProfile* profile = nullptr;
  sandbox::WorkerPool* workers = nullptr;
  const std::vector<uint8_t>* compiler_wasm = nullptr;
};

class Targets {
 public:
  // The first of each is the node's default; neither may be empty. Compiles
  // the compilers, unless `workers` is null: then there are no pools.
  static absl::StatusOr<std::unique_ptr<Targets>> Create(
      std::vector<std::vector<uint8_t>> compilers,
      const std::vector<Profile>& profiles,
      const sandbox::WorkerOptions* workers);

  absl::StatusOr<const Target*> Find(const v1::Target& target) const;
  // Of a key in the store; null when the node has it no more.
  const Target* Find(const Digest& compiler, const Digest& profile) const;

  // The target's compiler on the interpreter, for when workers fail; loaded at
  // the first call.
  absl::StatusOr<std::shared_ptr<const sandbox::SandboxedCompiler>> Interpreted(
      const Target& target);

  const std::vector<Digest>& compilers() const { return compiler_digests_; }
  const std::vector<std::unique_ptr<KnownProfile>>& profiles() const {
    return profiles_;
  }
  const std::vector<std::unique_ptr<sandbox::WorkerPool>>& pools() const {
    return pools_;
  }

 private:
  Targets() = default;

  std::vector<std::vector<uint8_t>> compilers_;
  std::vector<Digest> compiler_digests_;
  std::vector<std::unique_ptr<KnownProfile>> profiles_;
  std::vector<std::unique_ptr<sandbox::WorkerPool>> pools_;
  // By compiler and profile.
  absl::btree_map<std::pair<Digest, Digest>, Target> targets_;
  std::mutex mutex_;
  // By compiler and profile; guarded by mutex_.
  absl::btree_map<std::pair<Digest, Digest>,
                  std::shared_ptr<const sandbox::SandboxedCompiler>>
      interpreted_;
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_TARGETS_H_
