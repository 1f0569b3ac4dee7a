// Artifact errors to absl::Status and back: the code's name is the payload.

#include "runtime/artifact/artifact_error.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace ingot::runtime {
namespace {

constexpr char kPayload[] = "ingot/artifact_error";

struct Row {
  ArtifactError error;
  const char* name;
  absl::StatusCode code;
  const char* message;
};

constexpr Row kRows[] = {
#define INGOT_ARTIFACT_ERROR(name, json_name, status_code, message) \
  {ArtifactError::name, json_name, absl::StatusCode::status_code, message},
#include "runtime/artifact/artifact_errors.def"
#undef INGOT_ARTIFACT_ERROR
};

}  // namespace

std::string_view ArtifactErrorName(ArtifactError error) {
  for (const Row& row : kRows) {
    if (row.error == error) return row.name;
  }
  return "none";
}

absl::Status MakeArtifactError(ArtifactError error, std::string_view detail) {
  for (const Row& row : kRows) {
    if (row.error != error) continue;
    std::string text = row.message;
    if (!detail.empty()) absl::StrAppend(&text, ": ", std::string(detail));
    absl::Status status(row.code, text);
    status.SetPayload(kPayload, absl::Cord(row.name));
    return status;
  }
  return absl::InternalError("artifact error without a code");
}

ArtifactError ArtifactErrorOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload.has_value()) return ArtifactError::kNone;
  for (const Row& row : kRows) {
    if (*payload == row.name) return row.error;
  }
  return ArtifactError::kNone;
}

}  // namespace ingot::runtime
