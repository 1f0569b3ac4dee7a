// Modules of `wasm-tools smith` on both engines, at each level, and on V8.
// Random bytes go in, and a module that ends by itself comes out of the tool;
// a few bytes it cannot use. All exports of each are called, under random
// limits of gas and stack. INGOT_SMITH_FIRST and INGOT_SMITH_COUNT choose the
// seeds.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/differential/differential.h"
#include "fuzz/differential/random.h"
#include "fuzz/generator/diversity.h"
#include "fuzz/others/others.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

std::string OutputOf(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen(command.c_str(), "r");
  for (int c; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;) {
    text.push_back(static_cast<char>(c));
  }
  if (pipe != nullptr) pclose(pipe);
  return text;
}

std::vector<uint8_t> Smith(const std::string& tool, uint64_t seed) {
  const std::string path = testing::TempDir() + "/seed";
  Random random(Mix(seed));
  std::string bytes(1 << random.Between(6, 13), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  std::ofstream(path, std::ios::binary) << bytes;
  const std::string module = OutputOf(
      tool + " smith --config fuzz/smith/smith.json --ensure-termination " +
      "--fuel " + std::to_string(random.Between(1, 2000)) + " < '" + path +
      "' 2>/dev/null");
  return {module.begin(), module.end()};
}

Subject SubjectOf(const std::vector<uint8_t>& module, uint64_t seed) {
  Random random(seed);
  Subject subject;
  subject.module = module;
  subject.profile.features = wasm::Features::kAll;
  subject.host = HostKind::kNoise;
  subject.gas_limit = 2'000'000;
  subject.gas_replays = 6;
  subject.stack_replays = random.Chance(20) ? 3 : 1;
  subject.seed = seed;
  subject.for_others = true;
  const auto steps = StepsOfExports(module, subject.profile, seed);
  if (steps.ok()) subject.steps = *steps;
  return subject;
}

TEST(SmithTest, EnginesAgreeOnModulesOfWasmTools) {
  std::string tool = OutputOf("fuzz/smith/install_wasm_tools");
  ASSERT_FALSE(tool.empty()) << "wasm-tools could not be installed";
  tool.pop_back();
  const uint64_t first = FromEnvironment("INGOT_SMITH_FIRST", 1);
  const uint64_t count = FromEnvironment("INGOT_SMITH_COUNT", 10'000);
  Witness v8 = Witness::V8();
  Diversity diversity;
  uint64_t modules = 0, unused = 0, kinds[4] = {}, failures = 0, replays = 0;
  const auto ask = [&] {
    for (const std::string& difference : v8.Ask()) {
      ++failures;
      ADD_FAILURE() << "V8: " << difference;
    }
  };
  for (uint64_t seed = first; seed < first + count && failures < 10; ++seed) {
    const std::vector<uint8_t> module = Smith(tool, seed);
    if (module.empty()) {
      ++unused;
      continue;
    }
    const auto result = Compare(SubjectOf(module, seed));
    const std::string name = "seed " + std::to_string(seed);
    if (!result.ok() || !result->verdict.ok() || !result->difference.empty()) {
      ++failures;
      ADD_FAILURE() << name << ": "
                    << (result.ok() ? result->difference
                                    : result.status().ToString())
                    << " verdict "
                    << (result.ok() ? static_cast<int>(result->verdict.code)
                                    : 0)
                    << " at " << (result.ok() ? result->verdict.offset : 0);
      continue;
    }
    ++modules;
    diversity.Add(module);
    replays += result->gas_replays + result->stack_replays;
    for (const runtime::Outcome& outcome : result->outcomes) {
      ++kinds[static_cast<int>(outcome.kind)];
    }
    v8.Add(name, *result);
    if (v8.waiting() == 500) ask();
  }
  ask();
  EXPECT_GT(modules * 10, count * 9);
  std::printf(
      "%llu modules, %llu seeds of none; calls: %llu returned, %llu trapped, "
      "%llu reverted, %llu out of gas; %llu replays; V8 agreed on %llu, gave "
      "no answer on %llu%s\n%s",
      static_cast<unsigned long long>(modules),
      static_cast<unsigned long long>(unused),
      static_cast<unsigned long long>(kinds[0]),
      static_cast<unsigned long long>(kinds[1]),
      static_cast<unsigned long long>(kinds[2]),
      static_cast<unsigned long long>(kinds[3]),
      static_cast<unsigned long long>(replays),
      static_cast<unsigned long long>(v8.agreed()),
      static_cast<unsigned long long>(v8.unanswered()),
      v8.absent() ? " (node is absent)" : "",
      diversity.Report(Diversity::Detail::kSummary).c_str());
}

}  // namespace
}  // namespace ingot::fuzz
