#ifndef COMPILER_BASE_STATUS_H_
#define COMPILER_BASE_STATUS_H_

#include <cstdint>

// How the freestanding code says that an input is bad or a budget is spent.
//
// A Status holds a code and where it arose; it never holds text (the hosted
// side turns codes into text by the same table, compiler/base/errors.def).
// Bugs of Ingot are not a Status: they are a CHECK (compiler/base/check.h).

namespace ingot {

enum class Code : uint16_t {
  kOk = 0,
#define INGOT_ERROR(number, name, json_name, message, help) name = number,
#include "compiler/base/errors.def"
#undef INGOT_ERROR
};

// Stands for "no function" and "no offset".
inline constexpr uint32_t kNowhere = 0xFFFFFFFF;

struct [[nodiscard]] Status {
  Code code = Code::kOk;
  uint32_t function = kNowhere;  // index in the module's function space
  uint32_t offset = kNowhere;    // byte offset in the module

  constexpr bool ok() const { return code == Code::kOk; }
};
static_assert(sizeof(Status) == 12);

inline constexpr Status kOkStatus{};

constexpr Status Error(Code code, uint32_t offset = kNowhere,
                       uint32_t function = kNowhere) {
  return Status{code, function, offset};
}

#define INGOT_RETURN_IF_ERROR(expr)                     \
  do {                                                  \
    if (::ingot::Status status_ = (expr); !status_.ok()) \
      return status_;                                   \
  } while (false)

}  // namespace ingot

#endif  // COMPILER_BASE_STATUS_H_
