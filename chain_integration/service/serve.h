#ifndef CHAIN_INTEGRATION_SERVICE_SERVE_H_
#define CHAIN_INTEGRATION_SERVICE_SERVE_H_

#include "chain_integration/service/config.h"

// The whole service, from start to exit. In: a configuration, signals. Out: an
// exit code. Holds: SIGTERM and SIGINT drain it (exit code 0); when workers
// have failed a job of the block path it drains itself and exits with 3, as it
// does when it cannot start; calls that do not end within the drain time end
// with the process.

namespace ingot::service {

inline constexpr int kServeStopped = 0;
inline constexpr int kServeFault = 3;

// In the calling thread, which must be the process's only one.
int Serve(const ServiceConfig& config);

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_SERVE_H_
