#include "runtime/verifier/verifier.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/verifier/hand_code.h"

// Rules 1-6 and 8, each by code that breaks it and nothing else. The function
// is (i32) -> i32: its argument in eax has a zero upper half. Where a template
// stands, its whole form is accepted first.

namespace ingot::verifier {
namespace {

constexpr uint8_t kB = 2, kAe = 3, kE = 4, kNe = 5, kA = 7, kL = 12;
constexpr TrapCode kOob = TrapCode::kOutOfBoundsMemory;

#define EXPECT_REASON(code, reason)                                   \
  do {                                                                \
    const Reason found = (code).Verify();                             \
    EXPECT_EQ(found, Reason::reason) << NameOf(found);                \
  } while (false)

HandCode Start(const ModuleOptions& options = {}) {
  HandCode code(options);
  code.Prologue();
  return code;
}

TEST(VerifierTest, RulesAreNumbered) {
  EXPECT_EQ(RuleOf(Reason::kUnknownInstruction), 1u);
  EXPECT_EQ(RuleOf(Reason::kTrapEntry), 8u);
  EXPECT_STREQ(NameOf(Reason::kIndex), "kIndex");
  EXPECT_NE(std::string(TextOf(Reason::kIndex)), "");
}

TEST(VerifierTest, AcceptsLoadsAndStores) {
  HandCode code = Start();
  code.Site().Bytes({0x41, 0x8B, 0x04, 0x07});        // mov eax, [r15+rax]
  code.Site().Bytes({0x41, 0x89, 0x44, 0x07, 0x10});  // mov [r15+rax+16], eax
  EXPECT_REASON(code.Epilogue(), kNone);
}

// Rule 1.
TEST(VerifierTest, RefusesOtherInstructions) {
  for (const std::initializer_list<uint8_t> bytes :
       {std::initializer_list<uint8_t>{0x0F, 0x05}, {0x0F, 0x31},
        {0x0F, 0x01, 0xEF}, {0xF3, 0xA4}, {0x0F, 0xA2}, {0xCC}}) {
    HandCode code = Start();
    EXPECT_REASON(code.Bytes(bytes).Epilogue(), kUnknownInstruction);
  }
}

TEST(VerifierTest, RefusesInstructionsBeyondTheTarget) {
  const std::initializer_list<uint8_t> beyond[] = {
      {0xF3, 0x0F, 0xBD, 0xC8},        // lzcnt ecx, eax
      {0xC5, 0xF2, 0x58, 0xC1},        // vaddss xmm0, xmm1, xmm1
      {0xC4, 0xE2, 0x79, 0xF7, 0xC8},  // shlx ecx, eax, eax
  };
  for (const auto& bytes : beyond) {
    for (const Isa isa : {Isa::kX8664V2, Isa::kX8664V3}) {
      HandCode code = Start({.isa = isa});
      code.Bytes(bytes).Epilogue();
      EXPECT_EQ(code.Verify(), isa == Isa::kX8664V2 ? Reason::kIsaLevel
                                                    : Reason::kNone);
    }
  }
}

// Results of 32 bits have a zero upper half, also through vvvv.
TEST(VerifierTest, FollowsFormsWithThreeRegisters) {
  for (const uint8_t w : {0x70, 0xF0}) {
    HandCode code = Start({.isa = Isa::kX8664V3});
    code.Bytes({0xC4, 0xE2, w, 0xF3, 0xC8});     // blsr ecx, eax; rcx, rax
    code.Site().Bytes({0x41, 0x8B, 0x04, 0x0F});  // mov eax, [r15+rcx]
    EXPECT_EQ(code.Epilogue().Verify(),
              w == 0x70 ? Reason::kNone : Reason::kIndex);
  }
  HandCode writes = Start({.isa = Isa::kX8664V3});
  writes.Bytes({0xC4, 0xE2, 0x80, 0xF3, 0xC8});  // blsr r15, rax
  EXPECT_REASON(writes.Epilogue(), kPinnedWritten);
  HandCode reads = Start({.isa = Isa::kX8664V3});
  reads.Bytes({0xC4, 0xE2, 0x89, 0xF7, 0xC8});   // shlx rcx, rax, r14
  EXPECT_REASON(reads.Epilogue(), kPinnedRead);
}

TEST(VerifierTest, RefusesCodeBetweenFunctions) {
  HandCode code = Start();
  code.code()[code.begin() - 1] = 0xC3;
  EXPECT_REASON(code.Epilogue(), kPadding);
}

TEST(VerifierTest, RefusesAnInstructionThatRunsIntoALabel) {
  HandCode code = Start();
  code.Bytes({0xB8}).Label(0).Bytes({0, 0, 0, 0});  // mov eax, 0
  EXPECT_REASON(code.Epilogue(), kOverlap);
}

// Rule 2.
TEST(VerifierTest, RefusesJumpsToNowhere) {
  HandCode inside = Start();
  inside.Bytes({0xEB, 0x01}).Label(0).Bytes({0xB8, 0x0F, 0x05, 0, 0});
  EXPECT_REASON(inside.Epilogue(), kJumpTarget);
  HandCode outside = Start();
  outside.Bytes({0x0F, 0x84, 0, 0, 0, 0x10});
  EXPECT_REASON(outside.Epilogue(), kJumpTarget);
}

TEST(VerifierTest, RefusesALabelThatSaysTooMuch) {
  HandCode fall = Start();
  fall.Bytes({0x48, 0x89, 0xC1});  // mov rcx, rax
  EXPECT_REASON(fall.Label(1u << 1).Epilogue(), kCertificateNotImplied);
  HandCode jump = Start();
  jump.Bytes({0x48, 0x89, 0xC1, 0x74, 0x02, 0x89, 0xC9});  // je +2; mov ecx
  EXPECT_REASON(jump.Label(1u << 1).Epilogue(), kCertificateNotImplied);
  HandCode bits = Start();
  EXPECT_REASON(bits.Label(1u << 16).Epilogue(), kCertificateContents);
}

TEST(VerifierTest, RefusesToFallOutOfAFunction) {
  HandCode code = Start();
  // Into the stub of the stack check, which is for that check alone.
  EXPECT_REASON(code.Bytes({0x89, 0xC1}), kTrapEntry);
  HandCode dead = Start();
  dead.Epilogue();
  EXPECT_REASON(dead.Bytes({0x89, 0xC1}).Epilogue(), kFallsThrough);
}

TEST(VerifierTest, ChecksDirectCalls) {
  for (const int32_t off : {0, 4}) {
    HandCode code = Start();
    const int32_t distance = off - static_cast<int32_t>(code.at() + 5);
    code.Disp32({0xE8}, distance).CallSite().Bytes({0x31, 0xC0});
    if (off == 0) {
      EXPECT_REASON(code.Epilogue(), kNone);
    } else {
      EXPECT_REASON(code.Epilogue(), kCallTarget);
    }
  }
  // Itself, with an argument that may be wider than 32 bits.
  HandCode wide = Start();
  wide.Bytes({0x48, 0xF7, 0xD8});  // neg rax
  const int32_t self = static_cast<int32_t>(wide.begin()) -
                       static_cast<int32_t>(wide.at() + 5);
  EXPECT_REASON(wide.Disp32({0xE8}, self).CallSite().Epilogue(),
                kNotZeroExtended);
  HandCode result = Start();
  EXPECT_REASON(result.Bytes({0x48, 0xF7, 0xD8}).Epilogue(),
                kNotZeroExtended);
}

// Rule 3: the published escapes.
TEST(VerifierTest, RefusesIndexesOf64Bits) {
  HandCode sign_extended = Start();
  sign_extended.Bytes({0x48, 0x63, 0xC8}).Site();  // movsxd rcx, eax
  EXPECT_REASON(sign_extended.Bytes({0x41, 0x8B, 0x04, 0x0F}).Epilogue(),
                kIndex);
  HandCode shifted = Start();
  shifted.Bytes({0x48, 0xC1, 0xE0, 0x03}).Site();  // shl rax, 3
  EXPECT_REASON(shifted.Bytes({0x41, 0x8B, 0x04, 0x07}).Epilogue(), kIndex);
  HandCode reloaded = Start();
  reloaded.Bytes({0x89, 0x04, 0x24});              // mov [rsp], eax
  reloaded.Bytes({0x48, 0x8B, 0x04, 0x24}).Site();  // mov rax, [rsp]
  EXPECT_REASON(reloaded.Bytes({0x41, 0x8B, 0x04, 0x07}).Epilogue(), kIndex);
  HandCode added = Start();
  added.Bytes({0x48, 0x83, 0xC0, 0x08}).Site();    // add rax, 8
  EXPECT_REASON(added.Bytes({0x41, 0x8B, 0x04, 0x07}).Epilogue(), kIndex);
  HandCode after_label = Start();
  after_label.Label(0).Site();
  EXPECT_REASON(after_label.Bytes({0x41, 0x8B, 0x04, 0x07}).Epilogue(),
                kIndex);
  HandCode after_bsf = Start();
  after_bsf.Bytes({0x48, 0x89, 0xC1, 0x0F, 0xBC, 0xC8}).Site();
  EXPECT_REASON(after_bsf.Bytes({0x41, 0x8B, 0x04, 0x0F}).Epilogue(), kIndex);
}

TEST(VerifierTest, RefusesOtherMemoryOperands) {
  HandCode scaled = Start();
  scaled.Site().Bytes({0x41, 0x8B, 0x04, 0x47});  // mov eax, [r15+rax*2]
  EXPECT_REASON(scaled.Epilogue(), kMemoryOperand);
  HandCode bare = Start();
  bare.Site().Bytes({0x8B, 0x00});  // mov eax, [rax]
  EXPECT_REASON(bare.Epilogue(), kMemoryOperand);
  HandCode below = Start();
  below.Site().Bytes({0x41, 0x8B, 0x44, 0x07, 0xF8});  // [r15+rax-8]
  EXPECT_REASON(below.Epilogue(), kUncheckedOffset);
  HandCode none = Start({.has_memory = false});
  none.Site().Bytes({0x41, 0x8B, 0x04, 0x07});
  EXPECT_REASON(none.Epilogue(), kMemoryOperand);
  HandCode foreign = Start({.imported_memory = true});
  foreign.Site().Bytes({0x41, 0x8B, 0x04, 0x07});
  EXPECT_REASON(foreign.Epilogue(), kMemoryOperand);
  HandCode gas = Start();
  gas.Site().Bytes({0x41, 0x8B, 0x04, 0x06});  // [r14+rax]
  EXPECT_REASON(gas.Epilogue(), kMemoryOperand);
}

TEST(VerifierTest, ImportedMemoryGoesByItsBase) {
  HandCode code = Start({.imported_memory = true});
  code.Bytes({0x4D, 0x8B, 0x5F, 0xD0});                // mov r11, [r15-48]
  code.Site().Bytes({0x41, 0x8B, 0x04, 0x03});         // mov eax, [r11+rax]
  EXPECT_REASON(code.Epilogue(), kNone);
  HandCode owned = Start();
  owned.Bytes({0x4D, 0x8B, 0x5F, 0xD0});
  EXPECT_REASON(owned.Epilogue(), kVmctxRead);
}

// T7 with n = `added` bytes in the sum and an access of `width` at -n.
HandCode LargeOffset(uint8_t below, bool wide, uint8_t cc, bool compare) {
  HandCode code = Start();
  code.Bytes({0x41, 0xBB, 4, 0, 0, 0x80});  // mov r11d, 2^31 + 4
  code.Bytes({0x49, 0x01, 0xC3});           // add r11, rax
  if (compare) {
    code.Bytes({0x4D, 0x3B, 0x5F, 0xF0});   // cmp r11, [r15-16]
    code.TrapIf(cc, kOob);
  }
  code.Site();
  if (wide) {
    code.Bytes({0x4B, 0x8B, 0x4C, 0x1F, below});  // mov rcx, [r15+r11-below]
  } else {
    code.Bytes({0x43, 0x8B, 0x4C, 0x1F, below});  // mov ecx, …
  }
  code.Epilogue();
  return code;
}

TEST(VerifierTest, ChecksLargeOffsets) {
  EXPECT_REASON(LargeOffset(0xFC, false, kA, true), kNone);
  // A wider load than what was compared runs past the end.
  EXPECT_REASON(LargeOffset(0xFC, true, kA, true), kUncheckedOffset);
  EXPECT_REASON(LargeOffset(0xFC, false, kAe, true), kUncheckedOffset);
  EXPECT_REASON(LargeOffset(0xFC, false, kB, true), kUncheckedOffset);
  EXPECT_REASON(LargeOffset(0xFC, false, kA, false), kUncheckedOffset);
  EXPECT_REASON(LargeOffset(0x00, false, kA, true), kIndex);
}

TEST(VerifierTest, RefusesTheVmctx) {
  HandCode header = Start();
  header.Bytes({0x49, 0x89, 0x47, 0xF0});  // mov [r15-16], rax
  EXPECT_REASON(header.Epilogue(), kVmctxWrite);
  HandCode limit = Start();
  limit.Bytes({0x49, 0x8B, 0x47, 0xF8, 0x89, 0xC0});  // mov rax, [r15-8]
  EXPECT_REASON(limit.Epilogue(), kVmctxRead);
  HandCode store = Start();
  store.Bytes({0x49, 0x8B, 0x47, 0xC8, 0x89, 0xC0});  // mov rax, [r15-56]
  EXPECT_REASON(store.Epilogue(), kVmctxRead);
  HandCode beyond = Start();
  beyond.Disp32({0x41, 0x8B, 0x87}, -4096);
  EXPECT_REASON(beyond.Epilogue(), kVmctxRead);
  HandCode table = Start();
  table.Disp32({0x49, 0x89, 0x87}, table.Table0());
  EXPECT_REASON(table.Epilogue(), kVmctxWrite);
}

TEST(VerifierTest, ChecksGlobals) {
  HandCode good = Start();
  good.Disp32({0x41, 0x89, 0x87}, -136);  // mov [r15-136], eax
  EXPECT_REASON(good.Epilogue(), kNone);
  HandCode wide = Start();
  wide.Disp32({0x49, 0x89, 0x87}, -136);
  EXPECT_REASON(wide.Epilogue(), kVmctxWrite);
  HandCode immutable = Start();
  immutable.Disp32({0x49, 0x89, 0x87}, -144);
  EXPECT_REASON(immutable.Epilogue(), kVmctxWrite);
  HandCode between = Start();
  between.Disp32({0x41, 0x8B, 0x87}, -132);
  EXPECT_REASON(between.Epilogue(), kVmctxRead);
}

TEST(VerifierTest, ImportedGlobalsGoByTheirCell) {
  struct Row {
    std::initializer_list<uint8_t> access;
    Reason reason;
  };
  const Row rows[] = {
      {{0x41, 0x8B, 0x03}, Reason::kNone},                 // mov eax, [r11]
      {{0x41, 0x89, 0x03}, Reason::kNone},                 // mov [r11], eax
      {{0x49, 0x8B, 0x03, 0x89, 0xC0}, Reason::kVmctxRead},  // mov rax, [r11]
      {{0x49, 0x89, 0x03}, Reason::kVmctxWrite},
      {{0x41, 0x8B, 0x43, 0x04}, Reason::kMemoryOperand},  // [r11+4]
      {{0x41, 0x8B, 0x04, 0x03}, Reason::kMemoryOperand},  // [r11+rax]
  };
  for (const Row& row : rows) {
    HandCode code = Start({.imported_global = true});
    code.Disp32({0x4D, 0x8B, 0x9F}, -136).Bytes(row.access);
    EXPECT_EQ(code.Epilogue().Verify(), row.reason);
  }
  HandCode cell = Start({.imported_global = true});
  cell.Disp32({0x49, 0x89, 0x87}, -136);  // mov [r15-136], rax
  EXPECT_REASON(cell.Epilogue(), kVmctxWrite);
}

TEST(VerifierTest, AcceptsReadsOfTheHeaderAndOtherForms) {
  HandCode code = Start();
  code.Bytes({0x49, 0x8B, 0x4F, 0xF0});              // mov rcx, [r15-16]
  code.Bytes({0x49, 0x8B, 0x4F, 0xE0});              // mov rcx, [r15-32]
  code.Disp32({0x41, 0x3B, 0x87}, -136);             // cmp eax, [r15-136]
  code.Disp32({0x41, 0x81, 0xBF}, -136).Bytes({1, 0, 0, 0});  // cmp m, 1
  code.Bytes({0x8D, 0x4C, 0x88, 0x08});              // lea ecx, [rax+rcx*4+8]
  code.Bytes({0x99, 0xF7, 0xF9});                    // cdq; idiv ecx
  code.Site().Bytes({0x41, 0x8B, 0x04, 0x17});       // mov eax, [r15+rdx]
  EXPECT_REASON(code.Epilogue(), kNone);
  HandCode wide = Start();
  wide.Bytes({0x48, 0x99, 0x48, 0xF7, 0xF1});        // cqo; div rcx
  EXPECT_REASON(wide.Epilogue(), kNotZeroExtended);
  HandCode owner = Start({.imported_memory = true});
  owner.Bytes({0x4D, 0x8B, 0x5F, 0xD0});             // mov r11, [r15-48]
  owner.Bytes({0x49, 0x8B, 0x4B, 0xF0});             // mov rcx, [r11-16]
  EXPECT_REASON(owner.Epilogue(), kNone);
  HandCode writes = Start({.imported_memory = true});
  writes.Bytes({0x4D, 0x8B, 0x5F, 0xD0, 0x49, 0x89, 0x4B, 0xF0});
  EXPECT_REASON(writes.Epilogue(), kMemoryOperand);
}

TEST(VerifierTest, ChecksTheFrame) {
  HandCode good = Start();
  good.Bytes({0x48, 0x89, 0x44, 0x24, 0x28});  // mov [rsp+40], rax
  EXPECT_REASON(good.Epilogue(), kNone);
  for (const uint8_t disp : {0x2C, 0x30, 0x38, 0x40, 0xF8}) {
    HandCode code = Start();
    code.Bytes({0x48, 0x89, 0x44, 0x24, disp});
    EXPECT_REASON(code.Epilogue(), kFrameOperand);
  }
  HandCode indexed = Start();
  indexed.Bytes({0x48, 0x89, 0x04, 0x04});  // mov [rsp+rax], rax
  EXPECT_REASON(indexed.Epilogue(), kFrameOperand);
}

// T11, and a jump into it with another count.
TEST(VerifierTest, ChecksTheZeroingLoop) {
  for (const uint8_t count : {5, 6, 0}) {
    HandCode code = Start();
    code.Bytes({0x41, 0xBB, count, 0, 0, 0}).Label(0);
    code.Bytes({0x4A, 0xC7, 0x04, 0xDC, 0, 0, 0, 0});  // mov [rsp+r11*8], 0
    code.Bytes({0x41, 0x83, 0xEB, 0x01, 0x75, 0xF2});
    code.Bytes({0x31, 0xC0});
    if (count == 5) {
      EXPECT_REASON(code.Epilogue(), kNone);
    } else {
      EXPECT_REASON(code.Epilogue(), kFrameOperand);
    }
  }
  HandCode jump = Start();
  jump.Bytes({0x41, 0xBB, 5, 0, 0, 0}).Label(0);
  jump.Bytes({0x4A, 0xC7, 0x04, 0xDC, 0, 0, 0, 0});
  jump.Bytes({0x41, 0x83, 0xEB, 0x01, 0x75, 0xF2});
  EXPECT_REASON(jump.Bytes({0xEB, 0xF0}), kJumpTarget);
}

// Rule 4.
TEST(VerifierTest, RefusesPinnedRegisters) {
  for (const uint8_t modrm : {0xC6, 0xC7}) {  // mov r14, rax; mov r15, rax
    HandCode code = Start();
    EXPECT_REASON(code.Bytes({0x49, 0x89, modrm}).Epilogue(), kPinnedWritten);
  }
  HandCode stack = Start();
  EXPECT_REASON(stack.Bytes({0x48, 0x89, 0xC4}).Epilogue(), kPinnedWritten);
  HandCode read = Start();
  EXPECT_REASON(read.Bytes({0x4C, 0x89, 0xF9}).Epilogue(), kPinnedRead);
  HandCode byte = Start();
  EXPECT_REASON(byte.Bytes({0x40, 0x0F, 0x94, 0xC4}).Epilogue(),
                kPinnedWritten);  // sete spl
  HandCode lea = Start();
  EXPECT_REASON(lea.Bytes({0x49, 0x8D, 0x47, 0x08}).Epilogue(), kPinnedRead);
  HandCode loaded = Start();
  EXPECT_REASON(loaded.Bytes({0x4C, 0x8B, 0x3C, 0x24}).Epilogue(),
                kPinnedWritten);  // mov r15, [rsp]
}

TEST(VerifierTest, ChecksTheGasCounter) {
  HandCode good = Start();
  good.Bytes({0x4D, 0x85, 0xF6}).TrapIf(kL, TrapCode::kOutOfGas);
  good.Bytes({0x49, 0x83, 0xEE, 0x05});
  EXPECT_REASON(good.Epilogue(), kNone);
  HandCode gives = Start();
  EXPECT_REASON(gives.Bytes({0x49, 0x83, 0xEE, 0xFB}).Epilogue(),
                kGasTemplate);  // sub r14, -5
  HandCode other = Start();
  other.Bytes({0x4D, 0x85, 0xF6}).TrapIf(kE, TrapCode::kOutOfGas);
  EXPECT_REASON(other.Epilogue(), kGasTemplate);
  // What is given back is part 2's to judge; its form is not.
  HandCode adds = Start();
  EXPECT_REASON(adds.Bytes({0x49, 0x83, 0xC6, 0x05}).Epilogue(), kNone);
  HandCode takes = Start();
  EXPECT_REASON(takes.Bytes({0x49, 0x83, 0xC6, 0xFB}).Epilogue(),
                kGasTemplate);  // add r14, -5
  HandCode narrow = Start();
  EXPECT_REASON(narrow.Bytes({0x41, 0x83, 0xC6, 0x05}).Epilogue(),
                kGasTemplate);  // add r14d, 5
}

// T13, the second test; `pays` is what stands before its jump.
Reason SecondTest(uint8_t pays, uint8_t cc, bool returns) {
  HandCode code = Start();
  code.Bytes({0x49, 0x83, 0xEE, pays});              // sub r14, pays
  code.Disp32({0x0F, static_cast<uint8_t>(0x80 + cc)}, 5);
  const uint32_t back = code.at();
  code.Label(1).Epilogue();
  code.Label(1).Bytes({0x49, 0x83, 0xFE, 0xFB});     // cmp r14, -5
  code.TrapIf(kL, TrapCode::kOutOfGas);
  const uint32_t to = returns ? back : back - 10;
  code.Disp32({0xE9}, static_cast<int32_t>(to - code.at()) - 5);
  return code.Verify();
}

TEST(VerifierTest, ChecksTheSecondTest) {
  EXPECT_EQ(SecondTest(5, kL, true), Reason::kNone);
  EXPECT_EQ(SecondTest(6, kL, true), Reason::kGasTemplate);
  EXPECT_EQ(SecondTest(5, kB, true), Reason::kGasTemplate);
  EXPECT_EQ(SecondTest(5, kL, false), Reason::kGasTemplate);
}

// Rule 5.
struct Indirect {
  bool imported = false;
  bool bound = true, null = true, type = true;
  uint8_t caller_base = 0xFA;  // mov r10, r15
  bool save_base = true, restore_base = true;
  uint8_t scale_index = 0xE3;  // r11 + r12*8
};

Reason CallIndirect(const Indirect& with) {
  HandCode code = Start({.imported_table = with.imported});
  if (with.save_base) code.SaveBase();
  code.Bytes({0x41, 0x89, 0xC4});  // mov r12d, eax
  if (with.imported) {
    code.Disp32({0x4D, 0x8B, 0x97}, code.Table0());  // mov r10, [cell]
    code.Bytes({0x4D, 0x3B, 0x62, 0x08});            // cmp r12, [r10+8]
  } else {
    code.Disp32({0x4D, 0x3B, 0xA7}, code.Table0() + 8);
  }
  if (with.bound) code.TrapIf(kAe, TrapCode::kUndefinedElement);
  if (with.imported) {
    code.Bytes({0x4D, 0x8B, 0x1A});                  // mov r11, [r10]
  } else {
    code.Disp32({0x4D, 0x8B, 0x9F}, code.Table0());
  }
  code.Bytes({0x4F, 0x8B, 0x1C, with.scale_index});
  code.Bytes({0x4D, 0x85, 0xDB});
  if (with.null) code.TrapIf(kE, TrapCode::kUninitializedElement);
  code.Bytes({0x4D, 0x8B, 0x6F, 0xD8});  // mov r13, [r15-40]
  code.Bytes({0x45, 0x8B, 0x6D, 0x04});  // mov r13d, [r13+4]
  code.Bytes({0x45, 0x3B, 0x6B, 0x10});  // cmp r13d, [r11+16]
  if (with.type) code.TrapIf(kNe, TrapCode::kIndirectCallMismatch);
  code.Bytes({0x4D, 0x89, with.caller_base});
  code.Bytes({0x4D, 0x8B, 0x7B, 0x08});  // mov r15, [r11+8]
  code.Bytes({0x41, 0xFF, 0x13}).CallSite();
  if (with.restore_base) code.Bytes({0x4C, 0x8B, 0x7C, 0x24, 0x30});
  code.Bytes({0x31, 0xC0});
  return code.Epilogue().Verify();
}

TEST(VerifierTest, ChecksIndirectCalls) {
  EXPECT_EQ(CallIndirect({}), Reason::kNone);
  EXPECT_EQ(CallIndirect({.imported = true}), Reason::kNone);
  EXPECT_EQ(CallIndirect({.imported = true, .bound = false}),
            Reason::kIndirectCall);
  EXPECT_EQ(CallIndirect({.bound = false}), Reason::kIndirectCall);
  EXPECT_EQ(CallIndirect({.null = false}), Reason::kMemoryOperand);
  EXPECT_EQ(CallIndirect({.type = false}), Reason::kIndirectCall);
  EXPECT_EQ(CallIndirect({.caller_base = 0xDA}), Reason::kPinnedWritten);
  EXPECT_EQ(CallIndirect({.save_base = false}), Reason::kBaseNotRestored);
  EXPECT_EQ(CallIndirect({.restore_base = false}), Reason::kBaseNotRestored);
  EXPECT_EQ(CallIndirect({.scale_index = 0xA3}), Reason::kIndirectCall);
}

TEST(VerifierTest, ChecksImportCalls) {
  for (const int32_t off : {0, 16}) {
    HandCode code = Start();
    code.SaveBase().Bytes({0x4D, 0x89, 0xFA});
    code.Disp32({0x4D, 0x8B, 0xBA}, code.Import0() + 8 + off);
    code.Disp32({0x41, 0xFF, 0x92}, code.Import0()).CallSite();
    code.Bytes({0x4C, 0x8B, 0x7C, 0x24, 0x30, 0x31, 0xC0});
    if (off == 0) {
      EXPECT_REASON(code.Epilogue(), kNone);
    } else {
      EXPECT_REASON(code.Epilogue(), kPinnedWritten);
    }
  }
  HandCode other = Start();
  other.SaveBase().Bytes({0x4D, 0x89, 0xFA});
  other.Disp32({0x4D, 0x8B, 0xBA}, other.Import0() + 8);
  other.Disp32({0x41, 0xFF, 0x92}, other.Import0() + 16).CallSite();
  EXPECT_REASON(other.Epilogue(), kIndirectCall);
}

// Two arguments on the stack, which the callee takes off.
TEST(VerifierTest, ChecksCallsWithStackArguments) {
  for (const uint8_t back : {0x10, 0x08, 0}) {
    HandCode code = Start({.first_type = 2});
    code.Disp32({0xE8}, -static_cast<int32_t>(code.at()) - 5).CallSite();
    if (back != 0) code.Bytes({0x48, 0x83, 0xEC, back});  // sub rsp, back
    code.Bytes({0x31, 0xC0});
    EXPECT_EQ(code.Epilogue().Verify(),
              back == 0x10 ? Reason::kNone : Reason::kStackPointer);
  }
}

// Rule 6, T14: function 2 leaves its frame to function 1 of type 2, whose two
// stack arguments stand in the outgoing area.
struct Tail {
  uint8_t first_type = 2;
  uint8_t return_address = 0x38;  // [rsp+F-8]
  uint8_t from_1 = 8, to_0 = 0x30, to_1 = 0x38, to_return = 0x28;
  uint8_t pop = 0x28;
  uint8_t jump = 0xE9;
  bool label = false;
};

Reason TailCall(const Tail& with) {
  HandCode code = Start({.first_type = with.first_type});
  code.Bytes({0x4C, 0x8B, 0x44, 0x24, with.return_address});
  code.Bytes({0x4C, 0x8B, 0x0C, 0x24});               // mov r9, [rsp]
  code.Bytes({0x4C, 0x89, 0x4C, 0x24, with.to_0});    // mov [rsp+48], r9
  if (with.label) code.Label(1);
  code.Bytes({0x4C, 0x8B, 0x4C, 0x24, with.from_1});  // mov r9, [rsp+8]
  code.Bytes({0x4C, 0x89, 0x4C, 0x24, with.to_1});    // mov [rsp+56], r9
  code.Bytes({0x4C, 0x89, 0x44, 0x24, with.to_return});
  code.Bytes({0x48, 0x83, 0xC4, with.pop});           // add rsp, 40
  code.Disp32({with.jump}, -static_cast<int32_t>(code.at()) - 5);
  return code.Verify();
}

TEST(VerifierTest, ChecksTailCallsWithStackArguments) {
  EXPECT_EQ(TailCall({}), Reason::kNone);
  EXPECT_EQ(TailCall({.first_type = 1}), Reason::kTailCall);
  EXPECT_EQ(TailCall({.first_type = 0}), Reason::kTailCall);
  EXPECT_EQ(TailCall({.return_address = 0x30}), Reason::kFrameOperand);
  EXPECT_EQ(TailCall({.from_1 = 0}), Reason::kTailCall);
  EXPECT_EQ(TailCall({.to_0 = 0x28}), Reason::kTailCall);
  EXPECT_EQ(TailCall({.to_1 = 0x40}), Reason::kTailCall);
  EXPECT_EQ(TailCall({.to_return = 0x38}), Reason::kTailCall);
  EXPECT_EQ(TailCall({.pop = 0x38}), Reason::kStackPointer);
  EXPECT_EQ(TailCall({.jump = 0xE8}), Reason::kStackPointer);
  EXPECT_EQ(TailCall({.label = true}), Reason::kJumpIntoTemplate);
}

// Where the arguments go they would be over those that have not moved.
TEST(VerifierTest, RefusesTailArgumentsWithoutRoom) {
  HandCode code = Start();
  code.Bytes({0x4C, 0x8B, 0x44, 0x24, 0x38});
  for (const uint8_t from : {0, 8, 16, 24}) {
    code.Bytes({0x4C, 0x8B, 0x4C, 0x24, from});
    code.Bytes({0x4C, 0x89, 0x4C, 0x24, static_cast<uint8_t>(from + 32)});
  }
  code.Bytes({0x4C, 0x89, 0x44, 0x24, 0x18});
  EXPECT_REASON(code.Bytes({0x48, 0x83, 0xC4, 0x18}), kOutgoingArea);
}

TEST(VerifierTest, ChecksTailCallsWithoutStackArguments) {
  const auto to = [](const ModuleOptions& options, bool own, int32_t off) {
    HandCode code = Start(options);
    code.Bytes({0x48, 0x83, 0xC4, 0x38});  // add rsp, F - 8
    const uint32_t entry = own ? code.begin() : 0;
    code.Disp32({0xE9}, static_cast<int32_t>(entry - code.at()) - 5 + off);
    return code.Verify();
  };
  EXPECT_EQ(to({}, true, 0), Reason::kNone);
  EXPECT_EQ(to({.first_type = 0}, false, 0), Reason::kNone);
  EXPECT_EQ(to({}, true, 4), Reason::kCallTarget);
  // Another result, or arguments that nothing has moved.
  EXPECT_EQ(to({.first_type = 1}, false, 0), Reason::kTailCall);
  EXPECT_EQ(to({.first_type = 2}, false, 0), Reason::kTailCall);
  HandCode wide = Start();
  wide.Bytes({0x48, 0x89, 0xC0});  // mov rax, rax: a 64-bit value
  wide.Bytes({0x48, 0x83, 0xC4, 0x38});
  wide.Disp32({0xE9}, static_cast<int32_t>(wide.begin() - wide.at()) - 5);
  EXPECT_REASON(wide, kNotZeroExtended);
}

// A tail call of an import; before it a direct call, which restores the base
// behind it or does not.
struct TailImport {
  uint8_t import_type = 0;
  bool call = false, restores = true;
  int32_t off = 0;
  uint8_t pop = 0x38;
};

Reason TailCallImport(const TailImport& with) {
  HandCode code = Start({.import_type = with.import_type});
  if (with.call) {
    code.SaveBase();
    code.Disp32({0xE8}, -static_cast<int32_t>(code.at()) - 5).CallSite();
    if (with.restores) code.Bytes({0x4C, 0x8B, 0x7C, 0x24, 0x30});
    code.Bytes({0x31, 0xC0});
  }
  code.Bytes({0x4D, 0x89, 0xFA});
  code.Disp32({0x4D, 0x8B, 0xBA}, code.Import0() + 8);
  code.Bytes({0x48, 0x83, 0xC4, with.pop});
  code.Disp32({0x41, 0xFF, 0xA2}, code.Import0() + with.off);
  return code.Verify();
}

TEST(VerifierTest, ChecksTailCallsOfImports) {
  EXPECT_EQ(TailCallImport({}), Reason::kNone);
  EXPECT_EQ(TailCallImport({.import_type = 1}), Reason::kTailCall);
  EXPECT_EQ(TailCallImport({.import_type = 2}), Reason::kTailCall);
  EXPECT_EQ(TailCallImport({.off = 8}), Reason::kIndirectCall);
  EXPECT_EQ(TailCallImport({.pop = 0x30}), Reason::kStackPointer);
  EXPECT_EQ(TailCallImport({.call = true}), Reason::kNone);
  EXPECT_EQ(TailCallImport({.call = true, .restores = false}),
            Reason::kBaseNotRestored);
}

TEST(VerifierTest, ChecksRuntimeCalls) {
  for (const uint8_t number : {0, 12, 13}) {
    HandCode code = Start();
    code.Bytes({0x41, 0xBB, number, 0, 0, 0, 0x41, 0xFF, 0x57, 0xE8});
    code.CallSite();
    if (number < 13) {
      EXPECT_REASON(code.Epilogue(), kNone);
    } else {
      EXPECT_REASON(code.Epilogue(), kRuntimeCall);
    }
  }
  HandCode unknown = Start();
  unknown.Bytes({0x41, 0x89, 0xC3, 0x41, 0xFF, 0x57, 0xE8}).CallSite();
  EXPECT_REASON(unknown.Epilogue(), kRuntimeCall);
}

// T10 of two entries; `outside` is added to the second one.
Reason JumpTable(uint8_t last, int32_t outside, uint8_t cmov, bool add) {
  HandCode code = Start();
  code.Bytes({0xB9, last, 0, 0, 0});        // mov ecx, n - 1
  code.Bytes({0x39, 0xC8});                 // cmp eax, ecx
  code.Bytes({0x0F, cmov, 0xC8});           // cmovb ecx, eax
  code.Disp32({0x4C, 0x8D, 0x1D},
              static_cast<int32_t>(abi::kArtifactPage - (code.at() + 7)));
  code.Bytes({0x49, 0x63, 0x0C, 0x8B});     // movsxd rcx, [r11+rcx*4]
  if (add) code.Bytes({0x4C, 0x01, 0xD9});  // add rcx, r11
  code.Bytes({0xFF, 0xE1});                 // jmp rcx
  const int32_t target =
      static_cast<int32_t>(code.at()) - int32_t{abi::kArtifactPage};
  code.Label(0).Bytes({0x31, 0xC0}).Epilogue();
  code.Rodata({target, target + outside});
  return code.Verify();
}

TEST(VerifierTest, ChecksJumpTables) {
  EXPECT_EQ(JumpTable(1, 0, 0x42, true), Reason::kNone);
  EXPECT_EQ(JumpTable(1, 2, 0x42, true), Reason::kJumpTarget);
  EXPECT_EQ(JumpTable(1, -400, 0x42, true), Reason::kJumpTarget);
  EXPECT_EQ(JumpTable(1, 0, 0x43, true), Reason::kJumpTable);   // cmovae
  EXPECT_EQ(JumpTable(1, 0, 0x42, false), Reason::kJumpTable);
  EXPECT_EQ(JumpTable(0, 0, 0x42, true), Reason::kRodata);  // one too many
  EXPECT_EQ(JumpTable(2, 0, 0x42, true), Reason::kJumpTarget);
}

// Rule 6.
TEST(VerifierTest, ChecksTheStackPointer) {
  HandCode unaligned = Start();
  EXPECT_REASON(unaligned.Bytes({0x48, 0x83, 0xEC, 0x04}).Epilogue(),
                kStackPointer);
  HandCode other = Start();
  EXPECT_REASON(other.Bytes({0x48, 0x83, 0xC4, 0x30, 0xC3}), kStackPointer);
  HandCode bare = Start();
  EXPECT_REASON(bare.Bytes({0xC3}), kStackPointer);
  HandCode pops = Start();
  EXPECT_REASON(pops.Bytes({0x48, 0x83, 0xC4, 0x38, 0xC2, 0x08, 0x00}),
                kStackPointer);
  HandCode between = Start();
  between.Bytes({0x48, 0x83, 0xC4, 0x38}).Label(0).Bytes({0xC3});
  EXPECT_REASON(between, kJumpIntoTemplate);
}

TEST(VerifierTest, ChecksThePrologue) {
  HandCode frame = Start();
  frame.code()[frame.begin() + 3] = HandCode::kFrame - 16;
  EXPECT_REASON(frame.Epilogue(), kPrologue);
  HandCode limit = Start();
  limit.code()[limit.begin() + 7] = 0xF0;
  EXPECT_REASON(limit.Epilogue(), kPrologue);
  HandCode skipped = Start();
  skipped.code()[skipped.begin() + 9] = 0x83;  // jae
  EXPECT_REASON(skipped.Epilogue(), kPrologue);
}

// Rule 8.
TEST(VerifierTest, ChecksTrapEntries) {
  HandCode access = Start();
  EXPECT_REASON(access.Bytes({0x41, 0x8B, 0x04, 0x07}).Epilogue(),
                kNoTrapEntry);
  HandCode wrong = Start();
  wrong.Site(TrapCode::kUnreachable).Bytes({0x41, 0x8B, 0x04, 0x07});
  EXPECT_REASON(wrong.Epilogue(), kTrapEntry);
  HandCode ud2 = Start();
  EXPECT_REASON(ud2.Bytes({0x0F, 0x0B}), kNoTrapEntry);
  HandCode call = Start();
  call.Disp32({0xE8}, -static_cast<int32_t>(call.at() + 5));
  EXPECT_REASON(call.Bytes({0x31, 0xC0}).Epilogue(), kNoTrapEntry);
  HandCode nothing = Start();
  EXPECT_REASON(nothing.Site().Bytes({0x89, 0xC1}).Epilogue(), kTrapEntry);
  HandCode not_call = Start();
  EXPECT_REASON(not_call.CallSite().Bytes({0x89, 0xC1}).Epilogue(),
                kTrapEntry);
  HandCode foreign = Start();
  foreign.Site().Bytes({0x41, 0x8B, 0x04, 0x07}).Epilogue();
  foreign.traps().back().function = 1;
  EXPECT_REASON(foreign, kTrapEntry);
  HandCode owed = Start();
  owed.Site().Bytes({0x41, 0x8B, 0x04, 0x07}).Epilogue();
  owed.traps().back().owed_minus_paid = 1;
  EXPECT_REASON(owed, kTrapEntry);
}

}  // namespace
}  // namespace ingot::verifier
