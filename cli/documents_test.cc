// What is generated from the tables: explanations are complete, docs/ holds
// the present texts.

#include <cstdlib>
#include <set>
#include <string>

#include "cli/command_line.h"
#include "cli/explain.h"
#include "cli/ingot_process.h"
#include "gtest/gtest.h"

namespace ingot::cli {
namespace {

std::string Docs(const std::string& path) {
  return Read(std::string(std::getenv("TEST_SRCDIR")) + "/" +
              std::getenv("TEST_WORKSPACE") + "/docs/" + path);
}

TEST(ExplanationsTest, AreCompleteAndDistinct) {
  std::set<std::string> names;
  for (const Explanation& item : AllExplanations()) {
    EXPECT_TRUE(names.insert(item.name).second) << item.name;
    EXPECT_FALSE(item.kind.empty()) << item.name;
    EXPECT_FALSE(item.message.empty()) << item.name;
    EXPECT_FALSE(item.meaning.empty()) << item.name;
    EXPECT_FALSE(item.example.empty()) << item.name;
    EXPECT_FALSE(item.remedy.empty()) << item.name;
  }
}

constexpr char kAgain[] = "write it again: bazel run //cli:write_docs";

TEST(DocumentsTest, CodesAreUpToDate) {
  EXPECT_EQ(Docs("codes.md"), ExplanationsAsMarkdown()) << kAgain;
}

TEST(DocumentsTest, ManPagesAreUpToDate) {
  for (const ManualPage& page : ManualPages()) {
    EXPECT_EQ(Docs("man/" + page.file), page.text) << kAgain;
  }
}

}  // namespace
}  // namespace ingot::cli
