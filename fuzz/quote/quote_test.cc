// No bound of a quote is broken, and on contracts the upper one is of use. In:
// INGOT_QUOTE_GENERATED modules of the generator, INGOT_QUOTE_GENOMES random
// genomes, from seeds that fit.py does not use. Out: the first broken bounds by
// name, and how loose the bounds are. A failure says that the compiler has
// become dearer or cheaper than its table: run fuzz/quote/refit.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "fuzz/bombs/shapes.h"
#include "fuzz/quote/samples.h"
#include "gtest/gtest.h"
#include "sandbox/bootstrap.h"

namespace ingot::fuzz {
namespace {

constexpr uint64_t kFirstSeed = 10'000'000;
constexpr double kMostMedian = 1.5;
constexpr double kMost95 = 2.5;

uint64_t CountFrom(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class QuoteTest : public testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override { profile_.level = GetParam(); }

  void Check(const std::string& name, const std::vector<uint8_t>& module) {
    const auto sample = Measure(name, module, profile_);
    ASSERT_TRUE(sample.ok()) << name << ": " << sample.status();
    ++samples_;
    EXPECT_LE(sample->quote.lower_gas, sample->compile_gas) << name;
    EXPECT_GE(sample->quote.upper_gas, sample->compile_gas) << name;
    if (sample->quote.verdict.kind != sandbox::VerdictKind::kAccepted) {
      // Nothing was left to chance.
      EXPECT_EQ(sample->quote.verdict.kind, sample->verdict) << name;
      EXPECT_EQ(sample->quote.lower_gas, sample->quote.upper_gas) << name;
      EXPECT_EQ(sample->quote.quote_gas, sample->compile_gas) << name;
      return;
    }
    if (name.find("/contracts/") == std::string::npos) return;
    ratios_.push_back(sample->Ratio());
    shares_.push_back(static_cast<double>(sample->quote.quote_gas) /
                      static_cast<double>(sample->compile_gas));
  }

  NamedModule Checker() {
    return [this](const std::string& name, const std::vector<uint8_t>& module) {
      Check(name, module);
    };
  }

  static double At(std::vector<double> values, size_t percent) {
    std::sort(values.begin(), values.end());
    return values[values.size() * percent / 100];
  }

  Profile profile_;
  uint64_t samples_ = 0;
  std::vector<double> ratios_;
  std::vector<double> shares_;
};

INSTANTIATE_TEST_SUITE_P(Levels, QuoteTest, testing::Values(0, 1),
                         testing::PrintToStringParamName());

TEST_P(QuoteTest, HoldsOnTheCorpusAndIsOfUseOnContracts) {
  for (const uint32_t isa : {3u, 2u}) {
    profile_.isa = isa;
    ForEachCorpusModule(Checker());
  }
  if (samples_ == 0) GTEST_SKIP() << "no corpus: set INGOT_CORPUS";
  ASSERT_GE(ratios_.size(), 20u);
  std::cout << ratios_.size() << " contracts: upper bound / used, median "
            << At(ratios_, 50) << ", 95 % " << At(ratios_, 95)
            << "; asking / compiling, median " << At(shares_, 50) << "\n";
  EXPECT_LE(At(ratios_, 50), kMostMedian);
  EXPECT_LE(At(ratios_, 95), kMost95);
}

TEST_P(QuoteTest, HoldsOnBombs) {
  ForEachBomb({4096, 40960}, Checker());
  EXPECT_GE(samples_, 2 * 50u);
}

TEST_P(QuoteTest, HoldsOnSingleInstructions) {
  ForEachSingleOpcode(Checker());
  EXPECT_GE(samples_, 300u);
}

TEST_P(QuoteTest, HoldsOnGenomes) {
  const uint64_t count = CountFrom("INGOT_QUOTE_GENOMES", 100);
  ForEachGenome(kFirstSeed, count, Checker());
  EXPECT_EQ(samples_, count);
}

TEST_P(QuoteTest, HoldsOnGeneratedModules) {
  const uint64_t count = CountFrom("INGOT_QUOTE_GENERATED", 300);
  ForEachGenerated(kFirstSeed, count, Checker());
  EXPECT_EQ(samples_, count);
}

// Modules that once broke a bound. 10029807: the lower one, which counted the
// instructions of code that nothing reaches.
TEST_P(QuoteTest, HoldsOnModulesThatOnceBrokeIt) {
  for (const uint64_t seed : {10'029'807u}) {
    ForEachGenerated(seed, 1, Checker());
  }
}

// Where compiling ends out of memory it ends early: the lower bound may not
// count on more.
TEST_P(QuoteTest, HoldsInAFewPages) {
  const std::vector<uint8_t> module =
      MakeBomb(*FindBombShape("nested_loops"), 262144);
  uint32_t out_of_memory = 0;
  for (const uint32_t pages : {96u, 160u, 256u, 512u, 1024u, 2048u, 4096u}) {
    profile_.compiler_memory_pages = pages;
    const auto sample = Measure("nested_loops", module, profile_);
    ASSERT_TRUE(sample.ok()) << sample.status();
    EXPECT_TRUE(sample->LowerHolds()) << pages;
    EXPECT_TRUE(sample->UpperHolds()) << pages;
    out_of_memory += sample->verdict == sandbox::VerdictKind::kOutOfMemory;
  }
  EXPECT_GE(out_of_memory, 1u);
}

// Under other prices the bounds follow.
TEST_P(QuoteTest, HoldsUnderOtherPrices) {
  const std::vector<uint8_t> module =
      MakeBomb(*FindBombShape("diamonds"), 8192);
  for (uint32_t change = 0; change < 4; ++change) {
    profile_.compile = change == 0 ? kGasScheduleV2 : kGasScheduleV1;
    if (change == 1) {
      for (uint32_t& price : profile_.compile.op) price *= 3;
    }
    if (change == 2) {
      profile_.compile.op[wasm::OpIndex(wasm::Op::kI32Load)] = 70;
    }
    if (change == 3) {
      profile_.compile.memory_copy = Fee{1000, 1, 3};
      profile_.compile.function_entry = 1;
    }
    const auto sample = Measure("diamonds", module, profile_);
    ASSERT_TRUE(sample.ok()) << sample.status();
    EXPECT_TRUE(sample->LowerHolds()) << change;
    EXPECT_TRUE(sample->UpperHolds()) << change;
  }
}

TEST_P(QuoteTest, IsTheInterpretersToo) {
  const std::vector<uint8_t> module =
      MakeBomb(*FindBombShape("diamonds"), 4096);
  const auto native =
      sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, profile_);
  const auto interpreter =
      sandbox::EmbeddedCompiler(sandbox::EngineKind::kInterpreter, profile_);
  ASSERT_TRUE(native.ok() && interpreter.ok());
  const auto a = sandbox::QuoteInSandbox(**native, module, profile_);
  const auto b = sandbox::QuoteInSandbox(**interpreter, module, profile_);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->lower_gas, b->lower_gas);
  EXPECT_EQ(a->upper_gas, b->upper_gas);
  EXPECT_EQ(a->quote_gas, b->quote_gas);
  EXPECT_LT(a->quote_gas, a->upper_gas);

  // A limit below what asking takes: that much is certain, and no more.
  const auto poor =
      sandbox::QuoteInSandbox(**native, module, profile_, a->quote_gas / 2);
  ASSERT_TRUE(poor.ok());
  EXPECT_EQ(poor->verdict.kind, sandbox::VerdictKind::kOutOfGas);
  EXPECT_EQ(poor->lower_gas, a->quote_gas / 2);
  EXPECT_EQ(poor->quote_gas, a->quote_gas / 2);
  EXPECT_GE(poor->upper_gas, a->upper_gas);
}

}  // namespace
}  // namespace ingot::fuzz
