#ifndef COMPILER_X64_ASSEMBLER_H_
#define COMPILER_X64_ASSEMBLER_H_

#include <cstdint>

#include "asmjit/x86.h"
#include "compiler/base/check.h"
#include "compiler/regalloc/allocation.h"

// The encoder: asmjit's x86::Assembler behind the shapes that Ingot emits.
//
// Registers are numbered as in regalloc/allocation.h. Code goes into a buffer
// that the caller has sized for the worst case, so encoding cannot fail: an
// asmjit error is our bug. Jumps do not use asmjit's labels; they are written
// raw and patched when their target is known.

namespace ingot::compiler {

namespace x = asmjit::x86::Inst;
using X86 = asmjit::x86::Inst::Id;

enum class Width : uint8_t { k32, k64 };

// Condition codes as the machine numbers them (Intel SDM, appendix B).
enum class Cc : uint8_t {
  kO = 0, kNo = 1, kB = 2, kAe = 3, kE = 4, kNe = 5, kBe = 6, kA = 7,
  kS = 8, kNs = 9, kP = 10, kNp = 11, kL = 12, kGe = 13, kLe = 14, kG = 15,
};
constexpr Cc Negate(Cc cc) {
  return static_cast<Cc>(static_cast<uint8_t>(cc) ^ 1);
}

// A memory operand: base + index × 2^shift + displacement.
struct Mem {
  uint8_t base = kNoReg;
  uint8_t index = kNoReg;
  uint8_t shift = 0;
  int32_t disp = 0;
};

class Assembler {
 public:
  Assembler();
  Assembler(const Assembler&) = delete;
  Assembler& operator=(const Assembler&) = delete;

  // Starts to write at `buffer`, which holds `capacity` bytes.
  void Begin(uint8_t* buffer, uint32_t capacity);
  uint32_t offset() const { return static_cast<uint32_t>(asm_.offset()); }
  uint8_t* buffer() const { return buffer_; }

  // General registers with a zero upper half at this place in the code, known
  // from the instructions since the last label (bit r: register r).
  uint32_t zero_upper() const { return zero_upper_; }
  // A label: what was known of the flags no longer holds.
  void SetZeroUpper(uint32_t mask) {
    zero_upper_ = mask;
    flags_reg_ = kNoReg;
  }
  // Whether the zero flag tells if the register is zero.
  bool ZeroFlagIsOf(uint8_t reg, Width w) const {
    return flags_reg_ == reg && flags_width_ == w;
  }

