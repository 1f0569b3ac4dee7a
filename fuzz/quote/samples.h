#ifndef FUZZ_QUOTE_SAMPLES_H_
#define FUZZ_QUOTE_SAMPLES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "sandbox/quote_job.h"

// Modules with their quote and what compiling them really used. In: a group of
// modules and a profile. Out: a sample for each module that is not refused.
// Holds: a sample is the same on every machine.

namespace ingot::fuzz {

struct Sample {
  std::string name;
  sandbox::Quote quote;
  sandbox::VerdictKind verdict = sandbox::VerdictKind::kAccepted;
  uint64_t compile_gas = 0;

  bool LowerHolds() const { return quote.lower_gas <= compile_gas; }
  bool UpperHolds() const { return compile_gas <= quote.upper_gas; }
  double Ratio() const {
    return static_cast<double>(quote.upper_gas) /
           static_cast<double>(compile_gas);
  }
};

absl::StatusOr<Sample> Measure(const std::string& name,
                               const std::vector<uint8_t>& module,
                               const Profile& profile);

using NamedModule = std::function<void(const std::string& name,
                                       const std::vector<uint8_t>& module)>;

// Each calls `visit` for every module of a group.
void ForEachCorpusModule(const NamedModule& visit);
void ForEachBomb(const std::vector<uint32_t>& sizes, const NamedModule& visit);
void ForEachGenerated(uint64_t first, uint64_t count, const NamedModule& visit);
// Random genomes of fuzz/bombs at sizes of 1 to 32 KB.
void ForEachGenome(uint64_t first, uint64_t count, const NamedModule& visit);
// Modules that are one kind of instruction and little else: what each costs at
// most by itself.
void ForEachSingleOpcode(const NamedModule& visit);

}  // namespace ingot::fuzz

#endif  // FUZZ_QUOTE_SAMPLES_H_
