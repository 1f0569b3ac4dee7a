#include "fuzz/targets/module_mutator.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/operator_reader.h"
#include "fuzz/generator/generator.h"
#include "fuzz/targets/target.h"

namespace ingot::fuzz {

using wasm::ByteCursor;
using wasm::ByteWriter;
using wasm::ImmediateKind;
using wasm::Op;
using wasm::OpInfo;

namespace {

constexpr size_t kHeader = 8;
constexpr uint8_t kFunctionSection = 3;
constexpr uint8_t kCodeSection = 10;
// Instructions of a body that are looked at.
constexpr size_t kMostPlaces = 2048;

constexpr int64_t kIntegers[] = {
    0,          1,           2,          3,          7,          8,
    9,          15,          16,         31,         32,         33,
    63,         64,          65,         127,        128,        255,
    256,        65535,       65536,      0x7FFFFFFE, 0x7FFFFFFF, -1,
    -2,         -8,          -128,       -65536,     INT32_MIN,  INT32_MIN + 1,
    0x80000000, 0xFFFFFFFF,  0x100000000, INT64_MAX, INT64_MIN,  INT64_MIN + 1,
    0x5555555555555555,      0x123456789ABCDEF};
constexpr uint32_t kFloats32[] = {
    0,          0x80000000, 0x3F800000, 0xBF800000, 1,          0x007FFFFF,
    0x00800000, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000,
    0x7F800001, 0x4F000000, 0x4EFFFFFF, 0xCF000000, 0x4F800000, 0x5F000000,
    0x5F800000, 0x3F000000, 0x4B000001};
constexpr uint64_t kFloats64[] = {
    0,
    0x8000000000000000,
    0x3FF0000000000000,
    0xBFF0000000000000,
    1,
    0x000FFFFFFFFFFFFF,
    0x0010000000000000,
    0x7FEFFFFFFFFFFFFF,
    0x7FF0000000000000,
    0xFFF0000000000000,
    0x7FF8000000000000,
    0xFFF8000000000000,
    0x7FF0000000000001,
    0x41E0000000000000,
    0x41DFFFFFFFC00000,
    0xC1E0000000200000,
    0x43E0000000000000,
    0x43F0000000000000,
    0x3FE0000000000000,
    0x4340000000000001};

template <typename T, size_t N>
T OneOf(const T (&values)[N], Random& random) {
  return values[random.Below(N)];
}

// A LEB128 number of at most five bytes; false if there is none.
bool ReadLeb(std::span<const uint8_t> bytes, size_t* at, uint32_t* value) {
  *value = 0;
  for (uint32_t shift = 0; shift < 35 && *at < bytes.size(); shift += 7) {
    const uint8_t byte = bytes[(*at)++];
    *value |= static_cast<uint32_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

// i, I, f or F: the constant's opcode and a value.
void WriteConstant(char type, Random& random, ByteWriter* out) {
  const bool any = random.Chance(20);
  switch (type) {
    case 'i':
      out->I32Const(static_cast<int32_t>(any ? random.Next()
                                             : OneOf(kIntegers, random)));
      return;
    case 'I':
      out->I64Const(static_cast<int64_t>(any ? random.Next()
                                             : OneOf(kIntegers, random)));
      return;
    case 'f':
      out->F32Const(any ? static_cast<uint32_t>(random.Next())
                        : OneOf(kFloats32, random));
      return;
    default:
      out->F64Const(any ? random.Next() : OneOf(kFloats64, random));
      return;
  }
}

char TypeOfConstant(Op op) {
  switch (op) {
    case Op::kI32Const: return 'i';
    case Op::kI64Const: return 'I';
    case Op::kF32Const: return 'f';
    case Op::kF64Const: return 'F';
    default: return 0;
  }
}

bool IsTyped(std::string_view signature) {
  return signature.find('*') == std::string_view::npos &&
         signature.find_first_not_of("iIfF:") == std::string_view::npos;
}

// Another instruction with operands and results of the same types and with
// immediates of the same kind.
const OpInfo& SameShape(const OpInfo& info, Random& random) {
  const std::string_view signature = info.signature;
  const uint32_t first = random.Below(wasm::kOpCount);
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    const OpInfo& other = wasm::kOpInfo[(first + i) % wasm::kOpCount];
    if (other.immediate == info.immediate && other.op != info.op &&
        signature == other.signature) {
      return other;
    }
  }
  return info;
}

void WriteMemArg(Op op, Random& random, ByteWriter* out) {
  out->U32(random.Below(wasm::AccessLog2(op) + 1));
  switch (random.Below(6)) {
    case 0: out->U32(static_cast<uint32_t>(OneOf(kIntegers, random))); return;
    case 1: out->U32(65528 + random.Below(16)); return;
    default: out->U32(random.Below(32)); return;
  }
}

// Instructions that yield a value of the type, from constants.
void WriteExpression(char type, Random& random, ByteWriter* out) {
  const uint32_t first = random.Below(wasm::kOpCount);
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    const OpInfo& info = wasm::kOpInfo[(first + i) % wasm::kOpCount];
    const std::string_view signature = info.signature;
    const bool plain = info.immediate == ImmediateKind::kNone;
    if (!IsTyped(signature) || signature.size() < 3 ||
        signature[signature.size() - 2] != ':' || signature.back() != type ||
        (!plain && info.immediate != ImmediateKind::kMemArg)) {
      continue;
    }
    for (const char operand : signature.substr(0, signature.size() - 2)) {
      WriteConstant(operand, random, out);
    }
    out->Opcode(info.op);
    if (!plain) WriteMemArg(info.op, random, out);
    return;
  }
  WriteConstant(type, random, out);
}

}  // namespace

ModuleMutator::ModuleMutator(std::span<const uint8_t> module, uint64_t seed)
    : random_(seed), bytes_(module.begin(), module.end()) {
  ParseSections();
  ParseBodies();
}

void ModuleMutator::ParseSections() {
  size_t at = kHeader;
  while (at < bytes_.size()) {
    Framed section;
    section.id = bytes_[at++];
    section.size_at = at;
    uint32_t size = 0;
    if (!ReadLeb(bytes_, &at, &size) || size > bytes_.size() - at) return;
    section.begin = at;
    section.end = at + size;
    at = section.end;
    sections_.push_back(section);
  }
}

void ModuleMutator::ParseBodies() {
  for (const Framed& section : sections_) {
    if (section.id == kCodeSection) code_ = &section;
  }
  if (code_ == nullptr) return;
  const std::span<const uint8_t> whole(bytes_.data(), code_->end);
  size_t at = code_->begin;
  uint32_t count = 0;
  if (!ReadLeb(whole, &at, &count)) return;
  while (count-- > 0) {
    Framed body;
    body.size_at = at;
    uint32_t size = 0;
    if (!ReadLeb(whole, &at, &size) || size > whole.size() - at) return;
    body.begin = at;
    body.end = at + size;
    at = body.end;
    bodies_.push_back(body);
  }
}

std::vector<ModuleMutator::Place> ModuleMutator::Instructions(
    const Framed& body) const {
  std::vector<Place> places;
  const auto end = static_cast<uint32_t>(body.end);
  ByteCursor locals(bytes_.data(), static_cast<uint32_t>(body.begin), end);
  for (uint32_t runs = locals.ReadCount(); runs > 0; --runs) {
    locals.ReadU32();
    locals.ReadByte();
  }
  if (locals.failed()) return places;
  wasm::OperatorReader reader(bytes_.data(), locals.offset(), end);
  wasm::Operator op;
  while (places.size() < kMostPlaces && reader.Next(&op)) {
    if (!places.empty()) {
      places.back().length = op.offset - places.back().at;
    }
    places.push_back({op.offset, 0, wasm::OpIndex(op.op)});
  }
  if (places.empty()) return places;
  // The last one: its labels, if it has any, are not passed yet.
  places.back().length =
      std::max<size_t>(reader.offset(), places.back().at + 1) -
      places.back().at;
  return places;
}

const ModuleMutator::Framed* ModuleMutator::SomeSection() {
  if (sections_.empty()) return nullptr;
  return &sections_[random_.Below(static_cast<uint32_t>(sections_.size()))];
}

bool ModuleMutator::SomeBody(const Framed** section, const Framed** body) {
  if (bodies_.empty()) return false;
  *section = code_;
  *body = &bodies_[random_.Below(static_cast<uint32_t>(bodies_.size()))];
  return true;
}

ModuleMutator::Bytes ModuleMutator::Replaced(size_t at, size_t length,
                                             std::span<const uint8_t> with,
                                             const Framed* section,
                                             const Framed* body) const {
  const std::span<const uint8_t> all(bytes_);
  const auto part = [&](size_t begin, size_t end) {
    return all.subspan(begin, end - begin);
  };
  const auto around = [&](size_t begin, size_t end) {
    ByteWriter out;
    out.Raw(part(begin, at)).Raw(with).Raw(part(at + length, end));
    return out.Take();
  };
  if (section == nullptr) return around(0, all.size());
  Bytes inner;
  if (body == nullptr) {
    inner = around(section->begin, section->end);
  } else {
    const Bytes code = around(body->begin, body->end);
    ByteWriter out;
    out.Raw(part(section->begin, body->size_at));
    out.U32(static_cast<uint32_t>(code.size())).Raw(code);
    out.Raw(part(body->end, section->end));
    inner = out.Take();
  }
  ByteWriter out;
  out.Raw(part(0, section->size_at));
  out.U32(static_cast<uint32_t>(inner.size())).Raw(inner);
  out.Raw(part(section->end, all.size()));
  return out.Take();
}

ModuleMutator::Bytes ModuleMutator::NeutralCode() {
  ByteWriter out;
  const uint32_t index = random_.Below(random_.Chance(80) ? 4 : 40);
  const uint32_t other = random_.Below(4);
  switch (random_.Below(18)) {
    case 0: out.Inst(Op::kNop); break;
    case 1:
      out.Inst(Op::kLocalGet, index).Inst(Op::kLocalSet, index);
      break;
    case 2:
      out.Inst(Op::kLocalGet, index).Inst(Op::kLocalSet, other);
      break;
    case 3: out.Inst(Op::kLocalGet, index).Inst(Op::kDrop); break;
    case 4: out.Block(Op::kBlock).Inst(Op::kEnd); break;
    case 5: out.Block(Op::kLoop).Inst(Op::kEnd); break;
    case 6:
      WriteConstant('i', random_, &out);
      out.Block(Op::kIf).Inst(Op::kEnd);
      break;
    case 7: out.Inst(Op::kGlobalGet, index).Inst(Op::kDrop); break;
    case 8:
      out.Inst(random_.Chance(80) ? Op::kCall : Op::kReturnCall, index);
      break;
    case 9: out.Inst(Op::kMemorySize, 0).Inst(Op::kDrop); break;
    case 10:
      out.Inst(Op::kLocalGet, index).Inst(Op::kBrIf, other);
      break;
    case 11: out.Inst(Op::kBr, other); break;
    case 12: out.Inst(random_.Chance(50) ? Op::kUnreachable : Op::kReturn); break;
    case 13: {
      // A store of a constant.
      const OpInfo& store = SameShape(wasm::InfoOf(Op::kI32Store), random_);
      WriteConstant('i', random_, &out);
      WriteConstant('i', random_, &out);
      out.Opcode(store.op);
      WriteMemArg(store.op, random_, &out);
      break;
    }
    case 14: {
      const char type = "iIfF"[random_.Below(4)];
      WriteExpression(type, random_, &out);
      out.Inst(random_.Chance(50) ? Op::kLocalSet : Op::kGlobalSet, index);
      break;
    }
    case 15:
      // A loop that counts a local down.
      out.Block(Op::kLoop).Inst(Op::kLocalGet, index).I32Const(1);
      out.Inst(Op::kI32Sub).Inst(Op::kLocalTee, index).Inst(Op::kBrIf, 0);
      out.Inst(Op::kEnd);
      break;
    case 16:
      for (int i = 0; i < 3; ++i) WriteConstant('i', random_, &out);
      out.Opcode(random_.Chance(50) ? Op::kMemoryFill : Op::kMemoryCopy);
      out.Byte(0);
      if (out.bytes()[out.size() - 2] == 0x0A) out.Byte(0);
      break;
    default:
      WriteConstant('i', random_, &out);
      out.Inst(Op::kCallIndirect, index, 0);
      break;
  }
  return out.Take();
}

// Another instruction, or several, in the place of one.
ModuleMutator::Bytes ModuleMutator::MutateInstruction(const Place& place) {
  const OpInfo& info = wasm::kOpInfo[place.op];
  const std::string_view signature = info.signature;
  const std::span<const uint8_t> old(bytes_.data() + place.at, place.length);
  ByteWriter out;
  if (const char type = TypeOfConstant(info.op); type != 0) {
    if (random_.Chance(60)) {
      WriteConstant(type, random_, &out);
    } else {
      WriteExpression(type, random_, &out);
    }
    return out.Take();
  }
  switch (info.immediate) {
    case ImmediateKind::kNone:
      if (!IsTyped(signature)) break;
      if (random_.Chance(25) && signature.size() == 3) {
        // t:t is left out, t:u is a constant instead.
        if (signature[0] == signature[2]) return {};
        out.Inst(Op::kDrop);
        WriteConstant(signature[2], random_, &out);
        return out.Take();
      }
      if (random_.Chance(25) && signature.size() == 4 &&
          signature[0] == signature[1] && signature[0] == signature[3]) {
        out.Inst(Op::kDrop);
        return out.Take();
      }
      out.Opcode(SameShape(info, random_).op);
      return out.Take();
    case ImmediateKind::kMemArg: {
      const Op op =
          random_.Chance(50) ? info.op : SameShape(info, random_).op;
      out.Opcode(op);
      WriteMemArg(op, random_, &out);
      return out.Take();
    }
    case ImmediateKind::kLocal: {
      constexpr Op kLocalOps[] = {Op::kLocalGet, Op::kLocalSet, Op::kLocalTee};
      const Op op = random_.Chance(85) ? info.op : OneOf(kLocalOps, random_);
      out.Inst(op, random_.Below(random_.Chance(70) ? 4 : 24));
      return out.Take();
    }
    case ImmediateKind::kGlobal:
    case ImmediateKind::kLabel:
    case ImmediateKind::kFunction:
    case ImmediateKind::kTable:
      out.Inst(info.op, random_.Below(5));
      return out.Take();
    case ImmediateKind::kBlock:
      out.Opcode(info.op);
      if (random_.Chance(40)) {
        out.Byte(0x40);
      } else if (random_.Chance(50)) {
        out.Byte(static_cast<uint8_t>(0x7C + random_.Below(4)));
      } else {
        out.S64(random_.Below(6));
      }
      return out.Take();
    default:
      break;
  }
  // Some byte of it.
  Bytes changed(old.begin(), old.end());
  changed[random_.Below(static_cast<uint32_t>(changed.size()))] =
      static_cast<uint8_t>(random_.Below(random_.Chance(70) ? 8 : 256));
  return changed;
}

ModuleMutator::Bytes ModuleMutator::ChangedLocals(const Framed& section,
                                                  const Framed& body) {
  constexpr uint8_t kTypes[] = {0x7F, 0x7E, 0x7D, 0x7C, 0x70, 0x6F};
  size_t at = body.begin;
  uint32_t runs = 0;
  const std::span<const uint8_t> whole(bytes_.data(), body.end);
  if (!ReadLeb(whole, &at, &runs) || runs > 20) runs = 0, at = body.begin;
  ByteWriter out;
  out.U32(runs + 1);
  out.U32(random_.Below(random_.Chance(90) ? 4 : 600));
  out.Byte(kTypes[random_.Below(random_.Chance(90) ? 4 : 6)]);
  return Replaced(body.begin, at - body.begin, out.bytes(), &section, &body);
}

ModuleMutator::Bytes ModuleMutator::MutateBody() {
  const Framed* section = nullptr;
  const Framed* body = nullptr;
  if (!SomeBody(&section, &body)) return {};
  const std::vector<Place> places = Instructions(*body);
  if (places.empty() || random_.Chance(4)) {
    return ChangedLocals(*section, *body);
  }
  const auto some = [&] {
    return random_.Below(static_cast<uint32_t>(places.size()));
  };
  const uint32_t first = some();
  const Place& place = places[first];
  const auto run_end = [&] {
    const uint32_t last = std::min<uint32_t>(
        first + random_.Below(4), static_cast<uint32_t>(places.size()) - 1);
    return places[last].at + places[last].length;
  };
  switch (random_.Below(16)) {
    case 0: case 1: case 2: case 3: case 4: {
      const Bytes code = NeutralCode();
      return Replaced(place.at, 0, code, section, body);
    }
    case 5: {
      // Some instructions left out.
      return Replaced(place.at, run_end() - place.at, {}, section, body);
    }
    case 6: case 7: {
      // Some instructions again, elsewhere.
      const Bytes copy(bytes_.begin() + place.at, bytes_.begin() + run_end());
      return Replaced(places[some()].at, 0, copy, section, body);
    }
    case 8: {
      // Some instructions in a block of their own.
      const size_t end = run_end();
      ByteWriter out;
      out.Opcode(random_.Chance(50) ? Op::kBlock : Op::kLoop);
      if (random_.Chance(50)) {
        out.Byte(0x40);
      } else {
        out.Byte(static_cast<uint8_t>(0x7C + random_.Below(4)));
      }
      out.Raw(std::span(bytes_).subspan(place.at, end - place.at));
      out.Inst(Op::kEnd);
      return Replaced(place.at, end - place.at, out.bytes(), section, body);
    }
    default: {
      const Bytes code = MutateInstruction(place);
      return Replaced(place.at, place.length, code, section, body);
    }
  }
}

ModuleMutator::Bytes ModuleMutator::MutateSection(size_t max_size) {
  const Framed* section = SomeSection();
  if (section == nullptr) return {};
  const size_t size = section->end - section->begin;
  const size_t room =
      max_size > bytes_.size() ? max_size - bytes_.size() : 0;
  Bytes payload(bytes_.begin() + section->begin, bytes_.begin() + section->end);
  payload.resize(size + room + 1);
  payload.resize(MutateBytes(payload.data(), size, size + room + 1));
  return Replaced(section->begin, size, payload, section, nullptr);
}

// A function more: of an existing type, with a body that is there.
ModuleMutator::Bytes ModuleMutator::AddFunction() {
  const Framed* section = nullptr;
  const Framed* body = nullptr;
  if (!SomeBody(&section, &body)) return {};
  const Framed* functions = nullptr;
  for (const Framed& candidate : sections_) {
    if (candidate.id == kFunctionSection) functions = &candidate;
  }
  if (functions == nullptr || functions->begin > section->begin) return {};
  const auto number = static_cast<size_t>(body - bodies_.data());
  const auto counted = [&](const Framed& of, Bytes* payload) {
    size_t at = of.begin;
    uint32_t count = 0;
    if (!ReadLeb(std::span(bytes_).first(of.end), &at, &count)) return false;
    ByteWriter out;
    out.U32(count + 1).Raw(std::span(bytes_).subspan(at, of.end - at));
    *payload = out.Take();
    return true;
  };
  Bytes code;
  Bytes types;
  if (!counted(*section, &code) || !counted(*functions, &types)) return {};
  code.insert(code.end(), bytes_.begin() + body->size_at,
              bytes_.begin() + body->end);
  // Type numbers of one byte, one for each body.
  if (types.size() != bodies_.size() + 1) return {};
  types.push_back(types[number + 1]);
  // The later section first, so that places in the earlier one stay.
  ModuleMutator next(Replaced(section->begin, section->end - section->begin,
                              code, section, nullptr),
                     random_.Next());
  return next.Replaced(functions->begin, functions->end - functions->begin,
                       types, functions, nullptr);
}

ModuleMutator::Bytes ModuleMutator::MutateStructure() {
  if (random_.Chance(50)) return AddFunction();
  const Framed* section = SomeSection();
  if (section == nullptr) return {};
  const size_t begin = section->size_at - 1;
  const size_t size = section->end - begin;
  if (random_.Chance(50)) return Replaced(begin, size, {}, nullptr, nullptr);
  const Bytes copy(bytes_.begin() + begin, bytes_.begin() + section->end);
  const Framed* before = SomeSection();
  return Replaced(before->size_at - 1, 0, copy, nullptr, nullptr);
}

ModuleMutator::Bytes ModuleMutator::Generated(size_t max_size) {
  GeneratedModule module = Generate(random_.Below(1 << 30));
  if (module.bytes.size() > max_size) return {};
  return std::move(module.bytes);
}

std::vector<uint8_t> ModuleMutator::Mutate(size_t max_size) {
  Bytes result;
  const uint32_t kind = random_.Below(1000);
  if (kind < 780) {
    result = MutateBody();
  } else if (kind < 900) {
    result = MutateSection(max_size);
  } else if (kind < 950) {
    result = MutateStructure();
  } else if (kind < 951) {
    result = Generated(max_size);
  }
  if (!result.empty()) return result;
  result = bytes_;
  const size_t size = result.size();
  result.resize(std::max(size, max_size));
  result.resize(MutateBytes(result.data(), size, max_size));
  return result;
}

std::vector<uint8_t> ModuleMutator::CrossWith(std::span<const uint8_t> other) {
  ModuleMutator from(other, random_.Next());
  const Framed* section = nullptr;
  const Framed* body = nullptr;
  const Framed* from_section = nullptr;
  const Framed* from_body = nullptr;
  if (random_.Chance(80) && SomeBody(&section, &body) &&
      from.SomeBody(&from_section, &from_body)) {
    const std::span<const uint8_t> code =
        std::span<const uint8_t>(from.bytes_)
            .subspan(from_body->begin, from_body->end - from_body->begin);
    if (random_.Chance(30)) {
      return Replaced(body->begin, body->end - body->begin, code, section,
                      body);
    }
    const std::vector<Place> places = Instructions(*body);
    const std::vector<Place> sources = from.Instructions(*from_body);
    if (!places.empty() && !sources.empty()) {
      const Place& to =
          places[random_.Below(static_cast<uint32_t>(places.size()))];
      const uint32_t first =
          random_.Below(static_cast<uint32_t>(sources.size()));
      const uint32_t last =
          std::min<uint32_t>(first + random_.Below(12),
                             static_cast<uint32_t>(sources.size()) - 1);
      const size_t begin = sources[first].at;
      const size_t end = sources[last].at + sources[last].length;
      return Replaced(to.at, 0,
                      std::span<const uint8_t>(from.bytes_)
                          .subspan(begin, end - begin),
                      section, body);
    }
  }
  // The other's section of the same kind.
  section = SomeSection();
  if (section == nullptr) return Bytes(other.begin(), other.end());
  for (const Framed& candidate : from.sections_) {
    if (candidate.id != section->id) continue;
    return Replaced(section->begin, section->end - section->begin,
                    std::span<const uint8_t>(from.bytes_)
                        .subspan(candidate.begin,
                                 candidate.end - candidate.begin),
                    section, nullptr);
  }
  return bytes_;
}

}  // namespace ingot::fuzz
