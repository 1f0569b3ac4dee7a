#include "runtime/verifier/decoder.h"

#include <cstring>
#include <initializer_list>

// Prefix, REX or VEX, opcode, modrm, sib, displacement, immediate (Intel SDM,
// volume 2, 2.1 to 2.3). The bytes up to the opcode walk through pages of a
// table; that byte, its page, /digit, W and the kind of operand (memory or not)
// find a cell that says the rest.

namespace ingot::verifier {
namespace {

enum Ext : uint8_t { kSlashR = 8, kNoModrm = 9, kPlusR = 10 };
enum Wide : uint8_t { kW0, kW1, kWx };
enum Mem : uint8_t {
  kNoMem, kL1, kL2, kL4, kL8, kLv, kLf, kS1, kS2, kS4, kS8, kSv, kSf, kAddress,
  kTarget,
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

consteval uint8_t PageOf(uint32_t map, uint8_t prefix) {
  const uint32_t first = map == 0 ? 0 : map == 1 ? kMap0F : kMap0F3A;
  return static_cast<uint8_t>(first + PrefixNumber(prefix));
}

consteval uint8_t VexPageOf(uint32_t map, uint8_t prefix) {
  return static_cast<uint8_t>(kVexMap1 + 4 * (map - 1) + PrefixNumber(prefix));
}

constexpr Form kForms[] = {
#define INGOT_FORM(name, op, isa, prefix, map, opcode, span, ext, w, reg, rm, \
                   mem, imm)                                                  \
  {name, Op::op, isa, PageOf(map, prefix), opcode, span, ext, w, reg, kNone,  \
   rm, mem, imm},
#define INGOT_VEX(name, prefix, map, opcode, ext, w, reg, vvvv, rm, mem, imm) \
  {name, Op::kPlain, kV3, VexPageOf(map, prefix), opcode, 1, ext, w, reg,     \
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

struct Map {
  uint16_t entries[kPages][256] = {};
  uint16_t places[kFormCount] = {};  // of a form, with its digit
  uint16_t count = 1;
};

consteval Map MakeMap() {
  Map map;
  for (uint32_t f = 0; f < kFormCount; ++f) {
    const Form& form = kForms[f];
    const bool has_digit = form.ext < kSlashR;
    uint16_t entry = map.entries[form.page][form.opcode];
    if (entry == 0) {
      entry = map.count | (has_digit ? kDigits : 0);
      map.count += has_digit ? 8 : 1;
    }
    map.places[f] = (entry & ~kDigits) + (has_digit ? form.ext : 0);
    for (uint32_t i = 0; i < form.span; ++i) {
      map.entries[form.page][form.opcode + i] = entry;
      if (form.page >= kRexed) continue;
      map.entries[form.page + kRexed][form.opcode + i] = entry;
    }
  }
  for (const uint8_t prefix : {0x66, 0xF3, 0xF2}) {
    map.entries[0][prefix] = kNextPage + PrefixNumber(prefix);
  }
  map.entries[0][0xC4] = map.entries[0][0xC5] = kVex;
  for (uint16_t p = 0; p < 4; ++p) {
    for (uint32_t rex = 0x40; rex < 0x50; ++rex) {
      map.entries[p][rex] = kNextPage + kRexed + p;
    }
    map.entries[p][0x0F] = map.entries[kRexed + p][0x0F] =
        kNextPage + kMap0F + p;
    map.entries[kMap0F + p][0x3A] = kNextPage + kMap0F3A + p;
  }
  return map;
}

constexpr Map kMap = MakeMap();

// What an operand adds to Instruction::general and, 16 bits above, to
// Instruction::written, when it is register 0.
consteval uint32_t Roles(Role role) {
  if (role == kNone || role == kXmm) return 0;
  return role == kRead || role == kRead8 ? 1 : 0x10001;
}
consteval bool IsByte(Role role) { return role == kRead8 || role == kWrite8; }

// An instruction but for its registers and numbers, and what its operands are.
struct alignas(32) Cell {
  InstructionKind kind;
  uint32_t reg_roles = 0, rm_roles = 0, vvvv_roles = 0;
  uint8_t ext = 0, imm = 0;
  bool has_reg = false;
  uint8_t low_bits = 0;    // of modrm that are 0 without REX
  uint8_t refused = 0x10;  // bits of vvvv, and 0x10: there is no such form
};

consteval Cell CellOf(uint32_t f, bool wide, bool memory) {
  const Form& form = kForms[f];
  const uint8_t by_w = wide ? 8 : 4, by_prefix = form.page % 2 != 0 ? 8 : 4;
  const uint8_t bytes[] = {0, 1, 2, 4, 8, by_w, by_prefix, 1, 2, 4, 8, by_w,
                           by_prefix, 0, 8};
  const Role rm = memory ? kNone : form.rm;
  Cell cell;
  cell.kind.form = static_cast<uint8_t>(f);
  cell.kind.isa = form.isa;
  cell.kind.op = form.op;
  cell.kind.width = by_w;
  if (wide || form.reg == kMaybe) cell.kind.effect = Effect::kUnknown;
  if (rm == kWrite8) cell.kind.effect = Effect::kLowByte;
  if (memory) {
    cell.kind.mem_bytes = bytes[form.mem];
    cell.kind.mem = form.mem == kAddress  ? MemUse::kAddress
                    : form.mem == kTarget ? MemUse::kTarget
                    : form.mem >= kS1     ? MemUse::kStore
                                          : MemUse::kLoad;
  }
  cell.reg_roles = Roles(form.reg);
  cell.rm_roles = Roles(rm);
  cell.vvvv_roles = Roles(form.vvvv);
  cell.ext = form.ext;
  cell.imm = form.imm;
  cell.has_reg = form.reg != kNone;
  cell.low_bits = (IsByte(form.reg) ? 0x20 : 0) | (IsByte(rm) ? 4 : 0);
  cell.refused = form.vvvv == kNone ? 0x0F : 0;
  return cell;
}

struct Cells {
  Cell of[4 * kMap.count];  // by place, W and whether there is memory
};

consteval Cells MakeCells() {
  Cells cells;
  for (uint32_t f = 0; f < kFormCount; ++f) {
    const Form& form = kForms[f];
    const bool has_modrm = form.ext < kNoModrm;
    for (const bool wide : {false, true}) {
      if (form.w != kWx && form.w != wide) continue;
      for (const bool memory : {false, true}) {
        if (has_modrm && (memory ? form.mem == kNoMem : form.rm == kNone)) {
          continue;
        }
        cells.of[4 * kMap.places[f] + 2 * wide + memory] =
            CellOf(f, wide, memory && has_modrm);
      }
    }
  }
  return cells;
}

constexpr Cells kCells = MakeCells();

// `count` bytes, 1 to 8; all 8 are there to be read.
int64_t LoadSigned(const uint8_t* bytes, uint32_t count) {
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

// What VEX of two bytes or three says (R, X, B and vvvv stand inverted), and
// the page that the opcode is looked for in: 0 if there is none.
struct Vex {
  uint8_t length, page, rex, vvvv;
};

Vex ReadVex(const uint8_t* bytes) {
  const bool has_three = bytes[0] == 0xC4;
  const uint32_t last = bytes[has_three ? 2 : 1];
  const uint32_t first = has_three ? bytes[1] : (last & 0x80) | 0x61;
  const uint32_t w = has_three ? last >> 4 & 8 : 0, map = first & 31;
  if (map < 1 || map > 3 || (last & 4) != 0) return {};
  return {static_cast<uint8_t>(has_three ? 3 : 2),
          static_cast<uint8_t>(kVexMap1 + 4 * (map - 1) + (last & 3)),
          static_cast<uint8_t>(0x40 | w | (~first >> 5 & 7)),
          static_cast<uint8_t>(~last >> 3 & 15)};
}

// The longest instruction of the table has 15 bytes, and numbers are read as if
// they had eight.
constexpr uint32_t kWindow = 24;

// At the end of the code, where a window would run over it.
[[gnu::noinline]] bool DecodeTail(const uint8_t* bytes, uint32_t size,
                                  Instruction* out) {
  uint8_t window[kWindow] = {};
  std::memcpy(window, bytes, size);
  return DecodeInstruction(window, kWindow, out) && out->length <= size;
}

}  // namespace

uint32_t FormCount() { return kFormCount; }
const char* FormName(uint32_t form) { return kForms[form].name; }

bool DecodeInstruction(const uint8_t* bytes, uint32_t size, Instruction* out) {
  if (size < kWindow) [[unlikely]] return DecodeTail(bytes, size, out);
  // Half of all instructions begin with REX.
  const bool has_rex = (bytes[0] & 0xF0) == 0x40;
  uint32_t rex = has_rex ? bytes[0] : 0, page = has_rex ? kRexed : 0;
  uint32_t at = has_rex, vvvv = 0;
  uint32_t byte = bytes[at++];
  uint32_t entry = kMap.entries[page][byte];
  while (entry >= kVex) [[unlikely]] {
    if (entry == kVex) {
      const Vex vex = ReadVex(bytes);
      if (vex.page == 0) return false;
      at = vex.length;
      page = vex.page;
      rex = vex.rex;
      vvvv = vex.vvvv;
    } else {
      if ((byte & 0xF0) == 0x40) rex = byte;
      page = entry - kNextPage;
    }
    byte = bytes[at++];
    entry = kMap.entries[page][byte];
  }
  const uint32_t modrm = bytes[at], digit = modrm >> 3 & 7;
  if (entry >= kDigits) entry += digit - kDigits;
  const bool memory = modrm < 0xC0;
  const Cell& cell = kCells.of[4 * entry + (rex >> 2 & 2) + memory];
  if (((vvvv | 0x10) & cell.refused) != 0) [[unlikely]] return false;
  static_cast<InstructionKind&>(*out) = cell.kind;
  out->cc = byte & 15;
  out->base = out->index = out->rm = kNoRegister;
  out->scale = 0;
  out->disp = 0;
  out->imm = 0;
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
  out->reg = static_cast<uint8_t>(cell.has_reg ? reg : kNoRegister);
  const uint32_t roles = cell.reg_roles << reg | cell.rm_roles << rm |
                         cell.vvvv_roles << vvvv;
  out->general = static_cast<uint16_t>(roles);
  out->written = static_cast<uint16_t>(roles >> 16);
  if (cell.imm != 0) {
    out->imm = LoadSigned(bytes + at, cell.imm);
    at += cell.imm;
  }
  out->length = static_cast<uint8_t>(at);
  return true;
}

}  // namespace ingot::verifier
