#ifndef CLI_CODE_NAMES_H_
#define CLI_CODE_NAMES_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/wasm/module.h"
#include "runtime/outcome.h"

// From kinds to the words that a reader sees, and from a mistyped word to the
// ones that were likely meant. Codes and traps have their texts beside their
// tables: compiler/base/error_text.h, compiler/abi/traps.h.

namespace ingot::cli {

std::string_view OutcomeName(runtime::OutcomeKind kind);
std::string_view TypeName(wasm::ValType type);
std::string_view KindName(wasm::ExternKind kind);

// The names that are likely meant by `name`: those that contain it, then those
// at a small edit distance; at most five.
std::vector<std::string> NearNames(std::string_view name,
                                   std::span<const std::string> names);

}  // namespace ingot::cli

#endif  // CLI_CODE_NAMES_H_
