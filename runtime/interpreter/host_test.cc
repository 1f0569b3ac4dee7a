#include <xmmintrin.h>

#include "absl/status/status.h"
#include "metering/stack_units.h"
#include "runtime/interpreter/fixture.h"
#include "runtime/nested.h"

// Host functions: what they see, what they pay, how they end a run, and runs
// inside runs.

namespace ingot::runtime::interpreter {
namespace {

using wasm::Op;
using wasm::ValType;

class HostTest : public InterpreterTest {
 protected:
  Extern Host(Signature signature, HostFunction fn) {
    return store_->AddHostFunction(std::move(signature), std::move(fn));
  }

  // A module whose "f" calls its import "h": [] -> [] after a `nop`.
  void StartWith(HostFunction fn) {
    Start(R"((module (import "e" "h" (func $h)) (memory 1)
      (func (export "f") nop (call $h) nop)))",
          {Host({}, std::move(fn))});
  }
  uint64_t UpToTheCall() const {
    return prices().EntryPrice(0, 0, 0) + Price({Op::kNop, Op::kCall});
  }
};

TEST_F(HostTest, SeesTheExactGasAndPays) {
  uint64_t seen = 0;
  StartWith([&](Caller& caller, std::span<const Value>, std::span<Value>) {
    seen = caller.GasLeft();
    EXPECT_TRUE(caller.ChargeGas(100));
    EXPECT_EQ(caller.GasLeft(), seen - 100);
    return HostResult::Ok();
  });
  const Outcome outcome = Call("f", {}, 5000);
  EXPECT_EQ(seen, 5000 - UpToTheCall());
  const uint64_t sum = UpToTheCall() + 100 + Price({Op::kNop});
  EXPECT_EQ(outcome.gas_used, sum);
  EXPECT_EQ(observed_, (std::vector<uint64_t>{UpToTheCall(),
                                              UpToTheCall() + 100,
                                              UpToTheCall() + 100, sum}));
}

TEST_F(HostTest, IsNotCalledWithoutGasForTheCall) {
  bool called = false;
  StartWith([&](Caller&, std::span<const Value>, std::span<Value>) {
    called = true;
    return HostResult::Ok();
  });
  EXPECT_EQ(Call("f", {}, UpToTheCall() - 1).kind, OutcomeKind::kOutOfGas);
  EXPECT_FALSE(called);
}

TEST_F(HostTest, PriceBeyondTheGasEndsTheRunWhateverItReturns) {
  StartWith([](Caller& caller, std::span<const Value>, std::span<Value>) {
    EXPECT_FALSE(caller.ChargeGas(caller.GasLeft() + 1));
    return HostResult::Ok();
  });
  const Outcome outcome = Call("f", {}, 5000);
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(outcome.gas_used, 5000u);
}

// Row 38 of RELIABILITY.md 10: what was paid before a failure stays paid.
TEST_F(HostTest, TrapsAndRevertsKeepTheirGasAndAreLocatedAtTheCall) {
  HostResult result;
  StartWith([&](Caller& caller, std::span<const Value>, std::span<Value>) {
    EXPECT_TRUE(caller.ChargeGas(77));
    return result;
  });
  result = HostResult::Trap(TrapCode::kUnreachable);
  Outcome outcome = Call("f");
  EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped);
  EXPECT_EQ(outcome.trap, TrapCode::kUnreachable);
  EXPECT_EQ(outcome.function, 1u);
  EXPECT_EQ(outcome.offset, CodeOffset(0) + 1);
  EXPECT_EQ(outcome.gas_used, UpToTheCall() + 77);

  result = HostResult::Revert(9, "no");
  outcome = Call("f");
  EXPECT_EQ(outcome.kind, OutcomeKind::kReverted);
  EXPECT_EQ(outcome.revert_code, 9u);
  EXPECT_EQ(outcome.revert_message, "no");
  EXPECT_EQ(outcome.offset, CodeOffset(0) + 1);
  EXPECT_EQ(outcome.gas_used, UpToTheCall() + 77);

  result = HostResult::OutOfGas();
  outcome = Call("f", {}, 5000);
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(outcome.gas_used, 5000u);
}

TEST_F(HostTest, FaultIsNoOutcome) {
  StartWith([](Caller&, std::span<const Value>, std::span<Value>) {
    return HostResult::Fault(absl::UnavailableError("disk"));
  });
  Transaction transaction(budget_);
  const auto outcome = store_->Call(Export("f"), {}, transaction, kPlenty);
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(transaction.depth, 0u);
}

TEST_F(HostTest, ResultOfAnotherTypeIsAFault) {
  Start(R"((module (import "e" "h" (func $h (result i32)))
    (func (export "f") (result i32) (call $h))))",
        {Host({{}, {ValType::kI32}},
              [](Caller&, std::span<const Value>, std::span<Value> results) {
                results[0] = I64(1);
                return HostResult::Ok();
              })});
  Transaction transaction(budget_);
  EXPECT_EQ(
      store_->Call(Export("f"), {}, transaction, kPlenty).status().code(),
      absl::StatusCode::kInternal);
}

