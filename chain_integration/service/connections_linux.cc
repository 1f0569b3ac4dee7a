// Unix sockets on Linux. In and out: see the header. Holds: a descriptor that
// was closed and given out again is told from the old one by its inode.

#include "chain_integration/service/connections.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ingot::service {
namespace {

// 0 when it is no open descriptor.
uint64_t InodeOf(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

absl::Status Error(const std::string& what, const std::string& path) {
  return absl::UnavailableError(
      absl::StrCat(path, ": ", what, ": ", std::strerror(errno)));
}

bool SomebodyListens(const sockaddr_un& address) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const bool connected =
      connect(probe, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0;
  close(probe);
  return connected;
}

}  // namespace

std::string Connections::Add(int fd, uint32_t max_of_client) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  const bool known =
      getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
      peer.pid > 0;
  const std::lock_guard<std::mutex> lock(mutex_);
  // A process that this one cannot see has no number here.
  const std::string client = known
                                 ? absl::StrCat("pid:", peer.pid)
                                 : absl::StrCat("connection:", next_++);
  const auto mine = std::count_if(
      open_.begin(), open_.end(), [&](const auto& entry) {
        return entry.second.client == client &&
               InodeOf(entry.first) == entry.second.inode;
      });
  if (mine >= max_of_client) return "";
  open_[fd] = {client, InodeOf(fd)};
  return client;
}

std::string Connections::ClientOf(int fd) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = open_.find(fd);
  return found == open_.end() ? "unknown" : found->second.client;
}

std::vector<std::string> Connections::Prune() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> gone;
  for (auto entry = open_.begin(); entry != open_.end();) {
    if (InodeOf(entry->first) == entry->second.inode) {
      ++entry;
      continue;
    }
    gone.push_back(entry->second.client);
    entry = open_.erase(entry);
  }
  std::erase_if(gone, [&](const std::string& client) {
    return std::any_of(open_.begin(), open_.end(), [&](const auto& entry) {
      return entry.second.client == client;
    });
  });
  return gone;
}

size_t Connections::count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<size_t>(
      std::count_if(open_.begin(), open_.end(), [](const auto& entry) {
        return InodeOf(entry.first) == entry.second.inode;
      }));
}

UnixListener::UnixListener(const ListenerOptions& options,
                           Connections& connections, OnAccept on_accept)
    : options_(options),
      connections_(connections),
      on_accept_(std::move(on_accept)) {}

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Create(
    const ListenerOptions& options, Connections& connections,
    OnAccept on_accept) {
  std::unique_ptr<UnixListener> listener(
      new UnixListener(options, connections, std::move(on_accept)));
  if (absl::Status bound = listener->Bind(); !bound.ok()) return bound;
  listener->thread_ = std::thread([raw = listener.get()] { raw->Accept(); });
  return listener;
}

absl::Status UnixListener::Bind() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options_.path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat(options_.path, ": a socket's path has at most ",
                     sizeof(address.sun_path) - 1, " bytes"));
  }
  std::copy(options_.path.begin(), options_.path.end(), address.sun_path);
  struct stat status;
  if (lstat(options_.path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return absl::FailedPreconditionError(options_.path +
                                           " exists and is no socket");
    }
    if (SomebodyListens(address)) {
      return absl::FailedPreconditionError(
          options_.path + ": another process listens there");
    }
    unlink(options_.path.c_str());  // of a process that died
  }
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  stop_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (socket_ < 0 || stop_ < 0) return Error("socket", options_.path);
  if (bind(socket_, reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0) {
    return Error("bind", options_.path);
  }
  bound_ = true;
  if (chmod(options_.path.c_str(), options_.mode) != 0 ||
      listen(socket_, 128) != 0) {
    return Error("listen", options_.path);
  }
  return absl::OkStatus();
}

UnixListener::~UnixListener() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    // An eventfd with room takes eight bytes or fails for good.
    if (write(stop_, &one, sizeof(one)) != sizeof(one)) shutdown(socket_, 2);
    thread_.join();
  }
  if (socket_ >= 0) close(socket_);
  if (stop_ >= 0) close(stop_);
  if (bound_) unlink(options_.path.c_str());
}

void UnixListener::Accept() {
  while (true) {
    pollfd entries[] = {{socket_, POLLIN, 0}, {stop_, POLLIN, 0}};
    if (poll(entries, 2, -1) < 0 && errno != EINTR) return;
    if (entries[1].revents != 0) return;
    if ((entries[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return;
    const int fd =
        accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      // No descriptors left: wait for one rather than spin.
      if (errno == EMFILE || errno == ENFILE) poll(nullptr, 0, 50);
      continue;
    }
    const std::string client =
        connections_.count() < options_.max_connections
            ? connections_.Add(fd, options_.max_of_client)
            : "";
    if (client.empty()) {
      close(fd);
      continue;
    }
    on_accept_(fd, client);
  }
}

}  // namespace ingot::service
