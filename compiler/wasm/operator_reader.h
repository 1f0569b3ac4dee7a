#ifndef COMPILER_WASM_OPERATOR_READER_H_
#define COMPILER_WASM_OPERATOR_READER_H_

#include <cstdint>
#include <cstring>

#include "compiler/base/check.h"
#include "compiler/base/status.h"
#include "compiler/wasm/byte_cursor.h"
#include "compiler/wasm/module.h"
#include "compiler/wasm/opcodes.h"

// One operator iterator, many consumers: the validator, the SSA builder, the
// interpreter, the meter and the verifier read instructions through this class
// and nothing else (core specification, 5.4).
//
// Bytes [begin, end) of a module go in; one Operator per instruction comes
// out. The first malformed one ends the iteration for good: Next returns false
// and status() says what is wrong and at which byte. The reader knows encoding
// only; that indices exist and types fit is the validator's business.
//
//   OperatorReader reader(module, body.code, body.end);
//   Operator op;
//   while (reader.Next(&op)) { … }
//   INGOT_RETURN_IF_ERROR(reader.status());

namespace ingot::wasm {

enum class BlockKind : uint8_t { kEmpty, kValue, kType };

struct Operator {
  Op op = Op::kUnreachable;
  // Of block, loop, if: no type, one result (a: the ValType), or the function
  // type of index a.
  BlockKind block = BlockKind::kEmpty;
  uint32_t offset = 0;  // module offset of the opcode
  // Meaningless unless the instruction has such an immediate. Indices:
  //   local, global, function, table, label, segment   a
  //   load, store        a = static offset, b = log2 of the alignment
  //   br_table           a = number of labels without the default one
  //   call_indirect      a = type, b = table
  //   select t, ref.null a = the ValType
  //   memory.init        a = data segment
  //   table.init         a = element segment, b = table
  //   table.copy         a = destination table, b = source table
  uint32_t a = 0;
  uint32_t b = 0;
  // Constants: i32 zero-extended, i64, or the bits of f32 and f64.
  uint64_t bits = 0;
};

class OperatorReader {
 public:
  OperatorReader(const uint8_t* module, uint32_t begin, uint32_t end)
      : in_(module, begin, end) {}

  // Reads the next instruction; false at the end or after an error. Labels of
  // a br_table that were not read are passed over.
  [[gnu::always_inline]] bool Next(Operator* out);

  // After a br_table: reads its next label, the default one last. There are
  // a + 1 of them; one more is a bug of the caller.
  uint32_t ReadLabel() {
    INGOT_CHECK(labels_ != 0);
    --labels_;
    return in_.ReadU32();
  }

  Status status() const { return in_.status(); }
  // Module offset of the next instruction.
  uint32_t offset() const { return in_.offset(); }

 private:
  bool NextLong(Operator* out);
  bool NextImmediates(ImmediateKind kind, Operator* out);
  bool ReadPrefixed(Operator* out, ImmediateKind* kind);
  bool RefuseOpcode(uint32_t offset, uint32_t byte);
  void ReadZeroByte();
  void ReadBlockType(Operator* out);

