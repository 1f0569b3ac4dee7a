#ifndef CHAIN_INTEGRATION_COSMWASM_ADDRESS_H_
#define CHAIN_INTEGRATION_COSMWASM_ADDRESS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

// Addresses: the human form and the canonical bytes, each the image of the
// other.
//
//   bech32 with the chain's prefix  <->  its 1 to 64 bytes, but not 54
//   a plain name such as "alice"    <->  the name, padded with zeros to 54
//
// The first is what Cosmos chains use. The second makes examples readable; a
// name has 3 to 20 characters of a-z, 0-9, '-', '_', '.'. A string that begins
// with the prefix and "1", or is valid bech32 with another prefix, is never
// taken for a name.

namespace ingot::cosmwasm {

class AddressCodec {
 public:
  // The prefix is that of the contract's own address if that is bech32, else
  // "cosmwasm".
  static AddressCodec ForContract(std::string_view contract);
  explicit AddressCodec(std::string prefix) : prefix_(std::move(prefix)) {}

  const std::string& prefix() const { return prefix_; }

  // Errors are texts for the contract.
  absl::StatusOr<std::string> Canonicalize(std::string_view human) const;
  absl::StatusOr<std::string> Humanize(std::string_view canonical) const;
  // OK if Humanize(Canonicalize(human)) is `human` again.
  absl::Status Validate(std::string_view human) const;

 private:
  std::string prefix_;
};

// Bech32 (BIP-173) without its limit of 90 characters.
struct Bech32 {
  std::string prefix;  // in lower case
  std::string bytes;
};
std::optional<Bech32> DecodeBech32(std::string_view text);
std::string EncodeBech32(std::string_view prefix, std::string_view bytes);

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_ADDRESS_H_
