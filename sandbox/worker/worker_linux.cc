// The worker process on Linux. In and out: see the header. Holds: nothing of
// the service's is open here but the three files; the process dies with the
// service.

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "runtime/platform/platform.h"
#include "sandbox/compiler_loader.h"
#include "sandbox/quote_job.h"
#include "sandbox/worker/jail.h"
#include "sandbox/worker/protocol.h"
#include "sandbox/worker/time_slice.h"
#include "sandbox/worker/worker.h"

namespace ingot::sandbox {
namespace {

// Exit codes: the service only tells 0 from the rest, a reader of its log more.
constexpr int kExitSetup = 10;
constexpr int kExitJob = 11;
constexpr int kExitReply = 12;

absl::StatusOr<std::string> ReadFile(int file, uint64_t offset,
                                     uint64_t size) {
  std::string bytes(size, '\0');
  uint64_t have = 0;
  while (have < size) {
    const ssize_t got = pread(file, bytes.data() + have, size - have,
                              static_cast<off_t>(offset + have));
    if (got <= 0) return absl::UnavailableError("a memory file cannot be read");
    have += static_cast<uint64_t>(got);
  }
  return bytes;
}

bool WriteReply(std::string_view bytes) {
  uint64_t at = 0;
  while (at < bytes.size()) {
    const ssize_t written = pwrite(kReplyFile, bytes.data() + at,
                                   bytes.size() - at, static_cast<off_t>(at));
    if (written <= 0) return false;
    at += static_cast<uint64_t>(written);
  }
  return true;
}

// The service's words behind MODE, by their place; 0 for one that is missing.
uint64_t NumberAt(const std::vector<std::string>& arguments, size_t place) {
  return place < arguments.size()
             ? std::strtoull(arguments[place].c_str(), nullptr, 10)
             : 0;
}

JailOptions OptionsFrom(const std::vector<std::string>& arguments) {
  JailOptions options;
  options.max_reply_bytes = NumberAt(arguments, 1);
  options.max_data_bytes = NumberAt(arguments, 2);
  options.cpu_seconds = NumberAt(arguments, 3);
  return options;
}

absl::StatusOr<SandboxedCompiler> LoadFromFile() {
  struct stat status;
  if (fstat(kCompilerFile, &status) != 0) {
    return absl::UnavailableError("there is no compiler");
  }
  absl::StatusOr<std::string> bytes =
      ReadFile(kCompilerFile, 0, static_cast<uint64_t>(status.st_size));
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<CompilerBytes> compiler = DecodeCompiler(*bytes);
  if (!compiler.ok()) return compiler.status();
  Profile profile;
  if (!Decode(compiler->profile, &profile).ok()) {
    return absl::InvalidArgumentError("the compiler's profile is damaged");
  }
  return LoadCompilerArtifact(compiler->wasm, compiler->artifact, profile);
}

void AwaitJob(JobHeader& header) {
  // The job may be there already.
  uint32_t before = kWaiting;
  header.state.compare_exchange_strong(before, kReady);
  while (header.state.load() != kPosted) {
    syscall(SYS_futex, &header.state, FUTEX_WAIT, kReady, nullptr, nullptr, 0);
  }
  header.state.store(kTaken);
}

absl::StatusOr<QuoteReply> Compile(const SandboxedCompiler& compiler,
                                   const Job& job, const Profile& profile,
                                   uint32_t attempt,
                                   const WorkerHooks& hooks) {
  JobOptions options{.gas_limit = job.gas_limit};
  if (hooks.on_step) {
    options.on_step = [&](JobOptions::Step step) {
      hooks.on_step(attempt, step);
    };
  }
  absl::StatusOr<Verdict> verdict =
      CompileInSandbox(compiler, job.module, profile, options);
  if (!verdict.ok()) return verdict.status();
  return QuoteReply{.verdict = *std::move(verdict)};
}

absl::StatusOr<QuoteReply> AskForQuote(const SandboxedCompiler& compiler,
                                       const Job& job,
                                       const Profile& profile) {
  absl::StatusOr<Quote> quote =
      QuoteInSandbox(compiler, job.module, profile, job.gas_limit);
  if (!quote.ok()) return quote.status();
  return QuoteReply{.verdict = std::move(quote->verdict),
                    .lower_gas = quote->lower_gas,
                    .upper_gas = quote->upper_gas,
                    .quote_gas = quote->quote_gas};
}

Reply ReplyTo(const SandboxedCompiler& compiler, const Job& job,
              uint32_t attempt, const WorkerHooks& hooks) {
  Reply reply;
  reply.nonce = job.nonce;
  Profile profile;
  if (!Decode(job.profile, &profile).ok()) {
    reply.fault = absl::InvalidArgumentError("the job's profile is damaged");
    return reply;
  }
  absl::StatusOr<QuoteReply> answer =
      job.kind == Job::Kind::kQuote
          ? AskForQuote(compiler, job, profile)
          : Compile(compiler, job, profile, attempt, hooks);
  if (answer.ok()) {
    reply.answer = *std::move(answer);
  } else {
    reply.fault = answer.status();
  }
  return reply;
}

int Probe(JailOptions options) {
  options.misuse = JailOptions::Misuse::kRefuse;
  const absl::StatusOr<std::vector<std::string>> protections =
      EnterJail(options);
  if (!protections.ok()) return kExitSetup;
  std::string text;
  for (const std::string& name : *protections) text += "has " + name + "\n";
  for (const std::string& name : ProbeReachable()) {
    text += "reached " + name + "\n";
  }
  return WriteReply(text + "end\n") ? 0 : kExitReply;
}

}  // namespace

int WorkerMain(const std::vector<std::string>& arguments,
               const WorkerHooks& hooks) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  SetTimeSlice(std::chrono::microseconds(0));
  // The service may have died before that.
  if (static_cast<uint64_t>(getppid()) != NumberAt(arguments, 4)) {
    return kExitSetup;
  }
  syscall(SYS_close_range, kCompilerFile + 1, ~0u, 0);
  for (int fd = 0; fd < kJobFile; ++fd) close(fd);
  const JailOptions options = OptionsFrom(arguments);
  if (!arguments.empty() && arguments[0] == "probe") return Probe(options);

  const absl::StatusOr<SandboxedCompiler> compiler = LoadFromFile();
  if (!compiler.ok()) return kExitSetup;
  // Reads /proc, which is out of reach later; the answer is kept.
  runtime::platform::ThreadStack();
  void* const page = mmap(nullptr, kJobOffset, PROT_READ | PROT_WRITE,
                          MAP_SHARED, kJobFile, 0);
  if (page == MAP_FAILED) return kExitSetup;
  JobHeader& header = *static_cast<JobHeader*>(page);
  if (!EnterJail(options).ok()) return kExitSetup;
  AwaitJob(header);

  const uint32_t attempt = header.attempt;
  const absl::StatusOr<std::string> bytes =
      ReadFile(kJobFile, kJobOffset, header.job_bytes);
  if (!bytes.ok()) return kExitJob;
  const absl::StatusOr<Job> job = DecodeJob(*bytes);
  if (!job.ok()) return kExitJob;
  if (hooks.before_compile) hooks.before_compile(attempt);
  std::string reply = Encode(ReplyTo(*compiler, *job, attempt, hooks));
  if (hooks.on_reply) hooks.on_reply(attempt, &reply);
  // Not through exit(): nothing that was loaded needs a farewell.
  _exit(WriteReply(reply) ? 0 : kExitReply);
}

}  // namespace ingot::sandbox
