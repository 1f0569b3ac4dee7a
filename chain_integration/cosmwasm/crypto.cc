// Formats are checked first, in the order hash, signature, key, so that each
// bad input has one code; the libraries do the rest. A signature whose r or s
// is 0 or not below the order is malformed (kGeneric), as is a key that is no
// point of the curve.

#include "chain_integration/cosmwasm/crypto.h"

#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/nid.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <algorithm>
#include <optional>

#include "compiler/base/check.h"

namespace ingot::cosmwasm {
namespace {

constexpr size_t kHashBytes = 32;
constexpr size_t kSignatureBytes = 64;
constexpr size_t kUncompressedKeyBytes = 65;
constexpr size_t kEd25519KeyBytes = 32;

const uint8_t* Data(std::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

uint8_t* Data(std::string& bytes) {
  return reinterpret_cast<uint8_t*>(bytes.data());
}

bool IsSec1Key(std::string_view key) {
  if (key.empty()) return false;
  if (key[0] == 2 || key[0] == 3) return key.size() == 33;
  return key[0] == 4 && key.size() == kUncompressedKeyBytes;
}

CryptoCode CheckHashAndSignature(std::string_view hash,
                                 std::string_view signature) {
  if (hash.size() != kHashBytes) return CryptoCode::kHashFormat;
  if (signature.size() != kSignatureBytes) return CryptoCode::kSignatureFormat;
  return CryptoCode::kValid;
}

bool IsZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char c) { return c == '\0'; });
}

bool HasZeroHalf(std::string_view signature) {
  return IsZero(signature.substr(0, 32)) || IsZero(signature.substr(32));
}

// What secp256r1 needs of BoringSSL: the group and the signature's integers.
struct P256 {
  bssl::UniquePtr<EC_GROUP> group;
  bssl::UniquePtr<BN_CTX> context;
  bssl::UniquePtr<BIGNUM> r;
  bssl::UniquePtr<BIGNUM> s;
};

std::optional<P256> ParseP256(std::string_view signature) {
  P256 p;
  p.group.reset(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  p.context.reset(BN_CTX_new());
  p.r.reset(BN_bin2bn(Data(signature), 32, nullptr));
  p.s.reset(BN_bin2bn(Data(signature) + 32, 32, nullptr));
  INGOT_CHECK(p.group && p.context && p.r && p.s);
  const BIGNUM* order = EC_GROUP_get0_order(p.group.get());
  const auto in_range = [order](const BIGNUM* n) {
    return !BN_is_zero(n) && BN_cmp(n, order) < 0;
  };
  if (!in_range(p.r.get()) || !in_range(p.s.get())) return std::nullopt;
  return p;
}

// The point R of the signature: x = r, or r + order for parameters 2 and 3,
// and y with the parity of the parameter's lowest bit.
bssl::UniquePtr<EC_POINT> PointOfSignature(const P256& p, uint32_t parameter) {
  bssl::UniquePtr<BIGNUM> x(BN_dup(p.r.get()));
  INGOT_CHECK(x != nullptr);
  if (parameter >= 2) {
    INGOT_CHECK(
        BN_add(x.get(), x.get(), EC_GROUP_get0_order(p.group.get())) == 1);
  }
  bssl::UniquePtr<EC_POINT> point(EC_POINT_new(p.group.get()));
  INGOT_CHECK(point != nullptr);
  if (EC_POINT_set_compressed_coordinates_GFp(
          p.group.get(), point.get(), x.get(),
          static_cast<int>(parameter & 1), p.context.get()) != 1) {
    return nullptr;
  }
  return point;
}

}  // namespace

