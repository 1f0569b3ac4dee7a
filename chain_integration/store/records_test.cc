// Records: bytes and answers. Holds: nothing altered decodes; an answer is what
// compiling under that limit gives.

#include "chain_integration/store/records.h"

#include "gtest/gtest.h"

namespace ingot::store {
namespace {

using sandbox::Verdict;
using sandbox::VerdictKind;

Verdict Rejected(uint64_t gas) {
  Verdict verdict;
  verdict.kind = VerdictKind::kRejected;
  verdict.code = Code::kCompilerDefect;
  verdict.function = 3;
  verdict.offset = 77;
  verdict.compile_gas = gas;
  verdict.module_digest.bytes[0] = 1;
  verdict.compiler_digest.bytes[0] = 2;
  verdict.profile_digest.bytes[0] = 3;
  return verdict;
}

TEST(RecordsTest, ReadsBackWhatItWrote) {
  Record record = RecordOf(Rejected(1000), 5000);
  record.pinned = true;
  record.last_used = 9;
  const Key key = KeyOf(record.verdict);
  EXPECT_EQ(Decode(key, Encode(key, record)), record);
  EXPECT_EQ(KeyFromBytes(key.Bytes()), key);
}

TEST(RecordsTest, RefusesEachAlteredBit) {
  const Record record = RecordOf(Rejected(1000), 5000);
  const Key key = KeyOf(record.verdict);
  const std::string bytes = Encode(key, record);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string altered = bytes;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(Decode(key, altered), std::nullopt) << bit;
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Decode(key, bytes.substr(0, size)), std::nullopt) << size;
  }
}

TEST(RecordsTest, RefusesARecordUnderAnotherKey) {
  const Record record = RecordOf(Rejected(1000), 5000);
  Key key = KeyOf(record.verdict);
  const std::string bytes = Encode(key, record);
  key.profile.bytes[31] ^= 1;
  EXPECT_EQ(Decode(key, bytes), std::nullopt);
}

TEST(RecordsTest, ExactGasAnswersEveryLimit) {
  const Record record = RecordOf(Rejected(1000), 5000);
  for (const uint64_t limit : {uint64_t{0}, uint64_t{999}}) {
    const auto verdict = AnswerFor(record, limit);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->kind, VerdictKind::kOutOfGas);
    EXPECT_EQ(verdict->compile_gas, limit);
    EXPECT_EQ(verdict->code, Code::kOk);
    EXPECT_EQ(KeyOf(*verdict), KeyOf(record.verdict));
  }
  for (const uint64_t limit : {uint64_t{1000}, uint64_t{1001}, ~uint64_t{0}}) {
    EXPECT_EQ(AnswerFor(record, limit), record.verdict) << limit;
  }
}

TEST(RecordsTest, NeedsMoreAnswersOnlyWhatWasTried) {
  Verdict verdict = Rejected(700);
  verdict.kind = VerdictKind::kOutOfGas;
  verdict.code = Code::kOk;
  const Record record = RecordOf(verdict, 700);
  EXPECT_EQ(AnswerFor(record, 699)->compile_gas, 699u);
  EXPECT_EQ(AnswerFor(record, 700)->kind, VerdictKind::kOutOfGas);
  EXPECT_EQ(AnswerFor(record, 701), std::nullopt);
}

}  // namespace
}  // namespace ingot::store
