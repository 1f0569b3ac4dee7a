// The jail on Linux: namespaces and landlock as far as the machine has them,
// then resource limits, no_new_privs and a seccomp allow-list. In and out: see
// the header. Holds: memory can be made, never made executable; memory files
// can be made, no other file; no process can be made, signalled or traced.

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <utility>

#include "sandbox/worker/jail.h"

namespace ingot::sandbox {
namespace {

absl::Status Error(const char* what) {
  return absl::UnavailableError(std::string("the worker's jail: ") + what +
                                ": " + std::strerror(errno));
}

bool Limit(__rlimit_resource resource, uint64_t value) {
  const rlimit limit{value, value};
  return setrlimit(resource, &limit) == 0;
}

absl::Status SetLimits(const JailOptions& options) {
  // Files: three of the service's, some for memory images.
  if (!Limit(RLIMIT_CORE, 0) || !Limit(RLIMIT_NOFILE, 64) ||
      !Limit(RLIMIT_MSGQUEUE, 0) || !Limit(RLIMIT_MEMLOCK, 0)) {
    return Error("limits");
  }
  if (options.max_data_bytes != 0 &&
      !Limit(RLIMIT_DATA, options.max_data_bytes)) {
    return Error("limit of data");
  }
  if (options.max_reply_bytes != 0 &&
      !Limit(RLIMIT_FSIZE, options.max_reply_bytes)) {
    return Error("limit of files");
  }
  if (options.cpu_seconds != 0 && !Limit(RLIMIT_CPU, options.cpu_seconds)) {
    return Error("limit of time");
  }
  return absl::OkStatus();
}

void EnterNamespaces(std::vector<std::string>* protections) {
  constexpr int kOthers = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                          CLONE_NEWNS | CLONE_NEWCGROUP;
  // Where users may not make namespaces, root still gets the others.
  if (unshare(CLONE_NEWUSER) == 0) protections->push_back("user_namespace");
  if (unshare(kOthers) == 0) protections->push_back("namespaces");
}

// An empty set of rules for all accesses that the kernel knows: no file of any
// file system, whatever its path.
void EnterLandlock(std::vector<std::string>* protections) {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0,
              LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return;
  landlock_ruleset_attr rules{};
  rules.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  const long set =
      syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
  if (set < 0) return;
  if (syscall(SYS_landlock_restrict_self, set, 0) == 0) {
    protections->push_back("landlock");
  }
  close(static_cast<int>(set));
}

// What compiling, allocating and dying in order need.
constexpr int kAllowed[] = {
    SCMP_SYS(brk),           SCMP_SYS(clock_gettime),
    SCMP_SYS(close),         SCMP_SYS(exit),
    SCMP_SYS(exit_group),    SCMP_SYS(fcntl),
    SCMP_SYS(fstat),         SCMP_SYS(ftruncate),
    SCMP_SYS(futex),         SCMP_SYS(getpid),
    SCMP_SYS(getrandom),     SCMP_SYS(gettid),
    SCMP_SYS(lseek),         SCMP_SYS(madvise),
    SCMP_SYS(membarrier),    SCMP_SYS(memfd_create),
    SCMP_SYS(mremap),        SCMP_SYS(munmap),
    SCMP_SYS(pread64),       SCMP_SYS(pwrite64),
    SCMP_SYS(read),          SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),  SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),  SCMP_SYS(sched_yield),
    SCMP_SYS(sigaltstack),   SCMP_SYS(write),
};

absl::Status EnterSeccomp(JailOptions::Misuse misuse) {
  const uint32_t otherwise = misuse == JailOptions::Misuse::kKill
                                 ? SCMP_ACT_KILL_PROCESS
                                 : SCMP_ACT_ERRNO(EPERM);
  scmp_filter_ctx filter = seccomp_init(otherwise);
  if (filter == nullptr) return Error("seccomp");
  int result = 0;
  const auto add = [&](int code) {
    if (result == 0) result = code;
  };
  for (const int call : kAllowed) {
    add(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0));
  }
  // Memory, but never executable.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    add(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                         SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
  }
  // A signal to itself: abort() ends so.
  add(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                       SCMP_A0(SCMP_CMP_EQ,
                               static_cast<scmp_datum_t>(getpid()), 0)));
  if (result == 0) result = seccomp_load(filter);
  seccomp_release(filter);
  if (result != 0) {
    errno = -result;
    return Error("seccomp");
  }
  return absl::OkStatus();
}

