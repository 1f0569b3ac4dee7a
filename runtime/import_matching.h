#ifndef RUNTIME_IMPORT_MATCHING_H_
#define RUNTIME_IMPORT_MATCHING_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "runtime/program.h"
#include "runtime/store.h"

// Whether what a store offers fits what a module imports (core specification
// 2.0, 3.4 "Import matching"). In: a module, one Extern per import, and what
// the store knows of an Extern. Out: OK, or kInvalidArgument with the first
// import that does not fit and why. Both engines ask here: matching compares
// declarations and executes nothing.

namespace ingot::runtime {

// What an Extern is at this moment; of the fields those of its kind count.
struct ExternType {
  const Signature* signature = nullptr;                  // function
  wasm::ValType element = wasm::ValType::kFuncRef;       // table
  wasm::GlobalType global;
  wasm::Limits limits;  // table, memory: as declared
  uint64_t size = 0;    // table, memory: elements, pages
};

// Nullopt: the store has no such thing.
using ExternTypes = std::function<std::optional<ExternType>(const Extern&)>;

absl::Status MatchImports(const Program& program,
                          std::span<const Extern> imports,
                          const ExternTypes& types);

}  // namespace ingot::runtime

#endif  // RUNTIME_IMPORT_MATCHING_H_
