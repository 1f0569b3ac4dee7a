#include "runtime/interpreter/fixture.h"

// What a run costs and when it is out of gas (metering/README.md).

namespace ingot::runtime::interpreter {
namespace {

using wasm::Op;
using GasTest = InterpreterTest;

// The numbers of metering/README.md as they stand there, under version 1.
TEST_F(GasTest, ExamplesOfTheDocument) {
  profile_.execution = kGasScheduleV1;
  Start(R"((module (memory 1)
    (func (export "line") (param i32) (result i32)
      local.get 0 i32.const 3 i32.mul)
    (func (export "loop") (param i32)
      (loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0))
    (func (export "trap") (param i32 i32) (result i32)
      local.get 0 local.get 1 i32.div_u)
    (func (export "fill") (param i32)
      i32.const 0 i32.const 0 local.get 0 memory.fill)
    (func (export "grow") (param i32) (result i32)
      local.get 0 memory.grow)))");
  EXPECT_EQ(Call("line", {I32(1)}).gas_used, 42u);
  EXPECT_EQ(Call("line", {I32(1)}, 42).kind, OutcomeKind::kReturned);
  EXPECT_EQ(Call("line", {I32(1)}, 41).kind, OutcomeKind::kOutOfGas);
  for (uint32_t rounds : {1u, 2u, 1000u}) {
    EXPECT_EQ(Call("loop", {I32(rounds)}).gas_used, 24 + 11 * rounds);
  }
  const Outcome trap = Call("trap", {I32(1), I32(0)}, 114);
  EXPECT_EQ(trap.trap, TrapCode::kIntegerDivideByZero);
  EXPECT_EQ(trap.gas_used, 114u);
  const Outcome poor = Call("trap", {I32(1), I32(0)}, 113);
  EXPECT_EQ(poor.kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(poor.gas_used, 113u);
  // Entry 24 and three operands at 1 come before the instruction.
  const Outcome fill = Call("fill", {I32(65600)});
  EXPECT_EQ(fill.trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(fill.gas_used, 27 + 20800u);
  EXPECT_EQ(Call("fill", {I32(65600)}, 27 + 20799).kind,
            OutcomeKind::kOutOfGas);
  EXPECT_EQ(Call("grow", {I32(70000)}).gas_used, 28 + 1 + 1200u);
  EXPECT_EQ(Call("grow", {I32(2)}).gas_used, 28 + 1 + 1200 + 40000u);
  program_ = Load(R"((module (import "e" "h" (func)) (func (export "f"))
    (memory 1) (data (i32.const 0) ")" +
                  std::string(100, 'x') + "\"))");
  const Extern host = store_->AddHostFunction(
      {}, [](Caller&, std::span<const Value>, std::span<Value>) {
        return HostResult::Ok();
      });
  EXPECT_EQ(InstantiateProgram(program_, {host}).gas_used, 121020u);
}

TEST_F(GasTest, SumsThePricesOfExecutedInstructionsAndTheEntry) {
  Start(R"((module (func (export "f") (param i32 i32) (result i32) (local i64)
    local.get 0 local.get 1 i32.add)))");
  const Outcome outcome = Call("f", {I32(2), I32(3)});
  EXPECT_EQ(outcome.kind, OutcomeKind::kReturned);
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(5)});
  EXPECT_EQ(outcome.gas_used,
            prices().EntryPrice(2, 1, 1) +
                Price({Op::kLocalGet, Op::kLocalGet, Op::kI32Add}));
  EXPECT_EQ(observed_, std::vector<uint64_t>{outcome.gas_used});
}

TEST_F(GasTest, StructureIsFreeAndArmsNotTakenCostNothing) {
  Start(R"((module (func (export "f") (param i32) (result i32)
    (block (loop (nop)))
    (if (result i32) (local.get 0)
      (then (i32.const 1))
      (else (i32.mul (i32.const 2) (i32.const 3)))))))");
  const uint64_t before = prices().EntryPrice(1, 1, 0) +
                          Price({Op::kNop, Op::kLocalGet, Op::kIf});
  EXPECT_EQ(Call("f", {I32(1)}).gas_used, before + Price({Op::kI32Const}));
  EXPECT_EQ(Call("f", {I32(0)}).gas_used,
            before + Price({Op::kI32Const, Op::kI32Const, Op::kI32Mul}));
}

