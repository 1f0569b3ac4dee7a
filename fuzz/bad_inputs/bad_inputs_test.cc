// All rows of rows.def, in order, and a line of what came of each.

#include <cstdio>
#include <string>

#include "fuzz/bad_inputs/row.h"
#include "fuzz/bad_inputs/rows.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {

std::vector<BadInput> BadInputs() {
  return {
#define INGOT_BAD_INPUT(number, input, expected) \
  {number, input, expected, &Row##number},
#include "fuzz/bad_inputs/rows.def"
#undef INGOT_BAD_INPUT
  };
}

namespace {

class BadInputsTest : public testing::TestWithParam<BadInput> {};

INSTANTIATE_TEST_SUITE_P(Row, BadInputsTest, testing::ValuesIn(BadInputs()),
                         [](const auto& info) {
                           return std::to_string(info.param.number);
                         });

TEST_P(BadInputsTest, EndsAsExpected) {
  const BadInput& input = GetParam();
  Row row(input.number);
  input.check(row);
  std::printf("%s\n", row.Summary().c_str());
}

TEST(BadInputsTableTest, HasFortyRowsInOrder) {
  uint32_t expected = 1;
  for (const BadInput& input : BadInputs()) {
    EXPECT_EQ(input.number, expected++);
  }
  EXPECT_EQ(expected, 41u);
}

}  // namespace
}  // namespace ingot::fuzz
