// SHA-256 against the published examples of FIPS 180-4, and the text and order
// of digests.

#include "runtime/digest.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace ingot {
namespace {

Digest OfText(std::string_view text) {
  return Sha256(std::span(reinterpret_cast<const uint8_t*>(text.data()),
                          text.size()));
}

TEST(DigestTest, AgreesWithPublishedExamples) {
  EXPECT_EQ(
      Sha256({}).Hex(),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(
      OfText("abc").Hex(),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      OfText("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").Hex(),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(
      OfText(std::string(1000000, 'a')).Hex(),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(DigestTest, ComparesByBytes) {
  Digest low;
  Digest high;
  high.bytes[0] = 1;
  low.bytes[31] = 0xFF;
  EXPECT_LT(low, high);
  EXPECT_NE(low, high);
  high.bytes[0] = 0;
  EXPECT_GT(low, high);
  EXPECT_EQ(low, low);
}

}  // namespace
}  // namespace ingot
