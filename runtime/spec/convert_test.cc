#include "runtime/spec/convert.h"

#include <filesystem>
#include <fstream>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ingot::runtime::spec {
namespace {

TEST(ConvertTest, AssemblesAModule) {
  const auto bytes = AssembleModule("(module)", testing::TempDir());
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(*bytes, (std::vector<uint8_t>{0, 'a', 's', 'm', 1, 0, 0, 0}));
}

TEST(ConvertTest, RefusesABadModuleAndAMissingFolder) {
  EXPECT_TRUE(absl::IsFailedPrecondition(
      AssembleModule("(modul)", testing::TempDir()).status()));
  EXPECT_FALSE(AssembleModule("(module)", "/nonexistent").ok());
}

TEST(ConvertTest, WritesTheTableIndexThatTheScriptLeavesOut) {
  const std::string script = testing::TempDir() + "/tables.wast";
  std::ofstream(script) << R"((module (table 1 externref)
      (func (export "f") (param externref) (result i32)
        (table.set (i32.const 0) (local.get 0))
        (table.set 0 (i32.const 0) (local.get 0))
        (table.fill (i32.const 0) (local.get 0) (i32.const 1))
        (drop (table.grow (local.get 0) (i32.const 1)))
        (drop (table.get (i32.const 0)))
        table.size)))";
  const std::string folder = testing::TempDir() + "/tables";
  std::filesystem::create_directories(folder);
  const auto json = ConvertScript(script, folder);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(json->left_out, 0u);
  EXPECT_TRUE(std::filesystem::exists(folder + "/tables.0.wasm"));
}

TEST(ConvertTest, LeavesOutWhatWabtCannotRead) {
  const std::string script = testing::TempDir() + "/newer.wast";
  std::ofstream(script) << R"(
      (; a comment with ( in it ;) (module (func (export "a")))
      (assert_return (invoke "a"))
      (module (type $t (func)) ;; with a " quote
        (func (export "b") (result (ref null $t)) (ref.null $t)))
      (assert_return (invoke "b") (ref.null))
      (assert_invalid (module (func (result (ref 0)))) "unknown type")
      (module (func (export "c")))
      (assert_return (invoke "c")))";
  const std::string folder = testing::TempDir() + "/newer";
  std::filesystem::create_directories(folder);
  const auto converted = ConvertScript(script, folder);
  ASSERT_TRUE(converted.ok()) << converted.status();
  EXPECT_EQ(converted->left_out, 3u);
  EXPECT_TRUE(std::filesystem::exists(folder + "/newer.1.wasm"));
  EXPECT_FALSE(std::filesystem::exists(folder + "/newer.2.wasm"));
}

TEST(ConvertTest, RefusesWhatIsNoScript) {
  EXPECT_TRUE(absl::IsNotFound(
      ConvertScript("/nonexistent.wast", testing::TempDir()).status()));
  const std::string script = testing::TempDir() + "/bad.wast";
  std::ofstream(script) << "(assert_nothing)";
  const std::string folder = testing::TempDir() + "/bad";
  std::filesystem::create_directories(folder);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      ConvertScript(script, folder).status()));
}

}  // namespace
}  // namespace ingot::runtime::spec
