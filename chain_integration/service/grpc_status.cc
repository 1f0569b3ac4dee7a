// Faults over gRPC. In and out: see the header.

#include "chain_integration/service/grpc_status.h"

#include <string>

#include "chain_integration/service/faults.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace ingot::service {
namespace {

constexpr char kDomain[] = "ingot.v1";

// What gRPC refuses before the service sees it.
v1::FaultReason ReasonOfCode(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return v1::FAULT_REASON_TOO_LARGE;
    case grpc::StatusCode::CANCELLED: return v1::FAULT_REASON_CANCELLED;
    case grpc::StatusCode::DEADLINE_EXCEEDED: return v1::FAULT_REASON_TIMED_OUT;
    case grpc::StatusCode::UNIMPLEMENTED: return v1::FAULT_REASON_UNSUPPORTED;
    case grpc::StatusCode::UNAVAILABLE: return v1::FAULT_REASON_DRAINING;
    // Bytes that are no message.
    case grpc::StatusCode::INTERNAL: return v1::FAULT_REASON_BAD_REQUEST;
    default: return v1::FAULT_REASON_INTERNAL;
  }
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& fault) {
  if (fault.ok()) return grpc::Status::OK;
  const v1::FaultReason reason = ReasonOf(fault);
  const auto code = static_cast<grpc::StatusCode>(ReasonStatusCode(reason));
  const std::string message(fault.message());
  google::rpc::ErrorInfo info;
  info.set_reason(v1::FaultReason_Name(reason));
  info.set_domain(kDomain);
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(info);
  return grpc::Status(code, message, details.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) {
    for (const auto& any : details.details()) {
      google::rpc::ErrorInfo info;
      v1::FaultReason reason;
      if (any.UnpackTo(&info) && info.domain() == kDomain &&
          v1::FaultReason_Parse(info.reason(), &reason)) {
        return Fault(reason, status.error_message());
      }
    }
  }
  return Fault(ReasonOfCode(status.error_code()), status.error_message());
}

}  // namespace ingot::service
