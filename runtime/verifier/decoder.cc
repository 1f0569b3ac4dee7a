#include "runtime/verifier/decoder.h"

#include <cstring>

// Prefix, REX or VEX, opcode, modrm, sib, displacement, immediate (Intel SDM,
// volume 2, 2.1 to 2.3), against the rows of one opcode.

namespace ingot::verifier {
namespace {

enum Ext : uint8_t { kSlashR = 8, kNoModrm = 9, kPlusR = 10 };
enum Wide : uint8_t { kW0, kW1, kWx };
enum Mem : uint8_t {
  kNoMem, kL1, kL2, kL4, kL8, kLv, kS1, kS2, kS4, kS8, kSv, kAddress, kTarget,
};
enum Level : uint8_t { kV2 = 2, kV3 = 3 };
enum Role : uint8_t {
  kNone, kRead, kWrite, kModify, kMaybe, kRead8, kWrite8, kXmm, kAcc, kAccRead,
};

struct Form {
  const char* name;
  Op op;
  uint8_t isa, prefix, map, opcode, span, ext, w;
  Role reg, vvvv, rm;
  uint8_t mem, imm;
};

constexpr uint8_t kVexMap = 3;  // what VEX adds to the number of its map

constexpr Form kForms[] = {
#define INGOT_FORM(name, op, isa, prefix, map, opcode, span, ext, w, reg, rm, \
                   mem, imm)                                                  \
  {name, Op::op,    isa,         prefix,   map == 3 ? 2 : map, opcode, span,  \
   ext,  w,         reg,         kNone,    rm,                  mem,    imm},
#define INGOT_VEX(name, isa, prefix, map, opcode, ext, w, reg, vvvv, rm, mem, \
                  imm)                                                        \
  {name, Op::kPlain, isa,        prefix,     map - 1 + kVexMap, opcode, 1,    \
   ext,  w,         reg,         vvvv,     rm,                  mem,    imm},
#include "runtime/verifier/instruction_forms.def"
#undef INGOT_FORM
#undef INGOT_VEX
};
constexpr uint32_t kFormCount = sizeof(kForms) / sizeof(kForms[0]);
constexpr uint8_t kNoForm = 0xFF;
static_assert(kFormCount < kNoForm);

// Prefixes by the number that pp of VEX has for them.
consteval uint8_t PrefixNumber(uint8_t prefix) {
  return prefix == 0x66 ? 1 : prefix == 0xF3 ? 2 : prefix == 0xF2 ? 3 : 0;
}

constexpr bool IsByte(Role role) { return role == kRead8 || role == kWrite8; }
// 1 or 0, to be shifted to a register's number.
constexpr uint8_t IsGeneral(Role role) { return role != kNone && role != kXmm; }
constexpr uint8_t Writes(Role role) {
  return role == kWrite || role == kModify || role == kMaybe || role == kWrite8;
}

// Rows of one map, prefix, opcode, W and kind of operand (memory or not),
// chained in the table's order.
struct Chains {
  uint8_t first[6][4][256][4];
  uint8_t next[kFormCount][4];
};

// The last index of Chains, and of Rows.
constexpr uint32_t Variant(bool wide, bool memory) {
  return 2u * wide + memory;
}

consteval Chains MakeChains() {
  Chains chains{};
  for (auto& map : chains.first) {
    for (auto& prefix : map) {
      for (auto& opcode : prefix) {
        for (uint8_t& first : opcode) first = kNoForm;
      }
    }
  }
  for (uint32_t f = kFormCount; f-- > 0;) {
    const Form& form = kForms[f];
    for (uint32_t variant = 0; variant < 4; ++variant) {
      const bool wide = variant >> 1 != 0, memory = (variant & 1) != 0;
      if (form.w != kWx && form.w != wide) continue;
      if (form.ext < kNoModrm &&
          !(memory ? form.mem != kNoMem : form.rm != kNone)) {
        continue;
      }
      auto& opcodes = chains.first[form.map][PrefixNumber(form.prefix)];
      // Rows that share a byte have equal spans, so that one link suffices.
      chains.next[f][variant] = opcodes[form.opcode][variant];
      for (uint32_t i = 0; i < form.span; ++i) {
        opcodes[form.opcode + i][variant] = static_cast<uint8_t>(f);
      }
    }
  }
  return chains;
}

constexpr Chains kChains = MakeChains();

// `count` bytes, 1 to 8; all 8 are there to be read.
int64_t LoadSigned(const uint8_t* bytes, uint32_t count) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  const uint32_t shift = 64 - 8 * count;
  return static_cast<int64_t>(value << shift) >> shift;
}

// What rows say, ready to use: the instruction but for its registers and
// numbers, by row and variant; and what its operands are. 1 or 0 is shifted to a
// register's number.
struct Rows {
  InstructionKind kinds[kFormCount][4];
  struct {
    uint8_t ext, imm;
    uint8_t reg_general, reg_written, rm_general, rm_written;
    uint8_t vvvv_general, vvvv_written;
    bool has_reg, has_vvvv, is_reg_byte, is_rm_byte;
  } facts[kFormCount];
};

