#include "chain_integration/cosmwasm/address.h"

#include <array>
#include <string>

#include "gtest/gtest.h"
#include "runtime/digest.h"

namespace ingot::cosmwasm {
namespace {

constexpr std::string_view kCreator =
    "cosmwasm1h34lmpywh4upnjdg90cjf4j70aee6z8qqfspugamjp42e4q28kqs8s7vcp";

constexpr std::string_view kTwentyBytes = "12345678901234567890";

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

// BIP-173's own vectors.
TEST(Bech32Test, AcceptsValidStrings) {
  for (const std::string_view text :
       {"A12UEL5L", "a12uel5l",
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcluded"
        "charactersbio1tt5tgs",
        "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
        "?1ezyfcl"}) {
    EXPECT_TRUE(DecodeBech32(text).has_value()) << text;
  }
}

TEST(Bech32Test, RefusesInvalidStrings) {
  for (const std::string_view text :
       {" 1nwldj5", "\x7F" "1axkwrx", "pzry9x0s0muk", "1pzry9x0s0muk",
        "x1b4n0q5v", "li1dgmt3", "de1lg7wt\xFF", "A1G7SGD8", "10a06t8",
        "1qzzfhee", "a12UEL5L", ""}) {
    EXPECT_FALSE(DecodeBech32(text).has_value()) << text;
  }
}

TEST(Bech32Test, EncodesADigest) {
  const std::array<uint8_t, 7> creator = {'c', 'r', 'e', 'a', 't', 'o', 'r'};
  const Digest digest = Sha256(creator);
  const std::string bytes(digest.bytes.begin(), digest.bytes.end());
  EXPECT_EQ(EncodeBech32("cosmwasm", bytes), kCreator);
  EXPECT_EQ(DecodeBech32(kCreator)->bytes, bytes);
}

TEST(AddressTest, TakesThePrefixFromTheContract) {
  EXPECT_EQ(AddressCodec::ForContract(kCreator).prefix(), "cosmwasm");
  EXPECT_EQ(AddressCodec::ForContract("vault").prefix(), "cosmwasm");
  EXPECT_EQ(AddressCodec::ForContract(EncodeBech32("osmo", kTwentyBytes))
                .prefix(),
            "osmo");
}

TEST(AddressTest, GoesBothWays) {
  const AddressCodec codec("cosmwasm");
  for (const std::string_view human :
       {kCreator, std::string_view("alice"), std::string_view("bob-2.x_y")}) {
    const absl::StatusOr<std::string> canonical = codec.Canonicalize(human);
    ASSERT_TRUE(canonical.ok()) << canonical.status();
    EXPECT_EQ(*codec.Humanize(*canonical), human);
    EXPECT_TRUE(codec.Validate(human).ok());
  }
  EXPECT_EQ(codec.Canonicalize(kCreator)->size(), 32u);
  EXPECT_EQ(codec.Canonicalize("alice")->size(), 54u);
}

TEST(AddressTest, RefusesWithAReason) {
  const AddressCodec codec("cosmwasm");
  std::string broken(kCreator);
  broken.back() = 'q';
  EXPECT_EQ(Message(codec.Validate(broken)), "Error decoding bech32");
  EXPECT_EQ(Message(codec.Validate("al")), "Error decoding bech32");
  EXPECT_EQ(Message(codec.Validate("Alice")), "Error decoding bech32");
  EXPECT_EQ(Message(codec.Validate(std::string(21, 'a'))),
            "Error decoding bech32");
  EXPECT_EQ(Message(codec.Validate(EncodeBech32("osmo", kTwentyBytes))),
            "Wrong bech32 prefix");
  std::string upper(kCreator);
  for (char& c : upper) c = static_cast<char>(toupper(c));
  EXPECT_EQ(Message(codec.Validate(upper)),
            "Invalid input: address not normalized");
  EXPECT_EQ(Message(codec.Validate(EncodeBech32("cosmwasm", ""))),
            "Invalid canonical address length");
  EXPECT_EQ(
      Message(codec.Validate(EncodeBech32("cosmwasm", std::string(54, 'x')))),
      "Invalid canonical address length");
  EXPECT_EQ(Message(codec.Humanize("").status()),
            "Invalid canonical address length");
  EXPECT_EQ(Message(codec.Humanize(std::string(65, 'x')).status()),
            "Invalid canonical address length");
  EXPECT_EQ(Message(codec.Humanize(std::string(54, '\0')).status()),
            "Invalid canonical address");
  EXPECT_EQ(Message(codec.Humanize(std::string(54, '\xFF')).status()),
            "Invalid canonical address");
}

}  // namespace
}  // namespace ingot::cosmwasm
