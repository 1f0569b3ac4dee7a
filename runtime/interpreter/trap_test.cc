#include "metering/stack_units.h"
#include "runtime/interpreter/fixture.h"

// Every trap, where it is located, and how deep calls go.

namespace ingot::runtime::interpreter {
namespace {

using TrapTest = InterpreterTest;

struct TrapCase {
  const char* name;
  const char* body;  // of a function without parameters and results
  TrapCode trap;
  uint32_t offset;  // of the trapping instruction from the first one
};

constexpr TrapCase kCases[] = {
    {"unreachable", "nop unreachable", TrapCode::kUnreachable, 1},
    {"load", "(drop (i32.load (i32.const -1)))", TrapCode::kOutOfBoundsMemory,
     2},
    {"store", "(i32.store (i32.const -1) (i32.const 0))",
     TrapCode::kOutOfBoundsMemory, 4},
    {"last_byte", "(drop (i64.load offset=65529 (i32.const 0)))",
     TrapCode::kOutOfBoundsMemory, 2},
    {"wrap", "(drop (i32.load offset=4294967295 (i32.const -1)))",
     TrapCode::kOutOfBoundsMemory, 2},
    {"copy", "(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2))",
     TrapCode::kOutOfBoundsMemory, 8},
    {"init", "(memory.init 0 (i32.const 0) (i32.const 2) (i32.const 2))",
     TrapCode::kOutOfBoundsMemory, 6},
    {"table_get", "(drop (table.get 0 (i32.const 3)))",
     TrapCode::kOutOfBoundsTable, 2},
    {"table_set", "(table.set 0 (i32.const 3) (ref.null func))",
     TrapCode::kOutOfBoundsTable, 4},
    {"table_fill",
     "(table.fill 0 (i32.const 2) (ref.null func) (i32.const 2))",
     TrapCode::kOutOfBoundsTable, 6},
    {"table_copy", "(table.copy (i32.const 2) (i32.const 0) (i32.const 2))",
     TrapCode::kOutOfBoundsTable, 6},
    {"table_init", "(table.init 0 (i32.const 0) (i32.const 0) (i32.const 1))",
     TrapCode::kOutOfBoundsTable, 6},
    {"undefined", "(call_indirect (type 0) (i32.const 3))",
     TrapCode::kUndefinedElement, 2},
    {"uninitialized", "(call_indirect (type 0) (i32.const 2))",
     TrapCode::kUninitializedElement, 2},
    {"mismatch", "(call_indirect (type 0) (i32.const 1))",
     TrapCode::kIndirectCallMismatch, 2},
    {"div_zero", "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
     TrapCode::kIntegerDivideByZero, 4},
    {"rem_zero", "(drop (i64.rem_u (i64.const 1) (i64.const 0)))",
     TrapCode::kIntegerDivideByZero, 4},
    {"div_overflow",
     "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
     TrapCode::kIntegerOverflow, 8},
    {"trunc_overflow", "(drop (i32.trunc_f32_s (f32.const 2147483648)))",
     TrapCode::kIntegerOverflow, 5},
    {"trunc_nan", "(drop (i64.trunc_f64_u (f64.const nan)))",
     TrapCode::kInvalidConversion, 9},
};

TEST_F(TrapTest, EachKindHasItsCodeAndItsPlace) {
  std::string text = R"((module (type (func)) (memory 1) (table 3 funcref)
    (data "abc") (elem (i32.const 0) $void $int)
    (func $void) (func $int (result i32) (i32.const 1)))";
  for (const TrapCase& test : kCases) {
    text += std::string("(func (export \"") + test.name + "\") " + test.body +
            ")";
  }
  Start(text + ")");
  uint32_t body = 2;
  for (const TrapCase& test : kCases) {
    const Outcome outcome = Call(test.name);
    EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped) << test.name;
    EXPECT_EQ(outcome.trap, test.trap) << test.name;
    EXPECT_EQ(outcome.phase, Phase::kCall);
    EXPECT_EQ(outcome.function, body) << test.name;
    EXPECT_EQ(outcome.offset, CodeOffset(body) + test.offset) << test.name;
    EXPECT_EQ(outcome.backtrace,
              (std::vector<Frame>{{outcome.function, outcome.offset}}));
    ++body;
  }
}

// Row 33 of RELIABILITY.md 10.
TEST_F(TrapTest, IntegerEdgesThatDoNotTrap) {
  Start(R"((module
    (func (export "rem") (result i32)
      (i32.rem_s (i32.const 0x80000000) (i32.const -1)))
    (func (export "shl") (result i32) (i32.shl (i32.const 1) (i32.const 33)))
    (func (export "shr") (result i64) (i64.shr_s (i64.const -8) (i64.const 65)))
    (func (export "rotl") (result i32)
      (i32.rotl (i32.const 0xABCD9876) (i32.const 32)))))");
  EXPECT_EQ(Result("rem"), 0u);
  EXPECT_EQ(Result("shl"), 2u);
  EXPECT_EQ(Result("shr"), static_cast<uint64_t>(-4));
  EXPECT_EQ(Result("rotl"), 0xABCD9876u);
}

