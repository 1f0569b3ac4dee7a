#include "runtime/spec/script.h"

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "runtime/spec/convert.h"

// The runner itself: an assertion that does not hold is seen.

namespace ingot::runtime::spec {
namespace {

ScriptResult Play(const std::string& text) {
  const std::string folder =
      testing::TempDir() + "/" +
      testing::UnitTest::GetInstance()->current_test_info()->name();
  std::filesystem::create_directories(folder + "/out");
  std::ofstream(folder + "/test.wast") << text;
  const auto json = ConvertScript(folder + "/test.wast", folder + "/out");
  EXPECT_TRUE(json.ok()) << json.status();
  const auto result = RunScript(InterpreterEngine(), json->json, {});
  EXPECT_TRUE(result.ok()) << result.status();
  return *result;
}

TEST(ScriptTest, CountsWhatHoldsAndWhatDoesNotApply) {
  const ScriptResult result = Play(R"wast(
    (module $m (import "spectest" "global_i32" (global i32))
      (func (export "f") (result i32) (global.get 0))
      (func (export "nan") (result f32)
        (f32.div (f32.const 0) (f32.const 0)))
      (func (export "div") (result i32)
        (i32.div_u (i32.const 1) (i32.const 0))))
    (register "m" $m)
    (module (import "m" "f" (func (result i32))))
    (assert_return (invoke $m "f") (i32.const 666))
    (assert_return (invoke $m "nan") (f32.const nan:canonical))
    (assert_trap (invoke $m "div") "integer divide by zero")
    (assert_invalid (module (func (result i32))) "type mismatch")
    (assert_unlinkable (module (import "m" "g" (func))) "unknown import")
    (assert_malformed (module quote "(nonsense)") "unexpected token"))wast");
  EXPECT_EQ(result.passed, 8u);
  EXPECT_TRUE(result.failures.empty()) << result.failures[0];
  EXPECT_EQ(result.skipped.at("malformed text format"), 1u);
}

TEST(ScriptTest, SeesEachKindOfFailure) {
  const ScriptResult result = Play(R"wast(
    (module
      (func (export "f") (result i32) (i32.const 1))
      (func (export "nan") (result f32) (f32.const 1))
      (func (export "trap") (unreachable)))
    (assert_return (invoke "f") (i32.const 2))
    (assert_return (invoke "nan") (f32.const nan:arithmetic))
    (assert_return (invoke "trap"))
    (assert_trap (invoke "f") "unreachable")
    (assert_trap (invoke "trap") "integer overflow")
    (assert_invalid (module) "type mismatch")
    (assert_unlinkable (module (import "spectest" "print" (func)))
      "incompatible import type")
    (assert_unlinkable (module (import "spectest" "nothing" (func)))
      "incompatible import type")
    (assert_trap (module (func)) "unreachable"))wast");
  EXPECT_EQ(result.passed, 1u);
  EXPECT_EQ(result.failures.size(), 9u);
}

TEST(ScriptTest, MissingFileIsAnError) {
  EXPECT_FALSE(RunScript(InterpreterEngine(), "/nonexistent.json", {}).ok());
}

}  // namespace
}  // namespace ingot::runtime::spec