CryptoCode VerifySecp256k1(std::string_view hash, std::string_view signature,
                           std::string_view public_key) {
  const CryptoCode format = CheckHashAndSignature(hash, signature);
  if (format != CryptoCode::kValid) return format;
  if (!IsSec1Key(public_key)) return CryptoCode::kPublicKeyFormat;
  const secp256k1_context* context = secp256k1_context_static;
  secp256k1_ecdsa_signature parsed;
  secp256k1_pubkey key;
  if (HasZeroHalf(signature) ||
      secp256k1_ecdsa_signature_parse_compact(context, &parsed,
                                              Data(signature)) != 1 ||
      secp256k1_ec_pubkey_parse(context, &key, Data(public_key),
                                public_key.size()) != 1) {
    return CryptoCode::kGeneric;
  }
  // The library accepts low s only; contracts may pass either.
  secp256k1_ecdsa_signature_normalize(context, &parsed, &parsed);
  return secp256k1_ecdsa_verify(context, &parsed, Data(hash), &key) == 1
             ? CryptoCode::kValid
             : CryptoCode::kInvalid;
}

CryptoCode RecoverSecp256k1(std::string_view hash, std::string_view signature,
                            uint32_t parameter, std::string* public_key) {
  const CryptoCode format = CheckHashAndSignature(hash, signature);
  if (format != CryptoCode::kValid) return format;
  if (parameter > 1) return CryptoCode::kRecoveryParameter;
  const secp256k1_context* context = secp256k1_context_static;
  secp256k1_ecdsa_recoverable_signature parsed;
  secp256k1_pubkey key;
  if (HasZeroHalf(signature) ||
      secp256k1_ecdsa_recoverable_signature_parse_compact(
          context, &parsed, Data(signature), static_cast<int>(parameter)) !=
          1 ||
      secp256k1_ecdsa_recover(context, &key, &parsed, Data(hash)) != 1) {
    return CryptoCode::kGeneric;
  }
  public_key->resize(kUncompressedKeyBytes);
  size_t size = kUncompressedKeyBytes;
  INGOT_CHECK(secp256k1_ec_pubkey_serialize(context, Data(*public_key), &size,
                                            &key,
                                            SECP256K1_EC_UNCOMPRESSED) == 1);
  return CryptoCode::kValid;
}

CryptoCode VerifySecp256r1(std::string_view hash, std::string_view signature,
                           std::string_view public_key) {
  const CryptoCode format = CheckHashAndSignature(hash, signature);
  if (format != CryptoCode::kValid) return format;
  if (!IsSec1Key(public_key)) return CryptoCode::kPublicKeyFormat;
  std::optional<P256> p = ParseP256(signature);
  if (!p.has_value()) return CryptoCode::kGeneric;
  bssl::UniquePtr<EC_POINT> point(EC_POINT_new(p->group.get()));
  bssl::UniquePtr<EC_KEY> key(EC_KEY_new());
  bssl::UniquePtr<ECDSA_SIG> parsed(ECDSA_SIG_new());
  INGOT_CHECK(point && key && parsed);
  INGOT_CHECK(EC_KEY_set_group(key.get(), p->group.get()) == 1);
  if (EC_POINT_oct2point(p->group.get(), point.get(), Data(public_key),
                         public_key.size(), p->context.get()) != 1) {
    return CryptoCode::kGeneric;
  }
  INGOT_CHECK(EC_KEY_set_public_key(key.get(), point.get()) == 1);
  INGOT_CHECK(ECDSA_SIG_set0(parsed.get(), p->r.release(), p->s.release()) ==
              1);
  return ECDSA_do_verify(Data(hash), hash.size(), parsed.get(), key.get()) == 1
             ? CryptoCode::kValid
             : CryptoCode::kInvalid;
}

