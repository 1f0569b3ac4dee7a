#ifndef CHAIN_INTEGRATION_SERVICE_GRPC_STATUS_H_
#define CHAIN_INTEGRATION_SERVICE_GRPC_STATUS_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

// Faults over gRPC: a status whose details hold a google.rpc.ErrorInfo with the
// reason's name and the domain "ingot.v1". In: a fault, or a status from the
// wire. Out: the other. Holds: there and back gives the same reason; a status
// that gRPC itself made has the reason that fits its code.

namespace ingot::service {

grpc::Status ToGrpc(const absl::Status& fault);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_GRPC_STATUS_H_
