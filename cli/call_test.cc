// `ingot call` as a user calls a contract: our own token, on both engines, with
// its state in a file.

#include <unistd.h>

#include <string>

#include "cli/ingot_process.h"
#include "gtest/gtest.h"

namespace ingot::cli {
namespace {

constexpr char kToken[] = "testdata/contracts/token.wasm";

class CallTest : public testing::TestWithParam<const char*> {
 protected:
  CallTest() : state_(testing::TempDir() + "/state.json") {
    unlink(state_.c_str());
  }

  IngotResult Call(const std::string& entry, const std::string& msg,
                   std::vector<std::string> flags = {}) {
    std::vector<std::string> args = {"call",   kToken, entry,     "--msg",
                                     msg,      "--engine", GetParam(),
                                     "--state", state_,    "--json"};
    args.insert(args.end(), flags.begin(), flags.end());
    return RunIngot(args);
  }

  void Instantiate() {
    const IngotResult result = Call(
        "instantiate",
        R"({"name":"Gold","symbol":"GLD","decimals":6,)"
        R"("initial_balances":[{"address":"alice","amount":"1000"}]})");
    ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  }
  std::string BalanceOf(const std::string& address) {
    const IngotResult result = Call(
        "query", R"({"balance":{"address":")" + address + R"("}})");
    EXPECT_EQ(result.exit_code, 0) << result.out;
    return json::Write(*result.Object().Find("data"));
  }

  std::string state_;
};

TEST_P(CallTest, KeepsItsStateInAFile) {
  Instantiate();
  const IngotResult result =
      Call("execute", R"({"transfer":{"recipient":"bob","amount":"250"}})",
           {"--sender", "alice"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(BalanceOf("alice"), R"({"balance":"750"})");
  EXPECT_EQ(BalanceOf("bob"), R"({"balance":"250"})");
}

TEST_P(CallTest, HasTheKeysOfTheInterface) {
  Instantiate();
  const json::Value object =
      Call("execute", R"({"transfer":{"recipient":"bob","amount":"1"}})",
           {"--sender", "alice"})
          .Object();
  for (const char* key :
       {"outcome", "trap", "function", "offset", "results", "gas_used",
        "gas_limit", "phase", "data", "events", "messages", "error",
        "state_changes", "gas_used_wasm", "gas_used_host"}) {
    EXPECT_NE(object.Find(key), nullptr) << key;
  }
  EXPECT_EQ(*object.FindString("outcome"), "returned");
  EXPECT_EQ(object.Find("state_changes")->items().size(), 2u);
}

TEST_P(CallTest, AFailedCallLeavesTheState) {
  Instantiate();
  const std::string before = Read(state_);
  const IngotResult result =
      Call("execute", R"({"transfer":{"recipient":"bob","amount":"1001"}})",
           {"--sender", "alice"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(*result.Object().FindString("outcome"), "reverted");
  EXPECT_FALSE(result.Object().Find("error")->IsNull());
  EXPECT_EQ(Read(state_), before);

  const IngotResult starved =
      Call("execute", R"({"transfer":{"recipient":"bob","amount":"1"}})",
           {"--sender", "alice", "--gas-limit", "200000"});
  EXPECT_EQ(starved.exit_code, 1);
  EXPECT_EQ(*starved.Object().FindString("outcome"), "out_of_gas");
  EXPECT_EQ(Read(state_), before);
}

TEST_P(CallTest, DiffShowsWhatChanged) {
  Instantiate();
  const IngotResult result = RunIngot(
      {"call", kToken, "execute", "--msg",
       R"({"transfer":{"recipient":"bob","amount":"1"}})", "--sender",
       "alice", "--state", state_, "--engine", GetParam(), "--diff"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("    + "), std::string::npos) << result.out;
}

TEST_P(CallTest, ATrapHasABacktraceWithNames) {
  const IngotResult result = RunIngot(
      {"call", "testdata/contracts/host_probe.wasm", "execute", "--msg",
       R"({"do":[["trap"]]})", "--engine", GetParam(), "--json"});
  EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
  const json::Value object = result.Object();
  ASSERT_EQ(*object.FindString("outcome"), "trapped") << result.out;
  const json::Array& frames = object.Find("backtrace")->items();
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(*frames.back().FindString("name"), "execute");
}

TEST_P(CallTest, AModuleThatIsNoContractIsRefused) {
  const IngotResult result =
      RunIngot({"call", TestModule("functions"), "execute", "--msg", "{}",
                "--engine", GetParam(), "--json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(*result.Object().FindString("verdict"), "rejected");
}

TEST_P(CallTest, ADamagedStateFileIsAFault) {
  const std::string path = TestFile("damaged.json", "{\"entries\":7}");
  const IngotResult result =
      RunIngot({"call", kToken, "query", "--msg", "{}", "--state", path,
                "--engine", GetParam(), "--json"});
  EXPECT_EQ(result.exit_code, 3) << result.out;
  EXPECT_NE(result.Object().FindString("fault"), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Engines, CallTest,
                         testing::Values("native", "interpreter"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

}  // namespace
}  // namespace ingot::cli