TEST_F(HostTest, ArgumentsResultsAndMemoryPassThrough) {
  Start(R"((module
    (import "e" "h" (func $h (param i32 f64) (result i64 i32)))
    (memory (export "m") 1)
    (func (export "f") (param i32 f64) (result i64 i32)
      (call $h (local.get 0) (local.get 1)))))",
        {Host({{ValType::kI32, ValType::kF64}, {ValType::kI64, ValType::kI32}},
              [](Caller& caller, std::span<const Value> args,
                 std::span<Value> results) {
                EXPECT_FALSE(caller.MemoryRange(65536, 1).has_value());
                EXPECT_FALSE(caller.MemoryRange(~0ull, 2).has_value());
                (*caller.MemoryRange(65535, 1))[0] = 42;
                results[0].bits = args[1].bits;
                results[1].bits = args[0].bits | 0xFFFFFFFF00000000u;
                return HostResult::Ok();
              })});
  const Outcome outcome =
      Call("f", {I32(0x80000000), {ValType::kF64, 0x7FF0000000000001u}});
  EXPECT_EQ(outcome.results, (std::vector<Value>{I64(0x7FF0000000000001u),
                                                 I32(0x80000000)}));
  EXPECT_EQ(store_->InstanceMemory(instance_)[65535], 42);
}

TEST_F(HostTest, CallableWithoutWasm) {
  InstanceId seen = 0;
  const Extern host =
      Host({{ValType::kI32}, {ValType::kI32}},
           [&](Caller& caller, std::span<const Value> args,
               std::span<Value> results) {
             seen = caller.instance();
             EXPECT_TRUE(caller.Memory().empty());
             EXPECT_TRUE(caller.ChargeGas(3));
             results[0].bits = args[0].bits + 1;
             return HostResult::Ok();
           });
  Transaction transaction(budget_);
  const std::vector<Value> args = {I32(6)};
  const auto outcome = store_->Call(host, args, transaction, kPlenty);
  EXPECT_EQ(outcome->results, std::vector<Value>{I32(7)});
  EXPECT_EQ(outcome->gas_used, 3u);
  EXPECT_EQ(seen, kNoInstance);
}

TEST_F(HostTest, WrongArgumentsAreMisuse) {
  Start(R"((module (func (export "f") (param i32))))");
  Transaction transaction(budget_);
  const std::vector<Value> wrong = {I64(1)};
  EXPECT_TRUE(absl::IsInvalidArgument(
      store_->Call(Export("f"), wrong, transaction, kPlenty).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      store_->Call(Export("f"), {}, transaction, kPlenty).status()));
}

// Row 39 of RELIABILITY.md 10: neither sees the other's setting.
TEST_F(HostTest, FloatEnvironmentsOfHostAndWasmAreApart) {
  constexpr uint32_t kFlushing = 0x9FC0;  // FTZ and DAZ
  uint32_t seen = 0;
  Start(R"((module (import "e" "h" (func $h))
    (func (export "f") (result f32) (call $h)
      (f32.mul (f32.const 0x1p-140) (f32.const 1)))))",
        {Host({}, [&](Caller&, std::span<const Value>, std::span<Value>) {
          seen = _mm_getcsr() & ~0x3Fu;  // without its sticky flags
          return HostResult::Ok();
        })});
  const uint32_t before = _mm_getcsr();
  _mm_setcsr(kFlushing);
  const uint64_t bits = Result("f");
  const uint32_t after = _mm_getcsr() & ~0x3Fu;
  _mm_setcsr(before);
  EXPECT_EQ(bits, 0x200u);  // 2^-140, a subnormal
  EXPECT_EQ(seen, kFlushing);
  EXPECT_EQ(after, kFlushing);
}

// A module whose "f" counts down by calling itself through the host, which
// gives each level a smaller limit.
class NestedTest : public HostTest {
 protected:
  void StartNested(uint64_t reserve) {
    Start(R"((module (import "e" "h" (func $h (param i32) (result i32)))
      (global (mut i32) (i32.const 0)) (memory 1 10)
      (func (export "f") (param i32) (result i32)
        (global.set 0 (i32.add (global.get 0) (i32.const 1)))
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
          (else (i32.add (i32.const 1)
            (call $h (i32.sub (local.get 0) (i32.const 1)))))))
      (func (export "grow") (param i32) (result i32)
        (drop (memory.grow (i32.const 1)))
        (drop (call $h (i32.const 0)))
        (memory.size))))",
          {Host({{ValType::kI32}, {ValType::kI32}},
                [this, reserve](Caller& caller, std::span<const Value> args,
                                std::span<Value> results) {
                  before_.push_back(caller.GasLeft());
                  units_.push_back(caller.transaction().stack_used);
                  const auto child =
                      CallNested(caller, caller.store(), Export("f"), args,
                                 caller.GasLeft() - reserve);
                  if (!child.ok()) return HostResult::Fault(child.status());
                  children_.push_back(*child);
                  after_.push_back(caller.GasLeft());
                  if (child->kind != OutcomeKind::kReturned) {
                    results[0].bits = 1000;
                  } else {
                    results[0] = child->results[0];
                  }
                  return HostResult::Ok();
                })});
  }

  std::vector<uint64_t> before_;
  std::vector<uint64_t> after_;
  std::vector<uint64_t> units_;
  std::vector<Outcome> children_;
};

