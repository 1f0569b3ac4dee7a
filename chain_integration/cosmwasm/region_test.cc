#include "chain_integration/cosmwasm/region.h"

#include <array>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace ingot::cosmwasm {
namespace {

constexpr uint32_t kMemoryBytes = 256;

// Memory with a region struct at `pointer`.
std::vector<uint8_t> MemoryWith(uint32_t pointer, const Region& region) {
  std::vector<uint8_t> memory(kMemoryBytes);
  const uint32_t fields[] = {region.offset, region.capacity, region.length};
  for (int i = 0; i < 12; ++i) {
    memory[pointer + i] = static_cast<uint8_t>(fields[i / 4] >> (8 * (i % 4)));
  }
  return memory;
}

HostError LoadError(const Region& region) {
  const std::vector<uint8_t> memory = MemoryWith(16, region);
  Region loaded;
  return LoadRegion(memory, 16, &loaded).error;
}

TEST(RegionTest, LoadsWhatTheContractWrote) {
  const std::vector<uint8_t> memory =
      MemoryWith(16, {.offset = 0x01020304, .capacity = 9, .length = 8});
  Region region;
  ASSERT_TRUE(LoadRegion(memory, 16, &region).ok());
  EXPECT_EQ(region.offset, 0x01020304u);
  EXPECT_EQ(region.capacity, 9u);
  EXPECT_EQ(region.length, 8u);
}

TEST(RegionTest, RefusesBadPointers) {
  const std::vector<uint8_t> memory(kMemoryBytes, 1);
  Region region;
  for (const uint32_t pointer : {kMemoryBytes - 11, kMemoryBytes, 0x7FFFFFFFu,
                                 0xFFFFFFF4u, 0xFFFFFFFFu}) {
    EXPECT_EQ(LoadRegion(memory, pointer, &region).error,
              HostError::kRegionPointer)
        << pointer;
  }
  EXPECT_EQ(LoadRegion({}, 0, &region).error, HostError::kRegionPointer);
  const std::vector<uint8_t> at_end =
      MemoryWith(kMemoryBytes - 12, {.offset = 1, .capacity = 1, .length = 1});
  EXPECT_TRUE(LoadRegion(at_end, kMemoryBytes - 12, &region).ok());
}

TEST(RegionTest, RefusesImplausibleRegions) {
  EXPECT_EQ(LoadError({.offset = 0, .capacity = 1, .length = 1}),
            HostError::kRegionZeroOffset);
  EXPECT_EQ(LoadError({.offset = 8, .capacity = 4, .length = 5}),
            HostError::kRegionLength);
  EXPECT_EQ(LoadError({.offset = 8, .capacity = 0xFFFFFFFF, .length = 5}),
            HostError::kRegionWraps);
  EXPECT_EQ(LoadError({.offset = 0xFFFFFFFF, .capacity = 1, .length = 0}),
            HostError::kRegionWraps);
  EXPECT_EQ(LoadError({.offset = 8, .capacity = 0xFFFFFFF7, .length = 5}),
            HostError::kNone);
}

TEST(RegionTest, ViewsOnlyWhatLiesInMemory) {
  const std::vector<uint8_t> memory(kMemoryBytes, 'x');
  std::string_view bytes;
  ASSERT_TRUE(ViewRegion(memory, {.offset = 250, .capacity = 6, .length = 6},
                         100, &bytes)
                  .ok());
  EXPECT_EQ(bytes, "xxxxxx");
  EXPECT_EQ(ViewRegion(memory, {.offset = 250, .capacity = 7, .length = 7}, 100,
                       &bytes)
                .error,
            HostError::kRegionOutOfBounds);
  EXPECT_EQ(ViewRegion(memory,
                       {.offset = 0x80000000, .capacity = 0x7FFFFFFF,
                        .length = 0x7FFFFFFF},
                       0xFFFFFFFF, &bytes)
                .error,
            HostError::kRegionOutOfBounds);
  EXPECT_EQ(ViewRegion(memory, {.offset = 8, .capacity = 101, .length = 101},
                       100, &bytes)
                .error,
            HostError::kRegionTooLong);
}

TEST(RegionTest, FillsWithinCapacityAndMemory) {
  const Region region{.offset = 100, .capacity = 4, .length = 0};
  std::vector<uint8_t> memory = MemoryWith(16, region);
  ASSERT_TRUE(FillRegion(memory, 16, region, "abc").ok());
  EXPECT_EQ(std::string(memory.begin() + 100, memory.begin() + 103), "abc");
  EXPECT_EQ(memory[24], 3);
  EXPECT_EQ(FillRegion(memory, 16, region, "abcde").error,
            HostError::kRegionTooSmall);
  const Region outside{.offset = 254, .capacity = 4, .length = 0};
  EXPECT_EQ(FillRegion(memory, 16, outside, "abc").error,
            HostError::kRegionOutOfBounds);
  EXPECT_EQ(memory[254], 0);
}

TEST(RegionTest, SectionsGoBothWays) {
  const std::array<std::string_view, 3> sections = {"key", "", "value"};
  const std::string bytes = EncodeSections(sections);
  EXPECT_EQ(bytes, std::string("key\0\0\0\3\0\0\0\0value\0\0\0\5", 20));
  const auto decoded = DecodeSections(bytes, 3);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded,
            std::vector<std::string_view>(sections.begin(), sections.end()));
  EXPECT_TRUE(DecodeSections("", 0)->empty());
}

TEST(RegionTest, RefusesMalformedSections) {
  EXPECT_FALSE(DecodeSections("abc", 9).has_value());
  EXPECT_FALSE(DecodeSections(std::string("x\0\0\0\2", 5), 9).has_value());
  EXPECT_FALSE(DecodeSections("\xFF\xFF\xFF\xFF", 9).has_value());
  EXPECT_FALSE(DecodeSections(std::string("xx\0\0\0\1", 6), 9).has_value());
  EXPECT_FALSE(DecodeSections(std::string(16, '\0'), 3).has_value());
  EXPECT_EQ(DecodeSections(std::string(16, '\0'), 4)->size(), 4u);
}

}  // namespace
}  // namespace ingot::cosmwasm
