#include "metering/gas_schedule.h"

#include "gtest/gtest.h"

// The bounds of schedules, the arithmetic of fees, and the numbers of the
// worked examples in metering/README.md.

namespace ingot {
namespace {

using wasm::Op;

constexpr const GasSchedule& kV1 = kGasScheduleV1;

TEST(GasScheduleTest, FeesRoundUnitsUp) {
  const Fee fee{100, 20, 6};
  EXPECT_EQ(FeeFor(fee, 0), Gas(100));
  EXPECT_EQ(FeeFor(fee, 1), Gas(120));
  EXPECT_EQ(FeeFor(fee, 64), Gas(120));
  EXPECT_EQ(FeeFor(fee, 65), Gas(140));
  EXPECT_EQ(FeeFor(fee, 0xFFFFFFFF), Gas(100 + 20 * (uint64_t{1} << 26)));
  const Fee single{0, 7, 0};
  EXPECT_EQ(FeeFor(single, 0xFFFFFFFF), Gas(7 * uint64_t{0xFFFFFFFF}));
}

TEST(GasScheduleTest, TheGreatestFeeFits) {
  const Fee greatest{kMaxFeeBase, kMaxFeePerUnit, 0};
  EXPECT_LT(FeeFor(greatest, 0xFFFFFFFF), kMaxGas);
}

TEST(GasScheduleTest, StructureIsFreeAndCyclesAreNot) {
  EXPECT_EQ(kV1.Price(Op::kBlock), 0u);
  EXPECT_EQ(kV1.Price(Op::kLoop), 0u);
  EXPECT_EQ(kV1.Price(Op::kElse), 0u);
  EXPECT_EQ(kV1.Price(Op::kEnd), 0u);
  EXPECT_GE(kV1.Price(Op::kBr), 1u);
  for (Op op : {Op::kBlock, Op::kElse}) {
    GasSchedule changed = kV1;
    changed.op[wasm::OpIndex(op)] = 1;
    EXPECT_FALSE(IsSound(changed));
  }
  for (Op op : {Op::kBr, Op::kBrIf, Op::kBrTable, Op::kCall,
                Op::kCallIndirect, Op::kReturnCall}) {
    GasSchedule changed = kV1;
    changed.op[wasm::OpIndex(op)] = 0;
    EXPECT_FALSE(IsSound(changed));
  }
}

TEST(GasScheduleTest, PricesAreBounded) {
  EXPECT_TRUE(IsSound(kV1));
  GasSchedule changed = kV1;
  changed.op[wasm::OpIndex(Op::kI32Add)] = kMaxPrice + 1;
  EXPECT_FALSE(IsSound(changed));
  changed = kV1;
  changed.per_local = kMaxPrice + 1;
  EXPECT_FALSE(IsSound(changed));
  changed = kV1;
  changed.memory_copy.per_unit = kMaxFeePerUnit + 1;
  EXPECT_FALSE(IsSound(changed));
  changed = kV1;
  changed.instance_elements.unit_log2 = kMaxFeeUnitLog2 + 1;
  EXPECT_FALSE(IsSound(changed));
}

TEST(GasScheduleTest, EntryPricesFitTheirType) {
  GasSchedule greatest = kV1;
  greatest.function_entry = greatest.per_parameter = greatest.per_result =
      greatest.per_local = kMaxPrice;
  EXPECT_EQ(greatest.EntryPrice(10000, 10000, 50000),
            kMaxPrice * uint64_t{70001});
}

// metering/README.md, examples 1 to 5.
TEST(GasScheduleTest, WorkedExamples) {
  EXPECT_EQ(kV1.EntryPrice(1, 1, 0) + kV1.Price(Op::kLocalGet) +
                kV1.Price(Op::kI32Const) + kV1.Price(Op::kI32Mul),
            42u);
  EXPECT_EQ(kV1.EntryPrice(1, 0, 0), 24u);
  EXPECT_EQ(kV1.Price(Op::kLocalGet) + kV1.Price(Op::kI32Const) +
                kV1.Price(Op::kI32Sub) + kV1.Price(Op::kLocalTee) +
                kV1.Price(Op::kBrIf),
            11u);
  EXPECT_EQ(kV1.EntryPrice(2, 1, 0) + 2 * kV1.Price(Op::kLocalGet) +
                kV1.Price(Op::kI32DivU),
            114u);
  EXPECT_EQ(kV1.Price(Op::kMemoryFill) +
                FeeFor(kV1.memory_fill, 65600).value(),
            20800u);
  EXPECT_EQ(kV1.Price(Op::kMemoryGrow) + FeeFor(kV1.memory_grow, 0).value(),
            1200u);
  EXPECT_EQ(kV1.Price(Op::kMemoryGrow) + FeeFor(kV1.memory_grow, 2).value(),
            41200u);
}

}  // namespace
}  // namespace ingot
