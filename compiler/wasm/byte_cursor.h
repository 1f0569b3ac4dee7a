#ifndef COMPILER_WASM_BYTE_CURSOR_H_
#define COMPILER_WASM_BYTE_CURSOR_H_

#include <cstdint>
#include <cstring>

#include "compiler/base/check.h"
#include "compiler/base/status.h"
#include "compiler/wasm/module.h"

// Reads the primitives of the binary format (core specification, 5.2) from a
// range of a module, never past its end. The first error sticks: status() holds
// it, the cursor stands at its end, and every later read yields 0. Code that
// reads several things may thus look at failed() once, before it acts on them.

namespace ingot::wasm {

class ByteCursor {
 public:
  ByteCursor(const uint8_t* module, uint32_t begin, uint32_t end)
      : p_(module + begin), end_(module + end), module_(module) {
    INGOT_CHECK(begin <= end);
  }

  bool failed() const { return !status_.ok(); }
  bool at_end() const { return p_ == end_; }
  Status status() const { return status_; }
  // Module offset of the next byte.
  uint32_t offset() const { return static_cast<uint32_t>(p_ - module_); }
  uint32_t remaining() const { return static_cast<uint32_t>(end_ - p_); }

  // Only the first error is kept.
  void Fail(Code code, uint32_t offset) {
    if (status_.ok()) status_ = Error(code, offset);
    p_ = end_;
  }

  uint8_t ReadByte() {
    if (p_ == end_) [[unlikely]] {
      Fail(Code::kUnexpectedEnd, offset());
      return 0;
    }
    return *p_++;
  }

  // Unsigned and signed LEB128; the common single byte is read in line.
  uint32_t ReadU32() {
    if (p_ != end_ && *p_ < 0x80) [[likely]] return *p_++;
    return static_cast<uint32_t>(ReadUnsigned32Slow());
  }
  int32_t ReadS32() {
    if (p_ != end_ && *p_ < 0x80) [[likely]] return SignExtend7(*p_++);
    return static_cast<int32_t>(ReadSignedSlow(32));
  }
  int64_t ReadS33() {
    if (p_ != end_ && *p_ < 0x80) [[likely]] return SignExtend7(*p_++);
    return ReadSignedSlow(33);
  }
  int64_t ReadS64() {
    if (p_ != end_ && *p_ < 0x80) [[likely]] return SignExtend7(*p_++);
    return ReadSignedSlow(64);
  }

  uint32_t ReadFixed32() {
    uint32_t value = 0;
    ReadFixed(&value, 4);
    return value;
  }
  uint64_t ReadFixed64() {
    uint64_t value = 0;
    ReadFixed(&value, 8);
    return value;
  }

  // The number of items that follow: each takes at least one byte, so that a
  // count that exceeds what is left is wrong before anything is allocated.
  uint32_t ReadCount() {
    const uint32_t at = offset();
    const uint32_t count = ReadU32();
    if (count > remaining()) [[unlikely]] {
      Fail(Code::kLengthOutOfBounds, at);
      return 0;
    }
    return count;
  }

  // A length and that many bytes.
  Bytes ReadBytes() {
    const uint32_t size = ReadCount();
    const Bytes bytes{offset(), size};
    p_ += size;
    return bytes;
  }

  // At least that many remain.
  void Skip(uint32_t bytes) {
    INGOT_CHECK(bytes <= remaining());
    p_ += bytes;
  }

  ValType ReadValType();
  ValType ReadRefType();

  // The next four bytes, the first one lowest; at least four remain.
  uint32_t Peek4() const {
    uint32_t value;
    memcpy(&value, p_, 4);
    return value;
  }

  static constexpr int32_t SignExtend7(uint8_t byte) {
    return static_cast<int32_t>(byte ^ 0x40) - 0x40;
  }

 private:
  uint32_t ReadUnsigned32Slow();
  int64_t ReadSignedSlow(uint32_t bits);

