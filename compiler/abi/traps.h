#ifndef COMPILER_ABI_TRAPS_H_
#define COMPILER_ABI_TRAPS_H_

#include <cstdint>

// Trap codes, one table for compiler, executor and interpreter.

namespace ingot {

enum class TrapCode : uint8_t {
  kNone = 0,
#define INGOT_TRAP(number, name, json_name, message) name = number,
#include "compiler/abi/traps.def"
#undef INGOT_TRAP
};

constexpr const char* TrapName(TrapCode code) {
  switch (code) {
#define INGOT_TRAP(number, name, json_name, message) \
  case TrapCode::name:                               \
    return json_name;
#include "compiler/abi/traps.def"
#undef INGOT_TRAP
    case TrapCode::kNone:
      break;
  }
  return "none";
}

constexpr const char* TrapMessage(TrapCode code) {
  switch (code) {
#define INGOT_TRAP(number, name, json_name, message) \
  case TrapCode::name:                               \
    return message;
#include "compiler/abi/traps.def"
#undef INGOT_TRAP
    case TrapCode::kNone:
      break;
  }
  return "no trap";
}

}  // namespace ingot

#endif  // COMPILER_ABI_TRAPS_H_
