// The frames' socket. In and out: see the header. Holds: one thread per
// connection, which ends with it; every wait also waits for the server's end.

#include "chain_integration/service/frame_server.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "chain_integration/service/faults.h"
#include "chain_integration/service/frames.h"

namespace ingot::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Deadline = std::optional<steady_clock::time_point>;

constexpr uint64_t kLengthBytes = 4;
constexpr uint64_t kPieceBytes = uint64_t{1} << 18;

enum class Wait : uint8_t { kReady, kLate, kStopped, kClosed };

class Socket {
 public:
  Socket(int fd, int stop) : fd_(fd), stop_(stop) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Until `events`; kStopped only if `stoppable`.
  Wait For(short events, const Deadline& deadline, bool stoppable) const {
    while (true) {
      int time = -1;
      if (deadline) {
        const auto left = std::chrono::ceil<milliseconds>(
            *deadline - steady_clock::now());
        if (left.count() <= 0) return Wait::kLate;
        time = static_cast<int>(left.count());
      }
      pollfd entries[] = {{fd_, events, 0}, {stop_, POLLIN, 0}};
      const int ready = poll(entries, stoppable ? 2 : 1, time);
      if (ready < 0 && errno != EINTR) return Wait::kClosed;
      if (ready <= 0) continue;
      if (entries[0].revents != 0) return Wait::kReady;
      if (stoppable) return Wait::kStopped;
    }
  }

  Wait Read(std::string* bytes, uint64_t size, const Deadline& deadline) {
    while (bytes->size() < size) {
      // Memory is taken as bytes come, whatever the length says.
      const size_t have = bytes->size();
      bytes->resize(std::min(size, have + kPieceBytes));
      const ssize_t got =
          recv(fd_, bytes->data() + have, bytes->size() - have, 0);
      bytes->resize(have + static_cast<size_t>(std::max<ssize_t>(got, 0)));
      if (got > 0) continue;
      if (got == 0) return Wait::kClosed;
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return Wait::kClosed;
      const Wait wait = For(POLLIN, deadline, false);
      if (wait != Wait::kReady) return wait;
    }
    return Wait::kReady;
  }

  bool Write(std::string_view bytes, const Deadline& deadline) {
    while (!bytes.empty()) {
      const ssize_t put = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put > 0) {
        bytes.remove_prefix(static_cast<size_t>(put));
        continue;
      }
      if (put < 0 && errno == EINTR) continue;
      if (put < 0 && errno != EAGAIN) return false;
      if (For(POLLOUT, deadline, false) != Wait::kReady) return false;
    }
    return true;
  }

  // Closed altogether, not only for writing.
  bool Gone() const {
    pollfd entry{fd_, 0, 0};
    return poll(&entry, 1, 0) > 0 &&
           (entry.revents & (POLLHUP | POLLERR)) != 0;
  }

 private:
  const int fd_;
  const int stop_;
};

}  // namespace

struct FrameServer::State {
  State(Node& node, const FrameOptions& options)
      : node(node), options(options) {}

  Node& node;
  const FrameOptions options;
  int stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::mutex mutex;
  std::condition_variable ended;
  uint32_t threads = 0;  // guarded by mutex
  std::unique_ptr<UnixListener> listener;

  ~State() {
    listener.reset();
    const uint64_t one = 1;
    // The counter has room, so this cannot fail.
    [[maybe_unused]] const ssize_t told = write(stop, &one, sizeof(one));
    std::unique_lock<std::mutex> lock(mutex);
    ended.wait(lock, [this] { return threads == 0; });
    close(stop);
  }

  Deadline Soon() const { return steady_clock::now() + options.frame_time; }

  bool Send(Socket& socket, const v1::FrameResponse& response) const {
    std::string bytes(kLengthBytes, '\0');
    response.AppendToString(&bytes);
    const uint64_t size = bytes.size() - kLengthBytes;
    for (uint64_t i = 0; i < kLengthBytes; ++i) {
      bytes[i] = static_cast<char>(size >> (8 * i));
    }
    return socket.Write(bytes, Soon());
  }

