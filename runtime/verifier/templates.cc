#include "compiler/abi/traps.h"
#include "runtime/verifier/function_pass.h"
#include "runtime/verifier/refuse.h"

// The sequences of DIALECT.md that are recognised as a whole: T11 to T14. What
// comes behind the moves of T14 is expected instruction by instruction; the
// callee returns to this function's caller, so it must leave results where this
// function would.

namespace ingot::verifier {
namespace {

constexpr uint8_t kR8 = 8, kR9 = 9, kR11 = 11;
constexpr uint8_t kCcNotEqual = 5, kCcLess = 12;

}  // namespace

// The instruction at *at, which is moved behind it.
bool FunctionPass::Next(uint32_t* at, Instruction* out) const {
  if (*at >= end_ ||
      !DecodeInstruction(parts_.code.data() + *at, end_ - *at, out)) {
    return false;
  }
  *at += out->length;
  return true;
}

// What a template covers from at_ on has no entry of its own.
Reason FunctionPass::NothingListed(uint32_t end) const {
  VERIFY(TrapOffset() >= end, kTrapEntry);
  VERIFY(CertificateOffset() >= end, kJumpIntoTemplate);
  return Reason::kNone;
}

// T11: `mov r11d, n`, a label, `mov qword [rsp + r11*8 + d], 0`, `sub r11d, 1`,
// `jne` back to the label. r11 is n … 1 at the store.
bool FunctionPass::BeginsZeroing(const Instruction& in,
                                 Instruction* store) const {
  uint32_t at = next();
  return in.width == 4 && in.reg == kR11 && CertificateOffset() == at &&
         Next(&at, store) && store->op == Op::kStoreImm &&
         store->base == kRsp && store->index == kR11;
}

Reason FunctionPass::ZeroingLoop(const Instruction& in,
                                 const Instruction& store) {
  const uint32_t label = next();
  uint32_t at = label + store.length;
  Instruction sub, back;
  VERIFY(Next(&at, &sub) && sub.op == Op::kSubImm && sub.rm == kR11 &&
             sub.width == 4 && sub.imm == 1,
         kMemoryOperand);
  VERIFY(Next(&at, &back) && back.op == Op::kJcc && back.cc == kCcNotEqual &&
             at + back.imm == label,
         kMemoryOperand);
  VERIFY(store.width == 8 && store.scale == 3 && store.imm == 0 &&
             in.imm > 0 && int64_t{store.disp} + 8 >= 0 &&
             store.disp + 8 * in.imm + 8 <= frame_ - 16,
         kFrameOperand);
  const uint32_t known = certificates_[next_certificate_++].zero_upper &
                         0xFFFF & ~(1u << kR11);
  VERIFY(state_.Implies(known), kCertificateNotImplied);
  RETURN_IF_REFUSED(NothingListed(at));
  state_.Reset(known);
  closed_label_ = label;
  length_ = at - at_;
  straight_ = false;
  return Reason::kNone;
}

// T12 and T13 stand out of line and end with a jump back, right behind the one
// that leads there: so they close no loop.
FunctionPass::Repair FunctionPass::RepairAt(uint32_t label) const {
  Instruction first, second, back;
  uint32_t at = label;
  Repair repair;
  if (!Next(&at, &first) || !Next(&at, &second)) return {};
  repair.jump = at;
  if (!Next(&at, &back) || back.op != Op::kJmp) return {};
  repair.back_to = static_cast<uint32_t>(at + back.imm);
  if (first.op == Op::kCmpImm && first.rm == kGas && first.width == 8 &&
      second.op == Op::kJcc && second.cc == kCcLess) {
    repair.test = label;
    repair.paid = static_cast<uint64_t>(-first.imm);
    return repair;
  }
  // From a general register to a vector register, and nothing else.
  const bool moves = second.op == Op::kPlain && second.rm != kNoRegister &&
                     second.reg != kNoRegister && second.written == 0 &&
                     second.general == 1u << second.rm;
  return first.op == Op::kMovImm && moves ? repair : Repair{};
}

// T14: `mov r8, [rsp+F-8]`, then pairs that move argument k of m by r9, then
// the store of r8 below the first. How many they are says m.
Reason FunctionPass::MoveArguments() {
  uint32_t at = next();
  int64_t first = 0;  // where argument 0 goes
  int64_t moved = 0;
  Instruction load, store;
  while (true) {
    VERIFY(Next(&at, &load), kTailCall);
    if (load.op == Op::kStore) break;
    VERIFY(IsAccess(load, Op::kLoad, kR9, kRsp, 8 * moved) && Next(&at, &store),
           kTailCall);
    if (moved == 0) first = store.disp;
    VERIFY(IsAccess(store, Op::kStore, kR9, kRsp, first + 8 * moved),
           kTailCall);
    ++moved;
  }
  // Results stand above the arguments, where this function's would.
  const int64_t arguments = frame_ + 8 * (own_.argument_slots - moved);
  VERIFY((moved == 0 || first == arguments) &&
             IsAccess(load, Op::kStore, kR8, kRsp, arguments - 8),
         kTailCall);
  // Inside of this frame, and no argument over another before it has moved.
  VERIFY(arguments - 8 >= 8 * moved, kOutgoingArea);
  RETURN_IF_REFUSED(NothingListed(at));
  state_.Write(1u << kR8 | (moved != 0 ? 1u << kR9 : 0), Effect::kUnknown);
  moved_ = static_cast<uint32_t>(moved);
  length_ = at - at_;
  expect_ = Expect::kTailEntry;
  return Reason::kNone;
}

// `rsp` to the callee's return address.
Reason FunctionPass::LeaveFrame(const Instruction& in, Expect then) {
  const int64_t lower =
      moved_ == kNowhere ? 0 : int64_t{own_.argument_slots} - moved_;
  VERIFY(IsImmediate(in, Op::kAddImm, kRsp, frame_ - 8 + 8 * lower),
         kStackPointer);
  expect_ = then;
  return Reason::kNone;
}

Reason FunctionPass::TailCall(const Callee& callee) {
  VERIFY(callee.index != kNowhere, kCallTarget);
  const Shape shape = ShapeOf(TypeOf(callee));
  VERIFY(state_.Implies(shape.arguments_mask), kNotZeroExtended);
  // Nothing moves if there is nothing on either side.
  VERIFY(moved_ == kNowhere ? own_.argument_slots + shape.argument_slots == 0
                            : shape.argument_slots == moved_,
         kTailCall);
  VERIFY(shape.result_slots == own_.result_slots &&
             (own_.results_mask & ~shape.results_mask) == 0,
         kTailCall);
  if (callee.kind != CalledKind::kFunction) {
    base_facts_->left_by_tail_call = true;
  }
  moved_ = kNowhere;
  straight_ = false;
  expect_ = Expect::kUnreachable;
  if (meter_ == nullptr) return Reason::kNone;
  return meter_->End(SegmentEnd::kTailCall, callee);
}

}  // namespace ingot::verifier
