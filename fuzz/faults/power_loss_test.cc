// The power-loss campaign in short, and proof that it can find something.

#include "fuzz/faults/power_loss.h"

#include <filesystem>

#include "fuzz/faults/disk_model.h"
#include "fuzz/faults/process_death.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ingot::faults {
namespace {

using Kind = DiskEvent::Kind;
using Keep = DiskModel::Keep;

std::string Folder() {
  const std::string folder =
      testing::TempDir() + "/" +
      testing::UnitTest::GetInstance()->current_test_info()->name();
  std::filesystem::create_directories(folder);
  return folder;
}

TEST(DiskModelTest, KeepsWhatWasFlushedAndNoMore) {
  fuzz::Random random(1);
  DiskModel disk;
  disk.Apply({.kind = Kind::kCreate, .path = "a", .file = 1});
  disk.Apply({.kind = Kind::kWrite, .file = 1, .bytes = "one"});
  disk.Apply({.kind = Kind::kSync, .file = 1});
  disk.Apply({.kind = Kind::kCreate, .path = "b", .file = 2});
  disk.Apply({.kind = Kind::kSyncFolder, .path = ""});
  disk.Apply({.kind = Kind::kWrite, .file = 2, .bytes = "two"});
  disk.Apply({.kind = Kind::kRename, .path = "a", .target = "c"});
  EXPECT_FALSE(disk.Seen().contains("a"));
  EXPECT_EQ(disk.Seen().at("b")->bytes, "two");
  DiskModel all = disk, names = disk, bytes = disk;
  disk.LosePower(Keep::kNothing, random);
  EXPECT_EQ(disk.Seen().at("a")->bytes, "one");
  EXPECT_EQ(disk.Seen().at("b")->bytes, "");
  EXPECT_FALSE(disk.Seen().contains("c"));
  all.LosePower(Keep::kAll, random);
  EXPECT_EQ(all.Seen().at("c")->bytes, "one");
  EXPECT_EQ(all.Seen().at("b")->bytes, "two");
  names.LosePower(Keep::kNames, random);
  EXPECT_TRUE(names.Seen().contains("c"));
  EXPECT_EQ(names.Seen().at("b")->bytes, "");
  bytes.LosePower(Keep::kBytes, random);
  EXPECT_TRUE(bytes.Seen().contains("a"));
  EXPECT_EQ(bytes.Seen().at("b")->bytes, "two");
}

// The oldest way to lose data: a rename that is there before the bytes are.
TEST(DiskModelTest, SomeCrashShowsANewNameWithTornBytes) {
  bool torn = false, whole = false, old = false;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    fuzz::Random random(seed);
    DiskModel disk;
    disk.Apply({.kind = Kind::kCreate, .path = "a", .file = 1});
    disk.Apply({.kind = Kind::kSyncFolder, .path = ""});
    disk.Apply({.kind = Kind::kCreate, .path = "b", .file = 2});
    const std::string bytes(1024, 'n');
    disk.Apply({.kind = Kind::kWrite, .file = 2, .bytes = bytes});
    disk.Apply({.kind = Kind::kRename, .path = "b", .target = "a"});
    disk.LosePower(Keep::kSome, random);
    const std::string seen = disk.Seen().at("a")->bytes;
    old |= seen.empty();
    whole |= seen == bytes;
    torn |= !seen.empty() && seen != bytes;
  }
  EXPECT_TRUE(torn && whole && old);
}

TEST(PowerLossTest, TheStoreKeepsItsPromises) {
  const CrashReport report =
      LosePowerOften({.folder = Folder(), .restarts = 50});
  EXPECT_THAT(report.violations, testing::IsEmpty());
  EXPECT_EQ(report.restarts, 50u);
  EXPECT_GT(report.power_losses, 25u);
  EXPECT_GT(report.process_deaths, 5u);
  EXPECT_GT(report.promises, 100u);
}

TEST(PowerLossTest, ADiskThatDoesNotFlushIsFoundOut) {
  const CrashReport report = LosePowerOften(
      {.folder = Folder(), .restarts = 100, .ignore_flushes = true});
  EXPECT_THAT(report.violations, testing::Not(testing::IsEmpty()));
}

TEST(ProcessDeathTest, TheStoreKeepsItsPromises) {
  const CrashReport report =
      KillOften({.folder = Folder(),
                 .program = "fuzz/faults/power_loss_campaign",
                 .kills = 10});
  EXPECT_THAT(report.violations, testing::IsEmpty());
  EXPECT_EQ(report.process_deaths, 10u);
  EXPECT_GT(report.promises, 10u);
}

}  // namespace
}  // namespace ingot::faults
