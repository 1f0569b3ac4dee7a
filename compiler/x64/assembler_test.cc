#include "compiler/x64/assembler.h"

#include <gtest/gtest.h>

#include <Zydis/Zydis.h>

#include <functional>
#include <string>
#include <vector>

// Each shape that the emitter uses, encoded and read back by Zydis, which
// shares nothing with asmjit. Raw encodings of our own are among them.

namespace ingot::compiler {
namespace {

std::string Disassemble(const uint8_t* code, uint32_t bytes) {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
                   ZYDIS_STACK_WIDTH_64);
  ZydisFormatter formatter;
  ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
  std::string text;
  uint32_t at = 0;
  while (at < bytes) {
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + at, bytes - at,
                                             &instruction, operands))) {
      return text + "(bad)";
    }
    char line[96];
    ZydisFormatterFormatInstruction(
        &formatter, &instruction, operands,
        instruction.operand_count_visible, line, sizeof(line), at, nullptr);
    if (!text.empty()) text += "; ";
    text += line;
    at += instruction.length;
  }
  return text;
}

std::string Encode(const std::function<void(Assembler&)>& emit) {
  Assembler assembler;
  std::vector<uint8_t> buffer(512);
  assembler.Begin(buffer.data(), 512);
  emit(assembler);
  return Disassemble(buffer.data(), assembler.offset());
}

struct Row {
  const char* text;
  std::function<void(Assembler&)> emit;
};

constexpr Width k32 = Width::k32, k64 = Width::k64;
constexpr uint8_t kX0 = 16, kX9 = 25;

const Row kRows[] = {
    {"mov ecx, r8d", [](Assembler& a) { a.Rr(x::kIdMov, k32, 1, 8); }},
    {"mov r9, rbx", [](Assembler& a) { a.Rr(x::kIdMov, k64, 9, 3); }},
    {"add eax, 0x7F", [](Assembler& a) { a.Ri(x::kIdAdd, k32, 0, 127); }},
    {"sub r14, 0x12345",
     [](Assembler& a) { a.Ri(x::kIdSub, k64, kGasReg, 0x12345); }},
    {"imul edx, esi, 0x64",
     [](Assembler& a) { a.Rri(x::kIdImul, k32, 2, 6, 100); }},
    {"neg r11", [](Assembler& a) { a.R(x::kIdNeg, k64, kScratch); }},
    {"bswap ebx", [](Assembler& a) { a.ByteSwap(k32, 3); }},
    {"bswap r12", [](Assembler& a) { a.ByteSwap(k64, 12); }},
    {"idiv ebx", [](Assembler& a) { a.R(x::kIdIdiv, k32, 3); }},
    {"shl rdi, cl", [](Assembler& a) { a.Rcl(x::kIdShl, k64, 7); }},
    {"rol r10d, 0x05", [](Assembler& a) { a.Ri(x::kIdRol, k32, 10, 5); }},
    {"mov eax, [r15+rbp*1+0x10]",
     [](Assembler& a) {
       a.Rm(x::kIdMov, k32, 0, Mem{kBaseReg, 5, 0, 16});
     }},
    {"mov [r15+r12*1+0x7FFFFFFF], r13",
     [](Assembler& a) {
       a.Mr(x::kIdMov, k64, Mem{kBaseReg, 12, 0, 0x7FFFFFFF}, 13);
     }},
    {"mov r11, [r11+r12*8]",
     [](Assembler& a) {
       a.Rm(x::kIdMov, k64, kScratch, Mem{kScratch, kR12, 3, 0});
     }},
    {"cmp rsp, [r15-0x08]",
     [](Assembler& a) {
       a.Rm(x::kIdCmp, k64, kRsp, Mem{kBaseReg, kNoReg, 0, -8});
     }},
    {"mov [rsp+0x88], esi",
     [](Assembler& a) {
       a.Mr(x::kIdMov, k32, Mem{kRsp, kNoReg, 0, 0x88}, 6);
     }},
    {"mov [r15+rax*1], sil",
     [](Assembler& a) { a.Store8(Mem{kBaseReg, 0, 0, 0}, 6); }},
    {"mov [r15+rax*1], r9w",
     [](Assembler& a) { a.Store16(Mem{kBaseReg, 0, 0, 0}, 9); }},
    {"mov byte ptr [r15+rax*1], 0xFF",
     [](Assembler& a) { a.Mi(x::kIdMov, Mem{kBaseReg, 0, 0, 0}, 1, -1); }},
    {"mov qword ptr [r15+rax*1], 0xFFFFFFFFFFFFFFFE",
     [](Assembler& a) { a.Mi(x::kIdMov, Mem{kBaseReg, 0, 0, 0}, 8, -2); }},
    {"movzx ecx, word ptr [r15+rdx*1]",
     [](Assembler& a) {
       a.LoadExtend(x::kIdMovzx, k32, 1, Mem{kBaseReg, 2, 0, 0}, 2);
     }},
    {"movsx rcx, byte ptr [r15+rdx*1]",
     [](Assembler& a) {
       a.LoadExtend(x::kIdMovsx, k64, 1, Mem{kBaseReg, 2, 0, 0}, 1);
     }},
    {"movsx edi, dil",
     [](Assembler& a) { a.Extend8(x::kIdMovsx, k32, 7, 7); }},
    {"movsxd r8, eax", [](Assembler& a) { a.Extend32(8, 0); }},
    {"setb al", [](Assembler& a) { a.Set(Cc::kB, 0); }},
    {"setnle sil", [](Assembler& a) { a.Set(Cc::kG, 6); }},
    {"setnp r11b", [](Assembler& a) { a.Set(Cc::kNp, kScratch); }},
    {"and sil, r11b",
     [](Assembler& a) { a.Rr8(x::kIdAnd, 6, kScratch); }},
    {"mov r11d, 0x00", [](Assembler& a) { a.MovImm64(kScratch, 0); }},
    {"mov ebx, 0xFFFFFFFF",
     [](Assembler& a) { a.MovImm64(3, 0xFFFFFFFFu); }},
    {"mov rbx, 0x100000000",
     [](Assembler& a) { a.MovImm64(3, uint64_t{1} << 32); }},
    {"movaps xmm9, xmm0",
     [](Assembler& a) { a.Xx(x::kIdMovaps, kX9, kX0); }},
    {"addsd xmm0, xmm9", [](Assembler& a) { a.Xx(x::kIdAddsd, kX0, kX9); }},
    {"roundss xmm0, xmm9, 0x0A",
     [](Assembler& a) { a.Xxi(x::kIdRoundss, kX0, kX9, 10); }},
    {"psllq xmm15, 0x3F",
     [](Assembler& a) { a.Xi(x::kIdPsllq, kScratchXmm, 63); }},
    {"movsd xmm9, qword ptr [rsp+0x08]",
     [](Assembler& a) {
       a.Xm(x::kIdMovsd, kX9, Mem{kRsp, kNoReg, 0, 8});
     }},
    {"movss [r15+rcx*1], xmm0",
     [](Assembler& a) { a.Mx(x::kIdMovss, Mem{kBaseReg, 1, 0, 0}, kX0); }},
    {"cvtsi2sd xmm0, r11",
     [](Assembler& a) { a.Xr(x::kIdCvtsi2sd, k64, kX0, kScratch); }},
    {"cvttss2si eax, xmm9",
     [](Assembler& a) { a.Rx(x::kIdCvttss2si, k32, 0, kX9); }},
    {"movq xmm9, rax", [](Assembler& a) { a.Xr(x::kIdMovq, k64, kX9, 0); }},
    {"movd eax, xmm9", [](Assembler& a) { a.Rx(x::kIdMovd, k32, 0, kX9); }},
    {"ret", [](Assembler& a) { a.RetPop(0); }},
    {"ret 0x20", [](Assembler& a) { a.RetPop(32); }},
    {"call [r15-0x18]",
     [](Assembler& a) { a.CallMem(Mem{kBaseReg, kNoReg, 0, -24}); }},
    {"jmp r9", [](Assembler& a) { a.JumpReg(9); }},
    {"lea r11, [0x0000000000000007]",
     [](Assembler& a) { a.LeaRip(kScratch); }},
    {"cqo", [](Assembler& a) { a.Plain(x::kIdCqo); }},
    {"ud2", [](Assembler& a) { a.Ud2(); }},
};

