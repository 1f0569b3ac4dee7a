#include "chain_integration/cosmwasm/crypto.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

// Vectors of cosmwasm-crypto's test data: NIST's CAVP files for ECDSA, RFC
// 8032 7.1 for Ed25519.

namespace ingot::cosmwasm {
namespace {

std::string Hex(absl::string_view text) {
  return absl::HexStringToBytes(text);
}

std::string Changed(std::string bytes, size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  return bytes;
}

struct EcdsaVector {
  std::string hash;
  std::string signature;
  std::string key;
};

const EcdsaVector& K1() {
  static const EcdsaVector kVector = {
      Hex("5ae8317d34d1e595e3fa7247db80c0af4320cce1116de187f8f7e2e099c0d8d0"),
      Hex("207082eb2c3dfa0b454e0906051270ba4074ac93760ba9e7110cd94714751111"
          "51eb0dbbc9920e72146fb564f99d039802bf6ef2561446eb126ef364d21ee9c4"),
      Hex("04051c1ee2190ecfb174bfe4f90763f2b4ff7517b70a2aec1876ebcfd644c4633f"
          "b03f3cfbd94b1f376e34592d9d41ccaf640bb751b00a1fadeb0c01157769eb73")};
  return kVector;
}

const EcdsaVector& R1() {
  static const EcdsaVector kVector = {
      Hex("b804cf88af0c2eff8bbbfb3660ebb3294138e9d3ebd458884e19818061dacff0"),
      Hex("35fb60f5ca0f3ca08542fb3cc641c8263a2cab7a90ee6a5e1583fac2bb6f6bd1"
          "ee59d81bc9db1055cc0ed97b159d8784af04e98511d0a9a407b99bb292572e96"),
      Hex("0474ccd8a62fba0e667c50929a53f78c21b8ff0c3c737b0b40b1750b2302b0bde8"
          "29074e21f3a0ef88b9efdf10d06aa4c295cc1671f758ca0e4cd108803d0f2614")};
  return kVector;
}

std::string Compressed(const std::string& key) {
  const char sign = (key[64] & 1) != 0 ? '\x03' : '\x02';
  return sign + key.substr(1, 32);
}

// s and order - s sign alike.
std::string WithOtherS(const std::string& signature, absl::string_view order) {
  const std::string n = Hex(order);
  std::string out = signature;
  int borrow = 0;
  for (int i = 31; i >= 0; --i) {
    const int digit = static_cast<uint8_t>(n[i]) -
                      static_cast<uint8_t>(signature[32 + i]) - borrow;
    borrow = digit < 0 ? 1 : 0;
    out[32 + i] = static_cast<char>(digit & 0xFF);
  }
  return out;
}

constexpr char kOrderK1[] =
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
constexpr char kOrderR1[] =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

using Verify = CryptoCode (*)(std::string_view, std::string_view,
                              std::string_view);

void ExpectVerifies(Verify verify, const EcdsaVector& v,
                    absl::string_view order) {
  EXPECT_EQ(verify(v.hash, v.signature, v.key), CryptoCode::kValid);
  EXPECT_EQ(verify(v.hash, v.signature, Compressed(v.key)),
            CryptoCode::kValid);
  EXPECT_EQ(verify(v.hash, WithOtherS(v.signature, order), v.key),
            CryptoCode::kValid);
  EXPECT_EQ(verify(Changed(v.hash, 5), v.signature, v.key),
            CryptoCode::kInvalid);
  EXPECT_EQ(verify(v.hash, Changed(v.signature, 40), v.key),
            CryptoCode::kInvalid);
}

void ExpectRefuses(Verify verify, const EcdsaVector& v,
                   absl::string_view order) {
  EXPECT_EQ(verify("short", v.signature, v.key), CryptoCode::kHashFormat);
  EXPECT_EQ(verify(v.hash, v.signature.substr(1), v.key),
            CryptoCode::kSignatureFormat);
  EXPECT_EQ(verify(v.hash, v.signature, ""), CryptoCode::kPublicKeyFormat);
  EXPECT_EQ(verify(v.hash, v.signature, v.key.substr(0, 64)),
            CryptoCode::kPublicKeyFormat);
  EXPECT_EQ(verify(v.hash, v.signature, "\x06" + v.key.substr(1)),
            CryptoCode::kPublicKeyFormat);
  EXPECT_EQ(verify(v.hash, v.signature, Changed(v.key, 64)),
            CryptoCode::kGeneric);
  const std::string zero(32, '\0');
  EXPECT_EQ(verify(v.hash, zero + v.signature.substr(32), v.key),
            CryptoCode::kGeneric);
  EXPECT_EQ(verify(v.hash, v.signature.substr(0, 32) + zero, v.key),
            CryptoCode::kGeneric);
  EXPECT_EQ(verify(v.hash, Hex(order) + v.signature.substr(32), v.key),
            CryptoCode::kGeneric);
}

TEST(CryptoTest, VerifiesSecp256k1) {
  ExpectVerifies(VerifySecp256k1, K1(), kOrderK1);
  ExpectRefuses(VerifySecp256k1, K1(), kOrderK1);
}

TEST(CryptoTest, VerifiesSecp256r1) {
  ExpectVerifies(VerifySecp256r1, R1(), kOrderR1);
  ExpectRefuses(VerifySecp256r1, R1(), kOrderR1);
}

TEST(CryptoTest, RecoversSecp256k1) {
  const std::string hash = Hex(
      "5ae8317d34d1e595e3fa7247db80c0af4320cce1116de187f8f7e2e099c0d8d0");
  const std::string signature = Hex(
      "45c0b7f8c09a9e1f1cea0c25785594427b6bf8f9f878a8af0b1abbb48e16d092"
      "0d8becd0c220f67c51217eecfd7184ef0732481c843857e6bc7fc095c4f6b788");
  const std::string expected = Hex(
      "044a071e8a6e10aada2b8cf39fa3b5fb3400b04e99ea8ae64ceea1a977dbeaf5d5"
      "f8c8fbd10b71ab14cd561f7df8eb6da50f8a8d81ba564342244d26d1d4211595");
  std::string key;
  EXPECT_EQ(RecoverSecp256k1(hash, signature, 1, &key), CryptoCode::kValid);
  EXPECT_EQ(key, expected);
  // The other s with the other parameter gives the same key.
  EXPECT_EQ(RecoverSecp256k1(hash, WithOtherS(signature, kOrderK1), 0, &key),
            CryptoCode::kValid);
  EXPECT_EQ(key, expected);
  EXPECT_EQ(RecoverSecp256k1(hash, signature, 0, &key), CryptoCode::kValid);
  EXPECT_NE(key, expected);
  EXPECT_EQ(RecoverSecp256k1(hash, signature, 2, &key),
            CryptoCode::kRecoveryParameter);
  EXPECT_EQ(RecoverSecp256k1(hash, signature, 0xFFFFFFFF, &key),
            CryptoCode::kRecoveryParameter);
  EXPECT_EQ(RecoverSecp256k1("", signature, 1, &key), CryptoCode::kHashFormat);
  EXPECT_EQ(RecoverSecp256k1(hash, "", 1, &key),
            CryptoCode::kSignatureFormat);
  EXPECT_EQ(RecoverSecp256k1(hash, std::string(64, '\0'), 1, &key),
            CryptoCode::kGeneric);
}

TEST(CryptoTest, RecoversSecp256r1) {
  const EcdsaVector& v = R1();
  uint32_t hits = 0;
  for (uint32_t parameter = 0; parameter < 2; ++parameter) {
    std::string key;
    ASSERT_EQ(RecoverSecp256r1(v.hash, v.signature, parameter, &key),
              CryptoCode::kValid);
    EXPECT_EQ(VerifySecp256r1(v.hash, v.signature, key), CryptoCode::kValid);
    if (key == v.key) ++hits;
  }
  EXPECT_EQ(hits, 1u);
  std::string key;
  // r + order is no x coordinate: it exceeds the field's prime.
  EXPECT_EQ(RecoverSecp256r1(v.hash, v.signature, 2, &key),
            CryptoCode::kGeneric);
  EXPECT_EQ(RecoverSecp256r1(v.hash, v.signature, 4, &key),
            CryptoCode::kRecoveryParameter);
  EXPECT_EQ(RecoverSecp256r1("", v.signature, 0, &key),
            CryptoCode::kHashFormat);
}

struct EdVector {
  std::string key;
  std::string message;
  std::string signature;
};

std::vector<EdVector> Rfc8032() {
  return {
      {Hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
       "",
       Hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
           "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")},
      {Hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
       "\x72",
       Hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
           "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")},
  };
}

