#ifndef COMPILER_X64_EMITTER_H_
#define COMPILER_X64_EMITTER_H_

#include <cstdint>
#include <initializer_list>

#include "compiler/abi/artifact.h"
#include "compiler/abi/vmctx.h"
#include "compiler/base/arena.h"
#include "compiler/base/arena_vector.h"
#include "compiler/base/status.h"
#include "compiler/ir/ir.h"
#include "compiler/regalloc/allocation.h"
#include "compiler/x64/assembler.h"

// An allocated graph in, the function's machine code and its tables out. What
// the code may look like is fixed in DIALECT.md.
//
//   emitter.cc    blocks, branches, edges, stubs out of line
//   emit_frame.cc a function's first and last instructions
//   emit_int.cc   integer arithmetic, comparisons, conversions between widths
//   emit_float.cc float arithmetic and conversions
//   emit_mem.cc   linear memory, globals, and what else goes by vmctx
//   emit_call.cc  calls, tail calls, and the places of arguments and results
//   parallel_moves.cc  many moves at once: edges, arguments, results

namespace ingot::compiler {

// A place in the code that names something outside of the function.
enum class RelocKind : uint32_t {
  kFunction,  // rel32 of a call or tail call; target: function index
  kRodata,    // rel32 of a lea; target: offset in the function's rodata
};
struct Reloc {
  uint32_t at;
  RelocKind kind;
  uint32_t target;
};

struct FunctionCode {
  uint8_t* code = nullptr;
  uint32_t code_bytes = 0;
  uint32_t frame_bytes = 0;
  ArenaVector<Reloc> relocs;
  ArenaVector<abi::TrapEntry> traps;  // code offsets within the function
  ArenaVector<abi::CertificateEntry> certs;
  // Jump tables: offsets in the function of what they lead to.
  ArenaVector<uint32_t> rodata;
};

// Numbers of locations in parallel moves: registers, then frame slots, then
// stack slots of outgoing arguments or of results.
struct PendingMove {
  uint32_t dst;
  uint32_t src;    // kSrcConst: the value's bits
  InstId value;
  uint32_t next;   // further moves from the same source
};

// How a comparison is tested. kEqual and kNotEqual of floats take two flags.
struct Test {
  enum class Kind : uint8_t { kPlain, kFloatEqual, kFloatNotEqual };
  Kind kind = Kind::kPlain;
  Cc cc = Cc::kNe;
};

class Emitter {
 public:
  Emitter(Arena& arena, Assembler& assembler, Graph& graph,
          const Allocation& allocation, const Liveness& liveness,
          const abi::VmctxLayout& layout)
      : arena_(arena), as_(assembler), graph_(graph), alloc_(allocation),
        live_(liveness), layout_(layout) {}

  // False when the arena is full.
  [[nodiscard]] bool Emit(FunctionCode* out);

 private:
  static constexpr uint32_t kSrcConst = 0xFFFFFFFF;
  static constexpr uint32_t kSlotBase = 32;
  // The scratch register is never relied on across a label.
  static constexpr uint32_t kCertified = 0xFFFFu & ~(1u << kScratch);

  struct Fixup {
    uint32_t at;
    BlockId block;
  };
  // What holds at a jump: its segment begins there in the module, and so much
  // is paid ahead of the next one.
  struct Situation {
    uint32_t zero_upper;
    uint32_t segment;
    uint32_t ahead;
    uint32_t round;
  };
  // A block that only leaves a loop, and the segment that it is reached from.
  struct Late {
    BlockId block;
    uint32_t segment;
  };
  struct EdgeStub {
    uint32_t at;  // the jump's displacement
    EdgeId edge;
    Situation situation;
  };
  // The second test of a payment that made the counter negative (T13).
  struct GasStub {
    uint32_t at;
    uint32_t back;
    uint32_t price;
    Situation situation;
  };
  // Entries of a jump table that hold places in a list of targets until all
  // blocks stand (ResolveTables).
  struct TableFixup {
    uint32_t first;    // entry
    uint32_t entries;
    uint32_t targets;  // the first of its targets in table_targets_
    uint32_t distinct;
  };
  // The target is a place in the code, else a block's start.
  static constexpr uint32_t kTargetIsPlace = uint32_t{1} << 31;
  struct TrapStub {
    uint32_t at;
    InstId inst;
    TrapCode code;
    int32_t correction;
    uint32_t also = kNoId;  // another jump there
  };
  struct NanStub {
    uint32_t at;      // displacement of the jump
    uint32_t back;    // where to go on
    Situation situation;
    uint8_t reg;
    Type type;
  };

