// Reading the tree, and a small C++ lexer that knows comments, strings, raw
// strings and character literals, because a rule that reads comments would
// refuse the sentence which explains it.

#include "build_rules/rules/source_tree.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::rules {
namespace {

namespace fs = std::filesystem;

bool IsForeignFolder(const std::string& relative) {
  const std::string name = fs::path(relative).filename();
  return name.starts_with(".") || name.starts_with("bazel-") ||
         relative == "quickstart.out";
}

bool IsTextFile(const fs::path& path) {
  static constexpr std::string_view kExtensions[] = {
      ".h",  ".cc", ".c",     ".def", ".proto", ".bzl", ".py",
      ".sh", ".md", ".BUILD", ".S",   ".toml",  ".mjs"};
  if (path.filename() == "BUILD") return true;
  return std::ranges::find(kExtensions, path.extension().string()) !=
         std::end(kExtensions);
}

enum class Blank { kComments, kCommentsAndLiterals };

// Copies `text` into a result of the same length, blanking on the way.
class Lexer {
 public:
  Lexer(std::string_view text, Blank blank)
      : text_(text), blank_(blank), result_(text) {}

  std::string Run() {
    while (at_ < text_.size()) {
      if (Starts("//")) {
        Erase(LineEnd());
      } else if (Starts("/*")) {
        Erase(After("*/", at_ + 2));
      } else if (Starts("R\"")) {
        RawString();
      } else if (text_[at_] == '"') {
        Quoted('"');
      } else if (text_[at_] == '\'' && !FollowsDigit()) {
        Quoted('\'');
      } else {
        ++at_;
      }
    }
    return result_;
  }

 private:
  bool Starts(std::string_view word) const {
    return text_.substr(at_).starts_with(word);
  }
  // 1'000'000 holds no character literals.
  bool FollowsDigit() const {
    return at_ > 0 && isalnum(static_cast<unsigned char>(text_[at_ - 1]));
  }
  size_t LineEnd() const {
    return std::min(text_.find('\n', at_), text_.size());
  }
  size_t After(std::string_view word, size_t from) const {
    const size_t found = text_.find(word, from);
    return found == text_.npos ? text_.size() : found + word.size();
  }
  void Erase(size_t end) {
    for (; at_ < end; ++at_) {
      if (text_[at_] != '\n') result_[at_] = ' ';
    }
  }
  void Literal(size_t end) {
    if (blank_ == Blank::kCommentsAndLiterals) {
      ++at_;
      Erase(end - 1);
    }
    at_ = end;
  }
  void RawString() {
    const size_t open = text_.find('(', at_);
    if (open == text_.npos) {
      at_ = text_.size();
      return;
    }
    const std::string close =
        ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    const size_t end = After(close, open);
    ++at_;
    Literal(end);
  }
  void Quoted(char quote) {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    Literal(std::min(end + 1, text_.size()));
  }

  std::string_view text_;
  Blank blank_;
  std::string result_;
  size_t at_ = 0;
};

}  // namespace

std::string_view SourceFile::Extension() const {
  const size_t dot = path.rfind('.');
  return dot == path.npos ? std::string_view() :
                            std::string_view(path).substr(dot);
}

bool SourceFile::IsCpp() const {
  const std::string_view extension = Extension();
  return extension == ".h" || extension == ".cc" || extension == ".c" ||
         extension == ".def";
}

bool SourceFile::IsTest() const {
  for (std::string_view part : {"_test.", "_test_", "_benchmark.", "_fuzz.",
                                "/testing/", "_testing.", "/test_"}) {
    if (path.find(part) != path.npos) return true;
  }
  return false;
}

fs::path WorkspaceRoot() {
  // The runfile is a link, or a link to a link, to the file in the tree.
  return fs::canonical("WORKSPACE").parent_path();
}

std::vector<SourceFile> ReadTree(const fs::path& root) {
  std::vector<SourceFile> files;
  for (auto entry = fs::recursive_directory_iterator(root);
       entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string relative = fs::relative(entry->path(), root).string();
    if (entry->is_directory()) {
      if (IsForeignFolder(relative)) entry.disable_recursion_pending();
      continue;
    }
    if (entry->is_symlink() || !IsTextFile(entry->path())) continue;
    std::ifstream file(entry->path(), std::ios::binary);
    files.push_back({relative, {std::istreambuf_iterator<char>(file), {}}});
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

std::string BlankCommentsAndLiterals(std::string_view text) {
  return Lexer(text, Blank::kCommentsAndLiterals).Run();
}

std::string BlankComments(std::string_view text) {
  return Lexer(text, Blank::kComments).Run();
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace ingot::rules
