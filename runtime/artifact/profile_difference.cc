// Two profiles in, the name of the first differing field out; the names come
// from the tables that define the fields.

#include "runtime/artifact/profile_difference.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "compiler/wasm/opcodes.h"

namespace ingot::runtime {
namespace {

bool SameFee(const Fee& a, const Fee& b) {
  return a.base == b.base && a.per_unit == b.per_unit &&
         a.unit_log2 == b.unit_log2;
}

std::string FirstDifference(const GasSchedule& a, const GasSchedule& b) {
  if (a.version != b.version) return "version";
  const uint32_t* op =
      std::mismatch(std::begin(a.op), std::end(a.op), std::begin(b.op)).first;
  if (op != std::end(a.op)) {
    return absl::StrCat("op.", wasm::kOpInfo[op - a.op].text);
  }
  if (a.function_entry != b.function_entry) return "function_entry";
  if (a.per_parameter != b.per_parameter) return "per_parameter";
  if (a.per_result != b.per_result) return "per_result";
  if (a.per_local != b.per_local) return "per_local";
#define INGOT_FEE(name, items) \
  if (!SameFee(a.name, b.name)) return #name;
#include "metering/gas_schedule.def"
  return {};
}

}  // namespace

std::string FirstDifference(const Profile& a, const Profile& b) {
#define INGOT_PROFILE_U32(name, default_value, smallest, largest, code, text) \
  if (a.name != b.name) return #name;
#define INGOT_PROFILE_U64(name, default_value, smallest, largest, code, text) \
  if (a.name != b.name) return #name;
#include "compiler/abi/profile.def"
#undef INGOT_PROFILE_U32
#undef INGOT_PROFILE_U64
#define INGOT_MODULE_LIMIT(name, default_value, largest, code, meaning) \
  if (a.limits.name != b.limits.name) return "limits." #name;
#include "compiler/wasm/module_limits.def"
#undef INGOT_MODULE_LIMIT
  std::string field = FirstDifference(a.execution, b.execution);
  if (!field.empty()) return absl::StrCat("execution.", field);
  field = FirstDifference(a.compile, b.compile);
  if (!field.empty()) return absl::StrCat("compile.", field);
  return {};
}

}  // namespace ingot::runtime
