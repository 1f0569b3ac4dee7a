// Faults as C sees them: absl::Status to a number, a word and a message.

#include "chain_integration/c/border.h"

#include <string>

#include "chain_integration/c/handles.h"
#include "runtime/artifact/artifact_error.h"

namespace ingot::c_api {
namespace {

struct Named {
  ingot_status number;
  const char* name;
};

Named NameOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
      return {INGOT_CANCELLED, "cancelled"};
    case absl::StatusCode::kInvalidArgument:
      return {INGOT_INVALID_ARGUMENT, "invalid_argument"};
    case absl::StatusCode::kNotFound:
      return {INGOT_NOT_FOUND, "not_found"};
    case absl::StatusCode::kResourceExhausted:
      return {INGOT_RESOURCE_EXHAUSTED, "resource_exhausted"};
    case absl::StatusCode::kFailedPrecondition:
      return {INGOT_FAILED_PRECONDITION, "failed_precondition"};
    case absl::StatusCode::kOutOfRange:
      return {INGOT_OUT_OF_RANGE, "out_of_range"};
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kUnavailable:
      return {INGOT_UNAVAILABLE, "unavailable"};
    default:
      return {INGOT_INTERNAL, "internal"};
  }
}

}  // namespace

ingot_status Report(const absl::Status& status, ingot_error** error) {
  Named named = NameOf(status);
  const runtime::ArtifactError refused = runtime::ArtifactErrorOf(status);
  if (refused != runtime::ArtifactError::kNone) {
    named.number = INGOT_FAILED_PRECONDITION;
  }
  if (error == nullptr) return named.number;
  try {
    *error = new ingot_error{
        refused == runtime::ArtifactError::kNone
            ? std::string(named.name)
            : std::string(runtime::ArtifactErrorName(refused)),
        std::string(status.message())};
  } catch (...) {
    *error = nullptr;  // the number has to do
  }
  return named.number;
}

}  // namespace ingot::c_api

const char* ingot_error_message(const ingot_error* error) {
  return error == nullptr ? "" : error->message.c_str();
}

const char* ingot_error_name(const ingot_error* error) {
  return error == nullptr ? "ok" : error->name.c_str();
}

void ingot_error_free(ingot_error* error) { delete error; }
