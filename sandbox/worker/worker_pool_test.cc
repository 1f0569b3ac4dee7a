// Workers, good ones and every kind of bad one. In: test_worker's ways to go
// wrong. Holds: a verdict is the one that the sandbox gives in this process, or
// there is none.

#include "sandbox/worker/worker_pool.h"

#include <dirent.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/quote_job.h"
#include "sandbox/test_modules.h"

namespace ingot::sandbox {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kNoLimit = uint64_t{1} << 62;
constexpr char kProgram[] = "sandbox/worker/test_worker";

class WorkerPoolTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto artifact = BuildCompilerArtifact(EmbeddedCompilerWasm(), Profile());
    ASSERT_TRUE(artifact.ok()) << artifact.status();
    artifact_ = new std::vector<uint8_t>(*std::move(artifact));
  }

  std::unique_ptr<WorkerPool> Pool(const std::string& way, int times,
                                   WorkerOptions options = {}) {
    options.command = {kProgram, way, std::to_string(times), "worker"};
    options.ready = 1;
    options.max_reply_bytes = 64 << 20;
    options.log = [this](const std::string& line) { log_ += line + "\n"; };
    auto pool = WorkerPool::Create(EmbeddedCompilerWasm(), *artifact_,
                                   Profile(), options);
    EXPECT_TRUE(pool.ok()) << pool.status();
    return pool.ok() ? *std::move(pool) : nullptr;
  }

  static Verdict Oracle(const std::vector<uint8_t>& module, uint64_t limit) {
    auto compiler = EmbeddedCompiler(EngineKind::kNative, Profile());
    return *CompileInSandbox(**compiler, module, Profile(),
                             {.gas_limit = limit});
  }

  static inline std::vector<uint8_t>* artifact_ = nullptr;
  const std::vector<uint8_t> module_ = SyntheticModule(3, 5);
  std::string log_;
};

TEST_F(WorkerPoolTest, GivesTheVerdictsOfTheSandbox) {
  auto pool = Pool("none", 0);
  const Verdict verdict = Oracle(module_, kNoLimit);
  EXPECT_EQ(verdict.kind, VerdictKind::kAccepted);
  for (const uint64_t limit :
       {kNoLimit, verdict.compile_gas, verdict.compile_gas - 1, uint64_t{0}}) {
    const auto answer = pool->Compile(module_, Profile(), limit);
    ASSERT_TRUE(answer.ok()) << answer.status() << log_;
    EXPECT_EQ(*answer, Oracle(module_, limit)) << limit;
  }
  const std::vector<uint8_t> garbage = {1, 2, 3};
  EXPECT_EQ(*pool->Compile(garbage, Profile(), kNoLimit),
            Oracle(garbage, kNoLimit));
  EXPECT_EQ(pool->counters().lost, 0u);
}

TEST_F(WorkerPoolTest, GivesTheLostJobToAnotherWorker) {
  const Verdict verdict = Oracle(module_, kNoLimit);
  // Ways, and what the log says of them.
  const std::map<std::string, std::string> ways = {
      {"kill", "signal 31"},        {"segv", "signal 11"},
      {"abort", "signal 6"},        {"exit", "code 3"},
      {"quiet", "damaged"},         {"file", "signal 31"},
      {"socket", "signal 31"},      {"truncate", "damaged"},
      {"flip", "damaged"},          {"oversize", "signal 25"},
      {"empty", "damaged"},         {"lie_nonce", "another job"},
      {"lie_module", "another job"}, {"lie_gas", "cannot be"},
      {"lie_artifact", "refused"},  {"lie_fault", "no memory"},
      {"stop", "was stopped"},      {"stop_reply", "was stopped"},
      {"sleep", "slept"},           {"sleep_reply", "slept"},
  };
  for (const auto& [way, expected] : ways) {
    log_.clear();
    auto pool = Pool(way, 1);
    const auto answer = pool->Compile(module_, Profile(), kNoLimit);
    ASSERT_TRUE(answer.ok()) << way << answer.status();
    EXPECT_EQ(*answer, verdict) << way;
    EXPECT_EQ(pool->counters().lost, 1u) << way;
    EXPECT_NE(log_.find(expected), std::string::npos) << way << ": " << log_;
  }
}