consteval InstructionKind KindOf(uint32_t f, bool wide, bool memory) {
  constexpr uint8_t kBytes[] = {0, 1, 2, 4, 8, 4, 1, 2, 4, 8, 4, 0, 8};
  const Form& form = kForms[f];
  InstructionKind in;
  in.form = static_cast<uint8_t>(f);
  in.op = form.op;
  in.isa = form.isa;
  in.width = wide ? 8 : 4;
  if (form.reg == kMaybe) in.effect = Effect::kPerhaps;
  if (form.reg == kWrite8 || form.rm == kWrite8) in.effect = Effect::kByte;
  if (form.ext < kNoModrm && memory) {
    in.mem_bytes = kBytes[form.mem];
    if (wide && (form.mem == kLv || form.mem == kSv)) in.mem_bytes = 8;
    in.mem = form.mem >= kS1 ? MemUse::kStore : MemUse::kLoad;
    if (form.mem == kAddress) in.mem = MemUse::kAddress;
    if (form.mem == kTarget) in.mem = MemUse::kTarget;
  }
  return in;
}

consteval Rows MakeRows() {
  Rows rows{};
  for (uint32_t f = 0; f < kFormCount; ++f) {
    for (uint32_t i = 0; i < 4; ++i) {
      rows.kinds[f][i] = KindOf(f, i >> 1 != 0, (i & 1) != 0);
    }
    const Form& form = kForms[f];
    rows.facts[f] = {form.ext,
                     form.imm,
                     IsGeneral(form.reg),
                     Writes(form.reg),
                     IsGeneral(form.rm),
                     Writes(form.rm),
                     IsGeneral(form.vvvv),
                     Writes(form.vvvv),
                     form.reg != kNone,
                     form.vvvv != kNone,
                     IsByte(form.reg),
                     IsByte(form.rm)};
  }
  return rows;
}

constexpr Rows kRows = MakeRows();

// What stands before the opcode.
struct Head {
  uint32_t bytes = 0;
  uint8_t rex = 0;     // 0 if none; W, R, X and B as in REX also for VEX
  uint8_t prefix = 0;  // PrefixNumber
  uint8_t map = 0;
  uint8_t vvvv = 0;
};

// VEX of two or three bytes; false if L is set or no form is in its map.
bool ReadVex(const uint8_t* bytes, Head* head) {
  const bool has_three = bytes[0] == 0xC4;
  const uint8_t last = bytes[has_three ? 2 : 1];
  const uint8_t map = has_three ? bytes[1] & 31 : 1;
  if (map < 1 || map > 3 || (last & 4) != 0) return false;
  // R, X and B stand inverted in the upper bits of the second byte.
  const uint32_t inverted = has_three ? bytes[1] : bytes[1] | 0x60u;
  const uint32_t w = has_three ? last >> 4 & 8u : 0;
  head->rex = static_cast<uint8_t>(0x40 | w | (~inverted >> 5 & 7));
  head->prefix = last & 3;
  head->map = static_cast<uint8_t>(map - 1 + kVexMap);
  head->vvvv = static_cast<uint8_t>(~last >> 3 & 15);
  head->bytes = has_three ? 3 : 2;
  return true;
}

// What a byte is that may stand before an opcode.
enum Lead : uint8_t { kNoLead, kPrefix66, kPrefixF3, kPrefixF2, kRex, kVex };

struct LeadTable {
  uint8_t of[256];
};

consteval LeadTable MakeLeads() {
  LeadTable table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    table.of[byte] = PrefixNumber(static_cast<uint8_t>(byte));
    if ((byte & 0xF0) == 0x40) table.of[byte] = kRex;
    if (byte == 0xC4 || byte == 0xC5) table.of[byte] = kVex;
  }
  return table;
}

constexpr LeadTable kLeads = MakeLeads();

Head ReadHead(const uint8_t* bytes, uint8_t lead) {
  Head head;
  uint32_t at = 0;
  if (lead != kNoLead && lead <= kPrefixF2) {
    head.prefix = lead;
    lead = kLeads.of[bytes[++at]];
  }
  if (lead == kRex) head.rex = bytes[at++];
  if (bytes[at] == 0x0F) {
    head.map = 1;
    if (bytes[++at] == 0x3A) {
      head.map = 2;
      ++at;
    }
  }
  head.bytes = at;
  return head;
}

// modrm (of a memory operand), sib and displacement; the number of their
// bytes, 0 for an operand that the dialect does not have.
uint32_t ReadAddress(const uint8_t* bytes, uint8_t rex, Instruction* out) {
  const uint8_t mod = bytes[0] >> 6, low = bytes[0] & 7;
  uint32_t at = 1;
  const uint8_t extension = static_cast<uint8_t>((rex & 1) << 3);
  out->base = static_cast<uint8_t>(low | extension);
  if (low == 4) {
    const uint8_t sib = bytes[at++];
    // Without a base there is nothing to hold on to.
    if (mod == 0 && (sib & 7) == 5) return 0;
    out->scale = sib >> 6;
    const uint8_t index =
        static_cast<uint8_t>((sib >> 3 & 7) | (rex & 2) << 2);
    if (index != kRsp) out->index = index;
    out->base = static_cast<uint8_t>((sib & 7) | extension);
  } else if (mod == 0 && low == 5) {
    out->base = kRip;
  }
  if (mod == 0 && out->base != kRip) return at;
  const uint32_t disp_bytes = mod == 1 ? 1 : 4;
  out->disp = static_cast<int32_t>(LoadSigned(bytes + at, disp_bytes));
  return at + disp_bytes;
}

