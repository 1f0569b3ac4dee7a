// Jobs and replies as bytes. Holds: what was written is read; nothing altered
// is.

#include "sandbox/worker/protocol.h"

#include "gtest/gtest.h"

namespace ingot::sandbox {
namespace {

Reply SomeReply() {
  Reply reply;
  reply.nonce = 7;
  reply.answer.lower_gas = 12345;
  reply.answer.upper_gas = 67890;
  reply.answer.quote_gas = 11;
  reply.answer.verdict.compile_gas = 12345;
  reply.answer.verdict.module_digest.bytes[3] = 9;
  reply.answer.verdict.artifact = {1, 2, 3};
  reply.answer.verdict.artifact_digest = Sha256(reply.answer.verdict.artifact);
  return reply;
}

TEST(ProtocolTest, ReadsBackWhatItWrote) {
  const Job job{Job::Kind::kQuote, 1, 2, {3, 4}, {5, 6, 7}};
  const auto again = DecodeJob(Encode(job));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->nonce, 1u);
  EXPECT_EQ(again->gas_limit, 2u);
  EXPECT_EQ(again->profile, job.profile);
  EXPECT_EQ(again->module, job.module);
  const auto reply = DecodeReply(Encode(SomeReply()));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->answer, SomeReply().answer);
  Reply fault;
  fault.fault = absl::ResourceExhaustedError("full");
  EXPECT_EQ(DecodeReply(Encode(fault))->fault, fault.fault);
}

TEST(ProtocolTest, RefusesEachAlteredBitAndEachLength) {
  const std::string bytes = Encode(SomeReply());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string altered = bytes;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeReply(altered).ok()) << bit;
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeReply(bytes.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeReply(bytes + "x").ok());
}

}  // namespace
}  // namespace ingot::sandbox
