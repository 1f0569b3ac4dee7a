#ifndef CHAIN_INTEGRATION_JSON_JSON_H_
#define CHAIN_INTEGRATION_JSON_JSON_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

// JSON (RFC 8259), strictly: text in, a tree out, and back.
//
// What holds: text is valid UTF-8, an object has no key twice, nesting is at
// most ParseLimits::depth. A number keeps its literal, so nothing is rounded
// and no floating point is involved; 64-bit integers survive. Members keep the
// order in which they were read or added, so writing is deterministic.

namespace ingot::json {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;
using Object = std::vector<Member>;

enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

class Value {
 public:
  Value() = default;  // null
  static Value Null() { return Value(); }
  static Value Bool(bool value);
  static Value Number(uint64_t value);
  static Value Signed(int64_t value);
  static Value String(std::string_view text);
  // A 64-bit number as a JSON string, which is how Ingot prints gas.
  static Value NumberString(uint64_t value);
  static Value MakeArray(Array items = {});
  static Value MakeObject(Object members = {});

  Kind kind() const { return kind_; }
  bool IsNull() const { return kind_ == Kind::kNull; }
  bool IsString() const { return kind_ == Kind::kString; }
  bool IsArray() const { return kind_ == Kind::kArray; }
  bool IsObject() const { return kind_ == Kind::kObject; }

  // Each needs its kind (a CHECK otherwise).
  bool AsBool() const;
  const std::string& AsString() const;
  const std::string& NumberLiteral() const;
  const Array& items() const;
  const Object& members() const;
  Array& items();

  // A number that is an integer between 0 and 2^64 - 1, or such a decimal in
  // a string.
  absl::StatusOr<uint64_t> AsUint64() const;

  // The member of an object; nullptr if this is no object or has none.
  const Value* Find(std::string_view key) const;
  // The string member; nullptr if there is none.
  const std::string* FindString(std::string_view key) const;

  // Appends. The key must not be there yet; this must be an object.
  void Add(std::string_view key, Value value);
  void Append(Value value);

  // Equal kinds and contents; the order of members does not matter. Numbers
  // are compared by their literals.
  friend bool operator==(const Value& a, const Value& b);

 private:
  friend class Parser;
  Kind kind_ = Kind::kNull;
  bool bool_ = false;
  std::string text_;  // a string, or a number's literal
  Array items_;
  Object members_;
};

struct ParseLimits {
  uint32_t depth = 64;
  uint64_t bytes = uint64_t{64} << 20;
};

// The whole text must be one value. kInvalidArgument says what is wrong and at
// which byte.
absl::StatusOr<Value> Parse(std::string_view text,
                            const ParseLimits& limits = {});

// On one line, without spaces.
std::string Write(const Value& value);
// Two spaces per level and a newline at the end: for people.
std::string WritePretty(const Value& value);
// A string with its quotes.
std::string Quote(std::string_view text);

bool IsValidUtf8(std::string_view text);
// Each byte that is not part of valid UTF-8 becomes U+FFFD.
std::string ToValidUtf8(std::string_view bytes);

}  // namespace ingot::json

#endif  // CHAIN_INTEGRATION_JSON_JSON_H_
