#ifndef RUNTIME_VERIFIER_FUNCTION_PASS_H_
#define RUNTIME_VERIFIER_FUNCTION_PASS_H_

#include <cstdint>
#include <span>

#include "compiler/abi/vmctx.h"
#include "runtime/verifier/decoder.h"
#include "runtime/verifier/meter.h"
#include "runtime/verifier/register_state.h"
#include "runtime/verifier/verifier.h"

// The pass over one function's code, from its first byte to its last, once.
//
//   function_pass.cc  labels, jumps, calls, returns, traps
//   templates.cc      sequences that are recognised as a whole
//   operands.cc       memory operands and what values are known to be

namespace ingot::verifier {

// What the functions of an artifact have to agree on: when a function may end
// in another instance (T14), each direct call restores the base (T8).
struct BaseFacts {
  bool left_by_tail_call = false;
  // The first direct call that does not restore it.
  uint32_t function = kNowhere;
  uint32_t code_offset = kNowhere;
};

class FunctionPass {
 public:
  // `traps` and `certificates` are those within the function's code, in order.
  // `meter` is null for part 1 alone. `rodata_at` is where the function's jump
  // tables begin; it is moved behind them.
  FunctionPass(const CodeParts& parts, const abi::VmctxLayout& layout,
               uint32_t defined, std::span<const abi::TrapEntry> traps,
               std::span<const abi::CertificateEntry> certificates,
               Meter* meter, uint32_t* rodata_at, BaseFacts* base_facts);

  Refusal Run();

 private:
  // What a comparison has set the flags to mean for the next instruction.
  enum class Flags : uint8_t {
    kNothing, kGas, kPaid, kMemoryBound, kTableBound, kNull, kTypeMatch,
    kBelow,
  };
  struct Comparison {
    Flags flags = Flags::kNothing;
    uint8_t reg = 0;
    uint8_t other = 0;
    uint32_t index = 0;
    uint64_t value = 0;
  };
  // What the next instruction has to be.
  enum class Expect : uint8_t {
    kAnything,
    kUnreachable,  // a trap, if nothing certifies the place
    kGasJump, kPopArguments, kRestoreBase, kMayRestoreBase, kReturn,
    kCall,         // callee_, or T14's `add rsp` and then its jump
    kJump,
    kTailEntry,    // T14: the callee's base or `add rsp`
    kTailBase,
  };
  // Parameters and results of a type, placed by the calling convention.
  struct Shape {
    uint32_t arguments_mask = 0;  // registers with an i32 argument
    uint32_t results_mask = 0;
    uint32_t argument_slots = 0;
    uint32_t result_slots = 0;
  };
  struct Target {
    const abi::TrapEntry* trap = nullptr;
    const abi::CertificateEntry* certificate = nullptr;
  };
  // Code out of line: T12, or T13.
  struct Repair {
    uint32_t back_to = kNowhere;  // kNowhere if none stands there
    uint32_t jump = kNowhere;     // that leads back
    uint32_t test = kNowhere;     // T13's, of what was paid before it
    uint64_t paid = 0;
  };

  // function_pass.cc
  Reason Prologue();
  Reason Code();
  Reason AtListed();
  Reason AtLabel();
  Reason Expected(const Instruction& in);
  Reason Step(const Instruction& in);
  Reason Pinned(const Instruction& in);
  Reason Jcc(const Instruction& in);
  Reason JccToLabel(const Instruction& in, const Comparison& compared,
                    const abi::CertificateEntry* to);
  Reason Jump(int64_t to);
  Reason JumpByTable(const Instruction& in);
  Reason Branch(const abi::CertificateEntry& to);
  Reason RuntimeCall(const Instruction& in);
  Reason FinishCall(const Shape& shape, const Callee& callee);
  void BaseNotRestored();
  Reason Return(const Instruction& in);
  Reason TrapAt(const abi::TrapEntry& entry, uint32_t codes);
  Reason UseSite(uint32_t codes);
  Reason PayGas(const Instruction& in);
  Target FindTarget(int64_t to);
  uint32_t FunctionAt(int64_t code_offset) const;
  uint32_t TypeOf(const Callee& callee) const;
  Shape ShapeOf(uint32_t type) const;

