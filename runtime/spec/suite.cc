#include "runtime/spec/suite.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "gtest/gtest.h"
#include "runtime/spec/convert.h"

namespace ingot::runtime::spec {
namespace {

using wasm::Features;

struct Part {
  std::string name;
  std::string folder;
  uint32_t features;
  // Fewer assertions than this mean that scripts are missing.
  uint32_t at_least;
};

struct Totals {
  uint32_t scripts = 0;
  uint32_t passed = 0;
  size_t failed = 0;
  absl::btree_map<std::string, uint32_t> skipped;

  std::string Text() const {
    std::string text = std::to_string(passed) + " passed, " +
                       std::to_string(failed) + " failed";
    for (const auto& [reason, count] : skipped) {
      text += ", " + std::to_string(count) + " not applicable (" + reason + ")";
    }
    return text;
  }
};

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<Part> Parts() {
  std::string corpus = Variable("INGOT_CORPUS");
  if (corpus.empty()) corpus = "../shared/corpus";
  const std::string fetched = Variable("INGOT_SPEC");
  std::string core = corpus + "/spec/core-2.0";
  if (!std::filesystem::is_directory(core)) core = fetched + "/core-2.0";
  return {{"core-2.0", core, 0, 25'000},
          {"tail-call", fetched + "/tail-call", Features::kAll, 100},
          {"extended-const", fetched + "/extended-const", Features::kAll, 200}};
}

std::vector<std::string> Scripts(const std::string& folder) {
  std::vector<std::string> scripts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".wast") scripts.push_back(entry.path());
  }
  std::sort(scripts.begin(), scripts.end());
  return scripts;
}

void RunOne(const Engine& engine, const std::string& script,
            uint32_t features, Totals* totals) {
  const std::string name = std::filesystem::path(script).stem();
  const std::string work =
      testing::TempDir() + "/" + engine.name + "_" + name;
  std::filesystem::create_directories(work);
  const auto converted = ConvertScript(script, work);
  ASSERT_TRUE(converted.ok()) << converted.status();
  const auto result = RunScript(engine, converted->json, {features});
  ASSERT_TRUE(result.ok()) << result.status();
  std::filesystem::remove_all(work);
  Totals one;
  one.passed = result->passed;
  one.failed = result->failures.size();
  one.skipped = result->skipped;
  if (converted->left_out != 0) {
    one.skipped["commands that wabt cannot read"] += converted->left_out;
  }
  std::printf("%-24s %s\n", name.c_str(), one.Text().c_str());
  for (const std::string& reason : result->other_reasons) {
    std::printf("  refused for another reason, %s\n", reason.c_str());
  }
  std::fflush(stdout);
  ++totals->scripts;
  totals->passed += one.passed;
  totals->failed += one.failed;
  for (const auto& [reason, count] : one.skipped) {
    totals->skipped[reason] += count;
  }
  for (const std::string& failure : result->failures) {
    ADD_FAILURE() << name << " " << failure;
  }
}

}  // namespace

void RunSuite(const Engine& engine) {
  std::vector<std::pair<std::string, Totals>> rows;
  for (const Part& part : Parts()) {
    if (!std::filesystem::is_directory(part.folder)) {
      std::printf("%s: no scripts (third_party/fetch_spec fetches them)\n",
                  part.name.c_str());
      continue;
    }
    Totals totals;
    for (const std::string& script : Scripts(part.folder)) {
      RunOne(engine, script, part.features, &totals);
    }
    EXPECT_GE(totals.passed, part.at_least) << part.name;
    rows.emplace_back(part.name, std::move(totals));
  }
  if (rows.empty()) {
    GTEST_SKIP() << "no scripts: neither INGOT_CORPUS/spec nor INGOT_SPEC";
  }
  for (const auto& [name, totals] : rows) {
    std::printf("%s: %s: %u scripts: %s\n", engine.name.c_str(), name.c_str(),
                totals.scripts, totals.Text().c_str());
  }
}

}  // namespace ingot::runtime::spec
