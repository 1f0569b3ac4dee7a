#ifndef COMPILER_IR_BUILDER_STATE_H_
#define COMPILER_IR_BUILDER_STATE_H_

#include <cstdint>
#include <span>

#include "compiler/ir/builder.h"
#include "compiler/wasm/operator_reader.h"

// The SSA builder's state, shared by its two halves: builder.cc walks the
// instructions, builder_control.cc keeps blocks, labels and merges.

namespace ingot::compiler {

// An operand that stands in its home slot only (slot mode).
inline constexpr uint32_t kInSlot = 0xFFFFFFFE;

enum class ControlKind : uint8_t { kBody, kBlock, kLoop, kIf, kElse };

struct Control {
  ControlKind kind = ControlKind::kBlock;
  uint32_t height = 0;        // operands below its parameters
  uint16_t params = 0;
  uint16_t results = 0;
  uint32_t type_pool = 0;     // parameters then results; kNoId: one value type
  Type value_type = Type::kNone;
  uint32_t trail_mark = 0;
  InstId opened = 0;          // the first instruction inside
  InstId split = 0;           // what lies before it dominates the label's end
  EdgeId first_edge = kNoId;  // forward edges to its end
  EdgeId last_edge = kNoId;
  uint32_t num_edges = 0;
  EdgeId else_edge = kNoId;   // if: the edge taken when the condition is zero
  BlockId header = kNoId;     // loop
  uint32_t loop = kNoId;
  uint32_t loop_info = 0;     // loop: its place among the body's loops
  uint32_t saved_params = 0;  // if: pool offset of its parameters
  uint32_t branch_stamp = 0;  // the last br_table that named this label
  uint32_t branch_place = 0;  // its edge among those of that br_table
};

// A loop whose body is built several times (builder_unroll.cc).
struct Unrolling {
  uint32_t begin = 0;        // module offset of its body
  uint32_t rounds = 0;       // still to come behind this one
  uint32_t control = kNoId;  // its place on the control stack; kNoId: none
  Control exits;             // the label behind its `end`
};

struct TrailEntry {
  uint32_t local;
  uint32_t old_value;
  uint32_t old_log;
};

class Builder final : public ConstantMaker {
 public:
  Builder(Arena& arena, const uint8_t* bytes, const wasm::Module& module,
          const wasm::Body& body, const GasSchedule& schedule, BuildMode mode,
          LocalsScratch* locals, ValueNumbering* numbering, Graph* graph)
      : arena_(arena), bytes_(bytes), module_(module), body_(body),
        schedule_(schedule), slots_(mode == BuildMode::kSlots),
        locals_(*locals), numbering_(slots_ ? nullptr : numbering),
        graph_(*graph) {}

  enum class Outcome : uint8_t { kOk, kOverBudget, kOverCapacity, kNoMemory };

  // Tries once, with arrays `scale` times the usual size.
  Outcome Build(uint32_t scale);
  // After a Build that was kOk.
  void Compact();

  InstId Constant(Type type, uint64_t bits) override;

 private:
  // builder.cc
  bool Allocate(uint32_t scale);
  void Begin();
  void Step(wasm::OperatorReader& reader, const wasm::Operator& op);
  bool SkipUnreachable(const wasm::Operator& op);
  void Numeric(const wasm::Operator& op);
  void Load(const wasm::Operator& op, Type type);
  void Store(const wasm::Operator& op);
  void GlobalGet(uint32_t global);
  void GlobalSet(uint32_t global);
  static IrOp LoadBack(wasm::Op store);
  void Call(const wasm::Operator& op);
  void CallIndirect(const wasm::Operator& op);
  void EmitCall(IrOp op, uint32_t imm0, uint32_t imm1,
                const wasm::FuncType& type, bool with_index);
  void Builtin(uint8_t number,
               std::span<const uint32_t> immediates, uint32_t operands,
               Type result);
  bool RuntimeOp(const wasm::Operator& op);
  void Return();
  void TailCall(const wasm::Operator& op);
  InstId CallInst(IrOp op, uint32_t imm0, uint32_t imm1, uint32_t operands);

  // Instructions and operands.
  InstId Emit(IrOp op, Type type, uint32_t a = kNoId, uint32_t b = kNoId,
              uint32_t c = 0);
  InstId EmitPure(const Pure& pure);
  InstId Divide(wasm::Op op, InstId a, InstId b);
  InstId EmitConst(Type type, uint64_t bits);
  void ForgetMemory();
  uint32_t Pool(uint32_t count);
  void Push(InstId value);
  InstId Pop();
  InstId Operand(uint32_t position);
  Type OperandType(uint32_t position);
  InstId GetLocal(uint32_t local);
  void SetLocal(uint32_t local, InstId value);
  Type LocalType(uint32_t local);
  void BeginSegment(uint8_t flags);
  void EndSegment();
  bool Over() const { return outcome_ != Outcome::kOk; }
  void Charge(uint64_t entries);

