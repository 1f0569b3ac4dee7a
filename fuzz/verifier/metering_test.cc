// Rule 7 by directed changes of compiled code, and that neither part refuses
// compiled random modules or the corpus, at any level there is.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "fuzz/generator/generator.h"
#include "fuzz/verifier/specimen.h"
#include "sandbox/test_modules.h"

namespace ingot::fuzz {
namespace {

using verifier::Reason;

Specimen Loop() {
  auto specimen = MakeSpecimen(sandbox::SyntheticModule(2, 3));
  EXPECT_TRUE(specimen.ok()) << specimen.status();
  return *std::move(specimen);
}

// Where `bytes` stand in the code, the first time.
uint8_t* Locate(Specimen& specimen, std::initializer_list<uint8_t> bytes) {
  const auto at = std::search(specimen.code.begin(), specimen.code.end(),
                              bytes.begin(), bytes.end());
  EXPECT_NE(at, specimen.code.end());
  return &*at;
}

TEST(MeteringTest, AcceptsWhatTheCompilerWrites) {
  EXPECT_TRUE(Loop().VerifyMetering().ok());
}

TEST(MeteringTest, RefusesAnotherPrice) {
  for (const int by : {-1, 1}) {
    Specimen specimen = Loop();
    Locate(specimen, {0x49, 0x83, 0xEE})[3] += static_cast<uint8_t>(by);
    EXPECT_TRUE(specimen.VerifyCode().ok());
    EXPECT_EQ(RuleOf(specimen.VerifyMetering().reason), 7u);
  }
}

TEST(MeteringTest, RefusesADroppedPayment) {
  Specimen specimen = Loop();
  uint8_t* const pay = Locate(specimen, {0x49, 0x83, 0xEE});
  constexpr uint8_t kNothing[] = {0x48, 0x83, 0xCD, 0x00};  // or rbp, 0
  std::memcpy(pay, kNothing, sizeof kNothing);
  EXPECT_TRUE(specimen.VerifyCode().ok());
  EXPECT_EQ(RuleOf(specimen.VerifyMetering().reason), 7u);
}

// A loop that pays and does not look at what is left.
TEST(MeteringTest, RefusesALoopWithoutATest) {
  Specimen specimen = Loop();
  uint32_t replaced = 0;
  // Each `sub r14, i8` with `jl` behind it; the jump becomes or ebp, 0.
  constexpr uint8_t kNothing[] = {0x81, 0xCD, 0, 0, 0, 0};
  for (size_t at = 0; at + 10 <= specimen.code.size(); ++at) {
    uint8_t* const pay = specimen.code.data() + at;
    constexpr uint8_t kPay[] = {0x49, 0x83, 0xEE};
    if (std::memcmp(pay, kPay, sizeof kPay) != 0 || pay[4] != 0x0F ||
        pay[5] != 0x8C) {
      continue;
    }
    std::memcpy(pay + 4, kNothing, sizeof kNothing);
    ++replaced;
  }
  EXPECT_GT(replaced, 0u);
  EXPECT_TRUE(specimen.VerifyCode().ok());
  EXPECT_EQ(RuleOf(specimen.VerifyMetering().reason), 7u);
}

TEST(MeteringTest, RefusesAnotherBodyOrFrame) {
  Specimen body = Loop();
  ++body.functions[0].body_offset;
  EXPECT_EQ(body.VerifyMetering().reason, Reason::kBodyOffset);
  Specimen frame = Loop();
  frame.functions[1].frame_bytes += 16;
  EXPECT_EQ(frame.VerifyMetering().reason, Reason::kFrameSize);
}

TEST(MeteringTest, RefusesCertificatesOfOtherSegments) {
  for (size_t i = 0; i < Loop().certificates.size(); ++i) {
    Specimen moved = Loop();
    ++moved.certificates[i].wasm_offset;
    EXPECT_FALSE(moved.VerifyMetering().ok());
    for (const int by : {-1, 1}) {
      Specimen owed = Loop();
      owed.certificates[i].owed_minus_paid += by;
      EXPECT_FALSE(owed.VerifyMetering().ok()) << i << " " << by;
    }
    Specimen paid = Loop();
    paid.certificates[i].zero_upper ^= abi::kCertificatePaid;
    EXPECT_FALSE(paid.VerifyMetering().ok());
  }
}

// A repair of a NaN returns behind its jump. Were a place inside of it
// certified, code further on could jump there and run for ever unpaid.
TEST(MeteringTest, RefusesLabelsInsideARepair) {
  uint32_t repairs = 0, refused = 0;
  for (uint64_t seed = 1; seed < 30 && repairs < 20; ++seed) {
    const auto specimen = MakeSpecimen(Generate(seed).bytes);
    ASSERT_TRUE(specimen.ok());
    for (size_t i = 0; i < specimen->certificates.size(); ++i) {
      abi::CertificateEntry entry = specimen->certificates[i];
      if ((entry.zero_upper & abi::kCertificateRepair) == 0) continue;
      // A second test of gas is marked as well; it begins with cmp r14.
      const uint8_t* const code = specimen->code.data() + entry.code_offset;
      if (code[0] == 0x49 && (code[1] == 0x83 || code[1] == 0x81)) continue;
      // Behind mov r11, bits: 6 bytes, or 10 for a double.
      const bool wide = specimen->code[entry.code_offset] == 0x49;
      entry.code_offset += wide ? 10 : 6;
      entry.zero_upper = abi::kCertificatePaid;
      Specimen mutant = *specimen;
      mutant.certificates.insert(mutant.certificates.begin() + i + 1, entry);
      EXPECT_EQ(mutant.VerifyMetering().reason, Reason::kJumpIntoTemplate);
      // Without the mark its jump back may close a loop; unless it goes to
      // where the next segment begins, as any transfer may.
      Specimen unmarked = *specimen;
      unmarked.certificates[i].zero_upper &= ~abi::kCertificateRepair;
      const Reason reason = unmarked.VerifyMetering().reason;
      EXPECT_TRUE(reason == Reason::kTransfer || reason == Reason::kNone);
      refused += reason == Reason::kTransfer ? 1 : 0;
      ++repairs;
      break;
    }
  }
  EXPECT_GT(repairs, 0u);
  EXPECT_GT(refused, repairs / 2);
}

TEST(MeteringTest, RefusesNothingRandom) {
  for (uint64_t seed = 1000; seed < 1300; ++seed) {
    for (const uint32_t level : {0u, 1u}) {
      Profile profile;
      profile.level = level;
      const auto specimen = MakeSpecimen(Generate(seed).bytes, profile);
      ASSERT_TRUE(specimen.ok()) << specimen.status();
      const verifier::Refusal refusal = specimen->VerifyMetering();
      EXPECT_TRUE(refusal.ok())
          << seed << ": " << Describe(*specimen, refusal);
    }
  }
}

TEST(MeteringTest, RefusesNothingOfTheCorpus) {
  std::vector<std::string> paths = sandbox::CorpusModules();
  if (paths.empty()) std::printf("no corpus: only the project's contracts\n");
  for (std::string& path : sandbox::OwnContracts()) {
    paths.push_back(std::move(path));
  }
  uint32_t verified = 0;
  for (const std::string& path : paths) {
    const auto specimen = MakeSpecimen(sandbox::ReadFile(path));
    if (!specimen.ok()) continue;
    ++verified;
    const verifier::Refusal refusal = specimen->VerifyMetering();
    EXPECT_TRUE(refusal.ok()) << path << ": " << Describe(*specimen, refusal);
  }
  std::printf("%u artifacts verified\n", verified);
  EXPECT_GT(verified, 0u);
}

}  // namespace
}  // namespace ingot::fuzz
