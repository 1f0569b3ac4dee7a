// Generated modules: the same from the same seed, valid, diverse, and equal on
// both engines, at each level, and on V8. INGOT_FUZZ_FIRST and INGOT_FUZZ_COUNT
// choose other seeds; INGOT_FUZZ_GAS_REPLAYS, INGOT_FUZZ_STACK_REPLAYS how many
// limits; INGOT_FUZZ_V8=n sends every n-th module to V8, 0 none, and to wasmtime
// too if INGOT_PEERS names the program of bench/peers.

#include "fuzz/generator/generator.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "fuzz/differential/differential.h"
#include "fuzz/generator/diversity.h"
#include "fuzz/others/others.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

void Write(const std::string& path, const std::vector<uint8_t>& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// Where a module that fails can be found.
std::string Keep(uint64_t seed, const GeneratedModule& module) {
  const char* folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  const std::string path = std::string(folder == nullptr ? "/tmp" : folder) +
                           "/seed_" + std::to_string(seed);
  for (const auto& library : module.libraries) {
    Write(path + ".library.wasm", library);
  }
  Write(path + ".wasm", module.bytes);
  return path + ".wasm";
}

GeneratorOptions OptionsOf(uint64_t seed, uint64_t every_v8) {
  GeneratorOptions options;
  options.tail_calls = seed % 3 == 0;
  options.extended_const = seed % 4 == 0;
  options.portable = every_v8 != 0 && seed % every_v8 == 0;
  return options;
}

Subject SubjectOf(const GeneratedModule& module, uint64_t seed,
                  const GeneratorOptions& options) {
  Subject subject;
  subject.module = module.bytes;
  subject.libraries = module.libraries;
  if (options.tail_calls) {
    subject.profile.features |= wasm::Features::kTailCalls;
  }
  if (options.extended_const) {
    subject.profile.features |= wasm::Features::kExtendedConst;
  }
  // Both targets: the one without three-operand forms for every third.
  subject.profile.isa = static_cast<uint32_t>(seed % 3 == 1 ? Isa::kX8664V2
                                                            : Isa::kX8664V3);
  subject.for_others = options.portable;
  // wasmtime's host knows stubs only.
  subject.host = std::getenv("INGOT_PEERS") != nullptr && options.portable
                     ? HostKind::kStubs
                     : HostKind::kNoise;
  for (const GeneratedCall& call : module.calls) {
    subject.steps.push_back({call.export_name, call.args});
  }
  subject.gas_limit = 20'000'000;
  subject.gas_replays =
      static_cast<uint32_t>(FromEnvironment("INGOT_FUZZ_GAS_REPLAYS", 8));
  subject.stack_replays =
      static_cast<uint32_t>(FromEnvironment("INGOT_FUZZ_STACK_REPLAYS", 2));
  subject.seed = seed;
  return subject;
}

TEST(GeneratorTest, SameSeedSameModule) {
  EXPECT_EQ(Generate(5).bytes, Generate(5).bytes);
  EXPECT_NE(Generate(5).bytes, Generate(6).bytes);
}

// What the modules are made of; INGOT_FUZZ_HISTOGRAM=1 prints it all.
TEST(GeneratorTest, ModulesAreDiverse) {
  Diversity diversity;
  uint32_t linked = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    const GeneratedModule module = Generate(seed, OptionsOf(seed, 8));
    diversity.Add(module.bytes);
    for (const auto& library : module.libraries) {
      ++linked;
      diversity.Add(library);
    }
  }
  EXPECT_EQ(diversity.Missing(), std::vector<std::string>());
  EXPECT_GT(linked, 50u);
  std::printf("%u of the modules are libraries of others\n%s", linked,
              diversity
                  .Report(FromEnvironment("INGOT_FUZZ_HISTOGRAM", 0) != 0
                              ? Diversity::Detail::kEveryInstruction
                              : Diversity::Detail::kSummary)
                  .c_str());
}

// What came of many comparisons.
struct Totals {
  uint64_t modules = 0;
  uint64_t calls = 0;
  uint64_t kinds[4] = {};
  uint64_t gas_replays = 0;
  uint64_t stack_replays = 0;
  std::set<TrapCode> traps;

  void Add(const Comparison& comparison) {
    ++modules;
    for (const runtime::Outcome& outcome : comparison.outcomes) {
      ++calls;
      ++kinds[static_cast<int>(outcome.kind)];
      if (outcome.kind == runtime::OutcomeKind::kTrapped) {
        traps.insert(outcome.trap);
      }
    }
    gas_replays += comparison.gas_replays;
    stack_replays += comparison.stack_replays;
  }

  void Print(const Witness& v8, const Witness& wasmtime,
             double seconds) const {
    std::printf(
        "%llu modules in %.0f s (%.0f a second), %llu calls: %llu returned, "
        "%llu trapped (%zu codes), %llu reverted, %llu out of gas; %llu "
        "replays of gas, %llu of stack; V8 agreed on %llu, gave no answer on "
        "%llu; wasmtime %llu, %llu\n",
        static_cast<unsigned long long>(modules), seconds,
        static_cast<double>(modules) / seconds,
        static_cast<unsigned long long>(calls),
        static_cast<unsigned long long>(kinds[0]),
        static_cast<unsigned long long>(kinds[1]), traps.size(),
        static_cast<unsigned long long>(kinds[2]),
        static_cast<unsigned long long>(kinds[3]),
        static_cast<unsigned long long>(gas_replays),
        static_cast<unsigned long long>(stack_replays),
        static_cast<unsigned long long>(v8.agreed()),
        static_cast<unsigned long long>(v8.unanswered()),
        static_cast<unsigned long long>(wasmtime.agreed()),
        static_cast<unsigned long long>(wasmtime.unanswered()));
    std::fflush(stdout);
  }
};

TEST(GeneratorTest, EnginesAgreeOnGeneratedModules) {
  const uint64_t first = FromEnvironment("INGOT_FUZZ_FIRST", 1);
  const uint64_t count = FromEnvironment("INGOT_FUZZ_COUNT", 2000);
  const uint64_t every_v8 = FromEnvironment("INGOT_FUZZ_V8", 8);
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         start)
        .count();
  };
  Totals totals;
  Witness v8 = Witness::V8();
  Witness wasmtime = Witness::Wasmtime();
  uint32_t failures = 0;
  const auto ask = [&] {
    for (const std::string& difference : v8.Ask()) {
      ++failures;
      ADD_FAILURE() << "V8: " << difference;
    }
    for (const std::string& difference : wasmtime.Ask()) {
      ++failures;
      ADD_FAILURE() << "wasmtime: " << difference;
    }
  };
  for (uint64_t seed = first; seed < first + count && failures < 10; ++seed) {
    const GeneratorOptions options = OptionsOf(seed, every_v8);
    const GeneratedModule module = Generate(seed, options);
    const auto result = Compare(SubjectOf(module, seed, options));
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
    totals.Add(*result);
    v8.Add("seed " + std::to_string(seed), *result);
    wasmtime.Add("seed " + std::to_string(seed), *result);
    if (v8.waiting() == 500) ask();
    if (totals.modules % 10'000 == 0) totals.Print(v8, wasmtime, seconds());
  }
  ask();
  totals.Print(v8, wasmtime, seconds());
  if (v8.absent()) std::printf("V8 was not asked: node is absent\n");
  // A generator whose runs all end at once tests nothing.
  if (count >= 2000) {
    EXPECT_GT(totals.kinds[0] * 2, totals.calls);
    EXPECT_EQ(totals.traps.size(), 10u);
  }
}

}  // namespace
}  // namespace ingot::fuzz
