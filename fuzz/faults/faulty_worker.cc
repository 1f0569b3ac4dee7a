// The worker, with faults on demand: `faulty_worker BOARD worker ...`. In: the
// board's orders for this phase. Out: what the real worker does, but for them.
// Holds: only a job's first try goes wrong, and where it does is written on the
// board by the process that is there.

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "fuzz/faults/board.h"
#include "fuzz/faults/system_calls.h"
#include "sandbox/worker/protocol.h"
#include "sandbox/worker/worker.h"

namespace {

using ingot::faults::Board;
using ingot::faults::Call;
using ingot::faults::CallEvent;
using ingot::faults::CallWatcher;
using ingot::faults::FaultKind;
using ingot::faults::Phase;
using ingot::faults::Way;
using Step = ingot::sandbox::JobOptions::Step;

Board* board = nullptr;
bool memory_is_gone = false;

// Notes that memory ran out in a call and that the reply was written, or fails
// its write.
class Watcher : public CallWatcher {
 public:
  int Before(const CallEvent& event) override {
    if (event.call != Call::kWrite || board == nullptr ||
        event.file != ingot::sandbox::kReplyFile ||
        board->fault != FaultKind::kEnospc ||
        !board->Take(Phase::kReply, Way::kWorker)) {
      return 0;
    }
    board->hit = 1;
    return ENOSPC;
  }
  void After(const CallEvent& event, int64_t result) override {
    if (event.call == Call::kWrite && board != nullptr &&
        event.file == ingot::sandbox::kReplyFile && result > 0 &&
        board->worker == getpid()) {
      board->worker_phase = Phase::kNone;
    }
    if (result == -1 && errno == ENOMEM && memory_is_gone) board->hit = 1;
  }
};

// All but a little of what the limit allows; not a page of it is touched.
void TakeMemory() {
  for (size_t size = size_t{64} << 20; size >= 4096;) {
    void* const taken = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                             0);
    if (taken == MAP_FAILED) size /= 2;
  }
  // What malloc still has.
  for (size_t size = size_t{1} << 20; size >= 16;) {
    void* const taken = std::malloc(size);
    if (taken == nullptr) {
      size /= 2;
    } else {
      *static_cast<volatile char*>(taken) = 1;
    }
  }
  memory_is_gone = true;
}

void TakeDescriptors() {
  while (memfd_create("taken", 0) >= 0) {
  }
  if (errno == EMFILE) board->hit = 1;
}

// At the beginning of a phase.
void Misbehave(Phase phase) {
  const FaultKind fault = board->fault;
  if (fault == FaultKind::kEnospc || fault == FaultKind::kTruncated ||
      fault == FaultKind::kOversized || fault == FaultKind::kFlipped) {
    return;  // with the reply's bytes
  }
  if (!board->Take(phase, Way::kWorker)) return;
  switch (fault) {
    case FaultKind::kSigsegv:
      board->hit = 1;
      *static_cast<volatile int*>(nullptr) = 1;
      return;
    case FaultKind::kOom:
      return TakeMemory();
    case FaultKind::kRlimit:
      return TakeDescriptors();
    default:
      return;
  }
}

void Enter(uint32_t attempt, Phase phase) {
  // A later try leaves the board as the first one left it.
  if (board == nullptr || attempt != 0) return;
  board->worker = getpid();
  board->worker_phase = phase;
  Misbehave(phase);
  if (board->Take(phase, Way::kClient)) board->Hold();
  // Every other one at the very beginning of the phase.
  if (board->chance % 2 == 0 && board->Take(phase, Way::kOutside)) {
    board->hit = 1;
    const bool stop = board->fault == FaultKind::kSigstop;
    syscall(SYS_tgkill, getpid(), getpid(), stop ? SIGSTOP : SIGKILL);
  }
  if (board->armed != 0 && board->phase == phase &&
      board->way == Way::kStart) {
    board->Hold();
    // The service has failed to start the next worker: now one is missed.
    if (board->hit != 0) syscall(SYS_tgkill, getpid(), getpid(), SIGKILL);
  }
}

void OnStep(uint32_t attempt, Step step) {
  switch (step) {
    case Step::kPlan:
      return Enter(attempt, Phase::kPlan);
    case Step::kBatch:
      return Enter(attempt, Phase::kBatch);
    case Step::kLink:
      return Enter(attempt, Phase::kLink);
    case Step::kVerify:
      return Enter(attempt, Phase::kReply);
  }
}

void OnReply(uint32_t attempt, std::string* reply) {
  if (board == nullptr || attempt != 0) return;
  const FaultKind fault = board->fault;
  const uint64_t chance = board->chance;
  const bool bytes = fault == FaultKind::kTruncated ||
                     fault == FaultKind::kOversized ||
                     fault == FaultKind::kFlipped;
  if (!bytes || !board->Take(Phase::kReply, Way::kWorker)) return;
  board->hit = 1;
  if (fault == FaultKind::kTruncated) reply->resize(chance % reply->size());
  if (fault == FaultKind::kFlipped) {
    (*reply)[chance % reply->size()] ^= 1 << (chance >> 60);
  }
  if (fault == FaultKind::kOversized) {
    // A little, or beyond what may be written.
    const size_t more = chance % 2 == 0 ? 1 + chance % 1000 : size_t{70} << 20;
    reply->append(more, 'x');
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  board = ingot::faults::OpenBoard(argv[1]);
  static Watcher watcher;
  ingot::faults::WatchCalls(&watcher);
  std::set_terminate([] {
    if (memory_is_gone) board->hit = 1;
    std::abort();
  });
  return ingot::sandbox::WorkerMain(
      std::vector<std::string>(argv + 3, argv + argc),
      {.before_compile = {}, .on_step = OnStep, .on_reply = OnReply});
}
