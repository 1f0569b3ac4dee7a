#include "compiler/base/arena.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

// The native build of the arena: alignment, the limit, giving back.

namespace ingot {
namespace {

class ArenaTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kPages = 4;
  std::vector<uint8_t> region_ =
      std::vector<uint8_t>(kPages * Arena::kPageBytes);
  Arena arena_{region_.data(), 16, 0, kPages * Arena::kPageBytes};
};

TEST_F(ArenaTest, AlignsToSixteen) {
  EXPECT_EQ(arena_.Allocate(1), 16u);
  EXPECT_EQ(arena_.Allocate(17), 32u);
  EXPECT_EQ(arena_.Allocate(0), 64u);
  EXPECT_EQ(arena_.used(), 64u);
}

TEST_F(ArenaTest, CommitsWholePages) {
  ASSERT_NE(arena_.Allocate(Arena::kPageBytes), 0u);
  EXPECT_EQ(arena_.committed(), 2 * Arena::kPageBytes);
}

TEST_F(ArenaTest, FailsOnlyAtTheLimit) {
  EXPECT_EQ(arena_.Allocate(kPages * Arena::kPageBytes), 0u);
  ASSERT_NE(arena_.Allocate(kPages * Arena::kPageBytes - 16), 0u);
  EXPECT_EQ(arena_.used(), kPages * Arena::kPageBytes);
  EXPECT_EQ(arena_.Allocate(1), 0u);
}

TEST_F(ArenaTest, RefusesSizesThatWrap) {
  EXPECT_EQ(arena_.Allocate(~uint64_t{0}), 0u);
  Array<uint64_t> array;
  EXPECT_FALSE(arena_.AllocateArray(uint64_t{1} << 32, &array));
  EXPECT_FALSE(arena_.AllocateArray(uint64_t{0xFFFFFFFF}, &array));
}

TEST_F(ArenaTest, RewindGivesBack) {
  const uint32_t mark = arena_.used();
  ASSERT_NE(arena_.Allocate(1000), 0u);
  arena_.Rewind(mark);
  EXPECT_EQ(arena_.Allocate(1), 16u);
}

TEST_F(ArenaTest, ArraysAreChecked) {
  Array<uint32_t> array;
  ASSERT_TRUE(arena_.AllocateArray(3, &array));
  arena_.Get(array, 2) = 7;
  EXPECT_EQ(arena_.View(array)[2], 7u);
  EXPECT_DEATH(arena_.Get(array, 3), "");
}

}  // namespace
}  // namespace ingot
