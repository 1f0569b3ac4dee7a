#include "runtime/spec/convert.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ingot::runtime::spec {
namespace {

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// Inserts the default table index after `table.OP` where none follows.
std::string WithTableIndices(const std::string& script) {
  static constexpr std::string_view kOps[] = {
      "table.get", "table.set", "table.size", "table.grow", "table.fill"};
  std::string out;
  size_t at = 0;
  while (at < script.size()) {
    std::string_view found;
    for (std::string_view op : kOps) {
      if (script.compare(at, op.size(), op) == 0) found = op;
    }
    if (found.empty()) {
      out.push_back(script[at++]);
      continue;
    }
    out += found;
    at += found.size();
    const size_t next = script.find_first_not_of(" \t\n", at);
    const char after = next == std::string::npos ? ')' : script[next];
    if (after == '(' || after == ')') out += " 0";
  }
  return out;
}

// Runs a program with its output thrown away; true when it exits with 0.
bool RunProgram(std::initializer_list<const char*> arguments) {
  std::vector<char*> argv;
  for (const char* argument : arguments) {
    argv.push_back(const_cast<char*>(argument));
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const bool started =
      posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ) ==
      0;
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  return started && waitpid(child, &status, 0) == child &&
         WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

absl::Status WriteText(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (out.flush()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot write ", path));
}

// `(if A (B) (then` as `(if (B A) (then`: the one such place of the suite.
std::string WithPlainConditions(std::string script) {
  static constexpr std::string_view kFolded = "(if (i32.const 1) (i32.eqz) (";
  static constexpr std::string_view kPlain = "(if (i32.eqz (i32.const 1)) (";
  const size_t at = script.find(kFolded);
  if (at != std::string::npos) script.replace(at, kFolded.size(), kPlain);
  return script;
}

bool WriteJson(const std::string& wast, const std::string& json) {
  return RunProgram({"wast2json", "--enable-tail-call",
                     "--enable-extended-const", wast.c_str(), "-o",
                     json.c_str()});
}

// Where the form that begins at `at` with `(` ends; strings and comments hide
// parentheses.
size_t EndOfForm(const std::string& text, size_t at) {
  uint32_t depth = 0, comments = 0;
  for (; at < text.size(); ++at) {
    const std::string_view two = std::string_view(text).substr(at, 2);
    if (two == "(;") {
      ++comments;
      ++at;
    } else if (two == ";)" && comments != 0) {
      --comments;
      ++at;
    } else if (comments != 0) {
      continue;
    } else if (two == ";;") {
      while (at < text.size() && text[at] != '\n') ++at;
    } else if (text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
      }
    } else if (text[at] == '(') {
      ++depth;
    } else if (text[at] == ')' && --depth == 0) {
      return at + 1;
    }
  }
  return text.size();
}

// The script's commands, each with what stands before it.
std::vector<std::string> Commands(const std::string& script) {
  std::vector<std::string> commands;
  size_t begin = 0, at = 0;
  while (at < script.size()) {
    const std::string_view two = std::string_view(script).substr(at, 2);
    if (two == ";;") {
      while (at < script.size() && script[at] != '\n') ++at;
    } else if (two == "(;") {
      at = EndOfForm(script + ")", at);
    } else if (script[at] == '(') {
      at = EndOfForm(script, at);
      commands.push_back(script.substr(begin, at - begin));
      begin = at;
    } else {
      ++at;
    }
  }
  return commands;
}

// Without the modules that wast2json refuses, and the commands behind them up
// to the next module.
std::string WithoutUnreadable(const std::string& script,
                              const std::string& folder, uint32_t* left_out) {
  const std::string wast = absl::StrCat(folder, "/command.wast");
  const std::string json = absl::StrCat(folder, "/command.json");
  std::string out;
  bool dropped = false;
  for (const std::string& command : Commands(script)) {
    const bool is_module = command.find("(module") != std::string::npos;
    const bool is_assertion = command.find("(assert_") != std::string::npos;
    if (is_module) {
      const bool readable =
          WriteText(wast, command).ok() && WriteJson(wast, json);
      if (!is_assertion) dropped = !readable;
      if (readable) {
        out += command;
      } else {
        ++*left_out;
      }
    } else if (dropped) {
      ++*left_out;
    } else {
      out += command;
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<ConvertedScript> ConvertScript(const std::string& script,
                                              const std::string& folder) {
  const absl::StatusOr<std::string> text = ReadText(script);
  if (!text.ok()) return text.status();
  const std::string name = std::filesystem::path(script).stem();
  const std::string wast = absl::StrCat(folder, "/", name, ".wast");
  ConvertedScript converted;
  converted.json = absl::StrCat(folder, "/", name, ".json");
  const std::string known = WithPlainConditions(WithTableIndices(*text));
  absl::Status written = WriteText(wast, known);
  if (!written.ok()) return written;
  if (WriteJson(wast, converted.json)) return converted;
  const std::string readable =
      WithoutUnreadable(known, folder, &converted.left_out);
  written = WriteText(wast, readable);
  if (!written.ok()) return written;
  if (converted.left_out == 0 || readable.empty() ||
      !WriteJson(wast, converted.json)) {
    return absl::FailedPreconditionError(
        absl::StrCat("wast2json does not convert ", name,
                     " (is the package wabt installed?)"));
  }
  return converted;
}

absl::StatusOr<std::vector<uint8_t>> AssembleModule(
    std::string_view text, const std::string& folder) {
  const std::string wat = absl::StrCat(folder, "/module.wat");
  const std::string wasm = absl::StrCat(folder, "/module.wasm");
  const absl::Status written = WriteText(wat, text);
  if (!written.ok()) return written;
  if (!RunProgram({"wat2wasm", "--enable-tail-call", wat.c_str(), "-o",
                   wasm.c_str()})) {
    return absl::FailedPreconditionError(
        "wat2wasm refuses the module (is the package wabt installed?)");
  }
  const absl::StatusOr<std::string> bytes = ReadText(wasm);
  if (!bytes.ok()) return bytes.status();
  return std::vector<uint8_t>(bytes->begin(), bytes->end());
}

}  // namespace ingot::runtime::spec
