#ifndef RUNTIME_SPEC_JSON_H_
#define RUNTIME_SPEC_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Just enough JSON to read what wast2json writes: objects, arrays, strings and
// numbers. Text goes in, a tree comes out. `\u00XX` in a string is the byte XX:
// wast2json escapes the bytes of a name, not its characters.

namespace ingot::runtime::spec {

struct Json {
  enum class Kind { kText, kArray, kObject };
  Kind kind = Kind::kText;
  std::string text;  // a string, or a number as it is written
  std::vector<Json> items;
  std::vector<std::string> names;  // of an object: one per item

  // The member `name`, or null.
  const Json* Find(std::string_view name) const;
  // The text of the member `name`; empty without one.
  std::string Text(std::string_view name) const;
  // The elements of the member `name`; empty without one.
  const std::vector<Json>& Items(std::string_view name) const;
};

absl::StatusOr<Json> ParseJson(std::string_view text);

}  // namespace ingot::runtime::spec

#endif  // RUNTIME_SPEC_JSON_H_