  // General registers.
  void Rr(X86 id, Width w, uint8_t dst, uint8_t src) {
    Check(asm_.emit(id, Gp(w, dst), Gp(w, src)));
    Wrote(id, w, dst);
  }
  void Ri(X86 id, Width w, uint8_t dst, int64_t imm) {
    Check(asm_.emit(id, Gp(w, dst), asmjit::imm(imm)));
    Wrote(id, w, dst);
  }
  void Rri(X86 id, Width w, uint8_t dst, uint8_t src, int64_t imm) {
    Check(asm_.emit(id, Gp(w, dst), Gp(w, src), asmjit::imm(imm)));
    Wrote(id, w, dst);
  }
  void Rrr(X86 id, Width w, uint8_t dst, uint8_t a, uint8_t b) {
    Check(asm_.emit(id, Gp(w, dst), Gp(w, a), Gp(w, b)));
    Wrote(id, w, dst);
  }
  void ByteSwap(Width w, uint8_t reg) {
    Check(asm_.emit(x::kIdBswap, Gp(w, reg)));
    Wrote(x::kIdBswap, w, reg);
  }
  void R(X86 id, Width w, uint8_t reg) {
    Check(asm_.emit(id, Gp(w, reg)));
    if (id == x::kIdNeg) {
      Wrote(id, w, reg);
    } else {
      Wrote(id, w, kRax);  // div, idiv
      Wrote(id, w, kRdx);
    }
  }
  // Shifts by cl, which leave the flags alone when it is zero.
  void Rcl(X86 id, Width w, uint8_t dst) {
    Check(asm_.emit(id, Gp(w, dst), asmjit::x86::cl));
    Wrote(id, w, dst);
    flags_reg_ = kNoReg;
  }
  void Rm(X86 id, Width w, uint8_t dst, const Mem& mem) {
    Check(asm_.emit(id, Gp(w, dst), Address(mem, 0)));
    Wrote(id, w, dst);
  }
  void Mr(X86 id, Width w, const Mem& mem, uint8_t src) {
    Check(asm_.emit(id, Address(mem, 0), Gp(w, src)));
  }
  void Mi(X86 id, const Mem& mem, uint32_t bytes, int64_t imm) {
    Check(asm_.emit(id, Address(mem, bytes), asmjit::imm(imm)));
    if (id != x::kIdMov) flags_reg_ = kNoReg;
  }
  void M(X86 id, const Mem& mem, uint32_t bytes) {
    Check(asm_.emit(id, Address(mem, bytes)));
  }
  // Stores of 8 and 16 bits, extending loads, and extensions.
  void Store8(const Mem& mem, uint8_t src) {
    Check(asm_.emit(x::kIdMov, Address(mem, 1), asmjit::x86::gpb(src)));
  }
  void Store16(const Mem& mem, uint8_t src) {
    Check(asm_.emit(x::kIdMov, Address(mem, 2), asmjit::x86::gpw(src)));
  }
  void LoadExtend(X86 id, Width w, uint8_t dst, const Mem& mem,
                  uint32_t bytes) {
    Check(asm_.emit(id, Gp(w, dst), Address(mem, bytes)));
    Wrote(id, w, dst);
  }
  void Extend8(X86 id, Width w, uint8_t dst, uint8_t src) {
    Check(asm_.emit(id, Gp(w, dst), asmjit::x86::gpb(src)));
    Wrote(id, w, dst);
  }
  void Extend16(X86 id, Width w, uint8_t dst, uint8_t src) {
    Check(asm_.emit(id, Gp(w, dst), asmjit::x86::gpw(src)));
    Wrote(id, w, dst);
  }
  void Extend32(uint8_t dst, uint8_t src) {
    Check(asm_.emit(x::kIdMovsxd, asmjit::x86::gpq(dst),
                    asmjit::x86::gpd(src)));
    Wrote(x::kIdMovsxd, Width::k64, dst);
  }
  void Set(Cc cc, uint8_t dst);
  void Rr8(X86 id, uint8_t dst, uint8_t src) {
    Check(asm_.emit(id, asmjit::x86::gpb(dst), asmjit::x86::gpb(src)));
    flags_reg_ = kNoReg;
  }
  void MovImm64(uint8_t dst, uint64_t bits);

  // xmm registers, numbered from 16.
  void Xx(X86 id, uint8_t dst, uint8_t src) {
    Check(asm_.emit(id, Xmm(dst), Xmm(src)));
    flags_reg_ = kNoReg;
  }
  void Xxi(X86 id, uint8_t dst, uint8_t src, uint32_t imm) {
    Check(asm_.emit(id, Xmm(dst), Xmm(src), asmjit::imm(imm)));
    flags_reg_ = kNoReg;
  }
  void Xi(X86 id, uint8_t dst, uint32_t imm) {
    Check(asm_.emit(id, Xmm(dst), asmjit::imm(imm)));
    flags_reg_ = kNoReg;
  }
  void Xxx(X86 id, uint8_t dst, uint8_t a, uint8_t b) {
    Check(asm_.emit(id, Xmm(dst), Xmm(a), Xmm(b)));
    flags_reg_ = kNoReg;
  }
  void Xxm(X86 id, uint8_t dst, uint8_t a, const Mem& mem) {
    Check(asm_.emit(id, Xmm(dst), Xmm(a), Address(mem, 0)));
    flags_reg_ = kNoReg;
  }
  void Xm(X86 id, uint8_t dst, const Mem& mem) {
    Check(asm_.emit(id, Xmm(dst), Address(mem, 0)));
    flags_reg_ = kNoReg;
  }
  void Mx(X86 id, const Mem& mem, uint8_t src) {
    Check(asm_.emit(id, Address(mem, 0), Xmm(src)));
  }
  // Between the files; the width is that of the general register.
  void Xr(X86 id, Width w, uint8_t dst, uint8_t src) {
    Check(asm_.emit(id, Xmm(dst), Gp(w, src)));
    flags_reg_ = kNoReg;
  }
  void Rx(X86 id, Width w, uint8_t dst, uint8_t src) {
    Check(asm_.emit(id, Gp(w, dst), Xmm(src)));
    Wrote(id, w, dst);
  }

