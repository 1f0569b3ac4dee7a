// Faults. In and out: see the header. Holds: the reason travels as a payload of
// the status, so that no text is ever read back.

#include "chain_integration/service/faults.h"

#include <optional>

#include "absl/strings/cord.h"

namespace ingot::service {
namespace {

constexpr char kPayload[] = "ingot.v1.FaultReason";

struct Row {
  v1::FaultReason reason;
  absl::StatusCode code;
  std::string_view name;
  std::string_view message;
  std::string_view remedy;
};

constexpr Row kRows[] = {
#define INGOT_FAULT(reason, code, name, message, remedy)           \
  {v1::FAULT_REASON_##reason, absl::StatusCode::code, name, message, remedy},
#include "chain_integration/service/faults.def"
#undef INGOT_FAULT
};
// Of the listed set only "never sent" has no row.
static_assert(std::size(kRows) == v1::FaultReason_MAX);

const Row* Find(v1::FaultReason reason) {
  for (const Row& row : kRows) {
    if (row.reason == reason) return &row;
  }
  return nullptr;
}

}  // namespace

absl::Status Fault(v1::FaultReason reason, std::string_view message) {
  absl::Status status(ReasonStatusCode(reason),
                      absl::string_view(message.data(), message.size()));
  const std::string number = std::to_string(reason);
  status.SetPayload(kPayload, absl::Cord(absl::string_view(number)));
  return status;
}

v1::FaultReason ReasonOf(const absl::Status& status) {
  if (status.ok()) return v1::FAULT_REASON_UNSPECIFIED;
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayload);
  if (payload) {
    const std::string text(*payload);
    for (const Row& row : kRows) {
      if (std::to_string(row.reason) == text) return row.reason;
    }
  }
  return v1::FAULT_REASON_INTERNAL;
}

std::string_view ReasonName(v1::FaultReason reason) {
  const Row* const row = Find(reason);
  return row == nullptr ? "none" : row->name;
}

std::string_view ReasonMessage(v1::FaultReason reason) {
  const Row* const row = Find(reason);
  return row == nullptr ? "" : row->message;
}

std::string_view ReasonRemedy(v1::FaultReason reason) {
  const Row* const row = Find(reason);
  return row == nullptr ? "" : row->remedy;
}

absl::StatusCode ReasonStatusCode(v1::FaultReason reason) {
  const Row* const row = Find(reason);
  return row == nullptr ? absl::StatusCode::kInternal : row->code;
}

absl::Status AsFault(const absl::Status& status, v1::FaultReason reason) {
  if (status.ok() || status.GetPayload(kPayload)) return status;
  return Fault(reason, std::string(status.message()));
}

}  // namespace ingot::service
