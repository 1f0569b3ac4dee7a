// Writes bodies top down: each function below writes an instruction sequence
// of a fixed type, choosing among all that have it.

#include "fuzz/generator/body.h"

#include <algorithm>
#include <string_view>

#include "compiler/wasm/opcodes.h"
#include "fuzz/generator/corners.h"
#include "fuzz/generator/operations.h"

namespace ingot::fuzz {

using wasm::Op;
using wasm::OpInfo;
using wasm::ValType;

namespace {

constexpr ValType kNumbers[] = {ValType::kI32, ValType::kI64, ValType::kF32,
                                ValType::kF64};
constexpr uint32_t kDeepest = 12;

bool Divides(Op op) {
  return (op >= Op::kI32DivS && op <= Op::kI32RemU) ||
         (op >= Op::kI64DivS && op <= Op::kI64RemU);
}

}  // namespace

BodyGenerator::BodyGenerator(const PlannedModule& plan, uint32_t function,
                             Random& random)
    : plan_(plan), type_(plan.TypeOf(function)), random_(random) {}

GeneratedBody BodyGenerator::Generate() {
  budget_ = static_cast<int>(random_.Between(10, plan_.largest_body));
  if (random_.Chance(3)) budget_ *= 8;
  ChooseLocals();
  TakeFuel();
  labels_.push_back({type_.results, false});
  Statements();
  Values(type_.results);
  out_.Inst(Op::kEnd);
  return {runs_, out_.Take()};
}

void BodyGenerator::ChooseLocals() {
  locals_ = type_.params;
  const auto add = [&](uint32_t count, ValType type) {
    runs_.push_back({count, type});
    locals_.insert(locals_.end(), count, type);
  };
  for (const ValType type : kNumbers) {
    uint32_t count = random_.Below(4);
    if (random_.Chance(10)) count = random_.Below(40);
    // Frames of which most stays untouched.
    if (random_.Chance(1)) count = random_.Below(3000);
    if (count != 0) add(count, type);
  }
  if (random_.Chance(20)) add(1 + random_.Below(2), ValType::kFuncRef);
  if (random_.Chance(20)) add(1 + random_.Below(2), ValType::kExternRef);
  reserved_ = static_cast<uint32_t>(locals_.size());
  for (uint32_t i = 0; i < 3; ++i) counters_.push_back(reserved_ + i);
  add(3, ValType::kI32);
  add(1, ValType::kF32);
  add(1, ValType::kF64);
}

// Ends the function, at entry, when the fuel is used up.
void BodyGenerator::TakeFuel() {
  out_.Inst(Op::kGlobalGet, 0).Inst(Op::kI32Eqz).Block(Op::kIf);
  for (const ValType type : type_.results) Const(type);
  out_.Inst(Op::kReturn).Inst(Op::kEnd);
  out_.Inst(Op::kGlobalGet, 0).I32Const(1).Inst(Op::kI32Sub);
  out_.Inst(Op::kGlobalSet, 0);
}

bool BodyGenerator::Pay(uint32_t size) {
  budget_ -= static_cast<int>(size);
  return budget_ > 0 && nesting_ < kDeepest;
}

ValType BodyGenerator::NumberType() { return kNumbers[random_.Below(4)]; }

Types BodyGenerator::SomeTypes(uint32_t largest) {
  Types types(random_.Below(largest + 1));
  for (ValType& type : types) type = NumberType();
  return types;
}

uint32_t BodyGenerator::Local(ValType type) {
  if (reserved_ == 0) return ~0u;
  const uint32_t start = random_.Below(reserved_);
  for (uint32_t i = 0; i < reserved_; ++i) {
    const uint32_t local = (start + i) % reserved_;
    if (locals_[local] == type) return local;
  }
  return ~0u;
}

int BodyGenerator::FindGlobal(ValType type, bool is_mutable) {
  const uint32_t count = static_cast<uint32_t>(plan_.globals.size());
  const uint32_t start = random_.Below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t global = (start + i) % count;
    if (global != 0 && plan_.globals[global].type == type &&
        (!is_mutable || plan_.globals[global].is_mutable)) {
      return static_cast<int>(global);
    }
  }
  return -1;
}