bool Opens(const char* path, int flags) {
  const int fd = open(path, flags);
  if (fd < 0) return false;
  close(fd);
  return true;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> EnterJail(const JailOptions& options) {
  std::vector<std::string> protections;
  EnterNamespaces(&protections);
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return Error("dumpable");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return Error("no_new_privs");
  }
  protections.push_back("no_new_privs");
  EnterLandlock(&protections);
  if (absl::Status set = SetLimits(options); !set.ok()) return set;
  protections.push_back("rlimits");
  if (absl::Status entered = EnterSeccomp(options.misuse); !entered.ok()) {
    return entered;
  }
  protections.push_back("seccomp");
  return protections;
}

std::vector<std::string> ProbeReachable() {
  static char buffer[4096];
  const auto done = [](long result) { return result >= 0; };
  const iovec here{buffer, sizeof(buffer)};
  const std::pair<const char*, std::function<bool()>> attempts[] = {
      {"read a file", [] { return Opens("/etc/passwd", O_RDONLY); }},
      {"write a file",
       [] { return Opens("/tmp/ingot-probe", O_WRONLY | O_CREAT); }},
      {"read /proc", [] { return Opens("/proc/self/maps", O_RDONLY); }},
      {"list the root", [] { return Opens("/", O_RDONLY | O_DIRECTORY); }},
      {"make a network socket",
       [&] { return done(socket(AF_INET, SOCK_STREAM, 0)); }},
      {"make a unix socket",
       [&] { return done(socket(AF_UNIX, SOCK_STREAM, 0)); }},
      {"make a process",
       [] {
         const long child = syscall(SYS_fork);
         if (child == 0) syscall(SYS_exit_group, 0);
         return child > 0;
       }},
      {"run a program",
       [] {
         // Only an error returns; success shows as a worker without a reply.
         execl("/bin/true", "true", nullptr);
         return errno != EPERM;
       }},
      {"signal its parent", [&] { return done(syscall(SYS_kill, getppid(), 0)); }},
      {"be traced", [&] { return done(ptrace(PTRACE_TRACEME, 0, 0, 0)); }},
      {"read another process",
       [&] {
         return done(syscall(SYS_process_vm_readv, 1, &here, 1, &here, 1, 0));
       }},
      {"map executable memory",
       [] {
         return mmap(nullptr, 4096, PROT_READ | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
       }},
      {"make memory executable",
       [] {
         void* const memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         return mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0;
       }},
      {"use io_uring",
       [&] { return done(syscall(SYS_io_uring_setup, 1, buffer)); }},
      {"load a kernel program",
       [&] { return done(syscall(SYS_bpf, 0, buffer, 16)); }},
      {"count events",
       [&] {
         return done(syscall(SYS_perf_event_open, buffer, 0, -1, -1, 0));
       }},
      {"handle page faults", [&] { return done(syscall(SYS_userfaultfd, 0)); }},
      {"make a namespace", [&] { return done(unshare(CLONE_NEWUSER)); }},
      {"become another user", [&] { return done(setuid(getuid() + 1)); }},
      {"raise a limit",
       [] { return Limit(RLIMIT_NOFILE, 1 << 16); }},
      {"use a foreign descriptor",
       [&] {
         for (int fd = 0; fd < 64; ++fd) {
           const bool own = fd >= 3 && fd <= 5;
           if (!own && done(fcntl(fd, F_GETFD))) return true;
         }
         return false;
       }},
  };
  std::vector<std::string> reached;
  for (const auto& [name, attempt] : attempts) {
    if (attempt()) reached.push_back(name);
  }
  return reached;
}

}  // namespace ingot::sandbox
