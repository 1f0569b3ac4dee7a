// Generated modules: the same from the same seed, valid, and equal on both
// engines. INGOT_FUZZ_FIRST and INGOT_FUZZ_COUNT choose other seeds.

#include "fuzz/generator/generator.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "fuzz/differential/differential.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

// Where a module that fails can be found.
std::string Keep(uint64_t seed, const GeneratedModule& module) {
  const char* folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  const std::string path = std::string(folder == nullptr ? "/tmp" : folder) +
                           "/seed_" + std::to_string(seed) + ".wasm";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(module.bytes.data()),
             static_cast<std::streamsize>(module.bytes.size()));
  return path;
}

Subject SubjectOf(const GeneratedModule& module, uint64_t seed) {
  Subject subject;
  subject.module = module.bytes;
  subject.host = HostKind::kNoise;
  for (const GeneratedCall& call : module.calls) {
    subject.steps.push_back({call.export_name, call.args});
  }
  subject.gas_limit = 20'000'000;
  subject.gas_replays = 12;
  subject.stack_replays = 3;
  subject.seed = seed;
  return subject;
}

TEST(GeneratorTest, SameSeedSameModule) {
  EXPECT_EQ(Generate(5).bytes, Generate(5).bytes);
  EXPECT_NE(Generate(5).bytes, Generate(6).bytes);
}

TEST(GeneratorTest, EnginesAgreeOnGeneratedModules) {
  const uint64_t first = FromEnvironment("INGOT_FUZZ_FIRST", 1);
  const uint64_t count = FromEnvironment("INGOT_FUZZ_COUNT", 2000);
  uint64_t calls = 0;
  uint64_t kinds[4] = {};
  uint64_t replays = 0;
  uint32_t failures = 0;
  std::set<TrapCode> traps;
  for (uint64_t seed = first; seed < first + count && failures < 10; ++seed) {
    const GeneratedModule module = Generate(seed);
    const auto result = Compare(SubjectOf(module, seed));
    if (!result.ok() || !result->verdict.ok() || !result->difference.empty()) {
      ++failures;
      ADD_FAILURE() << "seed " << seed << " (" << Keep(seed, module) << "): "
                    << (result.ok() ? result->difference
                                    : result.status().ToString())
                    << " verdict "
                    << (result.ok() ? static_cast<int>(result->verdict.code)
                                    : 0)
                    << " at " << (result.ok() ? result->verdict.offset : 0);
      continue;
    }
    for (const runtime::Outcome& outcome : result->outcomes) {
      ++calls;
      ++kinds[static_cast<int>(outcome.kind)];
      if (outcome.kind == runtime::OutcomeKind::kTrapped) {
        traps.insert(outcome.trap);
      }
    }
    replays += result->gas_replays + result->stack_replays;
  }
  std::printf("%llu modules, %llu calls: %llu returned, %llu trapped (%zu "
              "codes), %llu reverted, %llu out of gas; %llu replays\n",
              static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(calls),
              static_cast<unsigned long long>(kinds[0]),
              static_cast<unsigned long long>(kinds[1]), traps.size(),
              static_cast<unsigned long long>(kinds[2]),
              static_cast<unsigned long long>(kinds[3]),
              static_cast<unsigned long long>(replays));
  // A generator whose runs all end at once tests nothing.
  if (count >= 2000) {
    EXPECT_GT(kinds[0] * 2, calls);
    EXPECT_EQ(traps.size(), 10u);
  }
}

}  // namespace
}  // namespace ingot::fuzz