  // builder_control.cc
  BlockId StartBlock(bool loop_header);
  void EndBlock();
  EdgeId NewEdge();
  void BindEdge(EdgeId edge, BlockId to);
  void ResolveType(const wasm::Operator& op, Control* control);
  Type ParamType(const Control& control, uint32_t i) const;
  Type ResultType(const Control& control, uint32_t i) const;
  Control& Label(uint32_t depth) { return controls_[num_controls_ - 1 - depth]; }
  void OpenBlock(const wasm::Operator& op);
  void OpenLoop(const wasm::Operator& op);
  void OpenIf(const wasm::Operator& op);
  void Else();
  void End();
  void Branch(uint32_t depth);
  void BranchIf(uint32_t depth);
  void BranchTable(wasm::OperatorReader& reader, uint32_t labels);
  EdgeId EdgeToLabel(Control& label);
  EdgeId EdgeToForward(Control& label);
  EdgeId EdgeToLoop(Control& label);
  void AppendEdge(Control& label, EdgeId edge);
  bool NeedsCopies(const Control& label) const;
  void CopyToLabel(const Control& label);
  EdgeId CopyBlock(Control& label, EdgeId from);
  void JumpTo(EdgeId edge);
  void Merge(const Control& control);
  void FillMergeArgs(const Control& control, uint32_t changed,
                     uint32_t num_changed, uint32_t phis);
  void HideFrom(InstId split);
  void HideBefore(const Control& label);

  // builder_unroll.cc
  uint32_t UnrollingBudget() const;
  uint32_t RoundsOf(uint32_t loop) const;
  void BeginUnrolling(const Control& control, uint32_t rounds);
  bool IsUnrolled(const Control& control) const;
  bool IsBeyondRounds(const Control& label) const;
  EdgeId LeavingBlock(Control& label, EdgeId edge);
  void EndRound();
  InstId PopCondition();
  void UndoTo(uint32_t mark);
  void FlushTop(uint32_t count);
  uint32_t LabelArity(const Control& label) const {
    return label.kind == ControlKind::kLoop ? label.params : label.results;
  }

  Arena& arena_;
  const uint8_t* bytes_;
  const wasm::Module& module_;
  const wasm::Body& body_;
  const GasSchedule& schedule_;
  const bool slots_;
  LocalsScratch& locals_;
  ValueNumbering* const numbering_;  // null: nothing is optimised
  Graph& graph_;
  Outcome outcome_ = Outcome::kOk;

  uint32_t cap_insts_ = 0, cap_blocks_ = 0, cap_edges_ = 0, cap_pool_ = 0;
  uint32_t cap_trail_ = 0, cap_controls_ = 0;
  uint32_t budget_ = 0;

  uint32_t* stack_ = nullptr;  // operand values
  Type* stack_types_ = nullptr;  // slot mode
  uint32_t height_ = 0;
  Control* controls_ = nullptr;
  uint32_t num_controls_ = 0;
  TrailEntry* trail_ = nullptr;
  uint32_t num_trail_ = 0;
  InstId zeros_[5] = {};
  const wasm::FuncType* type_ = nullptr;
  const wasm::LocalRun* runs_ = nullptr;
  uint32_t* run_ends_ = nullptr;  // first local behind each run
  const wasm::ValType* type_pool_ = nullptr;

  bool reachable_ = true;
  uint32_t skipped_ = 0;       // controls opened in unreachable code
  uint32_t next_loop_ = 0;     // LoopInfo of the next `loop`
  uint32_t open_loop_ = kNoId;
  uint8_t round_ = 0;          // of the loop that is being unrolled
  uint32_t unrolling_budget_ = 0;
  Unrolling unrolling_;
  uint32_t resume_ = 0;        // where to go on reading, if not 0
  BlockId block_ = kNoId;
  InstId gas_ = kNoId;
  uint32_t owed_ = 0;
  uint32_t pos_ = 0;           // of the current instruction
  uint32_t next_pos_ = 0;      // of the one behind it
  uint32_t stamp_ = 0;
};

}  // namespace ingot::compiler

#endif  // COMPILER_IR_BUILDER_STATE_H_
