#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "gtest/gtest.h"
#include "runtime/spec/convert.h"
#include "runtime/spec/script.h"

// The official scripts of version 2.0, without the vector ones, under the
// interpreter: every assertion that applies must hold. Prints a row per script
// and the totals; --gtest_filter does not apply to single scripts, so that the
// totals are always those of the whole suite.

namespace ingot::runtime::spec {
namespace {

std::vector<std::string> Scripts(const std::string& folder) {
  std::vector<std::string> scripts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".wast") scripts.push_back(entry.path());
  }
  std::sort(scripts.begin(), scripts.end());
  return scripts;
}

TEST(SpecTest, InterpreterPassesEveryScript) {
  const char* corpus = std::getenv("INGOT_CORPUS");
  const std::string folder =
      std::string(corpus == nullptr ? "../shared/corpus" : corpus) +
      "/spec/core-2.0";
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "the corpus is absent: no " << folder
                 << " (set INGOT_CORPUS)";
  }
  const Engine engine = InterpreterEngine();
  uint32_t passed = 0;
  size_t failed = 0;
  absl::btree_map<std::string, uint32_t> skipped;
  const std::vector<std::string> scripts = Scripts(folder);
  ASSERT_GT(scripts.size(), 80u);
  for (const std::string& script : scripts) {
    const std::string name = std::filesystem::path(script).stem();
    const std::string work = testing::TempDir() + "/spec_" + name;
    std::filesystem::create_directories(work);
    const auto json = ConvertScript(script, work);
    ASSERT_TRUE(json.ok()) << json.status();
    const auto result = RunScript(engine, *json);
    ASSERT_TRUE(result.ok()) << result.status();
    std::filesystem::remove_all(work);
    std::printf("%-24s %6u passed %4zu failed", name.c_str(), result->passed,
                result->failures.size());
    for (const auto& [reason, count] : result->skipped) {
      std::printf(", %u not applicable (%s)", count, reason.c_str());
      skipped[reason] += count;
    }
    std::printf("\n");
    for (const std::string& reason : result->other_reasons) {
      std::printf("  refused for another reason, %s\n", reason.c_str());
    }
    passed += result->passed;
    failed += result->failures.size();
    for (const std::string& failure : result->failures) {
      ADD_FAILURE() << name << " " << failure;
    }
  }
  std::printf("%zu scripts: %u passed, %zu failed", scripts.size(), passed,
              failed);
  for (const auto& [reason, count] : skipped) {
    std::printf(", %u not applicable (%s)", count, reason.c_str());
  }
  std::printf("\n");
  EXPECT_GT(passed, 20000u);
}

}  // namespace
}  // namespace ingot::runtime::spec
