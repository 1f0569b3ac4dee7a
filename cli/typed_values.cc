// Typed values. In: text or a value. Out: the other. Holds: the text of a
// value, parsed again under its type, gives its bits.

#include "cli/typed_values.h"

#include <bit>
#include <charconv>
#include <system_error>

#include "cli/code_names.h"
#include "fmt/format.h"
#include "metering/gas.h"

namespace ingot::cli {
namespace {

using runtime::Value;
using wasm::ValType;

absl::Status BadValue(std::string_view text, ValType type,
                      std::string_view why) {
  return absl::InvalidArgumentError(
      fmt::format("`{}` is no {}: {}", text, TypeName(type), why));
}

bool ConsumePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// The whole text as an unsigned number; false if it is none or too large.
bool ParseUnsigned(std::string_view text, int base, uint64_t* out) {
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, *out, base);
  return error == std::errc() && last == end && !text.empty();
}

absl::StatusOr<Value> ParseInteger(std::string_view text, ValType type) {
  std::string_view rest = text;
  const bool negative = ConsumePrefix(&rest, "-");
  if (!negative) ConsumePrefix(&rest, "+");
  const bool hex = ConsumePrefix(&rest, "0x") || ConsumePrefix(&rest, "0X");
  uint64_t magnitude = 0;
  if (!ParseUnsigned(rest, hex ? 16 : 10, &magnitude)) {
    return BadValue(text, type, "write a whole number like -1 or 0xff");
  }
  const int bits = type == ValType::kI32 ? 32 : 64;
  const uint64_t most = bits == 32 ? 0xFFFFFFFF : ~uint64_t{0};
  const uint64_t most_negative = uint64_t{1} << (bits - 1);
  if (magnitude > (negative ? most_negative : most)) {
    return BadValue(text, type, "it does not fit");
  }
  return Value{type, (negative ? 0 - magnitude : magnitude) & most};
}

template <typename Float, typename Bits>
bool ParseDecimal(std::string_view text, uint64_t* bits) {
  Float value = 0;
  if (text.starts_with("+")) text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || last != end || text.empty()) return false;
  *bits = std::bit_cast<Bits>(value);
  return true;
}

absl::StatusOr<Value> ParseFloat(std::string_view text, ValType type) {
  const bool narrow = type == ValType::kF32;
  Value value{type, 0};
  std::string_view rest = text;
  if (ConsumePrefix(&rest, "0x") || ConsumePrefix(&rest, "0X")) {
    if (!ParseUnsigned(rest, 16, &value.bits) ||
        (narrow && value.bits > 0xFFFFFFFF)) {
      return BadValue(text, type, "its bits are at most 8 (f32) or 16 (f64) "
                                  "hexadecimal digits");
    }
    return value;
  }
  if (text == "nan" || text == "+nan") {
    value.bits = narrow ? 0x7FC00000 : 0x7FF8000000000000;
    return value;
  }
  const bool parsed =
      narrow ? ParseDecimal<float, uint32_t>(text, &value.bits)
             : ParseDecimal<double, uint64_t>(text, &value.bits);
  if (!parsed) {
    return BadValue(text, type, "write a decimal like -1.5e3, inf, nan, or "
                                "the bits as 0x3f800000");
  }
  return value;
}

}  // namespace

absl::StatusOr<Value> ParseValue(std::string_view text, ValType type) {
  switch (type) {
    case ValType::kI32:
    case ValType::kI64:
      return ParseInteger(text, type);
    case ValType::kF32:
    case ValType::kF64:
      return ParseFloat(text, type);
    case ValType::kExternRef:
    case ValType::kFuncRef: {
      if (text == "null") return Value{type, 0};
      uint64_t number = 0;
      if (type == ValType::kFuncRef || !ParseUnsigned(text, 10, &number) ||
          number >= 0xFFFFFFFF) {
        return BadValue(text, type, "write null (an externref may also be a "
                                    "number)");
      }
      return Value{type, number + 1};
    }
  }
  return BadValue(text, type, "unknown type");
}

std::string ValueText(const Value& value) {
  switch (value.type) {
    case ValType::kI32:
      return std::to_string(static_cast<int32_t>(value.bits));
    case ValType::kI64:
      return std::to_string(static_cast<int64_t>(value.bits));
    case ValType::kF32:
      return fmt::format("0x{:08x}", static_cast<uint32_t>(value.bits));
    case ValType::kF64:
      return fmt::format("0x{:016x}", value.bits);
    case ValType::kExternRef:
      return value.bits == 0 ? "null" : std::to_string(value.bits - 1);
    case ValType::kFuncRef:
      return value.bits == 0 ? "null" : "function";
  }
  return "";
}

std::string ReadableValue(const Value& value) {
  std::string text = ValueText(value);
  if (value.type == ValType::kF32) {
    text += fmt::format(
        " ({})", std::bit_cast<float>(static_cast<uint32_t>(value.bits)));
  } else if (value.type == ValType::kF64) {
    text += fmt::format(" ({})", std::bit_cast<double>(value.bits));
  }
  return fmt::format("{}:{}", text, TypeName(value.type));
}

json::Value ValuesToJson(std::span<const Value> values) {
  json::Value array = json::Value::MakeArray();
  for (const Value& value : values) {
    json::Value item = json::Value::MakeObject();
    item.Add("type", json::Value::String(TypeName(value.type)));
    item.Add("value", json::Value::String(ValueText(value)));
    array.Append(std::move(item));
  }
  return array;
}

absl::StatusOr<uint64_t> ParseGas(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if ((c != '_' && c != ',') || digits.empty()) {
      digits.clear();
      break;
    }
  }
  if (digits.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("`{}` is no amount of gas: write digits", text));
  }
  uint64_t value = 0;
  if (!ParseUnsigned(digits, 10, &value)) return Gas::kMaxValue;
  return Gas::FromLimit(value).value();
}

}  // namespace ingot::cli
