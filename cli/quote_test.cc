// `ingot quote` and `ingot reproduce`, as a user runs them.

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include "cli/ingot_process.h"
#include "gtest/gtest.h"

namespace ingot::cli {
namespace {

uint64_t Gas(const json::Value& object, const char* key) {
  const auto text = object.FindString(key);
  EXPECT_TRUE(text) << key;
  return text ? std::strtoull(std::string(*text).c_str(), nullptr, 10) : 0;
}

TEST(QuoteTest, BoundsWhatCompileUses) {
  for (const char* level : {"0", "1"}) {
    const IngotResult quoted = RunIngot(
        {"quote", TestModule("functions"), "--level", level, "--json"});
    EXPECT_EQ(quoted.exit_code, 0) << quoted.out << quoted.err;
    const json::Value quote = quoted.Object();
    const json::Value compiled =
        RunIngot(
            {"compile", TestModule("functions"), "--level", level, "--json"})
            .Object();
    EXPECT_EQ(*quote.FindString("verdict"), "accepted");
    EXPECT_TRUE(quote.Find("compile_gas")->IsNull());
    EXPECT_TRUE(quote.Find("artifact_sha256")->IsNull());
    EXPECT_TRUE(quote.Find("code")->IsNull());
    for (const char* digest :
         {"module_sha256", "compiler_sha256", "profile_sha256"}) {
      EXPECT_EQ(*quote.FindString(digest), *compiled.FindString(digest));
    }
    EXPECT_LE(Gas(quote, "lower_gas"), Gas(compiled, "compile_gas"));
    EXPECT_GE(Gas(quote, "upper_gas"), Gas(compiled, "compile_gas"));
    EXPECT_GT(Gas(quote, "quote_gas"), 0u);
  }
}

// A function that leaves its result away.
std::string RefusedModule() {
  const std::string path = testing::TempDir() + "/refused.wasm";
  const unsigned char bytes[] = {0x00, 'a',  's',  'm',  1,    0,    0,
                                 0,    0x01, 0x05, 0x01, 0x60, 0x00, 0x01,
                                 0x7F, 0x03, 0x02, 0x01, 0x00, 0x0A, 0x04,
                                 0x01, 0x02, 0x00, 0x0B};
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes), sizeof(bytes));
  return path;
}

TEST(QuoteTest, IsExactForWhatIsRefused) {
  const std::string module = RefusedModule();
  const IngotResult quoted = RunIngot({"quote", module, "--json"});
  EXPECT_EQ(quoted.exit_code, 1) << quoted.out << quoted.err;
  const json::Value quote = quoted.Object();
  const json::Value compiled =
      RunIngot({"compile", module, "--json"}).Object();
  EXPECT_EQ(*quote.FindString("verdict"), "rejected");
  for (const char* key : {"code", "compile_gas", "module_sha256"}) {
    EXPECT_EQ(*quote.FindString(key), *compiled.FindString(key)) << key;
  }
  EXPECT_EQ(Gas(quote, "lower_gas"), Gas(compiled, "compile_gas"));
  EXPECT_EQ(Gas(quote, "upper_gas"), Gas(compiled, "compile_gas"));
}

TEST(QuoteTest, ASmallLimitIsOutOfGas) {
  const IngotResult result = RunIngot(
      {"quote", TestModule("functions"), "--gas-limit", "1000", "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  EXPECT_EQ(*object.FindString("verdict"), "out_of_gas");
  EXPECT_EQ(*object.FindString("lower_gas"), "1000");
}

TEST(QuoteTest, SaysItToAReader) {
  const IngotResult result = RunIngot({"quote", TestModule("functions")});
  EXPECT_NE(result.out.find("at most"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("artifact"), std::string::npos) << result.out;
}

TEST(ReproduceTest, NamesWhatIsNoCheckout) {
  const IngotResult result =
      RunIngot({"reproduce", testing::TempDir(), "--json"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.out.find("no checkout"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace ingot::cli
