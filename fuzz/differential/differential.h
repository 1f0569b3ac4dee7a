#ifndef FUZZ_DIFFERENTIAL_DIFFERENTIAL_H_
#define FUZZ_DIFFERENTIAL_DIFFERENTIAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "fuzz/differential/host.h"
#include "runtime/outcome.h"

// Promise P3 on one module. In: a module, what it is linked with, a host, calls
// of its exports. Out: the first difference between the reference interpreter
// and native code of each level, or none. Compared are the outcomes (kind,
// results, trap, location, backtrace, gas), the calls of the host with the gas
// at each, and at the end memory, globals and tables. Then native code runs
// again at other gas limits: the sums at which the interpreter stood at its
// observation points, those less one, and limits between. What must come out
// follows from the one run of the interpreter. Both engines run again at
// smaller stack limits.

namespace ingot::fuzz {

// A call of an exported function. Arguments that are missing are 0.
struct Step {
  std::string export_name;
  std::vector<uint64_t> args;
};

struct Subject {
  std::vector<uint8_t> module;
  // Instantiated before it, in order, in the same store: what anything imports
  // from "library<i>" is the export of that name of the i-th.
  std::vector<std::vector<uint8_t>> libraries;
  Profile profile;
  // Levels of native code, in place of the profile's.
  std::vector<uint32_t> levels = {0, 1};
  HostKind host = HostKind::kStubs;
  std::vector<std::string> wasi_arguments;
  std::vector<Step> steps;
  // For instantiation and all steps together.
  uint64_t gas_limit = 1'000'000'000;
  uint64_t stack_units = 1 << 20;
  // How many sums, and how many limits between them.
  uint32_t gas_replays = 50;
  // One is at any limit; of more, two are at the least limit that changes
  // nothing and below it, which takes a search.
  uint32_t stack_replays = 4;
  // Fill in Comparison::question and answer.
  bool for_others = false;
  uint64_t seed = 1;  // of the choice of limits
};

struct Comparison {
  // Not ok: the module was refused, by both alike, and did not run.
  Status verdict;
  // Empty: no difference.
  std::string difference;
  // Of the interpreter: instantiation, then each step that ran.
  std::vector<runtime::Outcome> outcomes;
  uint64_t gas_used = 0;
  uint64_t observations = 0;
  uint64_t host_calls = 0;
  uint32_t gas_replays = 0;
  uint32_t stack_replays = 0;
  std::string captured_stdout;
  // For other engines (fuzz/others): what to run, and what the interpreter
  // made of it. Empty where that is no matter of wasm alone: out of gas, stack
  // overflow.
  std::string question;
  std::string answer;
  double interpreter_seconds = 0;
  double native_seconds = 0;
};

// A status is a fault: no memory, no such export.
absl::StatusOr<Comparison> Compare(const Subject& subject);

// Every exported function of the module's own once, with arguments made from
// `seed`.
absl::StatusOr<std::vector<Step>> StepsOfExports(
    const std::vector<uint8_t>& module, const Profile& profile, uint64_t seed);

std::string Describe(const runtime::Outcome& outcome);

}  // namespace ingot::fuzz

#endif  // FUZZ_DIFFERENTIAL_DIFFERENTIAL_H_