  void ReadFixed(void* value, uint32_t size) {
    if (remaining() < size) [[unlikely]] {
      Fail(Code::kUnexpectedEnd, offset());
      return;
    }
    // Both builds are little-endian, like the format.
    memcpy(value, p_, size);
    p_ += size;
  }

  const uint8_t* p_;
  const uint8_t* end_;
  const uint8_t* module_;
  Status status_;
};

// Says why `byte` is no value type: types of proposals are refused by name.
constexpr Code WhyNoValType(uint8_t byte) {
  switch (byte) {
    case 0x7B:
      return Code::kUnsupportedSimd;
    case 0x69:
    case 0x74:
      return Code::kUnsupportedExceptions;
    case 0x63:
    case 0x64:
      return Code::kUnsupportedFunctionReferences;
    case 0x6A: case 0x6B: case 0x6C: case 0x6D: case 0x6E: case 0x71:
    case 0x72: case 0x73: case 0x77: case 0x78:
      return Code::kUnsupportedGc;
    default:
      return Code::kMalformedValueType;
  }
}

constexpr bool IsValTypeByte(uint8_t byte) {
  return (byte >= 0x7C && byte <= 0x7F) || byte == 0x70 || byte == 0x6F;
}

inline ValType ByteCursor::ReadValType() {
  const uint32_t at = offset();
  const uint8_t byte = ReadByte();
  if (IsValTypeByte(byte)) [[likely]] return static_cast<ValType>(byte);
  Fail(WhyNoValType(byte), at);
  return ValType::kI32;
}

inline ValType ByteCursor::ReadRefType() {
  const uint32_t at = offset();
  const uint8_t byte = ReadByte();
  if (byte == 0x70 || byte == 0x6F) [[likely]] {
    return static_cast<ValType>(byte);
  }
  const Code why = WhyNoValType(byte);
  Fail(why == Code::kMalformedValueType || why == Code::kUnsupportedSimd
           ? Code::kMalformedReferenceType
           : why,
       at);
  return ValType::kFuncRef;
}

// Errors are located at the number's first byte, truncation at the end.
inline uint32_t ByteCursor::ReadUnsigned32Slow() {
  const uint32_t at = offset();
  uint32_t value = 0;
  for (uint32_t shift = 0; shift < 35; shift += 7) {
    if (p_ == end_) {
      Fail(Code::kUnexpectedEnd, offset());
      return 0;
    }
    const uint8_t byte = *p_++;
    if (shift == 28 && byte > 0x0F) {
      Fail((byte & 0x80) != 0 ? Code::kIntegerTooLong : Code::kIntegerTooLarge,
           at);
      return 0;
    }
    value |= static_cast<uint32_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return 0;  // not reached: the fifth byte ends the number or fails
}

inline int64_t ByteCursor::ReadSignedSlow(uint32_t bits) {
  const uint32_t at = offset();
  uint64_t value = 0;
  for (uint32_t shift = 0;; shift += 7) {
    if (p_ == end_) {
      Fail(Code::kUnexpectedEnd, offset());
      return 0;
    }
    const uint8_t byte = *p_++;
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (bits - shift <= 7) {
      // The last byte: what stands above the sign bit must repeat it.
      const uint32_t used = bits - shift;
      const int32_t extended = SignExtend7(byte & 0x7F);
      const int32_t rest = extended >> (used - 1);
      if ((byte & 0x80) != 0) {
        Fail(Code::kIntegerTooLong, at);
        return 0;
      }
      if (rest != 0 && rest != -1) {
        Fail(Code::kIntegerTooLarge, at);
        return 0;
      }
      const uint32_t unused = 64 - bits;
      return static_cast<int64_t>(value << unused) >> unused;
    }
    if ((byte & 0x80) == 0) {
      const uint32_t unused = 64 - (shift + 7);
      return static_cast<int64_t>(value << unused) >> unused;
    }
  }
}

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_BYTE_CURSOR_H_