  // emit_frame.cc
  void Prologue();
  uint32_t EntryZeroUpper() const;
  void ZeroSlots();
  uint32_t OwnStackArguments() const;
  void Epilogue();

  // emitter.cc
  uint64_t CodeBound() const;
  void EmitBlock(BlockId b);
  void EmitMovesBefore(InstId i);
  void EmitInst(InstId i);
  void EmitGas(const Inst& inst);
  void StorePhis(BlockId b);
  void StoreIfSpilled(InstId i);
  void Branch(InstId i);
  void BranchTable(InstId i);
  void ResolveTables();
  void JumpIf(const Test& test, EdgeId edge);
  void JumpIfTo(const Test& test, BlockId block);
  void Goto(EdgeId edge);
  void GotoBlock(BlockId block);
  void EdgeMoves(EdgeId edge);
  bool HasEdgeMoves(EdgeId edge);
  void Return(InstId i);
  void Stubs();
  void TrapIf(Cc cc, InstId inst, TrapCode code);
  // The same trap as that of the last TrapIf, which is the same instruction's.
  void TrapLikeLast(Cc cc);
  void TrapHere(InstId inst, TrapCode code);
  void AddTrap(uint32_t at, InstId inst, TrapCode code, int32_t correction);
  int32_t Correction(InstId inst) const;
  void BlockCertificate(BlockId b);
  void Certificate(const Situation& situation, uint32_t flags);
  void InsideSegment(uint32_t zero_upper);
  Situation Here() const {
    return {as_.zero_upper(), segment_, ahead_, graph_.blocks[block_].round};
  }
  void FindForwards();
  BlockId OnlyWayOut(BlockId block);
  BlockId Behind(BlockId block) const;
  bool HasLoad(InstId i) const;
  void FindNext(BlockId b);
  void EmitLate();
  bool IsLate(BlockId b) const;
  BlockId TargetOf(EdgeId edge) const;
  bool SameTarget(EdgeId a, EdgeId b);
  EdgeId OnlyEntry(const Inst& table);
  void Label(std::initializer_list<uint32_t> short_jumps);
  void EdgeOutOfLine(uint32_t at, EdgeId edge);
  Test TestOf(InstId condition, uint8_t where);
  void TestZero(uint8_t reg, Width w);
  static Test Invert(const Test& test);

  // Frame and operands.
  Mem Slot(uint32_t slot) const {
    return Mem{kRsp, kNoReg, 0,
               static_cast<int32_t>(8 * (outgoing_ + slot))};
  }
  Mem SlotOf(InstId value) const { return Slot(live_.values[value].slot); }
  static Mem Base(int32_t disp) { return Mem{kBaseReg, kNoReg, 0, disp}; }
  static Width WidthOf(Type type) {
    return Is64(type) ? Width::k64 : Width::k32;
  }
  uint64_t ConstBits(InstId value) const {
    const Inst& inst = graph_.insts[value];
    return uint64_t{inst.b} << 32 | inst.a;
  }
  int64_t ConstImm(InstId value) const;
  void MoveReg(Type type, uint8_t dst, uint8_t src);
  void LoadFrame(Type type, uint8_t dst, const Mem& mem);
  void StoreFrame(Type type, const Mem& mem, uint8_t src);
  void LoadConst(InstId value, uint8_t dst);
  void StoreConst(const Mem& mem, InstId value);

  // emit_int.cc
  void Numeric(InstId i);
  void Alu(InstId i, X86 id, Width w);
  void Add(InstId i, Width w);
  void Multiply(InstId i, Width w);
  void Shift(InstId i, X86 id, Width w);
  void Divide(InstId i, Width w, bool is_signed, bool remainder);
  void CountZeros(InstId i, Width w, bool leading);
  void CompareInts(InstId i, Width w);
  void SetCompare(InstId i);
  void SetFromTest(const Test& test, uint8_t dst);
  void Select(InstId i);
  Test Compare(InstId i);
  Test TestBits(InstId i);

