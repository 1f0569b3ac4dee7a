#include "compiler/compile.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "compiler/abi/profile.h"
#include "compiler/ir/test_graph.h"

// The three steps by themselves. What artifacts do is tested where they run.

namespace ingot::compiler {
namespace {

using wasm::ByteWriter;
using wasm::Op;
using wasm::ValType;

class CompileTest : public testing::Test {
 protected:
  static constexpr uint32_t kPages = 1024;

  CompileTest()
      : region_(uint64_t{kPages} * Arena::kPageBytes),
        arena_(region_.data(), 16, 0, region_.size()) {}

  Status Begin(const std::vector<uint8_t>& module) {
    Input input{};
    EXPECT_TRUE(arena_.AllocateArray(module.size(), &input.module));
    std::memcpy(arena_.View(input.module).data(), module.data(), module.size());
    EXPECT_TRUE(arena_.AllocateArray(kProfileBytes, &input.profile));
    Encode(profile_, arena_.View(input.profile));
    return Plan(arena_, input, &root_);
  }

  static std::vector<uint8_t> Add() {
    ByteWriter code;
    code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 0).Inst(Op::kI32Add);
    code.Inst(Op::kEnd);
    return OneFunction({ValType::kI32}, {ValType::kI32}, {}, code);
  }

  Profile profile_;
  std::vector<uint8_t> region_;
  Arena arena_;
  uint32_t root_ = 0;
};

TEST_F(CompileTest, BatchesAreCompiledFromThePlanAlone) {
  ASSERT_TRUE(Begin(Add()).ok());
  ASSERT_EQ(BatchCount(arena_, root_), 1u);
  const uint32_t mark = arena_.used();
  Array<uint8_t> first, second;
  ASSERT_TRUE(CompileFunctions(arena_, root_, 0, &first).ok());
  const std::vector<uint8_t> bytes(arena_.View(first).begin(),
                                   arena_.View(first).end());
  // What lies behind the plan does not matter.
  std::memset(arena_.base() + mark, 0xA5, arena_.used() - mark);
  arena_.Rewind(mark);
  ASSERT_TRUE(CompileFunctions(arena_, root_, 0, &second).ok());
  EXPECT_EQ(bytes, std::vector<uint8_t>(arena_.View(second).begin(),
                                        arena_.View(second).end()));
}

TEST_F(CompileTest, RefusesABadModuleWithItsPlace) {
  std::vector<uint8_t> module = Add();
  module[module.size() - 2] = 0x7C;  // i32.add becomes i64.add
  const Status status = Begin(module);
  EXPECT_EQ(status.code, Code::kTypeMismatch);
  EXPECT_EQ(status.function, 0u);
  EXPECT_EQ(status.offset, module.size() - 2);
}

TEST_F(CompileTest, AFullArenaIsOutOfMemory) {
  ASSERT_TRUE(Begin(Add()).ok());
  ASSERT_NE(arena_.Allocate(arena_.limit() - arena_.used() - 64), 0u);
  Array<uint8_t> piece;
  EXPECT_EQ(CompileFunctions(arena_, root_, 0, &piece).code,
            Code::kOutOfMemory);
}

}  // namespace
}  // namespace ingot::compiler
