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
   ext,  w,         Role::reg,   Role::kNone, Role::rm, mem, imm},
#define INGOT_VEX(name, isa, prefix, map, opcode, ext, w, reg, vvvv, rm, mem, \
                  imm)                                                        \
  {name, Op::kPlain, isa,        prefix,     map - 1 + kVexMap, opcode, 1,    \
   ext,  w,         Role::reg,   Role::vvvv, Role::rm, mem, imm},
#include "runtime/verifier/instruction_forms.def"
#undef INGOT_FORM
#undef INGOT_VEX
};
constexpr uint32_t kFormCount = sizeof(kForms) / sizeof(kForms[0]);
constexpr uint8_t kNoForm = 0xFF;
static_assert(kFormCount < kNoForm);

// Prefixes by the number that pp of VEX has for them.
constexpr uint32_t PrefixNumber(uint8_t prefix) {
  return prefix == 0x66 ? 1 : prefix == 0xF3 ? 2 : prefix == 0xF2 ? 3 : 0;
}

// Rows of one map, prefix, opcode and kind of operand (memory or not), chained
// in the table's order.
struct Chains {
  uint8_t first[6][4][256][2];
  uint8_t next[kFormCount][2];
};

constexpr Chains MakeChains() {
  Chains chains{};
  for (auto& map : chains.first) {
    for (auto& prefix : map) {
      for (auto& opcode : prefix) opcode[0] = opcode[1] = kNoForm;
    }
  }
  for (uint32_t f = kFormCount; f-- > 0;) {
    const Form& form = kForms[f];
    for (uint32_t memory = 0; memory < 2; ++memory) {
      if (form.ext < kNoModrm &&
          !(memory ? form.mem != kNoMem : form.rm != Role::kNone)) {
        continue;
      }
      auto& opcodes = chains.first[form.map][PrefixNumber(form.prefix)];
      // Rows that share a byte have equal spans, so that one link suffices.
      chains.next[f][memory] = opcodes[form.opcode][memory];
      for (uint32_t i = 0; i < form.span; ++i) {
        opcodes[form.opcode + i][memory] = static_cast<uint8_t>(f);
      }
    }
  }
  return chains;
}

constexpr Chains kChains = MakeChains();

constexpr bool IsByte(Role role) {
  return role == Role::kRead8 || role == Role::kWrite8;
}

