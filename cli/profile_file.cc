// Profiles in files. In: a path. Out: a profile in any of the forms that files
// have. Holds: what is none of them is an error that says so.

#include "cli/profile_file.h"

#include <string_view>

#include "cli/input_file.h"
#include "compiler/base/error_text.h"
#include "fmt/format.h"
#include "runtime/artifact/artifact_reader.h"

namespace ingot::cli {
namespace {

// A profile's canonical bytes and its TOML are both far below this; an artifact
// may be larger.
constexpr uint64_t kMaxProfileFileBytes = uint64_t{1} << 30;

}  // namespace

absl::StatusOr<Profile> LoadProfile(const std::string& path) {
  absl::StatusOr<InputFile> file = ReadInputFile(path, kMaxProfileFileBytes);
  if (!file.ok()) return file.status();
  const std::string_view text(
      reinterpret_cast<const char*>(file->bytes.data()), file->bytes.size());
  if (text.starts_with(kProfileMagic)) {
    Profile profile;
    const Status status = Decode(file->bytes, &profile);
    if (status.ok()) return profile;
    return absl::InvalidArgumentError(
        fmt::format("{}: {} (at byte {})", path, TextOf(status.code).message,
                    status.offset));
  }
  if (file->kind == FileKind::kArtifact) {
    absl::StatusOr<runtime::ArtifactView> view =
        runtime::ReadArtifact(file->bytes, {});
    if (!view.ok()) return view.status();
    return view->profile;
  }
  if (file->kind != FileKind::kText && file->kind != FileKind::kEmpty) {
    return absl::InvalidArgumentError(
        fmt::format("{}: not a profile: neither TOML nor canonical bytes nor "
                    "an artifact",
                    path));
  }
  return profiles::ProfileFromToml(text, path);
}

}  // namespace ingot::cli
