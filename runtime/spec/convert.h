#ifndef RUNTIME_SPEC_CONVERT_H_
#define RUNTIME_SPEC_CONVERT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// From WebAssembly text to what an engine reads, by the installed wabt: a
// script of the specification to commands in JSON and binary modules, a module
// to its bytes. For tests.

namespace ingot::runtime::spec {

struct ConvertedScript {
  std::string json;       // path of NAME.json
  uint32_t left_out = 0;  // commands that wabt cannot read
};

// Writes NAME.json and the modules it names into the existing `folder`. What
// version 1.0.32 of wabt does not know of the text format (6.5.9: a table index
// that is left out is 0; a folded `if` may have several condition operands) is
// written out first. If it refuses the script still, each module is tried by
// itself, and those that it cannot read are left out with the commands that
// act on them.
absl::StatusOr<ConvertedScript> ConvertScript(const std::string& script,
                                              const std::string& folder);

// The binary form of a module in text form, by wat2wasm. `folder` exists and
// takes the two files in between.
absl::StatusOr<std::vector<uint8_t>> AssembleModule(std::string_view text,
                                                    const std::string& folder);

}  // namespace ingot::runtime::spec

#endif  // RUNTIME_SPEC_CONVERT_H_
