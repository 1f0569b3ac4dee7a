// Every numeric instruction over corner values × corner values × places of its
// operands: the four registers with a role in both orders with the others
// alive, frame slots, constants, the same operand twice, memory; results that
// are returned, tested, selected by. Each at both levels, and for both targets.

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
using Types = std::vector<ValType>;

struct Operation {
  Op op;
  std::string text;
  Types operands;
  ValType result;
};

std::vector<Operation> Operations() {
  std::vector<Operation> all;
  for (const OpInfo& info : wasm::kOpInfo) {
    const std::string_view signature = info.signature;
    const size_t colon = signature.find(':');
    if (info.immediate != wasm::ImmediateKind::kNone || colon == 0 ||
        colon == std::string_view::npos || colon + 1 == signature.size()) {
      continue;
    }
    Operation operation{info.op, info.text, {}, TypeOfLetter(signature.back())};
    for (const char letter : signature.substr(0, colon)) {
      operation.operands.push_back(TypeOfLetter(letter));
    }
    all.push_back(std::move(operation));
  }
  return all;
}

// Writes functions around one instruction and remembers how to call them.
class OperationModule {
 public:
  explicit OperationModule(const Operation& operation)
      : operation_(operation) {
    nothing_ = builder_.AddFunction(builder_.AddType({}, {}), {},
                                    ByteWriter().Inst(Op::kEnd).bytes());
    unary_ = operation.operands.size() == 1;
    AddRegisters();
    AddFrame();
    AddSame();
    AddConstants();
    AddUses();
    AddMemory();
  }

  std::vector<uint8_t> Build() const { return builder_.Build(); }

  void CallAll(VectorRunner& runner) const {
    const auto left = Corners(operation_.operands[0]);
    const auto right =
        unary_ ? std::vector<uint64_t>{0} : Corners(operation_.operands[1]);
    for (const Function& function : functions_) {
      for (const uint64_t a : left) {
        for (const uint64_t b : right) {
          std::vector<uint64_t> args(4, 0x1234567890ABCDEF);
          if (function.left >= 0) args[function.left] = a;
          if (function.right >= 0) args[function.right] = b;
          runner.Call(function.name, args);
          if (function.right < 0) break;
        }
        if (function.left < 0 && function.right < 0) break;
      }
    }
    for (const uint64_t a : left) {
      for (const uint64_t b : right) {
        runner.Call("put", std::vector<uint64_t>{a, b});
        for (const InMemory& function : in_memory_) {
          runner.Call(function.name,
                      std::vector<uint64_t>{
                          kAddress, function.other_is_left ? a : b});
        }
      }
    }
  }

 private:
  struct Function {
    std::string name;
    int left;   // which parameter it is; -1: a constant
    int right;  // -1: none
  };

  // Takes the address of the operands and the one that is not loaded.
  struct InMemory {
    std::string name;
    bool other_is_left;
  };
  // The operands lie at this address and 8 bytes on, the last bytes that there
  // are: an access that is too wide traps.
  static constexpr uint32_t kAddress = 65536 - 16;

  void Add(const std::string& name, int left, int right, const Types& params,
           const Types& results, ByteWriter& code) {
    code.Inst(Op::kEnd);
    builder_.AddExport(
        name, wasm::ExternKind::kFunc,
        builder_.AddFunction(builder_.AddType(params, results), {},
                             code.bytes()));
    functions_.push_back({name, left, right});
  }

  ValType right_type() const {
    return unary_ ? operation_.operands[0] : operation_.operands[1];
  }
  void Apply(ByteWriter& code, uint32_t left, uint32_t right) const {
    code.Inst(Op::kLocalGet, left);
    if (!unary_) code.Inst(Op::kLocalGet, right);
    code.Inst(operation_.op);
  }

  // Parameters p and q of four, all of which live on.
  void AddRegisters() {
    for (int p = 0; p < 4; ++p) {
      for (int q = 0; q < 4; ++q) {
        if (unary_ ? q != 0 : p == q) continue;
        Types params(4, operation_.operands[0]);
        if (!unary_) params[q] = right_type();
        Types results = params;
        results.insert(results.begin(), operation_.result);
        ByteWriter code;
        Apply(code, p, q);
        for (uint32_t i = 0; i < 4; ++i) code.Inst(Op::kLocalGet, i);
        Add(absl::StrCat("registers", p, q), p, unary_ ? -1 : q, params,
            results, code);
        // And none of which does.
        ByteWriter last;
        Apply(last, p, q);
        Add(absl::StrCat("last", p, q), p, unary_ ? -1 : q, params,
            {operation_.result}, last);
      }
    }
  }

