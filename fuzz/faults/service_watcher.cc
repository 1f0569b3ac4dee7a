// See the header. Nothing here allocates: a call may come from anywhere.

#include "fuzz/faults/service_watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>

namespace ingot::faults {
namespace {

// From opening an artifact to closing it: its bytes are sealed in between.
thread_local bool loading = false;
// A limit that the call at hand shall meet, and what it was before.
thread_local int limited = -1;
thread_local rlimit before_limit;

void Limit(__rlimit_resource resource, rlim_t value) {
  getrlimit(resource, &before_limit);
  const rlimit lower{value, before_limit.rlim_max};
  if (setrlimit(resource, &lower) == 0) limited = resource;
}

void Unlimit() {
  if (limited < 0) return;
  setrlimit(static_cast<__rlimit_resource>(limited), &before_limit);
  limited = -1;
}

void Pause() {
  const timespec time = {.tv_sec = 0, .tv_nsec = 200'000};
  nanosleep(&time, nullptr);
}

// Whether the other end of a descriptor is a worker's reply.
bool IsReply(int file) {
  char link[32], name[64];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  const ssize_t size = readlink(link, name, sizeof(name));
  const std::string_view text(name, size < 0 ? 0 : static_cast<size_t>(size));
  return text.find("ingot-reply") != std::string_view::npos;
}

}  // namespace

ServiceWatcher::Kind ServiceWatcher::KindOfPath(std::string_view path,
                                                int flags) const {
  if (!path.starts_with(folder_)) return Kind::kOther;
  path.remove_prefix(folder_.size());
  if ((flags & O_DIRECTORY) != 0) {
    return path == "artifacts" || path == "modules" ? Kind::kFolder
                                                     : Kind::kOther;
  }
  // Opened for writing, or to be cleaned up.
  if (path.starts_with("scratch/") && (flags & O_CREAT) != 0) {
    return Kind::kScratch;
  }
  if (path == "index/data.mdb") return Kind::kIndex;
  return path.starts_with("artifacts/") ? Kind::kArtifact : Kind::kOther;
}

ServiceWatcher::Kind ServiceWatcher::KindOf(int file) const {
  return file < 0 || file >= kFiles ? Kind::kOther
                                    : kinds_[static_cast<size_t>(file)].load();
}

Phase ServiceWatcher::PhaseOf(const CallEvent& event) const {
  switch (event.call) {
    case Call::kOpen:
      switch (KindOfPath(event.path, event.flags)) {
        case Kind::kScratch: return Phase::kWrite;
        case Kind::kArtifact: return Phase::kLoad;
        case Kind::kFolder: return Phase::kRename;
        default: return Phase::kNone;
      }
    case Call::kWrite:
    case Call::kSync:
      if (loading) return Phase::kLoad;
      switch (KindOf(event.file)) {
        case Kind::kScratch:
        case Kind::kIndex: return Phase::kWrite;
        case Kind::kFolder: return Phase::kRename;
        default: return Phase::kNone;
      }
    case Call::kRename:
      return std::string_view(event.target).starts_with(folder_) &&
                     std::string_view(event.target).find("/quarantine/") ==
                         std::string_view::npos
                 ? Phase::kRename
                 : Phase::kNone;
    case Call::kRead:
      return KindOf(event.file) == Kind::kArtifact ? Phase::kLoad
                                                   : Phase::kNone;
    case Call::kMemoryFile:
    case Call::kTruncate:
    case Call::kMap:
      return loading ? Phase::kLoad : Phase::kNone;
    default:
      return Phase::kNone;
  }
}

int ServiceWatcher::FailStart(const CallEvent& event) {
  const FaultKind fault = board_.fault;
  int error = 0;
  if (fault == FaultKind::kFork && event.call == Call::kFork) error = EAGAIN;
  // Not the sealed copy of a module, which a request takes first.
  if (fault == FaultKind::kEmfile && event.call == Call::kMemoryFile &&
      std::string_view(event.path) == "ingot-job") {
    error = EMFILE;
  }
  if (fault == FaultKind::kEnospc && event.call == Call::kTruncate) {
    error = ENOSPC;
  }
  if (error == 0 || loading) return 0;
  if (board_.hit != 0) {
    uint32_t left = board_.times;
    while (left > 0) {
      if (board_.times.compare_exchange_weak(left, left - 1)) return error;
    }
    return 0;
  }
  // While a worker is in the phase.
  for (int i = 0; i < 10'000 && board_.held == 0; ++i) {
    if (board_.armed == 0) return 0;
    Pause();
  }
  const Phase phase = board_.phase;
  if (board_.held == 0 || board_.worker_phase != phase ||
      !board_.Take(phase, Way::kStart)) {
    return 0;
  }
  board_.hit = 1;
  board_.Release();
  return error;
}

int ServiceWatcher::Fail(const CallEvent& event, Phase phase) {
  const FaultKind fault = board_.fault;
  const bool scratch = event.call == Call::kWrite &&
                       KindOf(event.file) == Kind::kScratch;
  const bool opens = event.call == Call::kOpen;
  const bool spoils = fault == FaultKind::kTruncated ||
                      fault == FaultKind::kOversized ||
                      fault == FaultKind::kFlipped;
  // Which of the phase's calls can fail in this way at all.
  if (spoils && !(phase == Phase::kLoad ? opens : scratch)) return 0;
  if (fault == FaultKind::kEmfile && !opens &&
      event.call != Call::kMemoryFile) {
    return 0;
  }
  if (fault == FaultKind::kRlimit &&
      !(phase == Phase::kLoad ? opens : event.call == Call::kWrite)) {
    return 0;
  }
  if (fault == FaultKind::kOom && phase == Phase::kWrite && !opens &&
      event.call != Call::kWrite) {
    return 0;
  }
  if (!board_.Take(phase, Way::kService)) return 0;
  board_.hit = 1;
  switch (fault) {
    case FaultKind::kSigkill:
      kill(getpid(), SIGKILL);
      return 0;
    case FaultKind::kSigstop:
      kill(getpid(), SIGSTOP);
      return 0;
    case FaultKind::kSigsegv:
      *static_cast<volatile int*>(nullptr) = 1;
      return 0;
    case FaultKind::kOom: return ENOMEM;
    case FaultKind::kEnospc: return ENOSPC;
    case FaultKind::kEio: return EIO;
    case FaultKind::kEmfile: return EMFILE;
    case FaultKind::kRlimit:
      phase == Phase::kLoad ? Limit(RLIMIT_NOFILE, 3)
                            : Limit(RLIMIT_FSIZE, 100);
      return 0;
    case FaultKind::kTruncated:
    case FaultKind::kOversized:
    case FaultKind::kFlipped:
      if (opens) {
        const int file = open(event.path, O_RDWR | O_CLOEXEC);
        if (file < 0) {
          board_.hit = 0;
        } else {
          Spoil(file);
          close(file);
        }
      }
      return 0;
    default:
      board_.hit = 0;
      return 0;
  }
}

void ServiceWatcher::Spoil(int file) {
  struct stat status;
  if (fstat(file, &status) != 0 || status.st_size == 0) return;
  const uint64_t chance = board_.chance;
  const off_t at = static_cast<off_t>(
      chance % static_cast<uint64_t>(status.st_size));
  char byte = 'x';
  bool done = false;
  switch (board_.fault.load()) {
    case FaultKind::kTruncated:
      done = ftruncate(file, at) == 0;
      break;
    case FaultKind::kOversized:
      done = pwrite(file, &byte, 1, status.st_size) == 1;
      break;
    default: {
      // It may be open for writing only.
      char link[32];
      std::snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
      const int again = open(link, O_RDWR | O_CLOEXEC);
      if (pread(again, &byte, 1, at) == 1) {
        byte = static_cast<char>(byte ^ (1 << (chance >> 61)));
        done = pwrite(again, &byte, 1, at) == 1;
      }
      close(again);
    }
  }
  if (!done) board_.hit = 0;
}

int ServiceWatcher::Before(const CallEvent& event) {
  if (event.call == Call::kClose && event.file >= 0 && event.file < kFiles) {
    if (KindOf(event.file) == Kind::kArtifact) loading = false;
    kinds_[static_cast<size_t>(event.file)] = Kind::kOther;
  }
  if (board_.way == Way::kStart) return FailStart(event);
  if (board_.armed == 0) return 0;
  if (board_.fault == FaultKind::kEio && board_.phase == Phase::kReply &&
      event.call == Call::kRead && IsReply(event.file)) {
    if (!board_.Take(Phase::kReply, Way::kService)) return 0;
    board_.hit = 1;
    return EIO;
  }
  const Phase phase = PhaseOf(event);
  if (phase == Phase::kNone) return 0;
  if (board_.Take(phase, Way::kClient)) {
    board_.Hold();
    return 0;
  }
  return Fail(event, phase);
}

void ServiceWatcher::After(const CallEvent& event, int64_t result) {
  Unlimit();
  if (event.call == Call::kOpen && result >= 0 && result < kFiles) {
    const Kind kind = KindOfPath(event.path, event.flags);
    kinds_[static_cast<size_t>(result)] = kind;
    if (kind == Kind::kArtifact) loading = true;
  }
  const FaultKind fault = board_.fault;
  if (event.call == Call::kWrite && result > 0 && board_.hit != 0 &&
      board_.armed == 0 && board_.phase == Phase::kWrite &&
      board_.way == Way::kService && KindOf(event.file) == Kind::kScratch &&
      (fault == FaultKind::kTruncated || fault == FaultKind::kOversized ||
       fault == FaultKind::kFlipped)) {
    Spoil(event.file);
    board_.way = Way::kOutside;  // once
  }
}

}  // namespace ingot::faults
