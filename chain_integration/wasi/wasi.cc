// The deterministic WASI. In: calls of a program. Out: an errno each, bytes
// written to the program's memory, captured output. Holds: what a call answers
// depends on the arguments of the program and its earlier calls only, and its
// gas on the sizes that it names. Interface: the witx files of
// wasi_snapshot_preview1; one row per function in functions.def.

#include "chain_integration/wasi/wasi.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace ingot::wasi {

using runtime::Caller;
using runtime::HostResult;
using runtime::Value;
using wasm::ValType;

// Numbers of the interface's `errno`.
enum class Host::Errno : uint32_t {
  kSuccess = 0,
  kBadf = 8,
  kFault = 21,
  kInval = 28,
  kNospc = 51,
  kNosys = 52,
  kSpipe = 70,
};

// One call: its arguments, the caller's memory, and whether the gas ran out.
struct Host::Call {
  Caller& caller;
  std::span<const Value> args;
  bool out_of_gas = false;
  bool exits = false;

  uint32_t Arg(size_t i) const { return static_cast<uint32_t>(args[i].bits); }

  bool Charge(uint64_t gas) {
    if (!caller.ChargeGas(gas)) out_of_gas = true;
    return !out_of_gas;
  }

  bool Store32(uint32_t address, uint32_t value) {
    return Store(address, &value, sizeof(value));
  }
  bool Store64(uint32_t address, uint64_t value) {
    return Store(address, &value, sizeof(value));
  }
  bool Store(uint32_t address, const void* bytes, size_t size) {
    const auto range = caller.MemoryRange(address, size);
    if (!range) return false;
    std::memcpy(range->data(), bytes, size);
    return true;
  }
};

static_assert(std::endian::native == std::endian::little);

namespace {

// Standard input, output and error are the only open descriptors.
constexpr uint32_t kStdin = 0;
constexpr uint32_t kStdout = 1;
constexpr uint32_t kStderr = 2;
bool IsOpen(uint32_t fd) { return fd <= kStderr; }

constexpr uint64_t kRightRead = uint64_t{1} << 1;
constexpr uint64_t kRightWrite = uint64_t{1} << 6;
constexpr uint8_t kCharacterDevice = 2;

constexpr uint32_t kIovecBytes = 8;

}  // namespace

Host::Host(std::vector<std::string> args) : args_(std::move(args)) {}

bool IsWasiModule(std::string_view module) {
  return module == "wasi_snapshot_preview1" || module == "wasi_unstable";
}

