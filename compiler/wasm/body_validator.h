#ifndef COMPILER_WASM_BODY_VALIDATOR_H_
#define COMPILER_WASM_BODY_VALIDATOR_H_

#include <cstdint>

#include "compiler/base/arena.h"
#include "compiler/base/status.h"
#include "compiler/wasm/features.h"
#include "compiler/wasm/loop_recorder.h"
#include "compiler/wasm/module.h"
#include "compiler/wasm/module_limits.h"
#include "compiler/wasm/operator_reader.h"

// Types function bodies by the algorithm of the core specification, appendix
// A.3: a stack of operand types and a stack of open blocks, one pass, no
// recursion. Both stacks are scratch in the arena, made once for the largest
// body. An operand type is one byte, so that lists of types are compared and
// copied as bytes; 0 stands for the unknown type of code that cannot be
// reached.
//
// Work per instruction is constant but for lists of parameters and results
// (bounded by the profile) and br_table, which looks at each label once and
// compares the types of each open block at most once.

namespace ingot::wasm {

class BodyValidator {
 public:
  BodyValidator(Arena& arena, const uint8_t* bytes, const ModuleLimits& limits,
                Features features, const Module& module)
      : arena_(arena),
        bytes_(bytes),
        limits_(limits),
        features_(features),
        module_(module) {}

  // Scratch for all bodies of the module. `declared`: a byte per function,
  // not 0 when ref.func may name it.
  Status Init(const uint8_t* declared);

  // Types one body and fills in its fields.
  Status Validate(Body* body);

  // Of all bodies together; see LoopRecorder::Finish.
  void Finish(uint32_t to, Module* module) {
    loops_.Finish(arena_, to, module);
    module->leaves_by_tail_call = leaves_by_tail_call_;
    for (uint32_t i = 0; i < kWorkClasses; ++i) module->work[i] = work_[i];
  }

 private:
  static constexpr uint8_t kUnknown = 0;

  enum class FrameKind : uint8_t { kBody, kBlock, kLoop, kIf, kElse };

  // A list of types: bytes of the arena.
  struct TypeList {
    uint32_t offset = 0;
    uint32_t size = 0;
  };

  struct Frame {
    TypeList params;
    TypeList results;
    uint32_t height = 0;      // operands below it
    uint32_t seen = 0;        // the last br_table that had it as a target
    uint32_t sets = 0;        // sets_ when it opened
    uint32_t edges = 0;       // branches to its end
    uint32_t changed = 0;     // locals that some of them changed, at most
    FrameKind kind = FrameKind::kBody;
    bool polymorphic = false;  // behind an unconditional branch
    bool dead = false;         // opened in code that cannot be reached
  };

  // Scratch has the same size in both builds.
  static_assert(sizeof(Frame) == 40);

  Status InitSlots();
  void BeginBody(const Body& body, const FuncType& type);
  void EndBody(Body* body);
  bool Run();

  bool Fail(Code code) { return Fail(code, op_.offset); }
  bool Fail(Code code, uint32_t offset) {
    if (status_.ok()) status_ = Error(code, offset);
    return false;
  }

  const uint8_t* TypesOf(TypeList list) const {
    return arena_.base() + list.offset;
  }
  TypeList ParamsOf(const FuncType& type) const {
    return {module_.type_pool.offset + type.pool_offset, type.params};
  }
  TypeList ResultsOf(const FuncType& type) const {
    return {module_.type_pool.offset + type.pool_offset + type.params,
            type.results};
  }
  Frame& Top() { return frames_[depth_]; }
  // The types that a branch to the frame takes.
  static TypeList LabelTypes(const Frame& frame) {
    return frame.kind == FrameKind::kLoop ? frame.params : frame.results;
  }

