// Corner values: the ends of each type's range, signs, powers of two around
// the widths of conversions, shifts and immediates, numbers that rounding
// moves, infinities, and NaNs with payloads.

#include "fuzz/generator/corners.h"

namespace ingot::fuzz {

using wasm::ValType;

const std::vector<uint64_t>& Corners(ValType type) {
  static const std::vector<uint64_t> kI32 = {
      0,          1,          0xFFFFFFFF, 7,          31,         32,
      33,         0x7F,       0x80,       0x8000,     0xFFFF7FFF, 0x10000,
      0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFF80, 0xDEADBEEF};
  static const std::vector<uint64_t> kI64 = {
      0,
      1,
      0xFFFFFFFFFFFFFFFF,
      7,
      63,
      64,
      65,
      0x80,
      0x7FFFFFFF,
      0x80000000,
      0xFFFFFFFF,
      0x100000000,
      0xFFFFFFFF80000000,
      0xFFFFFFFF7FFFFFFF,
      0x7FFFFFFFFFFFFFFF,
      0x8000000000000000,
      0x123456789ABCDEF0};
  static const std::vector<uint64_t> kF32 = {
      0x00000000, 0x80000000, 0x3F800000, 0x40200000, 0xBF000000, 0x3EFFFFFF,
      0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC12345, 0x7FA00001, 0x00000001,
      0x807FFFFF, 0x7F7FFFFF, 0x4B000001, 0x4EFFFFFF, 0x4F000000, 0xCF000000,
      0xCF000001, 0x4F800000, 0x5F000000, 0xDF000000, 0x5F800000, 0xBF7FFFFF};
  static const std::vector<uint64_t> kF64 = {
      0x0000000000000000, 0x8000000000000000, 0x3FF0000000000000,
      0x4004000000000000, 0xBFE0000000000000, 0x3FDFFFFFFFFFFFFF,
      0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000,
      0xFFF8000000012345, 0x7FF4000000000001, 0x0000000000000001,
      0x800FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF, 0x4330000000000001,
      0x41DFFFFFFFC00000, 0x41E0000000000000, 0xC1E0000000000000,
      0xC1E00000001FFFFF, 0xC1E0000000200000, 0x41EFFFFFFFE00000,
      0x41F0000000000000, 0x43DFFFFFFFFFFFFF, 0x43E0000000000000,
      0xC3E0000000000000, 0x43F0000000000000, 0xBFEFFFFFFFFFFFFF,
      0x47EFFFFFE0000000, 0x47EFFFFFF0000000, 0x36A0000000000000};
  static const std::vector<uint64_t> kNull = {0};
  switch (type) {
    case ValType::kI32:
      return kI32;
    case ValType::kI64:
      return kI64;
    case ValType::kF32:
      return kF32;
    case ValType::kF64:
      return kF64;
    case ValType::kFuncRef:
    case ValType::kExternRef:
      break;
  }
  return kNull;
}

uint64_t CornerValue(ValType type, Random& random) {
  const std::vector<uint64_t>& corners = Corners(type);
  if (wasm::IsRef(type)) return 0;
  if (!random.Chance(25)) {
    return corners[random.Below(static_cast<uint32_t>(corners.size()))];
  }
  // Integers at every scale.
  const uint64_t bits =
      random.Next() >> (wasm::IsFloat(type) ? 0 : random.Below(64));
  const bool narrow = type == ValType::kI32 || type == ValType::kF32;
  return narrow ? static_cast<uint32_t>(bits) : bits;
}

bool IsNan(ValType type, uint64_t bits) {
  if (type == ValType::kF32) return (bits & 0x7FFFFFFF) > 0x7F800000;
  return type == ValType::kF64 &&
         (bits & 0x7FFFFFFFFFFFFFFF) > 0x7FF0000000000000;
}

void WriteConstant(ValType type, uint64_t bits, wasm::ByteWriter& out) {
  switch (type) {
    case ValType::kI32:
      out.I32Const(static_cast<int32_t>(bits));
      break;
    case ValType::kI64:
      out.I64Const(static_cast<int64_t>(bits));
      break;
    case ValType::kF32:
      out.F32Const(static_cast<uint32_t>(bits));
      break;
    case ValType::kF64:
      out.F64Const(bits);
      break;
    case ValType::kFuncRef:
    case ValType::kExternRef:
      out.Opcode(wasm::Op::kRefNull).Type(type);
      break;
  }
}

}  // namespace ingot::fuzz