std::optional<HostImport> Host::Find(std::string_view module,
                                     std::string_view name) {
  if (module == "bench") {
    if (name == "start") return MakeBenchMark(true);
    if (name == "end") return MakeBenchMark(false);
    return std::nullopt;
  }
  if (!IsWasiModule(module)) return std::nullopt;
  if (module == "wasi_unstable" && name == "sock_accept") return std::nullopt;
#define INGOT_WASI(function, parameters, answer) \
  if (name == #function) return MakeImport(parameters, &Host::answer);
#include "chain_integration/wasi/functions.def"
#undef INGOT_WASI
  return std::nullopt;
}

std::optional<HostImport> Host::MakeImport(std::string_view parameters,
                                           Answer answer) {
  HostImport import;
  for (const char c : parameters) {
    import.signature.params.push_back(c == 'I' ? ValType::kI64
                                               : ValType::kI32);
  }
  if (answer != &Host::ProcExit) {
    import.signature.results.push_back(ValType::kI32);
  }
  import.function = [this, answer](Caller& caller, std::span<const Value> args,
                                   std::span<Value> results) {
    Call call{caller, args};
    if (!call.Charge(kCallGas)) return HostResult::OutOfGas();
    const Errno error = (this->*answer)(call);
    if (call.out_of_gas) return HostResult::OutOfGas();
    if (call.exits) return HostResult::Revert(*exit_code_, "proc_exit");
    results[0].bits = static_cast<uint32_t>(error);
    return HostResult::Ok();
  };
  return import;
}

HostImport Host::MakeBenchMark(bool starts) {
  HostImport import;
  import.function = [this, starts](Caller& caller, std::span<const Value>,
                                   std::span<Value>) {
    if (!caller.ChargeGas(kCallGas)) return HostResult::OutOfGas();
    if (on_bench_mark_) on_bench_mark_(starts);
    return HostResult::Ok();
  };
  return import;
}

// args_get(argv, argv_buf): pointers, then the strings with a final 0 each.
Host::Errno Host::ArgsGet(Call& call) {
  uint64_t bytes = 0;
  for (const std::string& arg : args_) bytes += arg.size() + 1;
  if (!call.Charge(kItemGas * args_.size() + kByteGas * bytes)) {
    return Errno::kSuccess;
  }
  uint64_t pointer = call.Arg(0);
  uint64_t text = call.Arg(1);
  if (!call.caller.MemoryRange(pointer, 4 * args_.size()) ||
      !call.caller.MemoryRange(text, bytes)) {
    return Errno::kFault;
  }
  for (const std::string& arg : args_) {
    call.Store32(static_cast<uint32_t>(pointer), static_cast<uint32_t>(text));
    call.Store(static_cast<uint32_t>(text), arg.c_str(), arg.size() + 1);
    pointer += 4;
    text += arg.size() + 1;
  }
  return Errno::kSuccess;
}

Host::Errno Host::ArgsSizesGet(Call& call) {
  uint64_t bytes = 0;
  for (const std::string& arg : args_) bytes += arg.size() + 1;
  const bool stored =
      call.Store32(call.Arg(0), static_cast<uint32_t>(args_.size())) &&
      call.Store32(call.Arg(1), static_cast<uint32_t>(bytes));
  return stored ? Errno::kSuccess : Errno::kFault;
}

Host::Errno Host::EnvironGet(Call&) { return Errno::kSuccess; }

Host::Errno Host::EnvironSizesGet(Call& call) {
  const bool stored =
      call.Store32(call.Arg(0), 0) && call.Store32(call.Arg(1), 0);
  return stored ? Errno::kSuccess : Errno::kFault;
}

// Clocks 0 to 3 exist, show 0 and tick once a nanosecond.
Host::Errno Host::ClockResGet(Call& call) {
  if (call.Arg(0) > 3) return Errno::kInval;
  return call.Store64(call.Arg(1), 1) ? Errno::kSuccess : Errno::kFault;
}

Host::Errno Host::ClockTimeGet(Call& call) {
  if (call.Arg(0) > 3) return Errno::kInval;
  return call.Store64(call.Arg(2), 0) ? Errno::kSuccess : Errno::kFault;
}

// Closing a standard descriptor succeeds and changes nothing: what is written
// to it afterwards is captured all the same.
Host::Errno Host::FdClose(Call& call) {
  return IsOpen(call.Arg(0)) ? Errno::kSuccess : Errno::kBadf;
}

// The three descriptors are character devices, so that a C library treats
// them as a terminal: it can neither seek nor ask for a size.
Host::Errno Host::FdFdstatGet(Call& call) {
  const uint32_t fd = call.Arg(0);
  if (!IsOpen(fd)) return Errno::kBadf;
  uint8_t fdstat[24] = {kCharacterDevice};
  const uint64_t rights = fd == kStdin ? kRightRead : kRightWrite;
  std::memcpy(&fdstat[8], &rights, sizeof(rights));
  return call.Store(call.Arg(1), fdstat, sizeof(fdstat)) ? Errno::kSuccess
                                                         : Errno::kFault;
}

// fd_read(fd, iovs, iovs_len, nread): standard input is at its end.
Host::Errno Host::FdRead(Call& call) {
  if (call.Arg(0) != kStdin) return Errno::kBadf;
  return call.Store32(call.Arg(3), 0) ? Errno::kSuccess : Errno::kFault;
}

// fd_write(fd, iovs, iovs_len, nwritten): all of it or nothing.
Host::Errno Host::FdWrite(Call& call) {
  const uint32_t fd = call.Arg(0);
  if (fd != kStdout && fd != kStderr) return Errno::kBadf;
  const uint64_t count = call.Arg(2);
  if (!call.Charge(kItemGas * count)) return Errno::kSuccess;
  const auto iovecs =
      call.caller.MemoryRange(call.Arg(1), kIovecBytes * count);
  if (!iovecs) return Errno::kFault;

  // The sizes first, so that the bytes are paid before they are looked at. At
  // most 2^29 iovecs fit a memory, so the sum fits 64 bits.
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t size;
    std::memcpy(&size, iovecs->data() + kIovecBytes * i + 4, sizeof(size));
    bytes += size;
  }
  if (!call.Charge(kByteGas * bytes)) return Errno::kSuccess;
  if (bytes > kMaxCapturedBytes - stdout_.size() - stderr_.size()) {
    return Errno::kNospc;
  }

  std::string written;
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t iovec[2];
    std::memcpy(iovec, iovecs->data() + kIovecBytes * i, sizeof(iovec));
    const auto range = call.caller.MemoryRange(iovec[0], iovec[1]);
    if (!range) return Errno::kFault;
    written.append(reinterpret_cast<const char*>(range->data()),
                   range->size());
  }
  if (!call.Store32(call.Arg(3), static_cast<uint32_t>(bytes))) {
    return Errno::kFault;
  }
  (fd == kStdout ? stdout_ : stderr_) += written;
  return Errno::kSuccess;
}

// What needs a file or a folder: none is open, so its descriptor is bad. A C
// library takes this answer of fd_prestat_get as the end of the list.
Host::Errno Host::NotAFile(Call&) { return Errno::kBadf; }

Host::Errno Host::NotSeekable(Call& call) {
  return IsOpen(call.Arg(0)) ? Errno::kSpipe : Errno::kBadf;
}

Host::Errno Host::NotSupported(Call&) { return Errno::kNosys; }

Host::Errno Host::ProcExit(Call& call) {
  exit_code_ = call.Arg(0);
  call.exits = true;
  return Errno::kSuccess;
}

Host::Errno Host::RandomGet(Call& call) {
  const uint64_t size = call.Arg(1);
  if (!call.Charge(kByteGas * size)) return Errno::kSuccess;
  const auto range = call.caller.MemoryRange(call.Arg(0), size);
  if (!range) return Errno::kFault;
  std::fill(range->begin(), range->end(), uint8_t{0});
  return Errno::kSuccess;
}

Host::Errno Host::SchedYield(Call&) { return Errno::kSuccess; }

}  // namespace ingot::wasi
