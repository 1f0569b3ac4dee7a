// The pool on Linux: processes, memory files, a pidfd that says when a worker is
// gone. In and out: see the header. Holds: every process that was started is
// waited for.

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "metering/gas.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/worker/worker_pool.h"

namespace ingot::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// After a start that failed: the machine lacks something for a while.
constexpr milliseconds kStartAgain(50);
// How often a worker that is awaited is looked at: a pidfd says nothing of one
// that was stopped (by SIGSTOP, a debugger) or sleeps, which would take the
// whole time.
constexpr milliseconds kLook(200);
// A worker has nobody to wait for. One that was found asleep for so long,
// without having run in between, will not wake up.
constexpr milliseconds kLongestSleep(2'000);

absl::Status Error(const char* what) {
  return absl::ResourceExhaustedError(
      absl::StrCat("a worker: ", what, ": ", std::strerror(errno)));
}

bool WriteAll(int file, std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return true;
}

absl::StatusOr<std::string> ReadAll(int file, uint64_t max_bytes) {
  struct stat status;
  if (fstat(file, &status) != 0) return Error("its reply");
  const uint64_t size = static_cast<uint64_t>(status.st_size);
  if (size > max_bytes) {
    return absl::DataLossError("a worker: its reply is too large");
  }
  std::string bytes(size, '\0');
  uint64_t have = 0;
  while (have < size) {
    const ssize_t got = pread(file, bytes.data() + have, size - have,
                              static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::DataLossError("a worker: its reply shrank");
    have += static_cast<uint64_t>(got);
  }
  return bytes;
}

std::string HowItEnded(int status) {
  if (WIFSIGNALED(status)) {
    return absl::StrCat("died of signal ", WTERMSIG(status), " (",
                        strsignal(WTERMSIG(status)), ")");
  }
  return absl::StrCat("exited with code ", WEXITSTATUS(status));
}

Job MakeJob(Job::Kind kind, std::span<const uint8_t> module_bytes,
            const Profile& profile, uint64_t gas_limit) {
  Job job;
  job.kind = kind;
  job.gas_limit = Gas::FromLimit(gas_limit).value();
  job.profile.resize(kProfileBytes);
  ingot::Encode(profile, job.profile);
  job.module.assign(module_bytes.begin(), module_bytes.end());
  return job;
}

// A descriptor that nothing else in the process inherits.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(File&& other) : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// A process that has these files under the numbers from kJobFile, an empty
// environment and no signal blocked. Not by fork, which would copy the
// service's page tables and make each of its threads fault on the next write to
// every page, some hundred times a second.
absl::StatusOr<pid_t> StartProcess(const std::vector<char*>& argv,
                                   const std::array<int, 3>& files) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  int error = posix_spawn_file_actions_init(&actions);
  if (error == 0) error = posix_spawnattr_init(&attributes);
  if (error == 0) {
    error = posix_spawnattr_setsigmask(&attributes, &none);
  }
  if (error == 0) {
    error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  }
  // Above the numbers they shall have, so that none overwrites another.
  std::array<File, 3> high;
  for (size_t i = 0; i < files.size() && error == 0; ++i) {
    high[i] = File(fcntl(files[i], F_DUPFD_CLOEXEC, kCompilerFile + 1));
    error = high[i].ok() ? posix_spawn_file_actions_adddup2(
                               &actions, high[i].get(),
                               kJobFile + static_cast<int>(i))
                         : errno;
  }
  pid_t pid = -1;
  char* const no_environment[] = {nullptr};
  if (error == 0) {
    error = posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(),
                        no_environment);
  }
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  errno = error;
  if (error != 0) return Error("its start");
  return pid;
}

// How long a process has been asleep, by /proc.
class Sleep {
 public:
  explicit Sleep(pid_t pid)
      : path_(absl::StrCat("/proc/", pid, "/stat")) {}

  // Since when it was asleep at each look, without having run in between; 0
  // where the machine does not tell.
  steady_clock::duration Look() {
    const std::string used = ProcessorTime();
    const auto now = steady_clock::now();
    if (used.empty() || used != used_) since_ = now;
    used_ = used;
    return now - since_;
  }

 private:
  // User and system time, as text; empty when it is not asleep.
  std::string ProcessorTime() const {
    constexpr size_t kMost = 1024;
    constexpr int kWordsBetween = 11;
    const File file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    char bytes[kMost];
    const ssize_t size = file.ok() ? read(file.get(), bytes, kMost) : 0;
    std::string_view text(bytes, size < 0 ? 0 : static_cast<size_t>(size));
    // Behind the program's name, which may hold anything.
    const size_t name_end = text.rfind(") ");
    if (name_end == text.npos) return "";
    text.remove_prefix(name_end + 2);
    const bool asleep = text.starts_with('S') || text.starts_with('T') ||
                        text.starts_with('t');
    for (int i = 0; i < kWordsBetween; ++i) {
      text.remove_prefix(std::min(text.find(' '), text.size() - 1) + 1);
    }
    const size_t user_end = text.find(' ');
    return asleep ? std::string(text.substr(0, text.find(' ', user_end + 1)))
                  : "";
  }

