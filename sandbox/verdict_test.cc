// The verdicts of the real compiler, on both engines. In: small modules, limits
// of gas and memory, and a compiler.wasm with a defect. Holds: sandbox on
// native code and sandbox on the interpreter agree on every field.

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/compile_job.h"
#include "sandbox/native_compiler.h"
#include "sandbox/test_modules.h"

namespace ingot::sandbox {
namespace {

// Far more than any test needs: a compiler that does not end is a failure here,
// not a test that hangs.
const JobOptions kAmpleGas = {.gas_limit = 20'000'000'000};

constexpr EngineKind kEngines[] = {EngineKind::kNative,
                                   EngineKind::kInterpreter};

class VerdictTest : public testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override {
    auto compiler = EmbeddedCompiler(GetParam(), Profile());
    ASSERT_TRUE(compiler.ok()) << compiler.status();
    compiler_ = *std::move(compiler);
  }

  Verdict Compile(const std::vector<uint8_t>& module,
                  const JobOptions& options = kAmpleGas) {
    auto verdict = CompileInSandbox(*compiler_, module, Profile(), options);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return verdict.ok() ? *std::move(verdict) : Verdict();
  }

  std::shared_ptr<const SandboxedCompiler> compiler_;
};

TEST_P(VerdictTest, AcceptsWithTheBytesOfTheNativeBuild) {
  const std::vector<uint8_t> module = SyntheticModule(5, 30);
  const Verdict verdict = Compile(module);
  ASSERT_EQ(verdict.kind, VerdictKind::kAccepted);
  const auto native =
      CompileNatively(module, Profile(), Sha256(EmbeddedCompilerWasm()));
  ASSERT_TRUE(native.ok()) << native.status();
  EXPECT_EQ(verdict.artifact_digest, native->artifact_digest);
  EXPECT_EQ(verdict.artifact, native->artifact);
  EXPECT_EQ(verdict.module_digest, Sha256(module));
}

TEST_P(VerdictTest, RejectsLikeTheNativeBuild) {
  // The body of the second function adds to nothing.
  std::vector<uint8_t> module = SyntheticModule(3, 4);
  std::vector<std::vector<uint8_t>> bad;
  bad.push_back({});
  bad.push_back({'t', 'e', 'x', 't'});
  bad.emplace_back(module.begin(), module.begin() + module.size() / 2);
  module[module.size() - 6] = 0x6A;
  bad.push_back(module);
  for (const std::vector<uint8_t>& bytes : bad) {
    const Verdict verdict = Compile(bytes);
    const auto native =
        CompileNatively(bytes, Profile(), Sha256(EmbeddedCompilerWasm()));
    ASSERT_TRUE(native.ok()) << native.status();
    EXPECT_EQ(verdict.kind, VerdictKind::kRejected);
    EXPECT_NE(verdict.code, Code::kOk);
    EXPECT_NE(verdict.code, Code::kCompilerDefect);
    EXPECT_EQ(verdict.code, native->verdict.code);
    EXPECT_EQ(verdict.function, native->verdict.function);
    EXPECT_EQ(verdict.offset, native->verdict.offset);
    EXPECT_GT(verdict.compile_gas, 0u);
  }
}

TEST_P(VerdictTest, GasIsExact) {
  const std::vector<uint8_t> module = SyntheticModule(4, 10);
  const Verdict unlimited = Compile(module);
  ASSERT_EQ(unlimited.kind, VerdictKind::kAccepted);
  const uint64_t gas = unlimited.compile_gas;
  EXPECT_EQ(Compile(module, {.gas_limit = 2 * gas}), unlimited);
  EXPECT_EQ(Compile(module, {.gas_limit = gas}), unlimited);
  for (const uint64_t limit :
       {gas - 1, gas / 2, gas / 10, uint64_t{1000}, uint64_t{0}}) {
    const Verdict verdict = Compile(module, {.gas_limit = limit});
    EXPECT_EQ(verdict.kind, VerdictKind::kOutOfGas);
    EXPECT_EQ(verdict.compile_gas, limit);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, VerdictTest, testing::ValuesIn(kEngines),
                         [](const auto& info) {
                           return info.param == EngineKind::kNative
                                      ? "Native"
                                      : "Interpreter";
                         });

TEST(VerdictsOfBothEnginesTest, AgreeOnThirtyMemoryLimits) {
  // Large and cheap: most of it is data, copied as a whole.
  const std::vector<uint8_t> module = SyntheticModule(5, 20, 3'000'000);
  auto native = EmbeddedCompiler(EngineKind::kNative, Profile());
  auto interpreter = EmbeddedCompiler(EngineKind::kInterpreter, Profile());
  ASSERT_TRUE(native.ok()) << native.status();
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  uint32_t accepted = 0;
  uint32_t out_of_memory = 0;
  for (uint32_t i = 0; i < 30; ++i) {
    Profile profile;
    // The first ones are outside the profile's range, which Plan refuses.
    profile.compiler_memory_pages = 40 + 6 * i;
    auto a = CompileInSandbox(**native, module, profile, kAmpleGas);
    auto b = CompileInSandbox(**interpreter, module, profile, kAmpleGas);
    ASSERT_TRUE(a.ok()) << a.status();
    ASSERT_TRUE(b.ok()) << b.status();
    EXPECT_EQ(*a, *b) << profile.compiler_memory_pages;
    accepted += a->kind == VerdictKind::kAccepted;
    out_of_memory += a->kind == VerdictKind::kOutOfMemory;
  }
  EXPECT_GT(accepted, 0u);
  EXPECT_GT(out_of_memory, 0u);
}

TEST(VerdictsOfBothEnginesTest, AgreeOnSeveralBatchesAndThreads) {
  const std::vector<uint8_t> module = SyntheticModule(60, 1000);
  auto native = EmbeddedCompiler(EngineKind::kNative, Profile());
  ASSERT_TRUE(native.ok()) << native.status();
  const auto one =
      CompileInSandbox(**native, module, Profile(), kAmpleGas);
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_EQ(one->kind, VerdictKind::kAccepted);
  const auto build =
      CompileNatively(module, Profile(), Sha256(EmbeddedCompilerWasm()));
  ASSERT_TRUE(build.ok()) << build.status();
  EXPECT_GT(build->batches, 1u);
  EXPECT_EQ(one->artifact_digest, build->artifact_digest);

  const auto three =
      CompileInSandbox(**native, module, Profile(), {.threads = 3});
  ASSERT_TRUE(three.ok()) << three.status();
  EXPECT_EQ(*one, *three);
  const uint64_t gas = one->compile_gas;
  const auto short_of_gas = CompileInSandbox(
      **native, module, Profile(), {.gas_limit = gas - 1, .threads = 3});
  ASSERT_TRUE(short_of_gas.ok()) << short_of_gas.status();
  EXPECT_EQ(short_of_gas->kind, VerdictKind::kOutOfGas);
}

TEST(CompilerStackTest, AQuarterOfItIsEnough) {
  const auto compiler = EmbeddedCompiler(EngineKind::kNative, Profile());
  ASSERT_TRUE(compiler.ok()) << compiler.status();
  SandboxedCompiler confined = **compiler;
  confined.stack_units = kCompilerStackUnits / 4;
  const std::span<const uint8_t> wasm = EmbeddedCompilerWasm();
  const auto a = CompileInSandbox(**compiler, wasm, Profile(), kAmpleGas);
  const auto b = CompileInSandbox(confined, wasm, Profile(), kAmpleGas);
  ASSERT_TRUE(a.ok()) << a.status();
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_EQ(a->kind, VerdictKind::kAccepted);
  EXPECT_EQ(*a, *b);

  confined.stack_units = 256;
  const auto c = CompileInSandbox(confined, wasm, Profile(), kAmpleGas);
  ASSERT_TRUE(c.ok()) << c.status();
  EXPECT_EQ(c->code, Code::kCompilerDefect);
  EXPECT_EQ(c->defect.trap, TrapCode::kStackOverflow);
}

TEST(SeededDefectTest, IsAVerdictWithTheSameGasOnBothEngines) {
  const std::vector<uint8_t> wasm =
      ReadFile("compiler/wasm32/defective_compiler_wasm.wasm");
  auto native = LoadCompiler(EngineKind::kNative, wasm, Profile());
  auto interpreter = LoadCompiler(EngineKind::kInterpreter, wasm, Profile());
  ASSERT_TRUE(native.ok()) << native.status();
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  std::vector<uint64_t> gas;
  for (const char letter : {'p', 'b', 'l', 's'}) {
    std::vector<uint8_t> module = SyntheticModule(2, 5);
    // A custom section at the end, whose name is the mark.
    const std::string mark = std::string("DEFECT:") + letter;
    module.push_back(0);
    module.push_back(static_cast<uint8_t>(mark.size() + 1));
    module.push_back(static_cast<uint8_t>(mark.size()));
    module.insert(module.end(), mark.begin(), mark.end());
    const auto a = CompileInSandbox(*native, module, Profile(), kAmpleGas);
    const auto b = CompileInSandbox(*interpreter, module, Profile(), kAmpleGas);
    ASSERT_TRUE(a.ok()) << a.status();
    ASSERT_TRUE(b.ok()) << b.status();
    EXPECT_EQ(*a, *b) << letter;
    EXPECT_EQ(a->kind, VerdictKind::kRejected) << letter;
    EXPECT_EQ(a->code, Code::kCompilerDefect);
    EXPECT_EQ(a->function, kNowhere);
    EXPECT_NE(a->defect.trap, TrapCode::kNone);
    gas.push_back(a->compile_gas);
  }
  // Plan, batch, link: each later step has paid for the earlier ones.
  EXPECT_LT(gas[0], gas[1]);
  EXPECT_LT(gas[1], gas[2]);

  // The same modules are nothing special to the compiler without the defect.
  const auto plain =
      CompileInSandbox(*native, SyntheticModule(2, 5), Profile(), kAmpleGas);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->kind, VerdictKind::kAccepted);
}

TEST(CompilerArtifactTest, OfOtherBytesIsRefused) {
  auto artifact = BuildCompilerArtifact(EmbeddedCompilerWasm(), Profile());
  ASSERT_TRUE(artifact.ok()) << artifact.status();
  EXPECT_TRUE(
      LoadCompilerArtifact(EmbeddedCompilerWasm(), *artifact, Profile()).ok());

  const std::vector<uint8_t> other = SyntheticModule(1, 1);
  EXPECT_FALSE(LoadCompilerArtifact(other, *artifact, Profile()).ok());

  Profile dearer;
  dearer.compile.function_entry += 1;
  EXPECT_FALSE(
      LoadCompilerArtifact(EmbeddedCompilerWasm(), *artifact, dearer).ok());
}

TEST(CompileScheduleTest, PricesTheCompilation) {
  Profile dearer;
  dearer.compile.function_entry += 100;
  auto cheap = EmbeddedCompiler(EngineKind::kNative, Profile());
  auto dear = EmbeddedCompiler(EngineKind::kNative, dearer);
  ASSERT_TRUE(cheap.ok()) << cheap.status();
  ASSERT_TRUE(dear.ok()) << dear.status();
  const std::vector<uint8_t> module = SyntheticModule(2, 5);
  const auto a = CompileInSandbox(**cheap, module, Profile(), kAmpleGas);
  const auto b = CompileInSandbox(**dear, module, dearer, kAmpleGas);
  ASSERT_TRUE(a.ok()) << a.status();
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_GT(b->compile_gas, a->compile_gas);
  EXPECT_NE(a->profile_digest, b->profile_digest);
}

}  // namespace
}  // namespace ingot::sandbox