uint32_t BodyGenerator::TypeIndex(const Types& params, const Types& results) {
  for (uint32_t i = 0; i < plan_.types.size(); ++i) {
    if (plan_.types[i].params == params && plan_.types[i].results == results) {
      return i;
    }
  }
  return ~0u;
}

void BodyGenerator::Const(ValType type) {
  WriteConstant(type, CornerValue(type, random_), out_);
}

void BodyGenerator::Leaf(ValType type) {
  const uint32_t local = Local(type);
  if (local != ~0u && random_.Chance(65)) {
    out_.Inst(Op::kLocalGet, local);
    return;
  }
  const int global = FindGlobal(type, false);
  if (global >= 0 && random_.Chance(30)) {
    out_.Inst(Op::kGlobalGet, static_cast<uint32_t>(global));
    return;
  }
  Const(type);
}

void BodyGenerator::Value(ValType type) {
  if (!Pay(1)) return Leaf(type);
  ++nesting_;
  if (wasm::IsRef(type)) {
    Reference(type);
  } else {
    const uint32_t kind = random_.Below(100);
    if (kind < 20) {
      Leaf(type);
    } else if (kind < 58) {
      Operation(type);
    } else if (kind < 68) {
      Load(type);
    } else if (kind < 74) {
      Select(type);
    } else if (kind < 78) {
      Block({type});
    } else if (kind < 82) {
      IfElse({type});
    } else if (kind < 85) {
      Loop({type});
    } else if (kind < 90) {
      if (!CallFor(type)) Operation(type);
    } else if (kind < 94) {
      const uint32_t local = Local(type);
      Value(type);
      if (local != ~0u) out_.Inst(Op::kLocalTee, local);
    } else if (kind < 96) {
      Wide(type);
    } else if (type == ValType::kI32) {
      Size();
    } else {
      Operation(type);
    }
  }
  --nesting_;
}

// More values at once than there are registers.
void BodyGenerator::Wide(ValType type) {
  const auto operations = OperationsFor(type);
  const uint32_t count = 8 + random_.Below(40);
  for (uint32_t i = 0; i < count; ++i) {
    random_.Chance(20) ? Value(type) : Leaf(type);
  }
  for (uint32_t i = 1; i < count; ++i) {
    while (true) {
      const OpInfo& info =
          *operations[random_.Below(static_cast<uint32_t>(operations.size()))];
      const std::string_view signature = info.signature;
      // type × type → type
      if (signature.size() != 4 || signature[0] != signature[3] ||
          (info.flags & wasm::kTraps) != 0) {
        continue;
      }
      Apply(info);
      break;
    }
  }
}

// Engines may choose among NaNs; the portable module then takes the canonical
// one.
void BodyGenerator::Apply(const OpInfo& info) {
  out_.Inst(info.op);
  if (!plan_.options.portable || !wasm::HasFlag(info.op, wasm::kCanonicalises)) {
    return;
  }
  const bool wide = info.signature[std::string_view(info.signature).size() -
                                   1] == 'F';
  const uint32_t scratch = reserved_ + 3 + wide;
  out_.Inst(Op::kLocalTee, scratch);
  wide ? out_.F64Const(0x7FF8000000000000) : out_.F32Const(0x7FC00000);
  out_.Inst(Op::kLocalGet, scratch).Inst(Op::kLocalGet, scratch);
  out_.Inst(wide ? Op::kF64Eq : Op::kF32Eq).Inst(Op::kSelect);
}