// What the worker says of a quote, in this process.
QuoteReply QuoteOracle(const std::vector<uint8_t>& module, uint64_t limit) {
  auto compiler = EmbeddedCompiler(EngineKind::kNative, Profile());
  const auto quote = *QuoteInSandbox(**compiler, module, Profile(), limit);
  return {quote.verdict, quote.lower_gas, quote.upper_gas, quote.quote_gas};
}

TEST_F(WorkerPoolTest, GivesTheQuotesOfTheSandbox) {
  auto pool = Pool("none", 0);
  const QuoteReply quote = QuoteOracle(module_, kNoLimit);
  EXPECT_EQ(quote.verdict.kind, VerdictKind::kAccepted);
  const std::vector<uint8_t> garbage = {1, 2, 3};
  for (const auto& module : {module_, garbage}) {
    for (const uint64_t limit :
         {~uint64_t{0}, quote.quote_gas, quote.quote_gas - 1, uint64_t{0}}) {
      const auto answer = pool->Quote(module, Profile(), limit);
      ASSERT_TRUE(answer.ok()) << answer.status() << log_;
      EXPECT_EQ(*answer, QuoteOracle(module, limit)) << limit;
    }
  }
  EXPECT_EQ(pool->counters().lost, 0u);
}

TEST_F(WorkerPoolTest, AQuoteThatIsLostOrCannotBeIsAskedAgain) {
  const QuoteReply quote = QuoteOracle(module_, kNoLimit);
  const std::map<std::string, std::string> ways = {
      {"segv", "signal 11"},          {"truncate", "damaged"},
      {"lie_module", "another job"},  {"lie_gas", "cannot be"},
      {"lie_little_gas", "cannot be"}, {"lie_bounds", "cannot be"},
  };
  for (const auto& [way, expected] : ways) {
    log_.clear();
    auto pool = Pool(way, 1);
    const auto answer = pool->Quote(module_, Profile(), kNoLimit);
    ASSERT_TRUE(answer.ok()) << way << answer.status();
    EXPECT_EQ(*answer, quote) << way;
    EXPECT_NE(log_.find(expected), std::string::npos) << way << ": " << log_;
  }
}

TEST_F(WorkerPoolTest, AHungWorkerIsKilledAndNeverAVerdict) {
  auto pool = Pool("hang", 9, {.attempts = 2,
                               .job_time = milliseconds(200),
                               .start_time = milliseconds(1800)});
  EXPECT_TRUE(absl::IsUnavailable(
      pool->Compile(module_, Profile(), kNoLimit).status()));
  EXPECT_EQ(pool->counters().lost, 2u);
  EXPECT_NE(log_.find("no reply in time"), std::string::npos);
}

// A stopped worker says nothing and does not end; neither does one that waits
// for ever, or that never comes as far as to take a job.
TEST_F(WorkerPoolTest, NobodyWaitsForAWorkerThatDoesNothing) {
  for (const char* const way : {"stop", "stop_reply", "sleep", "sleep_reply"}) {
    auto pool = Pool(way, 1);
    const auto began = std::chrono::steady_clock::now();
    const auto answer = pool->Compile(module_, Profile(), kNoLimit);
    ASSERT_TRUE(answer.ok()) << answer.status() << log_;
    EXPECT_LT(std::chrono::steady_clock::now() - began,
              std::chrono::seconds(30))
        << way << log_;
  }
  // The job's own time is not what such a worker costs.
  auto pool = Pool("late", 100,
                   {.attempts = 1, .start_time = milliseconds(1500)});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(absl::IsUnavailable(
      pool->Compile(module_, Profile(), kNoLimit).status()));
  EXPECT_LT(std::chrono::steady_clock::now() - began,
            std::chrono::seconds(30));
}

TEST_F(WorkerPoolTest, SpentTriesAreAFault) {
  auto pool = Pool("abort", 9);
  EXPECT_TRUE(absl::IsUnavailable(
      pool->Compile(module_, Profile(), kNoLimit).status()));
  EXPECT_EQ(pool->counters().lost, 3u);
}

