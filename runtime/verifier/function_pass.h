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

// What the functions of an artifact share.
struct ArtifactFacts {
  const CodeParts& parts;
  const abi::VmctxLayout layout;
  Meter* meter;            // null for part 1 alone
  uint32_t rodata_at = 0;  // where the next jump table begins
  // When a function may end in another instance (T14), each direct call
  // restores the base (T8); the first that does not.
  bool left_by_tail_call = false;
  Refusal not_restored = {};
};

class FunctionPass {
 public:
  // `traps` and `certificates` are those up to the function's end, in order.
  FunctionPass(ArtifactFacts* facts, uint32_t defined,
               std::span<const abi::TrapEntry> traps,
               std::span<const abi::CertificateEntry> certificates)
      : facts_(*facts), entry_(facts->parts.functions[defined]),
        function_(module_.imported_functions + defined), traps_(traps),
        certificates_(certificates) {}

  Refusal Run();

 private:
  // What the flags mean for the next instruction.
  enum class Flags : uint8_t {
    kNothing, kGas,
    kPaid,   // and how much: proves.value
    kCheck,  // `reg` is as `proves` says if a jump with `cc` is not taken
    kBelow,  // it is after a move of `other` with `cc`
  };
  struct Comparison {
    Flags flags = Flags::kNothing;
    uint8_t cc = 0;
    uint8_t reg = 0;
    uint8_t other = 0;
    Tag proves = {};
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
  [[gnu::always_inline]] Reason Step(const Instruction& in);
  Reason Pinned(const Instruction& in);
  Reason Jcc(const Instruction& in);
  Reason JccToLabel(const Instruction& in, const Comparison& compared,
                    const abi::CertificateEntry* to);
  Reason Jump(const abi::CertificateEntry* to);
  Reason JumpByTable(const Instruction& in);
  Reason Branch(const abi::CertificateEntry& to);
  Reason RuntimeCall(const Instruction& in);
  Reason FinishCall(const Callee& callee);
  Reason TrapAt(const abi::TrapEntry& entry, uint32_t codes);
  Reason UseSite(uint32_t codes);
  Reason PayGas(const Instruction& in);
  const abi::TrapEntry* FindTrap(uint32_t offset, size_t near,
                                 bool is_call) const;
  Target FindTarget(int64_t to, size_t near);
  Target FindTarget(int64_t to) { return FindTarget(to, next_certificate_); }
  uint32_t FunctionAt(int64_t code_offset) const;
  Shape ShapeOf(const Callee& callee) const;

  // templates.cc
  bool Next(uint32_t* at, Instruction* out) const;
  bool NextIs(Op op) const;
  bool Take(Instruction* out);
  bool TakeAccess(Op op, uint8_t reg, uint8_t base, int64_t disp);
  bool TakeImmediate(Op op, uint8_t rm, int64_t value);
  Reason NothingListed() const;
  bool BeginsZeroing(const Instruction& in) const;
  Reason ZeroingLoop(const Instruction& in);
  Repair RepairAt(uint32_t label) const;
  Reason MoveArguments();
  Reason CalleeBase(const Instruction& in, uint32_t moved);
  Reason LeaveFrame(uint32_t moved);
  Reason TailCall(const Callee& callee, uint32_t moved);

  // operands.cc
  Reason Memory(const Instruction& in, Tag* loaded);
  Reason Frame(const Instruction& in);
  Reason Heap(const Instruction& in, bool imported);
  Reason Vmctx(const Instruction& in, Tag* loaded);
  Reason GlobalAccess(const Instruction& in, uint32_t global);
  Reason Tagged(const Instruction& in, Tag* loaded);
  Reason Load(const Instruction& in, const Tag& loaded);
  Reason CompareMemory(const Instruction& in);
  Reason Lea(const Instruction& in);
  void Move(const Instruction& in);
  void MoveImmediate(const Instruction& in);
  void Add(const Instruction& in);
  void ConditionalMove(const Instruction& in);

  uint32_t next() const { return at_ + length_; }
  uint32_t Readable(uint32_t at) const {
    return static_cast<uint32_t>(parts_.code.size()) - at;
  }
  // Of the next entries that the pass has not come to; kNowhere if none.
  uint32_t TrapOffset() const {
    return next_trap_ != traps_end_ ? next_trap_->code_offset : kNowhere;
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

  ArtifactFacts& facts_;
  const CodeParts& parts_ = facts_.parts;
  const wasm::Module& module_ = *parts_.module;
  const abi::FunctionEntry& entry_;
  Meter* const meter_ = facts_.meter;
  const uint32_t function_;
  const uint32_t rodata_begin_ = facts_.rodata_at;
  const uint32_t end_ = entry_.code_offset + entry_.code_bytes;
  const int32_t frame_ = static_cast<int32_t>(entry_.frame_bytes);
  const Shape own_ = ShapeOf({CalledKind::kFunction, 0, function_});
  const std::span<const abi::TrapEntry> traps_;  // of this function
  std::span<const abi::CertificateEntry> certificates_;

  uint32_t at_ = entry_.code_offset;  // of the current instruction
  uint32_t length_ = 0;   // with what follows as one template
  const abi::TrapEntry* next_trap_ = traps_.data();
  const abi::TrapEntry* const traps_end_ = next_trap_ + traps_.size();
  uint32_t next_certificate_ = 0;
  uint32_t near_trap_ = 0;    // the last one that a jump led to
  uint32_t next_listed_ = 0;  // no entry before this place is left to see
  const abi::TrapEntry* site_ = nullptr;  // entry at at_, to be used
  bool reachable_ = true;
  bool straight_ = true;   // no label or jump since the entry
  bool base_saved_ = false;
  const abi::TrapEntry* call_site_ = nullptr;  // of the last call
  Repair repair_;  // that the pass is in
  RegisterState state_;
  Comparison compared_;
  uint32_t compared_for_ = kNowhere;
};

// Conditions by their number in opcodes.
inline constexpr uint8_t kCcBelow = 2, kCcAboveEqual = 3, kCcEqual = 4;
inline constexpr uint8_t kCcNotEqual = 5, kCcAbove = 7, kCcLess = 12;

// Which of `count` cells of 16 bytes from `first` on has its field there;
// kNowhere if none.
inline uint32_t CellAt(int64_t disp, int64_t first, uint32_t count) {
  const int64_t above = disp - first;
  return above >= 0 && above % 16 == 0 && above / 16 < count
             ? static_cast<uint32_t>(above / 16)
             : kNowhere;
}

// Whether an instruction is `op` through [base + disp]; and of `reg` and 8
// bytes; or of rm and an immediate.
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

inline constexpr uint32_t kPinned = 1u << kRsp | 1u << kGas | 1u << kBase;

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_FUNCTION_PASS_H_
