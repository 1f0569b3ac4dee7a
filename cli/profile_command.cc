// `ingot profile`. In: profiles as TOML, canonical bytes or in artifacts. Out:
// their readable form, what differs, their digest. Holds: two profiles differ
// exactly if their digests do.

#include "cli/commands.h"
#include "cli/compilation.h"
#include "cli/input_file.h"
#include "cli/profile_file.h"
#include "fmt/format.h"
#include "runtime/digest.h"

namespace ingot::cli {
namespace {

std::string HashOf(const Profile& profile) {
  return Sha256(CanonicalBytes(profile)).Hex();
}

// The profile that a command is about: a file, or the default edited by flags.
absl::StatusOr<Profile> Subject(const Options& options) {
  if (options.files.empty()) return ProfileFor(options);
  Options with_file = options;
  with_file.profile = options.files[0];
  return ProfileFor(with_file);
}

json::Value FieldValue(const ProfileField& field) {
  // stack_units is the one field of 64 bits.
  return field.largest > 0xFFFFFFFF || field.key == "stack_units"
             ? json::Value::NumberString(field.value)
             : json::Value::Number(field.value);
}

}  // namespace

int ProfileInitCommand(const Options& options, Output& output) {
  Options defaults = options;
  defaults.files.clear();
  absl::StatusOr<Profile> profile = ProfileFor(defaults);
  if (!profile.ok()) return output.Refusal(profile.status());
  const std::string toml = ProfileToToml(*profile);
  const std::string hash = HashOf(*profile);
  output.object().Add("profile_sha256", json::Value::String(hash));
  if (options.files.empty()) {
    output.object().Add("toml", json::Value::String(toml));
    output.Line(toml.substr(0, toml.size() - 1));
    return output.Finish(kExitOk);
  }
  const std::string& path = options.files[0];
  if (absl::StatusOr<InputFile> old = ReadInputFile(path, 1); old.ok()) {
    return output.Fault(absl::AlreadyExistsError(
        fmt::format("{}: exists; remove it first, or choose another name",
                    path)));
  }
  const absl::Status written = WriteOutputFile(path, toml);
  if (!written.ok()) return output.Fault(written);
  output.object().Add("output", json::Value::String(path));
  output.Row("written to", path);
  output.Row("sha256", hash);
  return output.Finish(kExitOk);
}

int ProfileShowCommand(const Options& options, Output& output) {
  absl::StatusOr<Profile> profile = Subject(options);
  if (!profile.ok()) return output.Refusal(profile.status());
  output.object().Add("profile_sha256", json::Value::String(HashOf(*profile)));
  json::Value fields = json::Value::MakeObject();
  for (const ProfileField& field : ProfileFields(*profile)) {
    fields.Add(field.Path(), FieldValue(field));
  }
  output.object().Add("fields", std::move(fields));
  const std::string toml = ProfileToToml(*profile);
  output.Line(toml.substr(0, toml.size() - 1));
  return output.Finish(kExitOk);
}

int ProfileDiffCommand(const Options& options, Output& output) {
  Profile profiles[2];
  for (size_t i = 0; i < 2; ++i) {
    // With one file, it is compared with the default.
    if (i >= options.files.size()) continue;
    absl::StatusOr<Profile> profile = LoadProfile(options.files[i]);
    if (!profile.ok()) return output.Refusal(profile.status());
    profiles[i] = *profile;
  }
  const std::vector<ProfileField> a = ProfileFields(profiles[0]);
  const std::vector<ProfileField> b = ProfileFields(profiles[1]);
  json::Value differences = json::Value::MakeArray();
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].value == b[i].value) continue;
    json::Value item = json::Value::MakeObject();
    item.Add("field", json::Value::String(a[i].Path()));
    item.Add("first", FieldValue(a[i]));
    item.Add("second", FieldValue(b[i]));
    differences.Append(std::move(item));
    output.Row(a[i].Path(),
               fmt::format("{} -> {}", FieldText(a[i]), FieldText(b[i])));
  }
  const bool equal = differences.items().empty();
  if (equal) output.Line("the profiles are equal");
  output.object().Add("equal", json::Value::Bool(equal));
  output.object().Add("differences", std::move(differences));
  output.object().Add("first_sha256",
                      json::Value::String(HashOf(profiles[0])));
  output.object().Add("second_sha256",
                      json::Value::String(HashOf(profiles[1])));
  return output.Finish(equal ? kExitOk : kExitNegative);
}

int ProfileHashCommand(const Options& options, Output& output) {
  absl::StatusOr<Profile> profile = Subject(options);
  if (!profile.ok()) return output.Refusal(profile.status());
  const std::string hash = HashOf(*profile);
  output.object().Add("profile_sha256", json::Value::String(hash));
  output.object().Add("profile_bytes", json::Value::Number(kProfileBytes));
  output.Line(hash);
  return output.Finish(kExitOk);
}

}  // namespace ingot::cli
