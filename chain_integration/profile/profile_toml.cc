// Profiles as TOML. In: text or a profile. Out: the other. Holds: one list of
// fields, made from the tables that define a profile, serves writing, reading
// and comparing, so that none of them can forget a field.

#include "chain_integration/profile/profile_toml.h"

#include <algorithm>
#include <optional>

#define TOML_EXCEPTIONS 0
#include "chain_integration/profile/near_names.h"
#include "compiler/base/error_text.h"
#include "compiler/wasm/opcodes.h"
#include "fmt/format.h"
#include "toml++/toml.h"

namespace ingot::profiles {
namespace {

struct Slot {
  ProfileField field;
  uint32_t* word = nullptr;  // one of the two
  uint64_t* wide = nullptr;
};

struct Named {
  std::string_view name;
  uint64_t value;
};
constexpr Named kIsas[] = {{"x86-64-v2", 2}, {"x86-64-v3", 3}};
constexpr Named kFeatures[] = {{"tail_calls", wasm::Features::kTailCalls},
                               {"extended_const",
                                wasm::Features::kExtendedConst}};

void AddSchedule(const std::string& name, GasSchedule& schedule,
                 std::vector<Slot>* slots) {
  const auto add = [&](std::string section, std::string key, uint32_t& word,
                       uint64_t largest, std::string meaning) {
    slots->push_back({.field = {section, key, word, 0, largest, meaning},
                      .word = &word});
  };
  add(name, "version", schedule.version, kNewestGasSchedule,
      "version of the gas schedule; 0: the chain's own");
  add(name, "function_entry", schedule.function_entry, kMaxPrice,
      "gas of entering a function");
  add(name, "per_parameter", schedule.per_parameter, kMaxPrice,
      "gas per parameter");
  add(name, "per_result", schedule.per_result, kMaxPrice, "gas per result");
  add(name, "per_local", schedule.per_local, kMaxPrice,
      "gas per declared local");
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    add(name + ".op", wasm::kOpInfo[i].text, schedule.op[i], kMaxPrice, "");
  }
  const auto add_fee = [&](std::string fee_name, Fee& fee, const char* items) {
    const std::string section = name + ".fee." + fee_name;
    add(section, "base", fee.base, kMaxFeeBase, items);
    add(section, "per_unit", fee.per_unit, kMaxFeePerUnit, "");
    add(section, "unit_log2", fee.unit_log2, kMaxFeeUnitLog2, "");
  };
#define INGOT_FEE(fee, items) add_fee(#fee, schedule.fee, items);
#include "metering/gas_schedule.def"
}

std::vector<Slot> Slots(Profile& profile) {
  std::vector<Slot> slots;
#define INGOT_PROFILE_U32(name, default_value, smallest, largest, code, text) \
  slots.push_back(                                                            \
      {.field = {"", #name, profile.name, smallest, largest, text},           \
       .word = &profile.name});
#define INGOT_PROFILE_U64(name, default_value, smallest, largest, code, text) \
  slots.push_back(                                                            \
      {.field = {"", #name, profile.name, smallest, largest, text},           \
       .wide = &profile.name});
#include "compiler/abi/profile.def"
#undef INGOT_PROFILE_U32
#undef INGOT_PROFILE_U64
#define INGOT_MODULE_LIMIT(name, default_value, largest, code, meaning)   \
  slots.push_back({.field = {"limits", #name, profile.limits.name, 0, largest, \
                             meaning},                                    \
                   .word = &profile.limits.name});
#include "compiler/wasm/module_limits.def"
#undef INGOT_MODULE_LIMIT
  AddSchedule("execution", profile.execution, &slots);
  AddSchedule("compile", profile.compile, &slots);
  return slots;
}

// A key needs quotes when it is not bare: "i32.add", "select t".
std::string TomlKey(std::string_view key) {
  const bool bare = key.find_first_of(". ") == std::string_view::npos;
  return bare ? std::string(key) : fmt::format("\"{}\"", key);
}

bool IsFee(const ProfileField& field) {
  return field.section.find(".fee.") != std::string::npos;
}

absl::Status Bad(std::string_view path, std::string_view key,
                 std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{}: {}: {}", path, key, what));
}

// The number that a TOML value stands for.
absl::StatusOr<uint64_t> ReadValue(const ProfileField& field,
                                   const toml::node& node,
                                   std::string_view path) {
  if (field.section.empty() && field.key == "isa" && node.is_string()) {
    for (const Named& isa : kIsas) {
      if (node.value<std::string>() == isa.name) return isa.value;
    }
    return Bad(path, "isa", "is \"x86-64-v2\" or \"x86-64-v3\"");
  }
  if (field.section.empty() && field.key == "features") {
    const toml::array* array = node.as_array();
    if (array == nullptr) return Bad(path, "features", "is a list of names");
    uint64_t bits = 0;
    for (const toml::node& item : *array) {
      const std::optional<std::string> name = item.value<std::string>();
      const Named* found = std::find_if(
          std::begin(kFeatures), std::end(kFeatures),
          [&](const Named& feature) { return name == feature.name; });
      if (found == std::end(kFeatures)) {
        return Bad(path, "features",
                   fmt::format("no feature is called \"{}\"; there are "
                               "tail_calls and extended_const",
                               name.value_or("?")));
      }
      bits |= found->value;
    }
    return bits;
  }
  if (!node.is_integer()) {
    return Bad(path, field.Path(), "is a whole number");
  }
  const int64_t value = *node.value<int64_t>();
  if (value < 0 || static_cast<uint64_t>(value) < field.smallest ||
      static_cast<uint64_t>(value) > field.largest) {
    return Bad(path, field.Path(),
               fmt::format("{} is out of range: {} to {}", value,
                           field.smallest, field.largest));
  }
  return static_cast<uint64_t>(value);
}

// Reads a table and those inside it. `prefix` is its path.
absl::Status ReadTable(const toml::table& table, const std::string& prefix,
                       std::vector<Slot>& slots, std::string_view path) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const std::string full = prefix.empty() ? name : prefix + "." + name;
    const auto slot =
        std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) {
          return slot.field.section == prefix && slot.field.key == name;
        });
    if (slot != slots.end()) {
      absl::StatusOr<uint64_t> value = ReadValue(slot->field, node, path);
      if (!value.ok()) return value.status();
      if (slot->word != nullptr) *slot->word = static_cast<uint32_t>(*value);
      if (slot->wide != nullptr) *slot->wide = *value;
      continue;
    }
    const bool is_section = std::any_of(
        slots.begin(), slots.end(), [&](const Slot& slot) {
          return slot.field.section == full ||
                 slot.field.section.starts_with(full + ".");
        });
    if (!is_section || !node.is_table()) {
      std::vector<std::string> known;
      for (const Slot& other : slots) {
        known.push_back(other.field.Path());
        if (!other.field.section.empty()) {
          known.push_back(other.field.section);
        }
      }
      std::sort(known.begin(), known.end());
      known.erase(std::unique(known.begin(), known.end()), known.end());
      const std::vector<std::string> near = NearNames(full, known);
      return Bad(path, full,
                 near.empty() ? std::string("no profile has such a key")
                              : fmt::format("no profile has such a key; did "
                                            "you mean {}?",
                                            fmt::join(near, ", ")));
    }
    if (absl::Status read = ReadTable(*node.as_table(), full, slots, path);
        !read.ok()) {
      return read;
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<ProfileField> ProfileFields(const Profile& profile) {
  Profile copy = profile;
  std::vector<ProfileField> fields;
  for (Slot& slot : Slots(copy)) fields.push_back(std::move(slot.field));
  return fields;
}

std::string FieldText(const ProfileField& field) {
  if (field.section.empty() && field.key == "isa") {
    for (const Named& isa : kIsas) {
      if (isa.value == field.value) return fmt::format("\"{}\"", isa.name);
    }
  }
  if (field.section.empty() && field.key == "features") {
    std::vector<std::string> names;
    for (const Named& feature : kFeatures) {
      if ((field.value & feature.value) != 0) {
        names.push_back(fmt::format("\"{}\"", feature.name));
      }
    }
    return fmt::format("[{}]", fmt::join(names, ", "));
  }
  return std::to_string(field.value);
}

std::string ProfileToToml(const Profile& profile) {
  std::string out =
      "# An Ingot profile: everything besides module and compiler that can\n"
      "# change an artifact's bytes or a run's gas. A key that is left out\n"
      "# has its default. `ingot profile hash` names the profile.\n\n";
  std::string section;
  const std::vector<ProfileField> fields = ProfileFields(profile);
  for (size_t i = 0; i < fields.size(); ++i) {
    const ProfileField& field = fields[i];
    if (IsFee(field)) {  // three fields on one line
      const size_t dot = field.section.rfind('.');
      const std::string table = field.section.substr(0, dot);
      if (table != section) {
        section = table;
        out += fmt::format("\n[{}]\n", section);
      }
      out += fmt::format(
          "{} = {{ base = {}, per_unit = {}, unit_log2 = {} }}  # {}\n",
          field.section.substr(dot + 1), field.value, fields[i + 1].value,
          fields[i + 2].value, field.meaning);
      i += 2;
      continue;
    }
    if (field.section != section) {
      section = field.section;
      out += fmt::format("\n[{}]\n", section);
    }
    out += fmt::format("{} = {}", TomlKey(field.key), FieldText(field));
    if (!field.meaning.empty()) out += fmt::format("  # {}", field.meaning);
    out += "\n";
  }
  return out;
}

absl::StatusOr<Profile> ProfileFromToml(std::string_view text,
                                        std::string_view path) {
  // toml++ 3.3 runs into undefined behaviour at some letters that are not
  // ASCII, where it expects white space or a key. None means anything in a
  // profile but in comments, so it is not shown any.
  std::string ascii(text);
  std::replace_if(
      ascii.begin(), ascii.end(),
      [](char c) { return static_cast<uint8_t>(c) >= 0x80; }, '?');
  const toml::parse_result parsed = toml::parse(ascii, path);
  if (!parsed) {
    return absl::InvalidArgumentError(
        fmt::format("{}:{}:{}: {}", path, parsed.error().source().begin.line,
                    parsed.error().source().begin.column,
                    parsed.error().description()));
  }
  Profile profile;
  std::vector<Slot> slots = Slots(profile);
  if (absl::Status read = ReadTable(parsed.table(), "", slots, path);
      !read.ok()) {
    return read;
  }
  Profile checked;
  if (const Status status = Decode(CanonicalBytes(profile), &checked);
      !status.ok()) {
    const ErrorText& code = TextOf(status.code);
    return absl::InvalidArgumentError(
        fmt::format("{}: {} ({}); {}", path, code.message, code.name,
                    code.help));
  }
  return profile;
}

std::vector<uint8_t> CanonicalBytes(const Profile& profile) {
  std::vector<uint8_t> bytes(kProfileBytes);
  Encode(profile, bytes);
  return bytes;
}

}  // namespace ingot::profiles
