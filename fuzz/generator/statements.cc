// The statements of generated bodies: what they set, store, call, and how they
// branch. A branch whose block goes on behind it stands in an `if`.

#include "compiler/wasm/opcodes.h"
#include "fuzz/generator/body.h"
#include "fuzz/generator/operations.h"

namespace ingot::fuzz {

using wasm::Op;
using wasm::ValType;

void BodyGenerator::Statements() {
  const uint32_t count = random_.Below(nesting_ == 0 ? 12 : 4);
  for (uint32_t i = 0; i < count && Pay(1); ++i) Statement();
}

void BodyGenerator::Statement() {
  ++nesting_;
  const uint32_t kind = random_.Below(100);
  if (kind < 25) {
    SetLocal();
  } else if (kind < 33) {
    SetGlobal();
  } else if (kind < 45) {
    Store();
  } else if (kind < 52) {
    AnyCall();
  } else if (kind < 58) {
    IfElse({});
  } else if (kind < 63) {
    Loop(SomeTypes(0));
  } else if (kind < 68) {
    Block({});
  } else if (kind < 80) {
    BranchIf();
  } else if (kind < 82) {
    BranchTable();
  } else if (kind < 84) {
    Branch();
  } else if (kind < 86) {
    Continue();
  } else if (kind < 88) {
    Rotate();
  } else if (kind < 91) {
    Bulk();
  } else if (kind < 94) {
    TableStatement();
  } else if (kind < 97) {
    const Types types = SomeTypes(6);
    Values(types);
    out_.Inst(Op::kNop);
    Consume(types);
  } else if (kind < 99) {
    Return();
  } else {
    Trap();
  }
  --nesting_;
}

void BodyGenerator::SetLocal() {
  const ValType type = random_.Chance(95) ? NumberType()
                       : random_.Chance(50) ? ValType::kFuncRef
                                            : ValType::kExternRef;
  const uint32_t local = Local(type);
  Value(type);
  local == ~0u ? out_.Inst(Op::kDrop) : out_.Inst(Op::kLocalSet, local);
}

void BodyGenerator::SetGlobal() {
  const ValType type = random_.Chance(95) ? NumberType() : ValType::kFuncRef;
  const int global = FindGlobal(type, true);
  Value(type);
  global < 0 ? out_.Inst(Op::kDrop)
             : out_.Inst(Op::kGlobalSet, static_cast<uint32_t>(global));
}

void BodyGenerator::Store() {
  if (!plan_.has_memory) return SetLocal();
  const ValType type = NumberType();
  const auto stores = StoresOf(type);
  const Op op =
      stores[random_.Below(static_cast<uint32_t>(stores.size()))]->op;
  Address();
  Value(type);
  MemArg(op);
}

void BodyGenerator::AnyCall() {
  const uint32_t function =
      random_.Below(static_cast<uint32_t>(plan_.functions.size()));
  if (random_.Chance(30)) {
    CallIndirect(plan_.functions[function]);
  } else {
    Call(function);
  }
  Consume(plan_.TypeOf(function).results);
}

uint32_t BodyGenerator::ForwardLabel() {
  const uint32_t count = static_cast<uint32_t>(labels_.size());
  uint32_t depth = random_.Below(count);
  while (labels_[count - 1 - depth].is_loop) ++depth;
  return depth;
}

void BodyGenerator::BranchIf() {
  const uint32_t depth = ForwardLabel();
  const Types types = labels_[labels_.size() - 1 - depth].types;
  Values(types);
  Value(ValType::kI32);
  if (random_.Chance(50)) out_.I32Const(15).Inst(Op::kI32And).Inst(Op::kI32Eqz);
  out_.Inst(Op::kBrIf, depth);
  Consume(types);
}

// The rest of the block cannot be reached, but for an `if` around it.
void BodyGenerator::Branch() {
  Value(ValType::kI32);
  Enter(Op::kIf, {}, {});
  labels_.push_back({{}, false});
  const uint32_t depth = ForwardLabel();
  const Types types = labels_[labels_.size() - 1 - depth].types;
  Values(types);
  out_.Inst(Op::kBr, depth);
  DeadCode();
  labels_.pop_back();
  out_.Inst(Op::kEnd);
}

void BodyGenerator::BranchTable() {
  // Labels of one type, in a block so that the code after it lives.
  out_.Block(Op::kBlock);
  labels_.push_back({{}, false});
  const uint32_t first = ForwardLabel();
  const Types types = labels_[labels_.size() - 1 - first].types;
  std::vector<uint32_t> depths;
  const uint32_t wanted = random_.Chance(5) ? 300 : random_.Below(12);
  std::vector<uint32_t> fitting;
  for (uint32_t depth = 0; depth < labels_.size(); ++depth) {
    const Label& label = labels_[labels_.size() - 1 - depth];
    if (!label.is_loop && label.types == types) fitting.push_back(depth);
  }
  for (uint32_t i = 0; i <= wanted; ++i) {
    depths.push_back(
        fitting[random_.Below(static_cast<uint32_t>(fitting.size()))]);
  }
  Values(types);
  Value(ValType::kI32);
  if (random_.Chance(70)) out_.I32Const(15).Inst(Op::kI32And);
  out_.Opcode(Op::kBrTable).U32(wanted);
  for (const uint32_t depth : depths) out_.U32(depth);
  DeadCode();
  labels_.pop_back();
  out_.Inst(Op::kEnd);
}

// Leaves whether a counted loop may go round again.
void BodyGenerator::CountDown(uint32_t counter) {
  out_.Inst(Op::kLocalGet, counter).I32Const(1).Inst(Op::kI32Sub);
  out_.Inst(Op::kLocalTee, counter).I32Const(0).Inst(Op::kI32GtS);
}

// Another edge back to a loop's header, from wherever this is.
void BodyGenerator::Continue() {
  const uint32_t count = static_cast<uint32_t>(labels_.size());
  for (uint32_t depth = 0; depth < count; ++depth) {
    const Label& label = labels_[count - 1 - depth];
    if (!label.is_loop || label.counter == ~0u || random_.Chance(40)) continue;
    const uint32_t counter = label.counter;
    if (label.types.empty() && random_.Chance(50)) {
      return ContinueTable(depth, counter);
    }
    const Types types = label.types;
    Values(types);
    CountDown(counter);
    out_.Inst(Op::kBrIf, depth);
    Consume(types);
    return;
  }
}

// Edges back to a header beside edges out, from one instruction.
void BodyGenerator::ContinueTable(uint32_t depth, uint32_t counter) {
  out_.Block(Op::kBlock);
  labels_.push_back({{}, false});
  CountDown(counter);
  out_.Inst(Op::kI32Eqz).Inst(Op::kBrIf, 0);
  Value(ValType::kI32);
  out_.I32Const(7).Inst(Op::kI32And);
  const uint32_t targets = random_.Below(6);
  out_.Opcode(Op::kBrTable).U32(targets);
  for (uint32_t i = 0; i <= targets; ++i) {
    out_.U32(random_.Chance(50) ? depth + 1 : 0);
  }
  labels_.pop_back();
  out_.Inst(Op::kEnd);
}

// Values change places: where paths meet these are cycles of moves.
void BodyGenerator::Rotate() {
  const ValType type = NumberType();
  std::vector<uint32_t> rotated;
  for (uint32_t i = 0; i < reserved_; ++i) {
    if (locals_[i] == type && random_.Chance(70)) rotated.push_back(i);
    if (rotated.size() == 12) break;
  }
  if (rotated.size() < 2) return SetLocal();
  for (const uint32_t local : rotated) out_.Inst(Op::kLocalGet, local);
  const uint32_t first = rotated.front();
  rotated.erase(rotated.begin());
  rotated.push_back(first);
  for (auto local = rotated.rbegin(); local != rotated.rend(); ++local) {
    out_.Inst(Op::kLocalSet, *local);
  }
}

void BodyGenerator::Return() {
  Value(ValType::kI32);
  out_.I32Const(7).Inst(Op::kI32And).Inst(Op::kI32Eqz);
  Enter(Op::kIf, {}, {});
  labels_.push_back({{}, false});
  const uint32_t callee =
      random_.Below(static_cast<uint32_t>(plan_.functions.size()));
  if (plan_.options.tail_calls && plan_.TypeOf(callee).results == type_.results) {
    Values(plan_.TypeOf(callee).params);
    if (random_.Chance(50)) {
      out_.Inst(Op::kReturnCall, callee);
    } else {
      out_.I32Const(static_cast<int32_t>(plan_.SlotOf(callee)));
      out_.Inst(Op::kReturnCallIndirect, plan_.functions[callee], 0);
    }
  } else {
    Values(type_.results);
    out_.Inst(Op::kReturn);
  }
  DeadCode();
  labels_.pop_back();
  out_.Inst(Op::kEnd);
}

void BodyGenerator::Trap() {
  Value(ValType::kI32);
  out_.I32Const(31).Inst(Op::kI32And).Inst(Op::kI32Eqz);
  Enter(Op::kIf, {}, {});
  out_.Inst(Op::kUnreachable);
  DeadCode();
  out_.Inst(Op::kEnd);
}

// Operands that are not there are fine where nothing is reached.
void BodyGenerator::DeadCode() {
  switch (random_.Below(6)) {
    case 0:
      out_.Inst(Op::kI32Add).Inst(Op::kDrop);
      break;
    case 1:
      out_.Inst(Op::kSelect).Inst(Op::kF64Neg).Inst(Op::kDrop);
      break;
    case 2:
      out_.Block(Op::kLoop).Inst(Op::kBr, 0).Inst(Op::kEnd);
      break;
    case 3:
      out_.Block(Op::kIf).Inst(Op::kElse).Inst(Op::kUnreachable);
      out_.Inst(Op::kEnd);
      break;
    default:
      break;
  }
}

void BodyGenerator::Bulk() {
  if (!plan_.has_memory) return SetGlobal();
  const uint32_t kind = random_.Below(4);
  if (kind == 3) {
    if (random_.Chance(20)) {
      out_.Inst(Op::kDataDrop, random_.Below(plan_.data_segments));
    }
    return;
  }
  for (uint32_t i = 0; i < 3; ++i) {
    Value(ValType::kI32);
    // Short, in bounds, from either end.
    constexpr int32_t kMasks[3][3] = {
        {0xFFFF, 0x3FF, 15}, {0xFFFF, 0xFFFF, 0x3FF}, {0xFFFF, 255, 0x3FF}};
    if (!random_.Chance(3)) {
      out_.I32Const(kMasks[kind][i]).Inst(Op::kI32And);
    }
  }
  if (kind == 0) {
    out_.Opcode(Op::kMemoryInit).U32(random_.Below(plan_.data_segments));
    out_.Byte(0);
  } else if (kind == 1) {
    out_.Inst(Op::kMemoryCopy, 0, 0);
  } else {
    out_.Inst(Op::kMemoryFill, 0);
  }
}

// A table with the same elements, perhaps the same table.
uint32_t BodyGenerator::OtherTable(uint32_t table) {
  const uint32_t count = static_cast<uint32_t>(plan_.tables.size());
  uint32_t other = random_.Below(count);
  while (plan_.tables[other].element != plan_.tables[table].element) {
    other = (other + 1) % count;
  }
  return other;
}

void BodyGenerator::TableStatement() {
  const auto small = [&] {
    Value(ValType::kI32);
    if (!random_.Chance(3)) out_.I32Const(3).Inst(Op::kI32And);
  };
  const uint32_t table =
      random_.Below(static_cast<uint32_t>(plan_.tables.size()));
  const ValType type = plan_.tables[table].element;
  switch (random_.Below(5)) {
    case 0:
      small();
      Value(type);
      out_.Inst(Op::kTableSet, table);
      break;
    case 1:
      small();
      Value(type);
      small();
      out_.Inst(Op::kTableFill, table);
      break;
    case 2:
      for (uint32_t i = 0; i < 3; ++i) small();
      out_.Inst(Op::kTableCopy, table, OtherTable(table));
      break;
    case 3:
      for (uint32_t i = 0; i < plan_.elements.size(); ++i) {
        if (plan_.elements[i] != type) continue;
        for (uint32_t k = 0; k < 3; ++k) small();
        out_.Inst(Op::kTableInit, plan_.first_passive_element + i, table);
        return;
      }
      break;
    default:
      if (!plan_.elements.empty() && random_.Chance(20)) {
        out_.Inst(Op::kElemDrop,
                  plan_.first_passive_element +
                      random_.Below(
                          static_cast<uint32_t>(plan_.elements.size())));
      }
      break;
  }
}

}  // namespace ingot::fuzz