  const std::string path_;
  steady_clock::time_point since_ = steady_clock::now();
  std::string used_;
};

}  // namespace

struct WorkerPool::Worker {
  File job;
  File reply;
  File process;  // a pidfd
  pid_t pid = -1;
  JobHeader* header = nullptr;

  ~Worker() {
    if (pid > 0) {
      kill(pid, SIGKILL);
      Reap();
    }
    if (header != nullptr) munmap(header, kJobOffset);
  }

  // Its exit status; once.
  int Reap() {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    pid = -1;
    return status;
  }

  enum class End : uint8_t { kEnded, kStopped, kAsleep, kTimeOut };

  // `start_time` to take the job, then `job_time`.
  End Await(milliseconds start_time, milliseconds job_time) const {
    auto end = steady_clock::now() + start_time;
    bool taken = false;
    Sleep sleep(pid);
    while (true) {
      if (!taken && header->state.load() == kTaken) {
        taken = true;
        end = steady_clock::now() + job_time;
      }
      const auto left = std::chrono::duration_cast<milliseconds>(
          end - steady_clock::now());
      const int64_t wait =
          std::clamp<int64_t>(left.count(), 0, kLook.count());
      pollfd entry{process.get(), POLLIN, 0};
      const int result = poll(&entry, 1, static_cast<int>(wait));
      if (result > 0) return End::kEnded;
      if (result < 0 && errno != EINTR) return End::kTimeOut;
      if (IsStopped()) return End::kStopped;
      if (sleep.Look() >= kLongestSleep) return End::kAsleep;
      if (result == 0 && left.count() <= 0) return End::kTimeOut;
    }
  }

  bool IsStopped() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid), &info,
                  WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid;
  }
};

WorkerPool::WorkerPool(WorkerOptions options)
    : options_(std::move(options)) {}

void WorkerPool::Log(const std::string& line) const {
  if (options_.log) options_.log(line);
}

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Create(
    std::span<const uint8_t> compiler_wasm, std::span<const uint8_t> artifact,
    const Profile& job, WorkerOptions options) {
  std::unique_ptr<WorkerPool> pool(new WorkerPool(std::move(options)));
  pool->compiler_digest_ = Sha256(compiler_wasm);
  CompilerBytes compiler;
  compiler.wasm.assign(compiler_wasm.begin(), compiler_wasm.end());
  compiler.artifact.assign(artifact.begin(), artifact.end());
  compiler.profile.resize(kProfileBytes);
  ingot::Encode(job, compiler.profile);
  pool->compiler_file_ =
      memfd_create("ingot-compiler", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (pool->compiler_file_ < 0 ||
      !WriteAll(pool->compiler_file_, Encode(compiler), 0) ||
      fcntl(pool->compiler_file_, F_ADD_SEALS,
            F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
    return Error("the compiler's file");
  }
  pool->spawner_ = std::thread([raw = pool.get()] { raw->Spawn(); });
  return pool;
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (spawner_.joinable()) spawner_.join();
  ready_.clear();
  if (compiler_file_ >= 0) close(compiler_file_);
}

absl::StatusOr<std::unique_ptr<WorkerPool::Worker>> WorkerPool::Start(
    const std::string& mode) {
  auto worker = std::make_unique<Worker>();
  worker->job = File(memfd_create("ingot-job", MFD_CLOEXEC));
  worker->reply = File(memfd_create("ingot-reply", MFD_CLOEXEC));
  if (!worker->job.ok() || !worker->reply.ok() ||
      ftruncate(worker->job.get(), kJobOffset) != 0) {
    return Error("its memory files");
  }
  void* const page = mmap(nullptr, kJobOffset, PROT_READ | PROT_WRITE,
                          MAP_SHARED, worker->job.get(), 0);
  if (page == MAP_FAILED) return Error("its job");
  worker->header = static_cast<JobHeader*>(page);

  const uint64_t cpu_seconds =
      static_cast<uint64_t>(options_.job_time.count()) / 1000 + 60;
  std::vector<std::string> words = options_.command;
  for (const std::string& word :
       {mode, std::to_string(options_.max_reply_bytes),
        std::to_string(options_.max_data_bytes), std::to_string(cpu_seconds),
        std::to_string(getpid())}) {
    words.push_back(word);
  }
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  absl::StatusOr<pid_t> pid = StartProcess(
      argv, {worker->job.get(), worker->reply.get(), compiler_file_});
  if (!pid.ok()) return pid.status();
  worker->pid = *pid;
  worker->process = File(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
  if (!worker->process.ok()) return Error("pidfd");
  ++counters_.started;
  return worker;
}

void WorkerPool::Spawn() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] {
      return stopping_ || ready_.size() < std::max(options_.ready, 1u);
    });
    if (stopping_) return;
    lock.unlock();
    absl::StatusOr<std::unique_ptr<Worker>> worker = Start("compile");
    lock.lock();
    start_fault_ = worker.status();
    if (worker.ok()) {
      ready_.push_back(*std::move(worker));
      changed_.notify_all();
    } else {
      Log(std::string(start_fault_.message()));
      changed_.wait_for(lock, kStartAgain, [this] { return stopping_; });
    }
  }
}

