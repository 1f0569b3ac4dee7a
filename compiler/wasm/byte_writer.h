#ifndef COMPILER_WASM_BYTE_WRITER_H_
#define COMPILER_WASM_BYTE_WRITER_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/wasm/module.h"
#include "compiler/wasm/opcodes.h"

// Writes the primitives of the binary format (core specification, 5.2), the
// counterpart of ByteCursor: numbers take the fewest bytes.

namespace ingot::wasm {

class ByteWriter {
 public:
  ByteWriter& Byte(uint8_t byte) {
    bytes_.push_back(byte);
    return *this;
  }
  ByteWriter& Raw(std::span<const uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  ByteWriter& U32(uint32_t value) {
    for (; value >= 0x80; value >>= 7) {
      Byte(static_cast<uint8_t>(value | 0x80));
    }
    return Byte(static_cast<uint8_t>(value));
  }
  ByteWriter& S64(int64_t value) {
    // Ends once the rest is the sign of what is written.
    while (value < -64 || value > 63) {
      Byte(static_cast<uint8_t>(value) | 0x80);
      value >>= 7;
    }
    return Byte(static_cast<uint8_t>(value) & 0x7F);
  }
  ByteWriter& S32(int32_t value) { return S64(value); }
  ByteWriter& Fixed32(uint32_t bits) {
    for (uint32_t i = 0; i < 4; ++i) Byte(static_cast<uint8_t>(bits >> 8 * i));
    return *this;
  }
  ByteWriter& Fixed64(uint64_t bits) {
    for (uint32_t i = 0; i < 8; ++i) Byte(static_cast<uint8_t>(bits >> 8 * i));
    return *this;
  }
  ByteWriter& Name(std::string_view name) {
    U32(static_cast<uint32_t>(name.size()));
    for (char c : name) Byte(static_cast<uint8_t>(c));
    return *this;
  }
  ByteWriter& Type(ValType type) { return Byte(static_cast<uint8_t>(type)); }

  // An opcode without its immediates.
  ByteWriter& Opcode(Op op) {
    const uint32_t value = static_cast<uint32_t>(op);
    if (value < 0x100) return Byte(static_cast<uint8_t>(value));
    return Byte(0xFC).U32(value - 0x100);
  }
  // An instruction with index immediates, in the order of the binary format.
  ByteWriter& Inst(Op op) { return Opcode(op); }
  ByteWriter& Inst(Op op, uint32_t a) { return Opcode(op).U32(a); }
  ByteWriter& Inst(Op op, uint32_t a, uint32_t b) {
    return Opcode(op).U32(a).U32(b);
  }
  ByteWriter& I32Const(int32_t value) { return Opcode(Op::kI32Const).S32(value); }
  ByteWriter& I64Const(int64_t value) { return Opcode(Op::kI64Const).S64(value); }
  ByteWriter& F32Const(uint32_t bits) {
    return Opcode(Op::kF32Const).Fixed32(bits);
  }
  ByteWriter& F64Const(uint64_t bits) {
    return Opcode(Op::kF64Const).Fixed64(bits);
  }
  // block, loop or if without parameters and results, with one result, or of
  // a function type.
  ByteWriter& Block(Op op) { return Opcode(op).Byte(0x40); }
  ByteWriter& Block(Op op, ValType result) { return Opcode(op).Type(result); }
  ByteWriter& BlockOfType(Op op, uint32_t type) {
    return Opcode(op).S64(int64_t{type});
  }

  uint32_t size() const { return static_cast<uint32_t>(bytes_.size()); }
  const std::vector<uint8_t>& bytes() const { return bytes_; }
  std::vector<uint8_t> Take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_BYTE_WRITER_H_
