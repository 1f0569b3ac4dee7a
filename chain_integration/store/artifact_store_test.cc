// The store on a real disk, with damage done to it. Holds: what comes out is
// what went in, or nothing.

#include "chain_integration/store/artifact_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "chain_integration/store/archive.h"
#include "chain_integration/store/test_verdicts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/artifact/artifact_error.h"

namespace ingot::store {
namespace {

namespace fs = std::filesystem;
using sandbox::Verdict;
using sandbox::VerdictKind;

constexpr uint64_t kNoLimit = uint64_t{1} << 62;

class ArtifactStoreTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen(uint64_t least_records = 4096) {
    store_.reset();
    auto store = ArtifactStore::Open(
        {.folder = folder_,
         .log = [this](const std::string& line) { log_.push_back(line); },
         .least_records = least_records});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  Verdict PutAccepted(uint32_t number) {
    const Verdict verdict = AcceptedVerdict(number, 1000 + number);
    EXPECT_TRUE(store_->PutModule(TestModule(number)).ok());
    EXPECT_TRUE(store_->Put(verdict, kNoLimit).ok());
    return verdict;
  }

  std::string ArtifactPath(const Verdict& verdict) const {
    return folder_ + "/artifacts/" + verdict.artifact_digest.Hex();
  }

  void Damage(const std::string& path) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(5000);
    file.put('\x5a');
  }

  size_t Quarantined() const {
    size_t files = 0;
    for (const auto& entry : fs::directory_iterator(folder_ + "/quarantine")) {
      (void)entry;
      ++files;
    }
    return files;
  }

  const std::string folder_ = TestFolder();
  std::vector<std::string> log_;
  std::unique_ptr<ArtifactStore> store_;
};

TEST_F(ArtifactStoreTest, KeepsWhatItWasGivenAcrossProcesses) {
  const Verdict verdict = PutAccepted(1);
  Reopen();
  const auto found = store_->Find(KeyOf(verdict), kNoLimit);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->compile_gas, verdict.compile_gas);
  const auto artifact = store_->Artifact(KeyOf(verdict));
  ASSERT_TRUE(artifact.ok()) << artifact.status();
  EXPECT_TRUE(std::ranges::equal((*artifact)->bytes(), verdict.artifact));
  EXPECT_TRUE(store_->Module(verdict.module_digest).ok());
}

TEST_F(ArtifactStoreTest, QuarantinesADamagedArtifact) {
  const Verdict verdict = PutAccepted(1);
  Damage(ArtifactPath(verdict));
  EXPECT_TRUE(absl::IsNotFound(store_->Artifact(KeyOf(verdict)).status()));
  EXPECT_EQ(store_->quarantines(), 1u);
  EXPECT_EQ(Quarantined(), 1u);
  EXPECT_EQ(log_.size(), 1u);
  // The verdict stays, and the artifact can be put again.
  EXPECT_TRUE(store_->Put(verdict, kNoLimit).ok());
  EXPECT_TRUE(store_->Artifact(KeyOf(verdict)).ok());
}

TEST_F(ArtifactStoreTest, QuarantinesADamagedModule) {
  const Digest digest = *store_->PutModule(std::vector<uint8_t>(9000, 7));
  Damage(folder_ + "/modules/" + digest.Hex());
  EXPECT_TRUE(absl::IsNotFound(store_->Module(digest).status()));
  EXPECT_EQ(Quarantined(), 1u);
}

// An attacker with the disk: valid artifacts under each other's names, with
// names that fit and records that fit.
TEST_F(ArtifactStoreTest, RefusesTwoValidArtifactsThatWereSwapped) {
  const Verdict one = PutAccepted(1);
  const Verdict two = PutAccepted(2);
  fs::rename(ArtifactPath(one), folder_ + "/kept");
  fs::copy_file(ArtifactPath(two), ArtifactPath(one));
  EXPECT_TRUE(absl::IsNotFound(store_->Artifact(KeyOf(one)).status()));

  store_.reset();
  auto index = Index::Open(folder_ + "/index");
  ASSERT_TRUE(index.ok());
  ASSERT_TRUE((*index)->Update(KeyOf(one), [&](const Record* have) {
    Record forged = *have;
    forged.verdict.artifact_digest = two.artifact_digest;
    return std::optional(forged);
  }).ok());
  index->reset();
  Reopen();
  EXPECT_TRUE(absl::IsNotFound(store_->Artifact(KeyOf(one)).status()));
  EXPECT_EQ(store_->quarantines(), 1u);
}

