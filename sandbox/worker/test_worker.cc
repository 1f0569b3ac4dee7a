// A worker that misbehaves as its command says: `test_worker WAY TIMES worker
// ...`. In: the way, and for how many tries of a job. Out: what the real worker
// does, but for that.

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "sandbox/worker/protocol.h"
#include "sandbox/worker/worker.h"

namespace {

// Waits for what nobody does, as a jailed process can.
[[noreturn]] void Sleep() {
  while (true) {
    const uint32_t word = 0;
    syscall(SYS_futex, &word, FUTEX_WAIT, 0, nullptr, nullptr, 0);
  }
}

void Misbehave(const std::string& way) {
  if (way == "kill") kill(getpid(), SIGKILL);  // itself a forbidden call
  if (way == "segv") *static_cast<volatile int*>(nullptr) = 1;
  if (way == "abort") std::abort();
  if (way == "stop") syscall(SYS_tgkill, getpid(), getpid(), SIGSTOP);
  if (way == "sleep") Sleep();
  if (way == "exit") _exit(3);
  if (way == "quiet") _exit(0);
  if (way == "file") open("/etc/passwd", O_RDONLY);
  if (way == "socket") socket(AF_INET, SOCK_STREAM, 0);
  if (way == "hang") {
    for (volatile int i = 0;; i = i + 1) {
    }
  }
}

void Corrupt(const std::string& way, std::string* reply) {
  if (way == "truncate") reply->resize(reply->size() / 2);
  if (way == "flip") (*reply)[reply->size() / 2] ^= 4;
  if (way == "oversize") reply->resize(size_t{80} << 20);
  if (way == "empty") reply->clear();
  // Well-formed lies.
  if (!way.starts_with("lie_")) return;
  ingot::sandbox::Reply lie = *ingot::sandbox::DecodeReply(*reply);
  if (way == "lie_nonce") lie.nonce += 1;
  if (way == "lie_module") lie.answer.verdict.module_digest.bytes[0] ^= 1;
  if (way == "lie_gas") lie.answer.verdict.compile_gas = ~uint64_t{0};
  if (way == "lie_little_gas") lie.answer.verdict.compile_gas -= 1;
  if (way == "lie_bounds") lie.answer.upper_gas = 0;
  if (way == "lie_artifact") {
    std::vector<uint8_t>& bytes = lie.answer.verdict.artifact;
    // In the code, with the digest made to fit.
    bytes[4096] ^= 0xff;
    lie.answer.verdict.artifact_digest = ingot::Sha256(bytes);
  }
  if (way == "lie_fault") {
    lie.fault = absl::ResourceExhaustedError("no memory");
  }
  *reply = ingot::sandbox::Encode(lie);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const std::string way = argv[1];
  const uint32_t times = static_cast<uint32_t>(std::atoi(argv[2]));
  // Before it takes any job; the probe's word comes next.
  if (way == "late" && std::string(argv[4]) != "probe") {
    std::this_thread::sleep_for(std::chrono::seconds(times));
  }
  return ingot::sandbox::WorkerMain(
      std::vector<std::string>(argv + 4, argv + argc),
      {.before_compile =
           [&](uint32_t attempt) {
             if (attempt < times) Misbehave(way);
           },
       .on_reply =
           [&](uint32_t attempt, std::string* reply) {
             if (attempt < times && way == "sleep_reply") Sleep();
             if (attempt < times && way == "stop_reply") Misbehave("stop");
             if (attempt < times) Corrupt(way, reply);
           }});
}
