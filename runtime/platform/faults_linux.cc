// Faults of the processor and interrupts on Linux: the only file of Ingot whose
// code runs inside signal handlers. A SIGSEGV, SIGBUS, SIGILL or SIGFPE comes
// in; it is offered to the executor's handler and, when it is not ours, goes to
// the handler that stood there before. A SIGURG goes to both. It is the signal
// of interrupts because its default effect is none and nobody can rely on what
// one means, so that a stray one does no harm
// (docs/decisions/0010-a-call-is-cancelled-by-a-signal.md).
//
// What runs here and why it may: reading the ucontext (it is the handler's own
// argument); the executor's FaultHandler, which reads atomics that are never
// freed and this thread's own records; the thread slot, which is initial-exec
// TLS and so a plain load; sigaction(2), pthread_sigmask(3) and the previous
// handler (async-signal-safe by POSIX or by its own account). No lock, no allocation, no longjmp: the handler
// leaves by returning, with a rewritten context.

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include "runtime/platform/platform.h"

namespace ingot::runtime::platform {
namespace {

// SIGFPE is no fault of compiled code, but the verifier does not exclude it.
constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
constexpr int kSignalCount = 4;

// Room for the frames that the kernel pushes (which hold the vector
// registers, 2.7 KiB with AVX-512 and more with AMX) and a chained handler.
constexpr size_t kFaultStackBytes = 64 * 1024;

std::atomic<FaultHandler> g_handler{nullptr};
std::atomic<InterruptHandler> g_interrupt_handler{nullptr};
struct sigaction g_previous[kSignalCount];
struct sigaction g_previous_interrupt;

__attribute__((tls_model("initial-exec"))) thread_local void* t_slot = nullptr;
__attribute__((tls_model("initial-exec"))) thread_local uint64_t t_thread = 0;

int IndexOf(int signal_number) {
  for (int i = 0; i < kSignalCount; ++i) {
    if (kSignals[i] == signal_number) return i;
  }
  return 0;
}

// Calls a handler as the kernel would, with its own signals blocked: some, Go's
// for one, are not made to be interrupted. False when there is none.
bool CallPrevious(const struct sigaction& previous, int signal_number,
                  siginfo_t* info, void* context) {
  const bool wants_info = (previous.sa_flags & SA_SIGINFO) != 0;
  if (wants_info ? previous.sa_sigaction == nullptr
                 : previous.sa_handler == SIG_DFL ||
                       previous.sa_handler == SIG_IGN) {
    return false;
  }
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &previous.sa_mask, &before);
  if (wants_info) {
    previous.sa_sigaction(signal_number, info, context);
  } else {
    previous.sa_handler(signal_number);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return true;
}

void Chain(int signal_number, siginfo_t* info, void* context) {
  const struct sigaction& previous = g_previous[IndexOf(signal_number)];
  if (CallPrevious(previous, signal_number, info, context)) return;
  // Nobody wants it: the instruction faults again, with the default effect.
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  sigaction(signal_number, &standard, nullptr);
}

void ReadRegisters(const ucontext_t& context, Fault* fault) {
  const greg_t* registers = context.uc_mcontext.gregs;
  fault->pc = static_cast<uint64_t>(registers[REG_RIP]);
  fault->sp = static_cast<uint64_t>(registers[REG_RSP]);
  fault->r14 = static_cast<uint64_t>(registers[REG_R14]);
  fault->r15 = static_cast<uint64_t>(registers[REG_R15]);
}

void WriteRegisters(const Fault& fault, ucontext_t* context) {
  greg_t* registers = context->uc_mcontext.gregs;
  registers[REG_RIP] = static_cast<greg_t>(fault.pc);
  registers[REG_RSP] = static_cast<greg_t>(fault.sp);
  registers[REG_R14] = static_cast<greg_t>(fault.r14);
  registers[REG_R15] = static_cast<greg_t>(fault.r15);
}

void OnSignal(int signal_number, siginfo_t* info, void* context) {
  const FaultHandler handler = g_handler.load(std::memory_order_acquire);
  // A signal that was sent (kill, raise) is not a fault.
  const bool is_fault = info->si_code > 0;
  if (handler != nullptr && is_fault) {
    Fault fault;
    fault.kind =
        signal_number == SIGILL || signal_number == SIGFPE
            ? FaultKind::kIllegal
            : FaultKind::kMemory;
    fault.address = fault.kind == FaultKind::kMemory
                        ? reinterpret_cast<uint64_t>(info->si_addr)
                        : 0;
    ReadRegisters(*static_cast<ucontext_t*>(context), &fault);
    if (handler(fault)) {
      WriteRegisters(fault, static_cast<ucontext_t*>(context));
      return;
    }
  }
  Chain(signal_number, info, context);
}

// The previous handler goes first: it sees where the thread really was.
void OnInterrupt(int signal_number, siginfo_t* info, void* context) {
  CallPrevious(g_previous_interrupt, signal_number, info, context);
  Fault at;
  ReadRegisters(*static_cast<ucontext_t*>(context), &at);
  const InterruptHandler handler =
      g_interrupt_handler.load(std::memory_order_acquire);
  if (handler != nullptr && handler(at)) {
    WriteRegisters(at, static_cast<ucontext_t*>(context));
  }
}

// The thread that forks is another one in the child.
void ForgetThread() { t_thread = 0; }

void UnblockInterrupts() {
  sigset_t interrupts;
  sigemptyset(&interrupts);
  sigaddset(&interrupts, SIGURG);
  pthread_sigmask(SIG_UNBLOCK, &interrupts, nullptr);
}

// A thread's fault stack, unless the thread has one that is large enough.
class FaultStack {
 public:
  FaultStack() {
    UnblockInterrupts();
    stack_t current;
    if (sigaltstack(nullptr, &current) != 0) return;
    if ((current.ss_flags & SS_DISABLE) == 0 &&
        current.ss_size >= kFaultStackBytes / 2) {
      ok_ = true;
      return;
    }
    void* memory = mmap(nullptr, kFaultStackBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    stack_t stack = {};
    stack.ss_sp = memory;
    stack.ss_size = kFaultStackBytes;
    if (sigaltstack(&stack, nullptr) != 0) {
      munmap(memory, kFaultStackBytes);
      return;
    }
    memory_ = memory;
    ok_ = true;
  }
  ~FaultStack() {
    if (memory_ == nullptr) return;
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
    munmap(memory_, kFaultStackBytes);
  }
  FaultStack(const FaultStack&) = delete;
  FaultStack& operator=(const FaultStack&) = delete;

  bool ok() const { return ok_; }

 private:
  void* memory_ = nullptr;
  bool ok_ = false;
};

}  // namespace

bool InstallFaultHandler(FaultHandler handler) {
  static std::mutex mutex;
  static bool installed = false;
  const std::lock_guard<std::mutex> lock(mutex);
  if (installed) return true;
  g_handler.store(handler, std::memory_order_release);
  // All previous actions are recorded before the first of ours stands.
  for (int i = 0; i < kSignalCount; ++i) {
    if (sigaction(kSignals[i], nullptr, &g_previous[i]) != 0) return false;
  }
  struct sigaction action = {};
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (int signal_number : kSignals) {
    if (sigaction(signal_number, &action, nullptr) != 0) return false;
  }
  installed = true;
  return true;
}

bool InstallInterruptHandler(InterruptHandler handler) {
  static std::mutex mutex;
  static bool installed = false;
  const std::lock_guard<std::mutex> lock(mutex);
  if (installed) return true;
  g_interrupt_handler.store(handler, std::memory_order_release);
  if (sigaction(SIGURG, nullptr, &g_previous_interrupt) != 0) return false;
  if (pthread_atfork(nullptr, nullptr, ForgetThread) != 0) return false;
  struct sigaction action = {};
  action.sa_sigaction = OnInterrupt;
  // A host function's system calls go on as if nothing had happened.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGURG, &action, nullptr) != 0) return false;
  installed = true;
  return true;
}

uint64_t ThisThread() {
  if (t_thread == 0) t_thread = static_cast<uint64_t>(syscall(SYS_gettid));
  return t_thread;
}

void InterruptThread(uint64_t thread) {
  syscall(SYS_tgkill, getpid(), static_cast<pid_t>(thread), SIGURG);
}

bool PrepareThread() {
  thread_local FaultStack stack;
  return stack.ok();
}

void* ThreadSlot() { return t_slot; }
void SetThreadSlot(void* value) { t_slot = value; }

}  // namespace ingot::runtime::platform
