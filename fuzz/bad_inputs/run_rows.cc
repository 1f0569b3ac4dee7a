// Rows 16 and 31 to 39: valid modules whose runs hurt engines. Each call runs on
// the interpreter and in native code of both levels, at gas limits at and
// between the interpreter's observation points and at smaller stacks.

#include <xmmintrin.h>

#include <string>

#include "fuzz/bad_inputs/rows.h"
#include "gtest/gtest.h"
#include "runtime/nested.h"

namespace ingot::fuzz {

using runtime::HostResult;
using runtime::OutcomeKind;
using runtime::Transaction;
using runtime::Value;
using wasm::ValType;

namespace {

const std::string kOob = "trapped out_of_bounds_memory";
constexpr uint64_t kPlenty = 1 << 30;

}  // namespace

void Row16(Row& row) {
  row.Runs("offset", R"((module (memory 1) (data (i32.const 65533) "ingot")))",
           {}, {.instantiation = kOob});
  row.Runs("wraps", R"((module (memory 1) (data (i32.const -2) "ingot")))", {},
           {.instantiation = kOob});
  row.Runs("no memory to speak of", R"((module (memory 0)
             (data (i32.const 1) "")))", {}, {.instantiation = kOob});
  row.Runs("ends at the edge", R"((module (memory 1)
             (data (i32.const 65531) "ingot") (data (i32.const 65536) "")))",
           {}, {});
  row.Runs("elements", R"((module (table 2 funcref) (func $f)
             (elem (i32.const 1) $f $f)))",
           {}, {.instantiation = "trapped out_of_bounds_table"});
  row.OnEachEngine(
      "earlier ones stay",
      R"((module (import "m" "m" (memory 1))
        (data (i32.const 10) "stays") (data (i32.const 65534) "traps")
        (data (i32.const 20) "never")))",
      [](runtime::Store& store, auto program) {
        const auto memory = store.AddMemory({1, 0, false});
        Transaction transaction({});
        const auto made =
            store.Instantiate(program, {&*memory, 1}, transaction, kPlenty);
        EXPECT_EQ(made->outcome.trap, TrapCode::kOutOfBoundsMemory);
        const auto bytes = store.MemoryBytes(*memory);
        return std::string(bytes.begin() + 10, bytes.begin() + 15) +
               std::to_string(bytes[20] + bytes[65534]);
      },
      "stays0");
}

void Row31(Row& row) {
  row.Runs("largest offset", R"((module (memory 1)
      (func (export "f") (param i32) (result i32)
        (i32.load offset=4294967295 (local.get 0)))
      (func (export "g") (param i32) (result i64)
        (i64.load offset=2147483648 (local.get 0)))))",
           {{"f", {0xFFFFFFFF}, kOob},
            {"f", {0}, kOob},
            {"f", {1}, kOob},
            {"g", {0x80000000}, kOob},
            {"g", {0x7FFFFFF8}, kOob}});
  // 2^32 + 4 from 32-bit arithmetic is 4; from 64-bit arithmetic it is outside.
  row.Runs("wrapping index", R"((module (memory 1) (data (i32.const 4) "\07")
      (func (export "add") (param i32 i32) (result i32)
        (i32.load8_u (i32.add (local.get 0) (local.get 1))))
      (func (export "constant") (param i32) (result i32)
        (i32.load8_u (i32.add (local.get 0) (i32.const -4))))
      (func (export "offset") (param i32) (result i32)
        (i32.load8_u offset=8 (i32.add (local.get 0) (i32.const -4))))
      (func (export "shl1") (param i32) (result i32)
        (i32.load8_u (i32.shl (local.get 0) (i32.const 1))))
      (func (export "shl2") (param i32) (result i32)
        (i32.load8_u offset=4 (i32.shl (local.get 0) (i32.const 2))))
      (func (export "shl3") (param i32) (result i32)
        (i32.load8_u (i32.add (i32.const 4)
          (i32.shl (local.get 0) (i32.const 3)))))
      (func (export "wrap") (param i64) (result i32)
        (i32.load8_u (i32.wrap_i64 (local.get 0))))
      (func (export "extended") (param i32) (result i32)
        (i32.load8_u (i32.wrap_i64 (i64.extend_i32_s (local.get 0)))))
      (func (export "sext8") (param i32) (result i32)
        (i32.load8_u (i32.extend8_s (local.get 0))))))",
           {{"add", {0xFFFFFFFF, 5}, "returned 7"},
            {"add", {0x80000000, 0x80000004}, "returned 7"},
            {"constant", {8}, "returned 7"},
            {"constant", {0}, kOob},
            {"offset", {0}, kOob},
            {"shl1", {0x80000002}, "returned 7"},
            {"shl2", {0x40000000}, "returned 7"},
            {"shl3", {0x20000000}, "returned 7"},
            {"wrap", {0xFFFFFFFF00000004}, "returned 7"},
            {"wrap", {0x00000004FFFFFFFF}, kOob},
            {"extended", {0xFFFFFFF0}, kOob},
            {"extended", {4}, "returned 7"},
            {"sext8", {0x80}, kOob},
            {"sext8", {0x104}, "returned 7"}});
  // An index that lives in the frame across a call.
  row.Runs("spilled index", R"((module (memory 1) (data (i32.const 4) "\07")
      (func $h (param i64) (result i64) (local.get 0))
      (func (export "f") (param i64) (result i64) (local i32)
        (local.set 1 (i32.wrap_i64 (local.get 0)))
        (local.set 0 (call $h (local.get 0)))
        (i64.add (i64.mul (i64.const 0) (local.get 0))
          (i64.load8_u (local.get 1))))))",
           {{"f", {0xFFFFFFFF00000004}, "returned 7"},
            {"f", {0xFFFF0000}, kOob}});
}

