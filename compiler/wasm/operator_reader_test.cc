#include "compiler/wasm/operator_reader.h"

#include <memory>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "gtest/gtest.h"

// Immediates of each kind, malformed numbers, opcodes of proposals, and that
// nothing past the end is read.

namespace ingot::wasm {
namespace {

// Bytes in a block of their size; the reader starts behind two others, so that
// offsets differ from positions.
class Reading {
 public:
  explicit Reading(const std::vector<uint8_t>& bytes)
      : bytes_(new uint8_t[bytes.size() + 2]),
        reader_(bytes_.get(), 2, static_cast<uint32_t>(bytes.size()) + 2) {
    bytes_[0] = bytes_[1] = 0x0B;
    for (size_t i = 0; i < bytes.size(); ++i) bytes_[i + 2] = bytes[i];
  }
  explicit Reading(const ByteWriter& writer) : Reading(writer.bytes()) {}

  Operator Next() {
    Operator op;
    EXPECT_TRUE(reader_.Next(&op))
        << static_cast<int>(reader_.status().code);
    return op;
  }
  // Reads to the end or the first error.
  Status ReadAll() {
    Operator op;
    while (reader_.Next(&op)) {
    }
    return reader_.status();
  }
  OperatorReader& reader() { return reader_; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  OperatorReader reader_;
};

Code CodeOf(const std::vector<uint8_t>& bytes) {
  return Reading(bytes).ReadAll().code;
}

TEST(OperatorReaderTest, ReadsIndices) {
  Reading in(ByteWriter()
                 .Inst(Op::kLocalGet, 300)
                 .Inst(Op::kCallIndirect, 7, 2)
                 .Inst(Op::kTableCopy, 3, 4)
                 .Inst(Op::kTableInit, 5, 6)
                 .Inst(Op::kMemoryInit, 8, 0));
  Operator op = in.Next();
  EXPECT_EQ(op.op, Op::kLocalGet);
  EXPECT_EQ(op.offset, 2u);
  EXPECT_EQ(op.a, 300u);
  op = in.Next();
  EXPECT_EQ(op.op, Op::kCallIndirect);
  EXPECT_EQ(op.offset, 5u);
  EXPECT_EQ(op.a, 7u);
  EXPECT_EQ(op.b, 2u);
  op = in.Next();
  EXPECT_EQ(op.op, Op::kTableCopy);
  EXPECT_EQ(op.a, 3u);
  EXPECT_EQ(op.b, 4u);
  op = in.Next();
  EXPECT_EQ(op.op, Op::kTableInit);
  EXPECT_EQ(op.a, 5u);
  EXPECT_EQ(op.b, 6u);
  op = in.Next();
  EXPECT_EQ(op.op, Op::kMemoryInit);
  EXPECT_EQ(op.a, 8u);
  EXPECT_TRUE(in.ReadAll().ok());
}

TEST(OperatorReaderTest, ReadsConstants) {
  Reading in(ByteWriter()
                 .I32Const(-1)
                 .I32Const(INT32_MIN)
                 .I64Const(INT64_MIN)
                 .I64Const(INT64_MAX)
                 .I64Const(-65)
                 .F32Const(0x7FC00001)
                 .F64Const(0xFFF0000000000002));
  EXPECT_EQ(in.Next().bits, 0xFFFFFFFFu);
  EXPECT_EQ(in.Next().bits, 0x80000000u);
  EXPECT_EQ(in.Next().bits, 0x8000000000000000u);
  EXPECT_EQ(in.Next().bits, 0x7FFFFFFFFFFFFFFFu);
  EXPECT_EQ(in.Next().bits, static_cast<uint64_t>(-65));
  EXPECT_EQ(in.Next().bits, 0x7FC00001u);
  EXPECT_EQ(in.Next().bits, 0xFFF0000000000002u);
}

TEST(OperatorReaderTest, ReadsMemoryArguments) {
  Reading in(ByteWriter().Inst(Op::kI64Load, 3, 0xFFFFFFFF));
  const Operator op = in.Next();
  EXPECT_EQ(op.a, 0xFFFFFFFFu);
  EXPECT_EQ(op.b, 3u);
}

TEST(OperatorReaderTest, ReadsBlockTypes) {
  Reading in(ByteWriter()
                 .Block(Op::kBlock)
                 .Block(Op::kLoop, ValType::kF64)
                 .BlockOfType(Op::kIf, 5)
                 .BlockOfType(Op::kBlock, 1000));
  EXPECT_EQ(in.Next().block, BlockKind::kEmpty);
  Operator op = in.Next();
  EXPECT_EQ(op.block, BlockKind::kValue);
  EXPECT_EQ(op.a, static_cast<uint32_t>(ValType::kF64));
  op = in.Next();
  EXPECT_EQ(op.block, BlockKind::kType);
  EXPECT_EQ(op.a, 5u);
  EXPECT_EQ(in.Next().a, 1000u);
}

TEST(OperatorReaderTest, ReadsOrSkipsLabels) {
  Reading in({0x0E, 2, 10, 11, 12, 0x0E, 1, 20, 21, 0x01});
  Operator op = in.Next();
  EXPECT_EQ(op.a, 2u);
  EXPECT_EQ(in.reader().ReadLabel(), 10u);
  EXPECT_EQ(in.reader().ReadLabel(), 11u);
  EXPECT_EQ(in.reader().ReadLabel(), 12u);
  op = in.Next();
  EXPECT_EQ(op.op, Op::kBrTable);
  EXPECT_EQ(op.a, 1u);
  EXPECT_EQ(in.Next().op, Op::kNop);
  EXPECT_TRUE(in.ReadAll().ok());
}

TEST(OperatorReaderTest, RefusesLabelCountsBeyondTheBody) {
  EXPECT_EQ(CodeOf({0x0E, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0}),
            Code::kLengthOutOfBounds);
  EXPECT_EQ(CodeOf({0x0E, 2, 0, 0}), Code::kUnexpectedEnd);
}

TEST(OperatorReaderTest, OneLabelTooManyIsABug) {
  Reading in({0x0E, 0, 0, 0x01});
  in.Next();
  in.reader().ReadLabel();
  EXPECT_DEATH(in.reader().ReadLabel(), "");
}

TEST(OperatorReaderTest, RefusesMalformedNumbers) {
  EXPECT_EQ(CodeOf({0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}),
            Code::kIntegerTooLong);
  EXPECT_EQ(CodeOf({0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F}),
            Code::kIntegerTooLarge);
  EXPECT_EQ(CodeOf({0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}),
            Code::kIntegerTooLong);
  EXPECT_EQ(CodeOf({0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0x4F}),
            Code::kIntegerTooLarge);
  EXPECT_EQ(CodeOf({0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F}),
            Code::kIntegerTooLarge);
  EXPECT_EQ(CodeOf({0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                    0x7E}),
            Code::kIntegerTooLarge);
  EXPECT_EQ(CodeOf({0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                    0x80, 0x00}),
            Code::kIntegerTooLong);
  // Padding within the type's length is allowed.
  EXPECT_EQ(CodeOf({0x20, 0x80, 0x80, 0x80, 0x80, 0x00}), Code::kOk);
  EXPECT_EQ(CodeOf({0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}), Code::kOk);
}

TEST(OperatorReaderTest, LocatesErrors) {
  const Status too_long =
      Reading({0x01, 0x20, 0x80, 0x80, 0x80, 0x80, 0x80}).ReadAll();
  EXPECT_EQ(too_long.offset, 4u);  // the number
  const Status end = Reading({0x01, 0x20, 0x80}).ReadAll();
  EXPECT_EQ(end.code, Code::kUnexpectedEnd);
  EXPECT_EQ(end.offset, 5u);  // the end
  EXPECT_EQ(Reading({0x01, 0xFF}).ReadAll().offset, 3u);  // the opcode
}

TEST(OperatorReaderTest, TheFirstErrorSticks) {
  Reading in({0xFF, 0x01, 0x27});
  EXPECT_EQ(in.ReadAll().offset, 2u);
  Operator op;
  EXPECT_FALSE(in.reader().Next(&op));
  EXPECT_EQ(in.reader().status().offset, 2u);
}

TEST(OperatorReaderTest, NamesProposals) {
  EXPECT_EQ(CodeOf({0xFD, 0x0C}), Code::kUnsupportedSimd);
  EXPECT_EQ(CodeOf({0xFE, 0x00}), Code::kUnsupportedThreads);
  EXPECT_EQ(CodeOf({0xFB, 0x00}), Code::kUnsupportedGc);
  EXPECT_EQ(CodeOf({0xD3}), Code::kUnsupportedGc);
  for (uint8_t byte : {0x06, 0x07, 0x08, 0x09, 0x0A, 0x18, 0x19, 0x1F}) {
    EXPECT_EQ(CodeOf({byte, 0x40}), Code::kUnsupportedExceptions);
  }
  for (uint8_t byte : {0x14, 0x15, 0xD4, 0xD5, 0xD6}) {
    EXPECT_EQ(CodeOf({byte, 0}), Code::kUnsupportedFunctionReferences);
  }
  EXPECT_EQ(CodeOf({0xE0, 0}), Code::kUnsupportedStackSwitching);
  EXPECT_EQ(CodeOf({0xFC, 19}), Code::kUnsupportedWideArithmetic);
  EXPECT_EQ(CodeOf({0x02, 0x7B}), Code::kUnsupportedSimd);
  EXPECT_EQ(CodeOf({0x28, 0x42, 0x01, 0x00}), Code::kUnsupportedMultiMemory);
}

TEST(OperatorReaderTest, RefusesWhatDoesNotExist) {
  for (uint8_t byte : {0x16, 0x17, 0x1D, 0x1E, 0x27, 0xC5, 0xCF, 0xF0, 0xFF}) {
    EXPECT_EQ(CodeOf({byte}), Code::kIllegalOpcode) << int{byte};
  }
  EXPECT_EQ(CodeOf({0xFC, 18}), Code::kIllegalOpcode);
  EXPECT_EQ(CodeOf({0xFC, 0x80, 0x02}), Code::kIllegalOpcode);
  EXPECT_EQ(CodeOf({0x02, 0x41}), Code::kMalformedBlockType);
  EXPECT_EQ(CodeOf({0x02, 0xC0, 0x7F}), Code::kMalformedBlockType);
  EXPECT_EQ(CodeOf({0x28, 0x20, 0x00}), Code::kMalformedMemoryFlags);
  EXPECT_EQ(CodeOf({0x3F, 0x01}), Code::kZeroByteExpected);
  EXPECT_EQ(CodeOf({0xFC, 10, 0, 1}), Code::kZeroByteExpected);
  EXPECT_EQ(CodeOf({0xD0, 0x7F}), Code::kMalformedReferenceType);
  EXPECT_EQ(CodeOf({0x1C, 0x02, 0x7F, 0x7F}), Code::kInvalidResultArity);
  EXPECT_EQ(CodeOf({0x1C, 0x01, 0x60}), Code::kMalformedValueType);
}

// Every instruction, cut off anywhere inside its immediates.
TEST(OperatorReaderTest, TruncationIsAnErrorWithoutOverRead) {
  for (const OpInfo& info : kOpInfo) {
    ByteWriter out;
    out.Opcode(info.op);
    switch (info.immediate) {
      case ImmediateKind::kNone:
        break;
      case ImmediateKind::kBlock:
        out.U32(200);
        break;
      case ImmediateKind::kLabelTable:
        out.U32(1).U32(300).U32(300);
        break;
      case ImmediateKind::kSelectType:
        out.U32(1).Type(ValType::kI32);
        break;
      case ImmediateKind::kMemArg:
      case ImmediateKind::kTypeTable:
      case ImmediateKind::kElementTable:
      case ImmediateKind::kTableTable:
        out.U32(1).U32(300);
        break;
      case ImmediateKind::kMemory:
        out.Byte(0);
        break;
      case ImmediateKind::kMemoryMemory:
        out.Byte(0).Byte(0);
        break;
      case ImmediateKind::kDataMemory:
        out.U32(300).Byte(0);
        break;
      case ImmediateKind::kF32:
        out.Fixed32(1);
        break;
      case ImmediateKind::kF64:
        out.Fixed64(1);
        break;
      case ImmediateKind::kRefType:
        out.Type(ValType::kFuncRef);
        break;
      default:
        out.U32(300);
        break;
    }
    std::vector<uint8_t> bytes = out.bytes();
    EXPECT_EQ(CodeOf(bytes), Code::kOk) << info.text;
    while (bytes.size() > 1) {
      bytes.pop_back();
      const Code code = CodeOf(bytes);
      EXPECT_TRUE(code == Code::kUnexpectedEnd ||
                  code == Code::kLengthOutOfBounds)
          << info.text << " " << bytes.size();
    }
  }
}

}  // namespace
}  // namespace ingot::wasm