TEST(AssemblerTest, EveryShapeReadsBackAsMeant) {
  for (const Row& row : kRows) EXPECT_EQ(Encode(row.emit), row.text);
}

TEST(AssemblerTest, JumpsReachTheirTargets) {
  EXPECT_EQ(Encode([](Assembler& a) {
              const uint32_t far = a.Jcc(Cc::kL);
              const uint32_t near = a.JccShort(Cc::kNe);
              a.Ud2();
              a.PatchShort(near);
              a.JmpBack(0);
              a.Patch32(far, a.offset());
              a.JccBack(Cc::kA, 6);
            }),
            "jl 0x000000000000000C; jnz 0x000000000000000A; ud2; "
            "jmp 0x0000000000000000; jnbe 0x0000000000000006");
}

TEST(AssemblerTest, KnowsWhichUpperHalvesAreZero) {
  Assembler a;
  std::vector<uint8_t> buffer(512);
  a.Begin(buffer.data(), 512);
  a.SetZeroUpper(0);
  a.Rr(x::kIdMov, k32, 1, 2);
  EXPECT_EQ(a.zero_upper(), 0b10u);
  a.Rr(x::kIdCmp, k64, 1, 2);
  EXPECT_EQ(a.zero_upper(), 0b10u);
  a.Rr(x::kIdAdd, k64, 1, 2);
  EXPECT_EQ(a.zero_upper(), 0u);
  a.LoadExtend(x::kIdMovsx, k64, 3, Mem{kBaseReg, 2, 0, 0}, 1);
  a.LoadExtend(x::kIdMovzx, k32, 6, Mem{kBaseReg, 2, 0, 0}, 1);
  EXPECT_EQ(a.zero_upper(), 1u << 6);
  // Behind a label only what holds on both ways is known.
  const uint32_t skip = a.JccShort(Cc::kE);
  a.Rr(x::kIdMov, k32, 7, 2);
  a.PatchShort(skip);
  EXPECT_EQ(a.zero_upper(), 1u << 6);
  a.CallRel();
  EXPECT_EQ(a.zero_upper(), 0u);
}

}  // namespace
}  // namespace ingot::compiler