void Row32(Row& row) {
  row.Runs("last bytes", R"((module (memory 1)
      (func (export "set") (i64.store (i32.const 65528) (i64.const -2)))
      (func (export "copysign") (param i32 f64) (result f64)
        (f64.copysign (local.get 1) (f64.load (local.get 0))))
      (func (export "min") (param i32 f64) (result f64)
        (f64.min (local.get 1) (f64.load (local.get 0))))
      (func (export "add") (param i32 i64) (result i64)
        (i64.add (local.get 1) (i64.load (local.get 0))))
      (func (export "less") (param i32 i64) (result i32)
        (i64.lt_s (local.get 1) (i64.load (local.get 0))))
      (func (export "narrow") (param i32) (result i32)
        (i32.add (i32.const 1) (i32.load8_u (local.get 0))))
      (func (export "add32") (param i32 i32) (result i32)
        (i32.add (local.get 1) (i32.load (local.get 0))))
      (func (export "store") (param i32)
        (i64.store (local.get 0)
          (i64.add (i64.load (local.get 0)) (i64.const 1))))))",
           {{"set", {}, "returned"},
            {"copysign", {65528, 0x3FF0000000000000},
             "returned bff0000000000000"},
            {"copysign", {65529, 0}, kOob},
            {"min", {65528, 0}, "returned 7ff8000000000000"},
            {"min", {65529, 0}, kOob},
            {"add", {65528, 3}, "returned 1"},
            {"add", {65529, 3}, kOob},
            {"less", {65528, 0xFFFFFFFFFFFFFFFD}, "returned 1"},
            {"less", {65529, 0}, kOob},
            {"narrow", {65535}, "returned 100"},
            {"narrow", {65536}, kOob},
            {"add32", {65532, 2}, "returned 1"},
            {"add32", {65533, 2}, kOob},
            {"store", {65528}, "returned"},
            {"store", {65529}, kOob},
            {"add", {65528, 0}, "returned ffffffffffffffff"}});
}