// An attacker with the disk who alters an artifact, gives it the name that its
// bytes have, and the record that name. Who names the digest that is in the
// chain's state gets nothing; the verifier refuses what may leave its instance
// or run unpaid, whoever asks.
TEST_F(ArtifactStoreTest, RefusesAlteredArtifactsWithNewNamesAndRecords) {
  const Verdict verdict = PutAccepted(1);
  constexpr size_t kForgeries = 64;
  size_t refused_by_verifier = 0;
  for (size_t i = 0; i < kForgeries; ++i) {
    std::vector<uint8_t> forged = verdict.artifact;
    forged[forged.size() * i / kForgeries] ^= static_cast<uint8_t>(1 << i % 8);
    const Digest digest = Sha256(forged);
    std::ofstream(folder_ + "/artifacts/" + digest.Hex(), std::ios::binary)
        .write(reinterpret_cast<const char*>(forged.data()),
               static_cast<std::streamsize>(forged.size()));
    store_.reset();
    auto index = Index::Open(folder_ + "/index");
    ASSERT_TRUE(index.ok());
    ASSERT_TRUE((*index)->Update(KeyOf(verdict), [&](const Record* have) {
      Record record = have != nullptr ? *have : Record();
      record.verdict.artifact_digest = digest;
      return std::optional(record);
    }).ok());
    index->reset();
    Reopen();
    EXPECT_FALSE(
        store_->Artifact(KeyOf(verdict), verdict.artifact_digest).ok())
        << i;
    refused_by_verifier +=
        !CheckArtifact(KeyOf(verdict), forged, TestModule(1)).ok();
  }
  // The others are other values of the same contract's own.
  EXPECT_GE(refused_by_verifier, kForgeries * 3 / 4);
}

TEST_F(ArtifactStoreTest, RefusesACallersOtherDigest) {
  const Verdict verdict = PutAccepted(1);
  EXPECT_TRUE(store_->Artifact(KeyOf(verdict), verdict.artifact_digest).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(
      store_->Artifact(KeyOf(verdict), Sha256({})).status()));
}

TEST_F(ArtifactStoreTest, AReaderKeepsItsBytesWhateverHappensToTheFile) {
  const Verdict verdict = PutAccepted(1);
  const auto artifact = store_->Artifact(KeyOf(verdict));
  ASSERT_TRUE(artifact.ok());
  fs::resize_file(ArtifactPath(verdict), 10);
  EXPECT_EQ(Sha256((*artifact)->bytes()), verdict.artifact_digest);
}

TEST_F(ArtifactStoreTest, AdmitsAPeersArtifactOnlyWhenItIsRight) {
  const Verdict verdict = AcceptedVerdict(1, 5);
  const Key key = KeyOf(verdict);
  const auto admit = [&](const Key& under, std::vector<uint8_t> bytes,
                         const Digest& expected) {
    return store_->Admit(under, bytes, expected);
  };
  // Without the module the code cannot be priced.
  EXPECT_TRUE(absl::IsNotFound(
      admit(key, verdict.artifact, verdict.artifact_digest)));
  ASSERT_TRUE(store_->PutModule(TestModule(1)).ok());
  EXPECT_FALSE(admit(key, verdict.artifact, Sha256({})).ok());
  std::vector<uint8_t> altered = verdict.artifact;
  altered[altered.size() / 2] ^= 1;
  EXPECT_FALSE(admit(key, altered, Sha256(altered)).ok());
  Key other = key;
  other.profile.bytes[0] ^= 1;
  EXPECT_EQ(runtime::ArtifactErrorOf(
                admit(other, verdict.artifact, verdict.artifact_digest)),
            runtime::ArtifactError::kProfileDiffers);
  EXPECT_FALSE(store_->Artifact(key).ok());
  EXPECT_TRUE(admit(key, verdict.artifact, verdict.artifact_digest).ok());
  EXPECT_TRUE(store_->Artifact(key).ok());
  // Nothing is known of its gas.
  EXPECT_FALSE(store_->Find(key, kNoLimit)->has_value());
  // Until it is compiled.
  EXPECT_TRUE(store_->Put(verdict, kNoLimit).ok());
  EXPECT_TRUE(store_->Find(key, kNoLimit)->has_value());
}

TEST_F(ArtifactStoreTest, RefusesAContradiction) {
  Verdict verdict = PutAccepted(1);
  verdict.compile_gas += 1;
  EXPECT_TRUE(absl::IsInternal(store_->Put(verdict, kNoLimit)));
  EXPECT_EQ((*store_->Find(KeyOf(verdict), kNoLimit))->compile_gas,
            verdict.compile_gas - 1);
}

