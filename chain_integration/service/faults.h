#ifndef CHAIN_INTEGRATION_SERVICE_FAULTS_H_
#define CHAIN_INTEGRATION_SERVICE_FAULTS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "ingot/v1/types.pb.h"

// The service's faults as absl::Status. In: a reason of the listed set, or a
// status of the rooms below. Out: a status that carries its reason. Holds:
// every status that leaves the service has exactly one listed reason, and a
// reason always has the same status code (faults.def).

namespace ingot::service {

absl::Status Fault(v1::FaultReason reason, std::string_view message);

// The reason of a status that Fault made; INTERNAL for any other that is not
// OK, since only a defect lets one through.
v1::FaultReason ReasonOf(const absl::Status& status);

// "worker_lost"; "none" for a number that is not listed.
std::string_view ReasonName(v1::FaultReason reason);
// What it is, for a reader.
std::string_view ReasonMessage(v1::FaultReason reason);
// What the receiver does about it.
std::string_view ReasonRemedy(v1::FaultReason reason);
absl::StatusCode ReasonStatusCode(v1::FaultReason reason);

// A status as a fault: one that Fault made as it is, any other under `reason`.
absl::Status AsFault(const absl::Status& status, v1::FaultReason reason);

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_FAULTS_H_