void Row33(Row& row) {
  const std::string zero = "trapped integer_divide_by_zero";
  const std::string overflow = "trapped integer_overflow";
  const std::string conversion = "trapped invalid_conversion";
  std::string text = "(module";
  for (const char* op : {"div_s", "div_u", "rem_s", "rem_u", "shl", "shr_s",
                         "shr_u", "rotl", "rotr"}) {
    for (const char* type : {"i32", "i64"}) {
      const std::string t = type, name = t + "." + op;
      text += "(func (export \"" + name + "\") (param " + t + " " + t +
              ") (result " + t + ") (" + name +
              " (local.get 0) (local.get 1)))";
    }
  }
  for (const char* op : {"i32.trunc_f32_s", "i32.trunc_f64_u"}) {
    const std::string name = op, from = name.substr(10, 3);
    text += "(func (export \"" + name + "\") (param " + from +
            ") (result i32) (" + name + " (local.get 0)))";
  }
  constexpr uint64_t kMin32 = 0x80000000, kMinus1 = 0xFFFFFFFF;
  constexpr uint64_t kMin64 = kMin32 << 32, kMinus1Long = ~uint64_t{0};
  row.Runs("numbers", text + ")",
           {{"i32.div_s", {kMin32, kMinus1}, overflow},
            {"i64.div_s", {kMin64, kMinus1Long}, overflow},
            {"i32.div_s", {1, 0}, zero},
            {"i32.div_u", {kMin32, kMinus1}, "returned 0"},
            {"i64.div_u", {5, 0}, zero},
            {"i32.rem_s", {kMin32, kMinus1}, "returned 0"},
            {"i64.rem_s", {kMin64, kMinus1Long}, "returned 0"},
            {"i32.rem_u", {1, 0}, zero},
            {"i64.rem_s", {1, 0}, zero},
            {"i32.shl", {1, 32}, "returned 1"},
            {"i32.shl", {1, 33}, "returned 2"},
            {"i64.shl", {1, 64}, "returned 1"},
            {"i32.shr_s", {kMin32, 63}, "returned ffffffff"},
            {"i64.shr_u", {kMin64, 127}, "returned 1"},
            {"i32.rotl", {kMin32, 0}, "returned 80000000"},
            {"i32.rotr", {1, 33}, "returned 80000000"},
            {"i64.rotl", {kMin64, 65}, "returned 1"},
            {"i32.trunc_f32_s", {0x7FC00000}, conversion},
            {"i32.trunc_f32_s", {0x4F000000}, overflow},
            {"i32.trunc_f32_s", {0xCF000000}, "returned 80000000"},
            {"i32.trunc_f64_u", {0x41F0000000000000}, overflow},
            {"i32.trunc_f64_u", {0x41EFFFFFFFE00000}, "returned ffffffff"},
            {"i32.trunc_f64_u", {0xBFEFFFFFFFFFFFFF}, "returned 0"},
            {"i32.trunc_f64_u", {0xBFF0000000000000}, overflow}});
}

void Row34(Row& row) {
  row.Runs("small", R"((module (memory 1 10)
      (func (export "grow") (param i32) (result i32)
        (memory.grow (local.get 0)))
      (func (export "touch") (result i32) (local i32)
        (loop $l
          (i32.store8 (i32.shl (local.get 0) (i32.const 16)) (i32.const 1))
          (br_if $l (i32.lt_u
            (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
            (memory.size))))
        (memory.size))))",
           {{"grow", {0}, "returned 1"},
            {"grow", {0xFFFFFFFF}, "returned ffffffff"},
            {"grow", {10}, "returned ffffffff"},
            {"grow", {9}, "returned 1"},
            {"touch", {}, "returned a"},
            {"grow", {1}, "returned ffffffff"}});
  // The default profile's 16,384 pages, one by one, in linear time.
  row.Runs("one by one", R"((module (memory 0)
      (func (export "f") (result i32) (local i32)
        (loop $l
          (drop (memory.grow (i32.const 1)))
          (br_if $l (i32.lt_u
            (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
            (i32.const 10000))))
        (memory.size))
      (func (export "g") (result i32) (memory.grow (i32.const 65535)))))",
           {{"f", {}, "returned 2710"}, {"g", {}, "returned ffffffff"}},
           {.gas_limit = uint64_t{1} << 50, .gas_replays = 3});
}