TEST_F(TrapTest, BacktraceNamesTheCallsInnermostFirst) {
  Start(R"((module
    (func $inner unreachable)
    (func $middle nop (call $inner))
    (func (export "outer") nop nop (call $middle))))");
  const Outcome outcome = Call("outer");
  EXPECT_EQ(outcome.backtrace,
            (std::vector<Frame>{{0, CodeOffset(0)},
                                {1, CodeOffset(1) + 1},
                                {2, CodeOffset(2) + 2}}));
}

TEST_F(TrapTest, BacktraceEndsAfterSixtyFourFrames) {
  Start(R"((module (func $f (export "f") (param i32)
    (if (i32.eqz (local.get 0)) (then unreachable))
    (call $f (i32.sub (local.get 0) (i32.const 1))))))");
  EXPECT_EQ(Call("f", {I32(62)}).backtrace.size(), 63u);
  EXPECT_EQ(Call("f", {I32(200)}).backtrace.size(), 64u);
}

// Row 37: the depth follows from stack units alone.
TEST_F(TrapTest, StackOverflowIsLocatedAtTheCall) {
  Start(R"((module (global $depth (mut i32) (i32.const 0))
    (func $f (export "f")
      (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
      (call $f))))");
  const uint64_t frame = StackUnits(
      program_->View(program_->module().bodies)[0]);
  const uint64_t call_offset = CodeOffset(0) + 7;
  for (uint32_t depth : {1u, 2u, 10u, 1000u}) {
    for (uint64_t spare : {uint64_t{0}, frame - 1}) {
      store_->SetGlobal(Extern{wasm::ExternKind::kGlobal, 0}, I32(0));
      budget_.stack_units = frame * depth + spare;
      const Outcome outcome = Call("f");
      EXPECT_EQ(outcome.trap, TrapCode::kStackOverflow);
      EXPECT_EQ(outcome.function, 0u);
      EXPECT_EQ(outcome.offset, call_offset);
      EXPECT_EQ(store_->InstanceGlobal(instance_, 0), I32(depth));
      // The callee that did not fit is not paid.
      const uint64_t each =
          prices().EntryPrice(0, 0, 0) +
          Price({wasm::Op::kGlobalGet, wasm::Op::kI32Const, wasm::Op::kI32Add,
                 wasm::Op::kGlobalSet, wasm::Op::kCall});
      EXPECT_EQ(outcome.gas_used, depth * each);
    }
  }
}

TEST_F(TrapTest, StackOverflowAtTheEntryIsLocatedInTheCallee) {
  Start(R"((module (func $pad) (func (export "f"))))");
  budget_.stack_units = 16;
  const Outcome outcome = Call("f");
  EXPECT_EQ(outcome.trap, TrapCode::kStackOverflow);
  EXPECT_EQ(outcome.function, 1u);
  EXPECT_EQ(outcome.offset, BodyOffset(1));
  EXPECT_EQ(outcome.backtrace, (std::vector<Frame>{{1, BodyOffset(1)}}));
  EXPECT_EQ(outcome.gas_used, 0u);
}

TEST_F(TrapTest, ArgumentsOfTheHostTakeStackUnits) {
  std::string params;
  for (int i = 0; i < 9; ++i) params += " i64";
  Start("(module (func (export \"f\") (param" + params + ")))");
  // Six parameters travel in registers, three in slots: 24 bytes, rounded.
  const uint64_t frame = StackUnits(
      program_->View(program_->module().bodies)[0]);
  const std::vector<Value> args(9, I64(0));
  const auto kind = [&](uint64_t units) {
    Transaction transaction({.stack_units = units});
    return store_->Call(Export("f"), args, transaction, kPlenty)->kind;
  };
  EXPECT_EQ(kind(frame + 32), OutcomeKind::kReturned);
  EXPECT_EQ(kind(frame + 31), OutcomeKind::kTrapped);
}

TEST_F(TrapTest, TailCallsReplaceTheirFrame) {
  Start(R"((module (type $t (func (param i32) (result i32)))
    (table 1 funcref) (elem (i32.const 0) $even)
    (func $odd (export "odd") (type $t)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (return_call $even (i32.sub (local.get 0) (i32.const 1))))))
    (func $even (type $t) (local i64 i64)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
        (else (return_call $odd (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "indirect") (type $t)
      (return_call_indirect (type $t) (local.get 0) (i32.const 0)))))");
  budget_.stack_units = 1024;
  EXPECT_EQ(Result("odd", {I32(100001)}), 1u);
  EXPECT_EQ(Result("indirect", {I32(100001)}), 0u);
}

}  // namespace
}  // namespace ingot::runtime::interpreter
