#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "compiler/abi/profile.h"
#include "compiler/base/error_text.h"
#include "gtest/gtest.h"

// docs/limits.md prints the tables of the profile's fields and of the module's
// limits exactly as the code has them. When this test fails, its output is the
// table to put there.

namespace ingot {
namespace {

std::string Row(const std::string& name, uint64_t default_value,
                uint64_t smallest, uint64_t largest, Code code,
                const std::string& meaning) {
  std::ostringstream out;
  out << "| `" << name << "` | " << default_value << " | " << smallest << " – "
      << largest << " | `" << TextOf(code).name << "` | " << meaning << " |\n";
  return out.str();
}

std::string FieldRows() {
  std::string rows;
#define INGOT_PROFILE_U32(name, default_value, smallest, largest, code, text) \
  rows += Row(#name, default_value, smallest, largest, Code::code, text);
#define INGOT_PROFILE_U64 INGOT_PROFILE_U32
#include "compiler/abi/profile.def"
#undef INGOT_PROFILE_U64
#undef INGOT_PROFILE_U32
  return rows;
}

std::string LimitRows() {
  std::string rows;
#define INGOT_MODULE_LIMIT(name, default_value, largest, code, meaning) \
  rows += Row(#name, default_value, 0, largest, Code::code, meaning);
#include "compiler/wasm/module_limits.def"
#undef INGOT_MODULE_LIMIT
  return rows;
}

TEST(LimitsDocTest, PrintsTheTables) {
  std::ifstream in("docs/limits.md");
  const std::string page{std::istreambuf_iterator<char>(in),
                         std::istreambuf_iterator<char>()};
  ASSERT_FALSE(page.empty());
  EXPECT_NE(page.find(FieldRows()), std::string::npos) << FieldRows();
  EXPECT_NE(page.find(LimitRows()), std::string::npos) << LimitRows();
}

}  // namespace
}  // namespace ingot