void Row35(Row& row) {
  row.Runs("bulk", R"((module (memory 1) (data $d "abcdefgh")
      (func (export "set") (memory.init $d (i32.const 0) (i32.const 0)
        (i32.const 8)))
      (func (export "copy") (param i32 i32 i32) (result i64)
        (memory.copy (local.get 0) (local.get 1) (local.get 2))
        (i64.load (i32.const 0)))
      (func (export "fill") (param i32 i32 i32) (result i64)
        (memory.fill (local.get 0) (local.get 1) (local.get 2))
        (i64.load (i32.const 0)))
      (func (export "init") (param i32 i32 i32) (result i64)
        (memory.init $d (local.get 0) (local.get 1) (local.get 2))
        (i64.load (i32.const 0)))
      (func (export "last") (result i32) (i32.load8_u (i32.const 65535)))
      (func (export "drop") (data.drop $d))))",
           {{"set", {}, "returned"},
            {"copy", {1, 0, 4}, "returned 6867666463626161"},
            {"copy", {0, 1, 4}, "returned 6867666464636261"},
            {"copy", {65536, 0, 0}, "returned 6867666464636261"},
            {"copy", {65537, 0, 0}, kOob},
            {"copy", {0, 0, 0xFFFFFFFF}, kOob},
            {"copy", {65530, 0, 7}, kOob},
            {"fill", {0, 0x7A, 2}, "returned 6867666464637a7a"},
            {"fill", {65535, 1, 2}, kOob},
            {"last", {}, "returned 0"},
            {"fill", {0xFFFFFFFF, 1, 1}, kOob},
            {"init", {0, 8, 0}, "returned 6867666464637a7a"},
            {"init", {0, 9, 0}, kOob},
            {"init", {0, 4, 5}, kOob},
            {"drop", {}, "returned"},
            {"init", {0, 0, 0}, "returned 6867666464637a7a"},
            {"init", {0, 0, 1}, kOob}},
           // Enough for the fee of 2^32-1 bytes; of a limit between fee and
           // bounds the work is not begun.
           {.gas_limit = uint64_t{1} << 50, .gas_replays = 60});
}

void Row36(Row& row) {
  const char* const kBodies[] = {
      "(loop $l (br $l))",
      "(loop $l (br_table $l $l (local.get 0)))",
      "(loop $l (br_if $l (i32.const 1)))",
      "(loop $l (br_if $l (i32.eqz (local.get 1))))",
      "(loop $l (loop $m (br_if $m (local.get 1))) (br $l))",
      // What a loop costs before a branch that is never taken.
      R"((loop $l (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (if (i32.const 0) (then (unreachable))) (br $l)))",
      "(return_call $f (local.get 0))",
      "(return_call_indirect (param i32) (local.get 0) (i32.const 0))"};
  for (const std::string body : kBodies) {
    const std::string text = "(module (table funcref (elem $f)) (func $f "
                             "(export \"f\") (param i32) (local i32) " +
                             body + "))";
    row.Runs(body, text, {{"f", {0}, "out of gas"}},
             {.gas_limit = 1'000'003, .gas_replays = 60});
  }
  row.Runs("start function",
           "(module (func $f (loop $l (br $l))) (start $f))", {},
           {.instantiation = "out of gas", .gas_limit = 100'003});
  // Deep enough that the gas ends first.
  row.Runs("recursion", R"((module (table funcref (elem $f))
      (func $f (export "f") (call_indirect (i32.const 0)))))",
           {{"f", {}, "out of gas"}},
           {.gas_limit = 500'003, .stack_units = 16 << 20});
}

void Row37(Row& row) {
  const std::string overflow = "trapped stack_overflow";
  row.Runs("frames of nothing", R"((module
      (func $f (export "f") (call $f))
      (func $g (export "g") (call $h)) (func $h (call $g))))",
           {{"f", {}, overflow}, {"g", {}, overflow}},
           {.gas_limit = uint64_t{1} << 40});
  row.Runs("by a table", R"((module (table funcref (elem $f))
      (func $f (export "f") (param i32) (result i32)
        (i32.add (i32.const 1)
          (call_indirect (param i32) (result i32) (local.get 0)
            (i32.const 0))))))",
           {{"f", {0}, overflow}}, {.gas_limit = uint64_t{1} << 40});
  std::string locals = "(local";
  for (int i = 0; i < 50'000; ++i) locals += " i64";
  row.Runs("the largest frame",
           "(module (func $f (export \"f\") " + locals +
               ") (local.set 49999 (i64.const 1)) (call $f)))",
           {{"f", {}, overflow}}, {.gas_limit = uint64_t{1} << 40});
  // Module, host, module and so on: the nesting's budget ends it, and each level
  // of native code lies on what is left of one stack.
  row.OnEachEngine(
      "by the host",
      R"((module (import "h" "h" (func $h (result i32)))
        (func (export "f") (result i32) (i32.add (i32.const 1) (call $h)))))",
      [](runtime::Store& store, auto program) {
        runtime::InstanceId instance = runtime::kNoInstance;
        const auto host = store.AddHostFunction(
            {{}, {ValType::kI32}},
            [&](runtime::Caller& caller, std::span<const Value>,
                std::span<Value> results) {
              const auto child = runtime::CallNested(
                  caller, store, *store.FindExport(instance, "f"), {},
                  caller.GasLeft());
              if (!child.ok()) return HostResult::Fault(child.status());
              results[0].bits = child->kind == OutcomeKind::kReturned
                                    ? child->results[0].bits
                                    : 1000 * static_cast<uint64_t>(child->trap);
              return HostResult::Ok();
            });
        std::string ends;
        for (const uint64_t units : {uint64_t{1} << 20, uint64_t{200}}) {
          Transaction transaction({.stack_units = units});
          instance = store.Instantiate(program, {&host, 1}, transaction,
                                       kPlenty)->instance;
          const auto end = store.Call(*store.FindExport(instance, "f"), {},
                                      transaction, kPlenty);
          EXPECT_TRUE(end.ok()) << end.status();
          ends += Describe(*end) + "; ";
        }
        return ends;
      });
}

