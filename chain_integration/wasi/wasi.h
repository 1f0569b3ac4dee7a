#ifndef CHAIN_INTEGRATION_WASI_WASI_H_
#define CHAIN_INTEGRATION_WASI_WASI_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/store.h"

// A deterministic WASI: enough for a command-line program to compute and
// print, nothing that a second node could see differently.
//
// In: the arguments. Out: captured output and the exit code. Holds: no files,
// an empty environment, standard input at its end, the clock at 0, random
// bytes 0; every other function of the interface answers with an errno. A bad
// pointer is answered with EFAULT, never with a trap. Each function charges
// its gas before it works, from the sizes that it was given.

namespace ingot::wasi {

// Gas of a call, charged before anything else; then per iovec and argument;
// then per byte that is copied or cleared.
inline constexpr uint64_t kCallGas = 1000;
inline constexpr uint64_t kItemGas = 100;
inline constexpr uint64_t kByteGas = 4;

// Bytes that standard output and standard error hold together; a write that
// would exceed it is answered with ENOSPC as a whole.
inline constexpr uint64_t kMaxCapturedBytes = 16 << 20;

struct HostImport {
  runtime::Signature signature;
  runtime::HostFunction function;
};

// The program's surroundings for one run. It must outlive the store that its
// functions were added to.
class Host {
 public:
  // `args` is the whole argv, the program's name included; empty: argc is 0.
  explicit Host(std::vector<std::string> args = {});
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // The function behind an import; nullopt when it is not provided. Modules
  // `wasi_snapshot_preview1` and `wasi_unstable`, and `bench` with `start` and
  // `end`, which mark the timed part of a benchmark.
  std::optional<HostImport> Find(std::string_view module,
                                 std::string_view name);

  // Called at `bench.start` (true) and `bench.end` (false). It must not change
  // what the program computes.
  void OnBenchMark(std::function<void(bool starts)> callback) {
    on_bench_mark_ = std::move(callback);
  }

  const std::string& captured_stdout() const { return stdout_; }
  const std::string& captured_stderr() const { return stderr_; }

  // What proc_exit was called with; a run ended by it is OutcomeKind::
  // kReverted with that code, code 0 included.
  std::optional<uint32_t> exit_code() const { return exit_code_; }

 private:
  struct Call;
  enum class Errno : uint32_t;
  using Answer = Errno (Host::*)(Call& call);

  std::optional<HostImport> MakeImport(std::string_view parameters,
                                       Answer answer);
  HostImport MakeBenchMark(bool starts);

  Errno ArgsGet(Call& call);
  Errno ArgsSizesGet(Call& call);
  Errno EnvironGet(Call& call);
  Errno EnvironSizesGet(Call& call);
  Errno ClockResGet(Call& call);
  Errno ClockTimeGet(Call& call);
  Errno FdClose(Call& call);
  Errno FdFdstatGet(Call& call);
  Errno FdRead(Call& call);
  Errno FdWrite(Call& call);
  Errno NotAFile(Call& call);
  Errno NotSeekable(Call& call);
  Errno NotSupported(Call& call);
  Errno ProcExit(Call& call);
  Errno RandomGet(Call& call);
  Errno SchedYield(Call& call);

  std::vector<std::string> args_;
  std::string stdout_;
  std::string stderr_;
  std::optional<uint32_t> exit_code_;
  std::function<void(bool)> on_bench_mark_;
};

// Whether a module of this name belongs to this host.
bool IsWasiModule(std::string_view module);

}  // namespace ingot::wasi

#endif  // CHAIN_INTEGRATION_WASI_WASI_H_
