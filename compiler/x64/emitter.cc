#include "compiler/x64/emitter.h"

#include "compiler/abi/calling_convention.h"

// The frame of code around the instructions. Blocks are emitted in layout
// order; what rarely runs (traps, moves on jumping edges, NaN repair) goes
// behind them, so that the hot path is straight.

namespace ingot::compiler {

using wasm::Op;

// Without gas code: what metered code is measured against (bench/).
#ifdef INGOT_UNMETERED
constexpr bool kMetered = false;
#else
constexpr bool kMetered = true;
#endif

bool Emitter::Emit(FunctionCode* out) {
  out_ = out;
  const wasm::Body& body = *graph_.body;
  outgoing_ = body.outgoing_slots;
  frame_ = static_cast<uint32_t>(
      abi::FrameBytes(body.locals, body.max_height, body.outgoing_slots));
  num_slots_ = alloc_.slots;
  out->frame_bytes = frame_;
  for (auto* vector :
       {&out->rodata, &gas_jumps_, &ready_, &table_targets_}) {
    vector->Attach(&arena_);
  }
  out->relocs.Attach(&arena_);
  out->traps.Attach(&arena_);
  out->certs.Attach(&arena_);
  fixups_.Attach(&arena_);
  edge_stubs_.Attach(&arena_);
  late_.Attach(&arena_);
  trap_stubs_.Attach(&arena_);
  nan_stubs_.Attach(&arena_);
  gas_stubs_.Attach(&arena_);
  table_fixups_.Attach(&arena_);
  pending_.Attach(&arena_);
  const wasm::FuncType& type =
      arena_.Get(graph_.module->types,
                 arena_.Get(graph_.module->functions, body.function));
  const uint64_t locations = uint64_t{kSlotBase} + num_slots_ +
                             (outgoing_ > type.results ? outgoing_
                                                       : type.results);
  Array<uint32_t> blocks, forwards, readers, reader, writer;
  Array<uint8_t> code;
  if (!arena_.AllocateArray(graph_.num_blocks, &blocks) ||
      !arena_.AllocateArray(graph_.num_blocks, &forwards) ||
      !arena_.AllocateArray(locations, &readers) ||
      !arena_.AllocateArray(locations, &reader) ||
      !arena_.AllocateArray(locations, &writer)) {
    return false;
  }
  block_at_ = arena_.At<uint32_t>(blocks.offset);
  forward_ = arena_.At<BlockId>(forwards.offset);
  readers_ = arena_.At<uint32_t>(readers.offset);
  reader_ = arena_.At<uint32_t>(reader.offset);
  writer_ = arena_.At<uint32_t>(writer.offset);
  for (uint32_t i = 0; i < locations; ++i) {
    readers_[i] = 0;
    reader_[i] = kNoId;
    writer_[i] = kNoId;
  }
  if (!arena_.AllocateArray(CodeBound(), &code)) return false;
  as_.Begin(arena_.At<uint8_t>(code.offset), code.size);
  Prologue();
  FindForwards();
  for (BlockId b = 0; b < graph_.num_blocks; b = next_) {
    FindNext(b);
    EmitBlock(b);
    for (BlockId late = b + 1; late < next_; ++late) {
      if (forward_[late] == late) late_.Push(Late{late, segment_});
    }
  }
  EmitLate();
  Stubs();
  out->code = as_.buffer();
  out->code_bytes = as_.offset();
  for (uint32_t i = 0; i < fixups_.size(); ++i) {
    as_.Patch32(fixups_[i].at, block_at_[fixups_[i].block]);
  }
  ResolveTables();
  return !(out->rodata.failed() || out->relocs.failed() ||
           out->traps.failed() || out->certs.failed() || fixups_.failed() ||
           edge_stubs_.failed() || late_.failed() || trap_stubs_.failed() ||
           nan_stubs_.failed() || gas_jumps_.failed() ||
           gas_stubs_.failed() || table_fixups_.failed() ||
           table_targets_.failed() || pending_.failed() || ready_.failed());
}

// An upper bound of the code's length: no instruction takes more than 160
// bytes without its moves, no move more than 24; a tail call moves its stack
// arguments twice. An edge brings at most a move into each register that its
// target begins with and one for each phi, half as many again where they go
// round, and a jump with what is owed; it is emitted once, inline or in a stub.
uint64_t Emitter::CodeBound() const {
  uint64_t moves = alloc_.moves.size();
  for (EdgeId e = 0; e < graph_.num_edges; ++e) {
    const Edge& edge = graph_.edges[e];
    if (edge.to == kNoId) continue;
    const uint64_t values = uint64_t{graph_.blocks[edge.to].phis} +
                            alloc_.blocks[edge.to].entry_count;
    moves += values + values / 2 + 4;
  }
  uint64_t emitted = 0;
  for (InstId i = 0; i < graph_.num_insts; ++i) {
    const uint8_t flags = graph_.insts[i].flags;
    emitted += (flags & (kFlagLive | kFlagFused)) == kFlagLive;
  }
  return 160 * emitted + 24 * moves + 40 * uint64_t{graph_.num_pool} + 1024;
}

// The block that is emitted behind `b`.
void Emitter::FindNext(BlockId b) {
  next_ = b + 1;
  while (next_ < graph_.num_blocks &&
         (forward_[next_] != next_ || IsLate(next_))) {
    ++next_;
  }
}

// What a loop is left by, and nothing else is done in, stands behind all else:
// the loop goes straight on.
bool Emitter::IsLate(BlockId b) const {
  const Block& block = graph_.blocks[b];
  return block.leaves_loop && !block.is_loop_header && !block.begins_round &&
         block.phis == 0 && block.end - block.first == 2 &&
         graph_.insts[block.first].op == kGas &&
         graph_.insts[block.first + 1].op == kJump;
}

void Emitter::EmitBlock(BlockId b) {
  block_ = b;
  block_at_[b] = as_.offset();
  BlockCertificate(b);
  StorePhis(b);
  const Block& block = graph_.blocks[b];
  for (InstId i = block.first + block.phis; i < block.end; ++i) {
    const uint8_t flags = graph_.insts[i].flags;
    if ((flags & kFlagLive) == 0 || (flags & kFlagFused) != 0) continue;
    EmitMovesBefore(i);
    EmitInst(i);
    StoreIfSpilled(i);
  }
}

// The entry block is no jump's target; what holds there follows from the
// function's type.
void Emitter::BlockCertificate(BlockId b) {
  uint32_t zero_upper = 0;
  const BlockState& state = alloc_.blocks[b];
  const uint32_t pos = graph_.blocks[b].first;
  for (uint32_t i = 0; i < state.entry_count; ++i) {
    const RegState& reg = alloc_.states[state.entry + i];
    if (!alloc_.ValidAt(reg.segment, pos)) continue;
    const InstId value = alloc_.segments[reg.segment].value;
    if (graph_.insts[value].type == Type::kI32) zero_upper |= 1u << reg.reg;
  }
  if (b == 0) return;
  ahead_ = graph_.blocks[b].ahead;
  const uint32_t begin = graph_.blocks[b].pos;
  if (begin == kNoId) {
    InsideSegment(zero_upper);
  } else {
    Certificate({zero_upper, begin, ahead_, graph_.blocks[b].round}, 0);
  }
}

// States what holds here, on every path. Several labels at one place (a repair
// that returns to a block's start) share one entry. A place where a segment
// begins stays one.
void Emitter::Certificate(const Situation& situation, uint32_t flags) {
  const uint32_t mask = situation.zero_upper & kCertified;
  const uint32_t round = situation.round << abi::kCertificateRoundShift;
  const int32_t owed = -static_cast<int32_t>(situation.ahead);
  const uint32_t count = out_->certs.size();
  if (count != 0 && out_->certs[count - 1].code_offset == as_.offset()) {
    abi::CertificateEntry& last = out_->certs[count - 1];
    if (flags == 0) {
      last.zero_upper &= ~abi::kCertificateFlags;
      last.zero_upper |= round;
      last.wasm_offset = situation.segment;
      last.owed_minus_paid = owed;
    }
    last.zero_upper &= mask | abi::kCertificateFlags;
    as_.SetZeroUpper(last.zero_upper & kCertified);
    return;
  }
  out_->certs.Push(abi::CertificateEntry{
      as_.offset(), mask | flags | round, owed, situation.segment});
  as_.SetZeroUpper(mask);
}

// A place inside of the segment that is paid.
void Emitter::InsideSegment(uint32_t zero_upper) {
  Certificate({zero_upper, segment_, ahead_, graph_.blocks[block_].round},
              abi::kCertificatePaid);
}

// A label inside of an instruction's expansion, where short jumps arrive.
void Emitter::Label(std::initializer_list<uint32_t> short_jumps) {
  for (uint32_t at : short_jumps) {
    if (at != 0) as_.PatchShort(at);
  }
  InsideSegment(as_.zero_upper());
}

void Emitter::EdgeOutOfLine(uint32_t at, EdgeId edge) {
  edge_stubs_.Push(EdgeStub{at, edge, Here()});
}

// Phis that hold a register but are spilled later, or earlier on another path,
// are stored once the edges have filled the registers.
void Emitter::StorePhis(BlockId b) {
  const Block& block = graph_.blocks[b];
  for (uint32_t k = 0; k < block.phis; ++k) {
    const InstId phi = block.first + k;
    const uint8_t reg = alloc_.phi_reg[phi];
    if (reg == kNoReg || !live_.values[phi].spilled) continue;
    StoreFrame(graph_.insts[phi].type, SlotOf(phi), reg);
  }
}

void Emitter::StoreIfSpilled(InstId i) {
  const uint8_t dst = alloc_.insts[i].dst;
  if (dst == kNoReg || !live_.values[i].spilled) return;
  StoreFrame(graph_.insts[i].type, SlotOf(i), dst);
}

void Emitter::EmitMovesBefore(InstId i) {
  while (next_move_ < alloc_.moves.size() &&
         alloc_.moves[next_move_].inst <= i) {
    const Move& move = alloc_.moves[next_move_++];
    const Type type = graph_.insts[move.value].type;
    if (move.src == kInFrame) {
      LoadFrame(type, move.dst, SlotOf(move.value));
    } else if (move.src == kImmediate) {
      // No flags are awaited between instructions.
      if (!IsFloat(type) && ConstBits(move.value) == 0) {
        as_.Rr(x::kIdXor, Width::k32, move.dst, move.dst);
      } else {
        LoadConst(move.value, move.dst);
      }
    } else {
      MoveReg(type, move.dst, move.src);
    }
  }
}

void Emitter::EmitInst(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  switch (inst.op) {
    case kConst:
      return;
    case kParam:
    case kResult:
      return StackValue(i);
    case kGas:
      return EmitGas(inst);
    case kGlobalGet:
      return GlobalGet(i);
    case kGlobalSet:
      return GlobalSet(i);
    case kMemorySize:
      return MemorySize(i);
    case kRefFunc:
      return RefFunc(i);
    case kLoadSlot:
      return LoadFrame(inst.type, alloc.dst, Slot(inst.c));
    case kStoreSlot:
      if (alloc.src[0] == kImmediate) {
        StoreConst(Slot(inst.c), inst.a);
      } else {
        StoreFrame(graph_.insts[inst.a].type, Slot(inst.c), alloc.src[0]);
      }
      return;
    case kCall:
    case kCallImport:
    case kBuiltin:
      return Call(i);
    case kCallIndirect:
      return CallIndirect(i);
    case kTestZero:
    case kTestNonzero:
      return SetCompare(i);
    case kAndNot:
      as_.Rrr(x::kIdAndn, WidthOf(inst.type), alloc.dst, alloc.src[0],
              alloc.src[1]);
      return;
    case kAddImmediate: return AddImmediate(i);
    case kByteSwap:
      MoveReg(inst.type, alloc.dst, alloc.src[0]);
      as_.ByteSwap(WidthOf(inst.type), alloc.dst);
      return;
    case kAddScaled:
      as_.Rm(x::kIdLea, WidthOf(inst.type), alloc.dst,
             Mem{alloc.src[0], alloc.src[1], static_cast<uint8_t>(inst.c), 0});
      return;
    case kJump:
      return Goto(inst.a);
    case kBranch:
      return Branch(i);
    case kBrTable:
      return BranchTable(i);
    case kReturn:
      return Return(i);
    case kTailCall:
    case kTailCallImport:
    case kTailCallIndirect:
      return TailCall(i);
    case kTrap:
      TrapHere(i, static_cast<TrapCode>(inst.c));
      return;
    default:
      return Numeric(i);
  }
}

// Pays for the segment and what is ahead of the next, less what was paid before.
// Where a test is due, a counter that was negative before the payment leaves:
// one that only the payment made so may belong to a segment that traps before
// all of its price is owed. So what jumps on the payment's own flags is tested
// again out of line.
void Emitter::EmitGas(const Inst& inst) {
  if (inst.c != kNoId) segment_ = inst.c;
  segment_paid_ = inst.a + inst.b;
  const int64_t due = int64_t{segment_paid_} - ahead_;
  ahead_ = inst.b;
  if (!kMetered) return;
  if (due < 0) {
    as_.Ri(x::kIdAdd, Width::k64, kGasReg, -due);
    return;
  }
  const uint32_t payment = static_cast<uint32_t>(due);
  const bool tests = (inst.flags & kFlagCheck) != 0;
  if (payment == 0) {
    if (!tests) return;
    as_.Rr(x::kIdTest, Width::k64, kGasReg, kGasReg);
    gas_jumps_.Push(as_.Jcc(Cc::kL));
    return;
  }
  as_.Ri(x::kIdSub, Width::k64, kGasReg, payment);
  if (!tests) return;
  const uint32_t at = as_.Jcc(Cc::kL);
  gas_stubs_.Push(GasStub{at, as_.offset(), payment, Here()});
  InsideSegment(as_.zero_upper());
}

Test Emitter::TestOf(InstId condition, uint8_t where) {
  if (where == kNoReg) return Compare(condition);
  const Width w = WidthOf(graph_.insts[condition].type);
  TestZero(where, w);
  return Test{Test::Kind::kPlain, Cc::kNe};
}

// Sets the zero flag by a register, unless it is set so.
void Emitter::TestZero(uint8_t reg, Width w) {
  if (!as_.ZeroFlagIsOf(reg, w)) as_.Rr(x::kIdTest, w, reg, reg);
}

Test Emitter::Invert(const Test& test) {
  switch (test.kind) {
    case Test::Kind::kFloatEqual:
      return Test{Test::Kind::kFloatNotEqual, Cc::kNe};
    case Test::Kind::kFloatNotEqual:
      return Test{Test::Kind::kFloatEqual, Cc::kE};
    case Test::Kind::kPlain:
      break;
  }
  return Test{Test::Kind::kPlain, Negate(test.cc)};
}

// Blocks that do nothing are not emitted: jumps to them lead on. From the last
// to the first, so that chains end at once.
void Emitter::FindForwards() {
  uint32_t moves = alloc_.moves.size();  // those before the block's end
  for (BlockId b = graph_.num_blocks; b-- > 0;) {
    forward_[b] = b;
    const Block& block = graph_.blocks[b];
    const InstId first = block.first + block.phis;
    while (moves != 0 && alloc_.moves[moves - 1].inst >= block.end) --moves;
    const bool has_moves =
        moves != 0 && alloc_.moves[moves - 1].inst >= block.first;
    if (b == 0 || block.is_loop_header || block.begins_round ||
        block.last_gas != first || has_moves) {
      continue;
    }
    const Inst& gas = graph_.insts[first];
    bool empty = !kMetered || gas.a + gas.b == block.ahead;
    for (InstId i = block.first; empty && i + 1 < block.end; ++i) {
      if (i == first) continue;
      const uint8_t flags = graph_.insts[i].flags;
      empty = (flags & kFlagLive) == 0 || graph_.insts[i].op == kConst ||
              ((flags & kFlagFused) != 0 && !HasLoad(i));
    }
    if (!empty) continue;
    const BlockId to = OnlyWayOut(b);
    if (to != kNoId) forward_[b] = to > b ? forward_[to] : to;
  }
}

// Where control gets to from a block by its jump, or whichever way its branch
// goes: to one of the branch's targets, or behind one that does nothing but
// jump. The verifier looks no further (runtime/verifier/wasm_segments.cc).
// kNoId if that is not one block, or if something must be moved on the way.
BlockId Emitter::OnlyWayOut(BlockId block) {
  const Inst& last = graph_.insts[graph_.blocks[block].end - 1];
  if (last.op == kJump) {
    return HasEdgeMoves(last.a) ? kNoId : graph_.edges[last.a].to;
  }
  if (last.op != kBranch || HasEdgeMoves(last.b) || HasEdgeMoves(last.c)) {
    return kNoId;
  }
  const BlockId way = graph_.edges[last.b].to;
  const BlockId other = graph_.edges[last.c].to;
  if (way <= block || other <= block) return kNoId;
  const BlockId behind = Behind(way), behind_other = Behind(other);
  if (way == other || way == behind_other) return way;
  return behind == other || behind == behind_other ? behind : kNoId;
}

// The block that a later one jumps forwards to if that is all it does; else
// itself.
BlockId Emitter::Behind(BlockId block) const {
  const Inst& last = graph_.insts[graph_.blocks[block].end - 1];
  if (forward_[block] == block || last.op != kJump) return block;
  return std::max(block, graph_.edges[last.a].to);
}

BlockId Emitter::TargetOf(EdgeId edge) const {
  return forward_[graph_.edges[edge].to];
}

// Whether two edges of one branch differ in nothing.
bool Emitter::SameTarget(EdgeId a, EdgeId b) {
  return TargetOf(a) == TargetOf(b) && !HasEdgeMoves(a) && !HasEdgeMoves(b);
}

// Whether an instruction does a load of its own, which may trap whatever comes
// of its value.
bool Emitter::HasLoad(InstId i) const {
  const Alloc& alloc = alloc_.insts[i];
  return alloc.src[0] == kInMemory || alloc.src[1] == kInMemory;
}

void Emitter::Branch(InstId i) {
  const Inst& inst = graph_.insts[i];
  const EdgeId nonzero = inst.b, zero = inst.c;
  const Inst& condition = graph_.insts[inst.a];
  if (SameTarget(nonzero, zero)) {
    if ((condition.flags & kFlagFused) != 0 && HasLoad(inst.a)) {
      Compare(inst.a);
    }
    return Goto(zero);
  }
  if (condition.op == kConst) return Goto(condition.a != 0 ? nonzero : zero);
  const Test test = TestOf(inst.a, alloc_.insts[i].src[0]);
  if (TargetOf(nonzero) == next_) {
    JumpIf(Invert(test), zero);
    Goto(nonzero);
  } else {
    JumpIf(test, nonzero);
    Goto(zero);
  }
}

// Jumps along an edge if the test holds. Moves stand out of line, or, on the
// way back to a loop's header, in line behind the opposite jump.
void Emitter::JumpIf(const Test& test, EdgeId edge) {
  const BlockId to = TargetOf(edge);
  if (!HasEdgeMoves(edge)) {
    JumpIfTo(test, to);
    return;
  }
  if (to <= block_ && test.kind == Test::Kind::kPlain) {
    const uint32_t skip = as_.Jcc(Negate(test.cc));
    const uint32_t zero_upper = as_.zero_upper();
    Goto(edge);
    as_.Patch32(skip, as_.offset());
    InsideSegment(zero_upper);
    return;
  }
  switch (test.kind) {
    case Test::Kind::kPlain:
      EdgeOutOfLine(as_.Jcc(test.cc), edge);
      return;
    case Test::Kind::kFloatNotEqual:
      EdgeOutOfLine(as_.Jcc(Cc::kP), edge);
      EdgeOutOfLine(as_.Jcc(Cc::kNe), edge);
      return;
    case Test::Kind::kFloatEqual: {
      const uint32_t skip = as_.JccShort(Cc::kP);
      EdgeOutOfLine(as_.Jcc(Cc::kE), edge);
      Label({skip});
      return;
    }
  }
}

void Emitter::JumpIfTo(const Test& test, BlockId block) {
  const auto jump = [&](Cc cc) {
    if (block <= block_) {
      as_.JccBack(cc, block_at_[block]);
    } else {
      fixups_.Push(Fixup{as_.Jcc(cc), block});
    }
  };
  switch (test.kind) {
    case Test::Kind::kPlain:
      jump(test.cc);
      return;
    case Test::Kind::kFloatNotEqual:
      jump(Cc::kP);
      jump(Cc::kNe);
      return;
    case Test::Kind::kFloatEqual: {
      const uint32_t skip = as_.JccShort(Cc::kP);
      jump(Cc::kE);
      Label({skip});
      return;
    }
  }
}

void Emitter::Goto(EdgeId edge) {
  EdgeMoves(edge);
  GotoBlock(TargetOf(edge));
}

// A round of a loop is a place of its own, even if nothing is done in it, and so
// is a block that a branch or a table ends: the next block, whose place and
// certificate it would share, need not be its only successor.
void Emitter::GotoBlock(BlockId block) {
  const Block& from = graph_.blocks[block_];
  const bool own_place =
      from.begins_round || graph_.insts[from.end - 1].op != kJump;
  const bool empty = as_.offset() == block_at_[block_];
  if (block <= block_) {
    as_.JmpBack(block_at_[block]);
  } else if (block != next_ || (empty && own_place)) {
    fixups_.Push(Fixup{as_.Jmp(), block});
  }
}

// The edge that is taken whatever the index, or by the index that is known;
// kNoId if there is none.
EdgeId Emitter::OnlyEntry(const Inst& table) {
  const uint32_t distinct = graph_.pool[table.b];
  const uint32_t* edges = graph_.pool + table.b + 1;
  const Inst& index = graph_.insts[table.a];
  if (index.op == kConst) {
    const uint32_t entry = index.a < table.c ? index.a : table.c - 1;
    return edges[edges[distinct + entry]];
  }
  for (uint32_t k = 1; k < distinct; ++k) {
    if (!SameTarget(edges[0], edges[k])) return kNoId;
  }
  return edges[0];
}

// The default is the table's last entry: an index beyond it counts as that.
void Emitter::BranchTable(InstId i) {
  const Inst& inst = graph_.insts[i];
  const Alloc& alloc = alloc_.insts[i];
  const uint8_t temp = alloc.temp;
  const EdgeId only = OnlyEntry(inst);
  if (only != kNoId) return Goto(only);
  as_.Ri(x::kIdMov, Width::k32, temp, inst.c - 1);
  as_.Rr(x::kIdCmp, Width::k32, alloc.src[0], temp);
  as_.Rr(x::kIdCmovb, Width::k32, temp, alloc.src[0]);
  out_->relocs.Push(Reloc{as_.LeaRip(kScratch), RelocKind::kRodata, 0});
  const uint32_t table = out_->rodata.size();
  as_.Rm(x::kIdMovsxd, Width::k64, temp,
         Mem{kScratch, temp, 2, static_cast<int32_t>(4 * table)});
  as_.Rr(x::kIdAdd, Width::k64, temp, kScratch);
  as_.JumpReg(temp);
  const uint32_t zero_upper = as_.zero_upper();
  const uint32_t distinct = graph_.pool[inst.b];
  const uint32_t* edges = graph_.pool + inst.b + 1;
  const uint32_t* places = edges + distinct;
  // An entry holds its edge's place among the distinct ones, until it is known
  // where the block or, for an edge with moves, the stub behind it stands.
  for (uint32_t k = 0; k < inst.c; ++k) out_->rodata.Push(places[k]);
  table_fixups_.Push(
      TableFixup{table, inst.c, table_targets_.size(), distinct});
  for (uint32_t k = 0; k < distinct; ++k) {
    const BlockId to = TargetOf(edges[k]);
    if (!HasEdgeMoves(edges[k])) {
      table_targets_.Push(to);
      continue;
    }
    table_targets_.Push(kTargetIsPlace | as_.offset());
    InsideSegment(zero_upper);
    EdgeMoves(edges[k]);
    if (to <= block_) {
      as_.JmpBack(block_at_[to]);
    } else {
      fixups_.Push(Fixup{as_.Jmp(), to});
    }
  }
}

void Emitter::ResolveTables() {
  if (out_->rodata.failed() || table_targets_.failed()) return;
  for (uint32_t i = 0; i < table_fixups_.size(); ++i) {
    const TableFixup table = table_fixups_[i];
    uint32_t* targets = table_targets_.data() + table.targets;
    for (uint32_t k = 0; k < table.distinct; ++k) {
      targets[k] = (targets[k] & kTargetIsPlace) != 0
                       ? targets[k] & ~kTargetIsPlace
                       : block_at_[targets[k]];
    }
    uint32_t* entry = out_->rodata.data() + table.first;
    for (uint32_t k = 0; k < table.entries; ++k) entry[k] = targets[entry[k]];
  }
}

// What must be moved when control passes along an edge: the target's phis, and
// values that it expects in other registers.
void Emitter::EdgeMoves(EdgeId e) {
  const Edge& edge = graph_.edges[e];
  const Block& to = graph_.blocks[edge.to];
  const BlockState& entry = alloc_.blocks[edge.to];
  const BlockState& exit = alloc_.blocks[edge.from];
  const uint32_t from_pos = graph_.blocks[edge.from].end - 1;
  for (uint32_t i = 0; i < entry.entry_count; ++i) {
    const RegState& want = alloc_.states[entry.entry + i];
    if (!alloc_.ValidAt(want.segment, to.first)) continue;
    const InstId value = alloc_.segments[want.segment].value;
    if (value >= to.first && value < to.first + to.phis) {
      const uint32_t k = value - to.first;
      AddParallel(want.reg, alloc_.pool_loc[edge.args + k],
                  graph_.pool[edge.args + k]);
      continue;
    }
    uint8_t where = graph_.insts[value].op == kConst ? kImmediate : kInFrame;
    for (uint32_t j = 0; j < exit.exit_count; ++j) {
      const RegState& have = alloc_.states[exit.exit + j];
      if (alloc_.segments[have.segment].value == value &&
          alloc_.ValidAt(have.segment, from_pos)) {
        where = have.reg;
        if (where == want.reg) break;
      }
    }
    AddParallel(want.reg, where, value);
  }
  for (uint32_t k = 0; k < to.phis; ++k) {
    const InstId phi = to.first + k;
    if ((graph_.insts[phi].flags & kFlagLive) == 0 ||
        alloc_.phi_reg[phi] != kNoReg) {
      continue;
    }
    AddParallel(kSlotBase + live_.values[phi].slot,
                alloc_.pool_loc[edge.args + k], graph_.pool[edge.args + k]);
  }
  RunParallel();
}

bool Emitter::HasEdgeMoves(EdgeId e) {
  const Edge& edge = graph_.edges[e];
  const Block& to = graph_.blocks[edge.to];
  for (uint32_t k = 0; k < to.phis; ++k) {
    const InstId phi = to.first + k;
    if ((graph_.insts[phi].flags & kFlagLive) == 0) continue;
    if (alloc_.phi_reg[phi] == kNoReg ||
        alloc_.pool_loc[edge.args + k] != alloc_.phi_reg[phi]) {
      return true;
    }
  }
  const BlockState& entry = alloc_.blocks[edge.to];
  const BlockState& exit = alloc_.blocks[edge.from];
  const uint32_t from_pos = graph_.blocks[edge.from].end - 1;
  for (uint32_t i = 0; i < entry.entry_count; ++i) {
    const RegState& want = alloc_.states[entry.entry + i];
    if (!alloc_.ValidAt(want.segment, to.first)) continue;
    const InstId value = alloc_.segments[want.segment].value;
    if (value >= to.first && value < to.first + to.phis) continue;
    bool found = false;
    for (uint32_t j = 0; j < exit.exit_count && !found; ++j) {
      const RegState& have = alloc_.states[exit.exit + j];
      found = have.reg == want.reg &&
              alloc_.segments[have.segment].value == value &&
              alloc_.ValidAt(have.segment, from_pos);
    }
    if (!found) return true;
  }
  return false;
}

void Emitter::Return(InstId i) {
  const Inst& inst = graph_.insts[i];
  const wasm::FuncType& type =
      arena_.Get(graph_.module->types,
                 arena_.Get(graph_.module->functions, graph_.body->function));
  const wasm::ValType* pool =
      arena_.View(graph_.module->type_pool).data() + type.pool_offset;
  // Results without a register go above the caller's arguments.
  const uint32_t arguments = abi::StackSlots({pool, type.params});
  out_area_ = static_cast<int32_t>(frame_ + 8 * arguments);
  abi::ArgumentCursor cursor;
  for (uint32_t k = 0; k < inst.b; ++k) {
    const abi::ArgumentCursor::Place place = cursor.Next(pool[type.params + k]);
    uint32_t dst = kSlotBase + num_slots_ + place.index;
    if (place.in_register) {
      dst = place.is_float ? 16 + place.index : abi::kIntArgument[place.index];
    }
    AddParallel(dst, alloc_.pool_loc[inst.a + k], graph_.pool[inst.a + k]);
  }
  RunParallel();
  Epilogue();
}

int64_t Emitter::ConstImm(InstId value) const {
  const uint64_t bits = ConstBits(value);
  // An i32 immediate is the sign-extended number that asmjit expects.
  if (graph_.insts[value].type == Type::kI32) {
    return static_cast<int32_t>(static_cast<uint32_t>(bits));
  }
  return static_cast<int64_t>(bits);
}

void Emitter::MoveReg(Type type, uint8_t dst, uint8_t src) {
  if (dst == src) return;
  if (IsFloat(type)) {
    as_.Xx(x::kIdMovaps, dst, src);
  } else {
    as_.Rr(x::kIdMov, WidthOf(type), dst, src);
  }
}

void Emitter::LoadFrame(Type type, uint8_t dst, const Mem& mem) {
  switch (type) {
    case Type::kF32: as_.Xm(x::kIdMovss, dst, mem); return;
    case Type::kF64: as_.Xm(x::kIdMovsd, dst, mem); return;
    default: as_.Rm(x::kIdMov, WidthOf(type), dst, mem); return;
  }
}

void Emitter::StoreFrame(Type type, const Mem& mem, uint8_t src) {
  switch (type) {
    case Type::kF32: as_.Mx(x::kIdMovss, mem, src); return;
    case Type::kF64: as_.Mx(x::kIdMovsd, mem, src); return;
    default: as_.Mr(x::kIdMov, WidthOf(type), mem, src); return;
  }
}

void Emitter::LoadConst(InstId value, uint8_t dst) {
  const Type type = graph_.insts[value].type;
  const uint64_t bits = ConstBits(value);
  if (!IsFloat(type)) {
    const int64_t number = static_cast<int64_t>(bits);
    if (bits > 0xFFFFFFFFu && number == static_cast<int32_t>(number)) {
      as_.Ri(x::kIdMov, Width::k64, dst, number);
    } else {
      as_.MovImm64(dst, bits);
    }
    return;
  }
  if (bits == 0) {
    as_.Xx(x::kIdXorps, dst, dst);
    return;
  }
  as_.MovImm64(kScratch, bits);
  if (type == Type::kF32) {
    as_.Xr(x::kIdMovd, Width::k32, dst, kScratch);
  } else {
    as_.Xr(x::kIdMovq, Width::k64, dst, kScratch);
  }
}

void Emitter::StoreConst(const Mem& mem, InstId value) {
  const Type type = graph_.insts[value].type;
  const uint64_t bits = ConstBits(value);
  if (type == Type::kI32 || type == Type::kF32) {
    as_.Mi(x::kIdMov, mem, 4, static_cast<int32_t>(bits));
    return;
  }
  const int64_t number = static_cast<int64_t>(bits);
  if (number == static_cast<int32_t>(number)) {
    as_.Mi(x::kIdMov, mem, 8, number);
    return;
  }
  as_.MovImm64(kScratch, bits);
  as_.Mr(x::kIdMov, Width::k64, mem, kScratch);
}

}  // namespace ingot::compiler
