#include "chain_integration/cosmwasm/bls12_381.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "runtime/digest.h"

// Vectors of RFC 9380 (J.9.1, J.10.1) and of the League of Entropy's public
// beacon, which signs with this curve; generators of the curve's draft.

namespace ingot::cosmwasm {
namespace {

std::string Hex(absl::string_view text) {
  return absl::HexStringToBytes(text);
}

// x with the bit that says "compressed".
std::string Compressed(absl::string_view x) {
  std::string bytes = Hex(x);
  bytes[0] = static_cast<char>(bytes[0] | 0x80);
  return bytes;
}

std::string Infinity(size_t size) {
  std::string bytes(size, '\0');
  bytes[0] = '\xC0';
  return bytes;
}

const std::string& Generator1() {
  static const std::string kPoint = Compressed(
      "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e8"
      "3ff97a1aeffb3af00adb22c6bb");
  return kPoint;
}

const std::string& BeaconKey() {
  static const std::string kPoint = Hex(
      "868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529"
      "eeda66c7293784a9402801af31");
  return kPoint;
}

struct Round {
  std::string signature;
  std::string hashed;
};

// The point that the beacon signs in a round.
Round MakeRound(uint64_t number, absl::string_view previous,
                absl::string_view signature) {
  std::string message = Hex(previous);
  for (int shift = 56; shift >= 0; shift -= 8) {
    message.push_back(static_cast<char>(number >> shift));
  }
  const Digest digest = Sha256(
      {reinterpret_cast<const uint8_t*>(message.data()), message.size()});
  Round round;
  round.signature = Hex(signature);
  EXPECT_EQ(HashToG2(0,
                     {reinterpret_cast<const char*>(digest.bytes.data()),
                      digest.bytes.size()},
                     "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_",
                     &round.hashed),
            BlsCode::kOk);
  return round;
}

Round Round72785() {
  return MakeRound(
      72785,
      "a609e19a03c2fcc559e8dae14900aaefe517cb55c840f6e69bc8e4f66c8d18e8a60968"
      "5d9917efbfb0c37f058c2de88f13d297c7e19e0ab24813079efe57a182554ff054c763"
      "8153f9b26a60e7111f71a0ff63d9571704905d3ca6df0b031747",
      "82f5d3d2de4db19d40a6980e8aa37842a0e55d1df06bd68bddc8d60002e8e959eb9cfa"
      "368b3c1b77d18f02a54fe047b80f0989315f83b12a74fd8679c4f12aae86eaf6ab5690"
      "b34f1fddd50ee3cc6f6cdf59e95526d5a5d82aaa84fa6f181e42");
}

Round Round1() {
  return MakeRound(
      1, "176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a",
      "8d61d9100567de44682506aea1a7a6fa6e5491cd27a0a0ed349ef6910ac5ac20ff7bc3"
      "e09d7c046566c9f7f3c6f3b10104990e7cb424998203d8f7de586fb7fa5f60045417a4"
      "32684f85093b06ca91c769f0e7ca19268375e659c2a2352b4655");
}

TEST(Bls12381Test, HashesToTheCurve) {
  std::string point;
  EXPECT_EQ(HashToG1(0, "abc",
                     "QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_",
                     &point),
            BlsCode::kOk);
  EXPECT_EQ(point, Compressed("03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0"
                              "a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903"
                              ));
  EXPECT_EQ(HashToG2(0, "abc",
                     "QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_",
                     &point),
            BlsCode::kOk);
  EXPECT_EQ(point, Compressed("139cddbccdc5e91b9623efd38c49f81a6f83f175e80b06fc"
                              "374de9eb4b41dfe4ca3a230ed250fbe3a2acf73a41177fd8"
                              "02c2d18e033b960562aae3cab37a27ce00d80ccd5ba4b7fe"
                              "0e7a210245129dbec7780ccc7954725f4168aff2787776e6"
                              ));
  EXPECT_EQ(HashToG1(1, "abc", "tag", &point), BlsCode::kUnknownHashFunction);
  EXPECT_EQ(HashToG2(1, "abc", "tag", &point), BlsCode::kUnknownHashFunction);
}

TEST(Bls12381Test, VerifiesSignaturesByPairings) {
  const Round round = Round72785();
  EXPECT_EQ(PairingEquality(Generator1(), round.signature, BeaconKey(),
                            round.hashed),
            BlsCode::kOk);
  EXPECT_EQ(PairingEquality(Generator1(), round.signature, BeaconKey(),
                            Round1().hashed),
            BlsCode::kUnequal);
}

TEST(Bls12381Test, MultipliesPairings) {
  const Round a = Round72785();
  const Round b = Round1();
  std::string hashed;
  ASSERT_EQ(AggregateG2(a.hashed + b.hashed, &hashed), BlsCode::kOk);
  EXPECT_EQ(PairingEquality(Generator1() + Generator1(),
                            a.signature + b.signature, BeaconKey(), hashed),
            BlsCode::kOk);
  EXPECT_EQ(PairingEquality(Generator1() + Generator1(),
                            a.signature + a.signature, BeaconKey(), hashed),
            BlsCode::kUnequal);
}

TEST(Bls12381Test, PairsWithInfinityToOne) {
  const std::string& hashed = Round1().hashed;
  EXPECT_EQ(PairingEquality("", "", BeaconKey(), hashed), BlsCode::kUnequal);
  EXPECT_EQ(PairingEquality("", "", Infinity(48), hashed), BlsCode::kOk);
  EXPECT_EQ(PairingEquality("", "", BeaconKey(), Infinity(96)), BlsCode::kOk);
  EXPECT_EQ(PairingEquality("", "", Infinity(48), Infinity(96)), BlsCode::kOk);
}

TEST(Bls12381Test, AddsPoints) {
  std::string sum;
  EXPECT_EQ(AggregateG1(Generator1() + Infinity(48), &sum), BlsCode::kOk);
  EXPECT_EQ(sum, Generator1());
  // Bit 5 of a compressed point is its sign.
  std::string negative = Generator1();
  negative[0] = static_cast<char>(negative[0] ^ 0x20);
  EXPECT_EQ(AggregateG1(Generator1() + negative, &sum), BlsCode::kOk);
  EXPECT_EQ(sum, Infinity(48));
  EXPECT_EQ(AggregateG2(Infinity(96), &sum), BlsCode::kOk);
  EXPECT_EQ(sum, Infinity(96));
}

TEST(Bls12381Test, RefusesWhatIsNoPoint) {
  std::string sum;
  std::string changed = BeaconKey();
  changed[47] = static_cast<char>(changed[47] ^ 0x13);
  EXPECT_EQ(AggregateG1(changed, &sum), BlsCode::kInvalidPoint);
  std::string uncompressed = BeaconKey();
  uncompressed[0] = static_cast<char>(uncompressed[0] & 0x7F);
  EXPECT_EQ(AggregateG1(uncompressed, &sum), BlsCode::kInvalidPoint);
  // x = 4 is on the curve, outside of the subgroup.
  std::string outside(48, '\0');
  outside[0] = '\x80';
  outside[47] = 4;
  EXPECT_EQ(AggregateG1(outside, &sum), BlsCode::kInvalidPoint);
  EXPECT_EQ(AggregateG2(std::string(96, '\0'), &sum), BlsCode::kInvalidPoint);
  EXPECT_EQ(PairingEquality("", "", changed, Infinity(96)),
            BlsCode::kInvalidPoint);
  EXPECT_EQ(PairingEquality("", "", BeaconKey().substr(1), Infinity(96)),
            BlsCode::kInvalidPoint);
}

TEST(Bls12381Test, RefusesWrongSizes) {
  std::string sum;
  EXPECT_EQ(AggregateG1("", &sum), BlsCode::kNoPoints);
  EXPECT_EQ(AggregateG2("", &sum), BlsCode::kNoPoints);
  EXPECT_EQ(AggregateG1("x", &sum), BlsCode::kNotMultiple);
  EXPECT_EQ(AggregateG2(BeaconKey(), &sum), BlsCode::kNotMultiple);
  EXPECT_EQ(PairingEquality("x", Infinity(96), "x", "x"),
            BlsCode::kNotMultipleOfG1);
  EXPECT_EQ(PairingEquality(Infinity(48), "x", "x", "x"),
            BlsCode::kNotMultipleOfG2);
  EXPECT_EQ(PairingEquality(Infinity(48) + Infinity(48), Infinity(96), "x",
                            "x"),
            BlsCode::kUnequalCounts);
}

}  // namespace
}  // namespace ingot::cosmwasm
