// The key is complete: whatever could reach the compiler changes the key, or
// changes neither bytes nor gas. In: every number of the profile, and every
// price in it, changed one at a time; the environment of a process: variables,
// locale, time zone, folder, umask, processors, limits, threads, engines.
// Holds: over 500 variations in all; one opcode's price is a new key.

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/abi/profile.h"
#include "gtest/gtest.h"
#include "runtime/artifact/artifact_reader.h"
#include "sandbox/bootstrap.h"
#include "sandbox/compile_job.h"
#include "sandbox/test_modules.h"

namespace ingot::sandbox {
namespace {

// Answers that another key or another world must not, or must, give as well.
std::string AnswerOf(const SandboxedCompiler& compiler, const Profile& profile,
                     const JobOptions& options = {}) {
  const auto verdict =
      CompileInSandbox(compiler, SyntheticModule(3, 20, 100), profile, options);
  if (!verdict.ok()) return verdict.status().ToString();
  return absl::StrCat(verdict->artifact_digest.Hex(), " ",
                      verdict->compile_gas);
}

class KeyTest : public testing::Test {
 protected:
  void SetUp() override {
    auto compiler = EmbeddedCompiler(EngineKind::kNative, Profile());
    ASSERT_TRUE(compiler.ok()) << compiler.status();
    compiler_ = *compiler;
  }

  std::shared_ptr<const SandboxedCompiler> compiler_;
};

std::vector<uint8_t> Canonical(const Profile& profile) {
  std::vector<uint8_t> bytes(kProfileBytes);
  Encode(profile, bytes);
  return bytes;
}

// All numbers of a profile but its magic and its format are 32 bits, or two
// halves of 64. Each is raised and lowered by one.
TEST_F(KeyTest, EachNumberOfTheProfileIsInTheKey) {
  const std::vector<uint8_t> bytes = Canonical(Profile());
  constexpr size_t kCompileSchedule = kProfileBytes - sizeof(GasSchedule);
  std::set<std::string> keys = {Sha256(bytes).Hex()};
  size_t variations = 0;
  size_t words = 0;
  for (size_t at = 12; at < bytes.size(); at += 4) {
    bool varied = false;
    for (const int step : {1, -1}) {
      std::vector<uint8_t> changed = bytes;
      uint32_t word = 0;
      for (int i = 3; i >= 0; --i) word = word << 8 | changed[at + i];
      word += static_cast<uint32_t>(step);
      for (int i = 0; i < 4; ++i) {
        changed[at + i] = static_cast<uint8_t>(word >> 8 * i);
      }
      Profile profile;
      if (!Decode(changed, &profile).ok()) continue;  // no profile at all
      varied = true;
      ++variations;
      EXPECT_TRUE(keys.insert(Sha256(changed).Hex()).second) << at;
      // The artifact carries the profile that it was asked for under.
      if (at >= kCompileSchedule || step < 0) continue;
      const auto verdict = CompileInSandbox(
          *compiler_, SyntheticModule(1, 2), profile, {.verify = false});
      ASSERT_TRUE(verdict.ok()) << verdict.status();
      EXPECT_EQ(verdict->profile_digest.Hex(), Sha256(changed).Hex());
      if (verdict->kind != VerdictKind::kAccepted) continue;
      const auto view =
          runtime::ReadArtifact(verdict->artifact, {.any_processor = true});
      if (profile.execution.version > kNewestGasSchedule) {
        EXPECT_FALSE(view.ok()) << "no runtime knows such a schedule";
        continue;
      }
      ASSERT_TRUE(view.ok()) << at << ": " << view.status();
      EXPECT_EQ(Canonical(view->profile), changed) << at;
    }
    words += varied;
  }
  EXPECT_GE(variations, 500u);
  // What cannot be varied: fields with one value, the halves of 64 bits that
  // are out of range, the prices of structure.
  EXPECT_GE(words * 4, (bytes.size() - 12) * 9 / 10);
}

TEST_F(KeyTest, OneOpcodesPriceIsANewKey) {
  const Profile usual;
  Profile execution;
  ++execution.execution.op[wasm::OpIndex(wasm::Op::kI32Add)];
  EXPECT_NE(Sha256(Canonical(execution)), Sha256(Canonical(usual)));
  EXPECT_NE(AnswerOf(*compiler_, execution), AnswerOf(*compiler_, usual));

  Profile compile;
  ++compile.compile.op[wasm::OpIndex(wasm::Op::kI32Add)];
  EXPECT_NE(Sha256(Canonical(compile)), Sha256(Canonical(usual)));
  const auto dearer = EmbeddedCompiler(EngineKind::kNative, compile);
  ASSERT_TRUE(dearer.ok()) << dearer.status();
  EXPECT_NE(AnswerOf(**dearer, compile), AnswerOf(*compiler_, usual));
}

// What `vary` and then compiling come to in a process of its own.
std::string AnswerAfter(const std::function<void()>& vary,
                        const SandboxedCompiler* loaded) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    vary();
    std::string answer;
    if (loaded != nullptr) {
      answer = AnswerOf(*loaded, Profile());
    } else {
      const auto fresh = LoadCompiler(EngineKind::kNative,
                                      EmbeddedCompilerWasm(), Profile());
      answer = fresh.ok() ? AnswerOf(*fresh, Profile())
                          : fresh.status().ToString();
    }
    const bool written = write(ends[1], answer.data(), answer.size()) ==
                         static_cast<ssize_t>(answer.size());
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  std::string answer(4096, '\0');
  const ssize_t size = read(ends[0], answer.data(), answer.size());
  answer.resize(size > 0 ? static_cast<size_t>(size) : 0);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return answer;
}

void SetVariable(const char* name, const char* value) {
  setenv(name, value, 1);
  tzset();
  std::setlocale(LC_ALL, "");
}

void UseProcessors(uint32_t mask) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < 32; ++i) {
    if ((mask >> i & 1) != 0) CPU_SET(i, &set);
  }
  // A machine may lack what the mask asks for; then nothing changes.
  (void)sched_setaffinity(0, sizeof(set), &set);
}

