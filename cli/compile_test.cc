// What needs the compiler: compile, verify, inspect of an artifact, bench and
// doctor, as a user runs them.

#include <sys/stat.h>

#include <cstdio>
#include <string>
#include <thread>

#include "cli/ingot_process.h"
#include "gtest/gtest.h"

namespace ingot::cli {
namespace {

const char* const kCompileKeys[] = {
    "verdict",         "code",           "message",
    "function",        "offset",         "compile_gas",
    "module_sha256",   "compiler_sha256", "profile_sha256",
    "artifact_sha256", "artifact_bytes", "code_bytes",
};

// Compiles a module; the path of the artifact.
std::string Compiled(const char* module) {
  const std::string path =
      testing::TempDir() + "/" + std::string(module) + ".ingot";
  const IngotResult result =
      RunIngot({"compile", TestModule(module), "-o", path});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  return path;
}

TEST(CompileTest, AcceptsAndWritesTheArtifact) {
  const std::string path = testing::TempDir() + "/functions.ingot";
  const IngotResult result = RunIngot(
      {"compile", TestModule("functions"), "-o", path, "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const json::Value object = result.Object();
  for (const char* key : kCompileKeys) {
    EXPECT_NE(object.Find(key), nullptr) << key;
  }
  EXPECT_EQ(*object.FindString("verdict"), "accepted");
  EXPECT_TRUE(object.Find("code")->IsNull());
  EXPECT_TRUE(object.Find("function")->IsNull());
  EXPECT_TRUE(object.Find("compile_gas")->IsString());
  EXPECT_EQ(object.FindString("artifact_sha256")->size(), 64u);
  EXPECT_EQ(object.Find("artifact_bytes")->NumberLiteral(),
            std::to_string(Read(path).size()));
}

TEST(CompileTest, TheNativeBuildGivesTheSameBytesAndNoGas) {
  const json::Value sandboxed =
      RunIngot({"compile", TestModule("functions"), "--json"}).Object();
  const IngotResult result = RunIngot(
      {"compile", TestModule("functions"), "--json", "--engine", "native"});
  EXPECT_EQ(result.exit_code, 0);
  const json::Value native = result.Object();
  EXPECT_TRUE(native.Find("compile_gas")->IsNull());
  EXPECT_EQ(*native.FindString("artifact_sha256"),
            *sandboxed.FindString("artifact_sha256"));
}

TEST(CompileTest, TheLevelChangesTheProfile) {
  const json::Value one =
      RunIngot({"compile", TestModule("functions"), "--json"}).Object();
  const json::Value zero = RunIngot({"compile", TestModule("functions"),
                                     "--json", "--level", "0"})
                               .Object();
  EXPECT_EQ(*zero.FindString("verdict"), "accepted");
  EXPECT_NE(*one.FindString("profile_sha256"),
            *zero.FindString("profile_sha256"));
}

TEST(CompileTest, ASmallLimitIsOutOfGas) {
  const IngotResult result =
      RunIngot({"compile", TestModule("functions"), "--json", "--gas-limit",
                "1000"});
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  EXPECT_EQ(*object.FindString("verdict"), "out_of_gas");
  EXPECT_EQ(*object.FindString("compile_gas"), "1000");
  EXPECT_TRUE(object.Find("artifact_sha256")->IsNull());
  EXPECT_TRUE(object.Find("code")->IsNull());
}

TEST(CompileTest, TheExactLimitSufficesAndADoubledOneChangesNothing) {
  const auto compile = [](uint64_t limit) {
    return RunIngot({"compile", TestModule("functions"), "--json",
                     "--gas-limit", std::to_string(limit)});
  };
  const IngotResult unlimited =
      RunIngot({"compile", TestModule("functions"), "--json"});
  const uint64_t used =
      std::stoull(*unlimited.Object().FindString("compile_gas"));
  EXPECT_EQ(compile(used).out, unlimited.out);
  EXPECT_EQ(compile(2 * used).out, unlimited.out);
  const json::Value less = compile(used - 1).Object();
  EXPECT_EQ(*less.FindString("verdict"), "out_of_gas");
  EXPECT_EQ(*less.FindString("compile_gas"), std::to_string(used - 1));
}

TEST(CompileTest, ARejectionSaysWhereAndWritesNothing) {
  const std::string path = testing::TempDir() + "/rejected.ingot";
  const IngotResult result = RunIngot(
      {"compile", TestFile("empty.wasm", ""), "-o", path, "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  EXPECT_EQ(*object.FindString("verdict"), "rejected");
  EXPECT_EQ(*object.FindString("code"), "bad_magic");
  EXPECT_EQ(object.Find("offset")->NumberLiteral(), "0");
  EXPECT_EQ(Read(path), "");
}

TEST(CompileTest, WhatCannotBeWrittenIsAFault) {
  const IngotResult result =
      RunIngot({"compile", TestModule("functions"), "-o",
                "/nowhere/at/all.ingot", "--json"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(*result.Object().FindString("fault"), "not_found");
}

// As root, `-o /dev/null` would take it from the whole machine.
TEST(CompileTest, WhatIsNoFileIsWrittenToAndStays) {
  const std::string pipe = testing::TempDir() + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] { read = Read(pipe); });
  const IngotResult result =
      RunIngot({"compile", TestModule("functions"), "-o", pipe, "--json"});
  reader.join();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(read, Read(Compiled("functions")));
  struct stat status;
  ASSERT_EQ(stat(pipe.c_str(), &status), 0);
  EXPECT_TRUE(S_ISFIFO(status.st_mode));
}

TEST(ArtifactTest, RunsAndRefusesDamage) {
  const std::string path = Compiled("functions");
  IngotResult result =
      RunIngot({"run", path, "--json", "--invoke", "add", "2", "3"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(json::Write(*result.Object().Find("results")),
            R"([{"type":"i32","value":"5"}])");

  const std::string bytes = Read(path);
  const std::string cut = TestFile("cut.ingot",
                                   std::string_view(bytes).substr(
                                       0, bytes.size() - 100));
  result = RunIngot({"run", cut, "--json", "--invoke", "add", "2", "3"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(*result.Object().FindString("verdict"), "rejected");
  EXPECT_TRUE(result.Object().FindString("code")->starts_with("artifact_"));

  // A profile other than the artifact's own.
  result = RunIngot(
      {"run", path, "--level", "0", "--json", "--invoke", "add", "2", "3"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(*result.Object().FindString("code"), "artifact_profile_differs");

  result = RunIngot({"run", path, "--engine", "interpreter", "--invoke",
                     "add", "2", "3"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("pass the module"), std::string::npos);
}

TEST(ArtifactTest, VerifySaysWhichChecksWereMade) {
  const std::string path = Compiled("functions");
  IngotResult result = RunIngot({"verify", path, "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  EXPECT_EQ(result.Object().Find("checks")->items().size(), 2u);

  result = RunIngot({"verify", path, TestModule("functions"), "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  EXPECT_EQ(*result.Object().FindString("verdict"), "accepted");
  EXPECT_EQ(result.Object().Find("checks")->items().size(), 6u);

  result = RunIngot({"verify", path, TestModule("hello"), "--json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(*result.Object().FindString("code"), "artifact_module_differs");

  std::string bytes = Read(path);
  bytes[4100] = static_cast<char>(bytes[4100] ^ 1);  // in the code
  const std::string flipped = TestFile("flipped.ingot", bytes);
  result = RunIngot(
      {"verify", flipped, TestModule("functions"), "--json"});
  EXPECT_EQ(result.exit_code, 1) << result.out;
  EXPECT_EQ(*result.Object().FindString("code"), "artifact_verifier");
}

// An artifact from elsewhere whose code was changed: a call of the system in
// place of the division.
TEST(ArtifactTest, VerifyShowsWhatItRefuses) {
  const std::string path = Compiled("functions");
  IngotResult result =
      RunIngot({"inspect", path, "--disassemble", "divide", "--json"});
  const json::Value inspected = result.Object();
  unsigned long offset = 0;
  for (const json::Value& line : inspected.Find("disassembly")->items()) {
    if (line.FindString("text")->starts_with("idiv")) {
      offset = std::stoul(line.Find("code_offset")->NumberLiteral());
    }
  }
  ASSERT_NE(offset, 0u) << result.out;
  std::string bytes = Read(path);
  bytes[4096 + offset] = 0x0F;
  bytes[4096 + offset + 1] = 0x05;
  const std::string changed = TestFile("syscall.ingot", bytes);

  result = RunIngot({"verify", changed});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.out.find("rule V1"), std::string::npos) << result.out;
  char place[32];
  std::snprintf(place, sizeof place, "0x%lx", offset);
  EXPECT_NE(result.out.find(std::string("code offset ") + place),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find(std::string(place) + "  syscall"),
            std::string::npos)
      << result.out;

  result = RunIngot({"verify", changed, "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  const json::Value* refusal = object.Find("refusal");
  ASSERT_NE(refusal, nullptr) << result.out;
  EXPECT_EQ(refusal->Find("rule")->NumberLiteral(), "1");
  EXPECT_EQ(refusal->Find("code_offset")->NumberLiteral(),
            std::to_string(offset));
  EXPECT_EQ(refusal->Find("function")->NumberLiteral(),
            inspected.Find("function")->NumberLiteral());
}

TEST(ArtifactTest, InspectShowsIdentityAndCode) {
  const std::string path = Compiled("functions");
  IngotResult result = RunIngot({"inspect", path, "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  const json::Value object = result.Object();
  for (const char* key :
       {"artifact_sha256", "module_sha256", "compiler_sha256",
        "profile_sha256", "isa", "level", "code_bytes", "traps", "call_sites",
        "functions", "imports", "exports"}) {
    EXPECT_NE(object.Find(key), nullptr) << key;
  }
  EXPECT_EQ(object.Find("functions")->items().size(), 15u);

  result = RunIngot({"inspect", path, "--disassemble", "divide"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.out.find("idiv"), std::string::npos) << result.out;
  result = RunIngot({"inspect", path, "--disassemble", "unreachable",
                     "--json"});
  EXPECT_NE(result.out.find("\"trap\":\"unreachable\""), std::string::npos)
      << result.out;
  result = RunIngot({"inspect", path, "--disassemble", "nothing"});
  EXPECT_EQ(result.exit_code, 2);
}

TEST(BenchTest, TimesEverything) {
  const IngotResult result =
      RunIngot({"bench", TestModule("marked"), "--reps", "3",
                "--stub-imports", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const json::Value object = result.Object();
  for (const char* key : {"compile_native_ms", "compile_sandbox_ms",
                          "instantiate_us", "run_ms"}) {
    const json::Value* times = object.Find(key);
    ASSERT_NE(times, nullptr) << key;
    for (const char* part : {"min", "median", "max"}) {
      EXPECT_NE(times->Find(part), nullptr) << key << part;
    }
  }
  for (const char* key : {"compile_gas", "results", "gas_used", "metered"}) {
    EXPECT_NE(object.Find(key), nullptr) << key;
  }
  EXPECT_EQ(*object.FindString("outcome"), "returned");
}

TEST(BenchTest, RefusesUnknownImportsUnlessTold) {
  const IngotResult result =
      RunIngot({"bench", TestModule("marked"), "--reps", "1", "--json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(*result.Object().FindString("code"), "unknown_import");
}

TEST(BenchTest, AModuleWithoutAMainFunctionIsOnlyCompiled) {
  const IngotResult result = RunIngot(
      {"bench", TestModule("functions"), "--reps", "1", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_FALSE(result.Object().Find("compile_sandbox_ms")->IsNull());
  EXPECT_TRUE(result.Object().Find("run_ms")->IsNull());
}

TEST(DoctorTest, PassesItsSelfTest) {
  const IngotResult result = RunIngot({"doctor", "--json"});
  const json::Value object = result.Object();
  for (const json::Value& check : object.Find("checks")->items()) {
    const std::string& name = *check.FindString("check");
    if (name.starts_with("compile") || name.starts_with("run") ||
        name == "SHA-256") {
      EXPECT_EQ(*check.FindString("status"), "ok") << json::Write(check);
    }
  }
  EXPECT_EQ(object.FindString("self_test_sha256")->size(), 64u);
}

}  // namespace
}  // namespace ingot::cli