  ByteCursor in_;
  uint32_t labels_ = 0;  // of the last br_table, not read yet
};

namespace operator_reader_internal {

// How the short form of a single-byte opcode is read: most instructions have
// immediates of at most two LEB128 numbers that take a byte each. A word of
// four bytes from the opcode on that has none of the bits of `mask` is such a
// form: `length` bytes, the operands at bits a_shift and b_shift of the word.
// An instruction without a short form has the opcode's own byte in its mask.
struct ShortForm {
  uint32_t mask;
  uint8_t length;
  uint8_t a_shift;
  uint8_t b_shift;
  uint8_t kind;  // ImmediateKind, or kNotOne
};

inline constexpr uint8_t kNotOne = 0xFF;

constexpr ShortForm MakeShortForm(uint32_t byte) {
  ShortForm form{0xFF, 1, 8, 16, kNotOne};
  if (kOpIndex[byte] == kNoOp) return form;
  const ImmediateKind kind = kOpInfo[kOpIndex[byte]].immediate;
  form.kind = static_cast<uint8_t>(kind);
  switch (kind) {
    case ImmediateKind::kNone:
      form.mask = 0;
      break;
    case ImmediateKind::kLocal:
    case ImmediateKind::kGlobal:
    case ImmediateKind::kFunction:
    case ImmediateKind::kLabel:
    case ImmediateKind::kTable:
    case ImmediateKind::kI32:
    case ImmediateKind::kI64:
      form.mask = 0x8000;
      form.length = 2;
      break;
    case ImmediateKind::kMemory:
      form.mask = 0xFF00;
      form.length = 2;
      break;
    case ImmediateKind::kTypeTable:
      form.mask = 0x808000;
      form.length = 3;
      break;
    case ImmediateKind::kMemArg:
      // The alignment, which comes first, is below 32.
      form.mask = 0x80E000;
      form.length = 3;
      form.a_shift = 16;
      form.b_shift = 8;
      break;
    default:
      break;
  }
  return form;
}

struct ShortForms {
  ShortForm of[256];
};

constexpr ShortForms MakeShortForms() {
  ShortForms forms{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    forms.of[byte] = MakeShortForm(byte);
  }
  return forms;
}

inline constexpr ShortForms kShortForms = MakeShortForms();
// The opcode 0 cannot be told apart by its own byte; it has a short form.
static_assert(kShortForms.of[0].mask == 0);

}  // namespace operator_reader_internal

inline void OperatorReader::ReadZeroByte() {
  const uint32_t at = in_.offset();
  if (in_.ReadByte() != 0) in_.Fail(Code::kZeroByteExpected, at);
}

// A block type is 0x40, a value type, or a non-negative 33-bit type index.
inline void OperatorReader::ReadBlockType(Operator* out) {
  const uint32_t at = in_.offset();
  const int64_t value = in_.ReadS33();
  if (value >= 0) {
    out->block = BlockKind::kType;
    out->a = static_cast<uint32_t>(value);
    return;
  }
  // One byte that stands for no index, unless the number was longer.
  const uint8_t byte = static_cast<uint8_t>(value & 0x7F);
  if (in_.offset() != at + 1) {
    in_.Fail(Code::kMalformedBlockType, at);
  } else if (byte == 0x40) {
    out->block = BlockKind::kEmpty;
  } else if (IsValTypeByte(byte)) {
    out->block = BlockKind::kValue;
    out->a = byte;
  } else {
    const Code why = WhyNoValType(byte);
    in_.Fail(why == Code::kMalformedValueType ? Code::kMalformedBlockType : why,
             at);
  }
}

// Bytes that are no opcode here: those of proposals are refused by name.
inline bool OperatorReader::RefuseOpcode(uint32_t offset, uint32_t byte) {
  Code code = Code::kIllegalOpcode;
  switch (byte) {
    case 0x06: case 0x07: case 0x08: case 0x09: case 0x0A:
    case 0x18: case 0x19: case 0x1F:
      code = Code::kUnsupportedExceptions;
      break;
    case 0x14: case 0x15: case 0xD4: case 0xD5: case 0xD6:
      code = Code::kUnsupportedFunctionReferences;
      break;
    case 0xD3: case 0xFB:
      code = Code::kUnsupportedGc;
      break;
    case 0xE0: case 0xE1: case 0xE2: case 0xE3: case 0xE4: case 0xE5:
    case 0xE6:
      code = Code::kUnsupportedStackSwitching;
      break;
    case 0xFD:
      code = Code::kUnsupportedSimd;
      break;
    case 0xFE:
      code = Code::kUnsupportedThreads;
      break;
    default:
      break;
  }
  in_.Fail(code, offset);
  return false;
}

inline bool OperatorReader::ReadPrefixed(Operator* out, ImmediateKind* kind) {
  const uint32_t number = in_.ReadU32();
  if (in_.failed()) return false;
  if (number >= kPrefixedOps || kOpIndex[0x100 + number] == kNoOp) {
    in_.Fail(number >= 19 && number <= 22 ? Code::kUnsupportedWideArithmetic
                                          : Code::kIllegalOpcode,
             out->offset);
    return false;
  }
  out->op = static_cast<Op>(0x100 + number);
  *kind = kOpInfo[kOpIndex[0x100 + number]].immediate;
  return true;
}

// Only the short form is read in line. The rest works on a copy, so that the
// reader itself stays in registers wherever it is a local object.
inline bool OperatorReader::Next(Operator* out) {
  if (in_.remaining() >= 4 && labels_ == 0) [[likely]] {
    const uint32_t word = in_.Peek4();
    const uint8_t byte = static_cast<uint8_t>(word);
    const auto& form = operator_reader_internal::kShortForms.of[byte];
    if ((word & form.mask) == 0) [[likely]] {
      out->op = static_cast<Op>(byte);
      out->offset = in_.offset();
      out->a = (word >> form.a_shift) & 0xFF;
      out->b = (word >> form.b_shift) & 0xFF;
      const int64_t constant =
          ByteCursor::SignExtend7(static_cast<uint8_t>(out->a & 0x7F));
      out->bits = out->op == Op::kI32Const
                      ? static_cast<uint32_t>(constant)
                      : static_cast<uint64_t>(constant);
      in_.Skip(form.length);
      return true;
    }
  }
  OperatorReader copy = *this;
  const bool ok = copy.NextLong(out);
  *this = copy;
  return ok;
}

// Any form of any instruction.
inline bool OperatorReader::NextLong(Operator* out) {
  while (labels_ != 0) ReadLabel();
  if (in_.at_end()) return false;
  out->offset = in_.offset();
  const uint8_t byte = in_.ReadByte();
  const uint8_t kind = operator_reader_internal::kShortForms.of[byte].kind;
  out->op = static_cast<Op>(byte);
  if (kind != operator_reader_internal::kNotOne) [[likely]] {
    return NextImmediates(static_cast<ImmediateKind>(kind), out);
  }
  if (byte != 0xFC) return RefuseOpcode(out->offset, byte);
  ImmediateKind prefixed;
  return ReadPrefixed(out, &prefixed) && NextImmediates(prefixed, out);
}

inline bool OperatorReader::NextImmediates(ImmediateKind kind, Operator* out) {
  switch (kind) {
    case ImmediateKind::kNone:
      break;
    case ImmediateKind::kLocal:
    case ImmediateKind::kGlobal:
    case ImmediateKind::kFunction:
    case ImmediateKind::kLabel:
    case ImmediateKind::kTable:
    case ImmediateKind::kData:
    case ImmediateKind::kElement:
      out->a = in_.ReadU32();
      break;
    case ImmediateKind::kI32:
      out->bits = static_cast<uint32_t>(in_.ReadS32());
      break;
    case ImmediateKind::kMemArg: {
      const uint32_t at = in_.offset();
      out->b = in_.ReadU32();
      if (out->b >= 32) [[unlikely]] {
        in_.Fail(out->b >= 64 && out->b < 128 ? Code::kUnsupportedMultiMemory
                                              : Code::kMalformedMemoryFlags,
                 at);
      }
      out->a = in_.ReadU32();
      break;
    }
    case ImmediateKind::kBlock:
      ReadBlockType(out);
      break;
    case ImmediateKind::kLabelTable:
      out->a = in_.ReadCount();
      // Each label takes a byte, the default one too.
      if (out->a == in_.remaining() && !in_.failed()) {
        in_.Fail(Code::kUnexpectedEnd, in_.offset());
      }
      labels_ = in_.failed() ? 0 : out->a + 1;
      break;
    case ImmediateKind::kTypeTable:
    case ImmediateKind::kElementTable:
    case ImmediateKind::kTableTable:
      out->a = in_.ReadU32();
      out->b = in_.ReadU32();
      break;
    case ImmediateKind::kSelectType: {
      const uint32_t at = in_.offset();
      if (in_.ReadU32() != 1) in_.Fail(Code::kInvalidResultArity, at);
      out->a = static_cast<uint32_t>(in_.ReadValType());
      break;
    }
    case ImmediateKind::kMemory:
      ReadZeroByte();
      break;
    case ImmediateKind::kMemoryMemory:
      ReadZeroByte();
      ReadZeroByte();
      break;
    case ImmediateKind::kDataMemory:
      out->a = in_.ReadU32();
      ReadZeroByte();
      break;
    case ImmediateKind::kI64:
      out->bits = static_cast<uint64_t>(in_.ReadS64());
      break;
    case ImmediateKind::kF32:
      out->bits = in_.ReadFixed32();
      break;
    case ImmediateKind::kF64:
      out->bits = in_.ReadFixed64();
      break;
    case ImmediateKind::kRefType:
      out->a = static_cast<uint32_t>(in_.ReadRefType());
      break;
  }
  return !in_.failed();
}

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_OPERATOR_READER_H_
