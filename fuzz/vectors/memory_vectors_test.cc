// Every load and store at every kind of offset and at addresses around the
// edges of the memory, of the 32-bit range and of its halves; the address as a
// parameter, in the frame, or a constant; a memory of one's own or imported.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "compiler/wasm/opcodes.h"
#include "fuzz/generator/corners.h"
#include "fuzz/generator/operations.h"
#include "fuzz/vectors/vector_runner.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {
namespace {

using wasm::ByteWriter;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::OpInfo;
using wasm::ValType;

constexpr uint32_t kOffsets[] = {
    0,          1,          7,          0x7F,       0x80,       0xFFF8,
    0xFFFF,     0x10000,    0x7FFFFFF8, 0x7FFFFFFF, 0x80000000, 0x80000001,
    0xFFFEFFF8, 0xFFFF0000, 0xFFFFFFF8, 0xFFFFFFFF};
constexpr uint32_t kAddresses[] = {
    0,          1,          8,          0x7FFF,     0x8000,     0xFFF0,
    0xFFF7,     0xFFF8,     0xFFF9,     0xFFFC,     0xFFFD,     0xFFFE,
    0xFFFF,     0x10000,    0x10001,    0x7FFFFFFF, 0x80000000, 0x80000001,
    0x8000FFFF, 0xFFFEFFFF, 0xFFFF0000, 0xFFFFFFF8, 0xFFFFFFFF};

bool IsStore(const OpInfo& info) {
  return std::string_view(info.signature).size() == 3 &&
         info.signature[2] == ':';
}

class AccessModule {
 public:
  AccessModule(const OpInfo& info, uint32_t offset, bool imported)
      : info_(info), offset_(offset) {
    if (imported) {
      (void)builder_.ImportMemory("host", "memory", {1, 2, true});
    } else {
      (void)builder_.AddMemory({1, 2, true});
    }
    nothing_ = builder_.AddFunction(builder_.AddType({}, {}), {},
                                    ByteWriter().Inst(Op::kEnd).bytes());
    FillMemory();
    store_ = IsStore(info);
    value_ = TypeOfLetter(info.signature[store_ ? 1 : 2]);
    AddDynamic("parameter", false);
    AddDynamic("frame", true);
    uint32_t number = 0;
    for (const uint32_t address : kAddresses) {
      ByteWriter code;
      code.I32Const(static_cast<int32_t>(address));
      Access(code, 0);
      Add(absl::StrCat("constant", number++), {value_}, code);
    }
    if (store_) AddConstantValue();
  }

  std::vector<uint8_t> Build() const { return builder_.Build(); }

  void CallAll(VectorRunner& runner) const {
    const auto values = Corners(value_);
    uint32_t turn = 0;
    for (const uint32_t address : kAddresses) {
      for (const char* name : {"parameter", "frame"}) {
        const uint64_t args[] = {address, values[turn++ % values.size()]};
        runner.Call(name, args);
      }
      if (store_) runner.Call("constant_value", std::vector<uint64_t>{address});
    }
    for (uint32_t i = 0; i < std::size(kAddresses); ++i) {
      const uint64_t args[] = {values[turn++ % values.size()]};
      runner.Call(absl::StrCat("constant", i), args);
    }
  }

 private:
  // Bytes that differ, with and without a sign, where accesses go.
  void FillMemory() {
    std::vector<uint8_t> bytes;
    for (uint32_t i = 0; i < 256; ++i) {
      bytes.push_back(static_cast<uint8_t>(i * 0x9D + 0x8B));
    }
    for (const int32_t at : {0, 0x7F80, 0xFF00}) {
      (void)builder_.AddData(wasm::SegmentMode::kActive, 0,
                             ByteWriter().I32Const(at).Inst(Op::kEnd).bytes(),
                             bytes);
    }
  }

  void Access(ByteWriter& code, uint32_t value_local) const {
    if (store_) code.Inst(Op::kLocalGet, value_local);
    code.Opcode(info_.op).U32(0).U32(offset_);
  }

  void AddDynamic(const char* name, bool frame) {
    ByteWriter code;
    if (frame) code.Inst(Op::kCall, nothing_);
    code.Inst(Op::kLocalGet, 0);
    Access(code, 1);
    Add(name, {ValType::kI32, value_}, code);
  }

  void AddConstantValue() {
    ByteWriter code;
    code.Inst(Op::kLocalGet, 0);
    WriteConstant(value_, Corners(value_)[3], code);
    code.Opcode(info_.op).U32(0).U32(offset_);
    Add("constant_value", {ValType::kI32}, code);
  }

  void Add(const std::string& name, const std::vector<ValType>& params,
           ByteWriter& code) {
    code.Inst(Op::kEnd);
    std::vector<ValType> results;
    if (!store_) results.push_back(value_);
    builder_.AddExport(
        name, wasm::ExternKind::kFunc,
        builder_.AddFunction(builder_.AddType(params, results), {},
                             code.bytes()));
  }

  const OpInfo& info_;
  const uint32_t offset_;
  ModuleBuilder builder_;
  uint32_t nothing_ = 0;
  bool store_ = false;
  ValType value_ = ValType::kI32;
};

enum class Memory : uint8_t { kOwn, kImported };

void RunAll(Memory memory, uint32_t level, Isa isa = Isa::kX8664V3) {
  uint64_t calls = 0;
  uint64_t traps = 0;
  uint32_t operations = 0;
  for (const OpInfo& info : wasm::kOpInfo) {
    if (info.immediate != wasm::ImmediateKind::kMemArg) continue;
    ++operations;
    for (const uint32_t offset : kOffsets) {
      SCOPED_TRACE(absl::StrCat(info.text, " offset ", offset));
      const AccessModule module(info, offset, memory == Memory::kImported);
      VectorRunner runner;
      const absl::Status started = runner.Start(module.Build(), level, isa);
      ASSERT_TRUE(started.ok()) << started;
      module.CallAll(runner);
      for (const std::string& difference : runner.differences()) {
        ADD_FAILURE() << difference;
      }
      calls += runner.calls();
      traps += runner.traps();
    }
  }
  EXPECT_EQ(operations, 23u);
  std::printf("%u operations, %llu calls, %llu traps\n", operations,
              static_cast<unsigned long long>(calls),
              static_cast<unsigned long long>(traps));
}

TEST(MemoryVectorsTest, EnginesAgreeOnAMemoryOfOnesOwnAtLevel0) {
  RunAll(Memory::kOwn, 0);
}
TEST(MemoryVectorsTest, EnginesAgreeOnAMemoryOfOnesOwnAtLevel1) {
  RunAll(Memory::kOwn, 1);
}
TEST(MemoryVectorsTest, EnginesAgreeOnAnImportedMemoryAtLevel0) {
  RunAll(Memory::kImported, 0);
}
TEST(MemoryVectorsTest, EnginesAgreeOnAnImportedMemoryAtLevel1) {
  RunAll(Memory::kImported, 1);
}
TEST(MemoryVectorsTest, EnginesAgreeOnAMemoryOfOnesOwnAtLevel1OnV2) {
  RunAll(Memory::kOwn, 1, Isa::kX8664V2);
}
TEST(MemoryVectorsTest, EnginesAgreeOnAnImportedMemoryAtLevel1OnV2) {
  RunAll(Memory::kImported, 1, Isa::kX8664V2);
}

}  // namespace
}  // namespace ingot::fuzz
