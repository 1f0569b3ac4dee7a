#include "compiler/x64/assembler.h"

#include <cstring>

// The parts of the encoder that are more than one call of asmjit: its set-up
// over a buffer of ours, and raw jumps (Intel SDM, volume 2, Jcc, JMP, CALL).

namespace ingot::compiler {

using asmjit::CodeBufferFlags;

Assembler::Assembler() {
  // Always the same environment: what the host is must not matter.
  const asmjit::Environment environment(
      asmjit::Arch::kX64, asmjit::SubArch::kUnknown, asmjit::Vendor::kUnknown,
      asmjit::Platform::kLinux);
  Check(code_.init(environment));
}

void Assembler::Begin(uint8_t* buffer, uint32_t capacity) {
  buffer_ = buffer;
  asmjit::CodeBuffer& target = code_.textSection()->buffer();
  target._data = buffer;
  target._size = 0;
  target._capacity = capacity;
  target._flags = CodeBufferFlags::kIsExternal | CodeBufferFlags::kIsFixed;
  if (asm_.code() == nullptr) {
    Check(code_.attach(&asm_));
  } else {
    Check(asm_.section(code_.textSection()));
  }
}

asmjit::x86::Mem Assembler::Address(const Mem& mem, uint32_t bytes) {
  if (mem.index == kNoReg) {
    return asmjit::x86::ptr(asmjit::x86::gpq(mem.base), mem.disp, bytes);
  }
  return asmjit::x86::ptr(asmjit::x86::gpq(mem.base),
                          asmjit::x86::gpq(mem.index), mem.shift, mem.disp,
                          bytes);
}

void Assembler::Bytes(std::initializer_list<uint8_t> bytes) {
  INGOT_CHECK(asm_.remainingSpace() >= bytes.size());
  for (const uint8_t byte : bytes) *asm_._bufferPtr++ = byte;
}

void Assembler::Set(Cc cc, uint8_t dst) {
  // setcc r/m8: REX (for spl … r15b), 0F 90+cc, modrm.
  const uint8_t rex = static_cast<uint8_t>(0x40 | (dst >> 3));
  const uint8_t op = static_cast<uint8_t>(0x90 + static_cast<uint8_t>(cc));
  const uint8_t modrm = static_cast<uint8_t>(0xC0 | (dst & 7));
  if (dst == flags_reg_) flags_reg_ = kNoReg;
  if (dst >= 4) {
    Bytes({rex, 0x0F, op, modrm});
  } else {
    Bytes({0x0F, op, modrm});
  }
}

void Assembler::MovImm64(uint8_t dst, uint64_t bits) {
  if (bits == 0) {
    // Flags must survive: a move, not xor.
    Ri(x::kIdMov, Width::k32, dst, 0);
  } else if (bits <= 0xFFFFFFFFu) {
    Ri(x::kIdMov, Width::k32, dst, static_cast<int64_t>(bits));
  } else {
    Ri(x::kIdMov, Width::k64, dst, static_cast<int64_t>(bits));
  }
}

void Assembler::RetPop(uint32_t bytes) {
  if (bytes == 0) {
    Plain(x::kIdRet);
  } else {
    Check(asm_.emit(x::kIdRet, asmjit::imm(bytes)));
  }
}

uint32_t Assembler::LeaRip(uint8_t dst) {
  const uint8_t rex = static_cast<uint8_t>(0x48 | (dst >> 3 << 2));
  const uint8_t modrm = static_cast<uint8_t>((dst & 7) << 3 | 5);
  Bytes({rex, 0x8D, modrm, 0, 0, 0, 0});
  Wrote(x::kIdLea, Width::k64, dst);
  return offset() - 4;
}

uint32_t Assembler::Jcc(Cc cc) {
  Bytes({0x0F, static_cast<uint8_t>(0x80 + static_cast<uint8_t>(cc)), 0, 0, 0,
         0});
  return offset() - 4;
}

uint32_t Assembler::Jmp() {
  Bytes({0xE9, 0, 0, 0, 0});
  return offset() - 4;
}

uint32_t Assembler::CallRel() {
  Bytes({0xE8, 0, 0, 0, 0});
  zero_upper_ = 0;
  return offset() - 4;
}

uint32_t Assembler::JccShort(Cc cc) {
  Bytes({static_cast<uint8_t>(0x70 + static_cast<uint8_t>(cc)), 0});
  INGOT_CHECK(num_short_jumps_ < kShortJumps);
  short_jumps_[num_short_jumps_++] = {offset() - 1, zero_upper_};
  return offset() - 1;
}

uint32_t Assembler::JmpShort() {
  Bytes({0xEB, 0});
  INGOT_CHECK(num_short_jumps_ < kShortJumps);
  short_jumps_[num_short_jumps_++] = {offset() - 1, zero_upper_};
  // Nothing falls through; only jumps reach what follows.
  zero_upper_ = 0xFFFFFFFF;
  return offset() - 1;
}

void Assembler::JccBack(Cc cc, uint32_t target) {
  const int64_t distance = int64_t{target} - (int64_t{offset()} + 2);
  if (distance >= -128) {
    Bytes({static_cast<uint8_t>(0x70 + static_cast<uint8_t>(cc)),
           static_cast<uint8_t>(distance)});
    return;
  }
  Patch32(Jcc(cc), target);
}

void Assembler::JmpBack(uint32_t target) {
  const int64_t distance = int64_t{target} - (int64_t{offset()} + 2);
  if (distance >= -128) {
    Bytes({0xEB, static_cast<uint8_t>(distance)});
    return;
  }
  Patch32(Jmp(), target);
}

void Assembler::Patch32(uint32_t at, uint32_t target) {
  const uint32_t distance = target - (at + 4);
  std::memcpy(buffer_ + at, &distance, 4);
}

void Assembler::PatchShort(uint32_t at) {
  const uint32_t distance = offset() - (at + 1);
  INGOT_CHECK(distance < 128);
  buffer_[at] = static_cast<uint8_t>(distance);
  for (uint32_t i = 0; i < num_short_jumps_; ++i) {
    if (short_jumps_[i].at != at) continue;
    zero_upper_ &= short_jumps_[i].zero_upper;
    short_jumps_[i] = short_jumps_[--num_short_jumps_];
    return;
  }
  INGOT_CHECK(false);
}

}  // namespace ingot::compiler
