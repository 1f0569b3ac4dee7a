// Questions go through a file, answers come through a pipe: the engine runs
// once for many modules.

#include "fuzz/others/others.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace ingot::fuzz {

Witness Witness::V8() {
  return Witness("node --stack-size=4000 fuzz/others/run_modules.mjs",
                 Scope::kAll);
}

Witness Witness::Wasmtime() {
  const char* program = std::getenv("INGOT_PEERS");
  return Witness(program == nullptr
                     ? ""
                     : absl::StrCat("fuzz/others/ask_peers '", program,
                                    "' cranelift"),
                 Scope::kResults);
}

namespace {

// Without memories, globals, classes of traps, and which reference it is.
std::string ResultsOf(const std::string& answer) {
  std::string results;
  for (const absl::string_view part : absl::StrSplit(answer, ';')) {
    const bool trapped = absl::StartsWith(part, "trapped");
    if (!trapped && !absl::StartsWith(part, "returned")) continue;
    absl::StrAppend(&results, results.empty() ? "" : ";",
                    trapped ? "trapped"
                            : absl::StrReplaceAll(part, {{"null", "reference"},
                                                         {"ref", "reference"}}));
  }
  return results;
}

}  // namespace

void Witness::Add(const std::string& name, const Comparison& comparison) {
  if (comparison.question.empty()) return;
  if (command_.empty()) {
    absent_ = true;
    return;
  }
  names_.push_back(name);
  questions_.push_back(comparison.question);
  answers_.push_back(scope_ == Scope::kAll ? comparison.answer
                                           : ResultsOf(comparison.answer));
}

namespace {

// The first outcome or value that differs.
std::string Difference(const std::string& wanted, const std::string& got) {
  const std::vector<std::string> a = absl::StrSplit(wanted, ';');
  const std::vector<std::string> b = absl::StrSplit(got, ';');
  for (size_t i = 0; i < a.size(); ++i) {
    if (i < b.size() && a[i] == b[i]) continue;
    return absl::StrCat("part ", i, ": interpreter \"", a[i], "\", other \"",
                        i < b.size() ? b[i] : "", "\"");
  }
  return absl::StrCat(b.size() - a.size(), " parts more");
}

std::vector<std::string> Lines(const std::string& command) {
  std::vector<std::string> lines;
  std::FILE* engine = popen(command.c_str(), "r");
  std::string line;
  for (int c; engine != nullptr && (c = std::fgetc(engine)) != EOF;) {
    if (c != '\n') {
      line.push_back(static_cast<char>(c));
      continue;
    }
    lines.push_back(std::move(line));
    line.clear();
  }
  if (engine != nullptr) pclose(engine);
  return lines;
}

}  // namespace

std::vector<std::string> Witness::Ask() {
  std::vector<std::string> differences;
  if (questions_.empty()) return differences;
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::string path = absl::StrCat(folder == nullptr ? "/tmp" : folder,
                                        "/questions.", getpid());
  std::ofstream out(path, std::ios::binary);
  for (const std::string& question : questions_) out << question << '\n';
  out.close();
  const std::vector<std::string> lines =
      Lines(absl::StrCat(command_, " < '", path, "'"));
  std::filesystem::remove(path);
  absent_ = lines.empty() && agreed_ == 0;
  for (size_t i = 0; i < names_.size() && !absent_; ++i) {
    if (i >= lines.size()) {
      differences.push_back(absl::StrCat(names_[i], ": no answer"));
      break;
    }
    if (lines[i] == "none") {
      ++unanswered_;
    } else if (lines[i] == answers_[i]) {
      ++agreed_;
    } else {
      differences.push_back(
          absl::StrCat(names_[i], ": ", Difference(answers_[i], lines[i])));
    }
  }
  names_.clear();
  questions_.clear();
  answers_.clear();
  return differences;
}

}  // namespace ingot::fuzz