template <typename Number>
int64_t LoadAs(const uint8_t* bytes) {
  Number value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

int64_t LoadSigned(const uint8_t* bytes, uint32_t count) {
  switch (count) {
    case 1: return LoadAs<int8_t>(bytes);
    case 2: return LoadAs<int16_t>(bytes);
    case 4: return LoadAs<int32_t>(bytes);
    case 8: return LoadAs<int64_t>(bytes);
    default: return 0;
  }
}

void SetMem(uint8_t mem, bool wide, Instruction* out) {
  constexpr uint8_t kBytes[] = {0, 1, 2, 4, 8, 4, 1, 2, 4, 8, 4, 0, 8};
  constexpr MemUse kUses[] = {
      MemUse::kNone,  MemUse::kLoad,  MemUse::kLoad,    MemUse::kLoad,
      MemUse::kLoad,  MemUse::kLoad,  MemUse::kStore,   MemUse::kStore,
      MemUse::kStore, MemUse::kStore, MemUse::kStore,   MemUse::kAddress,
      MemUse::kTarget};
  out->mem = kUses[mem];
  out->mem_bytes = kBytes[mem];
  if (wide && (mem == kLv || mem == kSv)) out->mem_bytes = 8;
}

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

bool ReadHead(const uint8_t* bytes, Head* head) {
  if (bytes[0] == 0xC4 || bytes[0] == 0xC5) return ReadVex(bytes, head);
  uint32_t at = 0;
  head->prefix = static_cast<uint8_t>(PrefixNumber(bytes[0]));
  if (head->prefix != 0) ++at;
  if ((bytes[at] & 0xF0) == 0x40) head->rex = bytes[at++];
  if (bytes[at] == 0x0F) {
    head->map = 1;
    if (bytes[++at] == 0x3A) {
      head->map = 2;
      ++at;
    }
  }
  head->bytes = at;
  return true;
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
  if (mod == 1) {
    out->disp = static_cast<int8_t>(bytes[at]);
    at += 1;
  } else if (mod == 2 || out->base == kRip) {
    out->disp = static_cast<int32_t>(LoadAs<int32_t>(bytes + at));
    at += 4;
  }
  return at;
}

// The longest instruction of the table has 15 bytes.
constexpr uint32_t kWindow = 16;

// `bytes` are kWindow; the length, 0 for no instruction of the dialect.
uint32_t Decode(const uint8_t* bytes, Instruction* out) {
  Head head;
  if (!ReadHead(bytes, &head)) return 0;
  uint32_t at = head.bytes;
  const uint8_t byte = bytes[at++];
  const uint8_t modrm = bytes[at];
  const bool wide = (head.rex & 8) != 0;
  const bool memory = (modrm & 0xC0) != 0xC0;
  uint8_t f = kChains.first[head.map][head.prefix][byte][memory];
  for (; f != kNoForm; f = kChains.next[f][memory]) {
    const Form& form = kForms[f];
    if (form.w != kWx && form.w != wide) continue;
    if (form.ext >= kSlashR || form.ext == (modrm >> 3 & 7)) break;
  }
  if (f == kNoForm) return 0;
  const Form& form = kForms[f];
  *out = Instruction{};
  out->form = f;
  out->op = form.op;
  out->isa = form.isa;
  out->width = wide ? 8 : 4;
  out->cc = byte & 15;
  out->vvvv_role = form.vvvv;
  if (form.vvvv != Role::kNone) {
    out->vvvv = head.vvvv;
  } else if (head.vvvv != 0) {
    return 0;
  }
  if (form.ext == kPlusR) {
    out->reg_role = form.reg;
    out->reg = static_cast<uint8_t>((byte & 7) | (head.rex & 1) << 3);
  } else if (form.ext == kNoModrm) {
    if (form.reg == Role::kAcc || form.reg == Role::kAccRead) {
      out->rm_role = form.reg == Role::kAcc ? Role::kModify : Role::kRead;
      out->rm = kRax;
    }
  } else {
    out->reg_role = form.reg;
    if (form.reg != Role::kNone) {
      out->reg = static_cast<uint8_t>((modrm >> 3 & 7) | (head.rex & 4) << 1);
    }
    if (!memory) {
      out->rm_role = form.rm;
      out->rm = static_cast<uint8_t>((modrm & 7) | (head.rex & 1) << 3);
      ++at;
    } else {
      SetMem(form.mem, wide, out);
      const uint32_t address = ReadAddress(bytes + at, head.rex, out);
      if (address == 0) return 0;
      at += address;
    }
    // Without REX, 4 … 7 are the second bytes of rax, rcx, rdx, rbx.
    if (head.rex == 0 && ((IsByte(out->reg_role) && out->reg >= 4) ||
                          (IsByte(out->rm_role) && out->rm >= 4))) {
      return 0;
    }
  }
  if (form.imm != 0) {
    out->imm = LoadSigned(bytes + at, form.imm);
    at += form.imm;
  }
  out->length = static_cast<uint8_t>(at);
  return at;
}

}  // namespace

uint32_t FormCount() { return kFormCount; }
const char* FormName(uint32_t form) { return kForms[form].name; }

bool DecodeInstruction(const uint8_t* bytes, uint32_t size, Instruction* out) {
  uint8_t window[kWindow] = {};
  if (size < kWindow) {
    std::memcpy(window, bytes, size);
    bytes = window;
  }
  const uint32_t length = Decode(bytes, out);
  return length != 0 && length <= size;
}

}  // namespace ingot::verifier
