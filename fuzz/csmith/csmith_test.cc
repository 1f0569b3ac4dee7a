// Programs of csmith: clang builds each for this machine and for wasm32, and
// what it prints must be the same from the machine, from the interpreter and
// from native code of each level. INGOT_CSMITH_FIRST and INGOT_CSMITH_COUNT
// choose the seeds.

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/differential/differential.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {
namespace {

constexpr int kNoCsmith = 3;
constexpr int kTooLong = 4;
constexpr int kUndefined = 5;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int BuildProgram(uint64_t seed) {
  const std::string command = "fuzz/csmith/build_program " +
                              std::to_string(seed) + " '" +
                              testing::TempDir() + "'";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

Subject SubjectOf(uint64_t seed) {
  const std::string module = ReadFile(testing::TempDir() + "/program.wasm");
  Subject subject;
  subject.module.assign(module.begin(), module.end());
  subject.host = HostKind::kWasi;
  subject.wasi_arguments = {"program"};
  subject.steps = {{"_start", {}}};
  subject.gas_limit = 300'000'000;
  subject.stack_units = 1 << 22;
  subject.gas_replays = 1;
  subject.stack_replays = 1;
  subject.seed = seed;
  return subject;
}

TEST(CsmithTest, WasmPrintsWhatTheMachinePrints) {
  const uint64_t first = FromEnvironment("INGOT_CSMITH_FIRST", 1);
  const uint64_t count = FromEnvironment("INGOT_CSMITH_COUNT", 5);
  uint64_t agreed = 0, too_long = 0, undefined = 0, out_of_gas = 0;
  uint64_t gas = 0, bytes = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const int built = BuildProgram(seed);
    if (built == kNoCsmith) {
      GTEST_SKIP() << "csmith is absent (Debian packages csmith, libcsmith-dev)";
    }
    if (built == kTooLong) {
      ++too_long;
      continue;
    }
    if (built == kUndefined) {
      ++undefined;
      continue;
    }
    ASSERT_EQ(built, 0);
    const Subject subject = SubjectOf(seed);
    const auto result = Compare(subject);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_TRUE(result->verdict.ok());
    EXPECT_EQ(result->difference, "");
    if (result->outcomes.back().kind == runtime::OutcomeKind::kOutOfGas) {
      ++out_of_gas;
      continue;
    }
    EXPECT_EQ(result->outcomes.back().kind, runtime::OutcomeKind::kReturned);
    EXPECT_EQ(result->captured_stdout,
              ReadFile(testing::TempDir() + "/native.out"));
    agreed += !testing::Test::HasFailure();
    gas += result->gas_used;
    bytes += subject.module.size();
    if (testing::Test::HasFailure()) break;
  }
  std::printf("%llu programs agreed, %llu do not end, %llu convert floats "
              "beyond integers, %llu ran out of gas; %llu bytes of wasm, gas "
              "%llu\n",
              static_cast<unsigned long long>(agreed),
              static_cast<unsigned long long>(too_long),
              static_cast<unsigned long long>(undefined),
              static_cast<unsigned long long>(out_of_gas),
              static_cast<unsigned long long>(bytes),
              static_cast<unsigned long long>(gas));
  EXPECT_GT(agreed * 2, count);
}

}  // namespace
}  // namespace ingot::fuzz
