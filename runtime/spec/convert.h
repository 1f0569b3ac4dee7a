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

// Writes NAME.json and the modules it names into the existing `folder` and
// returns the path of the JSON. Version 1.0.32 of wabt does not know that the
// table index of table.get, set, size, grow and fill may be left out (6.5.9:
// it is 0 then), so it is written into the script first.
absl::StatusOr<std::string> ConvertScript(const std::string& script,
                                          const std::string& folder);

// The binary form of a module in text form, by wat2wasm. `folder` exists and
// takes the two files in between.
absl::StatusOr<std::vector<uint8_t>> AssembleModule(std::string_view text,
                                                    const std::string& folder);

}  // namespace ingot::runtime::spec

#endif  // RUNTIME_SPEC_CONVERT_H_
