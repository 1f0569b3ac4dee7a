#ifndef CHAIN_INTEGRATION_SERVICE_VERSION_H_
#define CHAIN_INTEGRATION_SERVICE_VERSION_H_

#include <string_view>

// The program's version, for readers: it decides nothing.

namespace ingot::service {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_VERSION_H_