  // templates.cc
  bool Next(uint32_t* at, Instruction* out) const;
  Reason NothingListed(uint32_t end) const;
  bool BeginsZeroing(const Instruction& in, Instruction* store) const;
  Reason ZeroingLoop(const Instruction& in, const Instruction& store);
  Repair RepairAt(uint32_t label) const;
  Reason MoveArguments();
  Reason LeaveFrame(const Instruction& in, Expect then);
  Reason TailCall(const Callee& callee);

  // operands.cc
  Reason Memory(const Instruction& in, Tag* loaded);
  Reason Frame(const Instruction& in);
  Reason Heap(const Instruction& in, bool imported);
  Reason Vmctx(const Instruction& in, Tag* loaded);
  Reason GlobalAccess(const Instruction& in, uint32_t global);
  Reason Tagged(const Instruction& in, Tag* loaded);
  Reason Load(const Instruction& in, const Tag& loaded);
  Reason LoadBase(const Instruction& in);
  Reason CompareMemory(const Instruction& in);
  Reason Lea(const Instruction& in);
  void Move(const Instruction& in);
  void MoveImmediate(const Instruction& in);
  void Add(const Instruction& in);
  void ConditionalMove(const Instruction& in);

  uint32_t next() const { return at_ + length_; }
  bool IsReachable() const { return expect_ != Expect::kUnreachable; }
  // Of the next entries that the pass has not come to; kNowhere if none.
  uint32_t TrapOffset() const {
    return next_trap_ < traps_.size() ? traps_[next_trap_].code_offset
                                      : kNowhere;
  }
  uint32_t CertificateOffset() const {
    return next_certificate_ < certificates_.size()
               ? certificates_[next_certificate_].code_offset
               : kNowhere;
  }
  // The flags that the next instruction finds.
  void Compare(const Comparison& comparison) {
    compared_ = comparison;
    compared_for_ = next();
  }
  Comparison Compared() const {
    return compared_for_ == at_ ? compared_ : Comparison{};
  }

  const CodeParts& parts_;
  const abi::VmctxLayout& layout_;
  const wasm::Module& module_;
  const abi::FunctionEntry& entry_;
  uint32_t function_;
  Meter* meter_;
  uint32_t* rodata_at_;
  BaseFacts* base_facts_;
  uint32_t rodata_begin_;
  uint32_t end_;
  int32_t frame_;
  Shape own_;
  std::span<const abi::TrapEntry> traps_;             // of this function
  std::span<const abi::CertificateEntry> certificates_;

  uint32_t at_ = 0;       // of the current instruction
  uint32_t length_ = 0;
  uint32_t next_trap_ = 0;
  uint32_t next_certificate_ = 0;
  uint32_t near_trap_ = 0;    // the last one that a jump led to
  uint32_t next_listed_ = 0;  // no entry before this place is left to see
  const abi::TrapEntry* site_ = nullptr;  // entry at at_, to be used
  bool straight_ = true;   // no label or jump since the entry
  bool base_saved_ = false;
  bool after_call_ = false;
  uint32_t moved_ = kNowhere;  // stack arguments that T14 has moved
  Expect expect_ = Expect::kAnything;
  Expect after_pop_ = Expect::kAnything;
  int64_t popped_ = 0;  // bytes of stack arguments
  // What is called, and through which cell.
  Callee callee_;
  uint8_t cell_base_ = kNoRegister;
  int32_t cell_disp_ = 0;
  Repair repair_;                     // that the pass is in
  uint32_t closed_label_ = kNowhere;  // of the zeroing loop
  RegisterState state_;
  Comparison compared_;
  uint32_t compared_for_ = kNowhere;
};

// Whether an instruction is `op` with 8 bytes at [base + disp] and `reg`; one
// that takes a target from there; one of rm with an immediate.
inline bool IsThrough(const Instruction& in, Op op, uint8_t base,
                      int64_t disp) {
  return in.op == op && in.base == base && in.index == kNoRegister &&
         in.disp == disp;
}
inline bool IsAccess(const Instruction& in, Op op, uint8_t reg, uint8_t base,
                     int64_t disp) {
  return in.reg == reg && in.width == 8 && IsThrough(in, op, base, disp);
}
inline bool IsImmediate(const Instruction& in, Op op, uint8_t rm,
                        int64_t value) {
  return in.op == op && in.rm == rm && in.width == 8 && in.imm == value;
}

constexpr uint32_t kPinned = 1u << kRsp | 1u << kGas | 1u << kBase;

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_FUNCTION_PASS_H_
