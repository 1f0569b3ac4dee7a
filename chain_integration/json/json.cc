// The tree and the writer. Both recurse over nesting, which the parser and the
// few places that build trees keep below ParseLimits::depth.

#include "chain_integration/json/json.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "compiler/base/check.h"

namespace ingot::json {

Value Value::Bool(bool value) {
  Value v;
  v.kind_ = Kind::kBool;
  v.bool_ = value;
  return v;
}

Value Value::Number(uint64_t value) {
  Value v;
  v.kind_ = Kind::kNumber;
  v.text_ = absl::StrCat(value);
  return v;
}

Value Value::Signed(int64_t value) {
  Value v;
  v.kind_ = Kind::kNumber;
  v.text_ = absl::StrCat(value);
  return v;
}

Value Value::String(std::string_view text) {
  Value v;
  v.kind_ = Kind::kString;
  v.text_ = std::string(text);
  return v;
}

Value Value::NumberString(uint64_t value) {
  return String(absl::StrCat(value));
}

Value Value::MakeArray(Array items) {
  Value v;
  v.kind_ = Kind::kArray;
  v.items_ = std::move(items);
  return v;
}

Value Value::MakeObject(Object members) {
  Value v;
  v.kind_ = Kind::kObject;
  v.members_ = std::move(members);
  return v;
}

bool Value::AsBool() const {
  INGOT_CHECK(kind_ == Kind::kBool);
  return bool_;
}

const std::string& Value::AsString() const {
  INGOT_CHECK(kind_ == Kind::kString);
  return text_;
}

const std::string& Value::NumberLiteral() const {
  INGOT_CHECK(kind_ == Kind::kNumber);
  return text_;
}

const Array& Value::items() const {
  INGOT_CHECK(kind_ == Kind::kArray);
  return items_;
}

const Object& Value::members() const {
  INGOT_CHECK(kind_ == Kind::kObject);
  return members_;
}

Array& Value::items() {
  INGOT_CHECK(kind_ == Kind::kArray);
  return items_;
}

absl::StatusOr<uint64_t> Value::AsUint64() const {
  uint64_t value = 0;
  const bool has_digits =
      (kind_ == Kind::kNumber || kind_ == Kind::kString) && !text_.empty() &&
      std::all_of(text_.begin(), text_.end(),
                  [](char c) { return c >= '0' && c <= '9'; });
  if (!has_digits || !absl::SimpleAtoi(text_, &value)) {
    return absl::InvalidArgumentError(
        "expected an integer between 0 and 18446744073709551615");
  }
  return value;
}

const Value* Value::Find(std::string_view key) const {
  if (kind_ != Kind::kObject) return nullptr;
  for (const Member& member : members_) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

const std::string* Value::FindString(std::string_view key) const {
  const Value* value = Find(key);
  return value != nullptr && value->IsString() ? &value->text_ : nullptr;
}

void Value::Add(std::string_view key, Value value) {
  INGOT_CHECK(kind_ == Kind::kObject);
  INGOT_CHECK(Find(key) == nullptr);
  members_.emplace_back(std::string(key), std::move(value));
}

void Value::Append(Value value) {
  INGOT_CHECK(kind_ == Kind::kArray);
  items_.push_back(std::move(value));
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return a.bool_ == b.bool_;
    case Kind::kNumber:
    case Kind::kString:
      return a.text_ == b.text_;
    case Kind::kArray:
      return a.items_ == b.items_;
    case Kind::kObject:
      break;
  }
  if (a.members_.size() != b.members_.size()) return false;
  return std::all_of(
      a.members_.begin(), a.members_.end(), [&b](const Member& member) {
        const Value* other = b.Find(member.first);
        return other != nullptr && *other == member.second;
      });
}

namespace {

void AppendQuoted(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\b':
        out.append("\\b");
        break;
      case '\f':
        out.append("\\f");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default:
        if (static_cast<uint8_t>(c) < 0x20) {
          out.append("\\u00");
          out.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
          out.push_back(kHex[static_cast<uint8_t>(c) & 15]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

enum class Layout : uint8_t { kCompact, kPretty };

void NewLine(Layout layout, uint32_t level, std::string& out) {
  if (layout == Layout::kCompact) return;
  out.push_back('\n');
  out.append(size_t{2} * level, ' ');
}

void Append(const Value& value, Layout layout, uint32_t level,
            std::string& out) {
  switch (value.kind()) {
    case Kind::kNull:
      out.append("null");
      return;
    case Kind::kBool:
      out.append(value.AsBool() ? "true" : "false");
      return;
    case Kind::kNumber:
      out.append(value.NumberLiteral());
      return;
    case Kind::kString:
      AppendQuoted(value.AsString(), out);
      return;
    case Kind::kArray: {
      out.push_back('[');
      bool first = true;
      for (const Value& item : value.items()) {
        if (!first) out.push_back(',');
        first = false;
        NewLine(layout, level + 1, out);
        Append(item, layout, level + 1, out);
      }
      if (!first) NewLine(layout, level, out);
      out.push_back(']');
      return;
    }
    case Kind::kObject: {
      out.push_back('{');
      bool first = true;
      for (const Member& member : value.members()) {
        if (!first) out.push_back(',');
        first = false;
        NewLine(layout, level + 1, out);
        AppendQuoted(member.first, out);
        out.append(layout == Layout::kPretty ? ": " : ":");
        Append(member.second, layout, level + 1, out);
      }
      if (!first) NewLine(layout, level, out);
      out.push_back('}');
      return;
    }
  }
}

}  // namespace

std::string Write(const Value& value) {
  std::string out;
  Append(value, Layout::kCompact, 0, out);
  return out;
}

std::string WritePretty(const Value& value) {
  std::string out;
  Append(value, Layout::kPretty, 0, out);
  out.push_back('\n');
  return out;
}

std::string Quote(std::string_view text) {
  std::string out;
  AppendQuoted(text, out);
  return out;
}

}  // namespace ingot::json
