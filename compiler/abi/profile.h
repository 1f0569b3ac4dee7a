#ifndef COMPILER_ABI_PROFILE_H_
#define COMPILER_ABI_PROFILE_H_

#include <cstdint>
#include <span>

#include "compiler/base/status.h"
#include "compiler/wasm/features.h"
#include "compiler/wasm/module_limits.h"
#include "metering/gas_schedule.h"

// The profile: everything that can change an artifact's bytes or a run's gas
// besides the module and the compiler. Its canonical bytes are what the
// compiler receives, what is hashed, and what an artifact carries.
//
// Canonical bytes: "INGOTPRF", then little-endian numbers: the format version,
// the fields of profile.def, the limits of module_limits.def, the execution
// schedule, the compile schedule. A schedule is its version, a price per
// opcode in the order of opcodes.def, the entry prices, then base, per_unit
// and unit_log2 of each fee in the order of gas_schedule.def. The length is
// fixed by the format version, and Encode(Decode(bytes)) == bytes.

namespace ingot {

enum class Isa : uint32_t { kX8664V2 = 2, kX8664V3 = 3 };

struct Profile {
#define INGOT_PROFILE_U32(name, default_value, smallest, largest, code, text) \
  uint32_t name = default_value;
#define INGOT_PROFILE_U64(name, default_value, smallest, largest, code, text) \
  uint64_t name = default_value;
#include "compiler/abi/profile.def"
#undef INGOT_PROFILE_U32
#undef INGOT_PROFILE_U64
  wasm::ModuleLimits limits;
  GasSchedule execution = kGasScheduleV2;
  GasSchedule compile = kGasScheduleV1;  // prices compiler.wasm itself

  constexpr wasm::Features Features() const { return {features}; }
  constexpr Isa TargetIsa() const { return static_cast<Isa>(isa); }
};

inline constexpr uint32_t kProfileFormatVersion = 1;
inline constexpr char kProfileMagic[] = "INGOTPRF";

namespace profile_internal {

inline constexpr uint32_t kPlainBytes =
#define INGOT_PROFILE_U32(name, default_value, smallest, largest, code, text) \
  4 +
#define INGOT_PROFILE_U64(name, default_value, smallest, largest, code, text) \
  8 +
#include "compiler/abi/profile.def"
#undef INGOT_PROFILE_U32
#undef INGOT_PROFILE_U64
    0;

// All members of a schedule and of the limits are uint32_t.
static_assert(sizeof(GasSchedule) % 4 == 0);
static_assert(sizeof(wasm::ModuleLimits) % 4 == 0);

}  // namespace profile_internal

inline constexpr uint32_t kProfileBytes =
    8 + 4 + profile_internal::kPlainBytes + sizeof(wasm::ModuleLimits) +
    2 * sizeof(GasSchedule);

// Writes the canonical bytes; kProfileBytes of them.
void Encode(const Profile& profile, std::span<uint8_t> out);

// Reads canonical bytes; everything is checked, and the offset of an error is
// that of the field in `bytes`.
Status Decode(std::span<const uint8_t> bytes, Profile* out);

}  // namespace ingot

#endif  // COMPILER_ABI_PROFILE_H_