// The longest instruction of the table has 15 bytes, and numbers are read as if
// they had eight.
constexpr uint32_t kWindow = 24;

// What follows the head; the length of the whole, 0 for no instruction of the
// dialect. `bytes` are kWindow.
template <bool has_vex>
[[gnu::always_inline]] inline uint32_t DecodeRest(const uint8_t* bytes,
                                                  const Head& head,
                                                  Instruction* out) {
  uint32_t at = head.bytes;
  const uint8_t byte = bytes[at++];
  const uint32_t modrm = bytes[at];
  const bool wide = (head.rex & 8) != 0;
  const bool memory = modrm < 0xC0;
  const uint32_t variant = Variant(wide, memory);
  const uint32_t extension = modrm >> 3 & 7;
  uint32_t f = kChains.first[head.map][head.prefix][byte][variant];
  for (; f != kNoForm; f = kChains.next[f][variant]) {
    const uint32_t ext = kRows.facts[f].ext;
    if (ext >= kSlashR || ext == extension) break;
  }
  if (f == kNoForm) return 0;
  const auto& facts = kRows.facts[f];
  *out = Instruction{kRows.kinds[f][variant]};
  out->cc = byte & 15;
  uint32_t general = 0, written = 0;
  if (facts.ext < kNoModrm) [[likely]] {
    const uint32_t reg = extension | (head.rex & 4u) << 1;
    if (facts.has_reg) out->reg = static_cast<uint8_t>(reg);
    general = uint32_t{facts.reg_general} << reg;
    written = uint32_t{facts.reg_written} << reg;
    if (!memory) {
      const uint32_t rm = (modrm & 7) | (head.rex & 1u) << 3;
      out->rm = static_cast<uint8_t>(rm);
      general |= uint32_t{facts.rm_general} << rm;
      written |= uint32_t{facts.rm_written} << rm;
      ++at;
    } else {
      const uint32_t address = ReadAddress(bytes + at, head.rex, out);
      if (address == 0) return 0;
      at += address;
    }
    // Without REX, 4 … 7 are the second bytes of rax, rcx, rdx, rbx.
    if (head.rex == 0 && (general & 0xF0) != 0 &&
        ((facts.is_reg_byte && (out->reg & 12) == 4) ||
         (facts.is_rm_byte && (out->rm & 28) == 4))) {
      return 0;
    }
  } else if (facts.ext == kPlusR) {
    out->reg = static_cast<uint8_t>((byte & 7) | (head.rex & 1) << 3);
    general = written = 1u << out->reg;
  } else if (facts.has_reg) {
    out->rm = kRax;
    general = 1u << kRax;
    written = kForms[f].reg == kAcc ? general : 0;
  }
  if (has_vex) {
    if (!facts.has_vvvv && head.vvvv != 0) return 0;
    general |= uint32_t{facts.vvvv_general} << head.vvvv;
    written |= uint32_t{facts.vvvv_written} << head.vvvv;
  }
  out->general = static_cast<uint16_t>(general);
  out->written = static_cast<uint16_t>(written);
  if (facts.imm != 0) {
    out->imm = LoadSigned(bytes + at, facts.imm);
    at += facts.imm;
  }
  out->length = static_cast<uint8_t>(at);
  return at;
}

[[gnu::noinline]] uint32_t DecodeVex(const uint8_t* bytes, Instruction* out) {
  Head head;
  return ReadVex(bytes, &head) ? DecodeRest<true>(bytes, head, out) : 0;
}

inline uint32_t Decode(const uint8_t* bytes, Instruction* out) {
  const uint8_t lead = kLeads.of[bytes[0]];
  if (lead == kVex) [[unlikely]] return DecodeVex(bytes, out);
  return DecodeRest<false>(bytes, ReadHead(bytes, lead), out);
}

// The same at the end of the code, where a window would run over it.
[[gnu::noinline]] uint32_t DecodeTail(const uint8_t* bytes, uint32_t size,
                                      Instruction* out) {
  uint8_t window[kWindow] = {};
  std::memcpy(window, bytes, size);
  return Decode(window, out);
}

}  // namespace

uint32_t FormCount() { return kFormCount; }
const char* FormName(uint32_t form) { return kForms[form].name; }

bool DecodeInstruction(const uint8_t* bytes, uint32_t size, Instruction* out) {
  const uint32_t length = size >= kWindow ? Decode(bytes, out)
                                          : DecodeTail(bytes, size, out);
  return length != 0 && length <= size;
}

}  // namespace ingot::verifier
