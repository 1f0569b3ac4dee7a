// posix_spawn with a pipe. In: words. Out: see the header.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/child_process.h"
#include "fmt/format.h"

extern char** environ;

namespace ingot::cli {

absl::StatusOr<ChildResult> RunChild(const std::vector<std::string>& words) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::UnavailableError(
        fmt::format("no pipe: {}", std::strerror(errno)));
  }
  std::vector<char*> arguments;
  for (const std::string& word : words) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  const int error = posix_spawn(&child, arguments[0], &actions, nullptr,
                                arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return absl::UnavailableError(
        fmt::format("{} cannot be run: {}", words[0], std::strerror(error)));
  }
  ChildResult result;
  char buffer[4096];
  for (ssize_t size; (size = read(ends[0], buffer, sizeof(buffer))) != 0;) {
    if (size > 0) {
      result.out.append(buffer, static_cast<size_t>(size));
    } else if (errno != EINTR) {
      break;
    }
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) {
    return absl::UnavailableError(fmt::format("{} was killed", words[0]));
  }
  result.exit_code = WEXITSTATUS(status);
  return result;
}

}  // namespace ingot::cli
