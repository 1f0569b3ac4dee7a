// SHA-256 by BoringSSL. In: bytes. Out: a Digest. Holds: the function called is
// BoringSSL's; its header path and library are given by
// //third_party:boringssl_crypto, and build_rules/symbols_test.py looks at the
// linked programs, because OpenSSL's shared library exports the same name.

#include "runtime/digest.h"

#include "openssl/sha.h"

#ifndef OPENSSL_IS_BORINGSSL
#error "openssl/sha.h is not BoringSSL's"
#endif

namespace ingot {

static_assert(sizeof(Digest::bytes) == SHA256_DIGEST_LENGTH);

std::string Digest::Hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

Digest Sha256(std::span<const uint8_t> data) {
  Digest digest;
  SHA256(data.data(), data.size(), digest.bytes.data());
  return digest;
}

}  // namespace ingot
