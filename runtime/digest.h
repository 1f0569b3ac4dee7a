#ifndef RUNTIME_DIGEST_H_
#define RUNTIME_DIGEST_H_

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>

// The one place where Ingot hashes. In: bytes. Out: their SHA-256, by
// BoringSSL. Modules, compilers, profiles and artifacts are named by it, so
// every hosted digest goes through this header; the freestanding compiler
// receives digests as arguments and computes none.

namespace ingot {

struct Digest {
  std::array<uint8_t, 32> bytes{};

  // 64 lower-case hexadecimal digits.
  std::string Hex() const;

  // Order of the bytes, first byte first; for keys of ordered maps.
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

Digest Sha256(std::span<const uint8_t> data);

}  // namespace ingot

#endif  // RUNTIME_DIGEST_H_
