#ifndef FUZZ_DIFFERENTIAL_HOST_H_
#define FUZZ_DIFFERENTIAL_HOST_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "chain_integration/wasi/wasi.h"
#include "runtime/program.h"
#include "runtime/store.h"

// A host for any module, the same for every engine. In: a program and a kind
// of host. Out: one Extern per import. Holds: what a function answers depends
// on its number, its arguments and the calls before it only, each call is
// logged with the gas used so far, and each call costs gas.

namespace ingot::fuzz {

enum class HostKind : uint8_t {
  kNone,   // the module must not import anything
  kStubs,  // functions return zeros
  kNoise,  // functions return numbers that look random, and write to memory 0
  kWasi,   // WASI; what WASI does not have is a stub
};

// "none", "stubs", "noise", "wasi".
std::optional<HostKind> HostKindOf(std::string_view name);

// A call of an imported function.
struct HostCall {
  uint32_t import = 0;
  uint64_t args = 0;  // a hash of its arguments
  uint64_t gas = 0;   // used when it began

  friend bool operator==(const HostCall&, const HostCall&) = default;
};

// The host of one run. It must outlive the store that it was bound to.
class RunHost {
 public:
  RunHost(HostKind kind, std::vector<std::string> wasi_arguments)
      : kind_(kind), wasi_(std::move(wasi_arguments)) {}
  RunHost(const RunHost&) = delete;
  RunHost& operator=(const RunHost&) = delete;

  // kFailedPrecondition: the module imports something and the host is kNone.
  // What it imports from "library<i>" is an export of libraries[i].
  absl::StatusOr<std::vector<runtime::Extern>> Bind(
      const runtime::Program& program,
      std::span<const runtime::InstanceId> libraries, runtime::Store& store);

  // Whether an import's module is another module of the subject.
  static bool IsLibrary(std::string_view module);

  // Of the call of the store that comes next: what was used before it, and its
  // limit. They turn gas left into gas used.
  void BeginStep(uint64_t used_before, uint64_t limit) {
    used_before_ = used_before;
    limit_ = limit;
  }

  const std::vector<HostCall>& log() const { return log_; }
  const std::string& captured_stdout() const {
    return wasi_.captured_stdout();
  }

 private:
  runtime::HostResult Call(uint32_t import, runtime::Caller& caller,
                           std::span<const runtime::Value> args,
                           std::span<runtime::Value> results,
                           const runtime::HostFunction& wasi);
  runtime::HostResult Noise(uint64_t state, runtime::Caller& caller,
                            std::span<runtime::Value> results);

  absl::StatusOr<runtime::Extern> Make(const runtime::Program& program,
                                       const wasm::Import& import,
                                       runtime::Store& store);

  HostKind kind_;
  uint32_t imports_ = 0;  // of the host, over all modules
  wasi::Host wasi_;
  uint64_t used_before_ = 0;
  uint64_t limit_ = 0;
  std::vector<HostCall> log_;
};

// The type of a function of the module.
runtime::Signature SignatureOf(const runtime::Program& program,
                               uint32_t function);

}  // namespace ingot::fuzz

#endif  // FUZZ_DIFFERENTIAL_HOST_H_
