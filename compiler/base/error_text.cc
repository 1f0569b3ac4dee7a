#include "compiler/base/error_text.h"

#include "compiler/base/check.h"

// The table of errors.def in its order, behind a row for kOk. Look-ups walk
// it: they serve messages, which are rare.

namespace ingot {
namespace {

constexpr ErrorText kTexts[] = {
    {Code::kOk, "ok", "no error", ""},
#define INGOT_ERROR(number, name, json_name, message, help) \
  {Code::name, json_name, message, help},
#include "compiler/base/errors.def"
#undef INGOT_ERROR
};

// Numbers rise, so that none occurs twice.
constexpr bool NumbersRise() {
  for (uint32_t i = 1; i < std::size(kTexts); ++i) {
    if (kTexts[i - 1].code >= kTexts[i].code) return false;
  }
  return true;
}
static_assert(NumbersRise());

}  // namespace

const ErrorText& TextOf(Code code) {
  for (const ErrorText& text : kTexts) {
    if (text.code == code) return text;
  }
  INGOT_CHECK(false);
  return kTexts[0];
}

std::optional<ErrorText> FindError(std::string_view name) {
  for (const ErrorText& text : kTexts) {
    if (text.name == name) return text;
  }
  return std::nullopt;
}

std::optional<Code> CodeFromNumber(uint32_t number) {
  for (const ErrorText& text : kTexts) {
    if (static_cast<uint32_t>(text.code) == number) return text.code;
  }
  return std::nullopt;
}

}  // namespace ingot