void BodyGenerator::Operation(ValType type) {
  static const std::vector<const OpInfo*> kOperations[4] = {
      OperationsFor(ValType::kI32), OperationsFor(ValType::kI64),
      OperationsFor(ValType::kF32), OperationsFor(ValType::kF64)};
  uint32_t which = 0;
  while (kNumbers[which] != type) ++which;
  const auto& choices = kOperations[which];
  const OpInfo* info =
      choices[random_.Below(static_cast<uint32_t>(choices.size()))];
  // Conversions that trap on most numbers end too many runs.
  if ((info->flags & wasm::kTraps) != 0 && !Divides(info->op) &&
      !random_.Chance(15)) {
    info = choices[random_.Below(static_cast<uint32_t>(choices.size()))];
  }
  const std::string_view signature = info->signature;
  const size_t operands = signature.find(':');
  Value(TypeOfLetter(signature[0]));
  if (operands == 2) {
    // The same operand twice.
    const uint32_t local = Local(TypeOfLetter(signature[0]));
    if (local != ~0u && random_.Chance(10)) {
      out_.Inst(Op::kLocalTee, local).Inst(Op::kLocalGet, local);
    } else if (Divides(info->op) && !random_.Chance(10)) {
      SafeOperand(info->op, TypeOfLetter(signature[1]));
    } else {
      Value(TypeOfLetter(signature[1]));
    }
  }
  Apply(*info);
}

// A divisor that rarely is 0.
void BodyGenerator::SafeOperand(Op, ValType type) {
  if (random_.Chance(40)) return Const(type);
  Value(type);
  if (type == ValType::kI32) {
    out_.I32Const(1).Inst(Op::kI32Or);
  } else {
    out_.I64Const(1).Inst(Op::kI64Or);
  }
}

void BodyGenerator::Address() {
  const uint32_t kind = random_.Below(100);
  if (kind < 25) {
    out_.I32Const(static_cast<int32_t>(random_.Below(0x10000)));
  } else if (kind < 97) {
    Value(ValType::kI32);
    out_.I32Const(kind < 90 ? 0xFFF8 : 0x1FFFF).Inst(Op::kI32And);
  } else {
    Value(ValType::kI32);
  }
}

void BodyGenerator::MemArg(Op op) {
  out_.Opcode(op).U32(random_.Below(wasm::AccessLog2(op) + 1));
  if (random_.Chance(97)) {
    out_.U32(random_.Chance(50) ? 0 : random_.Below(0x800));
  } else {
    constexpr uint32_t kOffsets[] = {0xFFFF,     0x10000,    0x7FFFFFFF,
                                     0x80000000, 0xFFFFFFFF, 0xFFFFFFF8};
    out_.U32(kOffsets[random_.Below(6)]);
  }
}

void BodyGenerator::Load(ValType type) {
  if (!plan_.has_memory) return Operation(type);
  const auto loads = LoadsOf(type);
  const Op op = loads[random_.Below(static_cast<uint32_t>(loads.size()))]->op;
  Address();
  MemArg(op);
}

void BodyGenerator::Select(ValType type) {
  Value(type);
  Value(type);
  Value(ValType::kI32);
  if (wasm::IsRef(type) || random_.Chance(30)) {
    out_.Opcode(Op::kSelectT).U32(1).Type(type);
  } else {
    out_.Inst(Op::kSelect);
  }
}

void BodyGenerator::Reference(ValType type) {
  const uint32_t kind = random_.Below(100);
  if (kind < 40) return Leaf(type);
  if (kind < 60 && type == ValType::kFuncRef) {
    out_.Inst(Op::kRefFunc,
              random_.Below(static_cast<uint32_t>(plan_.functions.size())));
    return;
  }
  if (kind < 80) {
    for (uint32_t i = 0; i < plan_.tables.size(); ++i) {
      if (plan_.tables[i].element != type) continue;
      Value(ValType::kI32);
      out_.I32Const(7).Inst(Op::kI32And).Inst(Op::kTableGet, i);
      return;
    }
  }
  Select(type);
}