void SetLimit(int resource, rlim_t value) {
  rlimit limit;
  getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  limit.rlim_cur = value;
  setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

std::vector<std::function<void()>> Worlds() {
  std::vector<std::function<void()>> worlds;
  for (const char* name :
       {"LANG", "LC_ALL", "LC_NUMERIC", "TZ", "HOME", "USER", "PATH", "TMPDIR",
        "SOURCE_DATE_EPOCH", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX",
        "MALLOC_PERTURB_", "GLIBC_TUNABLES", "LD_BIND_NOW", "NO_COLOR",
        "INGOT_CORPUS", "INGOT_LEVEL", "INGOT_PROFILE", "CXXFLAGS",
        "XDG_CACHE_HOME"}) {
    for (const char* value :
         {"", "1", "de_DE.UTF-8", "tr_TR.UTF-8", "Pacific/Kiritimati"}) {
      worlds.push_back([=] { SetVariable(name, value); });
    }
  }
  worlds.push_back([] { clearenv(); });
  for (const char* folder : {"/", "/tmp", "/proc/self"}) {
    worlds.push_back([=] { (void)!chdir(folder); });
  }
  for (const mode_t mask : {0u, 022u, 077u, 0777u}) {
    worlds.push_back([=] { umask(mask); });
  }
  for (uint32_t mask = 1; mask < 16; ++mask) {
    worlds.push_back([=] { UseProcessors(mask); });
  }
  worlds.push_back([] { (void)!nice(7); });
  worlds.push_back([] { SetLimit(RLIMIT_STACK, 1 << 20); });
  worlds.push_back([] { SetLimit(RLIMIT_CORE, 0); });
  worlds.push_back([] { SetLimit(RLIMIT_NOFILE, 64); });
  worlds.push_back([] { (void)setsid(); });
  worlds.push_back([] { close(0); });
  return worlds;
}

TEST_F(KeyTest, TheWorldChangesNeitherBytesNorGas) {
  const std::string usual = AnswerOf(*compiler_, Profile());
  ASSERT_EQ(usual.find(' '), 64u) << usual;
  const std::vector<std::function<void()>> worlds = Worlds();
  EXPECT_GE(worlds.size(), 100u);
  for (size_t i = 0; i < worlds.size(); ++i) {
    EXPECT_EQ(AnswerAfter(worlds[i], compiler_.get()), usual) << i;
    // Loading the compiler anew costs a moment.
    if (i % 25 == 3) {
      EXPECT_EQ(AnswerAfter(worlds[i], nullptr), usual) << i << ", fresh";
    }
  }
}

TEST_F(KeyTest, ThreadsAndEnginesChangeNeitherBytesNorGas) {
  const std::string usual = AnswerOf(*compiler_, Profile());
  for (uint32_t threads = 1; threads <= 16; ++threads) {
    EXPECT_EQ(AnswerOf(*compiler_, Profile(), {.threads = threads}), usual);
  }
  const auto interpreter =
      EmbeddedCompiler(EngineKind::kInterpreter, Profile());
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  EXPECT_EQ(AnswerOf(**interpreter, Profile()), usual);
}

}  // namespace
}  // namespace ingot::sandbox
