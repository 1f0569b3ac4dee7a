// Rule 7 by directed changes of compiled code, and that neither part refuses
// compiled random modules or the corpus, at any level there is.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string>

#include "compiler/abi/traps.h"
#include "compiler/abi/vmctx.h"
#include "compiler/base/arena.h"
#include "fuzz/generator/generator.h"
#include "fuzz/verifier/specimen.h"
#include "sandbox/test_modules.h"

namespace ingot::fuzz {
namespace {

using verifier::Reason;

// At level 0, where each segment pays for itself alone.
Specimen Loop() {
  Profile profile;
  profile.level = 0;
  auto specimen = MakeSpecimen(sandbox::SyntheticModule(2, 3), profile);
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

// Gas that nobody had paid ahead is not given back.
TEST(MeteringTest, RefusesGasOutOfNothing) {
  Specimen specimen = Loop();
  uint8_t* const pay = Locate(specimen, {0x49, 0x83, 0xEE});
  pay[2] = 0xC6;  // add r14, i8
  EXPECT_TRUE(specimen.VerifyCode().ok());
  EXPECT_EQ(RuleOf(specimen.VerifyMetering().reason), 7u);
}

TEST(MeteringTest, RefusesADroppedPayment) {
  Specimen specimen = Loop();
  uint8_t* const pay = Locate(specimen, {0x49, 0x83, 0xEE});
  constexpr uint8_t kNothing[] = {0x48, 0x83, 0xCD, 0x00};  // or rbp, 0
  std::memcpy(pay, kNothing, sizeof kNothing);
  EXPECT_TRUE(specimen.VerifyCode().ok());
  EXPECT_EQ(specimen.VerifyMetering().reason, Reason::kUnpaid);
}

// The check of a loop moved out of it: `sub r14, price` with no jump behind.
TEST(MeteringTest, RefusesALoopWithoutATest) {
  const Specimen specimen = Loop();
  uint32_t loops = 0;
  for (size_t at = 0; at + 10 < specimen.code.size(); ++at) {
    const uint8_t* const code = &specimen.code[at];
    if (code[0] != 0x49 || code[1] != 0x83 || code[2] != 0xEE ||
        code[4] != 0x0F || code[5] != 0x8C) {
      continue;
    }
    Specimen mutant = specimen;
    constexpr uint8_t kNothing[] = {0x81, 0xCD, 0, 0, 0, 0};  // or ebp, 0
    std::memcpy(&mutant.code[at + 4], kNothing, sizeof kNothing);
    EXPECT_EQ(mutant.VerifyMetering().reason, Reason::kNotTested);
    ++loops;
  }
  EXPECT_GT(loops, 0u);
}

// A loop in four rounds, of which the first one's header alone tests: a place
// in another round than it says is one without a test on the way back to it, or
// one that nobody comes to.
TEST(MeteringTest, RefusesOtherRounds) {
  const std::vector<uint8_t> module = {
      0, 'a', 's', 'm', 1, 0, 0, 0,
      1, 5, 1, 0x60, 1, 0x7F, 0,                 // (i32) -> ()
      3, 2, 1, 0,                                // one function
      10, 16, 1, 14, 0,                          // no locals
      0x03, 0x40,                                // loop
      0x20, 0, 0x41, 1, 0x6B, 0x22, 0,           // x = x - 1
      0x0D, 0,                                   // br_if: x is not 0
      0x0B, 0x0B};
  const auto specimen = MakeSpecimen(module);
  ASSERT_TRUE(specimen.ok()) << specimen.status();
  ASSERT_TRUE(specimen->VerifyMetering().ok());
  uint32_t most = 0;
  for (size_t i = 0; i < specimen->certificates.size(); ++i) {
    const uint32_t mask = specimen->certificates[i].zero_upper;
    const uint32_t is =
        (mask & abi::kCertificateRound) >> abi::kCertificateRoundShift;
    most = std::max(most, is);
    for (uint32_t round = 0; round < 4; ++round) {
      if (round == is) continue;
      Specimen mutant = *specimen;
      mutant.certificates[i].zero_upper =
          (mask & ~abi::kCertificateRound) |
          round << abi::kCertificateRoundShift;
      EXPECT_FALSE(mutant.VerifyMetering().ok()) << i << " " << round;
    }
  }
  EXPECT_EQ(most, 3u);
}

// if (x) {} else {}, three times: nothing of it is left but the payment, so that
// the verifier passes over what no code stands for. Only where all ways owe the
// same: not when an arm of the second one traps, or does more than the other.
TEST(MeteringTest, PassesOverBranchesThatDecideNothing) {
  std::vector<uint8_t> module = {
      0, 'a', 's', 'm', 1, 0, 0, 0,
      1, 5, 1, 0x60, 1, 0x7F, 0,                 // (i32) -> ()
      3, 2, 1, 0,                                // one function
      10, 28, 1, 26, 0};                         // no locals
  const size_t second = module.size() + 8;
  for (int i = 0; i < 3; ++i) {
    // if (x) nop else nop
    module.insert(module.end(), {0x20, 0, 0x04, 0x40, 1, 0x05, 1, 0x0B});
  }
  module.push_back(0x0B);
  const auto branches = [](const Specimen& specimen) {
    int count = 0;
    for (size_t at = 0; at + 1 < specimen.code.size(); ++at) {
      count += specimen.code[at] == 0x0F && specimen.code[at + 1] >> 4 == 8;
    }
    return count;
  };
  const auto specimen = MakeSpecimen(module);
  ASSERT_TRUE(specimen.ok()) << specimen.status();
  EXPECT_EQ(branches(*specimen), 1);  // stack overflow
  EXPECT_TRUE(specimen->VerifyMetering().ok());
  Specimen traps = *specimen;
  traps.module_bytes[second + 6] = 0;  // unreachable
  EXPECT_EQ(traps.VerifyMetering().reason, Reason::kTransfer);

  // if (x) nop else { nop; nop }
  module.insert(module.begin() + static_cast<ptrdiff_t>(second) + 6, 1);
  ++module[20];
  ++module[22];
  const auto uneven = MakeSpecimen(module);
  ASSERT_TRUE(uneven.ok()) << uneven.status();
  EXPECT_GT(branches(*uneven), 1);
  EXPECT_TRUE(uneven->VerifyMetering().ok());
}

// Through another table than the module's, an executor's call of another.
TEST(MeteringTest, RefusesOtherImmediates) {
  const std::vector<uint8_t> module = {
      0, 'a', 's', 'm', 1, 0, 0, 0,
      1, 4, 1, 0x60, 0, 0,                       // () -> ()
      3, 2, 1, 0,                                // one function
      4, 7, 2, 0x70, 0, 1, 0x70, 0, 1,           // two tables of funcrefs
      10, 14, 1, 12, 0,                          // no locals
      0x41, 0, 0x11, 0, 0,                       // call_indirect, table 0
      0xFC, 0x10, 1, 0x1A,                       // table.size 1, drop
      0x01, 0x0B};                               // nop
  const auto specimen = MakeSpecimen(module);
  ASSERT_TRUE(specimen.ok()) << specimen.status();
  ASSERT_TRUE(specimen->VerifyMetering().ok());
  const abi::VmctxLayout layout(specimen->program->module());
  Specimen size = *specimen;
  // mov eax, 1
  Locate(size, {0xB8, 1, 0, 0, 0})[1] = 0;
  EXPECT_TRUE(size.VerifyCode().ok());
  EXPECT_EQ(size.VerifyMetering().reason, Reason::kCallDiffers);
  // Both displacements from table 0's cell to table 1's.
  Specimen table = *specimen;
  for (const int32_t field : {abi::kTableElements, abi::kTableSize}) {
    const int32_t from = layout.Table(0) + field, to = layout.Table(1) + field;
    uint8_t bytes[4];
    std::memcpy(bytes, &from, sizeof from);
    std::memcpy(Locate(table, {bytes[0], bytes[1], bytes[2], bytes[3]}), &to,
                sizeof to);
  }
  EXPECT_TRUE(table.VerifyCode().ok());
  EXPECT_EQ(table.VerifyMetering().reason, Reason::kCallDiffers);
}

// Three functions () -> (); the first ends in a tail call of the second, the
// third does more.
TEST(MeteringTest, RefusesOtherTailCalls) {
  const std::vector<uint8_t> module = {
      0, 'a', 's', 'm', 1, 0, 0, 0,
      1, 4, 1, 0x60, 0, 0,         // () -> ()
      3, 4, 3, 0, 0, 0,            // three functions
      10, 16, 3,
      4, 0, 0x12, 1, 0x0B,         // return_call 1
      3, 0, 0x01, 0x0B,            // nop
      5, 0, 0x01, 0x01, 0x01, 0x0B};
  const auto specimen = MakeSpecimen(module);
  ASSERT_TRUE(specimen.ok()) << specimen.status();
  ASSERT_TRUE(specimen->VerifyMetering().ok());
  const abi::FunctionEntry& caller = specimen->functions[0];
  uint32_t jumps = 0;
  for (uint32_t at = caller.code_offset;
       at + 5 <= caller.code_offset + caller.code_bytes; ++at) {
    int32_t distance = 0;
    std::memcpy(&distance, &specimen->code[at + 1], sizeof distance);
    if (specimen->code[at] != 0xE9 ||
        at + 5 + distance != specimen->functions[1].code_offset) {
      continue;
    }
    ++jumps;
    Specimen other = *specimen;
    distance += static_cast<int32_t>(specimen->functions[2].code_offset -
                                     specimen->functions[1].code_offset);
    std::memcpy(&other.code[at + 1], &distance, sizeof distance);
    EXPECT_TRUE(other.VerifyCode().ok());
    EXPECT_EQ(other.VerifyMetering().reason, Reason::kCallDiffers);
  }
  EXPECT_EQ(jumps, 1u);
  // Before the jump, `sub r14, price`.
  Specimen unpaid = *specimen;
  constexpr uint8_t kNothing[] = {0x48, 0x83, 0xCD, 0x00};  // or rbp, 0
  std::memcpy(Locate(unpaid, {0x49, 0x83, 0xEE}), kNothing, sizeof kNothing);
  EXPECT_TRUE(unpaid.VerifyCode().ok());
  EXPECT_EQ(RuleOf(unpaid.VerifyMetering().reason), 7u);
}

// A body so dear that its only segment is split: at the greatest price, behind
// 2^29 units.
TEST(MeteringTest, RefusesOtherPaymentsOfSplitSegments) {
  constexpr uint32_t kInstructions = (uint32_t{1} << 29) / kMaxPrice + 1000;
  constexpr uint32_t kBodyBytes = kInstructions + 4;
  const auto leb = [](uint32_t value) {
    return std::array<uint8_t, 3>{static_cast<uint8_t>(value | 0x80),
                                  static_cast<uint8_t>(value >> 7 | 0x80),
                                  static_cast<uint8_t>(value >> 14)};
  };
  std::vector<uint8_t> module = {0,    'a', 's',  'm', 1, 0, 0, 0, 1, 6, 1,
                                 0x60, 1,   0x7F, 1, 0x7F,  // (i32) -> i32
                                 3,    2,   1,    0, 10};
  for (const uint8_t byte : leb(kBodyBytes + 4)) module.push_back(byte);
  module.push_back(1);
  for (const uint8_t byte : leb(kBodyBytes)) module.push_back(byte);
  module.insert(module.end(), {0, 0x20, 0});                  // local.get 0
  module.insert(module.end(), kInstructions, uint8_t{0x67});  // i32.clz
  module.push_back(0x0B);
  Profile profile;
  profile.execution.op[wasm::OpIndex(wasm::Op::kI32Clz)] = kMaxPrice;
  const auto specimen = MakeSpecimen(module, profile);
  ASSERT_TRUE(specimen.ok()) << specimen.status();
  ASSERT_TRUE(specimen->VerifyMetering().ok())
      << Describe(*specimen, specimen->VerifyMetering());
  uint32_t payments = 0;
  for (size_t at = 0; at + 7 < specimen->code.size(); ++at) {
    const uint8_t* const code = &specimen->code[at];
    if (code[0] != 0x49 || code[1] != 0x81 || code[2] != 0xEE) continue;
    ++payments;
    for (const int by : {-1, 1}) {
      Specimen mutant = *specimen;
      mutant.code[at + 3] = static_cast<uint8_t>(mutant.code[at + 3] + by);
      EXPECT_EQ(RuleOf(mutant.VerifyMetering().reason), 7u);
    }
    Specimen dropped = *specimen;
    constexpr uint8_t kNothing[] = {0x48, 0x81, 0xCD, 0, 0, 0, 0};  // or rbp, 0
    std::memcpy(&dropped.code[at], kNothing, sizeof kNothing);
    EXPECT_EQ(RuleOf(dropped.VerifyMetering().reason), 7u);
  }
  EXPECT_EQ(payments, 2u);
}

// Any payment that is one more or one less.
TEST(MeteringTest, RefusesEachOtherPayment) {
  uint32_t not_its_price = 0;
  const Specimen specimen = Loop();
  for (size_t at = 0; at + 4 < specimen.code.size(); ++at) {
    const uint8_t* const code = &specimen.code[at];
    if (code[0] != 0x49 || code[1] != 0x83 || code[2] != 0xEE) continue;
    for (const int by : {-1, 1}) {
      Specimen mutant = specimen;
      mutant.code[at + 3] = static_cast<uint8_t>(mutant.code[at + 3] + by);
      const Reason reason = mutant.VerifyMetering().reason;
      EXPECT_NE(reason, Reason::kNone);
      not_its_price += reason == Reason::kSegmentPrice ? 1 : 0;
    }
  }
  EXPECT_GT(not_its_price, 0u);
}

// A trap's or call's entry with another place in the module, or gas that is not
// what is owed there.
TEST(MeteringTest, RefusesOtherTrapEntries) {
  uint32_t entries = 0, by_entry = 0;
  for (uint64_t seed = 1; seed < 4; ++seed) {
    const auto specimen = MakeSpecimen(Generate(seed).bytes);
    ASSERT_TRUE(specimen.ok());
    for (size_t i = 0; i < specimen->traps.size(); i += 7) {
      Specimen gas = *specimen;
      ++gas.traps[i].owed_minus_paid;
      const Reason reason = gas.VerifyMetering().reason;
      EXPECT_NE(reason, Reason::kNone) << "seed " << seed << ", entry " << i;
      ++entries;
      by_entry += reason == Reason::kTrapGas ? 1 : 0;
      // A stack overflow is located at its call, out of gas nowhere.
      const auto code = static_cast<TrapCode>(specimen->traps[i].code);
      if (code == TrapCode::kStackOverflow || code == TrapCode::kOutOfGas) {
        continue;
      }
      Specimen place = *specimen;
      place.traps[i].wasm_offset = 0;
      EXPECT_FALSE(place.VerifyMetering().ok());
    }
  }
  EXPECT_GT(by_entry, entries / 4);
}

TEST(MeteringTest, RefusesWhatItHasNoMemoryFor) {
  const Specimen specimen = Loop();
  std::vector<uint8_t> region(Arena::kPageBytes);
  Arena scratch(region.data(), 16, 0, 0);
  EXPECT_EQ(verifier::VerifyMetering(specimen.Parts(), specimen.module_bytes,
                                     specimen.program->profile().execution,
                                     scratch)
                .reason,
            Reason::kModuleTooLarge);
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
    Specimen owed = Loop();
    owed.certificates[i].owed_minus_paid = -1;
    EXPECT_FALSE(owed.VerifyMetering().ok());
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
      // A repair begins with mov r11, bits: 6 bytes, or 10 for a double.
      const bool wide = specimen->code[entry.code_offset] == 0x49;
      if ((entry.zero_upper & abi::kCertificateRepair) == 0 ||
          specimen->code[entry.code_offset + 1] != 0xBB) {
        continue;
      }
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

// A repair moves bits into a vector register and does nothing else.
TEST(MeteringTest, RefusesRepairsOfAnotherForm) {
  uint32_t repairs = 0;
  for (uint64_t seed = 1; seed < 60 && repairs < 10; ++seed) {
    const auto specimen = MakeSpecimen(Generate(seed).bytes);
    ASSERT_TRUE(specimen.ok());
    for (const abi::CertificateEntry& entry : specimen->certificates) {
      // Behind mov r11d, bits: movd x, r11d, five bytes.
      const size_t at = size_t{entry.code_offset} + 6;
      if ((entry.zero_upper & abi::kCertificateRepair) == 0 ||
          specimen->code[entry.code_offset] != 0x41 ||
          specimen->code[at] != 0x66) {
        continue;
      }
      Specimen mutant = *specimen;
      constexpr uint8_t kNothing[] = {0x0D, 0, 0, 0, 0};  // or eax, 0
      std::memcpy(&mutant.code[at], kNothing, sizeof kNothing);
      EXPECT_TRUE(mutant.VerifyCode().ok());
      EXPECT_FALSE(mutant.VerifyMetering().ok()) << seed;
      ++repairs;
      break;
    }
  }
  EXPECT_GT(repairs, 0u);
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
