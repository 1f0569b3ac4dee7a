// The service's life. In and out: see the header. Holds: all threads block the
// signals, so that only the loop here takes them; the exit never waits for a
// call longer than the drain time and a grace.

#include "chain_integration/service/serve.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "chain_integration/service/connections.h"
#include "chain_integration/service/version.h"
#include "sandbox/worker/time_slice.h"

namespace ingot::service {
namespace {

using std::chrono::milliseconds;

// How often closed connections are looked for.
constexpr timespec kTick = {0, 200'000'000};
// A worker that computes does not keep a call waiting for longer.
constexpr std::chrono::microseconds kTimeSlice(100);
// Beyond the drain time, for what gRPC has cancelled to notice.
constexpr milliseconds kGrace(5000);

// Freed blocks of at least this size go back to the machine at once. Left alone,
// glibc raises the bound to 32 MB for each size that it meets, and keeps as
// much in each of its arenas.
constexpr int kKeptBlock = 128 << 10;

// Tells systemd, if it has started the process (sd_notify(3)).
void Notify(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path == nullptr || std::strlen(path) >= sizeof(address.sun_path)) return;
  std::strcpy(address.sun_path, path);
  const size_t size = offsetof(sockaddr_un, sun_path) + std::strlen(path);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&address),
         static_cast<socklen_t>(size));
  close(fd);
}

// Ends the process when it has not ended by itself.
class LastResort {
 public:
  LastResort(milliseconds time, int exit_code, Log& log)
      : thread_([this, time, exit_code, &log] {
          std::unique_lock<std::mutex> lock(mutex_);
          if (changed_.wait_for(lock, time, [this] { return disarmed_; })) {
            return;
          }
          log.Critical("stopped", {{"message", "calls did not end in time"}});
          _exit(exit_code);
        }) {}
  ~LastResort() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      disarmed_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool disarmed_ = false;
  std::thread thread_;
};

class Service {
 public:
  Service(const ServiceConfig& config, Log& log) : config_(config), log_(log) {}

  absl::Status Start() {
    NodeOptions options = config_.node;
    options.on_workers_failed = [this](const std::string& report) {
      log_.Critical("stopping", {{"report", report}});
      failed_ = true;
    };
    auto node = Node::Create(std::move(options), log_, metrics_);
    if (!node.ok()) return node.status();
    node_ = *std::move(node);
    if (!config_.metrics.empty()) {
      absl::Status listens = metrics_.Listen(config_.metrics);
      if (!listens.ok()) return listens;
    }
    auto grpc = GrpcServer::Start(*node_, connections_, config_.grpc);
    if (!grpc.ok()) return grpc.status();
    grpc_ = *std::move(grpc);
    if (!config_.frames.listener.path.empty()) {
      auto frames = FrameServer::Start(*node_, connections_, config_.frames);
      if (!frames.ok()) return frames.status();
      frames_ = *std::move(frames);
    }
    grpc_->SetServing(true);
    log_.Info("ready",
              {{"version", kVersion},
               {"pid", static_cast<uint64_t>(getpid())},
               {"socket", config_.grpc.listener.path},
               {"frames", config_.frames.listener.path},
               {"tcp_port", static_cast<uint64_t>(grpc_->tcp_port())},
               {"metrics_port", static_cast<uint64_t>(metrics_.port())},
               {"store", config_.node.store_folder},
               {"compiler", node_->targets().compilers()[0].Hex()},
               {"profile", node_->targets().profiles()[0]->digest.Hex()}});
    Notify("READY=1");
    return absl::OkStatus();
  }

  // Until a signal or a failure.
  void Run(const sigset_t& signals) {
    while (!failed_) {
      const int signal = sigtimedwait(&signals, nullptr, &kTick);
      if (signal > 0) {
        log_.Info("stopping", {{"signal", strsignal(signal)}});
        return;
      }
      for (const std::string& client : connections_.Prune()) {
        node_->Forget(client);
      }
    }
  }

  void Drain() {
    Notify("STOPPING=1");
    grpc_->SetServing(false);
    node_->Drain();
    grpc_->Shutdown(config_.drain_time);
    frames_.reset();
    grpc_.reset();
    node_.reset();
  }

  bool failed() const { return failed_; }

 private:
  const ServiceConfig& config_;
  Log& log_;
  std::atomic<bool> failed_{false};
  Metrics metrics_;
  Connections connections_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<FrameServer> frames_;
};

}  // namespace

int Serve(const ServiceConfig& config) {
  // Every thread of the service has short things to do, and workers long ones.
  sandbox::SetTimeSlice(kTimeSlice);
  mallopt(M_MMAP_THRESHOLD, kKeptBlock);
  mallopt(M_TRIM_THRESHOLD, kKeptBlock);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  // A file that may not grow is a fault of the store, as a full disk is.
  signal(SIGXFSZ, SIG_IGN);
  Log log(config.log_level, config.log_format);
  Service service(config, log);
  if (const absl::Status started = service.Start(); !started.ok()) {
    log.Critical("not_started",
                 {{"message", std::string(started.message())}});
    return kServeFault;
  }
  service.Run(signals);
  const int exit_code = service.failed() ? kServeFault : kServeStopped;
  {
    const LastResort last(config.drain_time + kGrace, exit_code, log);
    service.Drain();
  }
  const bool failed = service.failed();
  log.Write(failed ? Log::Level::kCritical : Log::Level::kInfo, "stopped",
            {{"exit_code",
              static_cast<uint64_t>(failed ? kServeFault : kServeStopped)}});
  return failed ? kServeFault : kServeStopped;
}

}  // namespace ingot::service
