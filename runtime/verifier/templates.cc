#include "compiler/abi/traps.h"
#include "runtime/verifier/function_pass.h"
#include "runtime/verifier/refuse.h"

// The sequences of DIALECT.md that are recognised as a whole: T11 to T14. What
// comes behind the moves of T14 is expected instruction by instruction; the
// callee returns to this function's caller, so it must leave results where this
// function would.

namespace ingot::verifier {
namespace {

constexpr uint8_t kR8 = 8, kR9 = 9, kR10 = 10, kR11 = 11;

}  // namespace

// The instruction at *at, which is moved behind it.
bool FunctionPass::Next(uint32_t* at, Instruction* out) const {
  if (*at >= end_) return false;
  const bool found = DecodeInstruction(&parts_.code[*at], Readable(*at), out);
  *at += out->length;
  return found && *at <= end_;
}

bool FunctionPass::NextIs(Op op) const {
  Instruction in;
  uint32_t at = next();
  return Next(&at, &in) && in.op == op;
}

// The instruction behind the current one, of which it becomes part.
bool FunctionPass::Take(Instruction* out) {
  uint32_t at = next();
  if (!Next(&at, out)) return false;
  length_ = at - at_;
  return true;
}

// If it is this one.
bool FunctionPass::TakeAccess(Op op, uint8_t reg, uint8_t base, int64_t disp) {
  Instruction in;
  uint32_t at = next();
  if (!Next(&at, &in) || !IsAccess(in, op, reg, base, disp)) return false;
  length_ = at - at_;
  return true;
}
bool FunctionPass::TakeImmediate(Op op, uint8_t rm, int64_t value) {
  Instruction in;
  uint32_t at = next();
  if (!Next(&at, &in) || !IsImmediate(in, op, rm, value)) return false;
  length_ = at - at_;
  return true;
}

// What has become part has no entry of its own.
Reason FunctionPass::NothingListed() const {
  VERIFY(TrapOffset() >= next(), kTrapEntry);
  VERIFY(CertificateOffset() >= next(), kJumpIntoTemplate);
  return Reason::kNone;
}

// T11: `mov r11d, n`, a label, `mov qword [rsp + r11*8 + d], 0`, `sub r11d, 1`,
// `jne` back to the label. r11 is n … 1 at the store.
bool FunctionPass::BeginsZeroing(const Instruction& in) const {
  Instruction store;
  uint32_t at = next();
  return in.width == 4 && in.reg == kR11 && CertificateOffset() == at &&
         Next(&at, &store) && store.op == Op::kStoreImm &&
         store.base == kRsp && store.index == kR11;
}

Reason FunctionPass::ZeroingLoop(const Instruction& in) {
  const uint32_t label = next();
  Instruction store, sub, back;
  VERIFY(Take(&store) && Take(&sub) && sub.op == Op::kSubImm &&
             sub.rm == kR11 && sub.width == 4 && sub.imm == 1 &&
             Take(&back) && back.op == Op::kJcc && back.cc == kCcNotEqual &&
             next() + back.imm == label,
         kMemoryOperand);
  VERIFY(store.width == 8 && store.scale == 3 && store.imm == 0 &&
             in.imm > 0 && int64_t{store.disp} + 8 >= 0 &&
             store.disp + 8 * in.imm + 8 <= frame_ - 16,
         kFrameOperand);
  const uint32_t known =
      certificates_[0].zero_upper & 0xFFFF & ~(1u << kR11);
  VERIFY(state_.Implies(known), kCertificateNotImplied);
  state_.Reset(known);
  certificates_ = certificates_.subspan(1);  // no other jump leads to it
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
                     second.written == 0 && second.general == 1u << second.rm;
  return first.op == Op::kMovImm && moves ? repair : Repair{};
}

// T14: `mov r8, [rsp+F-8]`, then pairs that move argument k of m by r9, then
// the store of r8 below the first. How many they are says m.
Reason FunctionPass::MoveArguments() {
  int64_t first = 0;  // where argument 0 goes
  int64_t moved = 0;
  Instruction in;
  for (; TakeAccess(Op::kLoad, kR9, kRsp, 8 * moved); ++moved) {
    VERIFY(Take(&in), kTailCall);
    if (moved == 0) first = in.disp;
    VERIFY(IsAccess(in, Op::kStore, kR9, kRsp, first + 8 * moved), kTailCall);
  }
  // Results stand above the arguments, where this function's would.
  const int64_t arguments = frame_ + 8 * (own_.argument_slots - moved);
  VERIFY((moved == 0 || first == arguments) &&
             TakeAccess(Op::kStore, kR8, kRsp, arguments - 8),
         kTailCall);
  // Inside of this frame, and no argument over another before it has moved.
  VERIFY(arguments - 8 >= 8 * moved, kOutgoingArea);
  state_.Write(1u << kR8 | (moved != 0 ? 1u << kR9 : 0), Effect::kUnknown);
  const auto slots = static_cast<uint32_t>(moved);
  if (NextIs(Op::kAddImm)) {
    VERIFY(TakeImmediate(Op::kAddImm, kRsp, arguments - 8), kStackPointer);
    return LeaveFrame(slots);
  }
  VERIFY(Take(&in) && in.op == Op::kMov && in.reg == kBase && in.rm == kR10,
         kTailCall);
  RETURN_IF_REFUSED(Pinned(in));
  VERIFY(Take(&in) && in.op == Op::kLoad && in.reg == kBase, kTailCall);
  return CalleeBase(in, slots);
}

// T8, T9 and T14 from where `in` loads the callee's base: the call or jump
// through the same cell. `moved`: the stack arguments that T14 has moved.
Reason FunctionPass::CalleeBase(const Instruction& in, uint32_t moved) {
  const Tag base = state_.At(in.base);
  VERIFY(in.width == 8 && in.index == kNoRegister &&
             state_.At(kR10).kind == TagKind::kCallerBase,
         kPinnedWritten);
  Callee callee = {CalledKind::kIndirect, 1, base.index,
                   {static_cast<uint32_t>(base.value), kNowhere}};
  if (base.kind == TagKind::kCallerBase) {
    const uint32_t import = CellAt(int64_t{in.disp} - abi::kFuncRefBase,
                                   facts_.layout.Import(0),
                                   module_.imported_functions);
    VERIFY(import != kNowhere, kPinnedWritten);
    callee = {CalledKind::kImport, 0, import};
  } else {
    VERIFY(base.kind == TagKind::kRefOfType && in.disp == abi::kFuncRefBase,
           kIndirectCall);
  }
  // The code's address stands below the base.
  const int64_t cell = int64_t{in.disp} - abi::kFuncRefBase;
  const int64_t lower =
      moved == kNowhere ? 0 : int64_t{own_.argument_slots} - moved;
  Instruction go;
  if (NextIs(Op::kAddImm)) {
    VERIFY(TakeImmediate(Op::kAddImm, kRsp, frame_ - 8 + 8 * lower),
           kStackPointer);
    VERIFY(Take(&go) && IsThrough(go, Op::kJmpMem, in.base, cell),
           kIndirectCall);
    return TailCall(callee, moved);
  }
  VERIFY(moved == kNowhere, kTailCall);
  VERIFY(base_saved_, kBaseNotRestored);
  VERIFY(Take(&go) && IsThrough(go, Op::kCallMem, in.base, cell),
         kIndirectCall);
  return FinishCall(callee);
}

// T2 and T14, behind `add rsp`.
Reason FunctionPass::LeaveFrame(uint32_t moved) {
  Instruction in;
  VERIFY(Take(&in), kStackPointer);
  if (in.op == Op::kJmp) {
    return TailCall({CalledKind::kFunction, 0,
                     FunctionAt(int64_t{next()} + in.imm)},
                    moved);
  }
  VERIFY(in.op == Op::kRet && moved == kNowhere &&
             (in.imm & 0xFFFF) == 8 * own_.argument_slots,
         kStackPointer);
  VERIFY(state_.Implies(own_.results_mask), kNotZeroExtended);
  reachable_ = false;
  if (meter_ == nullptr) return Reason::kNone;
  return meter_->End(SegmentEnd::kReturn, {});
}

Reason FunctionPass::TailCall(const Callee& callee, uint32_t moved) {
  VERIFY(callee.index != kNowhere, kCallTarget);
  const Shape shape = ShapeOf(callee);
  VERIFY(state_.Implies(shape.arguments_mask), kNotZeroExtended);
  // Nothing moves if there is nothing on either side.
  VERIFY(moved == kNowhere ? own_.argument_slots + shape.argument_slots == 0
                           : shape.argument_slots == moved,
         kTailCall);
  VERIFY(shape.result_slots == own_.result_slots &&
             (own_.results_mask & ~shape.results_mask) == 0,
         kTailCall);
  facts_.left_by_tail_call |= callee.kind != CalledKind::kFunction;
  reachable_ = false;
  if (meter_ == nullptr) return Reason::kNone;
  return meter_->End(SegmentEnd::kTailCall, callee);
}

}  // namespace ingot::verifier
