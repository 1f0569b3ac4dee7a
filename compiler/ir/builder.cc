#include "compiler/ir/builder.h"

#include <cstring>
#include <type_traits>

#include "compiler/abi/calling_convention.h"
#include "compiler/ir/builder_state.h"
#include "compiler/opt/division.h"

// The walk over a body's instructions. Values go onto an operand stack of
// instruction names; a block ends at each branch; prices add up in the open
// segment until a call, a runtime operation or the block's end closes it.

namespace ingot::compiler {

using wasm::Op;
using wasm::Operator;
using wasm::OperatorReader;

namespace {

// The place of the next value of a list, by the calling convention.
uint32_t NextPlace(abi::ArgumentCursor* cursor, wasm::ValType type) {
  const abi::ArgumentCursor::Place place = cursor->Next(type);
  if (!place.in_register) return kOnStack | place.index;
  return place.is_float ? 16 + place.index : abi::kIntArgument[place.index];
}

// A segment's sum stays far below 2^31, the reach of an immediate.
constexpr uint32_t kLargestSegment = uint32_t{1} << 29;

Type SignatureType(char letter) {
  switch (letter) {
    case 'i': return Type::kI32;
    case 'f': return Type::kF32;
    case 'F': return Type::kF64;
    default: return Type::kI64;
  }
}

}  // namespace

bool PrepareLocals(Arena& arena, uint32_t locals, LocalsScratch* scratch) {
  Array<LocalsScratch::Entry> entries;
  if (!arena.AllocateArray(uint64_t{locals} + 1, &entries)) return false;
  scratch->entries = arena.At<LocalsScratch::Entry>(entries.offset);
  scratch->size = entries.size;
  for (uint32_t i = 0; i < entries.size; ++i) scratch->entries[i] = {};
  scratch->stamp = 0;
  return true;
}

BuildResult BuildGraph(Arena& arena, const uint8_t* bytes,
                       const wasm::Module& module, const wasm::Body& body,
                       const GasSchedule& schedule, BuildMode mode,
                       LocalsScratch* scratch, ValueNumbering* numbering,
                       bool v3, Graph* graph) {
  if (mode == BuildMode::kSsa && body.loops_over_budget) {
    return BuildResult::kOverBudget;
  }
  const uint32_t mark = arena.used();
  for (uint32_t scale = 1;; scale *= 4) {
    arena.Rewind(mark);
    *graph = Graph{};
    graph->optimised = numbering != nullptr;
    graph->v3 = v3;
    Builder builder(arena, bytes, module, body, schedule, mode, scratch,
                    numbering, graph);
    switch (builder.Build(scale)) {
      case Builder::Outcome::kOk:
        builder.Compact();
        return BuildResult::kOk;
      case Builder::Outcome::kOverBudget:
        arena.Rewind(mark);
        return BuildResult::kOverBudget;
      case Builder::Outcome::kNoMemory:
        return BuildResult::kOutOfMemory;
      case Builder::Outcome::kOverCapacity:
        INGOT_CHECK(scale < (1u << 20));
        break;
    }
  }
}

bool Builder::Allocate(uint32_t scale) {
  unrolling_budget_ = UnrollingBudget();
  const uint64_t again = unrolling_budget_;
  const uint64_t bytes = body_.end - body_.begin + again;
  const uint64_t insts = (uint64_t{body_.instructions} * 2 + again +
                          body_.call_operands + body_.calls + type_->params +
                          2 * uint64_t{body_.controls} + 64) *
                         scale;
  const uint64_t blocks = (2 * uint64_t{body_.branches} +
                           3 * uint64_t{body_.controls} + again / 2 + 8) *
                          scale;
  const uint64_t edges = blocks;
  const uint64_t pool = (2 * uint64_t{body_.call_operands} +
                         2 * uint64_t{body_.calls} +
                         2 * uint64_t{body_.branches} +
                         2 * uint64_t{body_.controls} + type_->results + 64) *
                            scale +
                        (slots_ ? 0 : 2 * kMergeBudgetPerByte * bytes + 512);
  budget_ = static_cast<uint32_t>(kMergeBudgetPerByte * bytes +
                                  wasm::kMergeBudgetBase);
  const uint64_t trail =
      slots_ ? 1 : (uint64_t{body_.instructions} + again + budget_);
  Array<Inst> inst_array;
  Array<Block> block_array;
  Array<Edge> edge_array;
  Array<Loop> loop_array;
  Array<uint32_t> pool_array, stack_array, home_array, run_array;
  Array<Type> type_array;
  Array<Control> control_array;
  Array<TrailEntry> trail_array;
  if (!arena_.AllocateArray(insts, &inst_array) ||
      !arena_.AllocateArray(blocks, &block_array) ||
      !arena_.AllocateArray(edges, &edge_array) ||
      !arena_.AllocateArray(uint64_t{body_.loops} + 1, &loop_array) ||
      !arena_.AllocateArray(pool, &pool_array) ||
      !arena_.AllocateArray(uint64_t{body_.max_height} + 1, &stack_array) ||
      !arena_.AllocateArray(uint64_t{body_.max_height} + 1, &type_array) ||
      !arena_.AllocateArray(slots_ ? insts : 1, &home_array) ||
      !arena_.AllocateArray(uint64_t{body_.runs} + 1, &run_array) ||
      !arena_.AllocateArray(uint64_t{body_.controls} + 1, &control_array) ||
      !arena_.AllocateArray(trail, &trail_array)) {
    return false;
  }
  graph_.insts = arena_.At<Inst>(inst_array.offset);
  graph_.blocks = arena_.At<Block>(block_array.offset);
  graph_.edges = arena_.At<Edge>(edge_array.offset);
  graph_.loops = arena_.At<Loop>(loop_array.offset);
  graph_.pool = arena_.At<uint32_t>(pool_array.offset);
  graph_.home = slots_ ? arena_.At<uint32_t>(home_array.offset) : nullptr;
  stack_ = arena_.At<uint32_t>(stack_array.offset);
  stack_types_ = arena_.At<Type>(type_array.offset);
  run_ends_ = arena_.At<uint32_t>(run_array.offset);
  controls_ = arena_.At<Control>(control_array.offset);
  trail_ = arena_.At<TrailEntry>(trail_array.offset);
  cap_insts_ = inst_array.size;
  cap_blocks_ = block_array.size;
  cap_edges_ = edge_array.size;
  cap_pool_ = pool_array.size;
  cap_trail_ = trail_array.size;
  cap_controls_ = control_array.size;
  return true;
}

// Arrays are as large as they might have to be; what comes behind them is
// scratch. Moves what is used together and gives the rest back.
void Builder::Compact() {
  uint8_t* end = reinterpret_cast<uint8_t*>(graph_.insts + graph_.num_insts);
  const auto move = [&](auto*& array, uint32_t count) {
    if (array == nullptr) return;
    const uint64_t used = static_cast<uint64_t>(end - arena_.base());
    uint8_t* to = arena_.At<uint8_t>(
        static_cast<uint32_t>((used + 15) & ~uint64_t{15}));
    const uint64_t bytes = uint64_t{count} * sizeof(*array);
    std::memmove(to, array, bytes);
    array = reinterpret_cast<std::remove_reference_t<decltype(array)>>(to);
    end = to + bytes;
  };
  move(graph_.blocks, graph_.num_blocks);
  move(graph_.edges, graph_.num_edges);
  move(graph_.loops, graph_.num_loops);
  move(graph_.pool, graph_.num_pool);
  move(graph_.home, graph_.num_insts);
  arena_.Rewind(static_cast<uint32_t>(end - arena_.base()));
}

Builder::Outcome Builder::Build(uint32_t scale) {
  const uint32_t type_index =
      arena_.View(module_.functions)[body_.function];
  type_ = &arena_.Get(module_.types, type_index);
  type_pool_ = arena_.View(module_.type_pool).data();
  runs_ = arena_.View(module_.local_runs).data() + body_.first_run;
  if (!Allocate(scale)) return Outcome::kNoMemory;
  if (numbering_ != nullptr &&
      !numbering_->Begin(arena_, body_.controls + unrolling_budget_)) {
    return Outcome::kNoMemory;
  }
  graph_.slot_mode = slots_;
  graph_.module = &module_;
  graph_.body = &body_;
  graph_.num_locals = body_.locals;
  INGOT_CHECK(body_.locals < locals_.size);
  ++locals_.stamp;
  // Snapshot stamps of this function start above those of the last one.
  stamp_ = locals_.stamp;
  Begin();
  OperatorReader reader(bytes_, body_.code, body_.end);
  Operator op;
  while (num_controls_ != 0 && !Over() && reader.Next(&op)) {
    pos_ = op.offset;
    next_pos_ = reader.offset();
    if (!reachable_ && SkipUnreachable(op)) continue;
    if (owed_ >= kLargestSegment) [[unlikely]] {
      EndSegment();
      BeginSegment(0);
      graph_.insts[gas_].c = pos_;
    }
    Step(reader, op);
    if (resume_ == 0) continue;
    reader = OperatorReader(bytes_, resume_, body_.end);
    resume_ = 0;
  }
  INGOT_CHECK(reader.status().ok());
  locals_.stamp = stamp_;
  return outcome_;
}

// The entry block: parameters, zeros, and the price of entering.
void Builder::Begin() {
  uint32_t end = type_->params;
  for (uint32_t i = 0; i < body_.runs; ++i) {
    end += runs_[i].count;
    run_ends_[i] = end;
  }
  pos_ = body_.begin;
  next_pos_ = body_.code;
  StartBlock(false);
  graph_.insts[gas_].flags |= body_.has_calls ? kFlagCheck : 0;
  owed_ = schedule_.EntryPrice(type_->params, type_->results,
                               body_.locals - type_->params);
  const wasm::ValType* params = type_pool_ + type_->pool_offset;
  abi::ArgumentCursor cursor;
  for (uint32_t i = 0; i < type_->params; ++i) {
    const InstId param = Emit(kParam, TypeOf(params[i]), i, kNoId,
                              NextPlace(&cursor, params[i]));
    if (Over()) return;
    if (slots_) {
      graph_.home[param] = i;
      Emit(kStoreSlot, Type::kNone, param, kNoId, i);
    } else {
      LocalsScratch::Entry& entry = locals_.entries[i];
      entry.value = param;
      entry.stamp = stamp_;
      entry.log = 0;
    }
  }
  if (body_.locals > type_->params && !slots_) {
    for (Type type : {Type::kI32, Type::kI64, Type::kF32, Type::kF64}) {
      zeros_[static_cast<uint32_t>(type)] = EmitConst(type, 0);
    }
  }
  controls_[0] = Control{};
  controls_[0].kind = ControlKind::kBody;
  controls_[0].results = type_->results;
  controls_[0].type_pool = type_->pool_offset + type_->params;
  num_controls_ = 1;
}

// In unreachable code only the nesting counts. True: `op` is done with.
bool Builder::SkipUnreachable(const Operator& op) {
  switch (op.op) {
    case Op::kLoop:
      ++next_loop_;
      [[fallthrough]];
    case Op::kBlock:
    case Op::kIf:
      ++skipped_;
      return true;
    case Op::kElse:
      return skipped_ != 0;
    case Op::kEnd:
      if (skipped_ == 0) return false;
      --skipped_;
      return true;
    default:
      return true;
  }
}

void Builder::Step(OperatorReader& reader, const Operator& op) {
  owed_ += schedule_.Price(op.op);
  switch (op.op) {
    case Op::kNop:
      return;
    case Op::kUnreachable: {
      const InstId trap = Emit(kTrap, Type::kNone, kNoId, kNoId,
                               static_cast<uint32_t>(TrapCode::kUnreachable));
      graph_.insts[trap].gas = owed_;
      EndBlock();
      return;
    }
    case Op::kBlock: return OpenBlock(op);
    case Op::kLoop: return OpenLoop(op);
    case Op::kIf: return OpenIf(op);
    case Op::kElse: return Else();
    case Op::kEnd: return End();
    case Op::kBr: return Branch(op.a);
    case Op::kBrIf: return BranchIf(op.a);
    case Op::kBrTable: return BranchTable(reader, op.a);
    case Op::kReturn: return Return();
    case Op::kCall: return Call(op);
    case Op::kCallIndirect: return CallIndirect(op);
    case Op::kReturnCall:
    case Op::kReturnCallIndirect: return TailCall(op);
    case Op::kDrop:
      --height_;
      return;
    case Op::kSelect:
    case Op::kSelectT: {
      const InstId condition = PopCondition();
      const InstId b = Pop();
      const InstId a = Pop();
      if (Over()) return;
      Push(EmitPure({W(Op::kSelect), graph_.insts[a].type, a, b, condition}));
      return;
    }
    case Op::kLocalGet: return Push(GetLocal(op.a));
    case Op::kLocalSet: return SetLocal(op.a, Pop());
    case Op::kLocalTee: {
      const InstId value = Pop();
      SetLocal(op.a, value);
      return Push(value);
    }
    case Op::kGlobalGet: return GlobalGet(op.a);
    case Op::kGlobalSet: return GlobalSet(op.a);
    case Op::kI32Const: return Push(EmitConst(Type::kI32, op.bits));
    case Op::kI64Const: return Push(EmitConst(Type::kI64, op.bits));
    case Op::kF32Const: return Push(EmitConst(Type::kF32, op.bits));
    case Op::kF64Const: return Push(EmitConst(Type::kF64, op.bits));
    case Op::kRefNull: return Push(EmitConst(Type::kI64, 0));
    case Op::kRefIsNull:
      return Push(EmitPure({W(Op::kI64Eqz), Type::kI32, Pop(), kNoId, 0}));
    case Op::kRefFunc:
      return Push(Emit(kRefFunc, Type::kI64, kNoId, kNoId, op.a));
    case Op::kMemorySize:
      return Push(Emit(kMemorySize, Type::kI32));
    default:
      break;
  }
  if (RuntimeOp(op)) return;
  const wasm::OpInfo& info = wasm::InfoOf(op.op);
  if (info.immediate != wasm::ImmediateKind::kMemArg) return Numeric(op);
  if (op.op >= Op::kI32Store && op.op <= Op::kI64Store32) return Store(op);
  // "i:T": the letter behind the colon is the result.
  return Load(op, SignatureType(info.signature[2]));
}

// An operation on numbers: one or two operands, one result; the signature says
// which. Division and truncation trap.
void Builder::Numeric(const Operator& op) {
  const char* signature = wasm::InfoOf(op.op).signature;
  const bool binary = signature[1] != ':';
  const Type result = SignatureType(signature[binary ? 3 : 2]);
  const InstId b = binary ? Pop() : kNoId;
  const InstId a = Pop();
  if (Over()) return;
  const InstId quotient = Divide(op.op, a, b);
  if (quotient != kNoId) return Push(quotient);
  Push(EmitPure({W(op.op), result, a, b, 0}));
}

// A 32-bit division or remainder by a constant, which then cannot trap, by
// multiplication; kNoId where that is not done.
InstId Builder::Divide(Op op, InstId a, InstId b) {
  if (numbering_ == nullptr || op < Op::kI32DivS || op > Op::kI32RemU ||
      graph_.insts[b].op != kConst) {
    return kNoId;
  }
  const uint32_t d = graph_.insts[b].a;
  const bool is_signed = op == Op::kI32DivS || op == Op::kI32RemS;
  const bool power = (d & (d - 1)) == 0;
  if (d < 2 || (is_signed ? d > 0x7FFFFFFF : power)) return kNoId;
  const auto emit = [&](Op numeric, Type type, InstId x, InstId y) {
    return EmitPure({W(numeric), type, x, y, 0});
  };
  const auto number = [&](uint64_t bits) {
    return Constant(Type::kI64, bits);
  };
  InstId quotient;
  if (is_signed) {
    const SignedDivision by = DivideSigned(d);
    const InstId wide = emit(Op::kI64ExtendI32S, Type::kI64, a, kNoId);
    const InstId product =
        emit(Op::kI64Mul, Type::kI64, wide, number(by.factor));
    const InstId high = emit(
        Op::kI32WrapI64, Type::kI32,
        emit(Op::kI64ShrS, Type::kI64, product, number(32 + by.shift)), kNoId);
    const InstId negative =
        emit(Op::kI32ShrU, Type::kI32, a, Constant(Type::kI32, 31));
    quotient = emit(Op::kI32Add, Type::kI32, high, negative);
  } else {
    const UnsignedDivision by = DivideUnsigned(d);
    const InstId wide = emit(Op::kI64ExtendI32U, Type::kI64, a, kNoId);
    InstId value = emit(Op::kI64Mul, Type::kI64, wide, number(by.factor));
    if (by.adds) {
      value = emit(Op::kI64ShrU, Type::kI64, value, number(32));
      value = emit(Op::kI64Add, Type::kI64, value, wide);
      value = emit(Op::kI64ShrU, Type::kI64, value, number(by.shift));
    } else {
      value = emit(Op::kI64ShrU, Type::kI64, value, number(32 + by.shift));
    }
    quotient = emit(Op::kI32WrapI64, Type::kI32, value, kNoId);
  }
  if (op == Op::kI32DivS || op == Op::kI32DivU) return quotient;
  return emit(Op::kI32Sub, Type::kI32, a,
              emit(Op::kI32Mul, Type::kI32, quotient, b));
}

// The value of an instruction without effects, but that it may trap: an earlier
// one, or a new one.
InstId Builder::EmitPure(const Pure& pure) {
  Simplified simple{kNoId, pure};
  if (numbering_ != nullptr) {
    simple = Simplify(graph_.insts, pure, graph_.v3, *this);
    if (simple.value != kNoId) return simple.value;
    const InstId found = numbering_->Find(simple.pure);
    if (found != kNoId) return found;
  }
  const Pure& p = simple.pure;
  const InstId id = Emit(p.op, p.type, p.a, p.b, p.c);
  graph_.insts[id].gas = owed_;
  if (numbering_ != nullptr && !Over()) numbering_->Add(p, id);
  return id;
}

InstId Builder::Constant(Type type, uint64_t bits) {
  return EmitPure({kConst, type, static_cast<uint32_t>(bits),
                   static_cast<uint32_t>(bits >> 32), 0});
}

void Builder::Load(const Operator& op, Type type) {
  const Pure load{W(op.op), type, Pop(), kNoId, op.a};
  if (Over()) return;
  if (numbering_ != nullptr) {
    const InstId found =
        numbering_->FindLoad(load, 1u << wasm::AccessLog2(op.op));
    if (found != kNoId) return Push(found);
  }
  const InstId id = Emit(load.op, type, load.a, kNoId, op.a);
  graph_.insts[id].gas = owed_;
  if (numbering_ != nullptr && !Over()) numbering_->AddLoad(load, id);
  Push(id);
}

void Builder::GlobalGet(uint32_t global) {
  const Type type = TypeOf(arena_.Get(module_.globals, global).type.type);
  const Pure get{kGlobalGet, type, kNoId, kNoId, global};
  if (numbering_ != nullptr) {
    const InstId found = numbering_->FindGlobal(get);
    if (found != kNoId) return Push(found);
  }
  const InstId id = Emit(kGlobalGet, type, kNoId, kNoId, global);
  if (numbering_ != nullptr && !Over()) numbering_->SetGlobal(get, id, false);
  Push(id);
}

void Builder::GlobalSet(uint32_t global) {
  const InstId value = Pop();
  Emit(kGlobalSet, Type::kNone, value, kNoId, global);
  if (numbering_ == nullptr || Over()) return;
  numbering_->SetGlobal(
      {kGlobalGet, graph_.insts[value].type, kNoId, kNoId, global}, value,
      global < module_.imported_globals);
}

// The load that gives back all that a store wrote, as it was; 0 if none does.
IrOp Builder::LoadBack(Op store) {
  switch (store) {
    case Op::kI32Store: return W(Op::kI32Load);
    case Op::kI64Store: return W(Op::kI64Load);
    case Op::kF32Store: return W(Op::kF32Load);
    case Op::kF64Store: return W(Op::kF64Load);
    default: return 0;
  }
}

void Builder::Store(const Operator& op) {
  const InstId value = Pop();
  const InstId index = Pop();
  const InstId id = Emit(W(op.op), Type::kNone, index, value, op.a);
  graph_.insts[id].gas = owed_;
  if (numbering_ == nullptr || Over()) return;
  numbering_->Store(index, op.a, 1u << wasm::AccessLog2(op.op));
  const IrOp load = LoadBack(op.op);
  if (load == 0) return;
  numbering_->AddLoad({load, graph_.insts[value].type, index, kNoId, op.a},
                      value);
}

InstId Builder::CallInst(IrOp op, uint32_t imm0, uint32_t imm1,
                         uint32_t operands) {
  const uint32_t at = Pool(operands + 2);
  if (Over()) return 0;
  graph_.pool[at] = imm0;
  graph_.pool[at + 1] = imm1;
  for (uint32_t i = operands; i-- > 0;) graph_.pool[at + 2 + i] = Pop();
  const InstId call = Emit(op, Type::kNone, at, operands);
  graph_.insts[call].gas = owed_;
  return call;
}

// A call ends the segment, so that gas is exact while the callee runs.
void Builder::EmitCall(IrOp op, uint32_t imm0, uint32_t imm1,
                       const wasm::FuncType& type, bool with_index) {
  const InstId call =
      CallInst(op, imm0, imm1, type.params + (with_index ? 1u : 0u));
  if (Over()) return;
  EndSegment();
  ForgetMemory();
  const wasm::ValType* results = type_pool_ + type.pool_offset + type.params;
  abi::ArgumentCursor cursor;
  for (uint32_t i = 0; i < type.results; ++i) {
    Push(Emit(kResult, TypeOf(results[i]), call, i,
              NextPlace(&cursor, results[i])));
  }
  BeginSegment(0);
}

void Builder::Call(const Operator& op) {
  const uint32_t type = arena_.Get(module_.functions, op.a);
  const bool imported = op.a < module_.imported_functions;
  // A function of this module may end in another instance.
  if (imported || module_.leaves_by_tail_call) graph_.needs_base = true;
  EmitCall(imported ? kCallImport : kCall, op.a, 0,
           arena_.Get(module_.types, type), false);
}

void Builder::CallIndirect(const Operator& op) {
  graph_.needs_base = true;
  EmitCall(kCallIndirect, op.a, op.b, arena_.Get(module_.types, op.a), true);
}

// Ends the block; what it calls saves and restores nothing of this frame.
void Builder::TailCall(const Operator& op) {
  if (op.op == Op::kReturnCallIndirect) {
    CallInst(kTailCallIndirect, op.a, op.b,
             arena_.Get(module_.types, op.a).params + 1u);
  } else {
    const uint32_t type = arena_.Get(module_.functions, op.a);
    CallInst(op.a < module_.imported_functions ? kTailCallImport : kTailCall,
             op.a, 0, arena_.Get(module_.types, type).params);
  }
  EndBlock();
}

void Builder::Builtin(uint8_t number,
                      std::span<const uint32_t> immediates, uint32_t operands,
                      Type result) {
  const uint32_t count =
      static_cast<uint32_t>(immediates.size()) + operands;
  const uint32_t at = Pool(count + 2);
  if (Over()) return;
  graph_.pool[at] = number;
  graph_.pool[at + 1] = static_cast<uint32_t>(result);
  for (uint32_t i = count; i-- > immediates.size();) {
    graph_.pool[at + 2 + i] = Pop();
  }
  for (uint32_t i = 0; i < immediates.size(); ++i) {
    graph_.pool[at + 2 + i] = EmitConst(Type::kI32, immediates[i]);
  }
  const InstId call = Emit(kBuiltin, Type::kNone, at, count);
  graph_.insts[call].gas = owed_;
  EndSegment();
  ForgetMemory();
  if (result != Type::kNone) Push(Emit(kResult, result, call, 0));
  BeginSegment(0);
}

bool Builder::RuntimeOp(const Operator& op) {
  const Type none = Type::kNone;
  const uint32_t ab[] = {op.a, op.b};
  const std::span<const uint32_t> a(ab, 1), both(ab, 2), nothing;
  switch (op.op) {
    case Op::kMemoryGrow: Builtin(0, nothing, 1, Type::kI32); return true;
    case Op::kMemoryCopy: Builtin(1, nothing, 3, none); return true;
    case Op::kMemoryFill: Builtin(2, nothing, 3, none); return true;
    case Op::kMemoryInit: Builtin(3, a, 3, none); return true;
    case Op::kDataDrop: Builtin(4, a, 0, none); return true;
    case Op::kTableGet: Builtin(5, a, 1, Type::kI64); return true;
    case Op::kTableSet: Builtin(6, a, 2, none); return true;
    case Op::kTableGrow: Builtin(7, a, 2, Type::kI32); return true;
    case Op::kTableFill: Builtin(8, a, 3, none); return true;
    case Op::kTableCopy: Builtin(9, both, 3, none); return true;
    case Op::kTableInit: Builtin(10, both, 3, none); return true;
    case Op::kElemDrop: Builtin(11, a, 0, none); return true;
    case Op::kTableSize: Builtin(12, a, 0, Type::kI32); return true;
    default: return false;
  }
}

void Builder::Return() {
  const uint32_t count = type_->results;
  const uint32_t at = Pool(count);
  if (Over()) return;
  for (uint32_t i = count; i-- > 0;) graph_.pool[at + i] = Pop();
  if (open_loop_ != kNoId) graph_.blocks[block_].leaves_loop = true;
  Emit(kReturn, Type::kNone, at, count);
  EndBlock();
}

InstId Builder::Emit(IrOp op, Type type, uint32_t a, uint32_t b, uint32_t c) {
  if (graph_.num_insts >= cap_insts_) [[unlikely]] {
    if (outcome_ == Outcome::kOk) outcome_ = Outcome::kOverCapacity;
    return cap_insts_ - 1;
  }
  const InstId id = graph_.num_insts++;
  Inst& inst = graph_.insts[id];
  inst.op = op;
  inst.type = type;
  inst.flags = 0;
  inst.a = a;
  inst.b = b;
  inst.c = c;
  inst.pos = pos_;
  inst.gas = 0;
  return id;
}

InstId Builder::EmitConst(Type type, uint64_t bits) {
  return Constant(type, bits);
}

uint32_t Builder::Pool(uint32_t count) {
  if (count > cap_pool_ - graph_.num_pool) [[unlikely]] {
    if (outcome_ == Outcome::kOk) outcome_ = Outcome::kOverCapacity;
    return 0;
  }
  const uint32_t at = graph_.num_pool;
  graph_.num_pool += count;
  return at;
}

// Counts work that validation did not bound; beyond the budget the body is
// built in slot mode.
void Builder::Charge(uint64_t entries) {
  if (slots_) return;
  if (entries > budget_) {
    if (outcome_ == Outcome::kOk) outcome_ = Outcome::kOverBudget;
    return;
  }
  budget_ -= static_cast<uint32_t>(entries);
}

void Builder::Push(InstId value) {
  if (Over()) return;
  INGOT_CHECK(height_ <= body_.max_height);
  if (slots_) {
    graph_.home[value] = graph_.num_locals + height_;
    stack_types_[height_] = graph_.insts[value].type;
  }
  stack_[height_++] = value;
}

InstId Builder::Pop() {
  if (Over()) return 0;
  INGOT_CHECK(height_ != 0);
  return Operand(--height_);
}

// The operand at a position, loaded from its home slot if it is only there.
InstId Builder::Operand(uint32_t position) {
  const uint32_t value = stack_[position];
  if (value != kInSlot) return value;
  const uint32_t slot = graph_.num_locals + position;
  const InstId load =
      Emit(kLoadSlot, stack_types_[position], kNoId, kNoId, slot);
  graph_.home[load] = slot;
  return load;
}

Type Builder::LocalType(uint32_t local) {
  if (local < type_->params) {
    return TypeOf(type_pool_[type_->pool_offset + local]);
  }
  uint32_t low = 0, high = body_.runs - 1;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (run_ends_[middle] > local) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return TypeOf(runs_[low].type);
}

InstId Builder::GetLocal(uint32_t local) {
  if (slots_) {
    return Emit(kLoadSlot, LocalType(local), kNoId, kNoId, local);
  }
  LocalsScratch::Entry& entry = locals_.entries[local];
  // Entries from `stamp` on were set in this function.
  if (entry.stamp < locals_.stamp) {
    entry.value = zeros_[static_cast<uint32_t>(LocalType(local))];
    entry.stamp = locals_.stamp;
    entry.log = 0;
  }
  return entry.value;
}

void Builder::SetLocal(uint32_t local, InstId value) {
  if (Over()) return;
  if (slots_) {
    Emit(kStoreSlot, Type::kNone, value, kNoId, local);
    return;
  }
  const InstId old = GetLocal(local);
  LocalsScratch::Entry& entry = locals_.entries[local];
  if (entry.log <= controls_[num_controls_ - 1].trail_mark) {
    if (num_trail_ >= cap_trail_) {
      outcome_ = Outcome::kOverBudget;
      return;
    }
    trail_[num_trail_++] = TrailEntry{local, old, entry.log};
    entry.log = num_trail_;
  }
  entry.value = value;
}

void Builder::BeginSegment(uint8_t flags) {
  gas_ = Emit(kGas, Type::kNone, 0, 0);
  graph_.insts[gas_].flags = flags;
  graph_.insts[gas_].c = next_pos_;
  owed_ = 0;
}

void Builder::EndSegment() { graph_.insts[gas_].a = owed_; }

void Builder::ForgetMemory() {
  if (numbering_ != nullptr) numbering_->Forget();
}

}  // namespace ingot::compiler
