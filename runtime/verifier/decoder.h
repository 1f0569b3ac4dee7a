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

enum class Role : uint8_t {
  kNone, kRead, kWrite, kModify, kMaybe, kRead8, kWrite8, kXmm, kAcc, kAccRead,
};

enum class MemUse : uint8_t { kNone, kLoad, kStore, kAddress, kTarget };

inline constexpr uint8_t kRax = 0, kRdx = 2, kRsp = 4;
inline constexpr uint8_t kGas = 14, kBase = 15;
inline constexpr uint8_t kRip = 16, kNoRegister = 17;

struct Instruction {
  uint8_t length = 0;
  uint8_t form = 0;            // row of instruction_forms.def
  uint8_t isa = 2;             // the lowest target that has it (ingot::Isa)
  Op op = Op::kPlain;
  uint8_t width = 4;           // of the general operands in bytes
  uint8_t cc = 0;              // of jcc and cmovcc
  Role reg_role = Role::kNone;
  Role rm_role = Role::kNone;  // kNone when the operand is memory
  Role vvvv_role = Role::kNone;
  uint8_t reg = kNoRegister;
  uint8_t rm = kNoRegister;
  uint8_t vvvv = kNoRegister;  // the third register of a VEX form
  MemUse mem = MemUse::kNone;
  uint8_t mem_bytes = 0;
  uint8_t base = kNoRegister;
  uint8_t index = kNoRegister;
  uint8_t scale = 0;           // log2
  int32_t disp = 0;
  int64_t imm = 0;             // sign-extended; a jump's displacement
};

// The instruction at the beginning of `bytes`, of which `size` are there.
bool DecodeInstruction(const uint8_t* bytes, uint32_t size, Instruction* out);

// Number of forms, and a form's name.
uint32_t FormCount();
const char* FormName(uint32_t form);

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_DECODER_H_
