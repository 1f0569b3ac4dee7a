#ifndef CHAIN_INTEGRATION_COSMWASM_REPORT_H_
#define CHAIN_INTEGRATION_COSMWASM_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "chain_integration/cosmwasm/contract.h"

// From what a contract returned to a CallReport.

namespace ingot::cosmwasm {

// The longest result that is read: cosmwasm-vm's limit for parsing.
inline constexpr uint64_t kMaxResult = uint64_t{256} << 10;

void Revert(HostError code, std::string message, CallReport& report);

// Fills in data, events and messages from the ContractResult that `entry`
// returned, or reverts the report: with the contract's error, or with
// kInvalidResult.
void ReadContractResult(std::string_view entry, std::string_view bytes,
                        CallReport& report);

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_REPORT_H_
