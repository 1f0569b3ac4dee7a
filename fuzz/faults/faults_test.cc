// The fault campaign in short: a hit for each pair that makes sense.

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "fuzz/faults/campaign.h"
#include "fuzz/faults/pairs.h"
#include "fuzz/faults/service_process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ingot::faults {
namespace {

TEST(PairsTest, EachPairIsAWayOrHasAReason) {
  EXPECT_EQ(AllPairs().size(), 14u * 7u);
  for (const Pair& pair : AllPairs()) {
    EXPECT_EQ(ReasonLetter(pair.way).empty(), ReasonText(pair.way).empty());
  }
  EXPECT_EQ(AllReasons().size(), 5u);
}

TEST(FaultsTest, AreNeverVerdicts) {
  AdoptOrphans();
  std::string folder = "/tmp/ingot-faults-XXXXXX";  // a socket's path is short
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  CampaignOptions options;
  options.folder = folder;
  options.service = "fuzz/faults/faulty_service";
  options.worker =
      std::filesystem::absolute("fuzz/faults/faulty_worker").string();
  options.hits = 1;
  options.one_service = true;
  Campaign campaign(options);
  for (const Pair& pair : AllPairs()) {
    if (!ReasonLetter(pair.way).empty()) continue;
    const PairReport report = campaign.Run(pair);
    const auto name = [&] {
      return std::string(FaultName(pair.fault)) + ", " +
             std::string(PhaseName(pair.phase));
    };
    EXPECT_EQ(report.hits, 1u) << name();
    EXPECT_EQ(report.wrong_verdicts, 0u) << name();
    EXPECT_EQ(report.wrong_artifacts, 0u) << name();
    EXPECT_THAT(report.findings, testing::IsEmpty()) << name();
  }
  const PairReport end = campaign.Finish();
  EXPECT_EQ(end.leaks, 0u);
  EXPECT_THAT(end.findings, testing::IsEmpty());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ingot::faults
