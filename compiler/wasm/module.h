#ifndef COMPILER_WASM_MODULE_H_
#define COMPILER_WASM_MODULE_H_

#include <cstdint>

#include "compiler/base/arena.h"
#include "compiler/wasm/work_classes.h"

// A decoded WebAssembly module (core specification 2.0, chapter 2), held in an
// arena. Names and segment bytes are ranges of the module bytes, which must
// outlive it. All indices are in the specification's index spaces: imports
// come first. Offsets count from the first byte of the module.

namespace ingot::wasm {

enum class ValType : uint8_t {
  kI32 = 0x7F,
  kI64 = 0x7E,
  kF32 = 0x7D,
  kF64 = 0x7C,
  kFuncRef = 0x70,
  kExternRef = 0x6F,
};

constexpr bool IsRef(ValType type) {
  return type == ValType::kFuncRef || type == ValType::kExternRef;
}
constexpr bool IsFloat(ValType type) {
  return type == ValType::kF32 || type == ValType::kF64;
}

// A range of the module bytes.
struct Bytes {
  uint32_t offset = 0;
  uint32_t size = 0;
};

// Parameters and results stand one after the other in Module::type_pool.
struct FuncType {
  uint32_t pool_offset = 0;  // index of the first parameter in type_pool
  uint16_t params = 0;
  uint16_t results = 0;
};

enum class ExternKind : uint8_t { kFunc, kTable, kMemory, kGlobal };

struct Limits {
  uint32_t min = 0;
  uint32_t max = 0;  // meaningless unless has_max
  bool has_max = false;
};

struct TableType {
  ValType element = ValType::kFuncRef;
  Limits limits;
};

struct GlobalType {
  ValType type = ValType::kI32;
  bool is_mutable = false;
};

struct Import {
  Bytes module;
  Bytes name;
  ExternKind kind = ExternKind::kFunc;
  // Index in the index space of its kind.
  uint32_t index = 0;
};

struct Export {
  Bytes name;
  ExternKind kind = ExternKind::kFunc;
  uint32_t index = 0;
};

// One instruction of a constant expression in postfix order. Version 2.0 has
// exactly one before `end`; extended constant expressions have several.
enum class ConstOp : uint8_t {
  kI32Const,  // bits
  kI64Const,
  kF32Const,
  kF64Const,
  kGlobalGet,  // index
  kRefNull,    // index: the ValType
  kRefFunc,    // index
  kI32Add, kI32Sub, kI32Mul, kI64Add, kI64Sub, kI64Mul,
};

struct ConstInst {
  uint64_t bits = 0;
  uint32_t index = 0;
  uint32_t offset = 0;  // in the module
  ConstOp op = ConstOp::kI32Const;
};

// Instructions [first, first + count) of Module::const_pool.
struct ConstExpr {
  uint32_t first = 0;
  uint32_t count = 0;
  uint32_t end_offset = 0;  // module offset of its `end`
};

struct Global {
  GlobalType type;
  ConstExpr init;  // count 0 for an import
};

enum class SegmentMode : uint8_t { kActive, kPassive, kDeclarative };

struct ElementSegment {
  SegmentMode mode = SegmentMode::kActive;
  ValType type = ValType::kFuncRef;
  uint32_t table = 0;
  ConstExpr offset;
  // Initialisers are ConstExprs [first, first + count) of element_inits.
  uint32_t first = 0;
  uint32_t count = 0;
  uint32_t module_offset = 0;  // where the segment begins in the module
};

struct DataSegment {
  SegmentMode mode = SegmentMode::kActive;
  uint32_t memory = 0;
  ConstExpr offset;
  Bytes bytes;
  uint32_t module_offset = 0;
};

// A run of locals of one type as declared in a body.
struct LocalRun {
  uint32_t count = 0;
  ValType type = ValType::kI32;
};

// The `loop` instructions of a body, in the order in which they open; those in
// code that cannot be reached are among them.
struct LoopInfo {
  // Locals that are assigned anywhere inside, as indices
  // [first, first + count) of Module::loop_locals, in order of first
  // assignment in the body's text; empty when the body is over its budget.
  uint32_t first = 0;
  uint32_t count = 0;
  uint32_t end_offset = 0;   // module offset of the matching `end`
  bool contains_call = false;  // call, call_indirect, or a runtime call
};

// One function body and what validation found out about it.
struct Body {
  uint32_t function = 0;       // index in the function space
  uint32_t begin = 0;          // module offset of its locals vector
  uint32_t code = 0;           // module offset of its first instruction
  uint32_t end = 0;            // module offset one past its final `end`
  uint32_t first_run = 0;      // runs in Module::local_runs
  uint32_t runs = 0;
  uint32_t locals = 0;         // parameters and declared locals
  // Filled in by validation:
  uint32_t max_height = 0;     // greatest operand height in reachable code
  uint32_t instructions = 0;   // number of instructions
  uint32_t controls = 0;       // block, loop, if and the body itself
  uint32_t branches = 0;       // br, br_if: 1; br_table: its labels, default too
  uint32_t calls = 0;          // calls, tail calls and runtime calls
  uint32_t call_operands = 0;  // sum over calls of parameters and results
  // Parameters and results that the body, its blocks, branches and calls take
  // off the stack or put there.
  uint32_t passed_values = 0;
  // Values that the blocks' merges pass, at most, as far as it can be told
  // without building them: for each block the branches to its end times the
  // locals that are set inside; bounded by the builder's budget.
  uint32_t merge_values = 0;
  // Greatest number of 8-byte stack slots for arguments and results that do
  // not fit in registers (compiler/abi/calling_convention.h) over all calls.
  uint32_t outgoing_slots = 0;
  uint32_t first_loop = 0;     // loops in Module::loops
  uint32_t loops = 0;
  // The lists of assigned locals would exceed their budget of
  // kLoopLocalsPerByte × body bytes: the lists are left empty.
  bool loops_over_budget = false;
  bool has_calls = false;
};

// Entries of Module::loop_locals that a body may use per byte of its length.
inline constexpr uint32_t kLoopLocalsPerByte = 4;

// Values that merges of a body may pass: kMergeBudgetPerByte × its bytes +
// kMergeBudgetBase. Bodies that would pass more are compiled in slot mode.
// Nearly twice what any function of the corpus needs (2.4), of 204 modules.
inline constexpr uint32_t kMergeBudgetPerByte = 4;
inline constexpr uint32_t kMergeBudgetBase = 256;
// A value that a loop begins with counts as so many: it is an instruction that
// lives as long as the loop. One that a way back brings counts as two.
inline constexpr uint32_t kMergeCostOfLoopValue = 8;
inline constexpr uint32_t kMergeCostOfValueBack = 2;

struct Module {
  Array<FuncType> types;
  Array<ValType> type_pool;
  Array<Import> imports;
  Array<uint32_t> functions;  // type index of each function, imports first
  Array<TableType> tables;
  Array<Limits> memories;     // in pages
  Array<Global> globals;
  Array<Export> exports;
  Array<ElementSegment> elements;
  Array<ConstExpr> element_inits;
  Array<DataSegment> data;
  Array<ConstInst> const_pool;
  Array<Body> bodies;
  Array<LocalRun> local_runs;
  Array<LoopInfo> loops;
  Array<uint32_t> loop_locals;
  uint32_t imported_functions = 0;
  uint32_t imported_tables = 0;
  uint32_t imported_memories = 0;
  uint32_t imported_globals = 0;
  uint32_t start = 0xFFFFFFFF;  // function index; none: 0xFFFFFFFF
  uint32_t start_offset = 0;
  bool has_data_count = false;
  // Some body has a tail call of an import or through a table, which may end
  // in another instance. Filled in by validation.
  bool leaves_by_tail_call = false;
  // Instructions of all bodies by WorkClass. Filled in by validation.
  uint32_t work[kWorkClasses] = {};
  // Sections in file order without custom and code sections, each with its
  // header: what an artifact keeps of the module.
  Array<Bytes> kept_sections;
};

// A plan is kept in memory and must have the same bytes in both builds.
static_assert(sizeof(FuncType) == 8 && sizeof(Import) == 24);
static_assert(sizeof(TableType) == 16 && sizeof(Export) == 16);
static_assert(sizeof(ConstInst) == 24 && sizeof(ConstExpr) == 12);
static_assert(sizeof(Global) == 16 && sizeof(ElementSegment) == 32);
static_assert(sizeof(DataSegment) == 32 && sizeof(LoopInfo) == 16);
static_assert(sizeof(LocalRun) == 8 && sizeof(Body) == 76);
static_assert(sizeof(Module) == 240);

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_MODULE_H_
