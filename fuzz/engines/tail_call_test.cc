// Tail calls on both engines: between functions with fewer and more stack
// arguments, of host functions, from one instance into another and back, at
// many gas and stack limits. Outcome, location, backtrace, gas and memory are
// compared (pair_store.h); here stands what the answers are.

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/engines/pair_store.h"
#include "gtest/gtest.h"
#include "runtime/spec/convert.h"

namespace ingot::fuzz {
namespace {

using runtime::Caller;
using runtime::Extern;
using runtime::HostResult;
using runtime::InstanceId;
using runtime::Outcome;
using runtime::OutcomeKind;
using runtime::Store;
using runtime::Transaction;
using runtime::Value;
using wasm::ValType;

constexpr uint64_t kPlenty = 1'000'000'000;

// What another instance offers: it counts in its own memory and global.
constexpr const char* kLibrary = R"wat((module
  (type $t (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (table (export "table") 4 4 funcref)
  (global $calls (mut i32) (i32.const 0))
  (func (export "bump") (type $t)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store (i32.const 0) (global.get $calls))
    (i32.add (local.get 0) (i32.const 1000)))
  (func (export "wide") (param i32 i64 i64 i64 i64 i64 i64 i64 i64)
      (result i32)
    (i32.add (local.get 0) (i32.wrap_i64 (local.get 8))))
  ;; down and back to whoever stands in slot 1, by turns
  (func (export "ping") (type $t)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 77))))
    (return_call_indirect (type $t)
      (i32.sub (local.get 0) (i32.const 1)) (i32.const 1)))
  (func (export "through") (type $t)
    (call_indirect (type $t) (local.get 0) (i32.const 1)))))wat";

constexpr const char* kUser = R"wat((module
  (type $t (func (param i32) (result i32)))
  (type $wide (func (param i32 i64 i64 i64 i64 i64 i64 i64 i64)
    (result i32)))
  (import "lib" "bump" (func $bump (type $t)))
  (import "lib" "wide" (func $lib_wide (type $wide)))
  (import "host" "f" (func $host (type $t)))
  (import "host" "wide" (func $host_wide (type $wide)))
  (import "lib" "table" (table 4 4 funcref))
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 500))
  (elem (i32.const 1) $pong $host)
  (func $pong (export "pong") (type $t)
    (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func $to_bump (type $t) (return_call $bump (local.get 0)))
  (func $to_to_bump (type $t) (return_call $to_bump (local.get 0)))
  ;; The base is this instance's again behind direct calls.
  (func (export "direct") (type $t)
    (i32.store (i32.const 4) (call $to_to_bump (local.get 0)))
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.add (i32.load (i32.const 4)) (global.get $calls)))
  (func (export "to_host") (type $t) (return_call $host (local.get 0)))
  (func (export "from_host") (type $t)
    (i32.add (call $to_host2 (local.get 0)) (i32.const 1)))
  (func $to_host2 (type $t) (return_call $host (local.get 0)))
  (func (export "host_by_table") (type $t)
    (return_call_indirect (type $t) (local.get 0) (i32.const 2)))
  (func (export "to_wide") (type $t)
    (return_call $lib_wide (local.get 0) (i64.const 1) (i64.const 2)
      (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)
      (i64.extend_i32_u (local.get 0))))
  (func (export "to_host_wide") (type $t)
    (return_call $host_wide (local.get 0) (i64.const 1) (i64.const 2)
      (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)
      (i64.extend_i32_u (local.get 0))))
  (func (export "bad_index") (type $t)
    (return_call_indirect (type $t) (local.get 0) (i32.const 4)))
  (func (export "null") (type $t)
    (return_call_indirect (type $t) (local.get 0) (i32.const 3)))
  (func (export "bad_type") (type $t)
    (return_call_indirect (type $wide) (local.get 0) (i64.const 1)
      (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6)
      (i64.const 7) (i64.const 8) (i32.const 0)))
  ;; trap below two frames that were left by tail calls
  (func $deep (param i32 i64 i64 i64 i64 i64 i64 i64 i64) (result i32)
    (i32.div_u (i32.const 1) (local.get 0)))
  (func $middle (type $t)
    (return_call $deep (local.get 0) (i64.const 1) (i64.const 2)
      (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)
      (i64.const 8)))
  (func $outer (type $wide) (i32.add (call $middle (local.get 0))
    (i32.const 1)))
  (func (export "backtrace") (type $t)
    (i32.add (i32.const 1)
      (call $outer (local.get 0) (i64.const 1) (i64.const 2) (i64.const 3)
        (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)
        (i64.const 8))))))wat";

