// See the header. All numbers are read from /proc.

#include "fuzz/faults/service_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fuzz/faults/frames_client.h"

namespace ingot::faults {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kStartTime(60'000);
constexpr milliseconds kStopTime(40'000);

std::string Folder(pid_t id) { return absl::StrCat("/proc/", id, "/"); }

std::vector<pid_t> ChildrenOf(pid_t id) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const auto& thread :
       fs::directory_iterator(Folder(id) + "task", error)) {
    std::ifstream file(thread.path() / "children");
    pid_t child = 0;
    while (file >> child) children.push_back(child);
  }
  return children;
}

}  // namespace

char StateOf(pid_t id) {
  std::ifstream file(Folder(id) + "stat");
  std::string text;
  std::getline(file, text);
  const size_t end = text.rfind(')');
  return end == std::string::npos || end + 2 >= text.size() ? 0
                                                            : text[end + 2];
}

std::string Holdings::Text() const {
  return absl::StrCat(descriptors, " descriptors, ", memory_files,
                      " memory files, ", mappings, " mappings, ", children,
                      " children, ", zombies, " zombies, ", resident_kb,
                      " kB");
}

bool ServiceProcess::Wait(int flags) {
  if (ended_ || id_ < 0) return true;
  int status = 0;
  pid_t got = 0;
  do {
    got = waitpid(id_, &status, flags);
  } while (got < 0 && errno == EINTR);
  if (got != id_) return false;
  ended_ = true;
  if (WIFSIGNALED(status)) signal_ = WTERMSIG(status);
  if (WIFEXITED(status)) exit_code_ = WEXITSTATUS(status);
  return true;
}

absl::StatusOr<std::unique_ptr<ServiceProcess>> ServiceProcess::Start(
    Options options) {
  std::unique_ptr<ServiceProcess> service(
      new ServiceProcess(std::move(options)));
  std::vector<std::string> words = service->options_.command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int file : {1, 2}) {
    posix_spawn_file_actions_addopen(&actions, file,
                                     service->options_.log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
  }
  const int error = posix_spawn(&service->id_, argv[0], &actions, nullptr,
                                argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::UnavailableError("the service does not start");
  const auto end = steady_clock::now() + kStartTime;
  while (steady_clock::now() < end && service->Alive()) {
    if (FramesClient::Connect(service->frames()).ok()) return service;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return absl::UnavailableError(absl::StrCat(
      "the service does not answer; see ", service->options_.log));
}

ServiceProcess::~ServiceProcess() {
  if (id_ < 0 || ended_) return;
  kill(id_, SIGKILL);
  Wait(0);
}

bool ServiceProcess::Alive() { return !Wait(WNOHANG); }

bool ServiceProcess::Stopped() const { return StateOf(id_) == 'T'; }

void ServiceProcess::Continue() const { kill(id_, SIGCONT); }

Holdings ServiceProcess::Held() const {
  Holdings held;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(Folder(id_) + "fd", error)) {
    ++held.descriptors;
    const std::string to = fs::read_symlink(file.path(), error).string();
    if (to.starts_with("/memfd:")) ++held.memory_files;
  }
  std::ifstream maps(Folder(id_) + "maps");
  for (std::string line; std::getline(maps, line);) {
    ++held.mappings;
    if (line.find("/memfd:") != std::string::npos) ++held.memory_files;
  }
  for (const pid_t child : ChildrenOf(id_)) {
    ++held.children;
    if (StateOf(child) == 'Z') ++held.zombies;
  }
  std::ifstream status(Folder(id_) + "status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) {
      std::istringstream(line.substr(6)) >> held.resident_kb;
    }
  }
  return held;
}

bool ServiceProcess::Stop() {
  kill(id_, SIGTERM);
  const auto end = steady_clock::now() + kStopTime;
  while (Alive()) {
    if (steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return exit_code_ == 0;
}

uint64_t Orphans(pid_t known) {
  uint64_t count = 0;
  for (const pid_t child : ChildrenOf(getpid())) {
    if (child == known) continue;
    // One that has ended is taken away; the next look does not see it.
    if (waitpid(child, nullptr, WNOHANG) != child) ++count;
  }
  return count;
}

void AdoptOrphans() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

}  // namespace ingot::faults
