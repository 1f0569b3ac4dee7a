// Processes and connections for tests. In and out: see the header.

#include "chain_integration/service/service_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gtest/gtest.h"

extern char** environ;

namespace ingot::service {
namespace {

// A loaded machine starts slowly.
constexpr int kStartTries = 1200;
constexpr int kTryMilliseconds = 50;
constexpr int kReceiveMilliseconds = 30'000;

int Connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return -1;
  std::copy(path.begin(), path.end(), address.sun_path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

}  // namespace

ServiceProcess::ServiceProcess(const std::vector<std::string>& words,
                               const std::string& socket) {
  static int count = 0;
  log_path_ = testing::TempDir() + "/service" + std::to_string(count++);
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_path_.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int error = posix_spawn(&pid_, argv[0], &actions, nullptr,
                                argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << argv[0];
  for (int i = 0; error == 0 && i < kStartTries; ++i) {
    const int fd = Connect(socket);
    if (fd >= 0) {
      close(fd);
      ready_ = true;
      return;
    }
    siginfo_t ended{};
    waitid(P_PID, static_cast<id_t>(pid_), &ended,
           WEXITED | WNOHANG | WNOWAIT);
    if (ended.si_pid == pid_) return;
    poll(nullptr, 0, kTryMilliseconds);
  }
}

ServiceProcess::~ServiceProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  Wait();
}

void ServiceProcess::Signal(int signal) const { kill(pid_, signal); }

int ServiceProcess::Wait() {
  int status = 0;
  EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string ServiceProcess::Log() const {
  std::ifstream file(log_path_);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string ServiceFolder() {
  std::string path = "/tmp/ingotXXXXXX";
  EXPECT_NE(mkdtemp(path.data()), nullptr);
  return path;
}

std::vector<std::string> ServeWords(const std::string& folder,
                                    const std::string& config) {
  const std::string file = folder + "/ingot.toml";
  std::ofstream(file) << config;
  return {"cli/ingot", "serve",    "--config",        file,
          "--store",   folder + "/store", "--socket", folder + "/grpc",
          "--frames",  folder + "/frames"};
}

RawConnection::RawConnection(const std::string& path) : fd_(Connect(path)) {
  EXPECT_GE(fd_, 0) << path;
}

RawConnection::~RawConnection() {
  if (fd_ >= 0) close(fd_);
}

bool RawConnection::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string RawConnection::Receive(size_t size) const {
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    pollfd entry{fd_, POLLIN, 0};
    if (poll(&entry, 1, kReceiveMilliseconds) <= 0) {
      ADD_FAILURE() << "nothing comes, and the connection does not end";
      break;
    }
    const ssize_t got = recv(fd_, bytes.data() + have, size - have, 0);
    if (got <= 0) break;
    have += static_cast<size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

bool RawConnection::SendFrame(std::string_view message) const {
  return Send(LittleEndian(static_cast<uint32_t>(message.size()))) &&
         Send(message);
}

std::optional<v1::FrameResponse> RawConnection::ReceiveFrame() const {
  const std::string length = Receive(4);
  if (length.size() < 4) return std::nullopt;
  uint32_t size = 0;
  for (int i = 3; i >= 0; --i) {
    size = size << 8 | static_cast<uint8_t>(length[static_cast<size_t>(i)]);
  }
  v1::FrameResponse response;
  if (!response.ParseFromString(Receive(size))) return std::nullopt;
  return response;
}

std::optional<v1::FrameResponse> RawConnection::Ask(
    const v1::FrameRequest& request) const {
  if (!SendFrame(request.SerializeAsString())) return std::nullopt;
  return ReceiveFrame();
}

std::string LittleEndian(uint32_t number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    bytes.push_back(static_cast<char>(number >> (8 * i)));
  }
  return bytes;
}

}  // namespace ingot::service
