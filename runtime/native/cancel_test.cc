// Cancelling a run from another thread: wherever its thread is, the run ends
// with the fault kCancelled, and its store can be used again. A cancel that is
// lost shows as a test that never ends.

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/native/fault_handler.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/native/test_artifact.h"
#include "runtime/nested.h"

namespace ingot::runtime {
namespace {

using wasm::ValType;

constexpr uint64_t kUnlimited = uint64_t{1} << 62;

// Spins for a while, so that cancels meet a run in all of its places.
void Pause(uint32_t rounds) {
  for (volatile uint32_t i = 0; i < rounds; i = i + 1) {
  }
}

class CancelTest : public testing::Test {
 protected:
  CancelTest() {
    auto loaded = UnverifiedProgram::Load(MakeTestArtifact(), {});
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    const std::vector<ValType> many(8, ValType::kI64);
    const std::vector<Extern> imports = {
        store_.AddHostFunction(
            {{ValType::kI32, ValType::kI64, ValType::kF64}, {ValType::kI32}},
            [this](Caller& caller, std::span<const Value>, std::span<Value>) {
              return host_(caller);
            }),
        store_.AddHostFunction({many, many},
                               [](Caller&, std::span<const Value>,
                                  std::span<Value>) { return HostResult::Ok(); })};
    auto made =
        store_.Instantiate(*loaded, imports, transaction_, kUnlimited);
    EXPECT_TRUE(made.ok()) << made.status();
    instance_ = made->instance;
  }

  Extern Function(std::string_view name) {
    return store_.FindExport(instance_, name).value();
  }

  absl::Status Call(std::string_view name) {
    return store_.Call(Function(name), {}, transaction_, kUnlimited).status();
  }

  // Calls, and cancels from another thread after a pause.
  absl::Status CallAndCancel(std::string_view name, uint32_t rounds) {
    started_ = false;
    std::thread other([&] {
      while (!started_) {
      }
      Pause(rounds);
      transaction_.Cancel();
    });
    started_ = true;
    const absl::Status status = Call(name);
    other.join();
    return status;
  }

  void ExpectUsable() {
    EXPECT_EQ(transaction_.depth, 0u);
    transaction_.Reset();
    const std::vector<Value> args = {{ValType::kI32, 2}, {ValType::kI32, 3}};
    const auto sum = store_.Call(Function("add"), args, transaction_, 100);
    ASSERT_TRUE(sum.ok()) << sum.status();
    EXPECT_EQ(sum->results[0].bits, 5u);
    EXPECT_EQ(sum->gas_used, 10u);
  }

  std::function<HostResult(Caller&)> host_ = [](Caller&) {
    return HostResult::Ok();
  };
  std::atomic<bool> started_{false};
  Transaction transaction_{Transaction::Budget{}};
  NativeStore store_;
  InstanceId instance_ = kNoInstance;
};

TEST_F(CancelTest, EndsALoopThatCallsNobody) {
  for (uint32_t i = 0; i < 20; ++i) {
    EXPECT_EQ(CallAndCancel("loop", 100 * i).code(),
              absl::StatusCode::kCancelled);
    ExpectUsable();
  }
}

// The thread is in the stubs, in builtins or in the host most of the time.
TEST_F(CancelTest, EndsALoopOfHostCallsWhereverItIs) {
  for (uint32_t i = 0; i < 150; ++i) {
    EXPECT_EQ(CallAndCancel("call_loop", 23 * i).code(),
              absl::StatusCode::kCancelled);
    ExpectUsable();
  }
}

TEST_F(CancelTest, EndsTheRunWhenTheHostFunctionReturns) {
  int after = 0;
  host_ = [&](Caller& caller) {
    while (!caller.transaction().cancelled()) {
    }
    ++after;
    return HostResult::Ok();
  };
  EXPECT_EQ(CallAndCancel("call_loop", 0).code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(after, 1);
  ExpectUsable();
}

// Also when the host function in between does not pass the fault on.
TEST_F(CancelTest, EndsNestedRunsAndTheirParents) {
  int calls = 0;
  absl::Status nested;
  host_ = [&](Caller& caller) {
    ++calls;
    nested = CallNested(caller, store_, Function("loop"), {}, kUnlimited)
                 .status();
    return HostResult::Ok();
  };
  EXPECT_EQ(CallAndCancel("call_loop", 10'000).code(),
            absl::StatusCode::kCancelled);
  EXPECT_LE(calls, 1);
  if (calls == 1) EXPECT_EQ(nested.code(), absl::StatusCode::kCancelled);
  ExpectUsable();
}

TEST_F(CancelTest, HoldsForRunsThatBeginLater) {
  transaction_.Cancel();
  EXPECT_EQ(Call("loop").code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Call("call_loop").code(), absl::StatusCode::kCancelled);
  ExpectUsable();
}

TEST_F(CancelTest, DoesNotTouchAnotherTransactionOfTheThread) {
  Transaction other{Transaction::Budget{}};
  host_ = [&](Caller&) {
    transaction_.Cancel();
    const auto outcome = store_.Call(Function("loop"), {}, other, 1000);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->kind, OutcomeKind::kOutOfGas);
    return HostResult::Ok();
  };
  EXPECT_EQ(Call("call_loop").code(), absl::StatusCode::kCancelled);
  ExpectUsable();
}

// Interrupts without a reason, as a program that uses the signal sends them.
TEST_F(CancelTest, ForeignInterruptsChangeNothing) {
  std::atomic<bool> done{false};
  const pthread_t self = pthread_self();
  std::thread other([&] {
    while (!done) pthread_kill(self, SIGURG);
  });
  for (int i = 0; i < 20; ++i) {
    const auto outcome =
        store_.Call(Function("loop"), {}, transaction_, 10'000'000);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->kind, OutcomeKind::kOutOfGas);
    EXPECT_EQ(outcome->gas_used, 10'000'000u);
  }
  done = true;
  other.join();
}

std::atomic<int> g_previous_calls{0};
void CountSignal(int) { ++g_previous_calls; }

// The handler that a program had before hears of its signals as before. In a
// process of its own, because the executor takes the signal once per process.
TEST(CancelDeathTest, SignalGoesToThePreviousHandlerToo) {
  EXPECT_EXIT(
      {
        signal(SIGURG, CountSignal);
        if (!PrepareForFaults()) _exit(1);
        raise(SIGURG);
        _exit(g_previous_calls == 1 ? 7 : 2);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace ingot::runtime
