// See the header.

#include "fuzz/faults/process_death.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "compiler/base/check.h"
#include "fuzz/differential/random.h"
#include "fuzz/faults/store_workload.h"

namespace ingot::faults {
namespace {

using std::chrono::microseconds;

// The first promise is at some moment of the first milliseconds of work.
constexpr uint32_t kMostWork = 30'000;

bool ReadPromise(int file, Promise* promise) {
  size_t have = 0;
  while (have < sizeof(Promise)) {
    const ssize_t got = read(file, reinterpret_cast<char*>(promise) + have,
                             sizeof(Promise) - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    have += static_cast<size_t>(got);
  }
  return true;
}

struct Process {
  pid_t id = -1;
  int promises = -1;  // a pipe
};

Process Start(const ProcessDeathOptions& options, const std::string& folder,
              uint64_t seed) {
  int ends[2];
  INGOT_CHECK(pipe(ends) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  std::string words[] = {options.program, "work", folder, absl::StrCat(seed)};
  char* const argv[] = {words[0].data(), words[1].data(), words[2].data(),
                        words[3].data(), nullptr};
  Process process;
  INGOT_CHECK(posix_spawn(&process.id, argv[0], &actions, nullptr, argv,
                          environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  process.promises = ends[0];
  return process;
}

// Runs it until it is killed; its promises up to then.
std::string RunAndKill(const Process& process, microseconds time,
                       Promises* promises, uint64_t* count) {
  Promise promise;
  // Not before it works.
  bool more = ReadPromise(process.promises, &promise);
  if (more) std::this_thread::sleep_for(time);
  kill(process.id, SIGKILL);
  while (more) {
    promises->Add(promise);
    ++*count;
    more = ReadPromise(process.promises, &promise);
  }
  close(process.promises);
  int status = 0;
  while (waitpid(process.id, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return "";
  return absl::StrCat("the working process found something, status ", status);
}

}  // namespace

CrashReport KillOften(const ProcessDeathOptions& options) {
  const KnownVerdicts known;
  CrashReport report;
  fuzz::Random random(options.seed);
  std::string folder;
  Promises promises;
  for (; report.restarts < options.kills; ++report.restarts) {
    if (report.restarts % options.kills_of_a_store == 0) {
      if (!folder.empty()) std::filesystem::remove_all(folder);
      folder = absl::StrCat(options.folder, "/killed-", report.restarts);
      promises = Promises();
    }
    const Process process =
        Start(options, folder, options.seed + report.restarts);
    const microseconds time(random.Below(kMostWork));
    std::string wrong =
        RunAndKill(process, time, &promises, &report.promises);
    ++report.process_deaths;
    StoreWorkload after(known, folder, [](const Promise&) {});
    if (wrong.empty()) wrong = after.Open();
    if (wrong.empty()) wrong = promises.Check(after.store(), known);
    if (!wrong.empty()) {
      report.violations.push_back(
          absl::StrCat("kill ", report.restarts, ": ", wrong));
      promises = Promises();
    }
  }
  if (!folder.empty()) std::filesystem::remove_all(folder);
  return report;
}

int WorkUntilKilled(const std::string& folder, uint64_t seed) {
  const KnownVerdicts known;
  fuzz::Random random(seed);
  StoreWorkload work(known, folder, [](const Promise& promise) {
    // At once, and whole: less than a pipe holds.
    INGOT_CHECK(write(1, &promise, sizeof(promise)) == sizeof(promise));
  });
  std::string wrong = work.Open();
  while (wrong.empty()) wrong = work.Step(random);
  std::fprintf(stderr, "%s\n", wrong.c_str());
  return 1;
}

}  // namespace ingot::faults
