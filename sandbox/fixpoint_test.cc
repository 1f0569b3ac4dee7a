// The loop that Ingot stands on: compiler.wasm compiles itself. In: the
// embedded compiler.wasm. Holds: the native build, compiler.wasm on the
// artifact that the native build made, compiler.wasm on the artifact which that
// made, the interpreter, and node's V8 all give the same bytes; both engines
// count the same gas.

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/compile_job.h"
#include "sandbox/test_modules.h"

namespace ingot::sandbox {
namespace {

// Far more than any test needs: a compiler that does not end is a failure here,
// not a test that hangs.
const JobOptions kAmpleGas = {.gas_limit = 200'000'000'000};

TEST(FixpointTest, CompilerWasmCompilesItself) {
  const std::span<const uint8_t> wasm = EmbeddedCompilerWasm();
  const Profile job;
  const Profile profile = CompilerProfile(job);

  const auto first = BuildCompilerArtifact(wasm, job);
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string digest = Sha256(*first).Hex();
  std::cout << "compiler.wasm " << Sha256(wasm).Hex() << "\n"
            << "native build  " << digest << "\n";

  std::vector<uint8_t> artifact = *first;
  uint64_t gas = 0;
  for (const char* name : {"its artifact  ", "that one's    "}) {
    const auto compiler = LoadCompilerArtifact(wasm, artifact, job);
    ASSERT_TRUE(compiler.ok()) << compiler.status();
    auto verdict = CompileInSandbox(*compiler, wasm, profile, kAmpleGas);
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    ASSERT_EQ(verdict->kind, VerdictKind::kAccepted)
        << static_cast<int>(verdict->code);
    std::cout << name << verdict->artifact_digest.Hex() << "  gas "
              << verdict->compile_gas << "\n";
    EXPECT_EQ(verdict->artifact_digest.Hex(), digest);
    artifact = std::move(verdict->artifact);
    gas = verdict->compile_gas;
  }

  const auto interpreter = LoadInterpretedCompiler(wasm, job);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  const auto verdict = CompileInSandbox(*interpreter, wasm, profile, kAmpleGas);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  std::cout << "interpreter   " << verdict->artifact_digest.Hex() << "  gas "
            << verdict->compile_gas << "\n";
  EXPECT_EQ(verdict->artifact_digest.Hex(), digest);
  EXPECT_EQ(verdict->compile_gas, gas);
}

TEST(FixpointTest, V8GivesTheSameArtifactOfTheCompiler) {
  const std::span<const uint8_t> wasm = EmbeddedCompilerWasm();
  const auto artifact = BuildCompilerArtifact(wasm, Profile());
  ASSERT_TRUE(artifact.ok()) << artifact.status();

  const std::string folder = testing::TempDir();
  std::vector<uint8_t> profile(kProfileBytes);
  Encode(CompilerProfile(Profile()), profile);
  WriteFile(folder + "/profile", profile);
  WriteFile(folder + "/compiler.wasm", {wasm.begin(), wasm.end()});
  const std::string compiler = folder + "/compiler.wasm";
  EXPECT_EQ(RunCommand("node sandbox/node_host/compile.mjs " + compiler + " " +
                       folder + "/profile " + compiler),
            "accepted " + Sha256(*artifact).Hex() + " " + compiler + "\n");
}

}  // namespace
}  // namespace ingot::sandbox
