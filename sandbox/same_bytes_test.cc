// Promise P1: same bytes. In: the corpus where there is one, the project's own
// contracts, and synthetic modules. Holds: for each module the native build,
// the native build with its batches shuffled over other memory and on several
// threads, the sandbox,
// and node's V8 running compiler.wasm give one digest, or one refusal; for the
// smaller ones the interpreter as well, with the sandbox's gas.
//
// Built with --config=gcc or --config=asan the native build is another one,
// while compiler.wasm stays the same: then this compares those builds too.

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/compile_job.h"
#include "sandbox/native_compiler.h"
#include "sandbox/test_modules.h"

namespace ingot::sandbox {
namespace {

// Far more than any test needs: a compiler that does not end is a failure here,
// not a test that hangs.
const JobOptions kAmpleGas = {.gas_limit = 200'000'000'000};

// Modules up to this size are compiled on the interpreter too, at most that
// many.
constexpr size_t kInterpretedBytes = 12 * 1024;
constexpr size_t kInterpretedModules = 24;

// What each host says of a module: "accepted <digest>", or
// "rejected <code>:<function>:<offset>".
std::string Line(const Status& refusal) {
  const auto where = [](uint32_t number) {
    return number == kNowhere ? std::string("-") : absl::StrCat(number);
  };
  return absl::StrCat(
      refusal.code == Code::kOutOfMemory ? "out_of_memory " : "rejected ",
      static_cast<uint32_t>(refusal.code), ":", where(refusal.function), ":",
      where(refusal.offset));
}

std::string Line(const NativeResult& result) {
  return result.verdict.ok()
             ? absl::StrCat("accepted ", result.artifact_digest.Hex())
             : Line(result.verdict);
}

std::string Line(const Verdict& verdict) {
  return verdict.kind == VerdictKind::kAccepted
             ? absl::StrCat("accepted ", verdict.artifact_digest.Hex())
             : Line(Status{verdict.code, verdict.function, verdict.offset});
}

// One run of node for all modules.
absl::btree_map<std::string, std::string> LinesOfV8(
    const std::vector<std::string>& paths, const Profile& profile) {
  const std::string folder = testing::TempDir();
  std::vector<uint8_t> profile_bytes(kProfileBytes);
  Encode(profile, profile_bytes);
  WriteFile(folder + "/profile", profile_bytes);
  const std::span<const uint8_t> wasm = EmbeddedCompilerWasm();
  WriteFile(folder + "/compiler.wasm", {wasm.begin(), wasm.end()});
  std::string command =
      absl::StrCat("node sandbox/node_host/compile.mjs ", folder,
                   "/compiler.wasm ", folder, "/profile");
  for (const std::string& path : paths) absl::StrAppend(&command, " ", path);

  absl::btree_map<std::string, std::string> lines;
  std::istringstream output(RunCommand(command));
  for (std::string kind, digest, path; output >> kind >> digest >> path;) {
    lines[path] = kind + " " + digest;
  }
  return lines;
}

void ExpectSameBytes(const std::vector<std::string>& paths,
                     const Profile& profile = Profile()) {
  const auto sandbox = EmbeddedCompiler(EngineKind::kNative, profile);
  const auto interpreter = EmbeddedCompiler(EngineKind::kInterpreter, profile);
  ASSERT_TRUE(sandbox.ok()) << sandbox.status();
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  const Digest compiler = (*sandbox)->digest;
  const auto v8 = LinesOfV8(paths, profile);

  size_t accepted = 0;
  size_t interpreted = 0;
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    const std::vector<uint8_t> module = ReadFile(path);
    ASSERT_FALSE(module.empty());
    const auto native = CompileNatively(module, profile, compiler);
    const auto shuffled =
        CompileNatively(module, profile, compiler, {.shuffle = true});
    const auto parallel =
        CompileNatively(module, profile, compiler, {.threads = 3});
    const auto verdict =
        CompileInSandbox(**sandbox, module, profile, kAmpleGas);
    ASSERT_TRUE(native.ok()) << native.status();
    ASSERT_TRUE(shuffled.ok()) << shuffled.status();
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    const std::string line = Line(*native);
    EXPECT_EQ(Line(*shuffled), line);
    ASSERT_TRUE(parallel.ok()) << parallel.status();
    EXPECT_EQ(Line(*parallel), line);
    if (native->batches > 1) {
      JobOptions threads = kAmpleGas;
      threads.threads = 3;
      const auto together =
          CompileInSandbox(**sandbox, module, profile, threads);
      ASSERT_TRUE(together.ok()) << together.status();
      EXPECT_EQ(*together, *verdict);
    }
    EXPECT_EQ(Line(*verdict), line);
    const auto found = v8.find(path);
    EXPECT_EQ(found == v8.end() ? "nothing" : found->second, line);
    accepted += native->verdict.ok();

    if (module.size() <= kInterpretedBytes &&
        interpreted < kInterpretedModules) {
      const auto slow =
          CompileInSandbox(**interpreter, module, profile, kAmpleGas);
      ASSERT_TRUE(slow.ok()) << slow.status();
      EXPECT_EQ(*slow, *verdict);
      ++interpreted;
    }
  }
  std::cout << paths.size() << " modules, " << accepted << " accepted, "
            << interpreted << " on the interpreter too\n";
}

TEST(SameBytesTest, OfSyntheticModules) {
  std::vector<std::string> paths;
  for (const auto& [functions, operations] :
       {std::pair(0u, 0u), std::pair(1u, 1u), std::pair(20u, 40u),
        std::pair(70u, 900u)}) {
    paths.push_back(absl::StrCat(testing::TempDir(), "/synthetic_", functions,
                                 ".wasm"));
    WriteFile(paths.back(), functions == 0
                                ? std::vector<uint8_t>{0, 'a', 's', 'm', 1, 0,
                                                       0, 0}
                                : SyntheticModule(functions, operations));
  }
  for (const uint32_t isa : {2u, 3u}) {
    for (const uint32_t level : {0u, 1u}) {
      Profile profile;
      profile.isa = isa;
      profile.level = level;
      ExpectSameBytes(paths, profile);
    }
  }
}

TEST(SameBytesTest, OfOwnContracts) {
  const std::vector<std::string> paths = OwnContracts();
  EXPECT_FALSE(paths.empty());
  ExpectSameBytes(paths);
}

TEST(SameBytesTest, OfTheCorpus) {
  std::vector<std::string> paths = CorpusModules();
  if (paths.empty()) {
    GTEST_SKIP() << "no corpus: INGOT_CORPUS names no folder with modules";
  }
  ExpectSameBytes(paths);
}

}  // namespace
}  // namespace ingot::sandbox