TEST(CryptoTest, VerifiesEd25519) {
  for (const EdVector& v : Rfc8032()) {
    EXPECT_EQ(VerifyEd25519(v.message, v.signature, v.key),
              CryptoCode::kValid);
    EXPECT_EQ(VerifyEd25519(v.message + "x", v.signature, v.key),
              CryptoCode::kInvalid);
    EXPECT_EQ(VerifyEd25519(v.message, Changed(v.signature, 3), v.key),
              CryptoCode::kInvalid);
    EXPECT_EQ(VerifyEd25519(v.message, "", v.key),
              CryptoCode::kSignatureFormat);
    EXPECT_EQ(VerifyEd25519(v.message, v.signature, "k"),
              CryptoCode::kPublicKeyFormat);
  }
}

TEST(CryptoTest, VerifiesEd25519Batches) {
  const std::vector<EdVector> v = Rfc8032();
  EXPECT_EQ(VerifyEd25519Batch({v[0].message, v[1].message},
                               {v[0].signature, v[1].signature},
                               {v[0].key, v[1].key}),
            CryptoCode::kValid);
  EXPECT_EQ(VerifyEd25519Batch({v[0].message, v[1].message},
                               {v[0].signature, v[1].signature},
                               {v[1].key, v[0].key}),
            CryptoCode::kInvalid);
  // One message or one key stands for all.
  EXPECT_EQ(VerifyEd25519Batch({v[1].message},
                               {v[1].signature, v[1].signature},
                               {v[1].key, v[1].key}),
            CryptoCode::kValid);
  EXPECT_EQ(VerifyEd25519Batch({v[1].message, v[1].message},
                               {v[1].signature, v[1].signature}, {v[1].key}),
            CryptoCode::kValid);
  EXPECT_EQ(VerifyEd25519Batch({}, {}, {}), CryptoCode::kValid);
  EXPECT_EQ(VerifyEd25519Batch({v[1].message}, {}, {}), CryptoCode::kValid);
  EXPECT_EQ(VerifyEd25519Batch({}, {}, {v[1].key}), CryptoCode::kValid);
  EXPECT_EQ(VerifyEd25519Batch({v[0].message, v[1].message}, {v[0].signature},
                               {v[0].key}),
            CryptoCode::kBatch);
  // A malformed element counts more than an invalid one.
  EXPECT_EQ(VerifyEd25519Batch({v[0].message, v[1].message},
                               {Changed(v[0].signature, 0), "short"},
                               {v[0].key, v[1].key}),
            CryptoCode::kSignatureFormat);
  EXPECT_EQ(VerifyEd25519Batch({v[0].message}, {v[0].signature}, {"k"}),
            CryptoCode::kPublicKeyFormat);
}

}  // namespace
}  // namespace ingot::cosmwasm
