#ifndef RUNTIME_VERIFIER_DECODER_H_
#define RUNTIME_VERIFIER_DECODER_H_

#include <cstdint>
#include <cstring>
#include <initializer_list>

// The verifier's decoder: bytes in, one instruction of a form of
// instruction_forms.def out, or nothing. It knows no other instruction, no
// second legacy prefix and no addressing form that the dialect does not have.
// It says what an instruction reads and writes; whether that is allowed where
// it stands is the verifier's business.

namespace ingot::verifier {

enum class Op : uint8_t {
  kPlain,     // only its operands' roles
  kMov, kMovImm, kLoad, kStore, kStoreImm, kMovsxd, kLea, kCmov,
  kAdd, kAddImm, kSubImm, kCmp, kCmpMem, kCmpImm, kTest, kTestImm,
  kDivide, kExtend,  // rdx is written, and rax by a division
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

struct Instruction {
  // What follows from an instruction's row, W and kind of operand.
  uint8_t form = 0;            // row of instruction_forms.def
  uint8_t isa = 2;             // the lowest target that has it (ingot::Isa)
  Op op = Op::kPlain;
  uint8_t width = 4;           // of the general operands in bytes
  uint8_t cc = 0;              // of jcc and cmovcc
  Effect effect = Effect::kZeroUpper;
  MemUse mem = MemUse::kNone;
  uint8_t mem_bytes = 0;

