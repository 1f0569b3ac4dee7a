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

}  // namespace

absl::StatusOr<std::string> ConvertScript(const std::string& script,
                                          const std::string& folder) {
  const absl::StatusOr<std::string> text = ReadText(script);
  if (!text.ok()) return text.status();
  const std::string name = std::filesystem::path(script).stem();
  const std::string wast = absl::StrCat(folder, "/", name, ".wast");
  const std::string json = absl::StrCat(folder, "/", name, ".json");
  const absl::Status written = WriteText(wast, WithTableIndices(*text));
  if (!written.ok()) return written;
  if (!RunProgram({"wast2json", wast.c_str(), "-o", json.c_str()})) {
    return absl::FailedPreconditionError(
        absl::StrCat("wast2json does not convert ", name,
                     " (is the package wabt installed?)"));
  }
  return json;
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
