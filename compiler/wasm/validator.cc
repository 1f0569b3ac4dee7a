#include "compiler/wasm/validator.h"

#include <cstring>

#include "compiler/base/byte_compare.h"
#include "compiler/wasm/body_validator.h"
#include "compiler/wasm/work_classes.h"

// The rules on declarations (core specification, 3.4), then the bodies.
// Constant expressions are typed with a stack of their own; export names are
// compared by sorting them. What these need is scratch at the arena's end.

namespace ingot::wasm {
namespace {

class DeclarationValidator {
 public:
  DeclarationValidator(Arena& arena, const uint8_t* bytes,
                       const ModuleLimits& limits, const Module& module)
      : arena_(arena), bytes_(bytes), limits_(limits), module_(module) {}

  Status Run();

 private:
  Status CheckExports();
  Status CheckExportNames();
  Status CheckStart();
  Status CheckElements();
  Status CheckData();
  Status CheckConst(const ConstExpr& expr, ValType type);
  Status Step(const ConstInst& inst, uint32_t* height);

  // Orders exports by name, then by index.
  bool Before(uint32_t a, uint32_t b) const;
  bool SameName(uint32_t a, uint32_t b) const;

  Arena& arena_;
  const uint8_t* bytes_;
  const ModuleLimits& limits_;
  const Module& module_;
  ValType* stack_ = nullptr;  // of constant expressions
};

Status DeclarationValidator::Run() {
  Array<ValType> stack;
  if (!arena_.AllocateArray(limits_.const_instructions, &stack)) {
    return Error(Code::kOutOfMemory);
  }
  stack_ = arena_.At<ValType>(stack.offset);
  for (uint32_t i = module_.imported_globals; i < module_.globals.size; ++i) {
    const Global& global = arena_.Get(module_.globals, i);
    INGOT_RETURN_IF_ERROR(CheckConst(global.init, global.type.type));
  }
  INGOT_RETURN_IF_ERROR(CheckExports());
  INGOT_RETURN_IF_ERROR(CheckStart());
  INGOT_RETURN_IF_ERROR(CheckElements());
  return CheckData();
}

Status DeclarationValidator::CheckExports() {
  for (const Export& exported : arena_.View(module_.exports)) {
    uint32_t size = 0;
    Code code = Code::kUnknownFunction;
    switch (exported.kind) {
      case ExternKind::kFunc:
        size = module_.functions.size;
        break;
      case ExternKind::kTable:
        size = module_.tables.size;
        code = Code::kUnknownTable;
        break;
      case ExternKind::kMemory:
        size = module_.memories.size;
        code = Code::kUnknownMemory;
        break;
      case ExternKind::kGlobal:
        size = module_.globals.size;
        code = Code::kUnknownGlobal;
        break;
    }
    if (exported.index >= size) return Error(code, exported.name.offset);
  }
  return CheckExportNames();
}

bool DeclarationValidator::SameName(uint32_t a, uint32_t b) const {
  const Bytes x = arena_.Get(module_.exports, a).name;
  const Bytes y = arena_.Get(module_.exports, b).name;
  return x.size == y.size &&
         SameBytes(bytes_ + x.offset, bytes_ + y.offset, x.size);
}

bool DeclarationValidator::Before(uint32_t a, uint32_t b) const {
  const Bytes x = arena_.Get(module_.exports, a).name;
  const Bytes y = arena_.Get(module_.exports, b).name;
  const int32_t order = CompareBytes(bytes_ + x.offset, bytes_ + y.offset,
                                     x.size < y.size ? x.size : y.size);
  if (order != 0) return order < 0;
  if (x.size != y.size) return x.size < y.size;
  return a < b;
}

// A merge sort from the bottom up; equal names then stand side by side, the
// earlier export first. The earliest repetition is the error.
Status DeclarationValidator::CheckExportNames() {
  const uint32_t count = module_.exports.size;
  Array<uint32_t> first;
  Array<uint32_t> second;
  if (!arena_.AllocateArray(count, &first) ||
      !arena_.AllocateArray(count, &second)) {
    return Error(Code::kOutOfMemory);
  }
  uint32_t* from = arena_.At<uint32_t>(first.offset);
  uint32_t* to = arena_.At<uint32_t>(second.offset);
  for (uint32_t i = 0; i < count; ++i) from[i] = i;
  for (uint32_t width = 1; width < count; width *= 2) {
    for (uint32_t begin = 0; begin < count; begin += 2 * width) {
      const uint32_t middle = begin + width < count ? begin + width : count;
      const uint32_t end = middle + width < count ? middle + width : count;
      uint32_t left = begin;
      uint32_t right = middle;
      for (uint32_t i = begin; i < end; ++i) {
        const bool take_left =
            left < middle && (right == end || Before(from[left], from[right]));
        to[i] = take_left ? from[left++] : from[right++];
      }
    }
    uint32_t* const swap = from;
    from = to;
    to = swap;
  }
  uint32_t repeated = count;
  for (uint32_t i = 1; i < count; ++i) {
    if (from[i] < repeated && SameName(from[i - 1], from[i])) {
      repeated = from[i];
    }
  }
  if (repeated == count) return kOkStatus;
  return Error(Code::kDuplicateExport,
               arena_.Get(module_.exports, repeated).name.offset);
}

Status DeclarationValidator::CheckStart() {
  if (module_.start == kNowhere) return kOkStatus;
  const FuncType& type = arena_.Get(
      module_.types, arena_.Get(module_.functions, module_.start));
  if (type.params != 0 || type.results != 0) {
    return Error(Code::kStartFunction, module_.start_offset);
  }
  return kOkStatus;
}

Status DeclarationValidator::CheckElements() {
  for (const ElementSegment& segment : arena_.View(module_.elements)) {
    if (segment.mode == SegmentMode::kActive) {
      if (segment.table >= module_.tables.size) {
        return Error(Code::kUnknownTable, segment.module_offset);
      }
      if (arena_.Get(module_.tables, segment.table).element != segment.type) {
        return Error(Code::kTypeMismatch, segment.module_offset);
      }
      INGOT_RETURN_IF_ERROR(CheckConst(segment.offset, ValType::kI32));
    }
    for (uint32_t i = 0; i < segment.count; ++i) {
      INGOT_RETURN_IF_ERROR(
          CheckConst(arena_.Get(module_.element_inits, segment.first + i),
                     segment.type));
    }
  }
  return kOkStatus;
}

Status DeclarationValidator::CheckData() {
  for (const DataSegment& segment : arena_.View(module_.data)) {
    if (segment.mode != SegmentMode::kActive) continue;
    if (segment.memory >= module_.memories.size) {
      return Error(Code::kUnknownMemory, segment.module_offset);
    }
    INGOT_RETURN_IF_ERROR(CheckConst(segment.offset, ValType::kI32));
  }
  return kOkStatus;
}

Status DeclarationValidator::CheckConst(const ConstExpr& expr, ValType type) {
  uint32_t height = 0;
  for (uint32_t i = 0; i < expr.count; ++i) {
    INGOT_RETURN_IF_ERROR(
        Step(arena_.Get(module_.const_pool, expr.first + i), &height));
  }
  if (height != 1 || stack_[0] != type) {
    return Error(Code::kTypeMismatch, expr.end_offset);
  }
  return kOkStatus;
}

// The decoder bounds the number of instructions by that of stack_'s elements.
Status DeclarationValidator::Step(const ConstInst& inst, uint32_t* height) {
  ValType type = ValType::kI32;
  switch (inst.op) {
    case ConstOp::kI32Const:
      break;
    case ConstOp::kI64Const:
      type = ValType::kI64;
      break;
    case ConstOp::kF32Const:
      type = ValType::kF32;
      break;
    case ConstOp::kF64Const:
      type = ValType::kF64;
      break;
    case ConstOp::kGlobalGet: {
      if (inst.index >= module_.imported_globals) {
        return Error(Code::kUnknownGlobal, inst.offset);
      }
      const GlobalType& global = arena_.Get(module_.globals, inst.index).type;
      if (global.is_mutable) return Error(Code::kConstantRequired, inst.offset);
      type = global.type;
      break;
    }
    case ConstOp::kRefNull:
      type = static_cast<ValType>(inst.index);
      break;
    case ConstOp::kRefFunc:
      if (inst.index >= module_.functions.size) {
        return Error(Code::kUnknownFunction, inst.offset);
      }
      type = ValType::kFuncRef;
      break;
    case ConstOp::kI64Add:
    case ConstOp::kI64Sub:
    case ConstOp::kI64Mul:
      type = ValType::kI64;
      [[fallthrough]];
    case ConstOp::kI32Add:
    case ConstOp::kI32Sub:
    case ConstOp::kI32Mul:
      if (*height < 2 || stack_[*height - 1] != type ||
          stack_[*height - 2] != type) {
        return Error(Code::kTypeMismatch, inst.offset);
      }
      *height -= 2;
      break;
  }
  stack_[(*height)++] = type;
  return kOkStatus;
}

// A byte per function: may ref.func name it? (C.refs of the specification:
// functions that occur outside bodies and the start section.)
Status FindDeclared(Arena& arena, const Module& module, const uint8_t** out) {
  Array<uint8_t> declared;
  if (!arena.AllocateArray(module.functions.size, &declared)) {
    return Error(Code::kOutOfMemory);
  }
  uint8_t* flags = arena.At<uint8_t>(declared.offset);
  if (declared.size != 0) memset(flags, 0, declared.size);
  for (const Export& exported : arena.View(module.exports)) {
    if (exported.kind == ExternKind::kFunc) flags[exported.index] = 1;
  }
  for (const ConstInst& inst : arena.View(module.const_pool)) {
    if (inst.op == ConstOp::kRefFunc) flags[inst.index] = 1;
  }
  *out = flags;
  return kOkStatus;
}

// Divisions and conversions become ten times the machine code of other
// instructions: they may not be all that a module is made of.
Status CheckDensity(const Arena& arena, const ModuleLimits& limits,
                    const Module& module) {
  constexpr uint64_t kAlwaysAllowed = 4096;
  uint64_t bytes = 0;
  for (const Body& body : arena.View(module.bodies)) {
    bytes += body.end - body.begin;
  }
  const auto count = [&](WorkClass kind) {
    return uint64_t{module.work[static_cast<uint32_t>(kind)]};
  };
  const uint64_t costly =
      count(WorkClass::kDivision) + count(WorkClass::kConversion);
  return costly <= kAlwaysAllowed + limits.costly_instructions * bytes / 16
             ? kOkStatus
             : Error(Code::kLimitCostlyInstructions);
}

Status ValidateBodies(Arena& arena, const uint8_t* bytes,
                      const ModuleLimits& limits, Features features,
                      uint32_t mark, Module* module) {
  const uint8_t* declared = nullptr;
  INGOT_RETURN_IF_ERROR(FindDeclared(arena, *module, &declared));
  BodyValidator validator(arena, bytes, limits, features, *module);
  INGOT_RETURN_IF_ERROR(validator.Init(declared));
  for (uint32_t i = 0; i < module->bodies.size; ++i) {
    INGOT_RETURN_IF_ERROR(validator.Validate(&arena.Get(module->bodies, i)));
  }
  validator.Finish(mark, module);
  return CheckDensity(arena, limits, *module);
}

}  // namespace

Status ValidateDeclarations(Arena& arena, const uint8_t* bytes,
                            const ModuleLimits& limits, const Module& module) {
  const uint32_t mark = arena.used();
  const Status status =
      DeclarationValidator(arena, bytes, limits, module).Run();
  arena.Rewind(mark);
  return status;
}

Status Validate(Arena& arena, const uint8_t* bytes, const ModuleLimits& limits,
                Features features, Module* module) {
  INGOT_RETURN_IF_ERROR(ValidateDeclarations(arena, bytes, limits, *module));
  const uint32_t mark = arena.used();
  const Status status =
      ValidateBodies(arena, bytes, limits, features, mark, module);
  if (!status.ok()) arena.Rewind(mark);
  return status;
}

}  // namespace ingot::wasm
