#ifndef RUNTIME_VERIFIER_DECODER_H_
#define RUNTIME_VERIFIER_DECODER_H_

#include <cstdint>

// The verifier's decoder: bytes in, one instruction of a form of
// instruction_forms.def out, or nothing. It knows no other instruction, no
// second legacy prefix and no addressing form that the dialect does not have.
// It says what an instruction reads and writes; whether that is allowed where
// it stands is the verifier's business.

namespace ingot::verifier {

enum class Op : uint8_t {
  kPlain,     // only its operands' roles
  kMov, kMovImm, kLoad, kStore, kStoreImm, kMovsxd, kLea, kCmov,
  kAdd, kAddImm, kSubImm, kCmp, kCmpMem, kCmpImm, kTest,
  kDivide,    // writes rax and rdx
  kExtend,    // writes rdx
  kJcc, kJmp, kJmpReg, kJmpMem, kCall, kCallMem, kRet, kUd2,
};

// What is then known of the general registers that an instruction writes.
enum class Effect : uint8_t {
  kZeroUpper,  // a result of 32 bits
  kUnknown,    // one of 64, or one that is written perhaps
  kLowByte,    // the rest stays what it was
};

enum class MemUse : uint8_t { kNone, kLoad, kStore, kAddress, kTarget };

inline constexpr uint8_t kRax = 0, kRdx = 2, kRsp = 4;
inline constexpr uint8_t kGas = 14, kBase = 15;
inline constexpr uint8_t kRip = 16, kNoRegister = 17;

// What an instruction's row, W and kind of operand say, in a word.
struct InstructionKind {
  uint8_t form = 0;            // row of instruction_forms.def
  uint8_t isa = 2;             // the lowest target that has it (ingot::Isa)
  Op op = Op::kPlain;
  uint8_t width = 4;           // of the general operands in bytes
  uint8_t cc = 0;              // of jcc and cmovcc
  Effect effect = Effect::kZeroUpper;
  MemUse mem = MemUse::kNone;
  uint8_t mem_bytes = 0;
};
static_assert(sizeof(InstructionKind) == 8);

struct Instruction : InstructionKind {
  uint8_t base = kNoRegister;  // of the memory operand
  uint8_t index = kNoRegister;
  uint8_t rm = kNoRegister;    // modrm.rm; none when the operand is memory
  uint8_t scale = 0;           // log2
  int32_t disp = 0;
  int64_t imm = 0;             // sign-extended; a jump's displacement
  uint8_t length = 0;
  uint8_t reg = kNoRegister;   // modrm.reg, general or vector
  // Bit r: general register r is an operand; is written. Addresses, and what
  // an Op says by itself, are not among them.
  uint16_t general = 0;
  uint16_t written = 0;
};

// The instruction at the beginning of `bytes`, of which `size` are there.
bool DecodeInstruction(const uint8_t* bytes, uint32_t size, Instruction* out);

// Number of forms, and a form's name.
uint32_t FormCount();
const char* FormName(uint32_t form);

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_DECODER_H_
