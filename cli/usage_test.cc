// Wrong usage, help, explain, profiles and inspect of modules, as a user meets
// them.

#include <unistd.h>

#include <string>

#include "cli/ingot_process.h"
#include "gtest/gtest.h"

namespace ingot::cli {
namespace {

const char* const kCommands[] = {"compile", "run",     "call",    "check",
                                 "inspect", "verify",  "bench",   "profile",
                                 "explain", "doctor",  "serve",   "client",
                                 "store",   "quote",   "reproduce"};

TEST(UsageTest, EveryCommandHasHelp) {
  const IngotResult root = RunIngot({"--help"});
  EXPECT_EQ(root.exit_code, 0);
  for (const char* command : kCommands) {
    EXPECT_NE(root.out.find(command), std::string::npos) << command;
    const IngotResult help = RunIngot({command, "--help"});
    EXPECT_EQ(help.exit_code, 0) << command;
    EXPECT_EQ(help.err, "");
    const bool nested = std::string(command) == "profile" ||
                        std::string(command) == "client" ||
                        std::string(command) == "store";
    if (!nested) {
      EXPECT_NE(help.out.find("Examples:"), std::string::npos) << command;
    }
  }
}

TEST(UsageTest, WrongUsageSaysWhatIsRight) {
  const struct {
    std::vector<std::string> args;
    const char* expected;
  } kCases[] = {
      {{}, "Usage"},
      {{"chekc", "a.wasm"}, "did you mean check?"},
      {{"serve"}, "there is no store"},
      {{"serve", "--store", "s"}, "nothing to listen on"},
      {{"serve", "--check-config", "--config",
        TestFile("service.toml", "[store]\nfolder = 1\n")},
       "service.toml:2: store.folder: is a string"},
      {{"serve", "--store", "s", "--socket", "x", "--workers", "0"},
       "workers"},
      {{"client"}, "subcommand"},
      {{"client", "info"}, "--socket"},
      {{"client", "call", "--socket", "x", "--invoke", "f", "a.wasm"},
       "MODULE comes before --invoke"},
      {{"check"}, "FILE"},
      {{"check", "--colour", "a.wasm"}, "--colour"},
      {{"compile", "a.wasm", "--level", "2"}, "level"},
      {{"compile", "a.wasm", "--engine", "jit"}, "engine"},
      {{"run", "--invoke", "f", "a.wasm"}, "FILE comes before --invoke"},
      {{"call", "a.wasm", "execute"}, "--msg"},
      {{"call", "a.wasm", "dance", "--msg", "{}"}, "no entry point"},
      {{"call", "a.wasm", "execute", "--msg", "{"}, "--msg"},
      {{"call", "a.wasm", "execute", "--msg", "{}", "--funds", "1"}, ""},
      {{"profile"}, "subcommand"},
      {{"inspect", TestModule("functions"), "--disassemble", "f"},
       "pass an artifact"},
      {{"run", TestModule("functions"), "--host", "cosmwasm"}, "ingot call"},
  };
  for (const auto& test : kCases) {
    const IngotResult result = RunIngot(test.args);
    EXPECT_EQ(result.exit_code, 2) << test.expected;
    EXPECT_EQ(result.out, "") << test.expected;
    EXPECT_NE(result.err.find(test.expected), std::string::npos)
        << result.err;
  }
}

TEST(UsageTest, WithJsonWrongUsageIsAnObject) {
  const IngotResult result =
      RunIngot({"explain", "no_such_code_at_all", "--json"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(*result.Object().FindString("error"), "usage");
}

TEST(ExplainTest, KnowsCodesByNameAndNumber) {
  IngotResult result = RunIngot({"explain", "unknown_memory", "--json"});
  EXPECT_EQ(result.exit_code, 0);
  const json::Value object = result.Object();
  for (const char* key : {"code", "kind", "message", "meaning", "example",
                          "remedy"}) {
    ASSERT_NE(object.FindString(key), nullptr) << key;
    EXPECT_FALSE(object.FindString(key)->empty()) << key;
  }
  result = RunIngot({"explain", "204", "--json"});
  EXPECT_EQ(*result.Object().FindString("code"), "unknown_memory");
  result = RunIngot({"explain", "artifact_truncated"});
  EXPECT_EQ(result.exit_code, 0);
}

TEST(ExplainTest, NamesTheNeighboursOfAnUnknownCode) {
  const IngotResult result = RunIngot({"explain", "unreachible"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("did you mean unreachable?"), std::string::npos);
}

TEST(ProfileTest, TomlAndCanonicalBytesAreTheSameProfile) {
  const std::string path = testing::TempDir() + "/profile.toml";
  unlink(path.c_str());
  IngotResult result = RunIngot({"profile", "init", path, "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const std::string hash = *result.Object().FindString("profile_sha256");
  EXPECT_EQ(RunIngot({"profile", "hash"}).out, hash + "\n");
  EXPECT_EQ(RunIngot({"profile", "hash", path}).out, hash + "\n");
  EXPECT_EQ(RunIngot({"profile", "diff", path}).exit_code, 0);
  EXPECT_EQ(RunIngot({"profile", "show", path}).out, Read(path));
  // It never overwrites.
  result = RunIngot({"profile", "init", path, "--json"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(*result.Object().FindString("fault"), "already_exists");
}

TEST(ProfileTest, DiffNamesFields) {
  const std::string path = TestFile(
      "edited.toml",
      "level = 0\nfeatures = [\"extended_const\"]\nisa = \"x86-64-v2\"\n"
      "[limits]\nparams = 10\n[execution.op]\n\"i32.add\" = 9\n"
      "[compile.fee.memory_grow]\nbase = 5\n");
  const IngotResult result = RunIngot({"profile", "diff", path, "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  std::vector<std::string> fields;
  for (const json::Value& item : object.Find("differences")->items()) {
    fields.push_back(*item.FindString("field"));
  }
  EXPECT_EQ(fields, (std::vector<std::string>{
                        "level", "isa", "features", "limits.params",
                        "execution.op.i32.add",
                        "compile.fee.memory_grow.base"}));
  EXPECT_EQ(RunIngot({"profile", "show", path, "--json"})
                .Object()
                .Find("fields")
                ->Find("execution.op.i32.add")
                ->NumberLiteral(),
            "9");
}

TEST(ProfileTest, ErrorsNameTheKey) {
  const struct {
    const char* toml;
    const char* expected;
  } kCases[] = {
      {"levle = 1", "levle: no profile has such a key; did you mean level"},
      {"level = 2", "level: 2 is out of range: 0 to 1"},
      {"level = \"one\"", "level: is a whole number"},
      {"level = -1", "level: -1 is out of range"},
      {"isa = \"x86-64-v4\"", "isa"},
      {"features = [\"simd\"]", "no feature is called \"simd\""},
      {"[limits]\npages = 1", "limits.pages: no profile has such a key"},
      {"[execution.op]\nbr = 0", "profile_schedule"},
      {"level 1", "1:"},
      {"\xC5\x82 = 1", "wrong.toml:1:"},
  };
  for (const auto& test : kCases) {
    const IngotResult result =
        RunIngot({"profile", "hash", TestFile("wrong.toml", test.toml)});
    EXPECT_EQ(result.exit_code, 2) << test.toml;
    EXPECT_NE(result.err.find(test.expected), std::string::npos)
        << result.err;
  }
}

TEST(ProfileTest, AProfileChangesWhatIsAccepted) {
  const std::string path = TestFile("small.toml", "[limits]\ntypes = 1\n");
  const IngotResult result = RunIngot(
      {"check", TestModule("functions"), "--profile", path, "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  EXPECT_EQ(*object.Find("findings")->items()[0].FindString("code"),
            "limit_types");
}

TEST(InspectTest, ShowsAModule) {
  const IngotResult result =
      RunIngot({"inspect", TestModule("functions"), "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  const json::Value object = result.Object();
  EXPECT_EQ(*object.FindString("kind"), "module");
  for (const char* key : {"module_sha256", "module_bytes", "types", "imports",
                          "exports", "memories", "tables", "globals",
                          "functions", "start"}) {
    EXPECT_NE(object.Find(key), nullptr) << key;
  }
  const json::Value& first = object.Find("functions")->items()[0];
  EXPECT_EQ(*first.FindString("type"), "(i32, i32) -> (i32)");
  EXPECT_NE(first.Find("stack_units"), nullptr);

  const IngotResult text = RunIngot({"inspect", TestModule("functions")});
  EXPECT_NE(text.out.find("divide"), std::string::npos);
}

TEST(InspectTest, ABadModuleIsRejected) {
  const IngotResult result =
      RunIngot({"inspect", TestFile("bad.wasm", "(module)"), "--json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(*result.Object().FindString("code"), "bad_magic");
}

TEST(OutputTest, NoColoursIntoAPipe) {
  const IngotResult result = RunIngot({"check", TestModule("functions")});
  EXPECT_EQ(result.out.find('\033'), std::string::npos);
}

}  // namespace
}  // namespace ingot::cli