absl::StatusOr<std::unique_ptr<WorkerPool::Worker>> WorkerPool::Take() {
  std::unique_lock<std::mutex> lock(mutex_);
  const bool there = changed_.wait_for(lock, options_.start_time, [this] {
    return stopping_ || !ready_.empty();
  });
  if (stopping_) return absl::UnavailableError("the workers are stopping");
  if (!there) {
    return start_fault_.ok() ? absl::UnavailableError("no worker starts")
                             : start_fault_;
  }
  std::unique_ptr<Worker> worker = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return worker;
}

absl::StatusOr<QuoteReply> WorkerPool::Exchange(Job job, uint32_t attempt) {
  absl::StatusOr<std::unique_ptr<Worker>> taken = Take();
  if (!taken.ok()) return taken.status();
  Worker& worker = **taken;
  job.nonce = next_nonce_++;
  const std::string bytes = Encode(job);
  if (!WriteAll(worker.job.get(), bytes, kJobOffset)) {
    return Error("writing its job");
  }
  worker.header->attempt = attempt;
  worker.header->job_bytes = bytes.size();
  worker.header->state.store(kPosted);
  syscall(SYS_futex, &worker.header->state, FUTEX_WAKE, 1, nullptr, nullptr,
          0);
  switch (worker.Await(options_.start_time, options_.job_time)) {
    case Worker::End::kEnded:
      break;
    case Worker::End::kStopped:
      return absl::UnavailableError("a worker was stopped; it was killed");
    case Worker::End::kAsleep:
      return absl::UnavailableError("a worker slept; it was killed");
    case Worker::End::kTimeOut:
      return absl::DeadlineExceededError(
          "a worker: no reply in time; it was killed");
  }
  const int status = worker.Reap();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::UnavailableError("a worker " + HowItEnded(status));
  }
  absl::StatusOr<std::string> text =
      ReadAll(worker.reply.get(), options_.max_reply_bytes);
  if (!text.ok()) return text.status();
  absl::StatusOr<Reply> reply = DecodeReply(*text);
  if (!reply.ok()) return reply.status();
  if (reply->nonce != job.nonce) {
    return absl::DataLossError("a worker: the reply to another job");
  }
  if (!reply->fault.ok()) return reply->fault;
  return std::move(reply->answer);
}

absl::Status WorkerPool::CheckVerdict(const Job& job, const Profile& profile,
                                      const Verdict& verdict) const {
  if (verdict.compile_gas > job.gas_limit ||
      (verdict.kind == VerdictKind::kOutOfGas &&
       verdict.compile_gas != job.gas_limit) ||
      (verdict.kind == VerdictKind::kAccepted) == verdict.artifact.empty()) {
    return absl::DataLossError("a worker: a verdict that cannot be");
  }
  if (verdict.kind != VerdictKind::kAccepted) return absl::OkStatus();
  if (Sha256(verdict.artifact) != verdict.artifact_digest) {
    return absl::DataLossError("a worker: another artifact than it says");
  }
  runtime::ExpectedArtifact expected;
  expected.module = verdict.module_digest;
  expected.compiler = verdict.compiler_digest;
  expected.profile = &profile;
  const auto view = runtime::ReadArtifact(verdict.artifact, expected);
  const bool elsewhere = runtime::ArtifactErrorOf(view.status()) ==
                         runtime::ArtifactError::kIsaUnsupported;
  if (elsewhere) return absl::OkStatus();
  const absl::Status sound =
      view.ok() ? runtime::VerifyWithModule(*view, job.module) : view.status();
  if (!sound.ok()) {
    return absl::DataLossError(
        absl::StrCat("a worker: an artifact that is refused: ",
                     std::string(sound.message())));
  }
  return absl::OkStatus();
}

