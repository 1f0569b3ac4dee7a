#ifndef RUNTIME_VERIFIER_FUNCTION_PASS_H_
#define RUNTIME_VERIFIER_FUNCTION_PASS_H_

#include <cstdint>
#include <span>

#include "compiler/abi/calling_convention.h"
#include "compiler/abi/vmctx.h"
#include "runtime/verifier/decoder.h"
#include "runtime/verifier/meter.h"
#include "runtime/verifier/register_state.h"
#include "runtime/verifier/verifier.h"

// The pass over one function's code, from its first byte to its last, once.
//
//   function_pass.cc  labels, jumps, calls, returns, traps
//   tail_calls.cc     tail calls
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
    kAnything, kPopArguments, kRestoreBase, kMayRestoreBase, kReturn,
    kImportCall, kIndirectCall,
    // T14: the callee's base or `add rsp`, the base itself, `jmp`.
    kTailEntry, kTailBase, kImportJump, kIndirectJump,
  };
  // Parameters and results of a type, placed by the calling convention.
  struct Shape {
    uint32_t arguments_mask = 0;  // registers with an i32 argument
    uint32_t results_mask = 0;
    uint32_t argument_slots = 0;
    uint32_t result_slots = 0;
  };
  struct Target {
    bool is_trap = false;
    const abi::TrapEntry* trap = nullptr;
    const abi::CertificateEntry* certificate = nullptr;
  };

  // function_pass.cc
  Reason Prologue();
  Reason Code();
  Reason AtLabel();
  Reason AtTrapEntries();
  Reason Step(const Instruction& in);
  Reason Expected(const Instruction& in);
  Reason ZeroingLoop(const Instruction& in, bool* matched);
  Reason Jcc(const Instruction& in, const Comparison& compared);
  Reason Jmp(const Instruction& in);
  Reason JmpRegister(const Instruction& in);
  Reason Branch(const abi::CertificateEntry& to);
  uint32_t OutOfLine(uint32_t label, Instruction* first, Instruction* second,
                     uint32_t* jump) const;
  uint32_t RepairReturn(uint32_t label, uint32_t* jump) const;
  uint32_t SecondTestReturn(uint32_t label, int64_t* price,
                            uint32_t* jump) const;
  Reason Call(const Instruction& in);
  Reason CallMemory(const Instruction& in);
  Reason FinishCall(const Shape& shape, const Callee& callee);
  bool IsRestoreOfBase(const Instruction& in) const;
  void BaseNotRestored();
  uint32_t FunctionAt(int64_t code_offset) const;
  Reason Return(const Instruction& in);
  Reason Trap();
  Reason SetStackPointer(const Instruction& in);
  Reason PayGas(const Instruction& in);
  Reason GiveBackGas(const Instruction& in);
  bool Decode(uint32_t at, Instruction* out) const;
  Target FindTarget(int64_t to);
  Shape ShapeOf(uint32_t type) const;
  uint32_t TypeOfFunction(uint32_t function) const;

  // tail_calls.cc
  Reason MoveArguments(const Instruction& in, bool* matched);
  bool IsFrameAccess(const Instruction& in, Op op, uint8_t reg,
                     int64_t disp) const;
  Reason ExpectedOfTail(const Instruction& in);
  Reason LeaveFrame(const Instruction& in, Expect then);
  Reason TailCall(uint32_t type, const Callee& callee);

  // operands.cc
  Reason Value(const Instruction& in, const Comparison& compared);
  Reason Pinned(const Instruction& in);
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
  void Add(const Instruction& in);

  uint32_t next() const { return at_ + length_; }
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

  const CodeParts& parts_;
  const abi::VmctxLayout& layout_;
  const wasm::Module& module_;
  const abi::FunctionEntry& entry_;
  uint32_t defined_;
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
  const abi::TrapEntry* site_ = nullptr;  // entry at at_, not a call's
  bool site_used_ = false;
  bool reachable_ = true;
  bool straight_ = true;   // no label or jump since the entry
  bool base_saved_ = false;
  bool after_call_ = false;
  uint32_t moved_ = kNowhere;  // stack arguments that T14 has moved
  Expect expect_ = Expect::kAnything;
  Expect after_pop_ = Expect::kAnything;
  uint32_t expected_ = 0;  // import, type, or bytes
  uint32_t expected_table_ = 0;
  uint8_t expected_reg_ = kNoRegister;
  uint32_t repair_jump_ = kNowhere;  // the jump that ends T12 or T13
  uint32_t second_test_ = kNowhere;  // the comparison that begins T13
  uint32_t closed_label_ = kNowhere;  // of the zeroing loop
  Callee callee_;
  RegisterState state_;
  Comparison compared_;
};

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_FUNCTION_PASS_H_
