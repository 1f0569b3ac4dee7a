#include "runtime/spec/json.h"

#include "gtest/gtest.h"

namespace ingot::runtime::spec {
namespace {

TEST(JsonTest, ReadsWhatWast2jsonWrites) {
  const auto json = ParseJson(
      R"({"commands": [{"line": 7, "args": [], "text": "a\"b\u00e2\n"}]})");
  ASSERT_TRUE(json.ok()) << json.status();
  ASSERT_EQ(json->Items("commands").size(), 1u);
  const Json& command = json->Items("commands")[0];
  EXPECT_EQ(command.Text("line"), "7");
  EXPECT_EQ(command.Text("text"), "a\"b\xE2\n");
  EXPECT_TRUE(command.Items("args").empty());
  EXPECT_EQ(command.Find("nothing"), nullptr);
  EXPECT_EQ(command.Text("nothing"), "");
}

TEST(JsonTest, RefusesWhatIsCutOffOrGoesOn) {
  for (const char* text :
       {"", "{", "{\"a\"}", "{\"a\":1", "[1,", "[1]x", "\"a",
        "\"\\u00", "\\"}) {
    EXPECT_FALSE(ParseJson(text).ok()) << text;
  }
  EXPECT_FALSE(ParseJson(std::string(100, '[')).ok());
}

}  // namespace
}  // namespace ingot::runtime::spec
