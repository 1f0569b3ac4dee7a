#ifndef CLI_HOSTS_H_
#define CLI_HOSTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "chain_integration/wasi/wasi.h"
#include "runtime/program.h"
#include "runtime/store.h"

// The host functions that a program's imports are bound to. In: a program and
// the name of a host. Out: what the host does not provide, by name; or one
// Extern per import. Holds: an import that is not provided is refused, never
// replaced, unless stubs were asked for.

namespace ingot::cli {

struct ImportFinding {
  std::string code;  // "unknown_import", "import_type", "missing_export", …
  std::string message;
  std::string help;
};

// "wasi" when the module imports it, "cosmwasm" when it exports an interface
// version of CosmWasm, else "none".
std::string HostOf(const runtime::Program& program);

// What keeps the program from running under the host.
std::vector<ImportFinding> CheckHost(const runtime::Program& program,
                                     std::string_view host);

enum class UnknownImports : uint8_t { kRefuse, kStub };

// One Extern per import, made in `store`. With stubs, an unknown function
// returns zero and an unknown table, memory or global is made at its minimum,
// with zeros. `wasi` must outlive the store.
absl::StatusOr<std::vector<runtime::Extern>> BindImports(
    const runtime::Program& program, std::string_view host, wasi::Host& wasi,
    UnknownImports unknown, runtime::Store& store);

runtime::Signature SignatureOfFunction(const runtime::Program& program,
                                       uint32_t function);
// "(i32, i64) -> (f64)"
std::string SignatureText(const runtime::Signature& signature);

}  // namespace ingot::cli

#endif  // CLI_HOSTS_H_
