#ifndef FUZZ_VERIFIER_CANARY_H_
#define FUZZ_VERIFIER_CANARY_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "fuzz/differential/execution.h"
#include "fuzz/verifier/specimen.h"

// Runs mutants that the verifier accepted, each in a process of its own beside
// an untouched instance of the same module in the same store. In: a subject
// and its compiled module; a mutant of it. Out: what the surroundings show
// afterwards. The mutant may compute nonsense, trap or run out of gas, but
// neither end the process nor change what is not its own.

namespace ingot::fuzz {

// Exit codes of the process.
enum class CanaryResult : uint8_t {
  // The surroundings are whole.
  kOtherOutcomes,  // not those of the original
  kSameGas,        // the outcomes of the original, and its gas
  kOtherGas,       // the outcomes of the original, another gas
  kFault,          // the executor ended the run: no outcome
  kUnreadable,     // the loader refused the mutant before any rule
  // They are not.
  kGuard,          // memory beside the reservation
  kWitnessMemory,
  kWitnessGlobal,
  kCode,
  kKilled,         // the process ended by a signal, or too late
  kCount,
};

constexpr bool IsHarmless(CanaryResult result) {
  return result < CanaryResult::kGuard;
}
const char* CanaryText(CanaryResult result);

class Canary {
 public:
  // Runs the untouched module once, in this process. `specimen` is the
  // subject's module compiled; both must outlive the canary.
  static absl::StatusOr<std::unique_ptr<Canary>> Make(const Subject& subject,
                                                      const Specimen& specimen);
  CanaryResult Run(const Specimen& mutant) const;

 private:
  explicit Canary(const Subject& subject) : subject_(subject) {}
  CanaryResult RunInChild(const std::vector<uint8_t>& artifact) const;

  const Subject& subject_;
  Programs programs_;
  std::vector<runtime::Outcome> outcomes_;
};

}  // namespace ingot::fuzz

#endif  // FUZZ_VERIFIER_CANARY_H_
