#ifndef CLI_PROFILE_FILE_H_
#define CLI_PROFILE_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "chain_integration/profile/profile_toml.h"
#include "compiler/abi/profile.h"

// Profiles in files. In: a path. Out: a profile, or why there is none.

namespace ingot::cli {

using profiles::CanonicalBytes;
using profiles::FieldText;
using profiles::ProfileField;
using profiles::ProfileFields;
using profiles::ProfileToToml;

// A profile from TOML, from its canonical bytes, or from the artifact that
// carries it.
absl::StatusOr<Profile> LoadProfile(const std::string& path);

}  // namespace ingot::cli

#endif  // CLI_PROFILE_FILE_H_
