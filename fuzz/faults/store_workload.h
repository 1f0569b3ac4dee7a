#ifndef FUZZ_FAULTS_STORE_WORKLOAD_H_
#define FUZZ_FAULTS_STORE_WORKLOAD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "chain_integration/store/artifact_store.h"
#include "chain_integration/store/compile_cache.h"
#include "fuzz/differential/random.h"

// A client of the store who remembers what it was promised. In: a folder,
// chance. Out: work done through the store and the compile cache, promises,
// and what is wrong with a store that others have opened again. Holds: the
// right answers are computed before anything is stored, and never read back.

namespace ingot::faults {

inline constexpr uint64_t kNoLimit = uint64_t{1} << 62;

// Modules 0 to kModules - 1, and what compiling each gives.
class KnownVerdicts {
 public:
  static constexpr uint32_t kModules = 12;

  KnownVerdicts();

  const std::vector<uint8_t>& module(uint32_t number) const {
    return modules_[number];
  }
  // With its artifact, under no limit.
  const sandbox::Verdict& full(uint32_t number) const {
    return verdicts_[number];
  }
  store::Key key(uint32_t number) const {
    return store::KeyOf(verdicts_[number]);
  }
  // Without the artifact's bytes.
  sandbox::Verdict Under(uint32_t number, uint64_t gas_limit) const;
  bool accepted(uint32_t number) const {
    return !verdicts_[number].artifact.empty();
  }

 private:
  std::vector<std::vector<uint8_t>> modules_;
  std::vector<sandbox::Verdict> verdicts_;
};

// One thing that a call which returned has promised, or taken back.
struct Promise {
  enum class Kind : uint8_t {
    kModule,        // is stored
    kVerdict,       // is known up to `limit`
    kArtifact,      // is stored
    kPin,           // and nothing of the key is evicted
    kModuleGone,    // may be gone
    kArtifactGone,  // may be gone
    kEviction,      // all that is not pinned may be gone
  };
  Kind kind = Kind::kModule;
  uint32_t number = 0;
  uint64_t limit = 0;
};

class Promises {
 public:
  void Add(const Promise& promise);
  // What is wrong with the store; empty when nothing is. Whatever it says must
  // be right, and what was promised must be there.
  std::string Check(store::ArtifactStore& store,
                    const KnownVerdicts& known) const;

 private:
  std::string CheckFiles(store::ArtifactStore& store,
                         const KnownVerdicts& known, uint32_t number) const;

  std::set<uint32_t> modules_;
  std::map<uint32_t, uint64_t> verdicts_;
  std::set<uint32_t> artifacts_;
  std::set<uint32_t> pins_;
};

class StoreWorkload {
 public:
  using Tell = std::function<void(const Promise& promise)>;

  StoreWorkload(const KnownVerdicts& known, std::string folder, Tell tell)
      : known_(known), folder_(std::move(folder)), tell_(std::move(tell)) {}

  // Opens the store. What is wrong, or nothing.
  std::string Open();
  // Some call, as chance has it.
  std::string Step(fuzz::Random& random);
  store::ArtifactStore& store() { return *store_; }

 private:
  std::string Compile(uint32_t number, uint64_t limit);
  std::string Load(uint32_t number);
  std::string Evict(uint64_t bytes);
  // Changes a byte of a file behind the store's back.
  void Damage(uint32_t number, bool module, fuzz::Random& random);

  const KnownVerdicts& known_;
  const std::string folder_;
  const Tell tell_;
  std::unique_ptr<store::ArtifactStore> store_;
  std::unique_ptr<store::CompileCache> cache_;
};

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_STORE_WORKLOAD_H_
