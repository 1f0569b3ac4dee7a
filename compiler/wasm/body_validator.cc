#include "compiler/wasm/body_validator.h"

#include <cstring>

#include "compiler/abi/calling_convention.h"
#include "compiler/base/byte_compare.h"
#include "compiler/base/check.h"
#include "compiler/wasm/opcodes.h"
#include "compiler/wasm/work_classes.h"

// Instructions whose types do not depend on their context are typed from the
// signatures of opcodes.def (Simple); the others have a function each.
//
// Code behind an unconditional branch, up to its block's `else` or `end`, is
// dead, and so are the blocks in it. Dead code is typed like any other; it
// counts for everything but max_height and the locals that loops assign.

namespace ingot::wasm {
namespace {

// A signature as bytes of ValType.
struct Signature {
  uint8_t operands[3];
  uint8_t operand_count;
  uint8_t result;  // 0: none
  bool is_special;
  bool uses_memory;
  bool has_alignment;
};

constexpr uint8_t TypeOfLetter(char letter) {
  switch (letter) {
    case 'i':
      return static_cast<uint8_t>(ValType::kI32);
    case 'I':
      return static_cast<uint8_t>(ValType::kI64);
    case 'f':
      return static_cast<uint8_t>(ValType::kF32);
    case 'F':
      return static_cast<uint8_t>(ValType::kF64);
    default:
      return static_cast<uint8_t>(ValType::kFuncRef);
  }
}

constexpr bool IsChecked(ImmediateKind kind) {
  switch (kind) {
    case ImmediateKind::kNone:
    case ImmediateKind::kI32:
    case ImmediateKind::kI64:
    case ImmediateKind::kF32:
    case ImmediateKind::kF64:
      return true;
    default:
      return false;
  }
}

constexpr Signature Parse(const OpInfo& info) {
  Signature signature{};
  const bool memory = info.immediate == ImmediateKind::kMemArg;
  signature.uses_memory = memory;
  signature.has_alignment = memory;
  if (info.signature[0] == '*' || !(memory || IsChecked(info.immediate))) {
    signature.is_special = true;
    return signature;
  }
  const char* letter = info.signature;
  for (; *letter != ':'; ++letter) {
    signature.operands[signature.operand_count++] = TypeOfLetter(*letter);
  }
  if (letter[1] != '\0') signature.result = TypeOfLetter(letter[1]);
  return signature;
}

struct SignatureTable {
  Signature of[kOpValues];
};

constexpr SignatureTable MakeSignatures() {
  SignatureTable table{};
  for (const OpInfo& info : kOpInfo) {
    table.of[static_cast<uint32_t>(info.op)] = Parse(info);
  }
  return table;
}

constexpr SignatureTable kSignatures = MakeSignatures();

constexpr uint8_t kI32 = static_cast<uint8_t>(ValType::kI32);
constexpr uint8_t kFuncRef = static_cast<uint8_t>(ValType::kFuncRef);

constexpr uint32_t Min(uint64_t a, uint64_t b) {
  return static_cast<uint32_t>(a < b ? a : b);
}

// Values that any module may pass, whatever its size.
constexpr uint64_t kAlwaysPassed = 65536;

// Room that the cache of local types always has, whatever a body's size.
constexpr uint32_t kAlwaysCached = 64;

}  // namespace

Status BodyValidator::Init(const uint8_t* declared) {
  declared_ = declared;
  uint32_t max_bytes = 0;
  uint32_t max_locals = 0;
  uint32_t max_runs = 0;
  uint32_t max_list = 1;
  most_passed_values_ = kAlwaysPassed;
  for (const Body& body : arena_.View(module_.bodies)) {
    most_passed_values_ +=
        uint64_t{limits_.passed_values} * (body.end - body.begin);
    if (body.end - body.code > max_bytes) max_bytes = body.end - body.code;
    if (body.locals > max_locals) max_locals = body.locals;
    if (body.runs > max_runs) max_runs = body.runs;
  }
  for (const FuncType& type : arena_.View(module_.types)) {
    if (type.params > max_list) max_list = type.params;
    if (type.results > max_list) max_list = type.results;
  }
  // No instruction pushes more than a list, no block takes less than 2 bytes.
  max_operands_ = Min(limits_.operand_height, uint64_t{max_bytes} * max_list);
  max_depth_ = Min(limits_.block_depth, max_bytes / 2);
  Array<uint8_t> single;
  Array<ValType> operands;
  Array<Frame> frames;
  Array<uint8_t> local_types;
  Array<uint32_t> run_ends;
  if (!arena_.AllocateArray(256, &single) ||
      !arena_.AllocateArray(max_operands_, &operands) ||
      !arena_.AllocateArray(uint64_t{max_depth_} + 1, &frames) ||
      !arena_.AllocateArray(Min(max_locals, kAlwaysCached + max_bytes),
                            &local_types) ||
      !arena_.AllocateArray(max_runs, &run_ends) ||
      !loops_.Init(arena_, max_locals, max_bytes)) {
    return Error(Code::kOutOfMemory);
  }
  single_types_ = single.offset;
  for (uint32_t i = 0; i < 256; ++i) {
    arena_.Get(single, i) = static_cast<uint8_t>(i);
  }
  operands_ = arena_.At<ValType>(operands.offset);
  frames_ = arena_.At<Frame>(frames.offset);
  local_types_ = arena_.At<uint8_t>(local_types.offset);
  run_ends_ = arena_.At<uint32_t>(run_ends.offset);
  return InitSlots();
}

// Counted once per type, so that a call costs no walk over its signature.
Status BodyValidator::InitSlots() {
  Array<uint32_t> slots;
  if (!arena_.AllocateArray(module_.types.size, &slots)) {
    return Error(Code::kOutOfMemory);
  }
  slots_ = arena_.At<uint32_t>(slots.offset);
  const std::span<ValType> pool = arena_.View(module_.type_pool);
  for (uint32_t i = 0; i < module_.types.size; ++i) {
    const FuncType& type = arena_.Get(module_.types, i);
    slots_[i] =
        abi::StackSlots(pool.subspan(type.pool_offset, type.params)) +
        abi::StackSlots(
            pool.subspan(type.pool_offset + type.params, type.results));
  }
  return kOkStatus;
}

Status BodyValidator::Validate(Body* body) {
  BeginBody(*body, arena_.Get(module_.types,
                              arena_.Get(module_.functions, body->function)));
  if (Run()) EndBody(body);
  status_.function = status_.ok() ? kNowhere : body->function;
  return status_;
}

void BodyValidator::BeginBody(const Body& body, const FuncType& type) {
  status_ = kOkStatus;
  body_ = &body;
  passed_before_ = passed_values_;
  passed_values_ += type.params;
  param_types_ = ParamsOf(type);
  // What is cached of the locals is linear in the body's length.
  cached_locals_ = Min(body.locals, kAlwaysCached + (body.end - body.code));
  uint32_t filled = Min(type.params, cached_locals_);
  if (filled != 0) memcpy(local_types_, TypesOf(param_types_), filled);
  uint32_t end = type.params;
  for (uint32_t i = 0; i < body.runs; ++i) {
    const LocalRun& run = arena_.Get(module_.local_runs, body.first_run + i);
    end += run.count;
    run_ends_[i] = end;
    const uint32_t upto = Min(end, cached_locals_);
    if (upto > filled) {
      memset(local_types_ + filled, static_cast<int>(run.type), upto - filled);
      filled = upto;
    }
  }
  height_ = 0;
  dead_ = false;
  open_ = true;
  max_height_ = 0;
  instructions_ = 0;
  controls_ = 1;
  branches_ = 0;
  calls_ = 0;
  call_operands_ = 0;
  outgoing_slots_ = 0;
  sets_ = 0;
  merge_values_ = 0;
  loops_.BeginBody(body.end - body.begin);
  depth_ = 0;
  frames_[0] = Frame{};
  frames_[0].results = ResultsOf(type);
  EnterTop();
}

void BodyValidator::EndBody(Body* body) {
  body->max_height = max_height_;
  body->instructions = instructions_;
  body->controls = controls_;
  body->branches = branches_;
  body->calls = calls_;
  body->call_operands = Min(call_operands_, 0xFFFFFFFF);
  body->passed_values = Min(passed_values_ - passed_before_, 0xFFFFFFFF);
  body->outgoing_slots = outgoing_slots_;
  body->merge_values =
      Min(merge_values_, uint64_t{kMergeBudgetPerByte} *
                                 (body->end - body->begin) +
                             kMergeBudgetBase);
  body->has_calls = calls_ != 0;
  loops_.EndBody(arena_, body);
}

inline bool BodyValidator::Simple() {
  const Signature& signature =
      kSignatures.of[static_cast<uint32_t>(op_.op)];
  if (signature.uses_memory && !CheckMemory()) return false;
  for (uint32_t i = signature.operand_count; i > 0; --i) {
    if (!Pop(signature.operands[i - 1])) return false;
  }
  return signature.result == 0 || Push(signature.result);
}

bool BodyValidator::CheckMemory() {
  if (module_.memories.size == 0) return Fail(Code::kUnknownMemory);
  if (op_.b > AccessLog2(op_.op)) return Fail(Code::kAlignmentTooLarge);
  return true;
}

inline bool BodyValidator::Step() {
  switch (op_.op) {
    case Op::kUnreachable:
      BecomeUnreachable();
      return true;
    case Op::kBlock:
      return Block(FrameKind::kBlock);
    case Op::kLoop:
      return Block(FrameKind::kLoop);
    case Op::kIf:
      return Pop(kI32) && Block(FrameKind::kIf);
    case Op::kElse:
      return Else();
    case Op::kEnd:
      return End();
    case Op::kBr:
      return Branch();
    case Op::kBrIf:
      return BranchIf();
    case Op::kBrTable:
      return BranchTable();
    case Op::kReturn:
      return Return();
    case Op::kCall:
      return Call(false);
    case Op::kCallIndirect:
      return CallIndirect(false);
    case Op::kReturnCall:
      return Call(true);
    case Op::kReturnCallIndirect:
      return CallIndirect(true);
    case Op::kDrop: {
      uint8_t type;
      return PopAny(&type);
    }
    case Op::kSelect:
      return Select();
    case Op::kSelectT:
      return SelectTyped();
    case Op::kLocalGet:
      return LocalGet();
    case Op::kLocalSet:
      return LocalSet();
    case Op::kLocalTee:
      return LocalTee();
    case Op::kGlobalGet:
      return GlobalGet();
    case Op::kGlobalSet:
      return GlobalSet();
    case Op::kTableGet: {
      uint8_t type;
      return RuntimeCall(3) && CheckTable(op_.a, &type) && Pop(kI32) &&
             Push(type);
    }
    case Op::kTableSet: {
      uint8_t type;
      return RuntimeCall(3) && CheckTable(op_.a, &type) && Pop(type) &&
             Pop(kI32);
    }
    case Op::kTableSize: {
      uint8_t type;
      return RuntimeCall(2) && CheckTable(op_.a, &type) && Push(kI32);
    }
    case Op::kTableGrow: {
      uint8_t type;
      return RuntimeCall(4) && CheckTable(op_.a, &type) && Pop(kI32) &&
             Pop(type) && Push(kI32);
    }
    case Op::kTableFill: {
      uint8_t type;
      return RuntimeCall(4) && CheckTable(op_.a, &type) && Pop(kI32) &&
             Pop(type) && Pop(kI32);
    }
    case Op::kTableCopy:
      return TableCopy();
    case Op::kTableInit:
      return TableInit();
    case Op::kElemDrop:
      return RuntimeCall(1) && CheckElement(op_.a);
    case Op::kMemorySize:
      return (module_.memories.size != 0 || Fail(Code::kUnknownMemory)) &&
             Push(kI32);
    case Op::kMemoryGrow:
      return RuntimeCall(2) &&
             (module_.memories.size != 0 || Fail(Code::kUnknownMemory)) &&
             Pop(kI32) && Push(kI32);
    case Op::kMemoryCopy:
    case Op::kMemoryFill:
      return RuntimeCall(3) &&
             (module_.memories.size != 0 || Fail(Code::kUnknownMemory)) &&
             Pop(kI32) && Pop(kI32) && Pop(kI32);
    case Op::kMemoryInit:
      return RuntimeCall(4) &&
             (module_.memories.size != 0 || Fail(Code::kUnknownMemory)) &&
             CheckData() && Pop(kI32) && Pop(kI32) && Pop(kI32);
    case Op::kDataDrop:
      return RuntimeCall(1) && CheckData();
    case Op::kRefNull:
      return Push(static_cast<uint8_t>(op_.a));
    case Op::kRefIsNull:
      return RefIsNull();
    case Op::kRefFunc:
      if (op_.a >= module_.functions.size) return Fail(Code::kUnknownFunction);
      if (declared_[op_.a] == 0) return Fail(Code::kUndeclaredFunction);
      return Push(kFuncRef);
    default:
      return Simple();
  }
}

// The reader is a local object that nothing else sees, so that it lives in
// registers.
bool BodyValidator::Run() {
  OperatorReader reader(bytes_, body_->code, body_->end);
  while (reader.Next(&op_)) {
    if (!open_) [[unlikely]] return Fail(Code::kCodeAfterEnd);
    ++instructions_;
    ++work_[kWorkClassOf.of[static_cast<uint32_t>(op_.op)]];
    if (!Step()) [[unlikely]] return false;
  }
  const Status status = reader.status();
  if (!status.ok()) return Fail(status.code, status.offset);
  return !open_ || Fail(Code::kEndExpected, body_->end);
}

bool BodyValidator::PopSlow() {
  if (height_ == floor_) return polymorphic_ || Fail(Code::kTypeMismatch);
  if (TypeAt(height_ - 1) != kUnknown) return Fail(Code::kTypeMismatch);
  --height_;
  return true;
}

bool BodyValidator::PopAny(uint8_t* type) {
  if (height_ > floor_) {
    *type = TypeAt(--height_);
    return true;
  }
  *type = kUnknown;
  return polymorphic_ || Fail(Code::kTypeMismatch);
}

bool BodyValidator::PushList(TypeList list) {
  if (!Pass(list.size)) return false;
  if (list.size > max_operands_ - height_) {
    return Fail(Code::kLimitOperandHeight);
  }
  if (list.size == 0) return true;
  memcpy(operands_ + height_, TypesOf(list), list.size);
  height_ += list.size;
  if (height_ > max_height_ && !dead_) max_height_ = height_;
  return true;
}

bool BodyValidator::CheckList(TypeList list) {
  if (!Pass(list.size)) return false;
  uint32_t there = height_ - floor_;
  if (there < list.size) {
    if (!polymorphic_) return Fail(Code::kTypeMismatch);
  } else {
    there = list.size;
  }
  if (there == 0) return true;
  // The last `there` types of the list stand on the stack.
  const uint8_t* wanted = TypesOf(list) + (list.size - there);
  const uint8_t* found =
      reinterpret_cast<const uint8_t*>(operands_ + (height_ - there));
  if (SameBytes(wanted, found, there)) return true;
  for (uint32_t i = 0; i < there; ++i) {
    if (found[i] != wanted[i] && found[i] != kUnknown) {
      return Fail(Code::kTypeMismatch);
    }
  }
  return true;
}

bool BodyValidator::PopList(TypeList list) {
  if (!CheckList(list)) return false;
  height_ -= Min(list.size, height_ - floor_);
  return true;
}

bool BodyValidator::PushFrame(FrameKind kind, TypeList params,
                              TypeList results) {
  if (depth_ == max_depth_) return Fail(Code::kLimitBlockDepth);
  Frame& frame = frames_[++depth_];
  frame = Frame{};
  frame.params = params;
  frame.results = results;
  frame.height = height_;
  frame.sets = sets_;
  frame.kind = kind;
  frame.dead = dead_;
  EnterTop();
  return PushList(params);
}

// The top frame's facts that every pop looks at stand in members.
void BodyValidator::EnterTop() {
  floor_ = Top().height;
  polymorphic_ = Top().polymorphic;
}

// A branch to a block: to its end it passes on what was set since it opened.
inline void BodyValidator::CountEdge(Frame& frame) {
  ++frame.edges;
  frame.changed =
      Min(uint64_t{frame.changed} + (sets_ - frame.sets), body_->locals);
}

// The end of the top block: each edge passes a value for each local that some
// edge changed, and each edge back to a loop one for each that the loop sets.
inline void BodyValidator::CountMerge() {
  Frame& frame = Top();
  if (frame.kind == FrameKind::kLoop) {
    merge_values_ += uint64_t{Min(sets_ - frame.sets, body_->locals)} *
                     frame.edges;
    return;
  }
  if (frame.kind == FrameKind::kIf) ++frame.edges;  // the missing `else`
  if (frame.edges == 0) return;
  if (!dead_) CountEdge(frame);
  merge_values_ += uint64_t{frame.changed} * frame.edges;
  sets_ = frame.sets + frame.changed;
}

void BodyValidator::BecomeUnreachable() {
  height_ = floor_;
  Top().polymorphic = true;
  polymorphic_ = true;
  dead_ = true;
}

bool BodyValidator::Block(FrameKind kind) {
  ++controls_;
  TypeList params;
  TypeList results;
  if (op_.block == BlockKind::kValue) {
    results = TypeList{single_types_ + op_.a, 1};
  } else if (op_.block == BlockKind::kType) {
    if (op_.a >= module_.types.size) return Fail(Code::kUnknownType);
    const FuncType& type = arena_.Get(module_.types, op_.a);
    params = ParamsOf(type);
    results = ResultsOf(type);
  }
  if (!PopList(params)) return false;
  if (kind == FrameKind::kLoop) {
    uint32_t loop;
    if (!loops_.Open(arena_, &loop)) return Fail(Code::kOutOfMemory);
  }
  return PushFrame(kind, params, results);
}

bool BodyValidator::Else() {
  Frame& frame = Top();
  if (frame.kind != FrameKind::kIf) return Fail(Code::kElseWithoutIf);
  if (!PopList(frame.results)) return false;
  if (height_ != floor_) return Fail(Code::kTypeMismatch);
  if (!dead_) CountEdge(frame);
  sets_ = frame.sets;
  frame.kind = FrameKind::kElse;
  frame.polymorphic = false;
  polymorphic_ = false;
  dead_ = frame.dead;
  return PushList(frame.params);
}

bool BodyValidator::End() {
  const Frame frame = Top();
  if (!PopList(frame.results)) return false;
  if (height_ != floor_) return Fail(Code::kTypeMismatch);
  CountMerge();
  if (frame.kind == FrameKind::kIf) {
    // The missing `else` passes the parameters on.
    if (frame.params.size != frame.results.size ||
        !SameBytes(TypesOf(frame.params), TypesOf(frame.results),
                   frame.params.size)) {
      return Fail(Code::kTypeMismatch);
    }
  }
  if (frame.kind == FrameKind::kLoop && !loops_.Close(arena_, op_.offset)) {
    return Fail(Code::kOutOfMemory);
  }
  dead_ = frame.dead;
  if (depth_ == 0) {
    open_ = false;
    return PushList(frame.results);
  }
  --depth_;
  EnterTop();
  return PushList(frame.results);
}

bool BodyValidator::Branch() {
  ++branches_;
  if (op_.a > depth_) return Fail(Code::kUnknownLabel);
  Frame& frame = frames_[depth_ - op_.a];
  if (!CheckList(LabelTypes(frame))) return false;
  if (!dead_) CountEdge(frame);
  BecomeUnreachable();
  return true;
}

bool BodyValidator::BranchIf() {
  ++branches_;
  if (op_.a > depth_) return Fail(Code::kUnknownLabel);
  Frame& frame = frames_[depth_ - op_.a];
  const TypeList types = LabelTypes(frame);
  if (!dead_) CountEdge(frame);
  // Popping and pushing turns unknown types into those of the label.
  return Pop(kI32) && PopList(types) && PushList(types);
}

// Reads the labels once more with a reader of its own.
bool BodyValidator::BranchTable() {
  if (op_.a > limits_.branch_targets) return Fail(Code::kLimitBranchTargets);
  branches_ += op_.a + 1;
  if (!Pop(kI32)) return false;
  OperatorReader reader(bytes_, op_.offset, body_->end);
  Operator table;
  INGOT_CHECK(reader.Next(&table));
  const uint32_t serial = ++table_serial_;
  uint32_t arity = 0;
  for (uint32_t i = 0; i <= table.a; ++i) {
    const uint32_t at = reader.offset();
    const uint32_t label = reader.ReadLabel();
    if (!reader.status().ok()) {
      return Fail(reader.status().code, reader.status().offset);
    }
    if (label > depth_) return Fail(Code::kUnknownLabel, at);
    Frame& frame = frames_[depth_ - label];
    if (frame.seen == serial) continue;
    frame.seen = serial;
    const TypeList types = LabelTypes(frame);
    if (i != 0 && types.size != arity) return Fail(Code::kTypeMismatch, at);
    arity = types.size;
    if (!CheckList(types)) return false;
    if (!dead_) CountEdge(frame);
  }
  BecomeUnreachable();
  return true;
}

bool BodyValidator::Return() {
  if (!CheckList(frames_[0].results)) return false;
  BecomeUnreachable();
  return true;
}

bool BodyValidator::Call(bool is_tail) {
  if (op_.a >= module_.functions.size) return Fail(Code::kUnknownFunction);
  if (is_tail && op_.a < module_.imported_functions) {
    leaves_by_tail_call_ = true;
  }
  return CallType(arena_.Get(module_.functions, op_.a), is_tail);
}

bool BodyValidator::CallIndirect(bool is_tail) {
  uint8_t element;
  if (!CheckTable(op_.b, &element)) return false;
  if (element != kFuncRef) return Fail(Code::kTypeMismatch);
  if (op_.a >= module_.types.size) return Fail(Code::kUnknownType);
  if (is_tail) leaves_by_tail_call_ = true;
  return Pop(kI32) && CallType(op_.a, is_tail);
}

bool BodyValidator::CallType(uint32_t type_index, bool is_tail) {
  if (is_tail && !features_.Has(Features::kTailCalls)) {
    return Fail(Code::kUnsupportedTailCalls);
  }
  const FuncType& type = arena_.Get(module_.types, type_index);
  ++calls_;
  call_operands_ += uint32_t{type.params} + type.results;
  if (slots_[type_index] > outgoing_slots_) {
    outgoing_slots_ = slots_[type_index];
  }
  loops_.Call();
  if (!PopList(ParamsOf(type))) return false;
  const TypeList results = ResultsOf(type);
  if (!is_tail) return PushList(results);
  const TypeList wanted = frames_[0].results;
  if (results.size != wanted.size ||
      !SameBytes(TypesOf(results), TypesOf(wanted), results.size)) {
    return Fail(Code::kTypeMismatch);
  }
  BecomeUnreachable();
  return true;
}

// `operands` counts immediates, operands and results of builtins.def; none of
// them needs a stack slot.
bool BodyValidator::RuntimeCall(uint32_t operands) {
  ++calls_;
  call_operands_ += operands;
  loops_.Call();
  return true;
}

bool BodyValidator::Select() {
  uint8_t second;
  uint8_t first;
  if (!Pop(kI32) || !PopAny(&second) || !PopAny(&first)) return false;
  const uint8_t type = first == kUnknown ? second : first;
  const bool agree = first == kUnknown || second == kUnknown || first == second;
  if (!agree || (type != kUnknown && IsRef(static_cast<ValType>(type)))) {
    return Fail(Code::kTypeMismatch);
  }
  return Push(type);
}

bool BodyValidator::SelectTyped() {
  const uint8_t type = static_cast<uint8_t>(op_.a);
  return Pop(kI32) && Pop(type) && Pop(type) && Push(type);
}

inline bool BodyValidator::LocalType(uint8_t* type) {
  if (op_.a < cached_locals_) [[likely]] {
    *type = local_types_[op_.a];
    return true;
  }
  if (op_.a >= body_->locals) return Fail(Code::kUnknownLocal);
  *type = LocalTypeSlow(op_.a);
  return true;
}

uint8_t BodyValidator::LocalTypeSlow(uint32_t local) const {
  if (local < param_types_.size) return TypesOf(param_types_)[local];
  // The first run that ends behind the local.
  uint32_t low = 0;
  uint32_t high = body_->runs - 1;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (run_ends_[middle] > local) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return static_cast<uint8_t>(
      arena_.Get(module_.local_runs, body_->first_run + low).type);
}

bool BodyValidator::LocalGet() {
  uint8_t type;
  return LocalType(&type) && Push(type);
}

bool BodyValidator::LocalSet() {
  uint8_t type;
  if (!LocalType(&type) || !Pop(type)) return false;
  if (!dead_) {
    ++sets_;
    loops_.Assign(op_.a);
  }
  return true;
}

bool BodyValidator::LocalTee() {
  uint8_t type;
  if (!LocalType(&type) || !Pop(type)) return false;
  if (!dead_) {
    ++sets_;
    loops_.Assign(op_.a);
  }
  return Push(type);
}

bool BodyValidator::GlobalGet() {
  if (op_.a >= module_.globals.size) return Fail(Code::kUnknownGlobal);
  return Push(arena_.Get(module_.globals, op_.a).type.type);
}

bool BodyValidator::GlobalSet() {
  if (op_.a >= module_.globals.size) return Fail(Code::kUnknownGlobal);
  const GlobalType& type = arena_.Get(module_.globals, op_.a).type;
  if (!type.is_mutable) return Fail(Code::kImmutableGlobal);
  return Pop(type.type);
}

bool BodyValidator::CheckTable(uint32_t table, uint8_t* element) {
  if (table >= module_.tables.size) return Fail(Code::kUnknownTable);
  *element =
      static_cast<uint8_t>(arena_.Get(module_.tables, table).element);
  return true;
}

bool BodyValidator::CheckElement(uint32_t segment) {
  return segment < module_.elements.size ||
         Fail(Code::kUnknownElementSegment);
}

bool BodyValidator::CheckData() {
  if (!module_.has_data_count) return Fail(Code::kDataCountRequired);
  return op_.a < module_.data.size || Fail(Code::kUnknownDataSegment);
}

bool BodyValidator::TableInit() {
  uint8_t element;
  if (!RuntimeCall(5) || !CheckTable(op_.b, &element) || !CheckElement(op_.a)) {
    return false;
  }
  const ValType type = arena_.Get(module_.elements, op_.a).type;
  if (static_cast<uint8_t>(type) != element) return Fail(Code::kTypeMismatch);
  return Pop(kI32) && Pop(kI32) && Pop(kI32);
}

bool BodyValidator::TableCopy() {
  uint8_t to;
  uint8_t from;
  if (!RuntimeCall(5) || !CheckTable(op_.a, &to) || !CheckTable(op_.b, &from)) {
    return false;
  }
  if (to != from) return Fail(Code::kTypeMismatch);
  return Pop(kI32) && Pop(kI32) && Pop(kI32);
}

bool BodyValidator::RefIsNull() {
  uint8_t type;
  if (!PopAny(&type)) return false;
  if (type != kUnknown && !IsRef(static_cast<ValType>(type))) {
    return Fail(Code::kTypeMismatch);
  }
  return Push(kI32);
}

}  // namespace ingot::wasm
