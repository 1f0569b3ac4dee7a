// Every module that once showed a defect, on both engines: all its exports
// with many arguments.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/differential/differential.h"
#include "gtest/gtest.h"
#include "runtime/spec/convert.h"

namespace ingot::fuzz {
namespace {

std::vector<std::string> Modules() {
  std::vector<std::string> modules;
  for (const auto& entry :
       std::filesystem::directory_iterator("testdata/regress")) {
    if (entry.path().extension() == ".wat") modules.push_back(entry.path());
  }
  std::sort(modules.begin(), modules.end());
  return modules;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(RegressTest, EnginesAgreeOnModulesThatOnceFailed) {
  const std::vector<std::string> modules = Modules();
  ASSERT_FALSE(modules.empty());
  for (const std::string& path : modules) {
    SCOPED_TRACE(path);
    const auto bytes =
        runtime::spec::AssembleModule(ReadText(path), testing::TempDir());
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    Subject subject;
    subject.module = *bytes;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      const auto steps = StepsOfExports(*bytes, subject.profile, seed);
      ASSERT_TRUE(steps.ok()) << steps.status();
      ASSERT_FALSE(steps->empty());
      subject.steps.insert(subject.steps.end(), steps->begin(), steps->end());
    }
    const auto result = Compare(subject);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->verdict.ok());
    EXPECT_EQ(result->difference, "");
  }
}

}  // namespace
}  // namespace ingot::fuzz
