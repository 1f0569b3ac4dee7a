#include "runtime/interpreter/linear_memory.h"

#include <sys/resource.h>

#include "gtest/gtest.h"

namespace ingot::runtime::interpreter {
namespace {

TEST(LinearMemoryTest, GrowsInPlaceWithZeroes) {
  LinearMemory memory;
  ASSERT_TRUE(memory.Reserve(65536).ok());
  EXPECT_EQ(memory.size(), 0u);
  ASSERT_TRUE(memory.Grow(1).ok());
  uint8_t* const data = memory.data();
  memory.bytes()[65535] = 7;
  ASSERT_TRUE(memory.Grow(2).ok());
  EXPECT_EQ(memory.data(), data);
  EXPECT_EQ(memory.pages(), 3u);
  EXPECT_EQ(memory.bytes()[65535], 7);
  EXPECT_EQ(memory.bytes()[65536], 0);
  EXPECT_EQ(memory.bytes()[3 * 65536 - 1], 0);
}

TEST(LinearMemoryTest, OfNoPagesIsEmpty) {
  LinearMemory memory;
  ASSERT_TRUE(memory.Reserve(0).ok());
  EXPECT_TRUE(memory.Grow(0).ok());
  EXPECT_TRUE(memory.bytes().empty());
}

TEST(LinearMemoryTest, HostWithoutAddressSpaceIsAFault) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1 << 26;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &small), 0);
  LinearMemory memory;
  const absl::Status status = memory.Reserve(65536);
  setrlimit(RLIMIT_AS, &before);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

}  // namespace
}  // namespace ingot::runtime::interpreter
