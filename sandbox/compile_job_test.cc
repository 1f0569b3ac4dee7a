// Every ending of a compile job, brought about by a scripted compiler behind
// the real entry points (scripted_compiler.cc), on both engines. In: scripts.
// Holds: the verdict and its gas follow DESIGN's fold, for any limit, any
// number of threads and both engines.

#include "sandbox/compile_job.h"

#include <string>
#include <vector>

#include "compiler/wasm32/abi.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/compiler_loader.h"
#include "sandbox/test_modules.h"

namespace ingot::sandbox {
namespace {

using ::testing::ElementsAre;

constexpr char kScriptedCompiler[] = "sandbox/scripted_compiler_wasm.wasm";

// What a step of a script does; see scripted_compiler.cc.
enum Action : uint8_t {
  kNone,
  kWork,
  kRefuse,
  kAllocate,
  kTrap,
  kLoop,
  kRecurse,
  kBadOutput,
  kBadCode,
  kScribble,
};
using Script = std::vector<uint8_t>;

Profile ProfileWithPages(uint32_t pages) {
  Profile profile;
  profile.compiler_memory_pages = pages;
  return profile;
}

class CompileJobTest : public testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override {
    auto compiler =
        LoadCompiler(GetParam(), ReadFile(kScriptedCompiler), Profile());
    ASSERT_TRUE(compiler.ok()) << compiler.status();
    compiler_ = *std::move(compiler);
  }

  Verdict Compile(const Script& script, JobOptions options = {},
                  uint32_t pages = 100) {
    options.verify = false;
    absl::StatusOr<Verdict> verdict = CompileInSandbox(
        compiler_, script, ProfileWithPages(pages), options);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return verdict.ok() ? *std::move(verdict) : Verdict();
  }

  SandboxedCompiler compiler_;
};

INSTANTIATE_TEST_SUITE_P(Engines, CompileJobTest,
                         testing::Values(EngineKind::kNative,
                                         EngineKind::kInterpreter),
                         [](const auto& info) {
                           return info.param == EngineKind::kNative
                                      ? "Native"
                                      : "Interpreter";
                         });

TEST_P(CompileJobTest, AcceptsAndStartsEachBatchFromThePlan) {
  // The first batch grows the memory; the second does not see it.
  const Verdict verdict =
      Compile({2, kAllocate, 5, kAllocate, 7, kWork, 1, kNone, 0});
  EXPECT_EQ(verdict.kind, VerdictKind::kAccepted);
  EXPECT_EQ(verdict.code, Code::kOk);
  ASSERT_EQ(verdict.artifact.size(), 13u);
  const uint8_t pages = verdict.artifact[4];
  EXPECT_GT(pages, 5);
  EXPECT_THAT(verdict.artifact,
              ElementsAre(7, 'b', 0, 8, pages, 0, 0, 'b', 1, 8, pages, 0, 0));
  EXPECT_EQ(verdict.artifact_digest, Sha256(verdict.artifact));
  EXPECT_EQ(verdict.compiler_digest, Sha256(ReadFile(kScriptedCompiler)));
}

// Jobs leave their instances to later ones; what they leave in them must not
// show. Each batch tells its page count and a byte that nothing wrote to.
TEST_P(CompileJobTest, NothingOfAJobIsLeftForTheNext) {
  const Script script = {2, kAllocate, 3, kAllocate, 2, kWork, 1, kNone, 0};
  const Verdict first = Compile(script);
  ASSERT_EQ(first.kind, VerdictKind::kAccepted);
  for (const Script& before : {
           Script{1, kScribble, 90, kScribble, 4, kScribble, 1},
           Script{3, kNone, 0, kScribble, 30, kScribble, 80, kNone, 0},
           Script{1, kRefuse, 9},
           Script{1, kScribble, 2, kTrap, 0},
           Script{2, kNone, 0, kRecurse, 0},
           Script{1, kNone, 0, kAllocate, 200},
       }) {
    for (const uint32_t threads : {1u, 3u}) {
      (void)Compile(before, {.threads = threads});
      EXPECT_EQ(Compile(script, {.threads = threads}), first);
    }
  }
  // Nor of one that ran out of gas anywhere.
  const Script scribble = {1, kScribble, 20, kScribble, 20, kScribble, 20};
  const uint64_t gas = Compile(scribble).compile_gas;
  for (uint64_t part = 0; part < 8; ++part) {
    (void)Compile(scribble, {.gas_limit = gas * part / 8});
    EXPECT_EQ(Compile(script), first);
    EXPECT_EQ(Compile(script, {.gas_limit = first.compile_gas - 1}).kind,
              VerdictKind::kOutOfGas);
  }
}

// What the script writes is no artifact.
TEST_P(CompileJobTest, WhatTheVerifierRefusesIsCompilerDefect) {
  const Script script = {0, kWork, 1};
  const auto verdict =
      CompileInSandbox(compiler_, script, ProfileWithPages(100), {});
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->kind, VerdictKind::kRejected);
  EXPECT_EQ(verdict->code, Code::kCompilerDefect);
  EXPECT_TRUE(verdict->artifact.empty());
}

