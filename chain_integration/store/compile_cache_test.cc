// Many who ask for the same. In: a compiler that counts. Holds: each answer is
// what a compilation of its own gives, and there is one.

#include "chain_integration/store/compile_cache.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "chain_integration/store/test_verdicts.h"
#include "gtest/gtest.h"
#include "metering/gas.h"

namespace ingot::store {
namespace {

using sandbox::Verdict;
using sandbox::VerdictKind;

constexpr uint64_t kNoLimit = uint64_t{1} << 62;
constexpr uint64_t kGas = 100000;

class CompileCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = ArtifactStore::Open({.folder = folder_});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    ASSERT_TRUE(store_->PutModule(TestModule(0)).ok());
  }

  CompileFunction Compiler() {
    return [this](const CompileTask& task) -> absl::StatusOr<Verdict> {
      ++compilations_;
      std::this_thread::sleep_for(delay_);
      if (faults_ > 0) {
        --faults_;
        return absl::UnavailableError("a worker died");
      }
      Verdict verdict = *AnswerFor(RecordOf(verdict_, kNoLimit),
                                   task.gas_limit);
      if (verdict.kind == VerdictKind::kAccepted) {
        verdict.artifact = verdict_.artifact;
      }
      return verdict;
    };
  }

  // What a compilation of its own gives.
  Verdict Oracle(uint64_t limit) {
    Verdict verdict = *AnswerFor(RecordOf(verdict_, kNoLimit), limit);
    return verdict;
  }

  const std::string folder_ = TestFolder();
  const Verdict verdict_ = AcceptedVerdict(0, kGas);
  const Key key_ = KeyOf(verdict_);
  std::unique_ptr<ArtifactStore> store_;
  std::atomic<int> compilations_{0};
  std::atomic<int> faults_{0};
  std::chrono::milliseconds delay_{0};
};

