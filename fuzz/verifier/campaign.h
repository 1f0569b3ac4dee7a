#ifndef FUZZ_VERIFIER_CAMPAIGN_H_
#define FUZZ_VERIFIER_CAMPAIGN_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fuzz/differential/differential.h"
#include "fuzz/generator/generator.h"
#include "fuzz/verifier/canary.h"
#include "fuzz/verifier/mutator.h"

// Mutants of many specimens against the verifier, counted by kind. In:
// subjects. Out: a table, and a list of what must not be. Kinds that change
// gas, control or what memory is reached must be refused whenever they change
// anything; of the others a share is harmless.

namespace ingot::fuzz {

Subject SubjectOf(const GeneratedModule& module, uint32_t level);

class Campaign {
 public:
  static constexpr auto kKinds = static_cast<uint32_t>(Mutation::kCount);

  // Compiles the subject's module, and makes `mutants` of each kind; of the
  // accepted ones of each kind, `canaries` run.
  absl::Status Attack(const std::string& name, const Subject& subject,
                      uint32_t mutants, uint32_t canaries);

  uint64_t made() const { return made_; }
  uint64_t run() const { return run_; }
  // What must not be: an accepted mutant that had to be refused, a changed
  // surrounding, another gas though the code is the same.
  const std::vector<std::string>& findings() const { return findings_; }
  void Print() const;

 private:
  struct Count {
    uint64_t made = 0, accepted = 0;
    std::array<uint64_t, 9> rules = {};
    std::array<uint64_t, static_cast<size_t>(CanaryResult::kCount)> runs = {};
  };

  std::array<Count, kKinds> counts_;
  uint64_t made_ = 0, run_ = 0, specimens_ = 0;
  std::vector<std::string> findings_;
};

}  // namespace ingot::fuzz

#endif  // FUZZ_VERIFIER_CAMPAIGN_H_
