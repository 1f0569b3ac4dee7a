// Valid modules on the reference interpreter and in native code, as
// fuzz/differential compares them; `differential_slots`: native code in slot
// mode. The level, the limits of gas and stack and the arguments follow from a
// custom section "limits" of the module, or from its length. What must hold: no
// difference, nothing refused that the compiler made.

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "fuzz/differential/differential.h"
#include "fuzz/differential/random.h"
#include "fuzz/targets/target.h"

namespace ingot::fuzz {
namespace {

// A custom section whose name is "limits": \0, its size, 6, the name.
constexpr std::string_view kName = "\x06limits";
constexpr size_t kNumberBytes = 8;

// The eight bytes behind the section's name, mixed.
uint64_t NumberOf(std::span<const uint8_t> module) {
  const auto found = std::search(module.begin(), module.end(), kName.begin(),
                                 kName.end());
  if (found == module.end()) return Mix(module.size());
  uint64_t number = 0;
  const std::span<const uint8_t> rest(found + kName.size(), module.end());
  for (size_t i = 0; i < std::min(rest.size(), kNumberBytes); ++i) {
    number |= uint64_t{rest[i]} << 8 * i;
  }
  return Mix(number);
}

Subject SubjectOf(std::span<const uint8_t> module) {
  Random random(NumberOf(module));
  Subject subject;
  subject.module.assign(module.begin(), module.end());
  subject.levels = {random.Below(2)};
  subject.profile.features = random.Below(4) & wasm::Features::kAll;
  // Small memories and a small compiler: an input is to take a millisecond.
  subject.profile.compiler_memory_pages = 256;
  subject.profile.limits.memory_pages = 8;
  subject.profile.limits.table_elements = 1000;
  subject.host = HostKind::kNoise;
  // Mostly enough to return; the replays are at smaller limits.
  subject.gas_limit = 1'000'000;
  if (random.Chance(30)) subject.gas_limit >>= random.Below(20);
  subject.stack_units = 65536 >> random.Below(8);
  subject.gas_replays = 4;
  subject.stack_replays = random.Chance(20) ? 2 : 0;
  subject.seed = random.Next();
  return subject;
}

}  // namespace

Verdict OneInput(std::span<const uint8_t> input) {
  Subject subject = SubjectOf(input);
  const auto steps =
      StepsOfExports(subject.module, subject.profile, subject.seed);
  if (!steps.ok()) Fail(steps.status().ToString());
  subject.steps = *steps;
  const auto result = Compare(subject);
  if (!result.ok()) Fail(result.status().ToString());
  if (!result->difference.empty()) {
    Fail(absl::StrCat("level ", subject.levels[0], ", gas ",
                      subject.gas_limit, ", stack ", subject.stack_units, ": ",
                      result->difference));
  }
  if (!result->verdict.ok()) return Verdict::kDiscard;
  Count("valid");
  for (const runtime::Outcome& outcome : result->outcomes) {
    constexpr const char* kKinds[] = {"returned", "trapped", "reverted",
                                      "out_of_gas"};
    Count(kKinds[static_cast<int>(outcome.kind)]);
  }
  return Verdict::kKeep;
}

}  // namespace ingot::fuzz
