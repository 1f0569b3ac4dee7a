// One pass over the opcode table for each question.

#include "fuzz/generator/operations.h"

#include <string_view>

namespace ingot::fuzz {

using wasm::OpInfo;
using wasm::ValType;

ValType TypeOfLetter(char letter) {
  switch (letter) {
    case 'i':
      return ValType::kI32;
    case 'I':
      return ValType::kI64;
    case 'f':
      return ValType::kF32;
    default:
      return ValType::kF64;
  }
}

std::vector<const OpInfo*> OperationsFor(ValType type) {
  std::vector<const OpInfo*> found;
  for (const OpInfo& info : wasm::kOpInfo) {
    const std::string_view signature = info.signature;
    if (info.immediate == wasm::ImmediateKind::kNone &&
        signature.size() >= 3 && signature.back() != ':' &&
        TypeOfLetter(signature.back()) == type) {
      found.push_back(&info);
    }
  }
  return found;
}

namespace {

std::vector<const OpInfo*> AccessesOf(ValType type, bool store) {
  std::vector<const OpInfo*> found;
  for (const OpInfo& info : wasm::kOpInfo) {
    const std::string_view signature = info.signature;
    if (info.immediate != wasm::ImmediateKind::kMemArg) continue;
    const bool stores = signature.size() == 3 && signature[2] == ':';
    if (stores != store) continue;
    if (TypeOfLetter(store ? signature[1] : signature[2]) == type) {
      found.push_back(&info);
    }
  }
  return found;
}

}  // namespace

std::vector<const OpInfo*> LoadsOf(ValType type) {
  return AccessesOf(type, false);
}

std::vector<const OpInfo*> StoresOf(ValType type) {
  return AccessesOf(type, true);
}

}  // namespace ingot::fuzz