  // emit_float.cc
  bool FloatNumeric(InstId i);
  void FloatBinary(InstId i, X86 id);
  void FloatMinMax(InstId i, bool is_max);
  void FloatUnary(InstId i, X86 id);
  void Round(InstId i, uint32_t mode);
  void SignBit(InstId i);
  void CopySign(InstId i);
  void Canonicalise(InstId i);
  void ConvertFromInt(InstId i, bool is_64, bool is_signed);
  void TruncateTo32(InstId i, bool from_double, bool is_signed);
  void TruncateTo64(InstId i, bool from_double);
  void Truncate(InstId i, bool from_double, bool to_64, bool is_signed,
                bool saturate);
  void TruncateValue(uint8_t dst, uint8_t src, bool from_double, bool to_64,
                     bool is_signed);
  void FloatBound(bool is_double, uint64_t bits_double, uint64_t bits_single);
  Test CompareFloats(InstId i);

  // emit_mem.cc
  void Load(InstId i);
  Mem Folded(InstId load);
  void AddImmediate(InstId i);
  void Store(InstId i);
  Mem Address(InstId i, uint32_t bytes);
  void GlobalGet(InstId i);
  void GlobalSet(InstId i);
  void MemorySize(InstId i);
  void RefFunc(InstId i);

  // emit_call.cc
  void Call(InstId i);
  void CallIndirect(InstId i);
  void TailCall(InstId i);
  void LoadCallee(InstId i);
  void EnterImport(uint32_t function);
  void EnterLoaded();
  void MoveToCallers(uint32_t stack_arguments);
  void PlaceArguments(InstId i, const wasm::FuncType* type);
  void AfterCall(InstId i, uint32_t stack_arguments, bool reload_base);
  void StackValue(InstId i);
  const wasm::FuncType& TypeOfCall(InstId i) const;

  // parallel_moves.cc
  void AddParallel(uint32_t dst, uint8_t where, InstId value);
  void RunParallel();
  void RunMove(const PendingMove& move);
  Mem LocationMem(uint32_t location) const;

  Arena& arena_;
  Assembler& as_;
  Graph& graph_;
  const Allocation& alloc_;
  const Liveness& live_;
  const abi::VmctxLayout& layout_;
  FunctionCode* out_ = nullptr;

  uint32_t outgoing_ = 0;      // stack slots below the frame slots
  uint32_t frame_ = 0;         // bytes, return address included
  uint32_t num_slots_ = 0;
  uint32_t next_move_ = 0;
  uint32_t segment_paid_ = 0;  // for the open gas segment and ahead of the next
  uint32_t ahead_ = 0;         // of these, what is for the next
  uint32_t segment_ = 0;       // module offset of its begin
  uint32_t call_stack_arguments_ = 0;  // of the last call
  BlockId block_ = 0;
  uint32_t* block_at_ = nullptr;
  BlockId* forward_ = nullptr;  // where a jump to the block ends up
  BlockId next_ = 0;            // the block that is emitted next
  ArenaVector<Fixup> fixups_;
  ArenaVector<EdgeStub> edge_stubs_;
  ArenaVector<Late> late_;
  ArenaVector<TrapStub> trap_stubs_;
  ArenaVector<NanStub> nan_stubs_;
  ArenaVector<uint32_t> gas_jumps_;
  ArenaVector<GasStub> gas_stubs_;
  ArenaVector<TableFixup> table_fixups_;
  ArenaVector<uint32_t> table_targets_;

  // Parallel moves: by location, how many pending moves read it, the first of
  // those, and which one writes it.
  ArenaVector<PendingMove> pending_;
  ArenaVector<uint32_t> ready_;
  bool scratch_taken_ = false;  // a pending move needs r11
  uint32_t* readers_ = nullptr;
  uint32_t* reader_ = nullptr;
  uint32_t* writer_ = nullptr;
  int32_t out_area_ = 0;       // where location kSlotBase + num_slots_ stands
};

}  // namespace ingot::compiler

#endif  // COMPILER_X64_EMITTER_H_
