#include "fuzz/verifier/mutator.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "runtime/verifier/decoder.h"

namespace ingot::fuzz {
namespace {

using verifier::Instruction;
using verifier::MemUse;
using verifier::Op;

struct Place {
  uint32_t at;
  Instruction in;
};

class Mutator {
 public:
  Mutator(uint64_t seed, Specimen* specimen)
      : state_(seed * 0x9E3779B97F4A7C15 + 1), s_(*specimen) {}

  bool Do(Mutation kind);

 private:
  uint32_t Below(uint64_t n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>(state_ % n);
  }
  // A random function's instruction for which `is` holds.
  template <typename Is>
  std::optional<Place> Find(Is is);
  // Where modrm stands, for an instruction that has one; 0: none.
  uint32_t ModrmAt(const Place& place) const;
  bool ChangeTrap(Mutation kind);
  bool ChangeCertificate(Mutation kind);
  bool ChangeOperand(Mutation kind);
  bool ChangeControl(Mutation kind);
  bool Put32(uint32_t at, uint32_t value) {
    std::memcpy(&s_.code[at], &value, 4);
    return true;
  }

  uint64_t state_;
  Specimen& s_;
};

template <typename Is>
std::optional<Place> Mutator::Find(Is is) {
  for (int tries = 0; tries < 4; ++tries) {
    const abi::FunctionEntry& function =
        s_.functions[Below(s_.functions.size())];
    const uint32_t end = function.code_offset + function.code_bytes;
    std::vector<Place> found;
    Place place{function.code_offset, {}};
    while (place.at < end && DecodeInstruction(&s_.code[place.at],
                                               end - place.at, &place.in)) {
      if (is(place)) found.push_back(place);
      place.at += place.in.length;
    }
    if (!found.empty()) return found[Below(found.size())];
  }
  return std::nullopt;
}

uint32_t Mutator::ModrmAt(const Place& place) const {
  uint32_t at = place.at;
  const auto& code = s_.code;
  // A VEX prefix holds what others and REX would, and the opcode's map.
  if (code[at] == 0xC5) return at + 3;
  if (code[at] == 0xC4) return at + 4;
  if (code[at] == 0x66 || code[at] == 0xF2 || code[at] == 0xF3) ++at;
  if ((code[at] & 0xF0) == 0x40) ++at;
  if (code[at] == 0x0F) at += code[at + 1] == 0x3A ? 2 : 1;
  return at + 1;
}

bool Mutator::Do(Mutation kind) {
  if (s_.functions.empty()) return false;
  switch (kind) {
    case Mutation::kFlipBit:
      s_.code[Below(s_.code.size())] ^= static_cast<uint8_t>(1 << Below(8));
      return true;
    case Mutation::kRandomByte:
      s_.code[Below(s_.code.size())] += static_cast<uint8_t>(1 + Below(255));
      return true;
    case Mutation::kRandomWord:
      return Put32(Below(s_.code.size() - 3),
                   static_cast<uint32_t>(Below(1u << 31)));
    case Mutation::kSwapInstructions: {
      std::optional<Place> place = Find([&](const Place& p) {
        Instruction next;
        const uint32_t at = p.at + p.in.length;
        return at + 15 < s_.code.size() &&
               DecodeInstruction(&s_.code[at], 15, &next) &&
               next.length == p.in.length &&
               std::memcmp(&s_.code[p.at], &s_.code[at], next.length) != 0;
      });
      if (!place) return false;
      const auto first = s_.code.begin() + place->at;
      std::swap_ranges(first, first + place->in.length,
                       first + place->in.length);
      return true;
    }
    case Mutation::kCopyInstruction: {
      const auto to = Find([](const Place&) { return true; });
      if (!to) return false;
      const auto from = Find([&](const Place& p) {
        return p.in.length == to->in.length &&
               std::memcmp(&s_.code[p.at], &s_.code[to->at], p.in.length) != 0;
      });
      if (!from) return false;
      std::copy_n(s_.code.begin() + from->at, from->in.length,
                  s_.code.begin() + to->at);
      return true;
    }
    case Mutation::kDoubleBefore: {
      const auto place = Find([&](const Place& p) {
        Instruction next;
        const uint32_t at = p.at + p.in.length;
        return at + 15 < s_.code.size() &&
               DecodeInstruction(&s_.code[at], 15, &next) &&
               next.length == p.in.length &&
               std::memcmp(&s_.code[p.at], &s_.code[at], next.length) != 0;
      });
      if (!place) return false;
      std::copy_n(s_.code.begin() + place->at, place->in.length,
                  s_.code.begin() + place->at + place->in.length);
      return true;
    }
    case Mutation::kFrameBytes:
      s_.functions[Below(s_.functions.size())].frame_bytes +=
          Below(2) == 0 ? 16 : -16;
      return true;
    case Mutation::kFunctionRange: {
      abi::FunctionEntry& entry = s_.functions[Below(s_.functions.size())];
      (Below(2) == 0 ? entry.code_bytes : entry.code_offset) -= 1 + Below(16);
      return entry.code_offset < s_.code.size();
    }
    case Mutation::kBodyOffset:
      s_.functions[Below(s_.functions.size())].body_offset += 1 + Below(9);
      return true;
    case Mutation::kJumpTable: {
      if (s_.rodata.empty()) return false;
      s_.rodata[Below(s_.rodata.size())] += static_cast<uint8_t>(1 + Below(9));
      return true;
    }
    case Mutation::kDropTrap: case Mutation::kMoveTrap:
    case Mutation::kTrapCode: case Mutation::kTrapGas:
    case Mutation::kTrapPlace: case Mutation::kTrapFunction:
      return ChangeTrap(kind);
    case Mutation::kDropCertificate: case Mutation::kCertificateMask:
    case Mutation::kCertificatePlace: case Mutation::kCertificateFlag:
    case Mutation::kMoveCertificate:
      return ChangeCertificate(kind);
    case Mutation::kCondition: case Mutation::kJumpToLabel:
    case Mutation::kJumpNear: case Mutation::kGasPrice:
    case Mutation::kGasDropped: case Mutation::kImmediate:
    case Mutation::kCallTarget:
      return ChangeControl(kind);
    default:
      return ChangeOperand(kind);
  }
}

bool Mutator::ChangeTrap(Mutation kind) {
  if (s_.traps.empty()) return false;
  const uint32_t index = Below(s_.traps.size());
  abi::TrapEntry& entry = s_.traps[index];
  switch (kind) {
    case Mutation::kDropTrap:
      s_.traps.erase(s_.traps.begin() + index);
      return true;
    case Mutation::kMoveTrap: {
      const uint32_t moved = entry.code_offset + 1 + Below(12);
      if (index + 1 < s_.traps.size() &&
          moved >= s_.traps[index + 1].code_offset) {
        return false;
      }
      entry.code_offset = moved;
      return moved < s_.code.size();
    }
    case Mutation::kTrapCode: {
      const uint32_t code = 1 + Below(12);
      if (code == entry.code) return false;
      entry.code = code;
      return true;
    }
    case Mutation::kTrapGas:
      entry.owed_minus_paid += Below(2) == 0 ? -1 : 1;
      return true;
    case Mutation::kTrapPlace:
      entry.wasm_offset += 1 + Below(40);
      return true;
    default:
      entry.function += 1;
      return true;
  }
}

bool Mutator::ChangeCertificate(Mutation kind) {
  if (s_.certificates.empty()) return false;
  const uint32_t index = Below(s_.certificates.size());
  abi::CertificateEntry& entry = s_.certificates[index];
  switch (kind) {
    case Mutation::kDropCertificate:
      s_.certificates.erase(s_.certificates.begin() + index);
      return true;
    case Mutation::kCertificateMask:
      entry.zero_upper ^= 1u << Below(16);
      return true;
    case Mutation::kCertificatePlace:
      entry.wasm_offset =
          s_.certificates[Below(s_.certificates.size())].wasm_offset + Below(2);
      return true;
    case Mutation::kCertificateFlag:
      entry.zero_upper ^= uint32_t{1} << (28 + Below(4));
      return true;
    default: {
      const uint32_t moved = entry.code_offset + 1 + Below(12);
      if (index + 1 < s_.certificates.size() &&
          moved >= s_.certificates[index + 1].code_offset) {
        return false;
      }
      entry.code_offset = moved;
      return moved < s_.code.size();
    }
  }
}

bool Mutator::ChangeOperand(Mutation kind) {
  const bool memory = kind == Mutation::kDisplacement ||
                      kind == Mutation::kSibIndex ||
                      kind == Mutation::kSibScale ||
                      kind == Mutation::kSibBase;
  const bool rex =
      kind == Mutation::kRexWide || kind == Mutation::kRexRegister;
  const auto place = Find([&](const Place& p) {
    if (rex) return (s_.code[p.at] & 0xF0) == 0x40;
    if (!memory) return p.in.mem != MemUse::kNone || p.in.rm < 16;
    if (p.in.mem == MemUse::kNone) return false;
    if (kind == Mutation::kDisplacement) return p.in.disp != 0;
    // lea is no access.
    if (p.in.mem == MemUse::kAddress) return false;
    return p.in.index < 16;
  });
  if (!place) return false;
  uint8_t* const bytes = s_.code.data();
  const uint32_t modrm = ModrmAt(*place);
  const uint8_t change = static_cast<uint8_t>(1 + Below(7));
  switch (kind) {
    case Mutation::kDisplacement: {
      const bool has_sib = (bytes[modrm] & 7) == 4;
      bytes[modrm + 1 + (has_sib ? 1 : 0)] +=
          static_cast<uint8_t>(Below(2) == 0 ? 8 : 1 + Below(255));
      return true;
    }
    case Mutation::kModrmReg: bytes[modrm] ^= change << 3; return true;
    case Mutation::kModrmRm: bytes[modrm] ^= change; return true;
    case Mutation::kSibIndex: bytes[modrm + 1] ^= change << 3; return true;
    case Mutation::kSibScale:
      bytes[modrm + 1] ^= static_cast<uint8_t>((1 + Below(3)) << 6);
      return true;
    case Mutation::kSibBase: bytes[modrm + 1] ^= change; return true;
    case Mutation::kRexWide: bytes[place->at] ^= 8; return true;
    default:
      bytes[place->at] ^= static_cast<uint8_t>(1 << Below(3));
      return true;
  }
}

bool Mutator::ChangeControl(Mutation kind) {
  const auto place = Find([&](const Place& p) {
    switch (kind) {
      case Mutation::kCondition: return p.in.op == Op::kJcc;
      case Mutation::kJumpToLabel: case Mutation::kJumpNear:
        return (p.in.op == Op::kJcc || p.in.op == Op::kJmp) && p.in.length > 4;
      case Mutation::kGasPrice: case Mutation::kGasDropped:
        return p.in.op == Op::kSubImm && p.in.rm == verifier::kGas;
      case Mutation::kCallTarget: return p.in.op == Op::kCall;
      default:
        return p.in.imm != 0 && p.in.op != Op::kJcc && p.in.op != Op::kJmp &&
               p.in.op != Op::kCall;
    }
  });
  if (!place) return false;
  const uint32_t end = place->at + place->in.length;
  uint8_t* const bytes = s_.code.data();
  switch (kind) {
    case Mutation::kCondition:
      bytes[place->in.length > 2 ? place->at + 1 : place->at] ^=
          static_cast<uint8_t>(1 + Below(15));
      return true;
    case Mutation::kJumpToLabel: {
      if (s_.certificates.empty()) return false;
      // Of the same function, as often as not.
      const uint32_t target =
          s_.certificates[Below(s_.certificates.size())].code_offset;
      if (target == end + place->in.imm) return false;
      return Put32(end - 4, target - end);
    }
    case Mutation::kJumpNear:
      return Put32(end - 4, static_cast<uint32_t>(place->in.imm) + 1 +
                                Below(16));
    case Mutation::kGasPrice:
      bytes[place->at + 3] += static_cast<uint8_t>(1 + Below(100));
      return true;
    case Mutation::kGasDropped:
      // cmp instead of sub: the same operands and length.
      bytes[place->at + 2] |= 7 << 3;
      return true;
    case Mutation::kCallTarget: {
      const uint32_t target =
          s_.functions[Below(s_.functions.size())].code_offset + Below(2);
      if (target == end + place->in.imm) return false;
      return Put32(end - 4, target - end);
    }
    default:
      bytes[end - 1] += static_cast<uint8_t>(1 + Below(255));
      return true;
  }
}

}  // namespace

const char* MutationText(Mutation kind) {
  constexpr const char* kTexts[] = {
#define INGOT_MUTATION(name, text) text,
#include "fuzz/verifier/mutations.def"
#undef INGOT_MUTATION
  };
  return kTexts[static_cast<uint8_t>(kind)];
}

bool Mutate(Mutation kind, uint64_t seed, Specimen* specimen) {
  return Mutator(seed, specimen).Do(kind);
}

}  // namespace ingot::fuzz