// SEC 1, 4.1.6: Q = r^-1 (s R - e G).
CryptoCode RecoverSecp256r1(std::string_view hash, std::string_view signature,
                            uint32_t parameter, std::string* public_key) {
  const CryptoCode format = CheckHashAndSignature(hash, signature);
  if (format != CryptoCode::kValid) return format;
  if (parameter > 3) return CryptoCode::kRecoveryParameter;
  std::optional<P256> p = ParseP256(signature);
  if (!p.has_value()) return CryptoCode::kGeneric;
  const bssl::UniquePtr<EC_POINT> r_point = PointOfSignature(*p, parameter);
  if (r_point == nullptr) return CryptoCode::kGeneric;
  const EC_GROUP* group = p->group.get();
  BN_CTX* context = p->context.get();
  const BIGNUM* order = EC_GROUP_get0_order(group);
  bssl::UniquePtr<BIGNUM> e(BN_bin2bn(Data(hash), hash.size(), nullptr));
  bssl::UniquePtr<BIGNUM> u1(BN_new());
  bssl::UniquePtr<BIGNUM> u2(BN_new());
  bssl::UniquePtr<BIGNUM> inverse(
      BN_mod_inverse(nullptr, p->r.get(), order, context));
  bssl::UniquePtr<EC_POINT> key(EC_POINT_new(group));
  INGOT_CHECK(e && u1 && u2 && inverse && key);
  // u1 = -e / r, u2 = s / r.
  INGOT_CHECK(BN_nnmod(e.get(), e.get(), order, context) == 1);
  INGOT_CHECK(BN_mod_mul(u1.get(), e.get(), inverse.get(), order, context) ==
              1);
  if (!BN_is_zero(u1.get())) {
    INGOT_CHECK(BN_sub(u1.get(), order, u1.get()) == 1);
  }
  INGOT_CHECK(BN_mod_mul(u2.get(), p->s.get(), inverse.get(), order,
                         context) == 1);
  INGOT_CHECK(EC_POINT_mul(group, key.get(), u1.get(), r_point.get(),
                           u2.get(), context) == 1);
  if (EC_POINT_is_at_infinity(group, key.get())) return CryptoCode::kGeneric;
  public_key->resize(kUncompressedKeyBytes);
  INGOT_CHECK(EC_POINT_point2oct(group, key.get(),
                                 POINT_CONVERSION_UNCOMPRESSED,
                                 Data(*public_key), kUncompressedKeyBytes,
                                 context) == kUncompressedKeyBytes);
  return CryptoCode::kValid;
}

CryptoCode VerifyEd25519(std::string_view message, std::string_view signature,
                         std::string_view public_key) {
  if (signature.size() != kSignatureBytes) return CryptoCode::kSignatureFormat;
  if (public_key.size() != kEd25519KeyBytes) {
    return CryptoCode::kPublicKeyFormat;
  }
  return ED25519_verify(Data(message), message.size(), Data(signature),
                        Data(public_key)) == 1
             ? CryptoCode::kValid
             : CryptoCode::kInvalid;
}

CryptoCode VerifyEd25519Batch(std::vector<std::string_view> messages,
                              const std::vector<std::string_view>& signatures,
                              std::vector<std::string_view> public_keys) {
  const size_t count = signatures.size();
  if (messages.size() == 1 && public_keys.size() == count) {
    messages.resize(count, messages[0]);
  } else if (public_keys.size() == 1 && messages.size() == count) {
    public_keys.resize(count, public_keys[0]);
  } else if (messages.size() != count || public_keys.size() != count) {
    return CryptoCode::kBatch;
  }
  // Formats first: a malformed element is reported whatever the others are.
  for (size_t i = 0; i < count; ++i) {
    if (signatures[i].size() != kSignatureBytes) {
      return CryptoCode::kSignatureFormat;
    }
    if (public_keys[i].size() != kEd25519KeyBytes) {
      return CryptoCode::kPublicKeyFormat;
    }
  }
  for (size_t i = 0; i < count; ++i) {
    const CryptoCode code =
        VerifyEd25519(messages[i], signatures[i], public_keys[i]);
    if (code != CryptoCode::kValid) return code;
  }
  return CryptoCode::kValid;
}

}  // namespace ingot::cosmwasm