TEST_F(GasTest, LimitOfTheExactSumReturnsAndOneLessIsOutOfGas) {
  Start(R"((module (func (export "f") (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 0))))");
  const uint64_t used = Call("f", {I32(100)}).gas_used;
  const Outcome exact = Call("f", {I32(100)}, used);
  EXPECT_EQ(exact.kind, OutcomeKind::kReturned);
  EXPECT_EQ(exact.gas_used, used);
  for (uint64_t limit : {used - 1, used / 2, uint64_t{1}, uint64_t{0}}) {
    const Outcome outcome = Call("f", {I32(100)}, limit);
    EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfGas) << limit;
    EXPECT_EQ(outcome.gas_used, limit);
    EXPECT_EQ(outcome.function, kNowhere);
    EXPECT_TRUE(outcome.results.empty());
    EXPECT_TRUE(outcome.backtrace.empty());
  }
}

TEST_F(GasTest, LimitAboveTheLargestMeansTheLargest) {
  Start(R"((module (func (export "f"))))");
  EXPECT_EQ(Call("f", {}, ~uint64_t{0}).gas_limit, uint64_t{1} << 62);
}

TEST_F(GasTest, TrapPaysForTheTrappingInstruction) {
  Start(R"((module (func (export "f") (result i32)
    i32.const 1 i32.const 0 i32.div_u)))");
  const uint64_t sum =
      prices().EntryPrice(0, 1, 0) +
      Price({Op::kI32Const, Op::kI32Const, Op::kI32DivU});
  const Outcome outcome = Call("f");
  EXPECT_EQ(outcome.trap, TrapCode::kIntegerDivideByZero);
  EXPECT_EQ(outcome.gas_used, sum);
  EXPECT_EQ(Call("f", {}, sum).kind, OutcomeKind::kTrapped);
}

TEST_F(GasTest, OutOfGasWinsOverTheTrap) {
  Start(R"((module (func (export "f") (result i32)
    i32.const 1 i32.const 0 i32.div_u)))");
  const uint64_t sum = Call("f").gas_used;
  const Outcome outcome = Call("f", {}, sum - 1);
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(outcome.trap, TrapCode::kNone);
  EXPECT_EQ(outcome.gas_used, sum - 1);
}

// Row 36 of RELIABILITY.md 10.
TEST_F(GasTest, EndlessRunsEnd) {
  Start(R"((module
    (type $t (func)) (table 1 funcref) (elem (i32.const 0) $indirect)
    (func (export "br") (loop (br 0)))
    (func (export "br_if") (loop (br_if 0 (i32.const 1))))
    (func (export "br_table") (loop (br_table 0 0 (i32.const 7))))
    (func $indirect (export "indirect")
      (loop (call_indirect (type $t) (i32.const 0)) (br 0)))))");
  budget_.stack_units = uint64_t{1} << 26;
  for (const char* name : {"br", "br_if", "br_table", "indirect"}) {
    const Outcome outcome = Call(name, {}, 100000);
    EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfGas) << name;
    EXPECT_EQ(outcome.gas_used, 100000u) << name;
  }
}

TEST_F(GasTest, EndlessStartFunctionIsOutOfGas) {
  const auto program = Load("(module (func $f (loop (br 0))) (start $f))");
  const Outcome outcome = InstantiateProgram(program, {}, 1'000'000);
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(outcome.phase, Phase::kInstantiate);
  EXPECT_EQ(outcome.gas_used, 1'000'000u);
}

// Row 34: a refusal costs the base, growth a price per page.
TEST_F(GasTest, MemoryGrowPaysPerPageAndARefusalTheBase) {
  Start(R"((module (memory 1 3) (func (export "grow") (param i32) (result i32)
    (memory.grow (local.get 0)))))");
  const uint64_t fixed = prices().EntryPrice(1, 1, 0) +
                         Price({Op::kLocalGet, Op::kMemoryGrow});
  const auto grow = [&](uint32_t pages, uint32_t result, uint32_t paid) {
    const Outcome outcome = Call("grow", {I32(pages)});
    EXPECT_EQ(outcome.results, std::vector<Value>{I32(result)}) << pages;
    EXPECT_EQ(outcome.gas_used,
              fixed + FeeFor(prices().memory_grow, paid).value());
  };
  grow(0, 1, 0);
  grow(0xFFFFFFFF, 0xFFFFFFFF, 0);
  grow(3, 0xFFFFFFFF, 0);
  grow(2, 1, 2);
  EXPECT_EQ(pages_used_, 2u);
  grow(1, 0xFFFFFFFF, 0);
  EXPECT_EQ(store_->InstanceMemory(instance_).size(), 3 * 65536u);
}