  // The operand stack.
  uint8_t TypeAt(uint32_t height) const {
    return static_cast<uint8_t>(operands_[height]);
  }
  bool Push(uint8_t type) {
    if (height_ == max_operands_) [[unlikely]] {
      return Fail(Code::kLimitOperandHeight);
    }
    operands_[height_++] = static_cast<ValType>(type);
    if (height_ > max_height_ && !dead_) max_height_ = height_;
    return true;
  }
  bool Push(ValType type) { return Push(static_cast<uint8_t>(type)); }
  bool Pop(uint8_t type) {
    if (height_ > floor_ && TypeAt(height_ - 1) == type) [[likely]] {
      --height_;
      return true;
    }
    return PopSlow();
  }
  bool Pop(ValType type) { return Pop(static_cast<uint8_t>(type)); }
  bool PopSlow();
  bool PopAny(uint8_t* type);
  bool PushList(TypeList list);
  bool PopList(TypeList list);
  // That the list stands on top, without taking it away.
  bool CheckList(TypeList list);
  // Counts values that a list moves, against limits_.passed_values.
  bool Pass(uint32_t values) {
    passed_values_ += values;
    return passed_values_ <= most_passed_values_ ||
           Fail(Code::kLimitPassedValues);
  }

  // The control stack.
  bool PushFrame(FrameKind kind, TypeList params, TypeList results);
  void EnterTop();
  void BecomeUnreachable();
  bool CheckLabel(uint32_t depth);
  void CountEdge(Frame& frame);
  void CountMerge();

  bool Step();
  bool Simple();
  bool CheckMemory();
  bool Block(FrameKind kind);
  bool Else();
  bool End();
  bool Branch();
  bool BranchIf();
  bool BranchTable();
  bool Return();
  bool Call(bool is_tail);
  bool CallIndirect(bool is_tail);
  bool CallType(uint32_t type_index, bool is_tail);
  bool RuntimeCall(uint32_t operands);
  bool Select();
  bool SelectTyped();
  bool LocalType(uint8_t* type);
  uint8_t LocalTypeSlow(uint32_t local) const;
  bool LocalGet();
  bool LocalSet();
  bool LocalTee();
  bool GlobalGet();
  bool GlobalSet();
  bool CheckTable(uint32_t table, uint8_t* element);
  bool CheckElement(uint32_t segment);
  bool CheckData();
  bool TableInit();
  bool TableCopy();
  bool RefIsNull();

  Arena& arena_;
  const uint8_t* bytes_;
  const ModuleLimits& limits_;
  Features features_;
  const Module& module_;
  LoopRecorder loops_;

  // Scratch.
  const uint8_t* declared_ = nullptr;
  uint32_t single_types_ = 0;  // arena offset: byte t is the ValType t
  uint32_t* slots_ = nullptr;  // outgoing stack slots by type
  // Of an enumeration, so that writing one is known to change no other member.
  ValType* operands_ = nullptr;
  uint32_t max_operands_ = 0;
  Frame* frames_ = nullptr;
  uint32_t max_depth_ = 0;
  uint8_t* local_types_ = nullptr;  // of the first cached_locals_ locals
  uint32_t* run_ends_ = nullptr;    // first local behind each run

  // Of all bodies so far.
  uint64_t passed_values_ = 0;
  uint64_t most_passed_values_ = 0;

  // The body.
  Operator op_;
  Status status_;
  const Body* body_ = nullptr;
  uint64_t passed_before_ = 0;  // passed_values_ when it began
  TypeList param_types_;
  uint32_t cached_locals_ = 0;
  uint32_t height_ = 0;
  uint32_t floor_ = 0;  // height below which the top frame may not pop
  uint32_t depth_ = 0;  // index of the top frame
  bool polymorphic_ = false;  // of the top frame
  bool dead_ = false;
  bool open_ = false;   // the body's own `end` has not come
  uint32_t table_serial_ = 0;
  uint32_t max_height_ = 0;
  uint32_t instructions_ = 0;
  uint32_t controls_ = 0;
  uint32_t branches_ = 0;
  uint32_t calls_ = 0;
  uint64_t call_operands_ = 0;
  uint32_t outgoing_slots_ = 0;
  // local.set and local.tee that a merge may still have to look at.
  uint32_t sets_ = 0;
  uint64_t merge_values_ = 0;
  uint32_t work_[kWorkClasses] = {};  // of all bodies so far
  bool leaves_by_tail_call_ = false;  // of all bodies so far
};

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_BODY_VALIDATOR_H_
