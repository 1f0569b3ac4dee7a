// See the header.

#include "fuzz/faults/frames_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace ingot::faults {
namespace {

constexpr size_t kLengthBytes = 4;

absl::Status Error(const char* what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

uint32_t LengthIn(std::string_view bytes) {
  uint32_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length |= uint32_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  }
  return length;
}

}  // namespace

std::string FrameOf(const v1::FrameRequest& request) {
  const std::string body = request.SerializeAsString();
  std::string frame;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    frame.push_back(static_cast<char>(body.size() >> (8 * i)));
  }
  return frame + body;
}

absl::StatusOr<std::unique_ptr<FramesClient>> FramesClient::Connect(
    const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError("the socket's path is too long");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Error("socket");
  std::unique_ptr<FramesClient> client(new FramesClient(fd));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    return Error("connect");
  }
  return client;
}

FramesClient::~FramesClient() { close(socket_); }

absl::Status FramesClient::Send(const v1::FrameRequest& request) {
  return SendBytes(FrameOf(request));
}

absl::Status FramesClient::SendBytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return Error("send");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<v1::FrameResponse>> FramesClient::Receive(
    std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (true) {
    if (have_.size() >= kLengthBytes &&
        have_.size() - kLengthBytes >= LengthIn(have_)) {
      const uint32_t length = LengthIn(have_);
      v1::FrameResponse response;
      if (!response.ParseFromArray(have_.data() + kLengthBytes,
                                   static_cast<int>(length))) {
        return absl::DataLossError("a response that cannot be read");
      }
      have_.erase(0, kLengthBytes + length);
      return response;
    }
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() < 0) return std::nullopt;
    pollfd entry{socket_, POLLIN, 0};
    const timespec wait = {.tv_sec = left.count() / 1'000'000'000,
                           .tv_nsec = left.count() % 1'000'000'000};
    const int ready = ppoll(&entry, 1, &wait, nullptr);
    if (ready < 0 && errno != EINTR) return Error("poll");
    if (ready <= 0) continue;
    char piece[1 << 16];
    const ssize_t got = recv(socket_, piece, sizeof(piece), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error("receive");
    if (got == 0) return absl::UnavailableError("the connection ended");
    have_.append(piece, static_cast<size_t>(got));
  }
}

void FramesClient::HalfClose() { shutdown(socket_, SHUT_WR); }

}  // namespace ingot::faults