TEST_F(GasTest, GrowingStopsAtTheProfileAndAtTheTransaction) {
  profile_.limits.memory_pages = 10;
  Start(R"((module (memory 1) (func (export "grow") (param i32) (result i32)
    (memory.grow (local.get 0)))))");
  EXPECT_EQ(Result("grow", {I32(10)}), 0xFFFFFFFFu);
  budget_.memory_pages = 3;
  EXPECT_EQ(Result("grow", {I32(4)}), 0xFFFFFFFFu);
  EXPECT_EQ(Result("grow", {I32(3)}), 1u);
  budget_.memory_pages = 2;
  EXPECT_EQ(Result("grow", {I32(3)}), 0xFFFFFFFFu);
}

// Row 34: forty thousand growths, each page touched, in linear time.
TEST_F(GasTest, ManyGrowthsAreLinear) {
  profile_.limits.memory_pages = 16384;
  Start(R"((module (memory 0) (func (export "f") (result i32) (local i32)
    (loop
      (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1))
        (then (i32.store8
          (i32.mul (i32.sub (memory.size) (i32.const 1)) (i32.const 65536))
          (i32.const 1))))
      (br_if 0 (i32.lt_u
        (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
        (i32.const 40000))))
    (memory.size))))");
  const Outcome outcome = Call("f", {}, 10'000'000'000);
  ASSERT_EQ(outcome.kind, OutcomeKind::kReturned);
  EXPECT_EQ(outcome.results[0].bits, 16384u);
  EXPECT_EQ(pages_used_, 16384u);
}

// Row 35: fee, then bounds, then the work as a whole.
TEST_F(GasTest, BulkOperationsKeepTheirFeeWhenTheyTrap) {
  Start(R"((module (memory 1)
    (func (export "fill") (param i32 i32)
      (memory.fill (local.get 0) (i32.const 7) (local.get 1)))))");
  const uint64_t fixed =
      prices().EntryPrice(2, 0, 0) +
      Price({Op::kLocalGet, Op::kI32Const, Op::kLocalGet, Op::kMemoryFill});
  const auto fee = [&](uint32_t n) {
    return FeeFor(prices().memory_fill, n).value();
  };
  EXPECT_EQ(Call("fill", {I32(65536), I32(0)}).gas_used, fixed + fee(0));
  const Outcome partial = Call("fill", {I32(65000), I32(1000)});
  EXPECT_EQ(partial.trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(partial.gas_used, fixed + fee(1000));
  EXPECT_EQ(store_->InstanceMemory(instance_)[65000], 0);
  const Outcome whole =
      Call("fill", {I32(0), I32(0xFFFFFFFF)}, uint64_t{1} << 40);
  EXPECT_EQ(whole.trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(whole.gas_used, fixed + fee(0xFFFFFFFF));
  const Outcome poor = Call("fill", {I32(0), I32(640)}, fixed + fee(640) - 1);
  EXPECT_EQ(poor.kind, OutcomeKind::kOutOfGas);
}

TEST_F(GasTest, TableGrowthPaysPerElement) {
  profile_.limits.table_elements = 100;
  Start(R"((module (table 1 50 externref)
    (func (export "grow") (param i32) (result i32)
      (table.grow 0 (ref.null extern) (local.get 0)))))");
  const uint64_t fixed =
      prices().EntryPrice(1, 1, 0) +
      Price({Op::kRefNull, Op::kLocalGet, Op::kTableGrow});
  EXPECT_EQ(Call("grow", {I32(9)}).gas_used,
            fixed + FeeFor(prices().table_grow, 9).value());
  const Outcome refused = Call("grow", {I32(41)});
  EXPECT_EQ(refused.results, std::vector<Value>{I32(0xFFFFFFFF)});
  EXPECT_EQ(refused.gas_used, fixed + FeeFor(prices().table_grow, 0).value());
}

TEST_F(GasTest, InstantiationPaysForItsItems) {
  const auto program = Load(R"((module (memory 2) (table 4 funcref)
    (data (i32.const 0) "0123456789") (func) (export "m" (memory 0))))");
  const Outcome outcome = InstantiateProgram(program);
  const auto fee = [](const Fee& fee, uint32_t n) {
    return FeeFor(fee, n).value();
  };
  EXPECT_EQ(outcome.gas_used,
            fee(prices().instance, 1) + fee(prices().instance_functions, 1) +
                fee(prices().instance_exports, 1) +
                fee(prices().instance_memory_pages, 2) +
                fee(prices().instance_table_elements, 4) +
                fee(prices().instance_data_segments, 1) +
                fee(prices().instance_data_bytes, 10));
  EXPECT_EQ(InstantiateProgram(program, {}, outcome.gas_used).kind,
            OutcomeKind::kReturned);
  EXPECT_EQ(InstantiateProgram(program, {}, outcome.gas_used - 1).kind,
            OutcomeKind::kOutOfGas);
  EXPECT_EQ(instance_, kNoInstance);
}

}  // namespace
}  // namespace ingot::runtime::interpreter
