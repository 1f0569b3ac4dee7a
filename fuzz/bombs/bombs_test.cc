// What compiler bombs come to, at each level: the verdict of every shape, and
// how its compile gas grows. Gas is deterministic, so an exponent fitted on it
// is a fact about the compiler and not about the machine. Times are measured
// by fuzz/bombs/run.

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compiler/base/error_text.h"
#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "fuzz/bombs/shapes.h"
#include "gtest/gtest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {
namespace {

using sandbox::Verdict;
using sandbox::VerdictKind;

constexpr uint32_t kSizes[] = {8192, 16384, 32768, 65536, 131072};
constexpr double kMostExponent = 1.1;

struct Point {
  double bytes;
  double gas;
};

// The slope of the line through the points' logarithms.
double FittedExponent(const std::vector<Point>& points) {
  double x = 0, y = 0, xx = 0, xy = 0;
  for (const Point& point : points) {
    const double log_bytes = std::log(point.bytes);
    const double log_gas = std::log(point.gas);
    x += log_bytes;
    y += log_gas;
    xx += log_bytes * log_bytes;
    xy += log_bytes * log_gas;
  }
  const double n = static_cast<double>(points.size());
  return (n * xy - x * y) / (n * xx - x * x);
}

class BombsTest : public testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override {
    profile_.level = GetParam();
    auto compiler = sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative,
                                              profile_);
    ASSERT_TRUE(compiler.ok()) << compiler.status();
    compiler_ = *compiler;
  }

  Verdict Compile(const std::vector<uint8_t>& module) {
    auto verdict = sandbox::CompileInSandbox(*compiler_, module, profile_);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return verdict.ok() ? *std::move(verdict) : Verdict{};
  }

  Profile profile_;
  std::shared_ptr<const sandbox::SandboxedCompiler> compiler_;
};

INSTANTIATE_TEST_SUITE_P(Levels, BombsTest, testing::Values(0, 1),
                         testing::PrintToStringParamName());

TEST_P(BombsTest, EveryShapeEndsAsTheTableSaysAtLinearGas) {
  for (const BombShape& shape : BombShapes()) {
    std::vector<Point> points;
    for (const uint32_t size : kSizes) {
      const std::vector<uint8_t> module = MakeBomb(shape, size);
      // Sizes are what the table's n is for.
      if (size >= 32768) {
        EXPECT_GT(module.size(), size / 2) << shape.name;
        EXPECT_LT(module.size(), size * 2) << shape.name;
      } else if (shape.ending != Code::kOk) {
        continue;  // small ones may be accepted
      }
      const Verdict verdict = Compile(module);
      EXPECT_EQ(verdict.code, shape.ending)
          << shape.name << ": " << TextOf(verdict.code).name;
      EXPECT_EQ(verdict.kind, shape.ending == Code::kOk
                                  ? VerdictKind::kAccepted
                                  : VerdictKind::kRejected)
          << shape.name;
      points.push_back({static_cast<double>(module.size()),
                        static_cast<double>(verdict.compile_gas)});
    }
    if (shape.ending != Code::kOk) continue;
    const double exponent = FittedExponent(points);
    EXPECT_LE(exponent, kMostExponent) << shape.name;
    RecordProperty(std::string(shape.name), std::to_string(exponent));
  }
}

TEST_P(BombsTest, TheNativeBuildAgrees) {
  for (const BombShape& shape : BombShapes()) {
    const std::vector<uint8_t> module = MakeBomb(shape, kSizes[0]);
    const Verdict verdict = Compile(module);
    const auto native = sandbox::CompileNatively(
        module, profile_, compiler_->digest, {.shuffle = true});
    ASSERT_TRUE(native.ok()) << native.status();
    EXPECT_EQ(native->verdict.code, verdict.code) << shape.name;
    EXPECT_TRUE(native->artifact == verdict.artifact) << shape.name;
  }
}

// A limit of a tenth of what a bomb needs: out of gas, and exactly that much.
TEST_P(BombsTest, RunsOutOfGasAtTheLimit) {
  const std::vector<uint8_t> module =
      MakeBomb(*FindBombShape("nested_loops"), 65536);
  const uint64_t limit = Compile(module).compile_gas / 10;
  const auto verdict = sandbox::CompileInSandbox(
      *compiler_, module, profile_, {.gas_limit = limit});
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->kind, VerdictKind::kOutOfGas);
  EXPECT_EQ(verdict->compile_gas, limit);
}

TEST_P(BombsTest, RunsOutOfMemoryInAFewPages) {
  profile_.compiler_memory_pages = 256;
  const Verdict verdict =
      Compile(MakeBomb(*FindBombShape("nested_loops"), 524288));
  EXPECT_EQ(verdict.kind, VerdictKind::kOutOfMemory);
}

// Numbers that promise more than there is: refused before anything is done for
// them, at a cost that their few bytes explain.
TEST_P(BombsTest, PromisesAreRefusedAtOnce) {
  const std::vector<uint8_t> header = {0, 'a', 's', 'm', 1, 0, 0, 0};
  const std::vector<uint8_t> four_billion = {0xFF, 0xFF, 0xFF, 0xFF, 0x0F};
  std::map<std::string, std::pair<std::vector<uint8_t>, std::set<Code>>> cases;
  for (uint8_t section = 1; section <= 12; ++section) {
    if (section == 8) continue;  // the start section has no count
    std::vector<uint8_t> module = header;
    module.push_back(section);
    module.push_back(static_cast<uint8_t>(four_billion.size() + 10));
    module.insert(module.end(), four_billion.begin(), four_billion.end());
    module.insert(module.end(), 10, 0);
    cases["section " + std::to_string(section)] = {
        module,
        {Code::kLengthOutOfBounds, Code::kUnexpectedEnd,
         Code::kSectionSizeMismatch, Code::kLimitTypes, Code::kLimitImports,
         Code::kLimitFunctions, Code::kLimitTables, Code::kMultipleMemories,
         Code::kLimitGlobals, Code::kLimitExports, Code::kLimitElementSegments,
         Code::kLimitDataSegments, Code::kFunctionCodeMismatch,
         Code::kDataCountMismatch}};
  }
  {
    wasm::ModuleBuilder builder;
    builder.AddMemory({65536, 0, false});
    cases["memory"] = {builder.Build(), {Code::kLimitMemoryPages}};
  }
  {
    wasm::ModuleBuilder builder;
    builder.AddTable({wasm::ValType::kFuncRef, {0xFFFFFFFF, 0, false}});
    cases["table"] = {builder.Build(), {Code::kLimitTableElements}};
  }
  {
    wasm::ModuleBuilder builder;
    // Two runs of locals whose sum is 2^32.
    wasm::ByteWriter body;
    body.U32(2).U32(0x80000000).Type(wasm::ValType::kI64);
    body.U32(0x80000000).Type(wasm::ValType::kI64).Inst(wasm::Op::kEnd);
    builder.AddRawFunction(builder.AddType({}, {}), body.bytes());
    cases["locals"] = {builder.Build(),
                       {Code::kLimitLocals, Code::kTooManyLocals}};
  }
  const uint64_t empty = Compile(header).compile_gas;
  for (const auto& [name, expected] : cases) {
    const Verdict verdict = Compile(expected.first);
    EXPECT_EQ(verdict.kind, VerdictKind::kRejected) << name;
    EXPECT_TRUE(expected.second.contains(verdict.code))
        << name << ": " << TextOf(verdict.code).name;
    EXPECT_LT(verdict.compile_gas, 2 * empty) << name;
  }
}

}  // namespace
}  // namespace ingot::fuzz
