// `ingot run` as a user runs it: outcomes, traps, arguments, output, exit
// codes, on both engines.

#include <string>

#include "cli/ingot_process.h"
#include "gtest/gtest.h"

namespace ingot::cli {
namespace {

class RunTest : public testing::TestWithParam<const char*> {
 protected:
  static std::vector<std::string> Args(std::vector<std::string> rest) {
    std::vector<std::string> args = {"run"};
    args.insert(args.end(), rest.begin(), rest.end());
    const auto dashes = std::find(args.begin(), args.end(), "--");
    const std::vector<std::string> flags = {"--engine", GetParam(), "--json"};
    args.insert(dashes, flags.begin(), flags.end());
    return args;
  }
  // Calls an export of the module `functions`.
  static json::Value Invoke(std::vector<std::string> invocation,
                            int exit_code) {
    std::vector<std::string> args = {TestModule("functions"), "--invoke"};
    args.insert(args.end(), invocation.begin(), invocation.end());
    const IngotResult result = RunIngot(Args(args));
    EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
    return result.Object();
  }
  static std::string TrapOf(std::vector<std::string> invocation) {
    const json::Value object = Invoke(std::move(invocation), 1);
    EXPECT_EQ(*object.FindString("outcome"), "trapped");
    EXPECT_FALSE(object.Find("function")->IsNull());
    EXPECT_FALSE(object.Find("offset")->IsNull());
    EXPECT_FALSE(object.Find("backtrace")->items().empty());
    const std::string* trap = object.FindString("trap");
    return trap == nullptr ? "" : *trap;
  }
  static std::string ResultsOf(std::vector<std::string> invocation) {
    const json::Value object = Invoke(std::move(invocation), 0);
    EXPECT_EQ(*object.FindString("outcome"), "returned");
    return json::Write(*object.Find("results"));
  }
};

TEST_P(RunTest, HelloWorldPrintsItself) {
  const IngotResult plain =
      RunIngot({"run", TestModule("hello"), "--engine", GetParam()});
  EXPECT_EQ(plain.exit_code, 0) << plain.err;
  EXPECT_EQ(plain.out, "Hello, world!\n");
  EXPECT_NE(plain.err.find("0 arguments\n"), std::string::npos);
  EXPECT_NE(plain.err.find("gas used"), std::string::npos);

  const json::Value object =
      RunIngot(Args({TestModule("hello")})).Object();
  EXPECT_EQ(*object.FindString("outcome"), "returned");
  EXPECT_EQ(*object.FindString("stdout"), "Hello, world!\n");
  EXPECT_EQ(*object.FindString("stderr"), "0 arguments\n");
}

TEST_P(RunTest, PassesArgumentsAndAnExitCode) {
  const IngotResult result =
      RunIngot(Args({TestModule("hello"), "--", "one", "--two"}));
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  EXPECT_EQ(*object.FindString("outcome"), "reverted");
  EXPECT_EQ(object.Find("exit_code")->NumberLiteral(), "7");
  EXPECT_EQ(*object.FindString("stdout"),
            "Hello, world!\nargument 1: one\nargument 2: --two\n");
}

TEST_P(RunTest, TypesArgumentsAndResults) {
  EXPECT_EQ(ResultsOf({"add", "1", "-2"}),
            R"([{"type":"i32","value":"-1"}])");
  EXPECT_EQ(ResultsOf({"add", "0xffffffff", "4294967295"}),
            R"([{"type":"i32","value":"-2"}])");
  EXPECT_EQ(ResultsOf({"widen", "-9223372036854775808"}),
            R"([{"type":"i64","value":"-9223372036854775808"},)"
            R"({"type":"i32","value":"1"}])");
  EXPECT_EQ(ResultsOf({"half", "3", "0x7f800001"}),
            R"([{"type":"f64","value":"0x3ff8000000000000"},)"
            R"({"type":"f32","value":"0x7f800001"}])");
  EXPECT_EQ(ResultsOf({"half", "-inf", "nan"}),
            R"([{"type":"f64","value":"0xfff0000000000000"},)"
            R"({"type":"f32","value":"0x7fc00000"}])");
  EXPECT_EQ(ResultsOf({"reference", "null"}),
            R"([{"type":"externref","value":"null"}])");
  EXPECT_EQ(ResultsOf({"reference", "7"}),
            R"([{"type":"externref","value":"7"}])");
}

TEST_P(RunTest, NamesEveryTrap) {
  EXPECT_EQ(TrapOf({"unreachable"}), "unreachable");
  EXPECT_EQ(TrapOf({"load", "65533"}), "out_of_bounds_memory");
  EXPECT_EQ(TrapOf({"table"}), "out_of_bounds_table");
  EXPECT_EQ(TrapOf({"undefined"}), "undefined_element");
  EXPECT_EQ(TrapOf({"null"}), "uninitialized_element");
  EXPECT_EQ(TrapOf({"mismatch"}), "indirect_call_mismatch");
  EXPECT_EQ(TrapOf({"divide", "1", "0"}), "integer_divide_by_zero");
  EXPECT_EQ(TrapOf({"divide", "-2147483648", "-1"}), "integer_overflow");
  EXPECT_EQ(TrapOf({"convert", "nan"}), "invalid_conversion");
  EXPECT_EQ(TrapOf({"deep"}), "stack_overflow");
}

TEST_P(RunTest, ABacktraceNamesItsFunctions) {
  const json::Value object = Invoke({"outer", "0"}, 1);
  const json::Array& frames = object.Find("backtrace")->items();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(*frames[0].FindString("name"), "div");
  EXPECT_EQ(*frames[1].FindString("name"), "outer");
  EXPECT_EQ(json::Write(*frames[0].Find("function")),
            json::Write(*object.Find("function")));
  EXPECT_EQ(json::Write(*frames[0].Find("offset")),
            json::Write(*object.Find("offset")));
}

TEST_P(RunTest, HasTheKeysOfTheInterface) {
  const json::Value object = Invoke({"add", "1", "2"}, 0);
  for (const char* key : {"outcome", "trap", "function", "offset", "results",
                          "gas_used", "gas_limit", "phase"}) {
    EXPECT_NE(object.Find(key), nullptr) << key;
  }
  EXPECT_TRUE(object.Find("trap")->IsNull());
  EXPECT_TRUE(object.Find("function")->IsNull());
  EXPECT_TRUE(object.Find("offset")->IsNull());
  EXPECT_TRUE(object.Find("gas_used")->IsString());
  EXPECT_EQ(*object.FindString("gas_limit"), "1000000000000");
  EXPECT_EQ(*object.FindString("phase"), "call");
}

TEST_P(RunTest, OutOfGasUsesTheLimit) {
  const json::Value object =
      Invoke({"forever", "--gas-limit", "1_000_000"}, 1);
  EXPECT_EQ(*object.FindString("outcome"), "out_of_gas");
  EXPECT_EQ(*object.FindString("gas_used"), "1000000");
  EXPECT_EQ(*object.FindString("phase"), "call");
  EXPECT_EQ(*Invoke({"forever", "--gas-limit", "5"}, 1).FindString("phase"),
            "instantiate");
}

TEST_P(RunTest, TheExactLimitSuffices) {
  const std::string used =
      *Invoke({"add", "1", "2"}, 0).FindString("gas_used");
  EXPECT_EQ(*Invoke({"add", "1", "2", "--gas-limit", used}, 0)
                 .FindString("gas_used"),
            used);
  const std::string less = std::to_string(std::stoull(used) - 1);
  EXPECT_EQ(*Invoke({"add", "1", "2", "--gas-limit", less}, 1)
                 .FindString("outcome"),
            "out_of_gas");
}

TEST_P(RunTest, AStartFunctionMayTrap) {
  const IngotResult result = RunIngot(Args({TestModule("start_traps")}));
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  EXPECT_EQ(*object.FindString("trap"), "unreachable");
  EXPECT_EQ(*object.FindString("phase"), "instantiate");
}

TEST_P(RunTest, ARejectedModuleGivesTheObjectOfCompile) {
  const IngotResult result =
      RunIngot(Args({TestFile("bad.wasm", "\0asm\1")}));
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  EXPECT_EQ(*object.FindString("verdict"), "rejected");
  for (const char* key :
       {"code", "message", "function", "offset", "compile_gas",
        "module_sha256", "compiler_sha256", "profile_sha256",
        "artifact_sha256", "artifact_bytes", "code_bytes"}) {
    EXPECT_NE(object.Find(key), nullptr) << key;
  }
}

TEST_P(RunTest, AnImportThatIsNotProvidedIsRefused) {
  const IngotResult result = RunIngot(Args({TestModule("imports")}));
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  EXPECT_EQ(*object.FindString("verdict"), "rejected");
  EXPECT_EQ(*object.FindString("code"), "unknown_import");
  EXPECT_NE(object.FindString("message")->find("env.print"),
            std::string::npos);
}

// An artifact is refused as itself: with the digests that it carries.
TEST(RunArtifactTest, ARefusalNamesTheArtifactsDigests) {
  const std::string path = testing::TempDir() + "/imports.elf";
  const json::Value compiled =
      RunIngot({"compile", TestModule("imports"), "-o", path, "--json"})
          .Object();
  const IngotResult result = RunIngot({"run", path, "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const json::Value refused = result.Object();
  EXPECT_EQ(*refused.FindString("code"), "unknown_import");
  for (const char* key :
       {"module_sha256", "compiler_sha256", "profile_sha256"}) {
    EXPECT_EQ(*refused.FindString(key), *compiled.FindString(key)) << key;
  }
  EXPECT_TRUE(refused.Find("compile_gas")->IsNull());
}

TEST_P(RunTest, WrongInvocationsAreWrongUsage) {
  const std::string module = TestModule("functions");
  const struct {
    std::vector<std::string> args;
    const char* expected;
  } kCases[] = {
      {{module}, "_start"},
      {{module, "--invoke", "ad", "1", "2"}, "add"},
      {{module, "--invoke", "add", "1"}, "takes 2 arguments, 1 given"},
      {{module, "--invoke", "add", "1", "2.5"}, "argument 2"},
      {{module, "--invoke", "add", "1", "4294967296"}, "does not fit"},
      {{module, "--invoke", "half", "one", "1"}, "argument 1"},
      {{module, "--invoke", "half", "1", "0x123456789"}, "argument 2"},
      {{module, "--invoke"}, "--invoke needs"},
      {{module, "--gas-limit", "much"}, "no amount of gas"},
  };
  for (const auto& test : kCases) {
    std::vector<std::string> args = {"run"};
    args.insert(args.end(), test.args.begin(), test.args.end());
    if (test.args.back() != "--invoke") {
      args.push_back("--engine");
      args.push_back(GetParam());
    }
    const IngotResult result = RunIngot(args);
    EXPECT_EQ(result.exit_code, 2) << test.expected;
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find(test.expected), std::string::npos)
        << result.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, RunTest,
                         testing::Values("native", "interpreter"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

TEST(EnginesTest, AgreeOnEveryExport) {
  const std::vector<std::vector<std::string>> kCalls = {
      {"add", "7", "8"},       {"widen", "5"},       {"half", "1", "1"},
      {"divide", "1", "0"},    {"outer", "0"},       {"outer", "2"},
      {"load", "65536"},       {"table"},            {"null"},
      {"mismatch"},            {"convert", "1e30"},  {"deep"},
      {"unreachable"},         {"undefined"},        {"load", "0"},
  };
  for (const std::vector<std::string>& call : kCalls) {
    std::string answers[2];
    for (int i = 0; i < 2; ++i) {
      std::vector<std::string> args = {"run", TestModule("functions"),
                                       "--json", "--engine",
                                       i == 0 ? "native" : "interpreter",
                                       "--invoke"};
      args.insert(args.end(), call.begin(), call.end());
      answers[i] = RunIngot(args).out;
    }
    EXPECT_EQ(answers[0], answers[1]) << call[0];
  }
}

}  // namespace
}  // namespace ingot::cli
