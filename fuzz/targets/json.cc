// Text through the JSON parser. What must hold: what it reads, it writes again
// to an equal tree, on one line or for people; what it writes is valid UTF-8.

#include <string_view>

#include "chain_integration/json/json.h"
#include "fuzz/targets/target.h"

namespace ingot::fuzz {
namespace {

void CheckSame(const json::Value& value, const std::string& text) {
  const auto again = json::Parse(text);
  if (!again.ok() || !(*again == value)) Fail("another tree");
  if (!json::IsValidUtf8(text)) Fail("not UTF-8");
}

}  // namespace

Verdict OneInput(std::span<const uint8_t> input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()),
                              input.size());
  if (!json::IsValidUtf8(json::ToValidUtf8(text))) Fail("not made UTF-8");
  absl::StatusOr<json::Value> value;
  Timed(input.size(), [&] {
    value = json::Parse(text);
    return value.ok();
  });
  if (!value.ok()) return Verdict::kKeep;
  Count("valid");
  CheckSame(*value, json::Write(*value));
  CheckSame(*value, json::WritePretty(*value));
  return Verdict::kKeep;
}

}  // namespace ingot::fuzz