TEST_F(ArtifactStoreTest, LearnsMoreAndNeverForgets) {
  Verdict verdict = AcceptedVerdict(1, 1000);
  Verdict little = *AnswerFor(RecordOf(verdict, kNoLimit), 10);
  const Key key = KeyOf(verdict);
  ASSERT_TRUE(store_->Put(little, 10).ok());
  EXPECT_FALSE(store_->Find(key, 11)->has_value());
  little.compile_gas = 500;
  ASSERT_TRUE(store_->Put(little, 500).ok());
  EXPECT_TRUE(store_->Find(key, 11)->has_value());
  ASSERT_TRUE(store_->Put(verdict, kNoLimit).ok());
  little.compile_gas = 20;
  ASSERT_TRUE(store_->Put(little, 20).ok());
  EXPECT_EQ((*store_->Find(key, kNoLimit))->kind, VerdictKind::kAccepted);
}

TEST_F(ArtifactStoreTest, EvictsTheLeastUsedButNothingPinnedOrInUse) {
  const Verdict pinned = PutAccepted(1);
  const Verdict used = PutAccepted(2);
  const Verdict old = PutAccepted(3);
  const Verdict recent = PutAccepted(4);
  ASSERT_TRUE(store_->Pin(KeyOf(pinned), true).ok());
  auto held = store_->Artifact(KeyOf(used));
  ASSERT_TRUE(store_->Find(KeyOf(recent), 1).ok());

  const auto none = store_->Collect(uint64_t{1} << 40);
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->files_removed, 0u);
  // One byte too many: one artifact goes, the one used longest ago.
  ASSERT_TRUE(store_->Collect(none->bytes_before - 1).ok());
  EXPECT_FALSE(fs::exists(ArtifactPath(old)));
  EXPECT_TRUE(fs::exists(ArtifactPath(recent)));
  const auto all = store_->Collect(0);
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE(fs::exists(ArtifactPath(pinned)));
  EXPECT_TRUE(fs::exists(ArtifactPath(used)));
  EXPECT_FALSE(fs::exists(ArtifactPath(recent)));
  EXPECT_TRUE(store_->HasModule(pinned.module_digest));
  EXPECT_FALSE(store_->HasModule(old.module_digest));
  // The verdict is still known.
  EXPECT_TRUE(store_->Find(KeyOf(old), kNoLimit)->has_value());
  held = absl::NotFoundError("");
  ASSERT_TRUE(store_->Collect(0).ok());
  EXPECT_FALSE(fs::exists(ArtifactPath(used)));
}

// What strangers upload leaves records, and no limit of files removes those.
TEST_F(ArtifactStoreTest, EvictsRecordsBeyondTheirShare) {
  Reopen(/*least_records=*/5);
  const Verdict pinned = PutAccepted(1);
  const Verdict stored = PutAccepted(2);
  ASSERT_TRUE(store_->Pin(KeyOf(pinned), true).ok());
  std::vector<Verdict> refused;
  for (uint32_t i = 0; i < 20; ++i) {
    refused.push_back(AcceptedVerdict(100 + i, 50));
    refused[i].kind = VerdictKind::kOutOfGas;
    ASSERT_TRUE(store_->Put(refused[i], 50).ok());
  }
  ASSERT_TRUE(store_->Find(KeyOf(refused[0]), 1).ok());
  // Room for 16.
  const auto report = store_->Collect(16 * 512 * 8);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->records_removed, 6u);
  EXPECT_EQ(store_->List()->size(), 16u);
  EXPECT_TRUE(store_->RecordFor(KeyOf(refused[0])).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->RecordFor(KeyOf(refused[1])).status()));
  EXPECT_TRUE(store_->RecordFor(KeyOf(refused[19])).ok());
  EXPECT_TRUE(store_->RecordFor(KeyOf(stored)).ok());
  // Pinned ones, and the least that stay.
  ASSERT_TRUE(store_->Collect(0).ok());
  EXPECT_EQ(store_->List()->size(), 5u);
  EXPECT_TRUE(store_->RecordFor(KeyOf(pinned)).ok());
}

TEST_F(ArtifactStoreTest, CheckAllFindsEveryDamage) {
  const Verdict good = PutAccepted(1);
  const Verdict bad = PutAccepted(2);
  Damage(ArtifactPath(bad));
  const auto report = store_->CheckAll();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->records, 2u);
  EXPECT_EQ(report->modules, 2u);
  EXPECT_EQ(report->artifacts, 1u);
  EXPECT_EQ(report->quarantined, 1u);
}

