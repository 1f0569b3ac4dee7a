#include <memory>
#include <vector>

#include "runtime/native/native_store_fixture.h"
#include "runtime/nested.h"

// Runs that host functions start while another one waits.

namespace ingot::runtime {
namespace {

using NativeNestedTest = NativeStoreTest;

TEST_F(NativeNestedTest, NestedRunsShareTheTransaction) {
  Instantiate();
  int depth = 0;
  host_ = [&](Caller& caller, std::span<const Value> args,
              std::span<Value> results) {
    EXPECT_EQ(caller.transaction().stack_used, 64u * (depth + 1));
    if (++depth == 5) return HostResult::Ok();
    auto outcome = CallNested(caller, *store_, Function("call_host"),
                              std::vector<Value>(args.begin(), args.end()),
                              1000);
    EXPECT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->kind, OutcomeKind::kReturned);
    results[0].bits = outcome->results[0].bits;
    return HostResult::Ok();
  };
  const Outcome outcome = Call("call_host", {I32(1), I64(2), F64(3)});
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(5)});
  EXPECT_EQ(outcome.gas_used, 50u);
  EXPECT_EQ(transaction_.depth, 0u);
}

TEST_F(NativeNestedTest, NestedTrapDoesNotEndItsParent) {
  Instantiate();
  host_ = [&](Caller& caller, std::span<const Value>,
              std::span<Value> results) {
    auto outcome =
        CallNested(caller, *store_, Function("call_trap"), {}, 1000);
    EXPECT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->kind, OutcomeKind::kTrapped);
    EXPECT_EQ(outcome->backtrace.size(), 2u);
    results[0].bits = 9;
    return HostResult::Ok();
  };
  const Outcome outcome = Call("call_host", {I32(1), I64(2), F64(3)});
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(10)});
  EXPECT_EQ(outcome.gas_used, 30u);
}

TEST_F(NativeNestedTest, NestedRunMayBeOfAnotherStore) {
  Instantiate();
  NativeStore other;
  const auto stack_of_other = std::make_shared<uint64_t>(0);
  const std::vector<ValType> many(8, ValType::kI64);
  const Extern imports[] = {
      other.AddHostFunction(
          {{ValType::kI32, ValType::kI64, ValType::kF64}, {ValType::kI32}},
          [=](Caller& caller, std::span<const Value>, std::span<Value>) {
            *stack_of_other = caller.transaction().stack_used;
            return HostResult::Ok();
          }),
      other.AddHostFunction({many, many},
                            [](Caller&, std::span<const Value>,
                               std::span<Value>) { return HostResult::Ok(); }),
  };
  auto made = other.Instantiate(program_, imports, transaction_, kPlenty);
  ASSERT_TRUE(made.ok());
  const Extern trap = *other.FindExport(made->instance, "call_trap");
  const Extern call = *other.FindExport(made->instance, "call_host");
  host_ = [&](Caller& caller, std::span<const Value> args,
              std::span<Value> results) {
    auto trapped = CallNested(caller, other, trap, {}, 1000);
    EXPECT_TRUE(trapped.ok());
    EXPECT_EQ(trapped->kind, OutcomeKind::kTrapped);
    auto called = CallNested(caller, other, call,
                             std::vector<Value>(args.begin(), args.end()), 50);
    EXPECT_TRUE(called.ok());
    results[0] = called->results[0];
    auto far = CallNested(caller, *store_, Function("load"),
                          std::vector<Value>{I32(1 << 20)}, 50);
    EXPECT_TRUE(far.ok());
    EXPECT_EQ(far->trap, TrapCode::kOutOfBoundsMemory);
    return HostResult::Ok();
  };
  const Outcome outcome = Call("call_host", {I32(1), I64(2), F64(3)});
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(2)});
  EXPECT_EQ(outcome.gas_used, 10u + 20 + 10 + 16);
  EXPECT_EQ(*stack_of_other, 128u);
}

TEST_F(NativeNestedTest, NestingIsLimited) {
  Instantiate();
  Transaction shallow({.nesting = 2});
  uint32_t runs = 0;
  host_ = [&](Caller& caller, std::span<const Value> args,
              std::span<Value>) {
    ++runs;
    auto outcome = CallNested(caller, *store_, Function("call_host"),
                              std::vector<Value>(args.begin(), args.end()),
                              1000);
    EXPECT_TRUE(outcome.ok());
    if (outcome->kind == OutcomeKind::kTrapped) {
      EXPECT_EQ(outcome->trap, TrapCode::kStackOverflow);
      EXPECT_EQ(outcome->function, kTestCallHost);
      EXPECT_EQ(outcome->offset, TestBodyOffset(kTestCallHost));
    }
    return HostResult::Ok();
  };
  const Value args[] = {I32(1), I64(2), F64(3)};
  ASSERT_TRUE(
      store_->Call(Function("call_host"), args, shallow, kPlenty).ok());
  EXPECT_EQ(runs, 3u);
}

}  // namespace
}  // namespace ingot::runtime