TEST_P(CompileJobTest, AcceptsWithoutBatches) {
  const Verdict verdict = Compile({0, kWork, 1});
  EXPECT_EQ(verdict.kind, VerdictKind::kAccepted);
  EXPECT_THAT(verdict.artifact, ElementsAre(7));
}

TEST_P(CompileJobTest, TheLimitChangesNothingUntilItIsTooSmall) {
  const Script script = {3,         kWork, 2,     kWork, 3,    kAllocate,
                         4,         kWork, 1,     kWork, 2};
  const Verdict unlimited = Compile(script);
  ASSERT_EQ(unlimited.kind, VerdictKind::kAccepted);
  const uint64_t gas = unlimited.compile_gas;
  EXPECT_GT(gas, 8000u);
  EXPECT_EQ(Compile(script, {.gas_limit = 2 * gas}), unlimited);
  EXPECT_EQ(Compile(script, {.gas_limit = gas}), unlimited);
  for (const uint64_t limit : {gas - 1, gas / 2, gas / 4, gas / 20,
                               uint64_t{1}, uint64_t{0}}) {
    const Verdict verdict = Compile(script, {.gas_limit = limit});
    EXPECT_EQ(verdict.kind, VerdictKind::kOutOfGas) << limit;
    EXPECT_EQ(verdict.compile_gas, limit);
    EXPECT_EQ(verdict.code, Code::kOk);
    EXPECT_TRUE(verdict.artifact.empty());
  }
}

TEST_P(CompileJobTest, EachNonSuccessHasAnExactGasToo) {
  for (const Script& script : {
           Script{1, kRefuse, 9},
           Script{1, kTrap, 0},
           Script{1, kNone, 0, kAllocate, 200},
           Script{1, kNone, 0, kTrap, 0},
           Script{1, kNone, 0, kWork, 1, kRecurse, 0},
       }) {
    const Verdict unlimited = Compile(script);
    ASSERT_NE(unlimited.kind, VerdictKind::kAccepted);
    const uint64_t gas = unlimited.compile_gas;
    EXPECT_EQ(Compile(script, {.gas_limit = gas}), unlimited);
    EXPECT_EQ(Compile(script, {.gas_limit = gas - 1}).kind,
              VerdictKind::kOutOfGas);
  }
}

TEST_P(CompileJobTest, RefusalOfThePlanIsRejected) {
  const Verdict verdict = Compile({2, kRefuse, 77});
  EXPECT_EQ(verdict.kind, VerdictKind::kRejected);
  EXPECT_EQ(verdict.code, Code::kTypeMismatch);
  EXPECT_EQ(verdict.function, 0u);
  EXPECT_EQ(verdict.offset, 77u);
  EXPECT_EQ(verdict.defect, Defect());
}

