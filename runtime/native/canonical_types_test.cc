#include "runtime/native/canonical_types.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ingot::runtime {
namespace {

using wasm::ValType;

TEST(CanonicalTypesTest, EqualTypesHaveEqualNumbers) {
  const Signature a{{ValType::kI32}, {ValType::kI64}};
  const Signature b{{ValType::kI32, ValType::kI64}, {}};
  const uint32_t first = AcquireTypeId(a);
  const uint32_t other = AcquireTypeId(b);
  EXPECT_NE(first, other);
  EXPECT_EQ(AcquireTypeId(a), first);
  ReleaseTypeId(first);
  // Still held once: the number is not given to another type.
  const uint32_t third = AcquireTypeId({{ValType::kF64}, {}});
  EXPECT_NE(third, first);
  EXPECT_EQ(AcquireTypeId(a), first);
  ReleaseTypeId(first);
  ReleaseTypeId(first);
  ReleaseTypeId(other);
  ReleaseTypeId(third);
}

TEST(CanonicalTypesTest, NumbersThatNobodyHoldsAreReused) {
  const uint32_t id = AcquireTypeId({{ValType::kF32, ValType::kF32}, {}});
  ReleaseTypeId(id);
  EXPECT_EQ(AcquireTypeId({{}, {ValType::kF32, ValType::kF32}}), id);
  ReleaseTypeId(id);
}

TEST(CanonicalTypesTest, ThreadsAgree) {
  const Signature type{{ValType::kI32, ValType::kI32}, {ValType::kI32}};
  const uint32_t id = AcquireTypeId(type);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(AcquireTypeId(type), id);
        ReleaseTypeId(id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ReleaseTypeId(id);
}

}  // namespace
}  // namespace ingot::runtime
