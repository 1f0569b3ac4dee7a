#ifndef COMPILER_WASM_WORK_CLASSES_H_
#define COMPILER_WASM_WORK_CLASSES_H_

#include <cstdint>

#include "compiler/wasm/opcodes.h"

// Instructions by how much work they make for the compiler. Validation counts
// them by class, and compiler/quote prices the classes. Holds: every
// instruction is in exactly one class.

namespace ingot::wasm {

enum class WorkClass : uint8_t {
  kOther,  // block, loop, end, br, return, drop, nop, unreachable
  kConstant,
  kLocalGet,
  kLocalSet,  // local.tee too
  kGlobal,
  kLoad,
  kStore,
  kInteger,
  kDivision,  // and remainder, of integers
  kFloat,     // arithmetic on floats
  kConversion,  // between floats and integers
  kSelect,
  kIf,
  kElse,
  kBranchIf,
  kBranchTable,
  kCall,
  kCallIndirect,
  kRuntime,  // done by the runtime
};

inline constexpr uint32_t kWorkClasses = 19;

constexpr WorkClass WorkClassOf(const OpInfo& info) {
  const auto text_has = [&](const char* word) {
    for (const char* at = info.text; *at != '\0'; ++at) {
      uint32_t i = 0;
      while (word[i] != '\0' && at[i] == word[i]) ++i;
      if (word[i] == '\0') return true;
    }
    return false;
  };
  switch (info.op) {
    case Op::kUnreachable: case Op::kNop: case Op::kBlock: case Op::kLoop:
    case Op::kEnd: case Op::kBr: case Op::kReturn: case Op::kDrop:
      return WorkClass::kOther;
    case Op::kI32Const: case Op::kI64Const: case Op::kF32Const:
    case Op::kF64Const: case Op::kRefNull: case Op::kRefIsNull:
    case Op::kRefFunc: case Op::kMemorySize:
      return WorkClass::kConstant;
    case Op::kLocalGet:
      return WorkClass::kLocalGet;
    case Op::kLocalSet: case Op::kLocalTee:
      return WorkClass::kLocalSet;
    case Op::kGlobalGet: case Op::kGlobalSet:
      return WorkClass::kGlobal;
    case Op::kSelect: case Op::kSelectT:
      return WorkClass::kSelect;
    case Op::kIf:
      return WorkClass::kIf;
    case Op::kElse:
      return WorkClass::kElse;
    case Op::kBrIf:
      return WorkClass::kBranchIf;
    case Op::kBrTable:
      return WorkClass::kBranchTable;
    case Op::kCall: case Op::kReturnCall:
      return WorkClass::kCall;
    case Op::kCallIndirect: case Op::kReturnCallIndirect:
      return WorkClass::kCallIndirect;
    default:
      break;
  }
  if ((info.flags & kCallsRuntime) != 0) return WorkClass::kRuntime;
  if (info.immediate == ImmediateKind::kMemArg) {
    return text_has("store") ? WorkClass::kStore : WorkClass::kLoad;
  }
  if (text_has("trunc_") || text_has("convert_")) return WorkClass::kConversion;
  if (text_has("f32") || text_has("f64")) return WorkClass::kFloat;
  if (text_has("div_") || text_has("rem_")) return WorkClass::kDivision;
  return WorkClass::kInteger;
}

// By the Op's value.
struct WorkClassTable {
  uint8_t of[kOpValues];
};

constexpr WorkClassTable MakeWorkClasses() {
  WorkClassTable table{};
  for (const OpInfo& info : kOpInfo) {
    table.of[static_cast<uint32_t>(info.op)] =
        static_cast<uint8_t>(WorkClassOf(info));
  }
  return table;
}

inline constexpr WorkClassTable kWorkClassOf = MakeWorkClasses();

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_WORK_CLASSES_H_
