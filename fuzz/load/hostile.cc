// A client that means harm. In and out: see traffic.h. Holds: what it opens it
// closes, so that what is left over is the service's.

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "compiler/abi/profile.h"
#include "fuzz/bombs/shapes.h"
#include "fuzz/faults/frames_client.h"
#include "fuzz/load/traffic.h"
#include "runtime/digest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/embedded_compiler.h"

namespace ingot::load {
namespace {

using faults::FramesClient;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr uint32_t kThreads = 24;
constexpr uint32_t kBombBytes = 16'384;
constexpr std::chrono::seconds kGivingUp(60);
// How long one that stops within a frame keeps its connection.
constexpr std::chrono::seconds kSlowTime(3);

std::string Bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), 32};
}

v1::Target DefaultTarget() {
  std::vector<uint8_t> profile(kProfileBytes);
  Encode(Profile(), profile);
  v1::Target target;
  target.set_compiler_sha256(Bytes(Sha256(sandbox::EmbeddedCompilerWasm())));
  target.set_profile_sha256(Bytes(Sha256(profile)));
  return target;
}

// Sends bytes to a unix socket and reads until it ends. False: it does not.
bool SendAndReadToEnd(const std::string& path, const std::string& bytes) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(path.begin(),
              std::min(path.size(), sizeof(address.sun_path) - 1),
              address.sun_path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool ended = connect(fd, reinterpret_cast<const sockaddr*>(&address),
                       sizeof(address)) != 0 ||
               send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) <= 0;
  const auto end = steady_clock::now() + kGivingUp;
  while (!ended && steady_clock::now() < end) {
    pollfd entry{fd, POLLIN, 0};
    if (poll(&entry, 1, 100) <= 0) continue;
    char piece[4096];
    const ssize_t got = recv(fd, piece, sizeof(piece), 0);
    ended = got == 0 || (got < 0 && errno != EINTR);
  }
  close(fd);
  return ended;
}

class HostileClient {
 public:
  HostileClient(const Sockets& sockets, uint64_t number, Traffic& traffic)
      : sockets_(sockets), traffic_(traffic), target_(DefaultTarget()) {
    for (uint32_t i = 0; i < kThreads; ++i) {
      random_.emplace_back(~number * kThreads + i);
    }
  }

  void Serve(uint32_t thread) {
    std::mt19937_64& random = random_[thread];
    const auto kind = static_cast<HostileKind>(random() % kHostileKinds);
    HostileCounts& counts = traffic_.hostile[static_cast<int>(kind)];
    ++counts.sent;
    CloseSlow();
    switch (kind) {
      case HostileKind::kGarbageFrame:
        return SendFrame(FrameOfGarbage(random), counts);
      case HostileKind::kGarbageGrpc:
        SendAndReadToEnd(sockets_.grpc, Garbage(random, 2000)) ? ++counts.ends
                                                               : ++counts.wrong;
        return;
      case HostileKind::kOversize:
        return SendFrame(std::string("\xff\xff\xff\xff", 4), counts);
      case HostileKind::kBomb:
        return SendFrame(faults::FrameOf(Compile(Bomb(random))), counts);
      case HostileKind::kSlow:
        return BeSlow(counts);
      case HostileKind::kCancelled:
        if (auto client = FramesClient::Connect(sockets_.frames);
            client.ok() && (*client)->Send(Compile(Bomb(random))).ok()) {
          std::this_thread::sleep_for(milliseconds(random() % 20));
        }
        ++counts.ends;
        return;
    }
  }

 private:
  static std::string Garbage(std::mt19937_64& random, size_t most) {
    std::string bytes(1 + random() % most, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
  }
  static std::string FrameOfGarbage(std::mt19937_64& random) {
    const std::string bytes = Garbage(random, 2000);
    std::string frame;
    for (int shift = 0; shift < 32; shift += 8) {
      frame.push_back(static_cast<char>(bytes.size() >> shift));
    }
    return frame + bytes;
  }

  // One that nobody has seen before.
  static std::vector<uint8_t> Bomb(std::mt19937_64& random) {
    const auto shapes = fuzz::BombShapes();
    std::vector<uint8_t> module =
        fuzz::MakeBomb(shapes[random() % shapes.size()], kBombBytes);
    const uint64_t name = random();
    module.insert(module.end(), {0, 9, 8});
    for (int shift = 0; shift < 64; shift += 8) {
      // Letters, so that it is a name.
      module.push_back(static_cast<uint8_t>('a' + ((name >> shift) & 15)));
    }
    return module;
  }

  v1::FrameRequest Compile(const std::vector<uint8_t>& module) const {
    v1::FrameRequest request;
    *request.mutable_compile()->mutable_target() = target_;
    request.mutable_compile()->set_module_bytes(module.data(), module.size());
    return request;
  }

  // On a connection of its own.
  void SendFrame(const std::string& bytes, HostileCounts& counts) const {
    auto client = FramesClient::Connect(sockets_.frames);
    if (!client.ok() || !(*client)->SendBytes(bytes).ok()) {
      ++counts.ends;
      return;
    }
    const auto answer = (*client)->Receive(kGivingUp);
    if (!answer.ok()) {
      ++counts.ends;
    } else if (!*answer) {
      ++counts.wrong;
    } else if ((*answer)->has_compile()) {
      ++counts.verdicts;
    } else {
      const bool listed =
          (*answer)->has_fault() &&
          (*answer)->fault().reason() != v1::FAULT_REASON_INTERNAL;
      ++(listed ? counts.faults : counts.wrong);
    }
  }

  void BeSlow(HostileCounts& counts) {
    auto client = FramesClient::Connect(sockets_.frames);
    const bool sent =
        client.ok() &&
        (*client)->SendBytes(std::string("\x00\x10\x00\x00some", 8)).ok();
    ++counts.ends;
    if (!sent) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    slow_.emplace_back(steady_clock::now() + kSlowTime, *std::move(client));
  }

  void CloseSlow() {
    const std::lock_guard<std::mutex> lock(mutex_);
    while (!slow_.empty() && slow_.front().first < steady_clock::now()) {
      slow_.pop_front();
    }
  }

  const Sockets sockets_;
  Traffic& traffic_;
  const v1::Target target_;
  std::vector<std::mt19937_64> random_;
  std::mutex mutex_;
  std::deque<std::pair<Time, std::unique_ptr<FramesClient>>> slow_;
};

}  // namespace

std::string_view HostileName(HostileKind kind) {
  switch (kind) {
#define INGOT_KIND(name, text) \
  case HostileKind::k##name:   \
    return text;
    INGOT_HOSTILE_KINDS(INGOT_KIND)
#undef INGOT_KIND
  }
  return "";
}

void BeHostile(const Sockets& sockets, uint64_t number, Traffic& traffic) {
  HostileClient client(sockets, number, traffic);
  ++traffic.ready;
  RunOpenLoop({.threads = kThreads, .seed = number}, traffic.hostile_rate,
              traffic.stop,
              [&](uint32_t thread, Time) { client.Serve(thread); });
}

}  // namespace ingot::load