TEST_F(NestedTest, GasOfTheChildIsTakenOnce) {
  StartNested(0);
  const uint64_t plain = Call("f", {I32(0)}).gas_used;
  const Outcome outcome = Call("f", {I32(3)}, 100000);
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(3)});
  ASSERT_EQ(children_.size(), 3u);
  EXPECT_EQ(children_[0].gas_used, plain);
  // Levels end innermost first; the outermost began first.
  EXPECT_EQ(before_[0] - after_[2], children_[2].gas_used);
  EXPECT_EQ(outcome.gas_used, 100000 - after_[2] + Price({Op::kI32Add}));
}

TEST_F(NestedTest, StackUnitsAddUpOverLevels) {
  StartNested(0);
  const uint64_t frame = StackUnits(
      program_->View(program_->module().bodies)[0]);
  Call("f", {I32(3)});
  EXPECT_EQ(units_, (std::vector<uint64_t>{frame, 2 * frame, 3 * frame}));
  budget_.stack_units = 3 * frame;
  EXPECT_EQ(Result("f", {I32(2)}), 2u);
  children_.clear();
  EXPECT_EQ(Result("f", {I32(3)}), 1000u + 3);
  EXPECT_EQ(children_[0].trap, TrapCode::kStackOverflow);
  EXPECT_EQ(children_[0].offset, BodyOffset(0));
}

TEST_F(NestedTest, DepthIsABudgetOfTheTransaction) {
  StartNested(0);
  budget_.nesting = 4;
  EXPECT_EQ(Result("f", {I32(4)}), 4u);
  children_.clear();
  EXPECT_EQ(Result("f", {I32(5)}), 1000u + 5);
  EXPECT_EQ(children_[0].trap, TrapCode::kStackOverflow);
  EXPECT_EQ(children_[0].gas_used, 0u);
}

TEST_F(NestedTest, ChildOutOfGasLeavesTheParentItsReserve) {
  StartNested(500);
  const Outcome outcome = Call("f", {I32(1)}, 600);
  EXPECT_EQ(outcome.kind, OutcomeKind::kReturned);
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(1001)});
  EXPECT_EQ(children_[0].kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(after_[0], 500u);
}

TEST_F(NestedTest, PagesAddUpOverLevels) {
  StartNested(0);
  EXPECT_EQ(Result("grow", {I32(0)}), 2u);
  EXPECT_EQ(pages_used_, 1u);
}

TEST_F(NestedTest, AnotherStoreTakesPart) {
  auto other = NewInterpreter();
  const auto program = Load("(module (func (export \"g\")) (memory 1))");
  uint64_t child_gas = 0;
  StartWith([&](Caller& caller, std::span<const Value>, std::span<Value>) {
    auto made = InstantiateNested(caller, *other, program, {}, kPlenty);
    EXPECT_TRUE(made.ok());
    EXPECT_EQ(made->outcome.kind, OutcomeKind::kReturned);
    const Extern g = *other->FindExport(made->instance, "g");
    const auto called = CallNested(caller, *other, g, {}, kPlenty);
    EXPECT_EQ(called->kind, OutcomeKind::kReturned);
    child_gas = made->outcome.gas_used + called->gas_used;
    return HostResult::Ok();
  });
  const Outcome outcome = Call("f");
  EXPECT_EQ(outcome.gas_used, UpToTheCall() + child_gas + Price({Op::kNop}));
  EXPECT_EQ(pages_used_, 1u);
}

TEST_F(NestedTest, CancelEndsALoopAndAllThatItIsNestedIn) {
  const auto program = Load("(module (func (export \"g\") (loop (br 0))))");
  absl::Status seen;
  StartWith([&](Caller& caller, std::span<const Value>, std::span<Value>) {
    auto made = InstantiateNested(caller, *store_, program, {}, kPlenty);
    EXPECT_TRUE(made.ok());
    const Extern g = *store_->FindExport(made->instance, "g");
    std::thread other([&] { caller.transaction().Cancel(); });
    seen = CallNested(caller, *store_, g, {}, uint64_t{1} << 62).status();
    other.join();
    return HostResult::Fault(seen);
  });
  Transaction transaction(budget_);
  const auto outcome =
      store_->Call(Export("f"), {}, transaction, uint64_t{1} << 62);
  EXPECT_EQ(seen.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(store_->Call(Export("f"), {}, transaction, kPlenty).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(transaction.depth, 0u);
}

}  // namespace
}  // namespace ingot::runtime::interpreter
