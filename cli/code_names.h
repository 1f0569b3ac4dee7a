#ifndef CLI_CODE_NAMES_H_
#define CLI_CODE_NAMES_H_

#include <string_view>

#include "chain_integration/profile/near_names.h"
#include "compiler/wasm/module.h"
#include "runtime/outcome.h"

// From kinds to the words that a reader sees, and from a mistyped word to the
// ones that were likely meant. Codes and traps have their texts beside their
// tables: compiler/base/error_text.h, compiler/abi/traps.h.

namespace ingot::cli {

std::string_view OutcomeName(runtime::OutcomeKind kind);
std::string_view TypeName(wasm::ValType type);
std::string_view KindName(wasm::ExternKind kind);

using profiles::NearNames;

}  // namespace ingot::cli

#endif  // CLI_CODE_NAMES_H_
