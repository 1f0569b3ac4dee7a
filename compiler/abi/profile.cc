#include "compiler/abi/profile.h"

#include <cstring>

#include "compiler/base/check.h"

// The canonical bytes of a profile, field by field in the order of the tables.
// Encode and Decode walk the same list of fields (Visit), so that they cannot
// disagree; reading checks each field against its range as it comes.

namespace ingot {
namespace {

class Writer {
 public:
  explicit Writer(std::span<uint8_t> out) : out_(out) {}

  void U32(uint32_t value, uint32_t, uint32_t, Code) { Put(value, 4); }
  void U64(uint64_t value, uint64_t, uint64_t, Code) { Put(value, 8); }
  uint32_t offset() const { return at_; }

 private:
  void Put(uint64_t value, uint32_t bytes) {
    INGOT_CHECK(at_ + bytes <= out_.size());
    for (uint32_t i = 0; i < bytes; ++i) {
      out_[at_++] = static_cast<uint8_t>(value >> (8 * i));
    }
  }

  std::span<uint8_t> out_;
  uint32_t at_ = 0;
};

// The caller has checked the length; the first error sticks.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> in) : in_(in) {}

  void U32(uint32_t& value, uint32_t smallest, uint32_t largest, Code code) {
    value = static_cast<uint32_t>(Take(4, smallest, largest, code));
  }
  void U64(uint64_t& value, uint64_t smallest, uint64_t largest, Code code) {
    value = Take(8, smallest, largest, code);
  }
  Status status() const { return status_; }
  uint32_t offset() const { return at_; }

 private:
  uint64_t Take(uint32_t bytes, uint64_t smallest, uint64_t largest,
                Code code) {
    INGOT_CHECK(at_ + bytes <= in_.size());
    uint64_t value = 0;
    for (uint32_t i = 0; i < bytes; ++i) {
      value |= uint64_t{in_[at_ + i]} << (8 * i);
    }
    if (status_.ok() && (value < smallest || value > largest)) {
      status_ = Error(code, at_);
    }
    at_ += bytes;
    return value;
  }

  std::span<const uint8_t> in_;
  uint32_t at_ = 0;
  Status status_;
};

constexpr uint32_t LeastPrice(wasm::Op op) {
  switch (op) {
    case wasm::Op::kBr:
    case wasm::Op::kBrIf:
    case wasm::Op::kBrTable:
    case wasm::Op::kCall:
    case wasm::Op::kCallIndirect:
    case wasm::Op::kReturnCall:
    case wasm::Op::kReturnCallIndirect:
      return 1;
    default:
      return 0;
  }
}

template <typename Visitor, typename Schedule>
void VisitSchedule(Visitor& visitor, Schedule& schedule) {
  constexpr Code kCode = Code::kProfileSchedule;
  visitor.U32(schedule.version, 0, 0xFFFFFFFF, kCode);
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    const wasm::Op op = wasm::kOpInfo[i].op;
    visitor.U32(schedule.op[i], LeastPrice(op),
                wasm::IsStructure(op) ? 0 : kMaxPrice, kCode);
  }
  visitor.U32(schedule.function_entry, 0, kMaxPrice, kCode);
  visitor.U32(schedule.per_parameter, 0, kMaxPrice, kCode);
  visitor.U32(schedule.per_result, 0, kMaxPrice, kCode);
  visitor.U32(schedule.per_local, 0, kMaxPrice, kCode);
#define INGOT_FEE(name, items)                                        \
  visitor.U32(schedule.name.base, 0, kMaxFeeBase, kCode);             \
  visitor.U32(schedule.name.per_unit, 0, kMaxFeePerUnit, kCode);      \
  visitor.U32(schedule.name.unit_log2, 0, kMaxFeeUnitLog2, kCode);
#include "metering/gas_schedule.def"
}

// Every field after magic and format version, in canonical order.
template <typename Visitor, typename ProfileT>
void Visit(Visitor& visitor, ProfileT& profile) {
#define INGOT_PROFILE_U32(name, default_value, smallest, largest, code, text) \
  visitor.U32(profile.name, smallest, largest, Code::code);
#define INGOT_PROFILE_U64(name, default_value, smallest, largest, code, text) \
  visitor.U64(profile.name, smallest, largest, Code::code);
#include "compiler/abi/profile.def"
#undef INGOT_PROFILE_U32
#undef INGOT_PROFILE_U64
#define INGOT_MODULE_LIMIT(name, default_value, largest, code, meaning) \
  visitor.U32(profile.limits.name, 0, largest, Code::kProfileLimit);
#include "compiler/wasm/module_limits.def"
#undef INGOT_MODULE_LIMIT
  VisitSchedule(visitor, profile.execution);
  VisitSchedule(visitor, profile.compile);
}

constexpr uint32_t kMagicBytes = 8;
static_assert(sizeof(kProfileMagic) == kMagicBytes + 1);

}  // namespace

void Encode(const Profile& profile, std::span<uint8_t> out) {
  INGOT_CHECK(out.size() == kProfileBytes);
  memcpy(out.data(), kProfileMagic, kMagicBytes);
  Writer writer(out.subspan(kMagicBytes));
  writer.U32(kProfileFormatVersion, 0, 0, Code::kProfileVersion);
  Visit(writer, profile);
  INGOT_CHECK(kMagicBytes + writer.offset() == kProfileBytes);
}

Status Decode(std::span<const uint8_t> bytes, Profile* out) {
  if (bytes.size() < kMagicBytes + 4) return Error(Code::kProfileLength, 0);
  for (uint32_t i = 0; i < kMagicBytes; ++i) {
    if (bytes[i] != static_cast<uint8_t>(kProfileMagic[i])) {
      return Error(Code::kProfileVersion, 0);
    }
  }
  Reader reader(bytes.subspan(kMagicBytes));
  uint32_t version;
  reader.U32(version, kProfileFormatVersion, kProfileFormatVersion,
             Code::kProfileVersion);
  if (reader.status().ok()) {
    // The version is known, and with it the length.
    if (bytes.size() != kProfileBytes) return Error(Code::kProfileLength, 0);
    Visit(reader, *out);
  }
  Status status = reader.status();
  if (!status.ok()) status.offset += kMagicBytes;
  return status;
}

}  // namespace ingot