absl::Status WorkerPool::CheckQuote(const Job& job,
                                    const QuoteReply& quote) const {
  const bool open = quote.verdict.kind == VerdictKind::kAccepted;
  const bool spent = quote.verdict.kind == VerdictKind::kOutOfGas;
  const bool bounds =
      open || spent ? quote.lower_gas <= quote.upper_gas
                    : quote.lower_gas == quote.quote_gas &&
                          quote.upper_gas == quote.quote_gas;
  if (!bounds || quote.quote_gas > job.gas_limit ||
      (spent && quote.lower_gas != job.gas_limit) ||
      quote.verdict.compile_gas != quote.lower_gas ||
      !quote.verdict.artifact.empty()) {
    return absl::DataLossError("a worker: a quote that cannot be");
  }
  return absl::OkStatus();
}

absl::StatusOr<QuoteReply> WorkerPool::TryUntilSound(const Job& job,
                                                     const Profile& profile,
                                                     uint32_t first_attempt) {
  const Digest module = Sha256(job.module);
  const Digest profile_digest = Sha256(job.profile);
  absl::Status last;
  for (uint32_t i = 0; i < std::max(options_.attempts, 1u); ++i) {
    absl::StatusOr<QuoteReply> answer = Exchange(job, first_attempt + i);
    last = answer.status();
    if (answer.ok()) {
      // What a broken worker may say is compared with what is known here.
      const Verdict& verdict = answer->verdict;
      if (verdict.module_digest != module ||
          verdict.compiler_digest != compiler_digest_ ||
          verdict.profile_digest != profile_digest) {
        last = absl::DataLossError("a worker: the verdict of another job");
      } else if (job.kind == Job::Kind::kQuote) {
        last = CheckQuote(job, *answer);
      } else {
        last = CheckVerdict(job, profile, verdict);
      }
    }
    if (last.ok()) return answer;
    ++counters_.lost;
    Log(absl::StrCat("try ", i + 1, " of ", options_.attempts, " for module ",
                     module.Hex(), ": ", std::string(last.message())));
  }
  return absl::UnavailableError(
      absl::StrCat("every try was lost; the last: ",
                   std::string(last.message())));
}

absl::StatusOr<Verdict> WorkerPool::Compile(
    std::span<const uint8_t> module_bytes, const Profile& profile,
    uint64_t gas_limit) {
  const Job job =
      MakeJob(Job::Kind::kCompile, module_bytes, profile, gas_limit);
  absl::StatusOr<QuoteReply> answer = TryUntilSound(job, profile, 0);
  if (!answer.ok()) return answer.status();
  if (options_.confirmations >= 2) {
    const absl::StatusOr<QuoteReply> again =
        TryUntilSound(job, profile, options_.attempts);
    if (!again.ok()) return again.status();
    if (!(answer->verdict == again->verdict)) {
      ++counters_.doubts;
      Log("two workers disagree about module " + Sha256(job.module).Hex());
      return absl::UnavailableError("two workers disagree");
    }
  }
  return std::move(answer->verdict);
}

absl::StatusOr<QuoteReply> WorkerPool::Quote(
    std::span<const uint8_t> module_bytes, const Profile& profile,
    uint64_t gas_limit) {
  return TryUntilSound(
      MakeJob(Job::Kind::kQuote, module_bytes, profile, gas_limit), profile,
      0);
}

absl::StatusOr<WorkerPool::ProbeReport> WorkerPool::Probe() {
  absl::StatusOr<std::unique_ptr<Worker>> worker = Start("probe");
  if (!worker.ok()) return worker.status();
  if ((*worker)->Await(options_.start_time, options_.start_time) !=
      Worker::End::kEnded) {
    return absl::DeadlineExceededError("the probe hangs");
  }
  const int status = (*worker)->Reap();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::UnavailableError("the probe " + HowItEnded(status));
  }
  absl::StatusOr<std::string> text = ReadAll((*worker)->reply.get(), 1 << 16);
  if (!text.ok()) return text.status();
  ProbeReport report;
  bool complete = false;
  for (size_t at = 0; at < text->size();) {
    const size_t end = std::min(text->find('\n', at), text->size());
    const std::string line = text->substr(at, end - at);
    at = end + 1;
    if (line.starts_with("has ")) report.protections.push_back(line.substr(4));
    if (line.starts_with("reached ")) report.reached.push_back(line.substr(8));
    complete = line == "end";
  }
  if (!complete) return absl::DataLossError("the probe did not finish");
  return report;
}

}  // namespace ingot::sandbox