  bool SendFault(Socket& socket, v1::FaultReason reason,
                 std::string_view message) const {
    return Send(socket, FaultFrame(0, Fault(reason, message)));
  }

  // The next frame, which begins before `until`. False: the connection ends.
  bool Receive(Socket& socket, const Deadline& until,
               std::string* bytes) const {
    if (socket.For(POLLIN, until, true) != Wait::kReady) return false;
    const Deadline deadline = Soon();
    std::string& frame = *bytes;
    frame.clear();
    Wait wait = socket.Read(&frame, kLengthBytes, deadline);
    uint64_t size = 0;
    if (wait == Wait::kReady) {
      for (uint64_t i = 0; i < kLengthBytes; ++i) {
        size |= uint64_t{static_cast<uint8_t>(frame[i])} << (8 * i);
      }
      if (size > node.options().max_message_bytes) {
        SendFault(socket, v1::FAULT_REASON_TOO_LARGE,
                  "the frame is larger than a message may be");
        return false;
      }
      frame.clear();
      wait = socket.Read(&frame, size, deadline);
    }
    if (wait == Wait::kLate) {
      SendFault(socket, v1::FAULT_REASON_TIMED_OUT,
                "the frame did not end in time");
    }
    return wait == Wait::kReady;
  }

  // The frames within a call. Whatever ends it early ends the connection: a
  // later frame could be the answer to what was asked before.
  class Stream final : public FrameStream {
   public:
    Stream(const State& state, Socket& socket)
        : state_(state), socket_(socket) {}
    bool Send(const v1::FrameResponse& response) override {
      return sound_ = sound_ && state_.Send(socket_, response);
    }
    bool Receive(std::string* frame, const Deadline& until) override {
      return sound_ = sound_ && state_.Receive(socket_, until, frame);
    }
    bool sound() const { return sound_; }

   private:
    const State& state_;
    Socket& socket_;
    bool sound_ = true;
  };

  // One frame and its answer. False: the connection ends.
  bool ServeOne(Socket& socket, const CallContext& context) const {
    std::string frame;
    if (!Receive(socket, std::nullopt, &frame)) return false;
    Stream stream(*this, socket);
    const v1::FrameResponse answer =
        AnswerFrame(node, frame, context, stream);
    return Send(socket, answer) && stream.sound();
  }

  void Serve(int fd, const std::string& client) {
    {
      Socket socket(fd, stop);
      const CallContext context{.client = client,
                                .transport = "frames",
                                .gone = [&] { return socket.Gone(); }};
      while (ServeOne(socket, context)) {
      }
    }
    // Notified under the lock: the waiter may destroy what is notified.
    const std::lock_guard<std::mutex> lock(mutex);
    --threads;
    ended.notify_all();
  }
};

FrameServer::FrameServer(std::unique_ptr<State> state)
    : state_(std::move(state)) {}

FrameServer::~FrameServer() = default;

absl::StatusOr<std::unique_ptr<FrameServer>> FrameServer::Start(
    Node& node, Connections& connections, const FrameOptions& options) {
  auto state = std::make_unique<State>(node, options);
  auto listener = UnixListener::Create(
      options.listener, connections,
      [raw = state.get()](int fd, const std::string& client) {
        {
          const std::lock_guard<std::mutex> lock(raw->mutex);
          ++raw->threads;
        }
        // The standard library reports a machine without threads left by an
        // exception.
        try {
          std::thread([raw, fd, client] { raw->Serve(fd, client); }).detach();
        } catch (const std::system_error&) {
          close(fd);
          const std::lock_guard<std::mutex> lock(raw->mutex);
          --raw->threads;
        }
      });
  if (!listener.ok()) return listener.status();
  state->listener = *std::move(listener);
  return std::unique_ptr<FrameServer>(new FrameServer(std::move(state)));
}

}  // namespace ingot::service
