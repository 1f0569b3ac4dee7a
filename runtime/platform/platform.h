#ifndef RUNTIME_PLATFORM_PLATFORM_H_
#define RUNTIME_PLATFORM_PLATFORM_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// Everything that the executor needs from its surroundings. A platform
// implements the functions below (platform_linux.cc is one) and nothing else;
// there is no clock and no randomness, on purpose. Nothing here throws; what
// can fail says so in its result, and the caller turns that into a fault.

namespace ingot::runtime::platform {

// Memory protection, commitment and mapping work in units of this many bytes.
inline constexpr size_t kPageBytes = 4096;

constexpr size_t RoundToPages(size_t bytes) {
  return (bytes + kPageBytes - 1) & ~(kPageBytes - 1);
}

// --- Heap -----------------------------------------------------------------

// Zeroed memory aligned to 16 bytes; null when there is none.
[[nodiscard]] void* Allocate(size_t bytes);
void Free(void* memory);

// --- Address space --------------------------------------------------------

// Address space that cannot be accessed and costs no memory; null when there
// is none. `bytes` is a multiple of kPageBytes, here and below.
[[nodiscard]] uint8_t* Reserve(size_t bytes);
// Makes a part of a reservation readable and writable. Pages that were never
// committed, or that were cleared, read as 0.
[[nodiscard]] bool Commit(uint8_t* address, size_t bytes);
// Makes a part of a reservation inaccessible; its contents are kept.
[[nodiscard]] bool Protect(uint8_t* address, size_t bytes);
// Gives the memory of a part back: its contents become 0, its protection
// stays as it is.
[[nodiscard]] bool Clear(uint8_t* address, size_t bytes);
// Ends a whole reservation.
void Release(uint8_t* address, size_t bytes);

// --- Code -----------------------------------------------------------------

// Bytes that nobody can change any more, readable at `bytes`. What is checked
// there is what MapCode maps.
struct SealedBytes {
  int handle = -1;
  std::span<const uint8_t> bytes;

  bool ok() const { return handle >= 0; }
};

// Copies and seals; not ok() when the platform has no memory for it.
[[nodiscard]] SealedBytes Seal(std::span<const uint8_t> bytes);
void Unseal(SealedBytes& sealed);

// Puts sealed bytes, a multiple of kPageBytes, over a committed part of a
// reservation: readable and writable, what is written stays private, and Clear
// brings the sealed bytes back.
[[nodiscard]] bool MapPrivate(uint8_t* address, const SealedBytes& sealed);
// Puts zeros there again, readable and writable.
[[nodiscard]] bool MapZeros(uint8_t* address, size_t bytes);

// Maps [offset, offset + code + data) of sealed bytes in one range: the first
// `code` bytes readable and executable, the rest readable. Never writable. All
// three are multiples of kPageBytes. Null when there is no address space.
[[nodiscard]] const uint8_t* MapCode(const SealedBytes& sealed, size_t offset,
                                     size_t code, size_t data);
void UnmapCode(const uint8_t* address, size_t bytes);

// --- Faults of the processor ----------------------------------------------

enum class FaultKind : uint8_t {
  kMemory,   // an access that the memory does not allow, at `address`
  kIllegal,  // an instruction that does not exist (ud2)
};

// A fault with the registers that native code pins. A handler that takes the
// fault may change them; the thread goes on with what it finds here.
struct Fault {
  FaultKind kind = FaultKind::kMemory;
  uint64_t address = 0;  // kMemory only
  uint64_t pc = 0;
  uint64_t sp = 0;
  uint64_t r14 = 0;
  uint64_t r15 = 0;
};

// Called on the faulting thread, on a stack of its own, possibly in the middle
// of anything: it may use only memory that is never locked or moved. True: the
// registers were rewritten and the thread goes on there. False: the fault is
// not ours and goes to whoever handled such faults before.
using FaultHandler = bool (*)(Fault& fault);

// Sets the one handler of the process; the first call counts. False when the
// platform refuses.
[[nodiscard]] bool InstallFaultHandler(FaultHandler handler);
// Gives the calling thread the stack that handlers run on and lets interrupts
// reach it, once per thread; without it a fault on this thread ends the process.
[[nodiscard]] bool PrepareThread();

// --- Interrupts -----------------------------------------------------------

// Called on an interrupted thread under the rules of a FaultHandler, and at any
// time without a reason, too. May change the registers of `at` (its kind and
// address mean nothing); true if it did.
using InterruptHandler = bool (*)(Fault& at);

// Sets the one handler of the process; the first call counts. False when the
// platform refuses.
[[nodiscard]] bool InstallInterruptHandler(InterruptHandler handler);
// The calling thread, for InterruptThread; never 0.
uint64_t ThisThread();
// Makes a thread of this process call the handler, wherever it is. Nothing
// happens when the thread has ended.
void InterruptThread(uint64_t thread);

// --- Thread ---------------------------------------------------------------

// One pointer per thread, null at first; may be read in a fault handler.
void* ThreadSlot();
void SetThreadSlot(void* value);

// The calling thread's own stack: [lowest, highest).
struct StackBounds {
  uint64_t lowest = 0;
  uint64_t highest = 0;
};
StackBounds ThreadStack();

// --- Log ------------------------------------------------------------------

enum class LogLevel : uint8_t { kInfo, kWarning, kError };
using LogSink = void (*)(LogLevel level, std::string_view text);

// Goes to the sink; to standard error when there is none.
void Log(LogLevel level, std::string_view text);
void SetLogSink(LogSink sink);

}  // namespace ingot::runtime::platform

#endif  // RUNTIME_PLATFORM_PLATFORM_H_
