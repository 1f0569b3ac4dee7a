// Function names out of bytes that may be anything.

#include "cli/function_names.h"

#include <string>

#include "gtest/gtest.h"

namespace ingot::cli {
namespace {

using namespace std::string_literals;

FunctionNames Names(const std::string& module) {
  return FunctionNames(std::span(
      reinterpret_cast<const uint8_t*>(module.data()), module.size()));
}

// A module of a name section: functions 0 "add" and 3 "\x1b[31m".
const std::string kModule =
    "\0asm\1\0\0\0"s + "\0\x15\4name\1\x0d\2\0\3add\3\5\x1b[31m"s;

TEST(FunctionNamesTest, ReadsTheNameSection) {
  std::string module = kModule;
  module[9] = static_cast<char>(module.size() - 10);
  const FunctionNames names = Names(module);
  EXPECT_EQ(names.Find(0), "add");
  EXPECT_EQ(names.Describe(0), "function 0 (add)");
  EXPECT_EQ(names.Find(1), "");
  EXPECT_EQ(names.Describe(1), "function 1");
}

TEST(FunctionNamesTest, NothingReachesATerminalUnchecked) {
  std::string module = kModule;
  module[9] = static_cast<char>(module.size() - 10);
  EXPECT_EQ(Names(module).Find(3), "?[31m");
}

// The module with one function name instead of both.
FunctionNames OneName(const std::string& name) {
  const auto number = [](size_t n) {
    return std::string{static_cast<char>(0x80 | (n & 0x7F)),
                       static_cast<char>(n >> 7)};
  };
  const std::string names = "\1\0"s + number(name.size()) + name;
  const std::string section =
      "\4name\1"s + number(names.size()) + names;
  return Names("\0asm\1\0\0\0\0"s + number(section.size()) + section);
}

TEST(FunctionNamesTest, ControlCharactersBeyondAsciiAreNone) {
  EXPECT_EQ(OneName("a\xC2\x9B" "31m\xC2\xA0").Find(0), "a?31m\xC2\xA0");
}

TEST(FunctionNamesTest, NamesOfInvalidBytesStayShort) {
  const std::string name = OneName(std::string(250, '\xFF')).Find(0);
  EXPECT_EQ(name.size(), 198u);
  EXPECT_EQ(name.substr(195), "\xEF\xBF\xBD");
}

TEST(FunctionNamesTest, EveryTruncationEndsQuietly) {
  std::string module = kModule;
  module[9] = static_cast<char>(module.size() - 10);
  for (size_t length = 0; length < module.size(); ++length) {
    const FunctionNames names = Names(module.substr(0, length));
    EXPECT_EQ(names.Find(3), "") << length;
  }
}

}  // namespace
}  // namespace ingot::cli
