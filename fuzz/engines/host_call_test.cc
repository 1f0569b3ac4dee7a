// Plain host functions on both engines: called directly, through a table and by
// a tail call, with one result and with several, at every gas limit. Outcome,
// location, backtrace, gas and memory are compared (pair_store.h); here stands
// what the answers are.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fuzz/engines/pair_store.h"
#include "gtest/gtest.h"
#include "runtime/spec/convert.h"

namespace ingot::fuzz {
namespace {

using runtime::Caller;
using runtime::Extern;
using runtime::HostResult;
using runtime::Outcome;
using runtime::OutcomeKind;
using runtime::Transaction;
using runtime::Value;
using wasm::ValType;

constexpr uint64_t kPlenty = 1'000'000'000;

constexpr const char* kModule = R"wat((module
  (type $t (func (param i32 i64) (result i32)))
  (import "host" "mix" (func $mix (type $t)))
  (import "host" "swap" (func $swap
    (param i64 i32 i64) (result i32 i64 i64)))
  (memory 1)
  (table 1 1 funcref)
  (elem (i32.const 0) $mix)
  (func (export "direct") (type $t) (call $mix (local.get 0) (local.get 1)))
  (func (export "table") (type $t)
    (call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 0)))
  (func (export "tail") (type $t)
    (return_call $mix (local.get 0) (local.get 1)))
  ;; floats stay where they are across the call
  (func (export "floats") (type $t) (local $f f64)
    (local.set $f (f64.convert_i32_u (local.get 0)))
    (i32.add (call $mix (local.get 0) (local.get 1))
             (i32.trunc_f64_u (local.get $f))))
  (func (export "three") (type $t)
    (call $swap (i64.const 5) (local.get 0) (local.get 1))
    (drop) (drop))
  (func (export "loop") (type $t) (local $n i32)
    (loop
      (local.set $n (i32.add (local.get $n)
        (call $mix (local.get 0) (local.get 1))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $n))))wat";

// 13 ends in a revert, 14 in a trap; 15 fails without a reason, and 16 gives a
// reason but does not fail.
bool Mix(void* state, Caller& caller, uint64_t* values) {
  ++*static_cast<int*>(state);
  if (values[0] == 13) {
    caller.Fail(HostResult::Revert(values[1], "thirteen"));
    return false;
  }
  if (values[0] == 14) {
    caller.Fail(HostResult::Trap(TrapCode::kUnreachable));
    return false;
  }
  if (values[0] == 15) return false;
  if (values[0] == 16) caller.Fail(HostResult::Trap(TrapCode::kUnreachable));
  // Whatever is said of gas that was not there, the run ends.
  (void)caller.ChargeGas(50);
  caller.Memory()[0] = static_cast<uint8_t>(values[0]);
  values[0] += values[1] + (uint64_t{1} << 33);
  return true;
}

bool Swap(void*, Caller&, uint64_t* values) {
  std::swap(values[0], values[1]);
  return true;
}

class HostCallTest : public testing::Test {
 protected:
  HostCallTest() { NewStore(); }

  // For each run that ends out of gas, which kills its instance.
  void NewStore() {
    store_ = NewPairStore(
        [](const std::string& difference) { ADD_FAILURE() << difference; });
    if (program_ == nullptr) program_ = Assemble();
    Transaction transaction({});
    const auto made = store_->Instantiate(
        program_,
        std::vector<Extern>{
            store_->AddPlainHostFunction(
                {{ValType::kI32, ValType::kI64}, {ValType::kI32}}, &Mix,
                &calls_),
            store_->AddPlainHostFunction(
                {{ValType::kI64, ValType::kI32, ValType::kI64},
                 {ValType::kI32, ValType::kI64, ValType::kI64}},
                &Swap, nullptr)},
        transaction, kPlenty);
    EXPECT_TRUE(made.ok()) << made.status();
    instance_ = made->instance;
  }

  std::shared_ptr<const PairProgram> Assemble() {
    const auto bytes =
        runtime::spec::AssembleModule(kModule, testing::TempDir());
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    Status rejection;
    auto program = PairProgram::Load(*bytes, profile_, &rejection);
    EXPECT_TRUE(program.ok()) << program.status();
    EXPECT_TRUE(rejection.ok()) << static_cast<int>(rejection.code);
    return *program;
  }

  Outcome Run(const char* name, uint32_t a, uint64_t b,
              uint64_t gas = kPlenty) {
    Transaction transaction({});
    const std::vector<Value> args = {{ValType::kI32, a}, {ValType::kI64, b}};
    const auto outcome = store_->Call(*store_->FindExport(instance_, name),
                                      args, transaction, gas);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return *outcome;
  }

  const Profile profile_;
  int calls_ = 0;
  std::unique_ptr<runtime::Store> store_;
  std::shared_ptr<const PairProgram> program_;
  runtime::InstanceId instance_ = runtime::kNoInstance;
};

TEST_F(HostCallTest, PassesIntegersBothWays) {
  for (const auto& [name, expected] :
       {std::pair{"direct", 5u}, {"table", 5u}, {"tail", 5u}, {"floats", 7u},
        {"three", 2u}}) {
    const Outcome outcome = Run(name, 2, 3 + (uint64_t{7} << 32));
    ASSERT_EQ(outcome.kind, OutcomeKind::kReturned) << name;
    EXPECT_EQ(outcome.results[0].bits, expected) << name;
  }
}

TEST_F(HostCallTest, EndsTheRunWhereItWasCalled) {
  for (const char* name : {"direct", "table", "tail", "floats", "loop"}) {
    const Outcome reverted = Run(name, 13, 99);
    EXPECT_EQ(reverted.kind, OutcomeKind::kReverted) << name;
    EXPECT_EQ(reverted.revert_code, 99u);
    const Outcome trapped = Run(name, 14, 0);
    EXPECT_EQ(trapped.kind, OutcomeKind::kTrapped) << name;
    EXPECT_EQ(trapped.trap, TrapCode::kUnreachable);
  }
}

// A host function that is at fault must not end the run by an outcome.
TEST_F(HostCallTest, AReasonIsOfItsOwnCallOnly) {
  Transaction transaction({});
  const std::vector<Value> args = {{ValType::kI32, 16}, {ValType::kI64, 0}};
  const auto outcome = store_->Call(*store_->FindExport(instance_, "loop"),
                                    args, transaction, kPlenty);
  EXPECT_EQ(outcome.status(), absl::InternalError("no reason is given"));
  EXPECT_EQ(calls_, 2 * 2);  // both engines
}

TEST_F(HostCallTest, IsExactAtEveryGasLimit) {
  const Outcome all = Run("loop", 3, 1);
  ASSERT_EQ(all.kind, OutcomeKind::kReturned);
  const int calls = calls_;
  for (uint64_t gas = 0; gas < all.gas_used; ++gas) {
    NewStore();
    EXPECT_EQ(Run("loop", 3, 1, gas).kind, OutcomeKind::kOutOfGas) << gas;
  }
  NewStore();
  EXPECT_GT(calls_, calls);
  EXPECT_EQ(Run("loop", 3, 1, all.gas_used).kind, OutcomeKind::kReturned);
}

}  // namespace
}  // namespace ingot::fuzz
