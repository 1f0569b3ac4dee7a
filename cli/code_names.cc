// Names of kinds. In: kinds. Out: words. Holds: the words are those of
// INTERFACE.md.

#include "cli/code_names.h"

namespace ingot::cli {

std::string_view OutcomeName(runtime::OutcomeKind kind) {
  switch (kind) {
    case runtime::OutcomeKind::kReturned: return "returned";
    case runtime::OutcomeKind::kTrapped: return "trapped";
    case runtime::OutcomeKind::kReverted: return "reverted";
    case runtime::OutcomeKind::kOutOfGas: return "out_of_gas";
  }
  return "unknown";
}

std::string_view TypeName(wasm::ValType type) {
  switch (type) {
    case wasm::ValType::kI32: return "i32";
    case wasm::ValType::kI64: return "i64";
    case wasm::ValType::kF32: return "f32";
    case wasm::ValType::kF64: return "f64";
    case wasm::ValType::kFuncRef: return "funcref";
    case wasm::ValType::kExternRef: return "externref";
  }
  return "unknown";
}

std::string_view KindName(wasm::ExternKind kind) {
  switch (kind) {
    case wasm::ExternKind::kFunc: return "function";
    case wasm::ExternKind::kTable: return "table";
    case wasm::ExternKind::kMemory: return "memory";
    case wasm::ExternKind::kGlobal: return "global";
  }
  return "unknown";
}

}  // namespace ingot::cli
