#include "compiler/regalloc/checker.h"

#include <gtest/gtest.h>

#include "compiler/abi/calling_convention.h"
#include "compiler/ir/test_graph.h"

namespace ingot::compiler {
namespace {

using wasm::ByteWriter;
using wasm::Op;
using wasm::ValType;

constexpr ValType kI32 = ValType::kI32;

class Allocated {
 public:
  explicit Allocated(const std::vector<uint8_t>& bytes,
                     BuildMode mode = BuildMode::kSsa)
      : test_(bytes, mode) {
    const wasm::Body& body = test_.body();
    const uint64_t frame = abi::FrameBytes(body.locals, body.max_height,
                                           body.outgoing_slots);
    if (!Analyse(test_.arena(), test_.graph(), &liveness)) return;
    result = AllocateRegisters(
        test_.arena(), test_.graph(), liveness,
        static_cast<uint32_t>(frame / 8 - 2 - body.outgoing_slots),
        &allocation);
  }
  AllocationError Check() {
    return CheckAllocation(graph(), liveness, allocation);
  }
  Graph& graph() { return test_.graph(); }

  AllocateResult result = AllocateResult::kOutOfMemory;
  Liveness liveness;
  Allocation allocation;

 private:
  TestGraph test_;
};

// More values alive at once than there are registers, across a call and a
// loop, with shifts and divisions that want registers of their own.
std::vector<uint8_t> Crowded() {
  ByteWriter code;
  for (uint32_t i = 1; i <= 20; ++i) {
    code.Inst(Op::kLocalGet, 0).Byte(0x41).Byte(static_cast<uint8_t>(i));
    code.Inst(Op::kI32Shl).Inst(Op::kLocalGet, 0).Inst(Op::kI32Add);
    code.Inst(Op::kLocalSet, i);
  }
  code.Inst(Op::kLocalGet, 3).Inst(Op::kCall, 0).Inst(Op::kLocalSet, 3);
  code.Byte(0x03).Byte(0x40);
  for (uint32_t i = 1; i <= 20; ++i) {
    code.Inst(Op::kLocalGet, i).Inst(Op::kLocalGet, 21 - i);
    code.Inst(i % 3 == 0 ? Op::kI32RemU : i % 3 == 1 ? Op::kI32Shl
                                                     : Op::kI32DivU);
    code.Inst(Op::kLocalSet, i);
  }
  code.Inst(Op::kLocalGet, 7).Inst(Op::kBrIf, 0).Inst(Op::kEnd);
  code.Inst(Op::kLocalGet, 1);
  for (uint32_t i = 2; i <= 20; ++i) {
    code.Inst(Op::kLocalGet, i).Inst(Op::kI32Xor);
  }
  code.Inst(Op::kEnd);
  return OneFunction({kI32}, {kI32}, {{20, kI32}}, code);
}

TEST(AllocatorTest, CrowdedFunctionIsAllocatedSoundly) {
  Allocated test(Crowded());
  ASSERT_EQ(test.result, AllocateResult::kOk);
  const AllocationError error = test.Check();
  EXPECT_EQ(error.what, nullptr) << error.what << " at " << error.inst;
  EXPECT_GT(test.allocation.slots, 0u);
}

TEST(AllocatorTest, SlotModeIsAllocatedSoundly) {
  Allocated test(Crowded(), BuildMode::kSlots);
  ASSERT_EQ(test.result, AllocateResult::kOk);
  EXPECT_EQ(test.Check().what, nullptr);
}

// Values stay in registers around a loop: the body of a small loop has no
// memory access.
TEST(AllocatorTest, SmallLoopStaysInRegisters) {
  ByteWriter code;
  code.Byte(0x03).Byte(0x40);
  code.Inst(Op::kLocalGet, 1).Inst(Op::kLocalGet, 0).Inst(Op::kI32Add);
  code.Inst(Op::kLocalSet, 1);
  code.Inst(Op::kLocalGet, 0).Byte(0x41).Byte(0x7F).Inst(Op::kI32Add);
  code.Inst(Op::kLocalTee, 0).Inst(Op::kBrIf, 0).Inst(Op::kEnd);
  code.Inst(Op::kLocalGet, 1).Inst(Op::kEnd);
  Allocated test(OneFunction({kI32}, {kI32}, {{1, kI32}}, code));
  ASSERT_EQ(test.result, AllocateResult::kOk);
  EXPECT_EQ(test.Check().what, nullptr);
  EXPECT_EQ(test.allocation.slots, 0u);
  EXPECT_EQ(test.allocation.moves.size(), 0u);
}

TEST(AllocatorTest, AFrameWithoutRoomIsReported) {
  TestGraph test(Crowded());
  Liveness liveness;
  ASSERT_TRUE(Analyse(test.arena(), test.graph(), &liveness));
  Allocation allocation;
  EXPECT_EQ(AllocateRegisters(test.arena(), test.graph(), liveness, 2,
                              &allocation),
            AllocateResult::kOutOfSlots);
}

// Planted errors: each must be noticed. A move that went to another register is
// the exception where its value also stands where it should have gone.

TEST(CheckerTest, NoticesWrongOperandRegisters) {
  Allocated test(Crowded());
  uint32_t noticed = 0, planted = 0;
  for (InstId i = 0; i < test.graph().num_insts; ++i) {
    uint8_t& src = test.allocation.insts[i].src[0];
    if (src >= 16) continue;
    const uint8_t right = src;
    src = kScratch;  // which never holds a value
    ++planted;
    if (test.Check().what != nullptr) ++noticed;
    src = right;
  }
  EXPECT_GT(planted, 50u);
  EXPECT_EQ(noticed, planted);
}

TEST(CheckerTest, NoticesLostMoves) {
  Allocated test(Crowded());
  uint32_t noticed = 0;
  for (uint32_t m = 0; m < test.allocation.moves.size(); ++m) {
    Move& move = test.allocation.moves[m];
    const uint8_t right = move.dst;
    move.dst = 13;
    if (test.Check().what != nullptr) ++noticed;
    move.dst = right;
  }
  EXPECT_GT(test.allocation.moves.size(), 20u);
  EXPECT_GE(noticed * 10, test.allocation.moves.size() * 9);
}

TEST(CheckerTest, NoticesSharedSlots) {
  Allocated test(Crowded());
  std::vector<InstId> spilled;
  for (InstId i = 0; i < test.graph().num_insts; ++i) {
    if (test.liveness.values[i].spilled) spilled.push_back(i);
  }
  ASSERT_GT(spilled.size(), 2u);
  for (InstId value : spilled) {
    test.liveness.values[value].slot =
        test.liveness.values[spilled[0]].slot;
  }
  EXPECT_NE(test.Check().what, nullptr);
}

TEST(CheckerTest, NoticesAMissingStore) {
  Allocated test(Crowded());
  uint32_t noticed = 0, planted = 0;
  for (InstId i = 0; i < test.graph().num_insts; ++i) {
    ValueInfo& info = test.liveness.values[i];
    if (!info.spilled) continue;
    info.spilled = false;
    ++planted;
    if (test.Check().what != nullptr) ++noticed;
    info.spilled = true;
  }
  EXPECT_GT(planted, 5u);
  EXPECT_EQ(noticed, planted);
}

}  // namespace
}  // namespace ingot::compiler
