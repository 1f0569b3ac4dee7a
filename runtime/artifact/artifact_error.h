#ifndef RUNTIME_ARTIFACT_ARTIFACT_ERROR_H_
#define RUNTIME_ARTIFACT_ARTIFACT_ERROR_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

// Why an artifact is refused, as a code that callers can tell apart. It
// travels in an absl::Status, whose text names the place.

namespace ingot::runtime {

enum class ArtifactError : uint8_t {
  kNone,
#define INGOT_ARTIFACT_ERROR(name, json_name, status_code, message) name,
#include "runtime/artifact/artifact_errors.def"
#undef INGOT_ARTIFACT_ERROR
};

// The code's name in JSON, e.g. "artifact_truncated"; "none" for kNone.
std::string_view ArtifactErrorName(ArtifactError error);

// A status with the code's message, `detail` behind it.
absl::Status MakeArtifactError(ArtifactError error,
                               std::string_view detail = {});

// The code that a status was made with; kNone for any other status.
ArtifactError ArtifactErrorOf(const absl::Status& status);

}  // namespace ingot::runtime

#endif  // RUNTIME_ARTIFACT_ARTIFACT_ERROR_H_