TEST_P(CompileJobTest, MemoryEndsAtTheProfilesPagesInEachStep) {
  for (const Script& script : {
           Script{1, kAllocate, 101},
           Script{1, kNone, 0, kAllocate, 101},
           Script{1, kNone, 0, kNone, 0, kAllocate, 101},
       }) {
    const Verdict verdict = Compile(script);
    EXPECT_EQ(verdict.kind, VerdictKind::kOutOfMemory);
    EXPECT_EQ(verdict.code, Code::kOutOfMemory);
    EXPECT_GT(verdict.compile_gas, 0u);
    EXPECT_EQ(Compile(script, {}, 200).kind, VerdictKind::kAccepted);
  }
}

TEST_P(CompileJobTest, InputThatDoesNotFitIsOutOfMemory) {
  Script script = {0};
  script.resize(100 * 65536);
  EXPECT_EQ(Compile(script).kind, VerdictKind::kOutOfMemory);
  EXPECT_EQ(Compile(script, {}, 200).kind, VerdictKind::kAccepted);
}

TEST_P(CompileJobTest, MemorySmallerThanTheCompilersOwnIsOutOfMemory) {
  const Verdict verdict = Compile({0}, {}, 2);
  EXPECT_EQ(verdict.kind, VerdictKind::kOutOfMemory);
  EXPECT_EQ(verdict.compile_gas,
            wasm32::kHostGasPerJob + wasm32::kHostGasPerModuleByte);
}

// Bytes of a module that nobody looks at cost their price and nothing else.
TEST_P(CompileJobTest, TheHostsWorkIsPricedByItsSize) {
  Script script = {0, kWork, 1};
  script.resize(1000);
  const Verdict small = Compile(script);
  script.resize(2000);
  const Verdict large = Compile(script);
  ASSERT_EQ(large.kind, VerdictKind::kAccepted);
  EXPECT_EQ(large.artifact, small.artifact);
  EXPECT_EQ(large.compile_gas - small.compile_gas,
            1000 * wasm32::kHostGasPerModuleByte);
  // A batch more costs its instance and each page that the plan left.
  const Verdict one = Compile({1, kAllocate, 9, kNone, 0});
  const Verdict two = Compile({2, kAllocate, 9, kNone, 0});
  ASSERT_EQ(two.kind, VerdictKind::kAccepted);
  EXPECT_GT(two.compile_gas - one.compile_gas,
            wasm32::kHostGasPerBatch + 9 * wasm32::kHostGasPerPlanPage);
}

TEST_P(CompileJobTest, MemoryGrowsWithThePlanOnly) {
  // 60 pages in the plan and 30 in each of three batches fit into 100.
  const Script script = {3,         kAllocate, 60,        kAllocate, 30,
                         kAllocate, 30,        kAllocate, 30};
  EXPECT_EQ(Compile(script).kind, VerdictKind::kAccepted);
}

TEST_P(CompileJobTest, TrapIsCompilerDefectInEachStep) {
  for (const Script& script : {
           Script{1, kTrap, 0},
           Script{1, kNone, 0, kTrap, 0},
           Script{1, kNone, 0, kNone, 0, kTrap, 0},
       }) {
    const Verdict verdict = Compile(script);
    EXPECT_EQ(verdict.kind, VerdictKind::kRejected);
    EXPECT_EQ(verdict.code, Code::kCompilerDefect);
    EXPECT_EQ(verdict.function, kNowhere);
    EXPECT_EQ(verdict.offset, kNowhere);
    EXPECT_EQ(verdict.defect.trap, TrapCode::kUnreachable);
    EXPECT_NE(verdict.defect.function, kNowhere);
  }
}

TEST_P(CompileJobTest, StackOverflowIsCompilerDefect) {
  const Verdict verdict = Compile({1, kNone, 0, kRecurse, 0});
  EXPECT_EQ(verdict.code, Code::kCompilerDefect);
  // Either the budget of stack units ends first or the shadow stack in linear
  // memory; which one is fixed by compiler.wasm.
  EXPECT_THAT(verdict.defect.trap,
              testing::AnyOf(TrapCode::kStackOverflow,
                             TrapCode::kOutOfBoundsMemory));
}