  // A call puts all values into the frame; a global brings one back.
  void AddFrame() {
    const Types params = {operation_.operands[0], right_type()};
    for (uint32_t back = 0; back < 4; ++back) {
      ByteWriter code;
      code.Inst(Op::kCall, nothing_);
      for (uint32_t i = 0; i < 2; ++i) {
        if ((back >> i & 1) == 0) continue;
        code.Inst(Op::kLocalGet, i).Inst(Op::kGlobalSet, GlobalOf(params[i]));
      }
      Apply(code, 0, 1);
      code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1);
      Add(absl::StrCat("frame", back), 0, unary_ ? -1 : 1, params,
          {operation_.result, params[0], params[1]}, code);
      ByteWriter last;
      last.Inst(Op::kCall, nothing_);
      Apply(last, 0, 1);
      Add(absl::StrCat("frame_last", back), 0, unary_ ? -1 : 1, params,
          {operation_.result}, last);
    }
  }

  void AddSame() {
    if (unary_ || operation_.operands[0] != right_type()) return;
    for (uint32_t p = 0; p < 4; ++p) {
      const Types params(4, operation_.operands[0]);
      ByteWriter code;
      Apply(code, p, p);
      code.Inst(Op::kLocalGet, p);
      Add(absl::StrCat("same", p), static_cast<int>(p), -1, params,
          {operation_.result, params[p]}, code);
      ByteWriter last;
      Apply(last, p, p);
      Add(absl::StrCat("same_last", p), static_cast<int>(p), -1, params,
          {operation_.result}, last);
    }
  }

  void AddConstants() {
    uint32_t number = 0;
    for (const uint64_t bits : Corners(operation_.operands[0])) {
      ByteWriter code;
      WriteConstant(operation_.operands[0], bits, code);
      if (!unary_) code.Inst(Op::kLocalGet, 0);
      code.Inst(operation_.op);
      Add(absl::StrCat("constant_left", number++), -1, unary_ ? -1 : 0,
          {right_type()}, {operation_.result}, code);
    }
    if (unary_) return;
    for (const uint64_t bits : Corners(right_type())) {
      ByteWriter code;
      code.Inst(Op::kLocalGet, 0);
      WriteConstant(right_type(), bits, code);
      code.Inst(operation_.op);
      Add(absl::StrCat("constant_right", number++), 0, -1,
          {operation_.operands[0]}, {operation_.result}, code);
    }
    // Both, of which the second is one that does not trap.
    ByteWriter code;
    WriteConstant(operation_.operands[0], Corners(operation_.operands[0])[3],
                  code);
    WriteConstant(right_type(), Corners(right_type())[3], code);
    code.Inst(operation_.op);
    Add("constants", -1, -1, {}, {operation_.result}, code);
  }

  // What reads the result.
  void AddUses() {
    if (operation_.result != ValType::kI32) return;
    const Types params = {operation_.operands[0], right_type()};
    const int right = unary_ ? -1 : 1;
    ByteWriter tested;
    Apply(tested, 0, 1);
    tested.Block(Op::kIf, ValType::kI32).I32Const(17).Inst(Op::kElse);
    tested.I32Const(18).Inst(Op::kEnd);
    Add("if", 0, right, params, {ValType::kI32}, tested);
    ByteWriter inverted;
    inverted.Block(Op::kBlock);
    Apply(inverted, 0, 1);
    inverted.Inst(Op::kI32Eqz).Inst(Op::kBrIf, 0).I32Const(19);
    inverted.Inst(Op::kReturn).Inst(Op::kEnd).I32Const(20);
    Add("br_if", 0, right, params, {ValType::kI32}, inverted);
    // Of each type, the operands among what is selected.
    for (uint32_t i = 0; i < 2; ++i) {
      ByteWriter select;
      select.Inst(Op::kLocalGet, i);
      WriteConstant(params[i], 42, select);
      Apply(select, 0, 1);
      select.Inst(Op::kSelect);
      Add(absl::StrCat("select", i), 0, right, params, {params[i]}, select);
    }
    ByteWriter twice;
    Apply(twice, 0, 1);
    twice.Inst(Op::kLocalTee, 2).Inst(Op::kLocalGet, 2).Inst(Op::kI32Add);
    Types with_local = params;
    with_local.push_back(ValType::kI32);
    Add("twice", 0, right, with_local, {ValType::kI32}, twice);
  }

  void Load(ValType type, uint32_t offset, ByteWriter& code) const {
    const Op op = type == ValType::kI32   ? Op::kI32Load
                  : type == ValType::kI64 ? Op::kI64Load
                  : type == ValType::kF32 ? Op::kF32Load
                                          : Op::kF64Load;
    // Four bytes lie at the end of their eight.
    const bool narrow = type == ValType::kI32 || type == ValType::kF32;
    code.Inst(op, 0, offset + (narrow ? 4 : 0));
  }
  void Store(ValType type, uint32_t offset, ByteWriter& code) const {
    const Op op = type == ValType::kI32   ? Op::kI32Store
                  : type == ValType::kI64 ? Op::kI64Store
                  : type == ValType::kF32 ? Op::kF32Store
                                          : Op::kF64Store;
    const bool narrow = type == ValType::kI32 || type == ValType::kF32;
    code.Inst(op, 0, offset + (narrow ? 4 : 0));
  }

  // One or both operands are loads that only the instruction uses. Another call
  // stores them, so nobody knows what they are.
  void AddMemory() {
    builder_.AddMemory({1, 1, true});
    const Types operands = {operation_.operands[0], right_type()};
    ByteWriter put;
    for (uint32_t i = 0; i < 2; ++i) {
      put.I32Const(kAddress).Inst(Op::kLocalGet, i);
      Store(operands[i], 8 * i, put);
    }
    put.Inst(Op::kEnd);
    builder_.AddExport("put", wasm::ExternKind::kFunc,
                       builder_.AddFunction(builder_.AddType(operands, {}), {},
                                            put.bytes()));
    for (const uint32_t loaded : {1u, 2u, 3u}) {
      if (unary_ && loaded != 1) continue;
      const bool other_is_left = (loaded & 1) == 0;
      for (const bool constant : {false, true}) {
        ByteWriter code;
        for (uint32_t i = 0; i < (unary_ ? 1u : 2u); ++i) {
          if ((loaded >> i & 1) == 0) {
            code.Inst(Op::kLocalGet, 1);
            continue;
          }
          // By the parameter, or by a constant address.
          if (constant) {
            code.I32Const(kAddress);
          } else {
            code.Inst(Op::kLocalGet, 0);
          }
          Load(operands[i], 8 * i, code);
        }
        code.Inst(operation_.op).Inst(Op::kEnd);
        const std::string name =
            absl::StrCat("memory", loaded, constant ? "_constant" : "");
        const uint32_t type = builder_.AddType(
            {ValType::kI32, operands[other_is_left ? 0 : 1]},
            {operation_.result});
        builder_.AddExport(name, wasm::ExternKind::kFunc,
                           builder_.AddFunction(type, {}, code.bytes()));
        in_memory_.push_back({name, other_is_left});
      }
    }
  }

  uint32_t GlobalOf(ValType type) {
    const uint32_t number = static_cast<uint32_t>(type);
    for (uint32_t i = 0; i < globals_.size(); ++i) {
      if (globals_[i] == number) return i;
    }
    globals_.push_back(number);
    ByteWriter init;
    WriteConstant(type, 0, init);
    init.Inst(Op::kEnd);
    return builder_.AddGlobal({type, true}, init.bytes());
  }

  const Operation& operation_;
  ModuleBuilder builder_;
  uint32_t nothing_ = 0;
  bool unary_ = false;
  std::vector<uint32_t> globals_;
  std::vector<Function> functions_;
  std::vector<InMemory> in_memory_;
};

void RunAll(uint32_t level, Isa isa) {
  const std::vector<Operation> operations = Operations();
  EXPECT_GE(operations.size(), 130u);
  uint64_t calls = 0;
  uint64_t traps = 0;
  for (const Operation& operation : operations) {
    SCOPED_TRACE(operation.text);
    const OperationModule module(operation);
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
  std::printf("%zu operations, %llu calls, %llu traps\n", operations.size(),
              static_cast<unsigned long long>(calls),
              static_cast<unsigned long long>(traps));
}

TEST(NumericVectorsTest, EnginesAgreeOnEveryOperationAtLevel0) {
  RunAll(0, Isa::kX8664V3);
}
TEST(NumericVectorsTest, EnginesAgreeOnEveryOperationAtLevel1) {
  RunAll(1, Isa::kX8664V3);
}
TEST(NumericVectorsTest, EnginesAgreeOnEveryOperationAtLevel0OnV2) {
  RunAll(0, Isa::kX8664V2);
}
TEST(NumericVectorsTest, EnginesAgreeOnEveryOperationAtLevel1OnV2) {
  RunAll(1, Isa::kX8664V2);
}

}  // namespace
}  // namespace ingot::fuzz
