#ifndef COMPILER_BASE_ERROR_TEXT_H_
#define COMPILER_BASE_ERROR_TEXT_H_

#include <optional>
#include <string_view>

#include "compiler/base/status.h"

// What people read of a Code: the texts of compiler/base/errors.def. Only the
// hosted side links this; freestanding code handles numbers.

namespace ingot {

struct ErrorText {
  Code code;
  std::string_view name;     // as in JSON, such as "type_mismatch"
  std::string_view message;  // what is wrong
  std::string_view help;     // what the reader can do
};

// The row of a code; of kOk too ("ok").
const ErrorText& TextOf(Code code);

// The row of a JSON name; nothing if there is none.
std::optional<ErrorText> FindError(std::string_view name);

// The code of a number that came from elsewhere; nothing if there is none.
std::optional<Code> CodeFromNumber(uint32_t number);

}  // namespace ingot

#endif  // COMPILER_BASE_ERROR_TEXT_H_