TEST_P(CompileJobTest, NonsenseOfTheCompilerIsCompilerDefect) {
  for (const Script& script : {
           Script{1, kBadCode, 0},
           Script{1, kNone, 0, kBadCode, 0},
           Script{1, kNone, 0, kRefuse, 1},  // no batch may reject
           Script{1, kNone, 0, kNone, 0, kRefuse, 1},
           Script{1, kNone, 0, kBadOutput, 0},
           Script{1, kNone, 0, kNone, 0, kBadOutput, 0},
           Script{200, kNone, 0},  // more batches than bytes
       }) {
    const Verdict verdict = Compile(script);
    EXPECT_EQ(verdict.kind, VerdictKind::kRejected);
    EXPECT_EQ(verdict.code, Code::kCompilerDefect);
    EXPECT_EQ(verdict.offset, kNowhere);
  }
}

TEST_P(CompileJobTest, EndlessLoopRunsOutOfGas) {
  for (const Script& script :
       {Script{1, kLoop, 0}, Script{1, kNone, 0, kLoop, 0}}) {
    const Verdict verdict = Compile(script, {.gas_limit = 5'000'000});
    EXPECT_EQ(verdict.kind, VerdictKind::kOutOfGas);
    EXPECT_EQ(verdict.compile_gas, 5'000'000u);
  }
}

TEST_P(CompileJobTest, TheFirstNonSuccessInOrderDecidesWithAnyThreads) {
  for (const Script& script : {
           Script{4, kNone, 0, kWork, 9, kWork, 2, kAllocate, 200, kTrap, 0},
           Script{4, kNone, 0, kWork, 9, kTrap, 0, kAllocate, 200, kTrap, 0},
           Script{4, kWork, 1, kWork, 3, kWork, 2, kWork, 1, kAllocate, 3},
       }) {
    const Verdict unlimited = Compile(script);
    const uint64_t gas = unlimited.compile_gas;
    for (const uint32_t threads : {2u, 4u, 9u}) {
      EXPECT_EQ(Compile(script, {.threads = threads}), unlimited);
      EXPECT_EQ(Compile(script, {.gas_limit = gas, .threads = threads}),
                unlimited);
      EXPECT_EQ(
          Compile(script, {.gas_limit = gas - 1, .threads = threads}),
          Compile(script, {.gas_limit = gas - 1}));
      EXPECT_EQ(
          Compile(script, {.gas_limit = gas / 2, .threads = threads}),
          Compile(script, {.gas_limit = gas / 2}));
    }
  }
}

TEST(CompilerLoaderTest, RefusesWhatIsNoCompiler) {
  const std::vector<uint8_t> text = {'t', 'e', 'x', 't'};
  EXPECT_EQ(LoadInterpretedCompiler(text, Profile()).status().code(),
            absl::StatusCode::kInvalidArgument);

  // A module, but not a compiler: it has no exports.
  const std::vector<uint8_t> empty = {0, 'a', 's', 'm', 1, 0, 0, 0};
  const auto compiler = LoadInterpretedCompiler(empty, Profile());
  ASSERT_TRUE(compiler.ok()) << compiler.status();
  EXPECT_EQ(CompileInSandbox(*compiler, text, Profile()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(VerdictTest, NamesAreThoseOfTheInterface) {
  EXPECT_EQ(VerdictName(VerdictKind::kAccepted), "accepted");
  EXPECT_EQ(VerdictName(VerdictKind::kRejected), "rejected");
  EXPECT_EQ(VerdictName(VerdictKind::kOutOfGas), "out_of_gas");
  EXPECT_EQ(VerdictName(VerdictKind::kOutOfMemory), "out_of_memory");
}

}  // namespace
}  // namespace ingot::sandbox
