#include "runtime/interpreter/code.h"

#include <algorithm>
#include <utility>

#include "compiler/base/check.h"
#include "compiler/wasm/operator_reader.h"
#include "metering/stack_units.h"

// The body is walked once with a stack of open blocks. Validation guarantees
// that types fit, so only the height of the operand stack is followed: from
// each row's signature in compiler/wasm/opcodes.def, or from the context where
// the signature depends on it. After an unconditional branch nothing is
// emitted up to the `else` or `end` of the innermost open block.

namespace ingot::runtime::interpreter {
namespace {

using wasm::Op;
using wasm::Operator;

// How an instruction with a fixed signature changes the operand stack.
struct Effect {
  bool fixed = false;
  int32_t delta = 0;
};

constexpr Effect EffectOf(const char* signature) {
  if (signature[0] == '*') return {};
  Effect effect{.fixed = true};
  int32_t sign = -1;
  for (const char* at = signature; *at != 0; ++at) {
    if (*at == ':') {
      sign = 1;
    } else {
      effect.delta += sign;
    }
  }
  return effect;
}

// A block that is open at the current instruction.
struct Block {
  Op op = Op::kBlock;
  uint32_t height = 0;  // of the operand stack below its parameters
  uint32_t params = 0;
  uint32_t results = 0;
  uint32_t start = 0;                // loop: where its branches go
  uint32_t if_target = kNowhere;     // if: target taken when the test fails
  std::vector<uint32_t> end_targets;  // targets that wait for its end
};

class Preparer {
 public:
  Preparer(const Program& program, const wasm::Body& body,
           const GasSchedule& schedule)
      : program_(program),
        module_(program.module()),
        body_(body),
        schedule_(schedule),
        reader_(program.bytes().data(), body.code, body.end),
        code_(std::make_unique<Code>()) {}

  std::unique_ptr<const Code> Run() {
    const wasm::FuncType& type = FunctionType(body_.function);
    code_->params = type.params;
    code_->results = type.results;
    code_->locals = body_.locals;
    code_->frame_units = StackUnits(body_);
    code_->entry_price = schedule_.EntryPrice(type.params, type.results,
                                              body_.locals - type.params);
    Block whole;
    whole.results = type.results;
    blocks_.push_back(std::move(whole));
    Operator op;
    while (reader_.Next(&op)) Step(op);
    INGOT_CHECK(reader_.status().ok() && blocks_.empty());
    code_->max_height = max_height_;
    return std::move(code_);
  }

 private:
  uint32_t Pc() const {
    return static_cast<uint32_t>(code_->instructions.size());
  }

  void Emit(const Operator& op, uint32_t a, uint32_t b) {
    code_->instructions.push_back({op.op, schedule_.Price(op.op), a, b});
    code_->offsets.push_back(op.offset);
  }

  void Adjust(int32_t delta) {
    height_ = static_cast<uint32_t>(static_cast<int32_t>(height_) + delta);
    max_height_ = std::max(max_height_, height_);
  }

  const wasm::FuncType& TypeAt(uint32_t index) const {
    return program_.arena().Get(module_.types, index);
  }
  const wasm::FuncType& FunctionType(uint32_t function) const {
    return TypeAt(program_.arena().Get(module_.functions, function));
  }

  // Appends the target of a branch to the label `depth` blocks up and returns
  // its index. A loop's label is its start, any other's its end (4.4.8).
  uint32_t AddTarget(uint32_t depth) {
    Block& block = blocks_[blocks_.size() - 1 - depth];
    const uint32_t index = static_cast<uint32_t>(code_->targets.size());
    if (block.op == Op::kLoop) {
      code_->targets.push_back({block.start, block.height, block.params});
    } else {
      code_->targets.push_back({0, block.height, block.results});
      block.end_targets.push_back(index);
    }
    return index;
  }

  void Open(const Operator& op) {
    if (dead_) {
      ++dead_blocks_;
      return;
    }
    Block block;
    block.op = op.op;
    if (op.block == wasm::BlockKind::kType) {
      block.params = TypeAt(op.a).params;
      block.results = TypeAt(op.a).results;
    } else if (op.block == wasm::BlockKind::kValue) {
      block.results = 1;
    }
    if (op.op == Op::kIf) {
      Adjust(-1);
      block.if_target = static_cast<uint32_t>(code_->targets.size());
      code_->targets.push_back({0, height_ - block.params, block.params});
      Emit(op, block.if_target, 0);
    }
    block.height = height_ - block.params;
    block.start = Pc();
    blocks_.push_back(std::move(block));
  }