TEST_F(CompileCacheTest, AThousandRequestsShareOneCompilation) {
  for (const uint32_t threads : {1u, 8u}) {
    const std::string folder = TestFolder();
    store_ = *ArtifactStore::Open({.folder = folder});
    ASSERT_TRUE(store_->PutModule(TestModule(0)).ok());
    compilations_ = 0;
    delay_ = std::chrono::milliseconds(30);
    CompileCache cache(*store_, {.compile = Compiler(), .threads = threads});
    std::atomic<int> right{0}, cancelled{0};
    std::vector<std::thread> callers;
    // 50 threads of 20 requests, 100 limits around the true gas, some of which
    // give up.
    for (int i = 0; i < 50; ++i) {
      callers.emplace_back([&, i] {
        for (int j = 0; j < 20; ++j) {
          const int number = i * 20 + j;
          const uint64_t limit = kGas - 50 + number % 100;
          const bool gives_up = number % 7 == 0;
          const auto answer = cache.Compile(
              key_, limit, number % 3 == 0 ? Lane::kBlock : Lane::kNormal,
              [&] { return gives_up; });
          if (answer.ok()) {
            EXPECT_EQ(answer->verdict, Oracle(limit)) << limit;
            ++right;
          } else {
            EXPECT_TRUE(absl::IsCancelled(answer.status()) && gives_up);
            ++cancelled;
          }
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(right + cancelled, 1000);
    EXPECT_EQ(compilations_, 1);
  }
}

TEST_F(CompileCacheTest, AFaultIsGivenToThoseWhoWaitAndForgotten) {
  faults_ = 1;
  CompileCache cache(*store_, {.compile = Compiler()});
  EXPECT_TRUE(absl::IsUnavailable(
      cache.Compile(key_, kNoLimit, Lane::kNormal).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->RecordFor(key_).status()));
  const auto answer = cache.Compile(key_, kNoLimit, Lane::kNormal);
  ASSERT_TRUE(answer.ok());
  EXPECT_FALSE(answer->cached);
  EXPECT_TRUE(cache.Compile(key_, 5, Lane::kNormal)->cached);
}

TEST_F(CompileCacheTest, ALargerLimitIsTriedWhenTheFirstWasTooSmall) {
  CompileCache cache(*store_, {.compile = Compiler(), .shared_gas_limit = 10});
  EXPECT_EQ(cache.Compile(key_, 5, Lane::kNormal)->verdict, Oracle(5));
  EXPECT_EQ(cache.Compile(key_, 10, Lane::kNormal)->verdict, Oracle(10));
  EXPECT_EQ(compilations_, 1);
  EXPECT_EQ(cache.Compile(key_, kGas, Lane::kNormal)->verdict, Oracle(kGas));
  EXPECT_EQ(compilations_, 2);
}

TEST_F(CompileCacheTest, RefusesMoreThanMayWaitButNeverABlock) {
  CompileCache cache(*store_, {.compile = Compiler(), .max_waiting = 0});
  EXPECT_TRUE(absl::IsAborted(
      cache.Compile(key_, kNoLimit, Lane::kNormal).status()));
  EXPECT_TRUE(cache.Compile(key_, kNoLimit, Lane::kBlock).ok());
}

TEST_F(CompileCacheTest, BuildsAMissingArtifactAgain) {
  CompileCache cache(*store_, {.compile = Compiler()});
  ASSERT_TRUE(cache.Compile(key_, kNoLimit, Lane::kNormal).ok());
  ASSERT_TRUE(
      Remove(folder_ + "/artifacts/" + verdict_.artifact_digest.Hex()).ok());
  size_t progress = 0;
  EXPECT_TRUE(cache.Ensure(std::vector<Key>{key_}, Lane::kBlock,
                           [&](size_t done, size_t) { progress = done; })
                  .ok());
  EXPECT_EQ(progress, 1u);
  EXPECT_EQ(compilations_, 2);
  EXPECT_EQ(cache.counters().rebuilds, 1u);
  EXPECT_EQ((*cache.Artifact(key_, std::nullopt, Lane::kBlock))->digest(),
            verdict_.artifact_digest);
  EXPECT_EQ(compilations_, 2);
}

TEST_F(CompileCacheTest, BuildsAgainWhatNeededMoreThanTheSharedLimit) {
  CompileCache cache(*store_,
                     {.compile = Compiler(), .shared_gas_limit = kGas / 2});
  ASSERT_TRUE(cache.Compile(key_, kGas, Lane::kNormal).ok());
  ASSERT_TRUE(
      Remove(folder_ + "/artifacts/" + verdict_.artifact_digest.Hex()).ok());
  EXPECT_TRUE(cache.Artifact(key_, std::nullopt, Lane::kNormal).ok());
  EXPECT_EQ(compilations_, 2);
}

TEST_F(CompileCacheTest, TheBlockLaneHasAThreadOfItsOwn) {
  ASSERT_TRUE(store_->PutModule(TestModule(1)).ok());
  const Verdict other = AcceptedVerdict(1, kGas);
  std::atomic<bool> block_done{false};
  CompileCache cache(
      *store_, {.compile =
                    [&](const CompileTask& task) -> absl::StatusOr<Verdict> {
                      if (task.lane == Lane::kBlock) return other;
                      // Ends only after the block lane was served.
                      while (!block_done) std::this_thread::yield();
                      return verdict_;
                    },
                .threads = 1,
                .block_threads = 1});
  std::thread normal([&] {
    EXPECT_TRUE(cache.Compile(key_, kNoLimit, Lane::kNormal).ok());
  });
  while (cache.counters().compilations == 0) std::this_thread::yield();
  EXPECT_TRUE(cache.Compile(KeyOf(other), kNoLimit, Lane::kBlock).ok());
  EXPECT_EQ(cache.OldestWait().count(), 0);
  block_done = true;
  normal.join();
}

TEST_F(CompileCacheTest, WhatNobodyWaitsForIsNotCompiled) {
  ASSERT_TRUE(store_->PutModule(TestModule(1)).ok());
  delay_ = std::chrono::milliseconds(200);
  CompileCache cache(*store_, {.compile = Compiler()});
  std::thread first([&] {
    EXPECT_TRUE(cache.Compile(key_, kNoLimit, Lane::kNormal).ok());
  });
  while (compilations_ == 0) std::this_thread::yield();
  // It waits behind the first, and its only client goes away.
  const Key other = KeyOf(AcceptedVerdict(1, kGas));
  EXPECT_TRUE(absl::IsCancelled(
      cache.Compile(other, kNoLimit, Lane::kNormal, [] { return true; })
          .status()));
  first.join();
  while (cache.Waiting() > 0) std::this_thread::yield();
  EXPECT_EQ(compilations_, 1);
}

TEST_F(CompileCacheTest, AClientWithManyTasksDoesNotKeepOthersWaiting) {
  constexpr uint32_t kMany = 8;
  std::vector<Key> keys;
  for (uint32_t i = 0; i <= kMany; ++i) {
    ASSERT_TRUE(store_->PutModule(TestModule(i)).ok());
    keys.push_back(KeyOf(AcceptedVerdict(i, kGas)));
  }
  std::vector<Key> order;
  std::atomic<size_t> begun{0};
  CompileCache cache(*store_, {.compile = [&](const CompileTask& task)
                                   -> absl::StatusOr<Verdict> {
                       ++begun;
                       std::this_thread::sleep_for(
                           std::chrono::milliseconds(30));
                       order.push_back(task.key);
                       return absl::UnavailableError("seen");
                     },
                               .max_waiting = kMany + 1});
  std::vector<std::thread> callers;
  const auto ask = [&](const Key& key, const std::string& client) {
    callers.emplace_back([&cache, key, client] {
      EXPECT_FALSE(
          cache.Compile(key, kNoLimit, Lane::kNormal, {}, client).ok());
    });
  };
  for (uint32_t i = 0; i < kMany; ++i) ask(keys[i], "many");
  while (cache.Waiting() + begun < kMany) std::this_thread::yield();
  const size_t before = begun;
  ask(keys[kMany], "one");
  for (std::thread& caller : callers) caller.join();
  const auto place = std::find(order.begin(), order.end(), keys[kMany]);
  // Behind those that have begun, and at most two while it came.
  EXPECT_LE(static_cast<size_t>(place - order.begin()), before + 2);
  EXPECT_EQ(order.size(), kMany + 1u);
}

TEST_F(CompileCacheTest, AnUnknownModuleIsNotFound) {
  CompileCache cache(*store_, {.compile = Compiler()});
  Key other = key_;
  other.module = Sha256({});
  EXPECT_TRUE(absl::IsNotFound(
      cache.Compile(other, kNoLimit, Lane::kNormal).status()));
}

TEST_F(CompileCacheTest, AVerdictOfAnotherKeyIsAFault) {
  CompileCache cache(
      *store_, {.compile = [&](const CompileTask&) -> absl::StatusOr<Verdict> {
        Verdict verdict = verdict_;
        verdict.profile_digest = Sha256({});
        return verdict;
      }});
  EXPECT_TRUE(absl::IsInternal(
      cache.Compile(key_, kNoLimit, Lane::kNormal).status()));
}

}  // namespace
}  // namespace ingot::store