// Arguments that find no register, results too: they shrink, grow and rotate.
constexpr const char* kShapes = R"wat((module
  (type $r (func (result i64 i64 i64 i64 i64 i64 i64 i64 i64 f64)))
  (func $r10 (param i64 i64 i64 i64 i64 i64 i64 i64 i64 f64)
      (result i64 i64 i64 i64 i64 i64 i64 i64 i64 f64)
    local.get 0 local.get 1 local.get 2 local.get 3 local.get 4
    local.get 5 local.get 6 local.get 7 local.get 8 local.get 9)
  (func $rotate
      (param i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 f64)
      (result i64 i64 i64 i64 i64 i64 i64 i64 i64 f64)
    (if (i32.eqz (local.get 0))
      (then (return_call $r10 (local.get 1) (local.get 2) (local.get 3)
        (local.get 4) (local.get 5) (local.get 6) (local.get 7)
        (local.get 8) (local.get 9) (local.get 10))))
    (return_call $rotate (i32.sub (local.get 0) (i32.const 1))
      (local.get 9) (local.get 1) (local.get 2) (local.get 3)
      (local.get 4) (local.get 5) (local.get 6) (local.get 7)
      (local.get 8) (f64.add (local.get 10) (f64.const 0.5))))
  (func $few (param i32) (result i64 i64 i64 i64 i64 i64 i64 i64 i64 f64)
    (return_call $rotate (local.get 0) (i64.const 1) (i64.const 2)
      (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)
      (i64.const 8) (i64.const 9) (f64.const 0)))
  (func $many (param i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
      (result i64 i64 i64 i64 i64 i64 i64 i64 i64 f64)
    (return_call $few (local.get 0)))
  (func (export "rotate") (param i32)
      (result i64 i64 i64 i64 i64 i64 i64 i64 i64 f64)
    (return_call $few (local.get 0)))
  (func (export "called") (param i32)
      (result i64 i64 i64 i64 i64 i64 i64 i64 i64 f64)
    (local i64 f64)
    (local.set 1 (i64.const 40))
    (call $many (local.get 0) (i64.const 1) (i64.const 2) (i64.const 3)
      (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8)
      (i64.const 9) (i64.const 10) (i64.const 11) (i64.const 12))
    (local.set 2) (local.set 1 (i64.add (local.get 1)))
    (local.get 1) (local.get 2))
  ;; floats beyond their registers
  (func $sum (param f64 f64 f64 f64 f64 f64 f64 f64 f32 f64 i32) (result f64)
    (f64.add (f64.add (f64.promote_f32 (local.get 8)) (local.get 9))
      (f64.sub (local.get 0) (f64.convert_i32_s (local.get 10)))))
  (func (export "floats") (param i32) (result f64)
    (return_call $sum (f64.convert_i32_s (local.get 0)) (f64.const 1)
      (f64.const 2) (f64.const 3) (f64.const 4) (f64.const 5) (f64.const 6)
      (f64.const 7) (f32.const 8.5) (f64.const 9.25) (local.get 0)))))wat";

class TailCallTest : public testing::Test {
 protected:
  // A store of its own for each run: out of gas kills instances.
  void NewStore() {
    store_ = NewPairStore([](const std::string& difference) {
      ADD_FAILURE() << difference;
    });
    host_ = [](Caller&, int32_t x, Value* result) {
      result->bits = static_cast<uint32_t>(x + 5);
      return HostResult::Ok();
    };
  }

  std::shared_ptr<const PairProgram> Assemble(const char* text) {
    const auto bytes =
        runtime::spec::AssembleModule(text, testing::TempDir());
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    Status rejection;
    auto program = PairProgram::Load(*bytes, profile_, &rejection);
    EXPECT_TRUE(program.ok()) << program.status();
    EXPECT_TRUE(rejection.ok()) << static_cast<int>(rejection.code);
    return *program;
  }

  InstanceId Instantiate(const std::shared_ptr<const PairProgram>& program,
                         const std::vector<Extern>& imports) {
    Transaction transaction({});
    const auto made =
        store_->Instantiate(program, imports, transaction, kPlenty);
    EXPECT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(made->outcome.kind, OutcomeKind::kReturned);
    return made->instance;
  }