// A lie that only a second opinion finds.
TEST_F(WorkerPoolTest, ASecondWorkerFindsAPlausibleLie) {
  auto trusting = Pool("lie_little_gas", 1);
  EXPECT_NE(*trusting->Compile(module_, Profile(), kNoLimit),
            Oracle(module_, kNoLimit));
  auto doubting = Pool("lie_little_gas", 1, {.confirmations = 2});
  EXPECT_TRUE(absl::IsUnavailable(
      doubting->Compile(module_, Profile(), kNoLimit).status()));
  EXPECT_EQ(doubting->counters().doubts, 1u);
  auto honest = Pool("none", 0, {.confirmations = 2});
  EXPECT_EQ(*honest->Compile(module_, Profile(), kNoLimit),
            Oracle(module_, kNoLimit));
  EXPECT_GE(honest->counters().started, 2u);
}

TEST_F(WorkerPoolTest, AProgramThatIsMissingIsAFault) {
  WorkerOptions options;
  options.command = {"/nonexistent/worker"};
  options.attempts = 2;
  options.start_time = milliseconds(300);
  auto pool = WorkerPool::Create(EmbeddedCompilerWasm(), *artifact_, Profile(),
                                 options);
  ASSERT_TRUE(pool.ok());
  EXPECT_TRUE(absl::IsUnavailable(
      (*pool)->Compile(module_, Profile(), kNoLimit).status()));
}

TEST_F(WorkerPoolTest, NothingIsInReach) {
  auto pool = Pool("none", 0);
  const auto report = pool->Probe();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->reached, testing::IsEmpty());
  EXPECT_THAT(report->protections,
              testing::IsSupersetOf({"no_new_privs", "rlimits", "seccomp"}));
  for (const std::string& name : report->protections) {
    std::printf("protection: %s\n", name.c_str());
  }
}

// The calling process, which has one thread, and all that it starts can make no
// namespaces from here on. False: not on this machine.
bool GiveUpNamespaces() {
  if (unshare(CLONE_NEWUSER) != 0) return false;
  std::ofstream most("/proc/sys/user/max_user_namespaces");
  if (!(most << "0" << std::flush)) return false;
  // Nor by what is left of root's power.
  for (int capability = 0;
       prctl(PR_CAPBSET_READ, static_cast<unsigned long>(capability)) == 1;
       ++capability) {
    prctl(PR_CAPBSET_DROP, static_cast<unsigned long>(capability));
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  return syscall(SYS_capset, &header, none) == 0 &&
         unshare(CLONE_NEWUSER) != 0 && unshare(CLONE_NEWNET) != 0;
}

TEST_F(WorkerPoolTest, WorksWithoutNamespacesAndSaysSo) {
  constexpr int kNotHere = 77;
  const Verdict right = Oracle(module_, kNoLimit);
  const pid_t child = fork();
  if (child == 0) {
    if (!GiveUpNamespaces()) _exit(kNotHere);
    auto pool = Pool("none", 0);
    const auto report = pool->Probe();
    EXPECT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->reached, testing::IsEmpty());
    EXPECT_THAT(report->protections, testing::Not(testing::Contains(
                                         testing::HasSubstr("namespace"))));
    EXPECT_THAT(report->protections,
                testing::IsSupersetOf({"no_new_privs", "rlimits", "seccomp"}));
    const auto verdict = pool->Compile(module_, Profile(), kNoLimit);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    EXPECT_EQ(*verdict, right);
    pool.reset();
    std::fflush(nullptr);
    _exit(HasFailure() ? EXIT_FAILURE : EXIT_SUCCESS);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNotHere) {
    GTEST_SKIP() << "this machine has no user namespaces to begin with";
  }
  EXPECT_EQ(WEXITSTATUS(status), EXIT_SUCCESS);
}

size_t OpenFiles() {
  size_t count = 0;
  DIR* const folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

TEST_F(WorkerPoolTest, LeavesNothingBehind) {
  const size_t before = OpenFiles();
  for (const char* const way : {"none", "abort", "truncate"}) {
    auto pool = Pool(way, 9, {.attempts = 2});
    for (int i = 0; i < 3; ++i) {
      pool->Compile(module_, Profile(), kNoLimit).status().IgnoreError();
    }
  }
  EXPECT_EQ(OpenFiles(), before);
  std::ifstream children("/proc/self/task/" + std::to_string(getpid()) +
                         "/children");
  std::string list;
  std::getline(children, list);
  EXPECT_EQ(list, "");
}

}  // namespace
}  // namespace ingot::sandbox
