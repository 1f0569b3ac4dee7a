#include "runtime/native/reservation.h"

#include <gtest/gtest.h>

#include <utility>

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
