#ifndef CHAIN_INTEGRATION_COSMWASM_CRYPTO_H_
#define CHAIN_INTEGRATION_COSMWASM_CRYPTO_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The signature checks that CosmWasm offers to contracts, over libsecp256k1
// and BoringSSL. Results are the codes that a contract sees.

namespace ingot::cosmwasm {

enum class CryptoCode : uint32_t {
  kValid = 0,
  kInvalid = 1,
  kHashFormat = 3,
  kSignatureFormat = 4,
  kPublicKeyFormat = 5,
  kRecoveryParameter = 6,
  kBatch = 7,
  kGeneric = 10,
};

// A hash of 32 bytes, a signature r || s of 64 with low or high s, a public
// key in SEC 1 form (33 or 65 bytes).
CryptoCode VerifySecp256k1(std::string_view hash, std::string_view signature,
                           std::string_view public_key);
CryptoCode VerifySecp256r1(std::string_view hash, std::string_view signature,
                           std::string_view public_key);

// kValid: *public_key is the key of 65 bytes. The parameter is 0 or 1 for
// secp256k1, 0 to 3 for secp256r1.
CryptoCode RecoverSecp256k1(std::string_view hash, std::string_view signature,
                            uint32_t parameter, std::string* public_key);
CryptoCode RecoverSecp256r1(std::string_view hash, std::string_view signature,
                            uint32_t parameter, std::string* public_key);

// RFC 8032, without cofactor: a signature of 64 bytes, a key of 32.
CryptoCode VerifyEd25519(std::string_view message, std::string_view signature,
                         std::string_view public_key);
// All valid? Counts must be equal, or one message or one key for all.
CryptoCode VerifyEd25519Batch(std::vector<std::string_view> messages,
                              const std::vector<std::string_view>& signatures,
                              std::vector<std::string_view> public_keys);

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_CRYPTO_H_
