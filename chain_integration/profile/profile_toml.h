#ifndef CHAIN_INTEGRATION_PROFILE_PROFILE_TOML_H_
#define CHAIN_INTEGRATION_PROFILE_PROFILE_TOML_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"

// The readable form of a profile. In: TOML, whole or a few keys. Out: a
// profile, and back. Holds: the TOML of a profile names every field once;
// reading it gives the same canonical bytes; a key that no profile has, a value
// out of its range and a schedule that is not sound are errors that name the
// key. A key that is left out keeps its default.

namespace ingot::profiles {

// One number of a profile.
struct ProfileField {
  std::string section;  // "", "limits", "execution", "execution.op", …
  std::string key;      // as it stands in its section, unquoted
  uint64_t value = 0;
  uint64_t smallest = 0;
  uint64_t largest = 0;
  std::string meaning;

  // "limits.types", "execution.op.i32.add".
  std::string Path() const {
    return section.empty() ? key : section + "." + key;
  }
};

// All fields, in the order of the canonical bytes.
std::vector<ProfileField> ProfileFields(const Profile& profile);

// A field's value as it stands in the TOML: 1, "x86-64-v2", ["tail_calls"].
std::string FieldText(const ProfileField& field);

std::string ProfileToToml(const Profile& profile);
absl::StatusOr<Profile> ProfileFromToml(std::string_view text,
                                        std::string_view path);

std::vector<uint8_t> CanonicalBytes(const Profile& profile);

}  // namespace ingot::profiles

#endif  // CHAIN_INTEGRATION_PROFILE_PROFILE_TOML_H_
