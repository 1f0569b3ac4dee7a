// Promise P3 on every row of bench/modules.tsv: results, traps, memory and gas
// of both engines, at many limits of gas and stack, and V8's result where the
// table has one. Runs are cut off by a gas limit, which is compared like any
// other end; INGOT_ROW_GAS sets another, INGOT_ROW chooses modules by name.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fuzz/differential/differential.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {
namespace {

using runtime::Outcome;
using runtime::OutcomeKind;
using Row = absl::btree_map<std::string, std::string>;

constexpr uint64_t kRowGas = 30'000'000;

std::vector<Row> ReadTable(const std::string& path) {
  std::ifstream file(path);
  std::vector<Row> rows;
  std::vector<std::string> columns;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> cells = absl::StrSplit(line, '\t');
    if (columns.empty()) {
      columns = cells;
      continue;
    }
    Row row;
    for (size_t i = 0; i < columns.size() && i < cells.size(); ++i) {
      row[columns[i]] = cells[i];
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Step StepOf(const std::string& text) {
  const std::vector<std::string> words =
      absl::StrSplit(text, ' ', absl::SkipEmpty());
  Step step = {words[0], {}};
  for (size_t i = 1; i < words.size(); ++i) {
    step.args.push_back(std::strtoull(words[i].c_str(), nullptr, 0));
  }
  return step;
}

std::string Corpus() {
  const char* corpus = std::getenv("INGOT_CORPUS");
  return corpus == nullptr ? "../shared/corpus" : corpus;
}

Subject SubjectOf(Row& row, std::vector<uint8_t> module) {
  Subject subject;
  subject.module = std::move(module);
  subject.host = HostKindOf(row["host"]).value();
  subject.wasi_arguments =
      absl::StrSplit(row["wasi_args"], ' ', absl::SkipEmpty());
  const std::vector<std::string> before =
      absl::StrSplit(row["before"], ';', absl::SkipWhitespace());
  for (const std::string& call : before) {
    subject.steps.push_back(StepOf(call));
  }
  subject.steps.push_back(StepOf(absl::StrCat(row["entry"], " ", row["args"])));
  const char* gas = std::getenv("INGOT_ROW_GAS");
  subject.gas_limit = gas == nullptr ? kRowGas : std::strtoull(gas, nullptr, 0);
  subject.stack_replays = 3;
  return subject;
}

// What V8 gave, if the run came to its end.
void CheckResult(const std::string& wanted, const Outcome& outcome) {
  if (wanted.empty() || outcome.kind == OutcomeKind::kOutOfGas) return;
  if (wanted == "trap") {
    EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped);
    return;
  }
  ASSERT_EQ(outcome.kind, OutcomeKind::kReturned);
  ASSERT_EQ(outcome.results.size(), 1u);
  const std::string bits = wanted.substr(wanted.find(':') + 1);
  EXPECT_EQ(outcome.results[0].bits,
            std::strtoull(bits.c_str(), nullptr, 10));
}

TEST(ModulesTest, EnginesAgreeOnEveryRow) {
  if (!std::filesystem::is_directory(Corpus() + "/bench")) {
    GTEST_SKIP() << "the corpus is absent: no " << Corpus()
                 << "/bench (set INGOT_CORPUS)";
  }
  std::vector<Row> rows = ReadTable("bench/modules.tsv");
  ASSERT_GE(rows.size(), 100u);
  const char* only = std::getenv("INGOT_ROW");
  uint32_t ended = 0;
  uint64_t replays = 0;
  for (Row& row : rows) {
    if (only != nullptr && !absl::StrContains(row["module"], only)) continue;
    SCOPED_TRACE(absl::StrCat(row["module"], " ", row["entry"]));
    std::ifstream file(Corpus() + "/" + row["module"], std::ios::binary);
    ASSERT_TRUE(file.good());
    const auto result = Compare(SubjectOf(
        row, {std::istreambuf_iterator<char>(file), {}}));
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->verdict.ok())
        << static_cast<int>(result->verdict.code);
    EXPECT_EQ(result->difference, "");
    if (result->outcomes.empty()) continue;
    CheckResult(row["result"], result->outcomes.back());
    if (result->outcomes.back().kind != OutcomeKind::kOutOfGas) ++ended;
    replays += result->gas_replays + result->stack_replays;
    std::printf("%-48s %-24s gas %llu, %u + %u replays, %.3f s and %.3f s\n",
                row["module"].c_str(), row["entry"].c_str(),
                static_cast<unsigned long long>(result->gas_used),
                result->gas_replays, result->stack_replays,
                result->interpreter_seconds, result->native_seconds);
    std::fflush(stdout);
  }
  std::printf("%zu rows, %u of them to their end; %llu replays\n", rows.size(),
              ended, static_cast<unsigned long long>(replays));
}

}  // namespace
}  // namespace ingot::fuzz