  void Else(const Operator& op) {
    if (dead_blocks_ > 0) return;
    Block& block = blocks_.back();
    if (!dead_) Emit(op, AddTarget(0), 0);
    code_->targets[block.if_target].pc = Pc();
    block.if_target = kNowhere;
    height_ = block.height + block.params;
    dead_ = false;
  }

  void End(const Operator& op) {
    if (dead_blocks_ > 0) {
      --dead_blocks_;
      return;
    }
    const Block& block = blocks_.back();
    if (block.if_target != kNowhere) {
      code_->targets[block.if_target].pc = Pc();
    }
    for (uint32_t target : block.end_targets) {
      code_->targets[target].pc = Pc();
    }
    height_ = block.height + block.results;
    max_height_ = std::max(max_height_, height_);
    dead_ = false;
    if (blocks_.size() == 1) Emit(op, 0, 0);
    blocks_.pop_back();
  }

  void BrTable(const Operator& op) {
    const uint32_t first = static_cast<uint32_t>(code_->targets.size());
    for (uint32_t i = 0; i <= op.a; ++i) AddTarget(reader_.ReadLabel());
    Emit(op, first, op.a);
    dead_ = true;
  }

  void Call(const Operator& op, const wasm::FuncType& type) {
    Adjust(-static_cast<int32_t>(type.params));
    Adjust(type.results);
    Emit(op, op.a, op.b);
  }

  void Step(const Operator& op) {
    switch (op.op) {
      case Op::kBlock:
      case Op::kLoop:
      case Op::kIf:
        return Open(op);
      case Op::kElse:
        return Else(op);
      case Op::kEnd:
        return End(op);
      default:
        if (!dead_) Plain(op);
    }
  }

  // Everything but structure, in reachable code.
  void Plain(const Operator& op) {
    const Effect effect = EffectOf(wasm::InfoOf(op.op).signature);
    if (effect.fixed) {
      Adjust(effect.delta);
      const bool constant =
          op.op >= Op::kI32Const && op.op <= Op::kF64Const;
      return constant ? Emit(op, static_cast<uint32_t>(op.bits),
                             static_cast<uint32_t>(op.bits >> 32))
                      : Emit(op, op.a, op.b);
    }
    switch (op.op) {
      case Op::kBr:
        Emit(op, AddTarget(op.a), 0);
        dead_ = true;
        return;
      case Op::kBrIf:
        Adjust(-1);
        return Emit(op, AddTarget(op.a), 0);
      case Op::kBrTable:
        Adjust(-1);
        return BrTable(op);
      case Op::kCall:
        return Call(op, FunctionType(op.a));
      case Op::kCallIndirect:
        Adjust(-1);
        return Call(op, TypeAt(op.a));
      case Op::kUnreachable:
      case Op::kReturn:
      case Op::kReturnCall:
      case Op::kReturnCallIndirect:
        Emit(op, op.a, op.b);
        dead_ = true;
        return;
      case Op::kLocalGet:
      case Op::kGlobalGet:
      case Op::kRefNull:
        Adjust(1);
        break;
      case Op::kDrop:
      case Op::kLocalSet:
      case Op::kGlobalSet:
      case Op::kTableGrow:
        Adjust(-1);
        break;
      case Op::kSelect:
      case Op::kSelectT:
      case Op::kTableSet:
        Adjust(-2);
        break;
      case Op::kTableFill:
        Adjust(-3);
        break;
      case Op::kLocalTee:
      case Op::kTableGet:
      case Op::kRefIsNull:
        break;
      default:
        INGOT_CHECK(false);  // a row of the table without its effect here
    }
    Emit(op, op.a, op.b);
  }

  const Program& program_;
  const wasm::Module& module_;
  const wasm::Body& body_;
  const GasSchedule& schedule_;
  wasm::OperatorReader reader_;
  std::unique_ptr<Code> code_;
  std::vector<Block> blocks_;
  uint32_t height_ = 0;
  uint32_t max_height_ = 0;
  bool dead_ = false;
  uint32_t dead_blocks_ = 0;  // opened in dead code
};

}  // namespace

std::unique_ptr<const Code> PrepareCode(const Program& program, uint32_t body,
                                        const GasSchedule& schedule) {
  const wasm::Body& entry = program.arena().Get(program.module().bodies, body);
  return Preparer(program, entry, schedule).Run();
}

}  // namespace ingot::runtime::interpreter
