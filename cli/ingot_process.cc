// Processes for tests. In: arguments. Out: what the program said. Holds: the
// outputs go through files, so that neither can block the other.

#include "cli/ingot_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gtest/gtest.h"

extern char** environ;

namespace ingot::cli {
namespace {

std::string Runfile(std::string_view path) {
  const char* const root = std::getenv("TEST_SRCDIR");
  const char* const workspace = std::getenv("TEST_WORKSPACE");
  if (root == nullptr || workspace == nullptr) {
    ADD_FAILURE() << "run by `bazel test`";
    return "";
  }
  return std::string(root) + "/" + workspace + "/" + std::string(path);
}

}  // namespace

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string TestFile(std::string_view name, std::string_view contents) {
  const std::string path = testing::TempDir() + "/" + std::string(name);
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

std::string TestFile(std::string_view name,
                     std::span<const uint8_t> contents) {
  return TestFile(name,
                  std::string_view(
                      reinterpret_cast<const char*>(contents.data()),
                      contents.size()));
}

std::string TestModule(std::string_view name) {
  return Runfile("cli/testdata/" + std::string(name) + ".wasm");
}

IngotResult RunIngot(const std::vector<std::string>& args) {
  std::vector<std::string> words = {Runfile("cli/ingot")};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  const std::string out = testing::TempDir() + "/stdout";
  const std::string err = testing::TempDir() + "/stderr";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(),
                                   kFlags, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(),
                                   kFlags, 0600);
  pid_t child = 0;
  const int error = posix_spawn(&child, argv[0], &actions, nullptr,
                                argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  IngotResult result;
  if (error != 0) {
    ADD_FAILURE() << "cannot start " << words[0];
    return result;
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) {
    result.exit_code = WEXITSTATUS(status);
  } else {
    ADD_FAILURE() << "ingot died of signal " << WTERMSIG(status);
  }
  result.out = Read(out);
  result.err = Read(err);
  return result;
}

json::Value IngotResult::Object() const {
  absl::StatusOr<json::Value> value = json::Parse(out);
  if (!value.ok() || !value->IsObject() || out.empty() ||
      out.find('\n') != out.size() - 1) {
    ADD_FAILURE() << "not one object on one line: " << out << err;
    return json::Value::MakeObject();
  }
  return *value;
}

}  // namespace ingot::cli
