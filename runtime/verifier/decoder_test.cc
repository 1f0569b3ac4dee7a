#include "runtime/verifier/decoder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "Zydis/Zydis.h"

// Each form against a decoder of another make: random bytes behind random
// beginnings; where ours sees an instruction, Zydis must see one of the same
// length, with the same memory operand and the same general registers written.

namespace ingot::verifier {
namespace {

constexpr uint32_t kTries = 6'000'000;
constexpr uint32_t kAtLeastPerForm = 20;

class Random {
 public:
  uint32_t Below(uint32_t n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>(state_ % n);
  }

 private:
  uint64_t state_ = 0x9E3779B97F4A7C15;
};

uint8_t Number(ZydisRegister reg) {
  if (reg == ZYDIS_REGISTER_RIP) return kRip;
  if (reg == ZYDIS_REGISTER_NONE) return kNoRegister;
  return static_cast<uint8_t>(ZydisRegisterGetId(
      ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg)));
}

bool IsWrite(Role role) {
  return role == Role::kWrite || role == Role::kModify ||
         role == Role::kMaybe || role == Role::kWrite8;
}

// General registers that ours says are written, control transfers apart.
uint32_t Written(const Instruction& in) {
  uint32_t mask = 0;
  if (IsWrite(in.reg_role)) mask |= 1u << in.reg;
  if (IsWrite(in.rm_role)) mask |= 1u << in.rm;
  if (in.op == Op::kDivide) mask |= 1u << kRax | 1u << kRdx;
  if (in.op == Op::kExtend) mask |= 1u << kRdx;
  return mask;
}

TEST(DecoderTest, AgreesWithZydisOnEveryForm) {
  ZydisDecoder zydis;
  ZydisDecoderInit(&zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  Random random;
  std::vector<uint32_t> seen(FormCount());
  uint32_t differences = 0;
  for (uint32_t i = 0; i < kTries && differences < 10; ++i) {
    uint8_t bytes[24];
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Below(256));
    uint32_t at = 0;
    constexpr uint8_t kPrefixes[] = {0x66, 0xF2, 0xF3};
    if (random.Below(2) == 0) bytes[at++] = kPrefixes[random.Below(3)];
    if (random.Below(2) == 0) {
      bytes[at++] = static_cast<uint8_t>(0x40 + random.Below(16));
    }
    if (random.Below(2) == 0) {
      bytes[at++] = 0x0F;
      if (random.Below(16) == 0) {
        bytes[at] = 0x3A;
        bytes[at + 1] = static_cast<uint8_t>(0x08 + random.Below(4));
      }
    }
    Instruction in;
    if (!DecodeInstruction(bytes, 16, &in)) continue;
    ++seen[in.form];
    ZydisDecodedInstruction other;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    const bool decoded = ZYAN_SUCCESS(
        ZydisDecoderDecodeFull(&zydis, bytes, 15, &other, operands));
    ASSERT_TRUE(decoded) << FormName(in.form);
    uint32_t written = 0;
    bool memory = false, same = other.length == in.length;
    const bool is_call = in.op == Op::kCall || in.op == Op::kCallMem;
    for (uint32_t k = 0; k < other.operand_count; ++k) {
      const ZydisDecodedOperand& operand = operands[k];
      if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
          (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0) {
        const auto kind = ZydisRegisterGetClass(operand.reg.value);
        if (kind == ZYDIS_REGCLASS_GPR8 || kind == ZYDIS_REGCLASS_GPR16 ||
            kind == ZYDIS_REGCLASS_GPR32 || kind == ZYDIS_REGCLASS_GPR64) {
          written |= 1u << Number(operand.reg.value);
        }
      }
      if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY ||
          operand.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN) {
        continue;
      }
      memory = true;
      same = same && in.mem != MemUse::kNone &&
             Number(operand.mem.base) == in.base &&
             Number(operand.mem.index) == in.index &&
             (in.index == kNoRegister ||
              operand.mem.scale == 1 << in.scale) &&
             operand.mem.disp.value == in.disp;
      if (in.mem == MemUse::kLoad || in.mem == MemUse::kStore) {
        same = same && operand.size == 8u * in.mem_bytes;
        const bool writes =
            (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
        same = same && writes == (in.mem == MemUse::kStore);
      }
    }
    same = same && memory == (in.mem != MemUse::kNone);
    if (is_call || in.op == Op::kRet) written &= ~(1u << kRsp);
    same = same && written == Written(in);
    if (same) continue;
    ++differences;
    ADD_FAILURE() << FormName(in.form) << ": ours " << int{in.length}
                  << " bytes, written " << Written(in) << ", memory "
                  << static_cast<int>(in.mem) << "; Zydis "
                  << int{other.length} << ", written " << written
                  << ", memory " << memory << " ("
                  << ZydisMnemonicGetString(other.mnemonic) << ")";
  }
  for (uint32_t f = 0; f < FormCount(); ++f) {
    EXPECT_GE(seen[f], kAtLeastPerForm) << FormName(f);
  }
}

TEST(DecoderTest, RefusesWhatTheDialectDoesNotHave) {
  const std::vector<std::vector<uint8_t>> refused = {
      {0x0F, 0x05},                    // syscall
      {0xCD, 0x80},                    // int
      {0xCC},                          // int3
      {0x0F, 0xA2},                    // cpuid
      {0x0F, 0x31},                    // rdtsc
      {0x0F, 0x01, 0xEF},              // wrpkru
      {0x0F, 0xAE, 0x10},              // ldmxcsr [rax]
      {0xF3, 0x48, 0x0F, 0xAE, 0xD0},  // wrfsbase rax
      {0xF3, 0xA4},                    // rep movsb
      {0x64, 0x8B, 0x00},              // mov eax, fs:[rax]
      {0x65, 0x48, 0x8B, 0x00},        // mov rax, gs:[rax]
      {0xF0, 0x48, 0x01, 0x00},        // lock add [rax], rax
      {0x48, 0x87, 0xC4},              // xchg rax, rsp
      {0x67, 0x8B, 0x00},              // mov eax, [eax]
      {0x8B, 0x04, 0x25, 0, 0, 0, 0},  // mov eax, [0]
      {0x88, 0x20},                    // mov [rax], ah
      {0x66, 0x66, 0x89, 0x00},        // two prefixes
      {0x48, 0x48, 0x89, 0xC0},        // two REX
      {0xFF, 0x20},                    // jmp [rax]
      {0xFF, 0xD0},                    // call rax
      {0x90},                          // nop
      {0xC5, 0xF8, 0x77},              // vzeroupper
      {0x0F},                          // cut off
      {0x48, 0x89},
      {0xE9, 0, 0, 0},
  };
  for (const auto& bytes : refused) {
    Instruction in;
    EXPECT_FALSE(DecodeInstruction(
        bytes.data(), static_cast<uint32_t>(bytes.size()), &in))
        << "first byte " << int{bytes[0]} << ", form " << FormName(in.form);
  }
}

}  // namespace
}  // namespace ingot::verifier
