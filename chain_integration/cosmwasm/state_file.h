#ifndef CHAIN_INTEGRATION_COSMWASM_STATE_FILE_H_
#define CHAIN_INTEGRATION_COSMWASM_STATE_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chain_integration/cosmwasm/state.h"

// A contract's storage as a file. Equal states give equal bytes:
//
//   {
//     "format": "ingot.contract_state.v1",
//     "entries": {
//       "<key in hexadecimal>": "<value in hexadecimal>",
//       ...
//     }
//   }
//
// Lower-case digits, keys in ascending order of bytes.

namespace ingot::cosmwasm {

std::string SerializeState(const ContractState& state);
absl::StatusOr<ContractState> ParseState(std::string_view text);

// An absent file is an empty state.
absl::StatusOr<ContractState> LoadState(const std::string& path);
// Replaces the file in one step: a reader sees the old bytes or the new ones,
// also when the machine stops in between.
absl::Status SaveState(const std::string& path, const ContractState& state);

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_STATE_FILE_H_
