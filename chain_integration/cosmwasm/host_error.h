#ifndef CHAIN_INTEGRATION_COSMWASM_HOST_ERROR_H_
#define CHAIN_INTEGRATION_COSMWASM_HOST_ERROR_H_

#include <cstdint>

// Codes of calls that failed other than by a trap or for want of gas
// (host_errors.def).

namespace ingot::cosmwasm {

enum class HostError : uint8_t {
  kNone = 0,
#define INGOT_HOST_ERROR(number, name, json_name, message) name = number,
#include "chain_integration/cosmwasm/host_errors.def"
#undef INGOT_HOST_ERROR
};

constexpr const char* HostErrorName(HostError error) {
  switch (error) {
#define INGOT_HOST_ERROR(number, name, json_name, message) \
  case HostError::name:                                    \
    return json_name;
#include "chain_integration/cosmwasm/host_errors.def"
#undef INGOT_HOST_ERROR
    case HostError::kNone:
      break;
  }
  return "none";
}

constexpr const char* HostErrorMessage(HostError error) {
  switch (error) {
#define INGOT_HOST_ERROR(number, name, json_name, message) \
  case HostError::name:                                    \
    return message;
#include "chain_integration/cosmwasm/host_errors.def"
#undef INGOT_HOST_ERROR
    case HostError::kNone:
      break;
  }
  return "no error";
}

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_HOST_ERROR_H_
