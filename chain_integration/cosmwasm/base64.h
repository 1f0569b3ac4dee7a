#ifndef CHAIN_INTEGRATION_COSMWASM_BASE64_H_
#define CHAIN_INTEGRATION_COSMWASM_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

// Standard base64 with padding, as cosmwasm-std's Binary. Decoding accepts
// exactly what encoding gives.

namespace ingot::cosmwasm {

std::string EncodeBase64(std::string_view bytes);
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_BASE64_H_
