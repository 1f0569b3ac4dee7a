#include "compiler/base/error_text.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

// The table of errors is complete, unambiguous and readable.

namespace ingot {
namespace {

constexpr Code kAllCodes[] = {
#define INGOT_ERROR(number, name, json_name, message, help) Code::name,
#include "compiler/base/errors.def"
#undef INGOT_ERROR
};

TEST(ErrorTextTest, NamesAreUniqueSnakeCase) {
  std::set<std::string> names;
  for (Code code : kAllCodes) {
    const std::string name(TextOf(code).name);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              std::string::npos)
        << name;
  }
}

TEST(ErrorTextTest, EveryErrorSaysWhatIsWrongAndWhatToDo) {
  for (Code code : kAllCodes) {
    EXPECT_FALSE(TextOf(code).message.empty()) << TextOf(code).name;
    EXPECT_FALSE(TextOf(code).help.empty()) << TextOf(code).name;
  }
}

TEST(ErrorTextTest, LookUpsInvertEachOther) {
  for (Code code : kAllCodes) {
    ASSERT_TRUE(FindError(TextOf(code).name).has_value());
    EXPECT_EQ(FindError(TextOf(code).name)->code, code);
    EXPECT_EQ(CodeFromNumber(static_cast<uint32_t>(code)), code);
  }
  EXPECT_EQ(TextOf(Code::kOk).name, "ok");
  EXPECT_FALSE(FindError("no_such_error").has_value());
  EXPECT_FALSE(CodeFromNumber(9999).has_value());
}

}  // namespace
}  // namespace ingot
