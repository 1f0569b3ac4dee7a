#ifndef CLI_TYPED_VALUES_H_
#define CLI_TYPED_VALUES_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "chain_integration/json/json.h"
#include "compiler/wasm/module.h"
#include "runtime/outcome.h"

// Values as a user writes and reads them. In: an argument's text and its type.
// Out: the value, and back.
//
// An integer is decimal or hexadecimal (0x…), signed or unsigned. A float is
// decimal, `inf`, `nan`, or its bits as 0x and hexadecimal digits. A reference
// is `null`; an externref may be a number. Results are written as signed
// decimals and as a float's bits.

namespace ingot::cli {

absl::StatusOr<runtime::Value> ParseValue(std::string_view text,
                                          wasm::ValType type);

// The value alone: -1, 0x3f800000, null.
std::string ValueText(const runtime::Value& value);
// For a reader: floats with their decimal beside the bits.
std::string ReadableValue(const runtime::Value& value);
// [{"type":"i32","value":"-1"}]
json::Value ValuesToJson(std::span<const runtime::Value> values);

// A gas limit: decimal digits, with _ or , between them if wanted. Everything
// beyond 2^62 means 2^62.
absl::StatusOr<uint64_t> ParseGas(std::string_view text);

}  // namespace ingot::cli

#endif  // CLI_TYPED_VALUES_H_