void Row38(Row& row) {
  row.Runs("traps", R"((module (memory 1) (table 2 funcref) (elem (i32.const 1) $g)
      (type $v (func)) (func $g (param i32))
      (func $burn (param i32)
        (loop $l (br_if $l
          (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
      (func (export "div") (param i32) (call $burn (local.get 0))
        (drop (i32.div_s (i32.const 1) (i32.const 0))))
      (func (export "oob") (param i32) (call $burn (local.get 0))
        (drop (i32.load (i32.const -1))))
      (func (export "unreachable") (param i32) (call $burn (local.get 0))
        (unreachable))
      (func (export "type") (param i32) (call $burn (local.get 0))
        (call_indirect (type $v) (i32.const 1)))
      (func (export "null") (param i32) (call $burn (local.get 0))
        (call_indirect (type $v) (i32.const 0)))
      (func (export "element") (param i32) (call $burn (local.get 0))
        (call_indirect (type $v) (i32.const 2)))
      (func (export "table") (param i32) (call $burn (local.get 0))
        (drop (table.get 0 (i32.const 2))))
      (func (export "trunc") (param i32) (call $burn (local.get 0))
        (drop (i32.trunc_f32_s (f32.const nan))))))",
           {{"div", {100}, "trapped integer_divide_by_zero"},
            {"oob", {101}, kOob},
            {"unreachable", {102}, "trapped unreachable"},
            {"type", {103}, "trapped indirect_call_mismatch"},
            {"null", {104}, "trapped uninitialized_element"},
            {"element", {105}, "trapped undefined_element"},
            {"table", {106}, "trapped out_of_bounds_table"},
            {"trunc", {107}, "trapped invalid_conversion"}},
           {.gas_replays = 60});
  // What a host does after it charged: each end keeps the charge; a fault is no
  // outcome at all.
  const HostResult kEnds[] = {HostResult::Ok(),
                              HostResult::Trap(TrapCode::kUnreachable),
                              HostResult::Revert(9, "no"),
                              HostResult::OutOfGas()};
  for (const HostResult& result : kEnds) {
    row.OnEachEngine(
        "host", R"((module (import "h" "h" (func $h))
          (func (export "f") nop (call $h) nop)))",
        [&](runtime::Store& store, auto program) {
          const auto host = store.AddHostFunction(
              {}, [&](runtime::Caller& caller, std::span<const Value>,
                      std::span<Value>) {
                EXPECT_TRUE(caller.ChargeGas(77));
                return result;
              });
          Transaction transaction({});
          const auto made =
              store.Instantiate(program, {&host, 1}, transaction, kPlenty);
          const auto end = store.Call(*store.FindExport(made->instance, "f"),
                                      {}, transaction, 5000);
          EXPECT_TRUE(end.ok()) << end.status();
          EXPECT_GT(end->gas_used, 77u);
          return Describe(*end);
        });
  }
  row.OnEachEngine(
      "host that is broken", R"((module (import "h" "h" (func $h))
        (func (export "f") (call $h))))",
      [&](runtime::Store& store, auto program) {
        const auto host = store.AddHostFunction(
            {}, [](runtime::Caller&, std::span<const Value>,
                   std::span<Value>) {
              return HostResult::Fault(absl::UnavailableError("disk"));
            });
        Transaction transaction({});
        const auto made =
            store.Instantiate(program, {&host, 1}, transaction, kPlenty);
        const auto end = store.Call(*store.FindExport(made->instance, "f"), {},
                                    transaction, 5000);
        return end.ok() ? "an outcome" : end.status().ToString();
      },
      "UNAVAILABLE: disk");
}

