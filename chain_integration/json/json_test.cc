#include "chain_integration/json/json.h"

#include <string>

#include "gtest/gtest.h"

namespace ingot::json {
namespace {

std::string Error(std::string_view text, const ParseLimits& limits = {}) {
  return std::string(Parse(text, limits).status().message());
}

TEST(JsonTest, WritesWhatItRead) {
  for (const std::string_view text : {
           R"(null)", R"(true)", R"(false)", R"(0)", R"(-1)", R"("")",
           R"(18446744073709551615)", R"(1.50e+10)", R"([])", R"({})",
           R"([1,[2,[3]],"x"])", R"({"b":1,"a":{"c":null}})",
           "\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\xA6\x80\"",
           R"("\"\\\n\t\u0001")"}) {
    auto value = Parse(text);
    ASSERT_TRUE(value.ok()) << text << ": " << value.status();
    EXPECT_EQ(Write(*value), text);
  }
}

TEST(JsonTest, ReadsEscapes) {
  auto value = Parse(R"("\u00e9\u20AC\ud83e\udd80\/\b\f\r")");
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->AsString(),
            "\xC3\xA9\xE2\x82\xAC\xF0\x9F\xA6\x80/\b\f\r");
}

TEST(JsonTest, RefusesWithAPlace) {
  EXPECT_EQ(Error(""), "JSON: the text ends early at byte 0");
  EXPECT_EQ(Error("  "), "JSON: the text ends early at byte 2");
  EXPECT_EQ(Error("1 2"), "JSON: something follows the value at byte 2");
  EXPECT_EQ(Error("01"), "JSON: something follows the value at byte 1");
  EXPECT_EQ(Error("+1"), "JSON: expected a value at byte 0");
  EXPECT_EQ(Error("1."), "JSON: expected a digit at byte 2");
  EXPECT_EQ(Error("1e"), "JSON: expected a digit at byte 2");
  EXPECT_EQ(Error("tru"), "JSON: expected a value at byte 0");
  EXPECT_EQ(Error("NaN"), "JSON: expected a value at byte 0");
  EXPECT_EQ(Error("[1,]"), "JSON: expected a value at byte 3");
  EXPECT_EQ(Error("[1"), "JSON: expected , or ] at byte 2");
  EXPECT_EQ(Error("{1:2}"), "JSON: expected a string at byte 1");
  EXPECT_EQ(Error(R"({"a" 1})"), "JSON: expected : at byte 5");
  EXPECT_EQ(Error(R"({"a":1)"), "JSON: expected , or } at byte 6");
  EXPECT_EQ(Error(R"("a)"), "JSON: the text ends inside a string at byte 2");
  EXPECT_EQ(Error("\"a\nb\""),
            "JSON: control character inside a string at byte 2");
  EXPECT_EQ(Error(R"("\x")"), "JSON: unknown escape at byte 2");
  EXPECT_EQ(Error(R"("\u12g4")"),
            "JSON: expected four hexadecimal digits at byte 5");
  EXPECT_EQ(Error(R"("\ud800")"), "JSON: half of a surrogate pair at byte 7");
  EXPECT_EQ(Error(R"("\udc00")"), "JSON: half of a surrogate pair at byte 7");
  EXPECT_EQ(Error(R"({"a":1,"b":2,"a":3})"),
            "JSON: a key occurs twice in the object that ends at byte 19");
  EXPECT_EQ(Error(std::string_view("[1]\0", 4)),
            "JSON: something follows the value at byte 3");
}

TEST(JsonTest, RefusesInvalidUtf8) {
  for (const std::string_view bad :
       {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80",
        "\xF4\x90\x80\x80", "\xF0\x8F\xBF\xBF", "\xFF"}) {
    EXPECT_FALSE(IsValidUtf8(bad));
    EXPECT_EQ(Error("\"" + std::string(bad) + "\""),
              "JSON: invalid UTF-8 at byte 1");
  }
  EXPECT_EQ(ToValidUtf8("a\xFF" "b"), "a\xEF\xBF\xBD" "b");
}

TEST(JsonTest, LimitsDepthAndSize) {
  const ParseLimits limits{.depth = 3, .bytes = 20};
  EXPECT_TRUE(Parse("[[[1]]]", limits).ok());
  EXPECT_EQ(Error("[[[[1]]]]", limits),
            "JSON: nesting is too deep at byte 4");
  EXPECT_EQ(Error(std::string(21, ' '), limits),
            "JSON: 21 bytes, the limit is 20");
  EXPECT_FALSE(Parse(std::string(1000000, '[')).ok());
  EXPECT_FALSE(Parse(std::string(1000000, '{')).ok());
}

TEST(JsonTest, ComparesWithoutRegardToMemberOrder) {
  const Value a = *Parse(R"({"x":[1,{"p":1,"q":2}],"y":"z"})");
  EXPECT_TRUE(a == *Parse(R"({"y":"z","x":[1,{"q":2,"p":1}]})"));
  EXPECT_FALSE(a == *Parse(R"({"y":"z","x":[{"q":2,"p":1},1]})"));
  EXPECT_FALSE(a == *Parse(R"({"y":"z"})"));
  EXPECT_FALSE(Value::Number(1) == Value::NumberString(1));
}

TEST(JsonTest, FindsMembersAndIntegers) {
  const Value v = *Parse(R"({"n":"18446744073709551615","m":7,"f":1.5})");
  EXPECT_EQ(*v.Find("n")->AsUint64(), 18446744073709551615u);
  EXPECT_EQ(*v.Find("m")->AsUint64(), 7u);
  EXPECT_FALSE(v.Find("f")->AsUint64().ok());
  EXPECT_FALSE(Value::Signed(-1).AsUint64().ok());
  EXPECT_FALSE(Value::String("18446744073709551616").AsUint64().ok());
  EXPECT_FALSE(Value::String("").AsUint64().ok());
  EXPECT_EQ(v.Find("absent"), nullptr);
  EXPECT_EQ(v.FindString("m"), nullptr);
  EXPECT_EQ(Value::Null().Find("n"), nullptr);
}

TEST(JsonTest, PrintsForPeople) {
  EXPECT_EQ(WritePretty(*Parse(R"({"a":[1,2],"b":{},"c":[]})")),
            "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n"
            "  \"c\": []\n}\n");
}

}  // namespace
}  // namespace ingot::json