// i32 values of the runtime's structures.
void BodyGenerator::Size() {
  const uint32_t kind = random_.Below(100);
  const uint32_t table =
      random_.Below(static_cast<uint32_t>(plan_.tables.size()));
  if (kind < 30 && plan_.has_memory) {
    out_.Inst(Op::kMemorySize, 0);
  } else if (kind < 45 && plan_.has_memory) {
    Value(ValType::kI32);
    if (random_.Chance(80)) out_.I32Const(1).Inst(Op::kI32And);
    out_.Inst(Op::kMemoryGrow, 0);
  } else if (kind < 60) {
    out_.Inst(Op::kTableSize, table);
  } else if (kind < 75) {
    Value(plan_.tables[table].element);
    Value(ValType::kI32);
    if (random_.Chance(80)) out_.I32Const(3).Inst(Op::kI32And);
    out_.Inst(Op::kTableGrow, table);
  } else {
    Value(random_.Chance(50) ? ValType::kFuncRef : ValType::kExternRef);
    out_.Inst(Op::kRefIsNull);
  }
}

bool BodyGenerator::CallFor(ValType type) {
  const uint32_t count = static_cast<uint32_t>(plan_.functions.size());
  const uint32_t start = random_.Below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t function = (start + i) % count;
    const Types& results = plan_.TypeOf(function).results;
    const auto found = std::find(results.begin(), results.end(), type);
    if (found == results.end()) continue;
    if (random_.Chance(30)) {
      CallIndirect(plan_.functions[function]);
    } else {
      Call(function);
    }
    // Keeps the first result of the type.
    Consume(Types(found + 1, results.end()));
    if (found == results.begin()) return true;
    const uint32_t local = Local(type);
    if (local == ~0u) {
      Consume(Types(results.begin(), found + 1));
      Leaf(type);
      return true;
    }
    out_.Inst(Op::kLocalSet, local);
    Consume(Types(results.begin(), found));
    out_.Inst(Op::kLocalGet, local);
    return true;
  }
  return false;
}

void BodyGenerator::Values(const Types& types) {
  if (types.size() >= 2 && Pay(2) && random_.Chance(40)) {
    ++nesting_;
    const uint32_t kind = random_.Below(3);
    if (kind == 0) Block(types);
    if (kind == 1) IfElse(types);
    if (kind == 2) Loop(types);
    --nesting_;
    return;
  }
  for (const ValType type : types) Value(type);
}

void BodyGenerator::Consume(const Types& types) {
  for (auto type = types.rbegin(); type != types.rend(); ++type) {
    const uint32_t local = Local(*type);
    if (local != ~0u && random_.Chance(60)) {
      out_.Inst(Op::kLocalSet, local);
    } else {
      out_.Inst(Op::kDrop);
    }
  }
}

void BodyGenerator::Enter(Op op, const Types& params, const Types& results) {
  if (params.empty() && results.size() <= 1) {
    results.empty() ? out_.Block(op) : out_.Block(op, results[0]);
  } else {
    out_.BlockOfType(op, TypeIndex(params, results));
  }
}

void BodyGenerator::Block(const Types& results) {
  Types params;
  if (random_.Chance(30)) {
    const PlannedType& type =
        plan_.types[random_.Below(static_cast<uint32_t>(plan_.types.size()))];
    if (type.results == results) params = type.params;
  }
  if (TypeIndex(params, results) == ~0u &&
      !(params.empty() && results.size() <= 1)) {
    for (const ValType type : results) Value(type);
    return;
  }
  Values(params);
  Enter(Op::kBlock, params, results);
  labels_.push_back({results, false});
  Consume(params);
  Statements();
  Values(results);
  labels_.pop_back();
  out_.Inst(Op::kEnd);
}