void Row39(Row& row) {
  const std::string text = R"((module
      (func (export "add") (param f32 f32) (result f32)
        (f32.add (local.get 0) (local.get 1)))
      (func (export "div") (param f64 f64) (result f64)
        (f64.div (local.get 0) (local.get 1)))
      (func (export "sqrt") (param f64) (result f64)
        (f64.sqrt (local.get 0)))
      (func (export "min") (param f32 f32) (result f32)
        (f32.min (local.get 0) (local.get 1)))
      (func (export "max") (param f32 f32) (result f32)
        (f32.max (local.get 0) (local.get 1)))
      (func (export "demote") (param f64) (result f32)
        (f32.demote_f64 (local.get 0)))
      (func (export "promote") (param f32) (result f64)
        (f64.promote_f32 (local.get 0)))
      (func (export "neg") (param f32) (result f32) (f32.neg (local.get 0)))
      (func (export "mul") (param f32 f32) (result f32)
        (f32.mul (local.get 0) (local.get 1)))))";
  const std::vector<Call> calls = {
      {"add", {0xFFC12345, 0x3F800000}, "returned 7fc00000"},
      {"add", {0x7F800001, 0x3F800000}, "returned 7fc00000"},
      {"add", {0x7F800000, 0xFF800000}, "returned 7fc00000"},
      {"div", {0, 0}, "returned 7ff8000000000000"},
      {"sqrt", {0xBFF0000000000000}, "returned 7ff8000000000000"},
      {"min", {0x80000000, 0}, "returned 80000000"},
      {"max", {0x80000000, 0}, "returned 0"},
      {"min", {0xFFFFFFFF, 0}, "returned 7fc00000"},
      {"demote", {0xFFFFFFFFFFFFFFFF}, "returned 7fc00000"},
      {"demote", {0x3690000000000000}, "returned 0"},
      {"demote", {0x36A0000000000000}, "returned 1"},
      {"promote", {0xFFC00001}, "returned 7ff8000000000000"},
      {"promote", {1}, "returned 36a0000000000000"},
      // Signs and payloads pass through what does not compute.
      {"neg", {0x7F800001}, "returned ff800001"},
      // 2^-140 is subnormal and stays.
      {"mul", {0x00000200, 0x3F800000}, "returned 200"}};
  row.Runs("as it is", text, calls);
  // Flushing of subnormals, and rounding towards zero.
  const uint32_t before = _mm_getcsr();
  for (const uint32_t poison : {0x9FC0u, 0x7F80u}) {
    _mm_setcsr(poison);
    row.Runs("poisoned", text, calls);
    const uint32_t after = _mm_getcsr() & ~0x3Fu;
    _mm_setcsr(before);
    EXPECT_EQ(after, poison & ~0x3Fu);
  }
}

}  // namespace ingot::fuzz
