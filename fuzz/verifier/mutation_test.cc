// Mutants of compiled random modules against the verifier: some ten thousand.
// What passes runs in a process of its own. mutation_long_test.cc makes more.

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "fuzz/generator/generator.h"
#include "fuzz/verifier/campaign.h"

namespace ingot::fuzz {
namespace {

constexpr uint64_t kModules = 12;
constexpr uint32_t kMutantsPerKind = 30;  // of each module
constexpr uint32_t kCanariesPerKind = 1;
static_assert(Campaign::kKinds >= 25 &&
              kModules * Campaign::kKinds * kMutantsPerKind >= 10'000);

TEST(MutationTest, MutantsAreRefusedOrHarmless) {
  Campaign campaign;
  for (uint64_t seed = 1; seed <= kModules; ++seed) {
    const Subject subject = SubjectOf(Generate(seed), seed % 2);
    const auto done = campaign.Attack(absl::StrCat("module ", seed), subject,
                                      kMutantsPerKind, kCanariesPerKind);
    ASSERT_TRUE(done.ok()) << seed << ": " << done;
  }
  campaign.Print();
  EXPECT_GT(campaign.run(), 100u);
  for (const std::string& finding : campaign.findings()) {
    ADD_FAILURE() << finding;
  }
}

}  // namespace
}  // namespace ingot::fuzz