  // The library, and the module under test on it.
  void Link() {
    if (library_ == nullptr) library_ = Assemble(kLibrary);
    if (user_ == nullptr) user_ = Assemble(kUser);
    const InstanceId library = Instantiate(library_, {});
    const auto of_library = [&](const char* name) {
      return *store_->FindExport(library, name);
    };
    const auto host = [this](Caller& caller, std::span<const Value> args,
                             std::span<Value> results) {
      return host_(caller, static_cast<int32_t>(args[0].bits), &results[0]);
    };
    const std::vector<ValType> wide = {
        ValType::kI32, ValType::kI64, ValType::kI64, ValType::kI64,
        ValType::kI64, ValType::kI64, ValType::kI64, ValType::kI64,
        ValType::kI64};
    instance_ = Instantiate(
        user_,
        {of_library("bump"), of_library("wide"),
         store_->AddHostFunction({{ValType::kI32}, {ValType::kI32}}, host),
         store_->AddHostFunction({wide, {ValType::kI32}}, host),
         of_library("table")});
    // ping, whose turn is slot 0
    const InstanceId starter = Instantiate(
        Assemble(R"((module (import "lib" "ping" (func $f (param i32)
          (result i32))) (import "lib" "table" (table 4 4 funcref))
          (elem (i32.const 0) $f)))"),
        {of_library("ping"), of_library("table")});
    (void)starter;
    through_ = of_library("through");
  }

  Outcome Run(Extern function, int32_t argument,
              uint64_t stack_units = 1 << 20, uint64_t gas = kPlenty) {
    Transaction transaction({.stack_units = stack_units});
    const std::vector<Value> args = {
        {ValType::kI32, static_cast<uint32_t>(argument)}};
    const auto outcome = store_->Call(function, args, transaction, gas);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return *outcome;
  }
  Outcome Run(const char* name, int32_t argument,
              uint64_t stack_units = 1 << 20, uint64_t gas = kPlenty) {
    return Run(*store_->FindExport(instance_, name), argument, stack_units,
               gas);
  }
  uint64_t Result(const char* name, int32_t argument,
                  uint64_t stack_units = 1 << 20) {
    const Outcome outcome = Run(name, argument, stack_units);
    EXPECT_EQ(outcome.kind, OutcomeKind::kReturned) << name;
    return outcome.results.empty() ? 0 : outcome.results[0].bits;
  }

  const Profile profile_;
  std::unique_ptr<Store> store_;
  std::function<HostResult(Caller&, int32_t, Value*)> host_;
  std::shared_ptr<const PairProgram> library_;
  std::shared_ptr<const PairProgram> user_;
  InstanceId instance_ = runtime::kNoInstance;
  Extern through_;
};

TEST_F(TailCallTest, CrossesInstancesAndComesBack) {
  NewStore();
  Link();
  EXPECT_EQ(Result("direct", 1), 1001u + 501u);
  EXPECT_EQ(Result("direct", 2), 1002u + 502u);
  EXPECT_EQ(Result("to_wide", 21), 42u);
  // The library's caller gets its own instance back.
  EXPECT_EQ(Run(through_, 5).results[0].bits, 77u);
}