// Whatever the process was called: its id may be ours now.
TEST_F(ArtifactStoreTest, RemovesWhatADeadProcessWasWriting) {
  const std::string dead =
      folder_ + "/scratch/" + std::to_string(getpid()) + "-0";
  const std::string alive = folder_ + "/scratch/alive";
  std::ofstream(dead) << "half";
  const int writer = open(alive.c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(flock(writer, LOCK_EX), 0);
  Reopen();
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(alive));
  close(writer);
  Reopen();
  EXPECT_FALSE(fs::exists(alive));
}

// LMDB's own way of making a file leaves one that is none after a power loss.
TEST_F(ArtifactStoreTest, AnIndexThatWasBeingMadeIsMadeAgain) {
  store_.reset();
  fs::remove_all(folder_ + "/index");
  fs::create_directory(folder_ + "/index");
  std::ofstream(folder_ + "/index/new-1-2") << std::string(8192, '\0');
  Reopen();
  const Verdict verdict = PutAccepted(1);
  Reopen();
  EXPECT_TRUE(store_->Find(KeyOf(verdict), kNoLimit)->has_value());
  EXPECT_FALSE(fs::exists(folder_ + "/index/new-1-2"));
}

// Killed at any moment, a store holds only what is sound.
TEST_F(ArtifactStoreTest, SurvivesBeingKilled) {
  std::vector<Verdict> verdicts;
  for (uint32_t i = 0; i < 4; ++i) verdicts.push_back(AcceptedVerdict(i, 9));
  store_.reset();
  for (int round = 0; round < 30; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      auto store = ArtifactStore::Open({.folder = folder_});
      if (!store.ok()) _exit(1);
      while (true) {
        for (uint32_t i = 0; i < 4; ++i) {
          if (!(*store)->PutModule(TestModule(i)).ok()) _exit(1);
          if (!(*store)->Put(verdicts[i], kNoLimit).ok()) _exit(1);
          fs::remove(ArtifactPath(verdicts[i]));
        }
      }
    }
    usleep(static_cast<useconds_t>(1000 * (1 + round)));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the store failed by itself";
    Reopen();
    const auto report = store_->CheckAll();
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->quarantined, 0u) << round;
    store_.reset();
  }
}

class ArchiveTest : public ArtifactStoreTest {
 protected:
  std::string Stream() {
    std::string stream;
    const auto report = Export(*store_, [&](std::string_view chunk) {
      EXPECT_LE(chunk.size(), kChunkBytes);
      stream += chunk;
      return absl::OkStatus();
    });
    EXPECT_TRUE(report.ok()) << report.status();
    return stream;
  }

  static absl::StatusOr<TransferReport> ImportFrom(ArtifactStore& store,
                                                   const std::string& stream,
                                                   Trust trust) {
    size_t at = 0;
    return Import(store, trust, [&]() -> absl::StatusOr<std::string> {
      std::string piece = stream.substr(at, 777);
      at += piece.size();
      return piece;
    });
  }

  static std::unique_ptr<ArtifactStore> Empty() {
    return *ArtifactStore::Open({.folder = TestFolder()});
  }
};

TEST_F(ArchiveTest, CarriesAStoreToAnother) {
  const Verdict verdict = PutAccepted(1);
  PutAccepted(2);
  const std::string stream = Stream();
  auto trusting = Empty();
  const auto report = ImportFrom(*trusting, stream, Trust::kVerdicts);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->modules, 2u);
  EXPECT_EQ(report->artifacts, 2u);
  EXPECT_EQ(report->verdicts, 2u);
  EXPECT_TRUE(trusting->Find(KeyOf(verdict), kNoLimit)->has_value());

  auto careful = Empty();
  ASSERT_TRUE(ImportFrom(*careful, stream, Trust::kNothing).ok());
  EXPECT_FALSE(careful->Find(KeyOf(verdict), kNoLimit)->has_value());
  EXPECT_TRUE(careful->Artifact(KeyOf(verdict)).ok());
}

TEST_F(ArchiveTest, RefusesAStreamThatIsCutOrAltered) {
  PutAccepted(1);
  const std::string stream = Stream();
  for (size_t size = 0; size < stream.size(); size += 1 + size / 7) {
    EXPECT_FALSE(
        ImportFrom(*Empty(), stream.substr(0, size), Trust::kVerdicts).ok())
        << size;
  }
  for (size_t at = 0; at < stream.size(); at += 1 + stream.size() / 40) {
    std::string altered = stream;
    altered[at] = static_cast<char>(altered[at] ^ 0x10);
    EXPECT_FALSE(ImportFrom(*Empty(), altered, Trust::kVerdicts).ok()) << at;
  }
}

}  // namespace
}  // namespace ingot::store
