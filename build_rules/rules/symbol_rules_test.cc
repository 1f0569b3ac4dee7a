// Each rule on symbols twice: what we build obeys it, and a planted violation
// is refused. BUILD hands over the files by environment variables.

#include "build_rules/rules/symbol_rules.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ingot::rules {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> Files(const char* variable) {
  const char* paths = std::getenv(variable);
  EXPECT_NE(paths, nullptr) << variable;
  return SplitPaths(paths == nullptr ? "" : paths);
}

TEST(FreestandingSymbolsTest, CompilerAndMeteringReachForNothingForeign) {
  const auto archives = Files("FREESTANDING_ARCHIVES");
  EXPECT_THAT(archives, Contains(HasSubstr("compiler/")));
  EXPECT_THAT(archives, Contains(HasSubstr("metering/")));
  EXPECT_THAT(FindForeignSymbols(archives), IsEmpty());
}

TEST(FreestandingSymbolsTest, RefusesPlantedSymbols) {
  auto archives = Files("FREESTANDING_ARCHIVES");
  archives.push_back(Files("PLANTED_FOREIGN").at(0));
  EXPECT_THAT(FindForeignSymbols(archives), ElementsAre("_Znwm", "getenv"));
}

TEST(ExecutorSymbolsTest, LinksWithoutTheCompiler) {
  const auto archives = Files("EXECUTOR_ARCHIVES");
  EXPECT_THAT(archives, Contains(HasSubstr("runtime/")));
  EXPECT_THAT(archives, Not(Contains(HasSubstr("compiler/x64"))));
  EXPECT_THAT(FindCompilerSymbols(archives), IsEmpty());
}

TEST(ExecutorSymbolsTest, RefusesPlantedCompiler) {
  EXPECT_THAT(FindCompilerSymbols(Files("PLANTED_COMPILER")),
              ElementsAre("_ZN5ingot8compiler7PlantedEv"));
}

TEST(HashingSymbolsTest, ProgramsTakeNothingFromOpenssl) {
  for (const std::string& program : Files("PROGRAMS")) {
    EXPECT_THAT(FindOpensslSymbols(program), IsEmpty()) << program;
  }
}

TEST(HashingSymbolsTest, RefusesPlantedOpenssl) {
  EXPECT_THAT(FindOpensslSymbols(Files("PLANTED_OPENSSL").at(0)),
              Contains(HasSubstr("SHA256@OPENSSL_3")));
}

}  // namespace
}  // namespace ingot::rules
