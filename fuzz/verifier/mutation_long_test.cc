// A million mutants against the verifier: of the project's contracts, of small
// modules of the corpus where there is one, of random modules. Each kind of
// each artifact has accepted mutants run in processes of their own.

#include <gtest/gtest.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "fuzz/generator/generator.h"
#include "fuzz/verifier/campaign.h"
#include "sandbox/test_modules.h"

namespace ingot::fuzz {
namespace {

constexpr uint64_t kMutants = 1'000'000;
constexpr uint32_t kPerRandomModule = 120;  // of each kind
constexpr uint32_t kPerContract = 40;
constexpr uint64_t kContractBytes = 40'000;
constexpr uint32_t kCorpusContracts = 12;
constexpr uint32_t kCanariesPerKind = 1;

TEST(MutationLongTest, MutantsAreRefusedOrHarmless) {
  Campaign campaign;
  uint32_t own = 0, others = 0;
  const auto attack = [&](const std::string& path, uint32_t* attacked) {
    Subject subject;
    subject.module = sandbox::ReadFile(path);
    if (subject.module.size() > kContractBytes) return;
    const auto steps = StepsOfExports(subject.module, subject.profile, 1);
    // A module that needs another profile.
    if (!steps.ok()) return;
    subject.steps = *steps;
    const auto done =
        campaign.Attack(path, subject, kPerContract, kCanariesPerKind);
    EXPECT_TRUE(done.ok() || absl::IsFailedPrecondition(done))
        << path << ": " << done;
    *attacked += done.ok() ? 1 : 0;
  };
  for (const std::string& path : sandbox::OwnContracts()) attack(path, &own);
  for (const std::string& path : sandbox::CorpusModules()) {
    if (others == kCorpusContracts) break;
    attack(path, &others);
  }
  EXPECT_GT(own, 0u);
  std::printf("%u own contracts, %u of the corpus%s\n", own, others,
              others == 0 ? " (set INGOT_CORPUS)" : "");
  std::fflush(stdout);
  uint64_t seed = 0;
  while (campaign.made() < kMutants) {
    ++seed;
    const Subject subject = SubjectOf(Generate(seed), seed % 2);
    const auto done = campaign.Attack(absl::StrCat("module ", seed), subject,
                                      kPerRandomModule, kCanariesPerKind);
    ASSERT_TRUE(done.ok()) << seed << ": " << done;
  }
  std::printf("%u random modules\n", static_cast<uint32_t>(seed));
  campaign.Print();
  EXPECT_GT(campaign.run(), 2000u);
  for (const std::string& finding : campaign.findings()) {
    ADD_FAILURE() << finding;
  }
}

}  // namespace
}  // namespace ingot::fuzz
