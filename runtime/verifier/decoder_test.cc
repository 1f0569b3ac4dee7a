#include "runtime/verifier/decoder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "Zydis/Zydis.h"
#include "asmjit/x86.h"

// Each form against a decoder and an encoder of another make: random bytes
// behind random beginnings; where ours sees an instruction, Zydis must see one
// of the same length, with the same memory operand and the same general
// registers written. asmjit then writes what Zydis read, and ours must read it.

namespace ingot::verifier {
namespace {

constexpr uint32_t kTries = 8'000'000;
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

// Random bytes behind a beginning that instructions of the table have.
void RandomInstruction(Random& random, std::span<uint8_t, 24> bytes) {
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Below(256));
  uint32_t at = 0;
  switch (random.Below(4)) {
    case 0:
      bytes[at++] = 0xC5;
      bytes[at] &= 0xFB;  // L = 0
      if (random.Below(2) == 0) bytes[at] |= 0x78;
      return;
    case 1:
      bytes[at++] = 0xC4;
      bytes[at] = static_cast<uint8_t>((bytes[at] & 0xE0) |
                                       (1 + random.Below(3)));
      ++at;
      bytes[at] &= 0xFB;
      if (random.Below(2) == 0) bytes[at] |= 0x78;
      if (random.Below(2) == 0) {
        bytes[++at] = static_cast<uint8_t>(0xF0 + random.Below(8));
      } else if (random.Below(16) == 0) {
        bytes[++at] = static_cast<uint8_t>(0x08 + random.Below(4));
      }
      return;
    default:
      break;
  }
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
}

TEST(DecoderTest, AgreesWithZydisOnEveryForm) {
  ZydisDecoder zydis;
  ZydisDecoderInit(&zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  Random random;
  std::vector<uint32_t> seen(forms::kFormCount);
  uint32_t differences = 0;
  for (uint32_t i = 0; i < kTries && differences < 10; ++i) {
    uint8_t bytes[24];
    RandomInstruction(random, bytes);
    Instruction in;
    if (!DecodeInstruction(bytes, 16, &in)) continue;
    ++seen[in.form];
    ZydisDecodedInstruction other;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    const bool decoded = ZYAN_SUCCESS(
        ZydisDecoderDecodeFull(&zydis, bytes, 15, &other, operands));
    ASSERT_TRUE(decoded) << forms::kForms[in.form].name;
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
    same = same && written == in.written;
    if (same) continue;
    ++differences;
    ADD_FAILURE() << forms::kForms[in.form].name << ": ours " << int{in.length}
                  << " bytes, written " << in.written << ", memory "
                  << static_cast<int>(in.mem) << "; Zydis "
                  << int{other.length} << ", written " << written
                  << ", memory " << memory << " ("
                  << ZydisMnemonicGetString(other.mnemonic) << ")";
  }
  for (uint32_t f = 0; f < forms::kFormCount; ++f) {
    EXPECT_GE(seen[f], kAtLeastPerForm) << forms::kForms[f].name;
  }
}

std::string TextOf(const ZydisDecodedInstruction& instruction,
                   const ZydisDecodedOperand* operands) {
  ZydisFormatter formatter;
  ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
  char text[128];
  ZydisFormatterFormatInstruction(
      &formatter, &instruction, operands, instruction.operand_count_visible,
      text, sizeof(text), ZYDIS_RUNTIME_ADDRESS_NONE, nullptr);
  return text;
}

asmjit::x86::Reg AsmjitRegister(ZydisRegister reg) {
  const uint32_t id = static_cast<uint32_t>(ZydisRegisterGetId(reg));
  switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_GPR8: return asmjit::x86::gpb_lo(Number(reg));
    case ZYDIS_REGCLASS_GPR16: return asmjit::x86::gpw(id);
    case ZYDIS_REGCLASS_GPR32: return asmjit::x86::gpd(id);
    case ZYDIS_REGCLASS_GPR64: return asmjit::x86::gpq(id);
    default: return asmjit::x86::xmm(id);
  }
}

// asmjit's operand for one of Zydis.
asmjit::Operand AsmjitOperand(const ZydisDecodedOperand& operand) {
  switch (operand.type) {
    case ZYDIS_OPERAND_TYPE_REGISTER:
      return AsmjitRegister(operand.reg.value);
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
      return asmjit::imm(operand.imm.value.s);
    default:
      break;
  }
  const uint32_t bytes = operand.size / 8;
  const int32_t disp = static_cast<int32_t>(operand.mem.disp.value);
  const auto base = asmjit::x86::gpq(Number(operand.mem.base));
  if (operand.mem.index == ZYDIS_REGISTER_NONE) {
    return asmjit::x86::ptr(base, disp, bytes);
  }
  return asmjit::x86::ptr(
      base, asmjit::x86::gpq(Number(operand.mem.index)),
      static_cast<uint32_t>(__builtin_ctz(operand.mem.scale)), disp, bytes);
}

// asmjit's numbers of the mnemonics that Zydis reads (its names are left out of
// our build). Jumps are not among them: the emitter writes those by itself.
const std::map<ZydisMnemonic, asmjit::InstId> kAsmjitIds = {
// clang-format off
#define M(zydis, id) {ZYDIS_MNEMONIC_##zydis, asmjit::x86::Inst::kId##id},
    M(ADD, Add) M(OR, Or) M(AND, And) M(SUB, Sub) M(XOR, Xor) M(CMP, Cmp)
    M(TEST, Test) M(IMUL, Imul) M(NOT, Not) M(NEG, Neg) M(BSWAP, Bswap)
    M(DIV, Div) M(IDIV, Idiv) M(CDQ, Cdq) M(CQO, Cqo) M(ROL, Rol)
    M(ROR, Ror) M(SHL, Shl) M(SHR, Shr) M(SAR, Sar) M(MOV, Mov) M(LEA, Lea) M(MOVSXD, Movsxd)
    M(MOVZX, Movzx) M(MOVSX, Movsx) M(BSF, Bsf) M(BSR, Bsr) M(POPCNT, Popcnt)
    M(LZCNT, Lzcnt) M(TZCNT, Tzcnt) M(MOVSS, Movss) M(MOVSD, Movsd)
    M(MOVAPS, Movaps) M(MOVD, Movd) M(MOVQ, Movq) M(CVTSI2SS, Cvtsi2ss)
    M(CVTSI2SD, Cvtsi2sd) M(CVTTSS2SI, Cvttss2si) M(CVTTSD2SI, Cvttsd2si)
    M(UCOMISS, Ucomiss) M(UCOMISD, Ucomisd) M(SQRTSS, Sqrtss) M(SQRTSD, Sqrtsd)
    M(ANDPS, Andps) M(ANDNPS, Andnps) M(ORPS, Orps) M(XORPS, Xorps)
    M(ADDSS, Addss) M(ADDSD, Addsd) M(MULSS, Mulss) M(MULSD, Mulsd)
    M(SUBSS, Subss) M(SUBSD, Subsd) M(MINSS, Minss) M(MINSD, Minsd)
    M(DIVSS, Divss) M(DIVSD, Divsd) M(MAXSS, Maxss) M(MAXSD, Maxsd)
    M(CVTSS2SD, Cvtss2sd) M(CVTSD2SS, Cvtsd2ss) M(PSRLD, Psrld) M(PSLLD, Pslld)
    M(PSRLQ, Psrlq) M(PSLLQ, Psllq) M(PCMPEQD, Pcmpeqd) M(ROUNDSS, Roundss)
    M(ROUNDSD, Roundsd) M(JMP, Jmp) M(CALL, Call) M(RET, Ret) M(UD2, Ud2)
    M(ANDN, Andn) M(BLSR, Blsr) M(BLSMSK, Blsmsk) M(BLSI, Blsi) M(BZHI, Bzhi)
    M(SHLX, Shlx) M(SARX, Sarx) M(SHRX, Shrx) M(RORX, Rorx) M(VMOVSS, Vmovss)
    M(VMOVSD, Vmovsd) M(VMOVAPS, Vmovaps) M(VMOVD, Vmovd) M(VMOVQ, Vmovq)
    M(VCVTSI2SS, Vcvtsi2ss) M(VCVTSI2SD, Vcvtsi2sd) M(VCVTTSS2SI, Vcvttss2si)
    M(VCVTTSD2SI, Vcvttsd2si) M(VUCOMISS, Vucomiss) M(VUCOMISD, Vucomisd)
    M(VSQRTSS, Vsqrtss) M(VSQRTSD, Vsqrtsd) M(VANDPS, Vandps)
    M(VANDNPS, Vandnps) M(VORPS, Vorps) M(VXORPS, Vxorps) M(VADDSS, Vaddss)
    M(VADDSD, Vaddsd) M(VMULSS, Vmulss) M(VMULSD, Vmulsd) M(VSUBSS, Vsubss)
    M(VSUBSD, Vsubsd) M(VMINSS, Vminss) M(VMINSD, Vminsd) M(VDIVSS, Vdivss)
    M(VDIVSD, Vdivsd) M(VMAXSS, Vmaxss) M(VMAXSD, Vmaxsd)
    M(VCVTSS2SD, Vcvtss2sd) M(VCVTSD2SS, Vcvtsd2ss) M(VPSRLD, Vpsrld)
    M(VPSLLD, Vpslld) M(VPSRLQ, Vpsrlq) M(VPSLLQ, Vpsllq) M(VPCMPEQD, Vpcmpeqd)
    M(VROUNDSS, Vroundss) M(VROUNDSD, Vroundsd) M(SETO, Seto) M(SETNO, Setno)
    M(SETB, Setb) M(SETNB, Setae) M(SETZ, Setz) M(SETNZ, Setnz) M(SETBE, Setbe)
    M(SETNBE, Seta) M(SETS, Sets) M(SETNS, Setns) M(SETP, Setp) M(SETNP, Setnp)
    M(SETL, Setl) M(SETNL, Setge) M(SETLE, Setle) M(SETNLE, Setg)
    M(CMOVO, Cmovo) M(CMOVNO, Cmovno) M(CMOVB, Cmovb) M(CMOVNB, Cmovae)
    M(CMOVZ, Cmovz) M(CMOVNZ, Cmovnz) M(CMOVBE, Cmovbe) M(CMOVNBE, Cmova)
    M(CMOVS, Cmovs) M(CMOVNS, Cmovns) M(CMOVP, Cmovp) M(CMOVNP, Cmovnp)
    M(CMOVL, Cmovl) M(CMOVNL, Cmovge) M(CMOVLE, Cmovle) M(CMOVNLE, Cmovg)
#undef M
// clang-format on
};

TEST(DecoderTest, ReadsWhatAsmjitWrites) {
  ZydisDecoder zydis;
  ZydisDecoderInit(&zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  asmjit::CodeHolder holder;
  ASSERT_EQ(holder.init(asmjit::Environment(asmjit::Arch::kX64)), 0u);
  asmjit::x86::Assembler assembler(&holder);
  Random random;
  std::vector<uint32_t> written(forms::kFormCount);
  std::vector<bool> is_raw(forms::kFormCount);
  for (uint32_t i = 0; i < kTries; ++i) {
    uint8_t bytes[24];
    RandomInstruction(random, bytes);
    Instruction in;
    if (!DecodeInstruction(bytes, 16, &in)) continue;
    // Nor what stands relative to rip.
    if (in.op == Op::kJcc || in.op == Op::kJmp || in.op == Op::kCall) {
      is_raw[in.form] = true;
    }
    if (is_raw[in.form] || in.base == kRip) continue;
    if (written[in.form] >= kAtLeastPerForm) continue;
    ZydisDecodedInstruction read;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ASSERT_TRUE(ZYAN_SUCCESS(
        ZydisDecoderDecodeFull(&zydis, bytes, 15, &read, operands)));
    const std::string text = TextOf(read, operands);
    const auto id = kAsmjitIds.find(read.mnemonic);
    ASSERT_NE(id, kAsmjitIds.end()) << text;
    asmjit::Operand_ list[4];
    for (asmjit::Operand_& operand : list) operand.reset();
    ASSERT_LE(read.operand_count_visible, 4);
    for (uint32_t k = 0; k < read.operand_count_visible; ++k) {
      list[k] = AsmjitOperand(operands[k]);
    }
    assembler.setOffset(0);
    ASSERT_EQ(assembler.emitOpArray(id->second, list, read.operand_count_visible), 0u)
        << text;
    uint8_t again[16] = {};
    const uint32_t length = static_cast<uint32_t>(assembler.offset());
    ASSERT_LE(length, sizeof(again));
    std::memcpy(again, holder.textSection()->data(), length);
    ASSERT_TRUE(ZYAN_SUCCESS(
        ZydisDecoderDecodeFull(&zydis, again, 15, &read, operands)));
    EXPECT_EQ(TextOf(read, operands), text);
    EXPECT_TRUE(DecodeInstruction(again, length, &in) && in.length == length)
        << text;
    ++written[in.form];
  }
  for (uint32_t f = 0; f < forms::kFormCount; ++f) {
    if (!is_raw[f]) EXPECT_GE(written[f], kAtLeastPerForm) << forms::kForms[f].name;
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
      {0xFF, 0xD0},                    // call rax
      {0x90},                          // nop
      {0xC5, 0xF8, 0x77},              // vzeroupper
      {0xC5, 0xFE, 0x58, 0xC1},        // vaddss with L = 1
      {0xC4, 0xE1, 0xFA, 0x58, 0xC1},  // vaddss with W = 1
      {0xC5, 0xF2, 0x10, 0xC1},        // vmovss xmm0, xmm1, xmm1
      {0xC5, 0xF2, 0x10, 0x00},        // vmovss xmm0, [rax] with vvvv
      {0xC4, 0xE2, 0x7A, 0xF5, 0xC0},  // pext
      {0x66, 0xC5, 0xF2, 0x58, 0xC1},  // a prefix before VEX
      {0x48, 0xC5, 0xF2, 0x58, 0xC1},  // REX before VEX
      {0xC4, 0xE4, 0x72, 0x58, 0xC1},  // a map that there is not
      {0x0F},                          // cut off
      {0x48, 0x89},
      {0xE9, 0, 0, 0},
  };
  for (const auto& bytes : refused) {
    Instruction in;
    EXPECT_FALSE(DecodeInstruction(
        bytes.data(), static_cast<uint32_t>(bytes.size()), &in))
        << "first byte " << int{bytes[0]} << ", form " << forms::kForms[in.form].name;
  }
}

}  // namespace
}  // namespace ingot::verifier