TEST_F(TailCallTest, TakesNoStackHoweverLongTheChain) {
  NewStore();
  Link();
  EXPECT_EQ(Result("pong", 100'000, 512), 77u);
}

TEST_F(TailCallTest, ReachesHostFunctions) {
  NewStore();
  Link();
  EXPECT_EQ(Result("to_host", 1), 6u);
  EXPECT_EQ(Result("from_host", 1), 7u);
  EXPECT_EQ(Result("host_by_table", 1), 6u);
  EXPECT_EQ(Result("to_host_wide", 1), 6u);
  uint64_t stack_used = 0;
  host_ = [&](Caller& caller, int32_t, Value*) {
    // The memory is that of the instance whose function made the call.
    caller.Memory()[100] = 9;
    EXPECT_EQ(caller.instance(), instance_);
    if (stack_used == 0) stack_used = caller.transaction().stack_used;
    EXPECT_EQ(caller.transaction().stack_used, stack_used);
    return HostResult::Trap(TrapCode::kUnreachable);
  };
  for (const char* name : {"to_host", "from_host", "host_by_table"}) {
    stack_used = 0;
    const Outcome outcome = Run(name, 1);
    EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped);
    // The frame was given back: only a caller below it is there to be named.
    EXPECT_EQ(outcome.backtrace.size(),
              std::string_view(name) == "from_host" ? 1u : 0u);
  }
  EXPECT_EQ(store_->InstanceMemory(instance_)[100], 9);
  host_ = [](Caller&, int32_t, Value*) { return HostResult::Revert(3, "no"); };
  EXPECT_EQ(Run("from_host", 1).kind, OutcomeKind::kReverted);
}

TEST_F(TailCallTest, TrapsBeforeTheFrameIsLeft) {
  NewStore();
  Link();
  const std::pair<const char*, TrapCode> traps[] = {
      {"bad_index", TrapCode::kUndefinedElement},
      {"null", TrapCode::kUninitializedElement},
      {"bad_type", TrapCode::kIndirectCallMismatch}};
  for (const auto& [name, code] : traps) {
    const Outcome outcome = Run(name, 1);
    EXPECT_EQ(outcome.trap, code);
    EXPECT_EQ(outcome.backtrace.size(), 1u);
  }
}

TEST_F(TailCallTest, BacktracesPassOverFramesThatWereLeft) {
  NewStore();
  Link();
  const Outcome outcome = Run("backtrace", 0);
  EXPECT_EQ(outcome.trap, TrapCode::kIntegerDivideByZero);
  EXPECT_EQ(outcome.backtrace.size(), 3u);  // deep, outer, backtrace
}

TEST_F(TailCallTest, MovesStackArgumentsAndResults) {
  const auto shapes = Assemble(kShapes);
  NewStore();
  instance_ = Instantiate(shapes, {});
  for (const char* name : {"rotate", "called"}) {
    for (int32_t rounds : {0, 1, 5, 1000}) {
      const Outcome outcome = Run(name, rounds, 1024);
      ASSERT_EQ(outcome.results.size(), 10u) << name;
      for (uint32_t i = 0; i < 9; ++i) {
        uint64_t wanted = (9 + i - rounds % 9) % 9 + 1;
        if (i == 8 && name[0] == 'c') wanted += 40;
        EXPECT_EQ(outcome.results[i].bits, wanted) << name << " " << i;
      }
      double half = 0;
      std::memcpy(&half, &outcome.results[9].bits, sizeof half);
      EXPECT_EQ(half, rounds * 0.5);
    }
  }
  double sum = 0;
  const uint64_t bits = Result("floats", 3);
  std::memcpy(&sum, &bits, sizeof sum);
  EXPECT_EQ(sum, 8.5 + 9.25);
}

TEST_F(TailCallTest, AgreesAtEveryStackLimit) {
  const auto shapes = Assemble(kShapes);
  uint32_t overflows = 0, returns = 0;
  for (uint64_t units = 0; units < 1200; units += 8) {
    NewStore();
    Link();
    for (const char* name :
         {"direct", "to_wide", "to_host_wide", "backtrace", "pong"}) {
      const Outcome outcome = Run(name, 1, units);
      ++(outcome.trap == TrapCode::kStackOverflow ? overflows : returns);
    }
    instance_ = Instantiate(shapes, {});
    for (const char* name : {"rotate", "called", "floats"}) {
      const Outcome outcome = Run(name, 3, units);
      ++(outcome.trap == TrapCode::kStackOverflow ? overflows : returns);
    }
  }
  EXPECT_GT(overflows, 100u);
  EXPECT_GT(returns, 100u);
}

TEST_F(TailCallTest, AgreesAtEveryGasLimit) {
  const auto shapes = Assemble(kShapes);
  for (const char* name : {"pong", "backtrace", "from_host", "direct"}) {
    NewStore();
    Link();
    const uint64_t all = Run(name, 1).gas_used;
    for (uint64_t gas = all > 250 ? all - 250 : 0; gas <= all; gas += 3) {
      NewStore();
      Link();
      (void)Run(name, 1, 1 << 20, gas);
    }
  }
  // A recursion that never ends but by gas.
  NewStore();
  instance_ = Instantiate(shapes, {});
  const Outcome endless = Run("rotate", -1, 1 << 20, 1'000'000);
  EXPECT_EQ(endless.kind, OutcomeKind::kOutOfGas);
}

}  // namespace
}  // namespace ingot::fuzz
