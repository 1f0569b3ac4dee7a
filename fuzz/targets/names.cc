// Modules, malformed or not, through what names their functions for a reader.
// What must hold: it ends, and each name is printable and short.

#include "cli/function_names.h"
#include "fuzz/targets/target.h"

namespace ingot::fuzz {
namespace {

// Control characters of ASCII, and U+0080 to U+009F.
bool HasControlCharacter(const std::string& name) {
  for (size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<uint8_t>(name[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && static_cast<uint8_t>(name[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

Verdict OneInput(std::span<const uint8_t> input) {
  constexpr size_t kMostBytes = 200;
  constexpr uint32_t kFunctions = 64;
  const cli::FunctionNames names(input);
  for (uint32_t function = 0; function < kFunctions; ++function) {
    const std::string name = names.Find(function);
    if (!name.empty()) Count("names");
    if (name.size() > kMostBytes) Fail("a long name");
    if (HasControlCharacter(name)) Fail("a name that moves a cursor");
  }
  return Verdict::kKeep;
}

}  // namespace ingot::fuzz
