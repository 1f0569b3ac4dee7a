#include "runtime/verifier/function_pass.h"

#include "runtime/verifier/refuse.h"

// Tail calls: T14 of DIALECT.md. The stack arguments and the return address are
// moved by one sequence that is recognised as a whole; what comes behind it is
// expected instruction by instruction. The callee returns to this function's
// caller, so it must leave results where this function would.

namespace ingot::verifier {
namespace {

constexpr uint8_t kR8 = 8, kR9 = 9, kR10 = 10;

}  // namespace

bool FunctionPass::IsFrameAccess(const Instruction& in, Op op, uint8_t reg,
                                 int64_t disp) const {
  return in.op == op && in.width == 8 && in.reg == reg && in.base == kRsp &&
         in.index == kNoRegister && in.disp == disp;
}

// `mov r8, [rsp+F-8]`, then pairs that move argument k of m by r9, then the
// store of r8 below the first. How many they are says m.
Reason FunctionPass::MoveArguments(const Instruction& in, bool* matched) {
  if (!IsFrameAccess(in, Op::kLoad, kR8, frame_ - 8)) return Reason::kNone;
  uint32_t at = next();
  int64_t first = 0;  // where argument 0 goes
  uint32_t moved = 0;
  Instruction load, store;
  while (true) {
    VERIFY(at < end_ && Decode(at, &load), kTailCall);
    at += load.length;
    if (load.op == Op::kStore) break;
    VERIFY(IsFrameAccess(load, Op::kLoad, kR9, 8 * int64_t{moved}), kTailCall);
    VERIFY(at < end_ && Decode(at, &store), kTailCall);
    if (moved == 0) first = store.disp;
    VERIFY(IsFrameAccess(store, Op::kStore, kR9, first + 8 * int64_t{moved}),
           kTailCall);
    at += store.length;
    ++moved;
  }
  // Results stand above the arguments, where this function's would.
  const int64_t arguments =
      int64_t{frame_} + 8 * (int64_t{own_.argument_slots} - moved);
  VERIFY((moved == 0 || first == arguments) &&
             IsFrameAccess(load, Op::kStore, kR8, arguments - 8),
         kTailCall);
  // Inside of this frame, and no argument over another before it has moved.
  VERIFY(arguments - 8 >= 8 * int64_t{moved}, kOutgoingArea);
  VERIFY(next_trap_ >= traps_.size() || traps_[next_trap_].code_offset >= at,
         kTrapEntry);
  VERIFY(next_certificate_ >= certificates_.size() ||
             certificates_[next_certificate_].code_offset >= at,
         kJumpIntoTemplate);
  state_.Write(kR8, 8);
  if (moved != 0) state_.Write(kR9, 8);
  moved_ = moved;
  length_ = at - at_;
  expect_ = Expect::kTailEntry;
  *matched = true;
  return Reason::kNone;
}

Reason FunctionPass::ExpectedOfTail(const Instruction& in) {
  switch (expect_) {
    case Expect::kTailEntry:
      if (in.op == Op::kAddImm) return LeaveFrame(in, Expect::kReturn);
      VERIFY(in.op == Op::kMov && in.reg == kBase && in.rm == kR10, kTailCall);
      expect_ = Expect::kTailBase;
      return Value(in, {});
    case Expect::kTailBase:
      VERIFY(in.op == Op::kLoad && in.reg == kBase, kTailCall);
      return Value(in, {});  // goes on with kImportCall or kIndirectCall
    case Expect::kReturn: {
      const uint32_t function = FunctionAt(int64_t{next()} + in.imm);
      VERIFY(function != kNowhere, kCallTarget);
      return TailCall(TypeOfFunction(function),
                      {CalledKind::kFunction, 0, function});
    }
    case Expect::kImportJump:
      VERIFY(in.op == Op::kJmpMem && in.base == kR10 &&
                 in.index == kNoRegister &&
                 in.disp == layout_.Import(expected_),
             kIndirectCall);
      return TailCall(TypeOfFunction(expected_),
                      {CalledKind::kImport, 0, expected_});
    default:
      VERIFY(in.op == Op::kJmpMem && in.base == expected_reg_ &&
                 in.index == kNoRegister && in.disp == abi::kFuncRefCode,
             kIndirectCall);
      return TailCall(expected_, {CalledKind::kIndirect, 1, expected_,
                                  {expected_table_, kNowhere}});
  }
}

// `rsp` to the callee's return address.
Reason FunctionPass::LeaveFrame(const Instruction& in, Expect then) {
  int64_t bytes = frame_ - 8;
  if (moved_ != kNowhere) {
    bytes += 8 * (int64_t{own_.argument_slots} - moved_);
  }
  VERIFY(in.op == Op::kAddImm && in.rm == kRsp && in.width == 8 &&
             in.imm == bytes,
         kStackPointer);
  expect_ = then;
  return Reason::kNone;
}

Reason FunctionPass::TailCall(uint32_t type, const Callee& callee) {
  const Shape shape = ShapeOf(type);
  VERIFY(state_.Implies(shape.arguments_mask), kNotZeroExtended);
  // Nothing moves if there is nothing on either side.
  if (moved_ == kNowhere) {
    VERIFY(own_.argument_slots + shape.argument_slots == 0, kTailCall);
  } else {
    VERIFY(shape.argument_slots == moved_, kTailCall);
  }
  VERIFY(shape.result_slots == own_.result_slots &&
             (own_.results_mask & ~shape.results_mask) == 0,
         kTailCall);
  if (callee.kind != CalledKind::kFunction) base_facts_->left_by_tail_call = true;
  moved_ = kNowhere;
  expect_ = Expect::kAnything;
  straight_ = false;
  reachable_ = false;
  return meter_ != nullptr ? meter_->TailCall(callee) : Reason::kNone;
}

}  // namespace ingot::verifier