  uint8_t base = kNoRegister;  // of the memory operand
  uint8_t index = kNoRegister;
  uint8_t rm = kNoRegister;    // modrm.rm; none when the operand is memory
  uint8_t scale = 0;           // log2
  int32_t disp = 0;
  int64_t imm = 0;             // sign-extended; a jump's displacement
  uint8_t length = 0;
  uint8_t reg = 0;             // modrm.reg, general or vector, if it has a role
  // Bit r: general register r is an operand; is written. Addresses are not
  // among them.
  uint16_t general = 0;
  uint16_t written = 0;
};

// Prefix, REX or VEX, opcode, modrm, sib, displacement, immediate (Intel SDM,
// volume 2, 2.1 to 2.3). The bytes up to the opcode walk through pages of a
// table; that byte, its page, /digit, W and the kind of operand (memory or not)
// find a cell that says the rest.
namespace forms {

enum Ext : uint8_t { kSlashR = 8, kNoModrm = 9, kPlusR = 10 };
enum Wide : uint8_t { kW0, kW1, kWx };
// MemUse, and in the lower half bytes or what they follow from.
enum Mem : uint8_t {
  kNoMem = 0, kL1 = 0x11, kL2 = 0x12, kL4 = 0x14, kLv = 0x1E, kLf = 0x1F,
  kS1 = 0x21, kS2 = 0x22, kSv = 0x2E, kSf = 0x2F, kAddress = 0x30,
  kTarget = 0x48,
};
enum Level : uint8_t { kV2 = 2, kV3 = 3 };
enum Role : uint8_t {
  kNone, kRead, kWrite, kModify, kMaybe, kRead8, kWrite8, kXmm,
};

struct Form {
  const char* name;
  Op op;
  uint8_t isa, page, opcode, span, ext, w;
  Role reg, vvvv, rm;
  uint8_t mem, imm;
};

// Pages, each for four prefixes by the numbers that pp of VEX has for them:
// before REX, behind it, maps 0F and 0F 3A; maps 1 to 3 of VEX.
constexpr uint32_t kRexed = 4, kMap0F = 8, kMap0F3A = 12, kVexMap1 = 16;
constexpr uint32_t kPages = 28;

consteval uint8_t PrefixNumber(uint8_t prefix) {
  return prefix == 0x66 ? 1 : prefix == 0xF3 ? 2 : prefix == 0xF2 ? 3 : 0;
}

// Of a map of INGOT_FORM, or one of INGOT_VEX and 3.
consteval uint8_t PageOf(uint32_t map, uint8_t prefix) {
  constexpr uint8_t kFirst[] = {
      0, kMap0F, 0, kMap0F3A, kVexMap1, kVexMap1 + 4, kVexMap1 + 8};
  return kFirst[map] + PrefixNumber(prefix);
}

inline constexpr Form kForms[] = {
#define INGOT_FORM(name, op, isa, prefix, map, opcode, span, ext, w, reg, rm, \
                   mem, imm)                                                  \
  {name, Op::op, isa, PageOf(map, prefix), opcode, span, ext, w, reg, kNone,  \
   rm, mem, imm},
#define INGOT_VEX(name, prefix, map, opcode, ext, w, reg, vvvv, rm, mem, imm) \
  {name, Op::kPlain, kV3, PageOf(3 + map, prefix), opcode, 1, ext, w, reg,    \
   vvvv, rm, mem, imm},
#include "runtime/verifier/instruction_forms.def"
#undef INGOT_FORM
#undef INGOT_VEX
};
constexpr uint32_t kFormCount = sizeof(kForms) / sizeof(kForms[0]);
static_assert(kFormCount < 256);

// What a byte means in a page: a place in the table of cells (0: nothing), one
// that /digit is added to, VEX, or the page where the next byte is looked for.
constexpr uint16_t kDigits = 0x1000, kVex = 0x2000, kNextPage = 0x4000;

// What an operand adds to Instruction::general and, 16 bits above, to
// Instruction::written, when it is register 0.
consteval uint32_t Roles(Role role) {
  if (role == kNone || role == kXmm) return 0;
  return role == kRead || role == kRead8 ? 1 : 0x10001;
}
consteval bool IsByte(Role role) { return role == kRead8 || role == kWrite8; }

// An instruction but for its registers and numbers, and what its operands are.
struct alignas(64) Cell {
  Instruction in;
  uint32_t reg_roles = 0, rm_roles = 0, vvvv_roles = 0;
  uint8_t ext = 0, imm = 0;
  uint8_t low_bits = 0;    // of modrm that are 0 without REX
  uint8_t refused = 0x10;  // bits of vvvv, and 0x10: there is no such form
};

consteval Cell CellOf(uint32_t f, bool wide, bool memory) {
  const Form& form = kForms[f];
  const Role rm = memory ? kNone : form.rm;
  Cell cell;
  cell.in.form = static_cast<uint8_t>(f);
  cell.in.isa = form.isa;
  cell.in.op = form.op;
  cell.in.width = wide ? 8 : 4;
  if (wide || form.reg == kMaybe) cell.in.effect = Effect::kUnknown;
  if (rm == kWrite8) cell.in.effect = Effect::kLowByte;
  if (memory) {
    const uint8_t bytes = form.mem & 15;
    cell.in.mem = static_cast<MemUse>(form.mem >> 4);
    cell.in.mem_bytes = bytes < 14    ? bytes
                          : bytes == 14 ? cell.in.width
                                        : form.page % 2 != 0 ? 8 : 4;
  }
  cell.reg_roles = Roles(form.reg);
  cell.rm_roles = Roles(rm);
  // Without VEX, vvvv is 0, and its roles are what the instruction implies.
  cell.vvvv_roles = form.op == Op::kDivide   ? (1u << kRax | 1u << kRdx) << 16
                    : form.op == Op::kExtend ? 1u << kRdx << 16
                                             : Roles(form.vvvv);
  cell.ext = form.ext;
  cell.imm = form.imm;
  cell.low_bits = (IsByte(form.reg) ? 0x20 : 0) | (IsByte(rm) ? 4 : 0);
  cell.refused = form.vvvv == kNone ? 0x0F : 0;
  return cell;
}

constexpr uint32_t kPlaces = 320;

struct Tables {
  uint16_t entries[kPages][256] = {};
  Cell cells[4 * kPlaces];  // by place, W and whether there is memory
};

consteval Tables MakeTables() {
  Tables tables;
  uint16_t places = 1;
  for (uint32_t f = 0; f < kFormCount; ++f) {
    const Form& form = kForms[f];
    const bool has_digit = form.ext < kSlashR, has_modrm = form.ext < kNoModrm;
    uint16_t entry = tables.entries[form.page][form.opcode];
    if (entry == 0) {
      entry = places | (has_digit ? kDigits : 0);
      places += has_digit ? 8 : 1;
    }
    for (uint32_t i = form.opcode; i < form.opcode + form.span; ++i) {
      tables.entries[form.page][i] = entry;
      if (form.page < kRexed) tables.entries[form.page + kRexed][i] = entry;
    }
    const uint32_t place = (entry & ~kDigits) + (has_digit ? form.ext : 0);
    for (uint32_t variant = 0; variant < 4; ++variant) {
      const bool wide = variant >= 2, memory = variant % 2 != 0;
      if ((form.w != kWx && form.w != wide) ||
          (has_modrm && (memory ? form.mem == kNoMem : form.rm == kNone))) {
        continue;
      }
      tables.cells[4 * place + variant] =
          CellOf(f, wide, memory && has_modrm);
    }
  }
  for (const uint8_t prefix : {0x66, 0xF3, 0xF2}) {
    tables.entries[0][prefix] = kNextPage + PrefixNumber(prefix);
  }
  tables.entries[0][0xC4] = tables.entries[0][0xC5] = kVex;
  for (uint16_t p = 0; p < 4; ++p) {
    for (uint32_t rex = 0x40; rex < 0x50; ++rex) {
      tables.entries[p][rex] = kNextPage + kRexed + p;
    }
    tables.entries[p][0x0F] = tables.entries[kRexed + p][0x0F] =
        kNextPage + kMap0F + p;
    tables.entries[kMap0F + p][0x3A] = kNextPage + kMap0F3A + p;
  }
  return tables;
}

inline constexpr Tables kTables = MakeTables();

// `count` bytes, 1 to 8; all 8 are there to be read.
inline int64_t LoadSigned(const uint8_t* bytes, uint32_t count) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  const uint32_t shift = 64 - 8 * count;
  return static_cast<int64_t>(value << shift) >> shift;
}

// modrm (of a memory operand), sib and displacement; the number of their
// bytes, 0 for an operand that the dialect does not have.
[[gnu::always_inline]] inline uint32_t ReadAddress(const uint8_t* bytes,
                                                   uint32_t modrm, uint32_t rex,
                                                   Instruction* out) {
  const bool has_disp = modrm >= 0x40;
  uint32_t at = 1, base = modrm & 7;
  if (base == 4) {
    const uint32_t sib = bytes[at++];
    const uint32_t index = (sib >> 3 & 7) | (rex & 2) << 2;
    base = sib & 7;
    out->scale = static_cast<uint8_t>(sib >> 6);
    out->index = static_cast<uint8_t>(index != kRsp ? index : kNoRegister);
    // Without a base there is nothing to hold on to.
    if (base == 5 && !has_disp) return 0;
  } else if (base == 5 && !has_disp) {
    out->base = kRip;
    out->disp = static_cast<int32_t>(LoadSigned(bytes + at, 4));
    return at + 4;
  }
  out->base = static_cast<uint8_t>(base | (rex & 1) << 3);
  if (!has_disp) return at;
  const uint32_t disp_bytes = modrm < 0x80 ? 1 : 4;
  out->disp = static_cast<int32_t>(LoadSigned(bytes + at, disp_bytes));
  return at + disp_bytes;
}

}  // namespace forms

