// The official scripts of version 2.0 under both engines at once: every
// assertion that applies holds, and the engines agree on outcome, location,
// gas, memory and globals after every action.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "fuzz/engines/pair_store.h"
#include "gtest/gtest.h"
#include "runtime/spec/convert.h"
#include "runtime/spec/script.h"

namespace ingot::fuzz {
namespace {

using runtime::spec::Engine;

std::vector<std::string> Scripts(const std::string& folder) {
  std::vector<std::string> scripts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".wast") scripts.push_back(entry.path());
  }
  std::sort(scripts.begin(), scripts.end());
  return scripts;
}

TEST(SpecPairTest, EnginesAgreeOnEveryScript) {
  const char* corpus = std::getenv("INGOT_CORPUS");
  const std::string folder =
      std::string(corpus == nullptr ? "../shared/corpus" : corpus) +
      "/spec/core-2.0";
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "the corpus is absent: no " << folder
                 << " (set INGOT_CORPUS)";
  }
  std::string script_name;
  uint32_t differences = 0;
  const Engine engine = {
      "both",
      [](std::vector<uint8_t> bytes, const Profile& profile,
         Status* rejection) -> absl::StatusOr<
                                std::shared_ptr<const runtime::Program>> {
        auto loaded =
            PairProgram::Load(std::move(bytes), profile, rejection);
        if (!loaded.ok()) return loaded.status();
        return std::shared_ptr<const runtime::Program>(*std::move(loaded));
      },
      [&] {
        return NewPairStore([&](const std::string& difference) {
          // The first of each script are enough to read.
          if (++differences <= 5) {
            ADD_FAILURE() << script_name << ": " << difference;
          }
        });
      }};
  const char* only = std::getenv("INGOT_SPEC_SCRIPT");
  uint32_t passed = 0;
  uint32_t all_differences = 0;
  for (const std::string& script : Scripts(folder)) {
    script_name = std::filesystem::path(script).stem();
    if (only != nullptr && script_name != only) continue;
    differences = 0;
    const std::string work = testing::TempDir() + "/pair_" + script_name;
    std::filesystem::create_directories(work);
    const auto json = runtime::spec::ConvertScript(script, work);
    ASSERT_TRUE(json.ok()) << json.status();
    const auto result = runtime::spec::RunScript(engine, json->json, {});
    ASSERT_TRUE(result.ok()) << result.status();
    std::filesystem::remove_all(work);
    std::printf("%-24s %6u passed %4zu failed %4u differences\n",
                script_name.c_str(), result->passed, result->failures.size(),
                differences);
    std::fflush(stdout);
    passed += result->passed;
    all_differences += differences;
    for (size_t i = 0; i < result->failures.size() && i < 5; ++i) {
      ADD_FAILURE() << script_name << " " << result->failures[i];
    }
  }
  std::printf("%u passed, %u differences\n", passed, all_differences);
  EXPECT_EQ(all_differences, 0u);
}

}  // namespace
}  // namespace ingot::fuzz
