#include "runtime/verifier/function_pass.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "compiler/abi/calling_convention.h"
#include "compiler/abi/traps.h"
#include "runtime/verifier/refuse.h"
#include "runtime/verifier/search.h"

// Labels, jumps, calls, returns and traps. Refusals name the instruction at
// at_, or with which a template begins there.

namespace ingot::verifier {
namespace {

using abi::CertificateEntry;
using abi::TrapEntry;

constexpr uint8_t kR8 = 8, kR10 = 10, kR11 = 11;
// What instructions of the module trap with.
constexpr uint32_t kOwnCodes =
    ~(Bit(TrapCode::kStackOverflow) | Bit(TrapCode::kOutOfGas));

// Results of builtins that are an i32, by number.
constexpr bool kReturnsI32[] = {
#define INGOT_BUILTIN(number, name, parameters, result) result[0] == 'i',
#include "compiler/abi/builtins.def"
#undef INGOT_BUILTIN
};

uint32_t RegistersOf(const CertificateEntry& entry) {
  return entry.zero_upper & ~abi::kCertificateFlags;
}
bool IsRepair(const CertificateEntry& entry) {
  return (entry.zero_upper & abi::kCertificateRepair) != 0;
}
bool IsCode(const TrapEntry& entry, TrapCode code) {
  return entry.code == static_cast<uint32_t>(code);
}

}  // namespace

FunctionPass::Shape FunctionPass::ShapeOf(const Callee& callee) const {
  if (callee.kind == CalledKind::kRuntime) {
    return {0, kReturnsI32[callee.index] ? 1u << kRax : 0, 0, 0};
  }
  const Arena& arena = *parts_.arena;
  const bool is_type = callee.kind == CalledKind::kIndirect;
  const wasm::FuncType& signature = arena.Get(
      module_.types,
      is_type ? callee.index : arena.Get(module_.functions, callee.index));
  const auto pool = arena.View(module_.type_pool);
  const uint32_t values = uint32_t{signature.params} + signature.results;
  Shape shape;
  abi::ArgumentCursor arguments, results;
  for (uint32_t i = 0; i < values; ++i) {
    const bool is_result = i >= signature.params;
    const wasm::ValType value = pool[signature.pool_offset + i];
    const auto place = (is_result ? results : arguments).Next(value);
    if (!place.in_register || value != wasm::ValType::kI32) continue;
    const uint32_t bit = 1u << abi::kIntArgument[place.index];
    (is_result ? shape.results_mask : shape.arguments_mask) |= bit;
  }
  shape.argument_slots = arguments.slots;
  shape.result_slots = results.slots;
  return shape;
}

Refusal FunctionPass::Run() {
  for (const TrapEntry& entry : traps_) {
    if (entry.code_offset < at_ || entry.function != function_ ||
        entry.code == 0 ||
        entry.code > static_cast<uint32_t>(TrapCode::kCallSite) ||
        entry.owed_minus_paid > 0) {
      return {Reason::kTrapEntry, function_, entry.code_offset};
    }
  }
  for (const CertificateEntry& entry : certificates_) {
    if (RegistersOf(entry) > 0xFFFF) {
      return {Reason::kCertificateContents, function_, entry.code_offset};
    }
    if (entry.code_offset < at_) {
      return {Reason::kOverlap, function_, entry.code_offset};
    }
  }
  Reason reason = Prologue();
  if (reason == Reason::kNone) reason = Code();
  return reason == Reason::kNone ? Refusal{} : Refusal{reason, function_, at_};
}

// T1, but for the zeroing of locals.
Reason FunctionPass::Prologue() {
  if (meter_ != nullptr) {
    RETURN_IF_REFUSED(meter_->Begin(function_ - module_.imported_functions));
  }
  VERIFY(frame_ >= 16, kFrameSize);
  Instruction in;
  VERIFY(TakeImmediate(Op::kSubImm, kRsp, frame_ - 8) &&
             TakeAccess(Op::kCmpMem, kRsp, kBase, abi::kVmctxStackLimit) &&
             Take(&in) && in.op == Op::kJcc && in.cc == kCcBelow,
         kPrologue);
  const TrapEntry* trap = FindTarget(int64_t{next()} + in.imm).trap;
  VERIFY(trap != nullptr && IsCode(*trap, TrapCode::kStackOverflow) &&
             trap->owed_minus_paid == 0,
         kPrologue);
  base_saved_ = TakeAccess(Op::kStore, kBase, kRsp, frame_ - 16);
  state_.Reset(own_.arguments_mask);
  RETURN_IF_REFUSED(NothingListed());
  at_ = next();
  return Reason::kNone;
}

Reason FunctionPass::Code() {
  Instruction in;
  while (at_ < end_) {
    if (at_ >= next_listed_) RETURN_IF_REFUSED(AtListed());
    VERIFY(DecodeInstruction(&parts_.code[at_], Readable(at_), &in) &&
               in.length <= end_ - at_,
           kUnknownInstruction);
    VERIFY(in.isa <= static_cast<uint32_t>(parts_.isa), kIsaLevel);
    length_ = in.length;
    if (reachable_) [[likely]] {
      RETURN_IF_REFUSED(Step(in));
    } else {
      VERIFY(in.op == Op::kUd2, kFallsThrough);
      VERIFY(std::exchange(site_, nullptr) != nullptr, kNoTrapEntry);
    }
    VERIFY(site_ == nullptr, kTrapEntry);
    if (length_ != in.length) RETURN_IF_REFUSED(NothingListed());
    at_ = next();
  }
  VERIFY(!reachable_, kFallsThrough);
  VERIFY(next_trap_ == traps_end_, kTrapEntry);
  VERIFY(next_certificate_ == certificates_.size(), kOverlap);
  return Reason::kNone;
}

// Takes the entries for this place: this instruction's, beside that of the call
// that returns here, and its certificate.
Reason FunctionPass::AtListed() {
  for (; TrapOffset() <= at_; ++next_trap_) {
    if (next_trap_ == call_site_) continue;
    VERIFY(next_trap_->code_offset == at_ && site_ == nullptr &&
               !IsCode(*next_trap_, TrapCode::kCallSite),
           kTrapEntry);
    site_ = next_trap_;
  }
  if (CertificateOffset() <= at_) RETURN_IF_REFUSED(AtLabel());
  next_listed_ = std::min(TrapOffset(), CertificateOffset());
  return Reason::kNone;
}

// What is known here is what the certificate says, from now on.
Reason FunctionPass::AtLabel() {
  const CertificateEntry& entry = certificates_[next_certificate_++];
  VERIFY(entry.code_offset == at_, kOverlap);
  VERIFY(!reachable_ || state_.Implies(RegistersOf(entry)),
         kCertificateNotImplied);
  if (meter_ != nullptr) {
    RETURN_IF_REFUSED(meter_->Label(entry, reachable_));
    if (IsRepair(entry)) {
      repair_ = RepairAt(at_);
      VERIFY(!reachable_ && repair_.back_to != kNowhere, kCertificateContents);
      VERIFY(CertificateOffset() > repair_.jump, kJumpIntoTemplate);
    }
  }
  state_.Reset(RegistersOf(entry));
  compared_for_ = kNowhere;
  reachable_ = true;
  straight_ = false;
  return Reason::kNone;
}

Reason FunctionPass::Step(const Instruction& in) {
  if ((in.general & kPinned) != 0) [[unlikely]] return Pinned(in);
  switch (in.op) {
    case Op::kUd2:
      reachable_ = false;
      return UseSite(kOwnCodes);
    case Op::kJcc: return Jcc(in);
    case Op::kJmp: return Jump(FindTarget(int64_t{next()} + in.imm).certificate);
    case Op::kJmpReg: return JumpByTable(in);
    case Op::kCall: {
      const uint32_t function = FunctionAt(int64_t{next()} + in.imm);
      VERIFY(function != kNowhere, kCallTarget);
      return FinishCall({CalledKind::kFunction, 0, function});
    }
    case Op::kCallMem: return RuntimeCall(in);
    case Op::kRet: return Reason::kStackPointer;
    case Op::kCmpMem: return CompareMemory(in);
    case Op::kLea: return Lea(in);
    case Op::kAdd: Add(in); return Reason::kNone;
    case Op::kMov: Move(in); return Reason::kNone;
    case Op::kCmov: ConditionalMove(in); return Reason::kNone;
    case Op::kMovImm:
      if (straight_ && BeginsZeroing(in)) return ZeroingLoop(in);
      MoveImmediate(in);
      return Reason::kNone;
    case Op::kTest:
      if (const Tag tag = state_.At(in.reg);
          in.width == 8 && in.reg == in.rm && tag.kind == TagKind::kRefOrNull) {
        Compare({Flags::kCheck, kCcEqual, in.reg, 0,
                 {TagKind::kRef, tag.index, 0}});
      }
      return Reason::kNone;
    case Op::kCmp:
      // cmp rm, reg
      if (const Tag tag = state_.At(in.reg);
          in.width == 4 && tag.kind == TagKind::kConst) {
        Compare({Flags::kBelow, kCcBelow, in.reg, in.rm,
                 {TagKind::kBelow, 0, (tag.value & 0xFFFFFFFF) + 1}});
      }
      return Reason::kNone;
    case Op::kLoad:
      if (IsAccess(in, Op::kLoad, kR8, kRsp, frame_ - 8)) {
        return MoveArguments();
      }
      break;
    default:
      break;
  }
  Tag loaded;
  if (in.mem != MemUse::kNone) {
    RETURN_IF_REFUSED(Memory(in, &loaded));
    if (loaded.kind != TagKind::kNone) return Load(in, loaded);
  }
  state_.Write(in);
  return Reason::kNone;
}

// A pinned register is an operand of gas and of leaving a frame, and where the
// call of an import or by reference begins; nowhere else but in templates that
// are recognised before.
Reason FunctionPass::Pinned(const Instruction& in) {
  switch (in.op) {
    case Op::kSubImm:
    case Op::kAddImm:
      if (in.rm == kGas) return PayGas(in);
      if (in.rm != kRsp) break;
      VERIFY(IsImmediate(in, Op::kAddImm, kRsp, frame_ - 8), kStackPointer);
      return LeaveFrame(kNowhere);
    case Op::kTest:
    case Op::kCmpImm:
      if (in.rm != kGas || in.width != 8) break;
      if (in.op == Op::kTest && in.reg != kGas) break;
      VERIFY(in.op == Op::kTest || meter_ == nullptr || at_ == repair_.test,
             kGasTemplate);
      // What it says is for the jump behind it alone.
      VERIFY(CertificateOffset() == next() || NextIs(Op::kJcc), kGasTemplate);
      Compare({Flags::kGas});
      return Reason::kNone;
    case Op::kMov:
      if (in.reg != kBase || in.width != 8 || in.rm != kR10) break;
      state_.Write(in);
      state_.SetTag(kR10, {TagKind::kCallerBase, 0, 0});
      return Reason::kNone;
    case Op::kLoad:
      if (in.reg == kBase) return CalleeBase(in, kNowhere);
      break;
    default:
      break;
  }
  return (in.written & kPinned) != 0 ? Reason::kPinnedWritten
                                     : Reason::kPinnedRead;
}

// The entry at `offset`, a call's or not: one of each may be there.
const TrapEntry* FunctionPass::FindTrap(uint32_t offset, size_t near,
                                        bool is_call) const {
  const TrapEntry* entry =
      FindAt<&TrapEntry::code_offset>(traps_, offset, near);
  const TrapEntry* const end = traps_.data() + traps_.size();
  while (entry != nullptr && IsCode(*entry, TrapCode::kCallSite) != is_call) {
    ++entry;
    if (entry == end || entry->code_offset != offset) return nullptr;
  }
  return entry;
}

// A jump target is a trap, or certified, or nothing. Each listed place is found
// to be an instruction's start when the pass comes to it.
FunctionPass::Target FunctionPass::FindTarget(int64_t to, size_t near) {
  if (to < entry_.code_offset || to >= end_) return {};
  const auto offset = static_cast<uint32_t>(to);
  const CertificateEntry* certificate =
      FindAt<&CertificateEntry::code_offset>(certificates_, offset, near);
  if (certificate != nullptr) return {nullptr, certificate};
  // Only `ud2` is one.
  if (end_ - offset < 2 || parts_.code[offset] != 0x0F ||
      parts_.code[offset + 1] != 0x0B) {
    return {};
  }
  const TrapEntry* trap = FindTrap(offset, near_trap_, false);
  if (trap != nullptr) near_trap_ = static_cast<uint32_t>(trap - traps_.data());
  return {trap, nullptr};
}

Reason FunctionPass::Jcc(const Instruction& in) {
  straight_ = false;
  const Target target = FindTarget(int64_t{next()} + in.imm);
  const Comparison compared = Compared();
  if (compared.flags == Flags::kGas) {
    VERIFY(in.cc == kCcLess && target.trap != nullptr &&
               IsCode(*target.trap, TrapCode::kOutOfGas) &&
               target.trap->owed_minus_paid == 0,
           kGasTemplate);
    // T13's own test stands for the one that led to it.
    if (meter_ == nullptr || repair_.jump == next()) return Reason::kNone;
    return meter_->Test();
  }
  if (target.trap == nullptr || compared.flags == Flags::kPaid) {
    return JccToLabel(in, compared, target.certificate);
  }
  RETURN_IF_REFUSED(TrapAt(*target.trap, kOwnCodes));
  // What holds when the jump is not taken.
  if (compared.flags == Flags::kCheck && in.cc == compared.cc) {
    state_.SetTag(compared.reg, compared.proves);
  }
  return Reason::kNone;
}

// A jump to code out of line is right before the place that it returns to; one
// behind a payment is a test, and leads to T13.
Reason FunctionPass::JccToLabel(const Instruction& in,
                                const Comparison& compared,
                                const CertificateEntry* to) {
  if (compared.flags == Flags::kPaid) {
    VERIFY(in.cc == kCcLess && to != nullptr, kGasTemplate);
    const Repair repair = RepairAt(to->code_offset);
    VERIFY(repair.back_to == next() && repair.test == to->code_offset &&
               repair.paid == compared.proves.value,
           kGasTemplate);
    if (meter_ != nullptr) {
      VERIFY(IsRepair(*to), kGasTemplate);
      RETURN_IF_REFUSED(meter_->Test());
    }
    return Branch(*to);
  }
  VERIFY(to != nullptr, kJumpTarget);
  if (meter_ != nullptr && IsRepair(*to)) {
    const Repair repair = RepairAt(to->code_offset);
    VERIFY(repair.back_to == next() && repair.test == kNowhere, kTransfer);
  }
  return Branch(*to);
}

// A jump from here to a certified place.
Reason FunctionPass::Branch(const CertificateEntry& to) {
  VERIFY(state_.Implies(RegistersOf(to)), kCertificateNotImplied);
  if (meter_ == nullptr) return Reason::kNone;
  return meter_->Jump(to, to.code_offset >= next() || at_ == repair_.jump);
}

// The same, unconditionally, and not to code out of line.
Reason FunctionPass::Jump(const CertificateEntry* certificate) {
  VERIFY(certificate != nullptr, kJumpTarget);
  VERIFY(!IsRepair(*certificate), kTransfer);
  reachable_ = false;
  return Branch(*certificate);
}

// T10's end: every entry of the table leads to a certified place.
Reason FunctionPass::JumpByTable(const Instruction& in) {
  const Tag tag = state_.At(in.rm);
  VERIFY(tag.kind == TagKind::kJumpTarget, kJumpTable);
  const uint8_t* table = parts_.rodata.data() + tag.index;
  bool known[4096] = {};  // of the first certificates, those that hold here
  size_t near = next_certificate_;
  for (uint64_t k = 0; k < tag.value; ++k, table += 4) {
    int32_t distance;
    std::memcpy(&distance, table, sizeof distance);
    const int64_t to = int64_t{parts_.text_bytes} + rodata_begin_ + distance;
    const CertificateEntry* const certificate = FindTarget(to, near).certificate;
    VERIFY(certificate != nullptr, kJumpTarget);
    near = certificate - certificates_.data();
    if (near < sizeof known && std::exchange(known[near], true)) continue;
    RETURN_IF_REFUSED(Jump(certificate));
  }
  return Reason::kNone;
}

// The function whose entry stands there; kNowhere if none.
uint32_t FunctionPass::FunctionAt(int64_t to) const {
  if (to < 0 || to >= static_cast<int64_t>(parts_.code.size())) return kNowhere;
  const auto* entry = FindAt<&abi::FunctionEntry::code_offset>(
      parts_.functions, static_cast<uint32_t>(to), kNowhere);
  if (entry == nullptr) return kNowhere;
  return module_.imported_functions +
         static_cast<uint32_t>(entry - parts_.functions.data());
}

// Other calls through memory end a template (CalleeBase).
Reason FunctionPass::RuntimeCall(const Instruction& in) {
  VERIFY(IsThrough(in, Op::kCallMem, kBase, abi::kVmctxBuiltinStub),
         kIndirectCall);
  const Tag number = state_.At(kR11);
  VERIFY(number.kind == TagKind::kConst && number.value < sizeof(kReturnsI32),
         kRuntimeCall);
  Callee callee = {CalledKind::kRuntime, 2,
                   static_cast<uint32_t>(number.value)};
  for (uint32_t i = 0; i < 2; ++i) {
    const Tag immediate = state_.At(abi::kIntArgument[i]);
    if (immediate.kind != TagKind::kConst) continue;
    callee.immediate[i] = static_cast<uint32_t>(immediate.value);
  }
  return FinishCall(callee);
}

// T8 from its call on.
Reason FunctionPass::FinishCall(const Callee& callee) {
  const Shape shape = ShapeOf(callee);
  VERIFY(state_.Implies(shape.arguments_mask), kNotZeroExtended);
  VERIFY(8 * (int64_t{shape.argument_slots} + shape.result_slots) <=
             frame_ - 16,
         kOutgoingArea);
  call_site_ = FindTrap(next(), next_trap_ - traps_.data(), true);
  VERIFY(call_site_ != nullptr, kNoTrapEntry);
  if (meter_ != nullptr) {
    RETURN_IF_REFUSED(meter_->CallSite(*call_site_, callee));
  }
  if (call_site_ == next_trap_) ++next_trap_;
  state_.Reset(shape.results_mask);
  const int64_t popped = 8 * int64_t{shape.argument_slots};
  VERIFY(popped == 0 || TakeImmediate(Op::kSubImm, kRsp, popped),
         kStackPointer);
  if (callee.kind == CalledKind::kRuntime) return Reason::kNone;
  if (base_saved_ && TakeAccess(Op::kLoad, kBase, kRsp, frame_ - 16)) {
    return Reason::kNone;
  }
  VERIFY(callee.kind == CalledKind::kFunction, kBaseNotRestored);
  // Whether that is allowed is known at the artifact's end.
  if (facts_.not_restored.ok()) {
    facts_.not_restored = {Reason::kBaseNotRestored, function_, at_};
  }
  return Reason::kNone;
}

// A trap entry of an instruction that runs here.
Reason FunctionPass::TrapAt(const TrapEntry& entry, uint32_t codes) {
  VERIFY((codes >> entry.code & 1) != 0, kTrapEntry);
  return meter_ != nullptr ? meter_->Trap(entry) : Reason::kNone;
}

// The current instruction's.
Reason FunctionPass::UseSite(uint32_t codes) {
  VERIFY(site_ != nullptr, kNoTrapEntry);
  return TrapAt(*std::exchange(site_, nullptr), codes);
}

// Less than nothing is what was paid ahead for a way that is not taken.
Reason FunctionPass::PayGas(const Instruction& in) {
  VERIFY(in.width == 8 && in.imm > 0, kGasTemplate);
  const bool is_payment = in.op == Op::kSubImm;
  if (is_payment) {
    const auto paid = static_cast<uint64_t>(in.imm);
    Compare({Flags::kPaid, kCcLess, kGas, 0, {TagKind::kConst, 0, paid}});
  }
  const int64_t amount = is_payment ? in.imm : -in.imm;
  return meter_ != nullptr ? meter_->Pay(amount) : Reason::kNone;
}

}  // namespace ingot::verifier
