// Abseil's decoder is lenient about padding and spaces; comparing with the
// encoding of what it found makes it strict.

#include "chain_integration/cosmwasm/base64.h"

#include "absl/strings/escaping.h"

namespace ingot::cosmwasm {

std::string EncodeBase64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string bytes;
  if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()),
                            &bytes) ||
      EncodeBase64(bytes) != text) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace ingot::cosmwasm