  void Plain(X86 id) {
    Check(asm_.emit(id));
    if (id == x::kIdCdq) Wrote(id, Width::k32, kRdx);
    if (id == x::kIdCqo) Wrote(id, Width::k64, kRdx);
  }
  void RetPop(uint32_t bytes);
  void CallMem(const Mem& mem) {
    Check(asm_.emit(x::kIdCall, Address(mem, 8)));
    zero_upper_ = 0;
  }
  void JumpMem(const Mem& mem) {
    Check(asm_.emit(x::kIdJmp, Address(mem, 8)));
  }
  void JumpReg(uint8_t reg) {
    Check(asm_.emit(x::kIdJmp, asmjit::x86::gpq(reg)));
  }
  // lea dst, [rip + disp32]; returns the offset of the displacement.
  uint32_t LeaRip(uint8_t dst);
  // Raw jumps and calls; each returns the offset of its 32-bit displacement,
  // or, for short ones, of its 8-bit displacement.
  uint32_t Jcc(Cc cc);
  uint32_t Jmp();
  uint32_t CallRel();
  uint32_t JccShort(Cc cc);
  uint32_t JmpShort();
  // Jumps back to a known offset in the shortest form.
  void JccBack(Cc cc, uint32_t target);
  void JmpBack(uint32_t target);
  void Patch32(uint32_t at, uint32_t target);
  // Points a short jump to the current offset, where its state joins in.
  void PatchShort(uint32_t at);
  void Ud2() { Bytes({0x0F, 0x0B}); }

 private:
  static asmjit::x86::Gp Gp(Width w, uint8_t reg) {
    return w == Width::k64 ? asmjit::x86::Gp(asmjit::x86::gpq(reg))
                           : asmjit::x86::Gp(asmjit::x86::gpd(reg));
  }
  static asmjit::x86::Xmm Xmm(uint8_t reg) {
    return asmjit::x86::xmm(reg - 16u);
  }
  static asmjit::x86::Mem Address(const Mem& mem, uint32_t bytes);
  static void Check(asmjit::Error error) { INGOT_CHECK(error == 0); }
  // A 32-bit write clears the upper half (SDM, volume 1, 3.4.1.1), also that of
  // a cmov that does not move; bsr and bsf may leave it as it was.
  void Wrote(X86 id, Width w, uint8_t dst) {
    NoteFlags(id, w, dst);
    if (id == x::kIdCmp || id == x::kIdTest) return;
    if (w == Width::k32 && id != x::kIdBsr && id != x::kIdBsf) {
      zero_upper_ |= 1u << dst;
    } else {
      zero_upper_ &= ~(1u << dst);
    }
  }
  // Arithmetic sets the zero flag by its result; moves leave the flags alone.
  void NoteFlags(X86 id, Width w, uint8_t dst) {
    switch (id) {
      case x::kIdAdd: case x::kIdSub: case x::kIdAnd: case x::kIdOr:
      case x::kIdXor: case x::kIdNeg: case x::kIdAndn:
      case x::kIdShl: case x::kIdShr: case x::kIdSar:
        flags_reg_ = dst;
        flags_width_ = w;
        return;
      case x::kIdMov: case x::kIdMovzx: case x::kIdMovsx: case x::kIdMovsxd:
      case x::kIdLea: case x::kIdRorx: case x::kIdShlx: case x::kIdShrx:
      case x::kIdSarx:
        if (dst == flags_reg_) flags_reg_ = kNoReg;
        return;
      default:
        flags_reg_ = kNoReg;
        return;
    }
  }
  void Bytes(std::initializer_list<uint8_t> bytes);

  asmjit::CodeHolder code_;
  asmjit::x86::Assembler asm_;
  uint8_t* buffer_ = nullptr;
  uint32_t zero_upper_ = 0;
  uint8_t flags_reg_ = kNoReg;
  Width flags_width_ = Width::k32;
  // Short jumps that wait for their target, and what held at each.
  struct ShortJump {
    uint32_t at;
    uint32_t zero_upper;
  };
  static constexpr uint32_t kShortJumps = 8;
  ShortJump short_jumps_[kShortJumps] = {};
  uint32_t num_short_jumps_ = 0;
};

}  // namespace ingot::compiler

#endif  // COMPILER_X64_ASSEMBLER_H_
