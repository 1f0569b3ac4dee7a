// Memory accesses whose index was computed: sums that wrap at 2^32, shifts,
// wraps and sign extensions, what was kept over a call. A compiler that folds
// the computation into the operand gets one of them wrong. In: index shapes and
// numbers near the ends. Out: differences between the engines, of which there
// are none.

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "fuzz/engines/pair_store.h"
#include "gtest/gtest.h"
#include "runtime/spec/convert.h"

namespace ingot::fuzz {
namespace {

using runtime::Value;
using wasm::ValType;

struct Shape {
  const char* type;   // of the parameter
  const char* index;  // an i32 computed from it
};

constexpr Shape kShapes[] = {
    {"i32", "(i32.add (local.get 0) (i32.const 4))"},
    {"i32", "(i32.add (local.get 0) (i32.const -4))"},
    {"i32", "(i32.add (i32.const 0x7FFFFFF0) (local.get 0))"},
    {"i32", "(i32.add (local.get 0) (i32.const 0x80000000))"},
    {"i32", "(i32.sub (local.get 0) (i32.const 16))"},
    {"i32", "(i32.sub (i32.const 16) (local.get 0))"},
    {"i32", "(i32.add (local.get 0) (local.get 0))"},
    {"i32", "(i32.shl (local.get 0) (i32.const 1))"},
    {"i32", "(i32.shl (local.get 0) (i32.const 2))"},
    {"i32", "(i32.shl (local.get 0) (i32.const 3))"},
    {"i32",
     "(i32.add (i32.shl (local.get 0) (i32.const 3)) (i32.const -8))"},
    {"i32", "(i32.mul (local.get 0) (i32.const 9))"},
    {"i32", "(i32.extend8_s (local.get 0))"},
    {"i32", "(i32.extend16_s (local.get 0))"},
    {"i32", "(i32.shr_s (local.get 0) (i32.const 3))"},
    {"i64", "(i32.wrap_i64 (local.get 0))"},
    {"i64", "(i32.wrap_i64 (i64.add (local.get 0) (i64.const -4)))"},
    {"i64", "(i32.wrap_i64 (i64.shl (local.get 0) (i64.const 3)))"},
    {"i64", "(i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32)))"},
};

constexpr const char* kOffsets[] = {"0",          "4",          "65528",
                                    "2147483647", "2147483648", "4294967295"};

constexpr uint64_t kNumbers[] = {
    0,          1,          4,          7,          16,
    0x1FFF,     0x2000,     0x7FFF,     0x8000,     0xFFF8,
    0xFFFC,     0xFFFD,     0xFFFF,     0x10000,    0x1FFFFFFF,
    0x20000001, 0x7FFFFFFF, 0x80000000, 0x80000014, 0xFFFFFFF0,
    0xFFFFFFFC, 0xFFFFFFFF, 0x100000000, 0x1FFFFFFFF, 0x8000000000000000,
    0xFFFFFFFFFFFFFFF8};

// The index is used at once, and after a call with more values alive than there
// are registers.
std::string Module(const Shape& shape, const char* offset) {
  std::string text =
      "(module (memory 1 2)\n"
      "(data (i32.const 0) \"\\01\\82\\03\\84\\05\\86\\07\\88\")\n"
      "(data (i32.const 65520) \"\\11\\92\\13\\94\\15\\96\\17\\98\")\n"
      "(func $nothing)\n";
  const auto function = [&](const char* name, const std::string& body) {
    absl::StrAppend(&text, "(func (export \"", name, "\") (param ", shape.type,
                    ") (result i64) (local i32 i64)\n", body, ")\n");
  };
  function("load", absl::StrCat("(i64.load offset=", offset, " ", shape.index,
                                ")"));
  function("load32", absl::StrCat("(i64.load32_s offset=", offset, " ",
                                  shape.index, ")"));
  function("store",
           absl::StrCat("(i32.store16 offset=", offset, " ", shape.index,
                        " (i32.const 0x9A8B)) (i64.load (i32.const 0))"));
  std::string kept =
      absl::StrCat("(local.set 1 ", shape.index, ") (call $nothing)");
  for (int i = 0; i < 20; ++i) {
    absl::StrAppend(&kept, " (i64.load (i32.const ", 8 * i, "))");
  }
  absl::StrAppend(&kept, " (i64.load8_s offset=", offset, " (local.get 1))");
  for (int i = 0; i < 20; ++i) absl::StrAppend(&kept, " (i64.add)");
  function("kept", kept);
  return absl::StrCat(text, ")");
}

TEST(IndexPairTest, EnginesAgreeOnComputedIndices) {
  uint32_t calls = 0, trapped = 0;
  for (const Shape& shape : kShapes) {
    for (const char* offset : kOffsets) {
      const auto bytes =
          runtime::spec::AssembleModule(Module(shape, offset),
                                        testing::TempDir());
      ASSERT_TRUE(bytes.ok()) << bytes.status();
      Status rejection;
      const auto program = PairProgram::Load(*bytes, Profile(), &rejection);
      ASSERT_TRUE(program.ok()) << program.status();
      ASSERT_TRUE(rejection.ok());
      std::string call;
      const auto store = NewPairStore([&](const std::string& difference) {
        ADD_FAILURE() << call << ": " << difference;
      });
      runtime::Transaction transaction{runtime::Transaction::Budget{}};
      const auto made =
          store->Instantiate(*program, {}, transaction, uint64_t{1} << 40);
      ASSERT_TRUE(made.ok()) << made.status();
      const ValType type =
          shape.type[1] == '3' ? ValType::kI32 : ValType::kI64;
      for (const char* name : {"load", "load32", "store", "kept"}) {
        const auto function = store->FindExport(made->instance, name);
        ASSERT_TRUE(function.has_value());
        for (const uint64_t number : kNumbers) {
          if (type == ValType::kI32 && number > 0xFFFFFFFF) continue;
          call = absl::StrCat(name, " ", shape.index, " offset ", offset,
                              " of 0x", absl::Hex(number));
          const auto outcome = store->Call(*function, {{Value{type, number}}},
                                           transaction, uint64_t{1} << 40);
          ASSERT_TRUE(outcome.ok()) << call << ": " << outcome.status();
          ++calls;
          trapped +=
              outcome->kind == runtime::OutcomeKind::kTrapped ? 1 : 0;
        }
      }
    }
  }
  std::printf("%u calls, %u trapped\n", calls, trapped);
  EXPECT_GT(trapped, 0u);
  EXPECT_LT(trapped, calls);
}

}  // namespace
}  // namespace ingot::fuzz