void BodyGenerator::IfElse(const Types& results) {
  Types params;
  if (random_.Chance(30)) {
    const PlannedType& type =
        plan_.types[random_.Below(static_cast<uint32_t>(plan_.types.size()))];
    if (type.results == results) params = type.params;
  }
  if (TypeIndex(params, results) == ~0u &&
      !(params.empty() && results.size() <= 1)) {
    for (const ValType type : results) Value(type);
    return;
  }
  Values(params);
  Value(ValType::kI32);
  Enter(Op::kIf, params, results);
  labels_.push_back({results, false});
  Consume(params);
  Statements();
  Values(results);
  // Without results nor parameters the other arm may be missing.
  if (!results.empty() || !params.empty() || random_.Chance(50)) {
    out_.Inst(Op::kElse);
    if (params != results || random_.Chance(70)) {
      Consume(params);
      Statements();
      Values(results);
    }
  }
  labels_.pop_back();
  out_.Inst(Op::kEnd);
}

void BodyGenerator::Loop(const Types& results) {
  Types params;
  if (random_.Chance(50)) {
    const PlannedType& type =
        plan_.types[random_.Below(static_cast<uint32_t>(plan_.types.size()))];
    if (type.results == results) params = type.params;
  }
  if (loops_ >= counters_.size() ||
      (TypeIndex(params, results) == ~0u &&
       !(params.empty() && results.size() <= 1))) {
    for (const ValType type : results) Value(type);
    return;
  }
  const bool counted = random_.Chance(60);
  if (counted) {
    out_.I32Const(static_cast<int32_t>(1 + random_.Below(6)));
    out_.Inst(Op::kLocalSet, counters_[loops_]);
  }
  Values(params);
  Enter(Op::kLoop, params, results);
  labels_.push_back({params, true, counted ? counters_[loops_] : ~0u});
  ++loops_;
  Consume(params);
  Statements();
  // The back edge.
  Values(params);
  const uint32_t counter = counters_[loops_ - 1];
  if (counted) {
    CountDown(counter);
  } else {
    out_.Inst(Op::kGlobalGet, 0).Inst(Op::kI32Eqz);
    Enter(Op::kIf, {}, {});
    for (const ValType type : type_.results) Const(type);
    out_.Inst(Op::kReturn).Inst(Op::kEnd);
    out_.Inst(Op::kGlobalGet, 0).I32Const(1).Inst(Op::kI32Sub);
    out_.Inst(Op::kGlobalSet, 0);
    Value(ValType::kI32);
    if (random_.Chance(70)) out_.I32Const(3).Inst(Op::kI32And);
  }
  out_.Inst(Op::kBrIf, 0);
  Consume(params);
  Statements();
  Values(results);
  --loops_;
  labels_.pop_back();
  out_.Inst(Op::kEnd);
}

void BodyGenerator::Call(uint32_t function) {
  Values(plan_.TypeOf(function).params);
  out_.Inst(Op::kCall, function);
}

void BodyGenerator::CallIndirect(uint32_t type) {
  Values(plan_.types[type].params);
  // Usually an element of this type.
  std::vector<uint32_t> good;
  for (uint32_t i = 0; i < plan_.slots.size(); ++i) {
    if (plan_.slots[i] == type) good.push_back(i);
  }
  if (!good.empty() && random_.Chance(95)) {
    out_.I32Const(static_cast<int32_t>(
        good[random_.Below(static_cast<uint32_t>(good.size()))]));
    if (random_.Chance(50)) {
      // Not a constant to the compiler.
      out_.Inst(Op::kGlobalGet, 0).I32Const(0).Inst(Op::kI32And);
      out_.Inst(Op::kI32Add);
    }
  } else {
    Value(ValType::kI32);
    if (random_.Chance(80)) out_.I32Const(15).Inst(Op::kI32And);
  }
  out_.Inst(Op::kCallIndirect, type, 0);
}

}  // namespace ingot::fuzz
