#include "runtime/verifier/wasm_segments.h"

#include <algorithm>
#include <string_view>

#include "compiler/abi/traps.h"
#include "runtime/verifier/search.h"

// One walk over the body, control by control. Where labels lead is known at
// their ends; segments name them by number until then.

namespace ingot::verifier {
namespace {

using wasm::Op;
using wasm::Operator;
using wasm::OperatorReader;

// DIALECT.md, 6: a payment is an immediate of 32 bits.
constexpr uint32_t kLargestSegment = uint32_t{1} << 29;

uint32_t CodesOf(Op op) {
  if (wasm::InfoOf(op).immediate == wasm::ImmediateKind::kMemArg) {
    return Bit(TrapCode::kOutOfBoundsMemory);
  }
  switch (op) {
    case Op::kI32DivS: case Op::kI64DivS:
      return Bit(TrapCode::kIntegerDivideByZero) |
             Bit(TrapCode::kIntegerOverflow);
    case Op::kI32DivU: case Op::kI64DivU: case Op::kI32RemS:
    case Op::kI64RemS: case Op::kI32RemU: case Op::kI64RemU:
      return Bit(TrapCode::kIntegerDivideByZero);
    default:
      return Bit(TrapCode::kInvalidConversion) |
             Bit(TrapCode::kIntegerOverflow);
  }
}

// How many of a builtin's parameters are the instruction's immediates.
consteval uint8_t ImmediatesIn(std::string_view parameters) {
  uint8_t count = 0;
  for (const std::string_view name : {"table", "segment"}) {
    for (size_t at = parameters.find(name); at != parameters.npos;
         at = parameters.find(name, at + 1)) {
      ++count;
    }
  }
  return count;
}

// The builtin that does an instruction (compiler/abi/builtins.def); without an
// index if none does.
Callee BuiltinOf(const Operator& op) {
  switch (op.op) {
#define INGOT_BUILTIN(number, name, parameters, result)                 \
  case Op::name:                                                        \
    return {CalledKind::kRuntime, ImmediatesIn(parameters), number,     \
            {op.a, op.b}};
#include "compiler/abi/builtins.def"
#undef INGOT_BUILTIN
    default: return {CalledKind::kRuntime, 0, kNowhere};
  }
}

}  // namespace

template <typename T>
bool WasmSegments::Take(uint64_t count, std::span<T>* out) {
  Array<T> array;
  if (!arena_.AllocateArray(count, &array)) return false;
  *out = arena_.View(array);
  return true;
}

template <typename T>
void WasmSegments::Append(std::span<T> items, uint32_t* count, const T& item) {
  overflow_ = overflow_ || *count >= items.size();
  if (!overflow_) items[(*count)++] = item;
}

bool WasmSegments::Build(const wasm::Body& body) {
  arena_.Rewind(mark_);
  // A branch, control or call opens at most two segments; a body's price in
  // full segments opens the others.
  const uint64_t segments = 4 + uint64_t{body.calls} + body.branches +
                            3 * uint64_t{body.controls} +
                            uint64_t{body.instructions} / 32768;
  const uint64_t successors =
      4 + 2 * uint64_t{body.branches} + 4 * uint64_t{body.controls};
  if (!Take(segments, &segments_) || !Take(successors, &successors_) ||
      !Take(successors, &links_) ||
      !Take(uint64_t{body.instructions} + 1, &points_) ||
      !Take(2 * uint64_t{body.controls} + 1, &controls_) ||
      !Take(uint64_t{body.controls} + 1, &stack_)) {
    return false;
  }
  num_segments_ = num_successors_ = num_points_ = num_controls_ = 0;
  depth_ = skipped_ = 0;
  loop_ = kNowhere;
  calls_ = overflow_ = false;
  const wasm::Module& module = *parts_.module;
  const wasm::FuncType& type = parts_.arena->Get(
      module.types, parts_.arena->Get(module.functions, body.function));
  Push(Kind::kBlock);
  Open(body.code, false);
  owed_ = schedule_.EntryPrice(type.params, type.results,
                               body.locals - type.params);
  OperatorReader reader(bytes_.data(), body.code, body.end);
  Operator op;
  while (depth_ != 0 && !overflow_ && reader.Next(&op)) {
    if (!reachable_ && Skip(op)) continue;
    if (owed_ >= kLargestSegment) {
      Close(op.offset, SegmentEnd::kSplit);
      Open(op.offset, false);
    }
    Step(reader, op);
  }
  if (overflow_ || !reader.status().ok()) return false;
  segments_[0].tests = calls_;
  FindWays();
  Link();
  return true;
}

// What stands in blocks that cannot be reached.
bool WasmSegments::Skip(const Operator& op) {
  skipped_ += op.op == Op::kBlock || op.op == Op::kLoop || op.op == Op::kIf;
  if (op.op == Op::kElse) return skipped_ != 0;
  if (op.op != Op::kEnd) return true;
  return skipped_ != 0 && skipped_-- != 0;
}

void WasmSegments::Step(OperatorReader& reader, const Operator& op) {
  owed_ += schedule_.Price(op.op);
  const uint32_t next = reader.offset();
  switch (op.op) {
    case Op::kUnreachable:
      AddPoint(op, Bit(TrapCode::kUnreachable));
      return Close(op.offset, SegmentEnd::kTrap);
    case Op::kBlock:
      return Push(Kind::kBlock);
    case Op::kLoop:
      AddSuccessor(kNowhere);
      Close(op.offset, SegmentEnd::kTransfer);
      Push(Kind::kLoop);
      loop_ = num_segments_;
      return Open(next, true);
    case Op::kIf:
      AddSuccessor(kNowhere);
      AddSuccessor(num_controls_ + 1);
      Close(op.offset, SegmentEnd::kTransfer);
      Push(Kind::kIf);
      return Open(next, true);
    case Op::kElse: {
      const uint32_t control = stack_[depth_ - 1];
      if (reachable_) {
        AddLabel(0);
        Close(op.offset, SegmentEnd::kTransfer);
      }
      controls_[control].kind = Kind::kElse;
      controls_[control + 1].target = num_segments_;
      return Open(next, true);
    }
    case Op::kEnd:
      return EndControl(op, next);
    case Op::kBr:
      AddLabel(op.a);
      return Close(op.offset, SegmentEnd::kTransfer);
    case Op::kBrIf:
      AddLabel(op.a);
      AddSuccessor(kNowhere);
      Close(op.offset, SegmentEnd::kTransfer);
      return Open(next, true);
    case Op::kBrTable:
      for (uint64_t i = 0; i <= op.a; ++i) AddLabel(reader.ReadLabel());
      return Close(op.offset, SegmentEnd::kTransfer);
    case Op::kReturn:
      return Close(op.offset, SegmentEnd::kReturn);
    case Op::kCall:
    case Op::kReturnCall: {
      const bool imported = op.a < parts_.module->imported_functions;
      return Call(op, next, {imported ? CalledKind::kImport
                                      : CalledKind::kFunction,
                             0, op.a});
    }
    case Op::kCallIndirect:
    case Op::kReturnCallIndirect:
      AddPoint(op, Bit(TrapCode::kUndefinedElement) |
                       Bit(TrapCode::kUninitializedElement) |
                       Bit(TrapCode::kIndirectCallMismatch));
      return Call(op, next,
                  {CalledKind::kIndirect, 1, op.a, {op.b, kNowhere}});
    default:
      break;
  }
  const Callee builtin = BuiltinOf(op);
  if (builtin.index != kNowhere) return Call(op, next, builtin);
  if (wasm::HasFlag(op.op, wasm::kTraps)) AddPoint(op, CodesOf(op.op));
}

void WasmSegments::EndControl(const Operator& op, uint32_t next) {
  Control* control = &controls_[stack_[--depth_]];
  bool opens = control->last_edge != 0;
  if (control->kind == Kind::kLoop) {
    opens = reachable_;
    loop_ = control->outer;
  } else {
    control->target = num_segments_;
  }
  if (control->kind == Kind::kIf) {
    control[1].target = num_segments_;
    opens = true;
  }
  if (opens) {
    if (reachable_) {
      AddSuccessor(kNowhere);
      Close(op.offset, SegmentEnd::kTransfer);
    }
    Open(next, true);
  }
  if (depth_ == 0 && reachable_) Close(op.offset, SegmentEnd::kReturn);
}

void WasmSegments::Open(uint32_t begin, bool is_label) {
  Append(segments_, &num_segments_,
         Segment{.begin = begin, .first_successor = num_successors_,
                 .first_point = num_points_, .loop = loop_,
                 .tests = loop_ == num_segments_, .is_label = is_label});
  owed_ = 0;
  reachable_ = true;
}

void WasmSegments::Close(uint32_t end, SegmentEnd kind) {
  Segment& segment = segments_[num_segments_ - 1];
  segment.end = end;
  segment.price = static_cast<uint32_t>(owed_);
  segment.kind = kind;
  segment.successors = num_successors_ - segment.first_successor;
  segment.points = num_points_ - segment.first_point;
  reachable_ = false;
}

void WasmSegments::Call(const Operator& op, uint32_t next,
                        const Callee& callee) {
  calls_ = true;
  segments_[num_segments_ - 1].callee = callee;
  if (op.op == Op::kReturnCall || op.op == Op::kReturnCallIndirect) {
    return Close(op.offset, SegmentEnd::kTailCall);
  }
  Close(op.offset, SegmentEnd::kCall);
  Open(next, false);
}

// A loop's header is the segment that is opened next.
void WasmSegments::Push(Kind kind) {
  Append(stack_, &depth_, num_controls_);
  const Control control = {kind, 0, num_segments_, loop_};
  Append(controls_, &num_controls_, control);
  if (kind == Kind::kIf) Append(controls_, &num_controls_, control);
}

void WasmSegments::AddSuccessor(uint32_t control) {
  Append(successors_, &num_successors_, control);
}

// The entries of a table that lead to one place are one successor.
void WasmSegments::AddLabel(uint32_t depth) {
  const uint32_t control = stack_[depth_ - 1 - depth];
  if (controls_[control].last_edge == num_segments_) return;
  controls_[control].last_edge = num_segments_;
  AddSuccessor(control);
}

void WasmSegments::AddPoint(const Operator& op, uint32_t codes) {
  Append(points_, &num_points_,
         {op.offset, static_cast<uint32_t>(owed_), codes});
}

uint32_t WasmSegments::SuccessorOf(uint32_t segment, uint32_t index) const {
  const uint32_t control = successors_[At(segment).first_successor + index];
  return control == kNowhere ? segment + 1 : controls_[control].target;
}

// The segment where all ways out of one meet, owing the same: its first
// successor, or the parent of that; kNowhere if there is none. Later segments
// are known.
uint32_t WasmSegments::MeetingOf(uint32_t segment) const {
  const uint32_t first = SuccessorOf(segment, 0);
  uint32_t meeting = first;
  for (uint32_t k = 0; k < At(segment).successors; ++k) {
    const uint32_t to = SuccessorOf(segment, k);
    if (to <= segment || to >= num_segments_ ||
        At(to).place.way != At(first).place.way) {
      return kNowhere;
    }
    if (to == meeting || At(to).parent == meeting) continue;
    if (meeting != first) return kNowhere;
    meeting = At(first).parent;
    k = 0;
  }
  return meeting;
}

// Only a loop's header lies before its branch, and it tests, so that no way
// goes on from there.
void WasmSegments::FindWays() {
  for (uint32_t i = num_segments_; i-- > 0;) {
    Segment& segment = segments_[i];
    segment.place = {0, i, 0};
    if (segment.tests || segment.kind != SegmentEnd::kTransfer) continue;
    const uint32_t first = SuccessorOf(i, 0);
    if (segment.successors == 1 && first <= i) {
      segment.place = {segment.price, first, 0};
    }
    segment.parent = MeetingOf(i);
    if (segment.parent == kNowhere) continue;
    segment.place = segments_[first].place;
    segment.place.way += segment.price;
  }
  for (uint32_t i = 0; i < num_segments_; ++i) {
    const Segment& segment = segments_[i];
    if (segment.parent == kNowhere) continue;
    segments_[segment.parent].through += segment.through;
  }
  uint32_t next = 0;
  for (uint32_t i = num_segments_; i-- > 0;) {
    Segment& segment = segments_[i];
    uint32_t& free =
        segment.parent == kNowhere ? next : segments_[segment.parent].free;
    segment.place.number = free;
    segment.free = free + 1;
    free += segment.through;
  }
}

void WasmSegments::Link() {
  for (uint32_t i = 0; i < num_segments_; ++i) {
    const auto links = LinksOf(i);
    for (uint32_t k = 0; k < links.size(); ++k) {
      const uint32_t to = SuccessorOf(i, k);
      links[k] = to < num_segments_ ? segments_[to].place
                                    : Place{0, kNowhere, 0};
    }
    if (links.size() > 1) std::sort(links.begin(), links.end());
  }
}

uint32_t WasmSegments::Find(uint32_t begin, uint32_t near) const {
  const std::span<const Segment> all = segments_.first(num_segments_);
  const Segment* const at = FindAt<&Segment::begin>(all, begin, near);
  return at == nullptr ? kNowhere : static_cast<uint32_t>(at - all.data());
}

const TrapPoint* WasmSegments::FindPoint(uint32_t segment,
                                         uint32_t offset) const {
  const std::span<const TrapPoint> points =
      points_.subspan(At(segment).first_point, At(segment).points);
  return FindAt<&TrapPoint::offset>(points, offset, kNowhere);
}

// Every step is to a later segment or to a loop's header, which tests: so no
// cycle is without a test.
bool WasmSegments::Follows(uint32_t from, uint32_t to, uint64_t owed) const {
  if (At(from).kind != SegmentEnd::kTransfer) return false;
  const Place& place = At(to).place;
  const auto links = LinksOf(from);
  // A successor whose way leads through `to`, owing that much before.
  const uint64_t way = place.way + owed;
  auto at = std::lower_bound(links.begin(), links.end(),
                             Place{way, place.canonical, place.number});
  if (at != links.end() && at->canonical == place.canonical &&
      at->way == way && at->number - place.number < At(to).through) {
    return true;
  }
  // One whose way ends at `to`, a header before it.
  at = std::lower_bound(links.begin(), links.end(), Place{owed, to, 0});
  return at != links.end() && at->canonical == to && at->way == owed;
}

}  // namespace ingot::verifier
