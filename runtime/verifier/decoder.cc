#include "runtime/verifier/decoder.h"

#include <cstring>

// Prefix, REX, opcode, modrm, sib, displacement, immediate (Intel SDM, volume
// 2, 2.1 and 2.2.1), against the rows of one opcode.

namespace ingot::verifier {
namespace {

enum Ext : uint8_t { kSlashR = 8, kNoModrm = 9, kPlusR = 10 };
enum Rex : uint8_t { kW0, kW1, kWx };
enum Mem : uint8_t {
  kNoMem, kL1, kL2, kL4, kL8, kLv, kS1, kS2, kS4, kS8, kSv, kAddress, kTarget,
};

struct Form {
  const char* name;
  Op op;
  uint8_t prefix, map, opcode, span, ext, w;
  Role reg, rm;
  uint8_t mem, imm;
};

constexpr Form kForms[] = {
#define INGOT_FORM(name, op, prefix, map, opcode, span, ext, w, reg, rm, mem, \
                   imm)                                                       \
  {name, Op::op, prefix, map, opcode, span, ext, w, Role::reg, Role::rm, mem, \
   imm},
#include "runtime/verifier/instruction_forms.def"
#undef INGOT_FORM
};
constexpr uint32_t kFormCount = sizeof(kForms) / sizeof(kForms[0]);
constexpr uint8_t kNoForm = 0xFF;
static_assert(kFormCount <= 150);

// Rows of one map and opcode, chained in the table's order.
struct Chains {
  uint8_t first[3][256];
  uint8_t next[kFormCount];
};

constexpr uint32_t MapIndex(uint32_t map) { return map == 3 ? 2 : map; }

constexpr Chains MakeChains() {
  Chains chains{};
  for (auto& map : chains.first) {
    for (uint8_t& entry : map) entry = kNoForm;
  }
  for (uint32_t f = kFormCount; f-- > 0;) {
    const Form& form = kForms[f];
    // Rows that share a byte have equal spans, so that one link suffices.
    chains.next[f] = chains.first[MapIndex(form.map)][form.opcode];
    for (uint32_t i = 0; i < form.span; ++i) {
      chains.first[MapIndex(form.map)][form.opcode + i] =
          static_cast<uint8_t>(f);
    }
  }
  return chains;
}

constexpr Chains kChains = MakeChains();

constexpr bool IsByte(Role role) {
  return role == Role::kRead8 || role == Role::kWrite8;
}

int64_t LoadSigned(const uint8_t* bytes, uint32_t count) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, count);
  const uint32_t shift = 64 - 8 * count;
  return static_cast<int64_t>(value << shift) >> shift;
}

void SetMem(uint8_t mem, bool wide, Instruction* out) {
  constexpr uint8_t kBytes[] = {0, 1, 2, 4, 8, 0, 1, 2, 4, 8, 0, 0, 8};
  out->mem_bytes = kBytes[mem];
  if (mem == kLv || mem == kSv) out->mem_bytes = wide ? 8 : 4;
  out->mem = MemUse::kLoad;
  if (mem >= kS1) out->mem = MemUse::kStore;
  if (mem == kAddress) out->mem = MemUse::kAddress;
  if (mem == kTarget) out->mem = MemUse::kTarget;
}

}  // namespace

uint32_t FormCount() { return kFormCount; }
const char* FormName(uint32_t form) { return kForms[form].name; }

bool DecodeInstruction(const uint8_t* bytes, uint32_t size, Instruction* out) {
  uint32_t at = 0;
  uint8_t prefix = 0, rex = 0, map = 0;
  const auto left = [&](uint32_t count) { return size - at >= count; };
  if (!left(1)) return false;
  uint8_t byte = bytes[at];
  if (byte == 0x66 || byte == 0xF2 || byte == 0xF3) {
    prefix = byte;
    if (++at, !left(1)) return false;
    byte = bytes[at];
  }
  if ((byte & 0xF0) == 0x40) {
    rex = byte;
    if (++at, !left(1)) return false;
    byte = bytes[at];
  }
  if (byte == 0x0F) {
    map = 1;
    if (++at, !left(1)) return false;
    byte = bytes[at];
    if (byte == 0x3A) {
      map = 2;
      if (++at, !left(1)) return false;
      byte = bytes[at];
    }
  }
  ++at;
  const bool wide = (rex & 8) != 0;
  const uint8_t modrm = left(1) ? bytes[at] : 0;
  const bool memory = (modrm & 0xC0) != 0xC0;
  uint8_t f = kChains.first[map][byte];
  for (; f != kNoForm; f = kChains.next[f]) {
    const Form& form = kForms[f];
    if (form.prefix != prefix || (form.w != kWx && form.w != wide)) continue;
    if (form.ext >= kNoModrm) break;
    if (form.ext < kSlashR && form.ext != (modrm >> 3 & 7)) continue;
    if (memory ? form.mem != kNoMem : form.rm != Role::kNone) break;
  }
  if (f == kNoForm) return false;
  const Form& form = kForms[f];
  *out = Instruction{};
  out->form = f;
  out->op = form.op;
  out->width = wide ? 8 : 4;
  out->cc = byte & 15;
  if (form.ext == kPlusR) {
    out->reg_role = form.reg;
    out->reg = static_cast<uint8_t>((byte & 7) | (rex & 1) << 3);
  } else if (form.ext == kNoModrm) {
    if (form.reg == Role::kAcc || form.reg == Role::kAccRead) {
      out->rm_role = form.reg == Role::kAcc ? Role::kModify : Role::kRead;
      out->rm = kRax;
    }
  } else {
    if (!left(1)) return false;
    ++at;
    out->reg_role = form.reg;
    if (form.reg != Role::kNone) {
      out->reg = static_cast<uint8_t>((modrm >> 3 & 7) | (rex & 4) << 1);
    }
    if (!memory) {
      out->rm_role = form.rm;
      out->rm = static_cast<uint8_t>((modrm & 7) | (rex & 1) << 3);
    } else {
      SetMem(form.mem, wide, out);
      const uint8_t mod = modrm >> 6;
      uint8_t low = modrm & 7;
      if (low == 4) {
        if (!left(1)) return false;
        const uint8_t sib = bytes[at++];
        low = sib & 7;
        // Without a base there is nothing to hold on to.
        if (mod == 0 && low == 5) return false;
        out->scale = sib >> 6;
        const uint8_t index =
            static_cast<uint8_t>((sib >> 3 & 7) | (rex & 2) << 2);
        if (index != kRsp) out->index = index;
        out->base = static_cast<uint8_t>(low | (rex & 1) << 3);
      } else if (mod == 0 && low == 5) {
        out->base = kRip;
      } else {
        out->base = static_cast<uint8_t>(low | (rex & 1) << 3);
      }
      uint32_t disp_bytes = mod == 1 ? 1 : 0;
      if (mod == 2 || out->base == kRip) disp_bytes = 4;
      if (!left(disp_bytes)) return false;
      if (disp_bytes != 0) {
        out->disp = static_cast<int32_t>(LoadSigned(bytes + at, disp_bytes));
        at += disp_bytes;
      }
    }
  }
  // Without REX, 4 … 7 are the second bytes of rax, rcx, rdx, rbx.
  if (rex == 0 && ((IsByte(out->reg_role) && out->reg >= 4) ||
                   (IsByte(out->rm_role) && out->rm >= 4))) {
    return false;
  }
  if (!left(form.imm)) return false;
  if (form.imm != 0) out->imm = LoadSigned(bytes + at, form.imm);
  at += form.imm;
  out->length = static_cast<uint8_t>(at);
  return true;
}

}  // namespace ingot::verifier
