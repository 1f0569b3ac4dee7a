// Bech32 as in BIP-173 (data is regrouped from 8 to 5 bits, six characters of
// checksum follow) and the address rule built on it.

#include "chain_integration/cosmwasm/address.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"

namespace ingot::cosmwasm {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::string_view kDefaultPrefix = "cosmwasm";
constexpr size_t kChecksum = 6;
// Names are shorter than any account's bech32 address; their canonical form is
// as long as that of cosmwasm-vm's first mock, which no chain uses.
constexpr size_t kNameCharacters = 20;
constexpr size_t kNameBytes = 54;
constexpr size_t kMaxCanonical = 64;

// One step of the checksum's polynomial division over GF(32).
uint32_t Step(uint32_t checksum, uint8_t value) {
  static constexpr uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                            0x3d4233dd, 0x2a1462b3};
  const uint32_t top = checksum >> 25;
  checksum = ((checksum & 0x1ffffff) << 5) ^ value;
  for (int bit = 0; bit < 5; ++bit) {
    if (((top >> bit) & 1) != 0) checksum ^= kGenerator[bit];
  }
  return checksum;
}

uint32_t PrefixChecksum(std::string_view prefix) {
  uint32_t checksum = 1;
  for (const char c : prefix) {
    checksum = Step(checksum, static_cast<uint8_t>(c) >> 5);
  }
  checksum = Step(checksum, 0);
  for (const char c : prefix) {
    checksum = Step(checksum, static_cast<uint8_t>(c) & 31);
  }
  return checksum;
}

bool IsName(std::string_view text) {
  return text.size() >= 3 && text.size() <= kNameCharacters &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

std::optional<Bech32> DecodeBech32(std::string_view text) {
  const bool has_upper =
      std::any_of(text.begin(), text.end(), absl::ascii_isupper);
  const bool has_lower =
      std::any_of(text.begin(), text.end(), absl::ascii_islower);
  const size_t separator = text.rfind('1');
  if ((has_upper && has_lower) || separator == std::string_view::npos ||
      separator == 0 || text.size() - separator - 1 < kChecksum) {
    return std::nullopt;
  }
  Bech32 result;
  for (const char c : text.substr(0, separator)) {
    if (c < 33 || c > 126) return std::nullopt;
    result.prefix.push_back(
        absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  uint32_t checksum = PrefixChecksum(result.prefix);
  uint32_t bits = 0;
  uint32_t bit_count = 0;
  const std::string_view data = text.substr(separator + 1);
  for (size_t i = 0; i < data.size(); ++i) {
    const size_t value = kAlphabet.find(
        absl::ascii_tolower(static_cast<unsigned char>(data[i])));
    if (value == std::string_view::npos) return std::nullopt;
    checksum = Step(checksum, static_cast<uint8_t>(value));
    if (i + kChecksum >= data.size()) continue;
    bits = ((bits << 5) | static_cast<uint32_t>(value)) & 0xFFF;
    bit_count += 5;
    if (bit_count >= 8) {
      bit_count -= 8;
      result.bytes.push_back(static_cast<char>((bits >> bit_count) & 0xFF));
    }
  }
  if (checksum != 1) return std::nullopt;
  return result;
}

std::string EncodeBech32(std::string_view prefix, std::string_view bytes) {
  std::string out(prefix);
  out.push_back('1');
  uint32_t checksum = PrefixChecksum(prefix);
  const auto emit = [&out, &checksum](uint32_t value) {
    checksum = Step(checksum, static_cast<uint8_t>(value));
    out.push_back(kAlphabet[value]);
  };
  uint32_t bits = 0;
  uint32_t bit_count = 0;
  for (const char c : bytes) {
    bits = ((bits << 8) | static_cast<uint8_t>(c)) & 0xFFF;
    bit_count += 8;
    while (bit_count >= 5) {
      bit_count -= 5;
      emit((bits >> bit_count) & 31);
    }
  }
  if (bit_count > 0) emit((bits << (5 - bit_count)) & 31);
  for (size_t i = 0; i < kChecksum; ++i) checksum = Step(checksum, 0);
  checksum ^= 1;
  for (size_t i = 0; i < kChecksum; ++i) {
    out.push_back(kAlphabet[(checksum >> (5 * (kChecksum - 1 - i))) & 31]);
  }
  return out;
}

AddressCodec AddressCodec::ForContract(std::string_view contract) {
  const std::optional<Bech32> decoded = DecodeBech32(contract);
  return AddressCodec(decoded.has_value() ? decoded->prefix
                                          : std::string(kDefaultPrefix));
}

absl::StatusOr<std::string> AddressCodec::Canonicalize(
    std::string_view human) const {
  const std::optional<Bech32> decoded = DecodeBech32(human);
  if (decoded.has_value()) {
    if (decoded->prefix != prefix_) {
      return absl::InvalidArgumentError("Wrong bech32 prefix");
    }
    if (decoded->bytes.empty() || decoded->bytes.size() > kMaxCanonical ||
        decoded->bytes.size() == kNameBytes) {
      return absl::InvalidArgumentError("Invalid canonical address length");
    }
    return decoded->bytes;
  }
  if (!IsName(human) || human.substr(0, prefix_.size() + 1) == prefix_ + "1") {
    return absl::InvalidArgumentError("Error decoding bech32");
  }
  std::string canonical(human);
  canonical.resize(kNameBytes, '\0');
  return canonical;
}

absl::StatusOr<std::string> AddressCodec::Humanize(
    std::string_view canonical) const {
  if (canonical.empty() || canonical.size() > kMaxCanonical) {
    return absl::InvalidArgumentError("Invalid canonical address length");
  }
  if (canonical.size() != kNameBytes) return EncodeBech32(prefix_, canonical);
  const size_t end = canonical.find_last_not_of('\0');
  const std::string_view name =
      canonical.substr(0, end == std::string_view::npos ? 0 : end + 1);
  const absl::StatusOr<std::string> again = Canonicalize(name);
  if (!again.ok() || *again != canonical) {
    return absl::InvalidArgumentError("Invalid canonical address");
  }
  return std::string(name);
}

absl::Status AddressCodec::Validate(std::string_view human) const {
  const absl::StatusOr<std::string> canonical = Canonicalize(human);
  if (!canonical.ok()) return canonical.status();
  const absl::StatusOr<std::string> normalized = Humanize(*canonical);
  if (!normalized.ok()) return normalized.status();
  if (*normalized != human) {
    return absl::InvalidArgumentError("Invalid input: address not normalized");
  }
  return absl::OkStatus();
}

}  // namespace ingot::cosmwasm
