#include "runtime/native/reservation.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

#include "compiler/abi/vmctx.h"
#include "runtime/native/address_registry.h"

namespace ingot::runtime {
namespace {

constexpr uint64_t kPage = 65536;

TEST(ReservationTest, IsZeroedWhenItIsTakenAgain) {
  uint8_t* base = nullptr;
  {
    Reservation first = Reservation::Take(128, kPage);
    ASSERT_TRUE(first.ok());
    base = first.base();
    base[-8] = 1;
    base[0] = 2;
    ASSERT_TRUE(first.Grow(3 * kPage));
    base[3 * kPage - 1] = 3;
  }
  Reservation again = Reservation::Take(128, 2 * kPage);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.base(), base);
  EXPECT_EQ(base[-8], 0);
  EXPECT_EQ(base[0], 0);
  ASSERT_TRUE(again.Grow(3 * kPage));
  EXPECT_EQ(base[3 * kPage - 1], 0);
}

// One after the other in one address range: whoever wrote what, the next finds
// its own image, and zeros everywhere else.
TEST(ReservationTest, ImagesShowNothingOfWhatWasWrittenOverThem) {
  const std::vector<uint8_t> ones(8192, 1);
  const std::vector<uint8_t> twos(4096, 2);
  const auto first = MemoryImage::Make(4096, ones);
  const auto second = MemoryImage::Make(kPage, twos);
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  struct User {
    const MemoryImage* image;
    uint64_t pages;
    uint64_t grown;
    uint64_t shrunk;
  };
  uint8_t* base = nullptr;
  for (const User& user : {User{first.get(), 1, 1, 1},
                           User{first.get(), 1, 3, 3},
                           User{nullptr, 1, 1, 1},
                           User{first.get(), 2, 2, 2},
                           User{second.get(), 2, 3, 1},
                           User{second.get(), 2, 2, 2},
                           User{first.get(), 2, 2, 0},
                           User{nullptr, 3, 3, 3},
                           User{second.get(), 3, 3, 3}}) {
    Reservation memory = Reservation::Take(256, user.pages * kPage, user.image);
    ASSERT_TRUE(memory.ok());
    base = memory.base();
    const auto expected = [&](uint64_t at) -> uint8_t {
      if (user.image == nullptr || at < user.image->offset() ||
          at >= user.image->offset() + user.image->bytes()) {
        return 0;
      }
      return user.image == first.get() ? 1 : 2;
    };
    for (int64_t at = -256; at < 0; ++at) ASSERT_EQ(base[at], 0) << at;
    ASSERT_TRUE(memory.Grow(user.grown * kPage));
    for (uint64_t at = 0; at < user.grown * kPage; ++at) {
      ASSERT_EQ(base[at], expected(at)) << at;
    }
    std::memset(base - 256, 0xA5, 256 + user.grown * kPage);
    if (user.shrunk == user.grown) continue;
    // Zeros where it shrank, image or not.
    ASSERT_TRUE(memory.Shrink(user.shrunk * kPage));
    ASSERT_TRUE(memory.Grow(user.grown * kPage));
    for (uint64_t at = user.shrunk * kPage; at < user.grown * kPage; ++at) {
      ASSERT_EQ(base[at], 0) << at;
    }
    ASSERT_TRUE(memory.Shrink(user.shrunk * kPage));
  }
}

// More than a memory keeps when it shrinks, with an image beyond that or not.
TEST(ReservationTest, LargeMemoriesAreZerosAgain) {
  constexpr uint64_t kLarge = uint64_t{40} << 20;
  const std::vector<uint8_t> ones(kPage, 1);
  const auto image = MemoryImage::Make(kLarge - kPage, ones);
  ASSERT_NE(image, nullptr);
  for (const MemoryImage* used : {image.get(), (const MemoryImage*)nullptr}) {
    Reservation memory = Reservation::Take(256, kLarge, used);
    ASSERT_TRUE(memory.ok());
    std::memset(memory.base(), 0xA5, kLarge);
    ASSERT_TRUE(memory.Shrink(kPage));
    ASSERT_TRUE(memory.Grow(kLarge));
    for (uint64_t at = kPage; at < kLarge; at += 512) {
      ASSERT_EQ(memory.base()[at], 0) << at;
    }
    EXPECT_EQ(memory.base()[0], 0xA5);
  }
}

TEST(ReservationTest, IsRegisteredFromItsBaseOn) {
  Reservation memory = Reservation::Take(128, 0);
  ASSERT_TRUE(memory.ok());
  const uint64_t base = reinterpret_cast<uint64_t>(memory.base());
  EXPECT_TRUE(MemoryRanges().Contains(base));
  EXPECT_TRUE(MemoryRanges().Contains(base + abi::kMemoryReservation - 1));
  EXPECT_FALSE(MemoryRanges().Contains(base - 1));
}

TEST(ReservationTest, TakesHeadsOfAnySize) {
  Reservation large = Reservation::Take(1 << 20, kPage);
  ASSERT_TRUE(large.ok());
  large.base()[-(1 << 20)] = 1;
  Reservation moved = std::move(large);
  EXPECT_FALSE(large.ok());
  EXPECT_EQ(moved.base()[-(1 << 20)], 1);
}

TEST(ReservationTest, ReportsExhaustionOfAddressSpace) {
  EXPECT_FALSE(Reservation::Take(uint64_t{1} << 60, kPage).ok());
}

TEST(AddressRegistryTest, FindsRangesAcrossChunks) {
  static AddressRegistry registry;
  constexpr uint64_t kRanges = 2000;
  for (uint64_t i = 1; i <= kRanges; ++i) {
    ASSERT_TRUE(registry.Add(i << 20, 8192));
  }
  for (uint64_t i = 1; i <= kRanges; ++i) {
    EXPECT_TRUE(registry.Contains(i << 20));
    EXPECT_TRUE(registry.Contains((i << 20) + 8191));
    EXPECT_FALSE(registry.Contains((i << 20) + 8192));
    EXPECT_FALSE(registry.Contains((i << 20) - 1));
  }
  registry.Remove(uint64_t{7} << 20, 8192);
  EXPECT_FALSE(registry.Contains(uint64_t{7} << 20));
  EXPECT_FALSE(registry.Contains(0));
  const uint64_t high = 0x7FFF'FFFF'0000;
  ASSERT_TRUE(registry.Add(high, abi::kMemoryReservation));
  EXPECT_TRUE(registry.Contains(high + abi::kMemoryReservation - 1));
}

}  // namespace
}  // namespace ingot::runtime