// The longest instruction of the table has 15 bytes, and numbers are read as if
// they had eight.
inline constexpr uint32_t kWindow = 24;

// The instruction at the beginning of `bytes`, of which `size` are there: where
// a window would run over their end, in a copy with zeroes behind.
[[gnu::always_inline]] inline bool DecodeInstruction(const uint8_t* bytes,
                                                     uint32_t size,
                                                     Instruction* out) {
  using namespace forms;
  uint8_t window[kWindow];
  if (size < kWindow) [[unlikely]] {
    std::memset(window, 0, kWindow);
    std::memcpy(window, bytes, size);
    bytes = window;
  }
  // Half of all instructions begin with REX.
  const bool has_rex = (bytes[0] & 0xF0) == 0x40;
  uint32_t rex = has_rex ? bytes[0] : 0, page = has_rex ? kRexed : 0;
  uint32_t at = has_rex, vvvv = 0;
  uint32_t byte = bytes[at++];
  uint32_t entry = kTables.entries[page][byte];
  while (entry >= kVex) [[unlikely]] {
    if (entry == kVex) {
      // Of two bytes or three; R, X, B and vvvv stand inverted.
      const bool has_three = byte == 0xC4;
      const uint32_t last = bytes[has_three ? 2 : 1];
      const uint32_t first = has_three ? bytes[1] : (last & 0x80) | 0x61;
      const uint32_t w = has_three ? last >> 4 & 8 : 0, map = first & 31;
      if (map < 1 || map > 3 || (last & 4) != 0) return false;
      at = has_three ? 3 : 2;
      rex = 0x40 | w | (~first >> 5 & 7);
      vvvv = ~last >> 3 & 15;
      page = kVexMap1 + 4 * (map - 1) + (last & 3);
    } else {
      if ((byte & 0xF0) == 0x40) rex = byte;
      page = entry - kNextPage;
    }
    byte = bytes[at++];
    entry = kTables.entries[page][byte];
  }
  const uint32_t modrm = bytes[at], digit = modrm >> 3 & 7;
  if (entry >= kDigits) entry += digit - kDigits;
  const bool memory = modrm < 0xC0;
  const Cell& cell = kTables.cells[4 * entry + (rex >> 2 & 2) + memory];
  if (((vvvv | 0x10) & cell.refused) != 0) [[unlikely]] return false;
  *out = cell.in;
  out->cc = byte & 15;
  uint32_t reg = digit | (rex & 4) << 1, rm = (modrm & 7) | (rex & 1) << 3;
  if (cell.ext < kNoModrm) [[likely]] {
    if (memory) {
      const uint32_t address = ReadAddress(bytes + at, modrm, rex, out);
      if (address == 0) return false;
      at += address;
    } else {
      out->rm = static_cast<uint8_t>(rm);
      ++at;
    }
    // Without REX, 4 … 7 are the second bytes of rax, rcx, rdx, rbx.
    if ((modrm & cell.low_bits) != 0 && rex == 0) [[unlikely]] return false;
  } else {
    reg = (byte & 7) | (rex & 1) << 3;
    rm = kRax;
    if (cell.rm_roles != 0) out->rm = kRax;
  }
  out->reg = static_cast<uint8_t>(reg);
  const uint32_t roles = cell.reg_roles << reg | cell.rm_roles << rm |
                         cell.vvvv_roles << vvvv;
  out->general = static_cast<uint16_t>(roles);
  out->written = static_cast<uint16_t>(roles >> 16);
  if (cell.imm != 0) {
    out->imm = LoadSigned(bytes + at, cell.imm);
    at += cell.imm;
  }
  out->length = static_cast<uint8_t>(at);
  return at <= size;
}

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_DECODER_H_
