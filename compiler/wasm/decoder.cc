#include "compiler/wasm/decoder.h"

#include "compiler/wasm/arena_list.h"
#include "compiler/wasm/byte_cursor.h"
#include "compiler/wasm/operator_reader.h"
#include "compiler/wasm/utf8.h"

// One walk over the sections in file order, a cursor per section. Counts are
// compared with the bytes that are left, then with the profile's limit, and
// only then is anything allocated. Some rules of chapter 3 are checked here,
// because the Module cannot hold, or does not say the place of, what breaks
// them: type indices of functions, sizes of memories and tables, the start
// function's index, and that constant expressions are constant.

namespace ingot::wasm {
namespace {

enum SectionId : uint8_t {
  kCustom = 0,
  kTypes = 1,
  kImports = 2,
  kFunctions = 3,
  kTables = 4,
  kMemories = 5,
  kGlobals = 6,
  kExports = 7,
  kStart = 8,
  kElements = 9,
  kCode = 10,
  kData = 11,
  kDataCount = 12,
  kTags = 13,  // exception handling
};

// The place of each section in a module; custom sections stand anywhere.
constexpr uint8_t kSectionRank[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10};

// 4 GiB (core specification, 3.2.4).
constexpr uint32_t kMaxMemoryPages = 65536;

constexpr uint8_t kHeader[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};

class Decoder {
 public:
  Decoder(Arena& arena, const uint8_t* module, uint32_t size,
          const ModuleLimits& limits, Features features, DecodeMode mode,
          Module* out)
      : arena_(arena),
        module_(module),
        size_(size),
        limits_(limits),
        features_(features),
        mode_(mode),
        out_(out),
        in_(module, 0, 0) {}

  Status Run();

 private:
  Status DecodeHeader();
  Status DecodeSection(ByteCursor& file);
  Status DecodeContents(SectionId id);
  Status Finish();

  Status DecodeCustom();
  Status DecodeTypes();
  Status DecodeValTypes(uint32_t limit, Code code, uint16_t* count);
  Status DecodeImports();
  Status DecodeImport(Import* import);
  Status DecodeFunctions();
  Status DecodeTables();
  Status DecodeMemories();
  Status DecodeGlobals();
  Status DecodeExports();
  Status DecodeStart();
  Status DecodeElements();
  Status DecodeElementSegment(ElementSegment* segment);
  Status DecodeElementList(bool expressions, ElementSegment* segment);
  Status DecodeDataCount();
  Status DecodeCode();
  Status DecodeBody(Body* body);
  Status DecodeData();
  Status DecodeDataSegment(DataSegment* segment);

  Status DecodeTypeIndex(uint32_t* index);
  Status DecodeTableType(TableType* type);
  Status DecodeMemoryType(Limits* limits);
  Status DecodeLimits(Limits* limits);
  Status DecodeGlobalType(GlobalType* type);
  Status DecodeName(Bytes* name, uint32_t limit);
  Status DecodeConstExpr(ConstExpr* expr);
  Status DecodeConstInst(const Operator& op, ConstInst* inst);
  Status AppendConst(const ConstInst& inst);

  // A count of items and the array for them.
  template <typename T>
  Status DecodeCount(uint32_t limit, Code code, Array<T>* array);
  template <typename T>
  Status Extend(Array<T> imports, uint32_t count, Array<T>* out);

  Arena& arena_;
  const uint8_t* module_;
  uint32_t size_;
  const ModuleLimits& limits_;
  Features features_;
  DecodeMode mode_;
  Module* out_;

  ByteCursor in_;  // over the section being decoded
  uint8_t rank_ = 0;
  uint32_t declared_functions_ = 0;
  uint32_t data_count_ = 0;
  bool has_code_ = false;
  bool has_data_ = false;
  ArenaList<ConstInst> consts_;
  ArenaList<ConstExpr> element_inits_;
  ArenaList<LocalRun> local_runs_;
};

Status OutOfMemory() { return Error(Code::kOutOfMemory); }

Status Decoder::Run() {
  *out_ = Module{};
  if (size_ > limits_.module_bytes) return Error(Code::kLimitModuleBytes, 0);
  INGOT_RETURN_IF_ERROR(DecodeHeader());
  if (!arena_.AllocateArray(kDataCount, &out_->kept_sections)) {
    return OutOfMemory();
  }
  out_->kept_sections.size = 0;
  ByteCursor file(module_, sizeof(kHeader), size_);
  while (!file.at_end()) INGOT_RETURN_IF_ERROR(DecodeSection(file));
  return Finish();
}

Status Decoder::DecodeHeader() {
  for (uint32_t i = 0; i < sizeof(kHeader); ++i) {
    const bool in_magic = i < 4;
    if (i == size_) {
      return Error(in_magic ? Code::kBadMagic : Code::kUnexpectedEnd, i);
    }
    if (module_[i] != kHeader[i]) {
      return in_magic ? Error(Code::kBadMagic, 0)
                      : Error(Code::kUnknownVersion, 4);
    }
  }
  return kOkStatus;
}

Status Decoder::DecodeSection(ByteCursor& file) {
  const uint32_t begin = file.offset();
  const uint8_t id = file.ReadByte();
  if (id == kTags) return Error(Code::kUnsupportedExceptions, begin);
  if (id > kDataCount) return Error(Code::kMalformedSectionId, begin);
  const Bytes contents = file.ReadBytes();
  INGOT_RETURN_IF_ERROR(file.status());
  if (id != kCustom) {
    if (kSectionRank[id] <= rank_) return Error(Code::kSectionOrder, begin);
    rank_ = kSectionRank[id];
    if (id != kCode) {
      // Each id comes once: there is room.
      out_->kept_sections.size += 1;
      arena_.Get(out_->kept_sections, out_->kept_sections.size - 1) =
          Bytes{begin, file.offset() - begin};
    }
  }
  in_ = ByteCursor(module_, contents.offset, contents.offset + contents.size);
  INGOT_RETURN_IF_ERROR(DecodeContents(static_cast<SectionId>(id)));
  INGOT_RETURN_IF_ERROR(in_.status());
  if (!in_.at_end()) return Error(Code::kSectionSizeMismatch, in_.offset());
  return kOkStatus;
}

Status Decoder::DecodeContents(SectionId id) {
  switch (id) {
    case kCustom:
      return DecodeCustom();
    case kTypes:
      return DecodeTypes();
    case kImports:
      return DecodeImports();
    case kFunctions:
      return DecodeFunctions();
    case kTables:
      return DecodeTables();
    case kMemories:
      return DecodeMemories();
    case kGlobals:
      return DecodeGlobals();
    case kExports:
      return DecodeExports();
    case kStart:
      return DecodeStart();
    case kElements:
      return DecodeElements();
    case kDataCount:
      return DecodeDataCount();
    case kCode:
      return DecodeCode();
    case kData:
      return DecodeData();
    case kTags:
      break;
  }
  return kOkStatus;
}

// What only the whole module shows.
Status Decoder::Finish() {
  if (mode_ == DecodeMode::kWhole && !has_code_ && declared_functions_ != 0) {
    return Error(Code::kFunctionCodeMismatch, size_);
  }
  if (out_->has_data_count && !has_data_ && data_count_ != 0) {
    return Error(Code::kDataCountMismatch, size_);
  }
  consts_.Trim(arena_);
  out_->const_pool = consts_.array();
  out_->element_inits = element_inits_.array();
  out_->local_runs = local_runs_.array();
  return kOkStatus;
}

Status Decoder::DecodeCustom() {
  Bytes name;
  INGOT_RETURN_IF_ERROR(DecodeName(&name, 0xFFFFFFFF));
  in_.Skip(in_.remaining());
  return kOkStatus;
}

Status Decoder::DecodeName(Bytes* name, uint32_t limit) {
  const uint32_t at = in_.offset();
  *name = in_.ReadBytes();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (name->size > limit) return Error(Code::kLimitNameBytes, at);
  if (!IsUtf8(module_ + name->offset, name->size)) {
    return Error(Code::kMalformedUtf8, name->offset);
  }
  return kOkStatus;
}

template <typename T>
Status Decoder::DecodeCount(uint32_t limit, Code code, Array<T>* array) {
  const uint32_t at = in_.offset();
  const uint32_t count = in_.ReadCount();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (count > limit) return Error(code, at);
  return arena_.AllocateArray(count, array) ? kOkStatus : OutOfMemory();
}

// Makes *out a list of `imports` and room for `count` more.
template <typename T>
Status Decoder::Extend(Array<T> imports, uint32_t count, Array<T>* out) {
  Array<T> all;
  if (!arena_.AllocateArray(uint64_t{imports.size} + count, &all)) {
    return OutOfMemory();
  }
  for (uint32_t i = 0; i < imports.size; ++i) {
    arena_.Get(all, i) = arena_.Get(imports, i);
  }
  *out = all;
  return kOkStatus;
}

Status Decoder::DecodeTypes() {
  INGOT_RETURN_IF_ERROR(
      DecodeCount(limits_.types, Code::kLimitTypes, &out_->types));
  // Each pool entry takes a byte of what is left of the section.
  if (!arena_.AllocateArray(in_.remaining(), &out_->type_pool)) {
    return OutOfMemory();
  }
  out_->type_pool.size = 0;
  for (FuncType& type : arena_.View(out_->types)) {
    const uint32_t at = in_.offset();
    const uint8_t form = in_.ReadByte();
    INGOT_RETURN_IF_ERROR(in_.status());
    if (form != 0x60) {
      const bool is_gc = form == 0x4E || form == 0x4F || form == 0x50 ||
                         form == 0x5E || form == 0x5F;
      return Error(is_gc ? Code::kUnsupportedGc : Code::kMalformedTypeForm, at);
    }
    type.pool_offset = out_->type_pool.size;
    INGOT_RETURN_IF_ERROR(
        DecodeValTypes(limits_.params, Code::kLimitParams, &type.params));
    INGOT_RETURN_IF_ERROR(
        DecodeValTypes(limits_.results, Code::kLimitResults, &type.results));
  }
  arena_.Rewind(out_->type_pool.offset + out_->type_pool.size);
  return kOkStatus;
}

Status Decoder::DecodeValTypes(uint32_t limit, Code code, uint16_t* count) {
  const uint32_t at = in_.offset();
  const uint32_t size = in_.ReadCount();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (size > limit) return Error(code, at);
  ValType* pool = arena_.At<ValType>(out_->type_pool.offset);
  for (uint32_t i = 0; i < size; ++i) {
    const ValType type = in_.ReadValType();
    INGOT_RETURN_IF_ERROR(in_.status());
    pool[out_->type_pool.size++] = type;
  }
  *count = static_cast<uint16_t>(size);
  return kOkStatus;
}

Status Decoder::DecodeImports() {
  INGOT_RETURN_IF_ERROR(
      DecodeCount(limits_.imports, Code::kLimitImports, &out_->imports));
  // Each import may be of any kind; the lists are filled in step and take the
  // module's own definitions later (Extend).
  const uint32_t count = out_->imports.size;
  if (!arena_.AllocateArray(count, &out_->functions) ||
      !arena_.AllocateArray(count, &out_->tables) ||
      !arena_.AllocateArray(count, &out_->memories) ||
      !arena_.AllocateArray(count, &out_->globals)) {
    return OutOfMemory();
  }
  out_->functions.size = out_->tables.size = 0;
  out_->memories.size = out_->globals.size = 0;
  for (Import& import : arena_.View(out_->imports)) {
    const uint32_t at = in_.offset();
    INGOT_RETURN_IF_ERROR(DecodeImport(&import));
    if (out_->functions.size > limits_.functions) {
      return Error(Code::kLimitFunctions, at);
    }
    if (out_->tables.size > limits_.tables) {
      return Error(Code::kLimitTables, at);
    }
    if (out_->globals.size > limits_.globals) {
      return Error(Code::kLimitGlobals, at);
    }
    if (out_->memories.size > 1) return Error(Code::kMultipleMemories, at);
  }
  out_->imported_functions = out_->functions.size;
  out_->imported_tables = out_->tables.size;
  out_->imported_memories = out_->memories.size;
  out_->imported_globals = out_->globals.size;
  return kOkStatus;
}

Status Decoder::DecodeImport(Import* import) {
  *import = Import{};
  INGOT_RETURN_IF_ERROR(DecodeName(&import->module, limits_.name_bytes));
  INGOT_RETURN_IF_ERROR(DecodeName(&import->name, limits_.name_bytes));
  const uint32_t at = in_.offset();
  const uint8_t kind = in_.ReadByte();
  INGOT_RETURN_IF_ERROR(in_.status());
  switch (kind) {
    case 0:
      import->kind = ExternKind::kFunc;
      import->index = out_->functions.size++;
      return DecodeTypeIndex(&arena_.Get(out_->functions, import->index));
    case 1:
      import->kind = ExternKind::kTable;
      import->index = out_->tables.size++;
      return DecodeTableType(&arena_.Get(out_->tables, import->index));
    case 2:
      import->kind = ExternKind::kMemory;
      import->index = out_->memories.size++;
      return DecodeMemoryType(&arena_.Get(out_->memories, import->index));
    case 3: {
      import->kind = ExternKind::kGlobal;
      import->index = out_->globals.size++;
      Global& global = arena_.Get(out_->globals, import->index);
      global = Global{};
      return DecodeGlobalType(&global.type);
    }
    case 4:
      return Error(Code::kUnsupportedExceptions, at);
    default:
      return Error(Code::kMalformedImportKind, at);
  }
}

Status Decoder::DecodeTypeIndex(uint32_t* index) {
  const uint32_t at = in_.offset();
  *index = in_.ReadU32();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (*index >= out_->types.size) return Error(Code::kUnknownType, at);
  return kOkStatus;
}

Status Decoder::DecodeTableType(TableType* type) {
  *type = TableType{};
  type->element = in_.ReadRefType();
  INGOT_RETURN_IF_ERROR(in_.status());
  const uint32_t at = in_.offset();
  INGOT_RETURN_IF_ERROR(DecodeLimits(&type->limits));
  if (type->limits.min > limits_.table_elements) {
    return Error(Code::kLimitTableElements, at);
  }
  return kOkStatus;
}

Status Decoder::DecodeMemoryType(Limits* limits) {
  const uint32_t at = in_.offset();
  INGOT_RETURN_IF_ERROR(DecodeLimits(limits));
  if (limits->min > kMaxMemoryPages ||
      (limits->has_max && limits->max > kMaxMemoryPages)) {
    return Error(Code::kMemorySize, at);
  }
  if (limits->min > limits_.memory_pages) {
    return Error(Code::kLimitMemoryPages, at);
  }
  return kOkStatus;
}

// Flags of proposals: 2 shared, 4 64-bit, 8 page size.
Status Decoder::DecodeLimits(Limits* limits) {
  *limits = Limits{};
  const uint32_t at = in_.offset();
  const uint8_t flags = in_.ReadByte();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (flags >= 0x80) return Error(Code::kIntegerTooLong, at);
  if (flags >= 16) return Error(Code::kMalformedLimitsFlags, at);
  if ((flags & 8) != 0) return Error(Code::kUnsupportedCustomPageSizes, at);
  if ((flags & 4) != 0) return Error(Code::kUnsupportedMemory64, at);
  if ((flags & 2) != 0) return Error(Code::kUnsupportedThreads, at);
  limits->min = in_.ReadU32();
  if (flags == 1) {
    limits->has_max = true;
    limits->max = in_.ReadU32();
  }
  INGOT_RETURN_IF_ERROR(in_.status());
  if (limits->has_max && limits->min > limits->max) {
    return Error(Code::kLimitsOrder, at);
  }
  return kOkStatus;
}

Status Decoder::DecodeGlobalType(GlobalType* type) {
  type->type = in_.ReadValType();
  const uint32_t at = in_.offset();
  const uint8_t mutability = in_.ReadByte();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (mutability > 1) return Error(Code::kMalformedMutability, at);
  type->is_mutable = mutability == 1;
  return kOkStatus;
}

Status Decoder::DecodeFunctions() {
  const uint32_t at = in_.offset();
  declared_functions_ = in_.ReadCount();
  INGOT_RETURN_IF_ERROR(in_.status());
  const uint32_t imports = out_->functions.size;
  if (declared_functions_ > limits_.functions - imports) {
    return Error(Code::kLimitFunctions, at);
  }
  INGOT_RETURN_IF_ERROR(
      Extend(out_->functions, declared_functions_, &out_->functions));
  for (uint32_t i = 0; i < declared_functions_; ++i) {
    INGOT_RETURN_IF_ERROR(
        DecodeTypeIndex(&arena_.Get(out_->functions, imports + i)));
  }
  return kOkStatus;
}

Status Decoder::DecodeTables() {
  const uint32_t at = in_.offset();
  const uint32_t count = in_.ReadCount();
  INGOT_RETURN_IF_ERROR(in_.status());
  const uint32_t imports = out_->tables.size;
  if (count > limits_.tables - imports) return Error(Code::kLimitTables, at);
  INGOT_RETURN_IF_ERROR(Extend(out_->tables, count, &out_->tables));
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t table = in_.offset();
    if (!in_.at_end() && module_[table] == 0x40) {
      return Error(Code::kUnsupportedTableInit, table);
    }
    INGOT_RETURN_IF_ERROR(
        DecodeTableType(&arena_.Get(out_->tables, imports + i)));
  }
  return kOkStatus;
}

Status Decoder::DecodeMemories() {
  const uint32_t at = in_.offset();
  const uint32_t count = in_.ReadCount();
  INGOT_RETURN_IF_ERROR(in_.status());
  const uint32_t imports = out_->memories.size;
  if (count > 1 - imports) return Error(Code::kMultipleMemories, at);
  INGOT_RETURN_IF_ERROR(Extend(out_->memories, count, &out_->memories));
  for (uint32_t i = 0; i < count; ++i) {
    INGOT_RETURN_IF_ERROR(
        DecodeMemoryType(&arena_.Get(out_->memories, imports + i)));
  }
  return kOkStatus;
}

Status Decoder::DecodeGlobals() {
  const uint32_t at = in_.offset();
  const uint32_t count = in_.ReadCount();
  INGOT_RETURN_IF_ERROR(in_.status());
  const uint32_t imports = out_->globals.size;
  if (count > limits_.globals - imports) return Error(Code::kLimitGlobals, at);
  INGOT_RETURN_IF_ERROR(Extend(out_->globals, count, &out_->globals));
  for (uint32_t i = 0; i < count; ++i) {
    Global global;
    INGOT_RETURN_IF_ERROR(DecodeGlobalType(&global.type));
    INGOT_RETURN_IF_ERROR(DecodeConstExpr(&global.init));
    arena_.Get(out_->globals, imports + i) = global;
  }
  return kOkStatus;
}

Status Decoder::DecodeExports() {
  INGOT_RETURN_IF_ERROR(
      DecodeCount(limits_.exports, Code::kLimitExports, &out_->exports));
  for (Export& exported : arena_.View(out_->exports)) {
    exported = Export{};
    INGOT_RETURN_IF_ERROR(DecodeName(&exported.name, limits_.name_bytes));
    const uint32_t at = in_.offset();
    const uint8_t kind = in_.ReadByte();
    exported.index = in_.ReadU32();
    INGOT_RETURN_IF_ERROR(in_.status());
    if (kind == 4) return Error(Code::kUnsupportedExceptions, at);
    if (kind > 4) return Error(Code::kMalformedExportKind, at);
    exported.kind = static_cast<ExternKind>(kind);
  }
  return kOkStatus;
}

Status Decoder::DecodeStart() {
  out_->start_offset = in_.offset();
  out_->start = in_.ReadU32();
  INGOT_RETURN_IF_ERROR(in_.status());
  // The index that stands for "none" is out of range in any case.
  if (out_->start >= out_->functions.size) {
    return Error(Code::kUnknownFunction, out_->start_offset);
  }
  return kOkStatus;
}

Status Decoder::DecodeElements() {
  INGOT_RETURN_IF_ERROR(DecodeCount(limits_.element_segments,
                                    Code::kLimitElementSegments,
                                    &out_->elements));
  for (ElementSegment& segment : arena_.View(out_->elements)) {
    segment = ElementSegment{};
    INGOT_RETURN_IF_ERROR(DecodeElementSegment(&segment));
  }
  element_inits_.Trim(arena_);
  return kOkStatus;
}

// Flags: 1 passive or declarative, 2 explicit table (or declarative), 4
// elements are expressions (core specification, 5.5.12).
Status Decoder::DecodeElementSegment(ElementSegment* segment) {
  const uint32_t at = in_.offset();
  segment->module_offset = at;
  const uint32_t flags = in_.ReadU32();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (flags > 7) return Error(Code::kMalformedElementSegment, at);
  const bool expressions = (flags & 4) != 0;
  if ((flags & 1) != 0) {
    segment->mode = (flags & 2) != 0 ? SegmentMode::kDeclarative
                                     : SegmentMode::kPassive;
  } else {
    if ((flags & 2) != 0) segment->table = in_.ReadU32();
    INGOT_RETURN_IF_ERROR(in_.status());
    INGOT_RETURN_IF_ERROR(DecodeConstExpr(&segment->offset));
  }
  if ((flags & 3) != 0) {
    const uint32_t kind = in_.offset();
    if (expressions) {
      segment->type = in_.ReadRefType();
    } else if (in_.ReadByte() != 0) {
      in_.Fail(Code::kMalformedElementSegment, kind);
    }
    INGOT_RETURN_IF_ERROR(in_.status());
  }
  return DecodeElementList(expressions, segment);
}

Status Decoder::DecodeElementList(bool expressions, ElementSegment* segment) {
  const uint32_t at = in_.offset();
  segment->count = in_.ReadCount();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (segment->count > limits_.elements) return Error(Code::kLimitElements, at);
  segment->first = element_inits_.size();
  for (uint32_t i = 0; i < segment->count; ++i) {
    ConstExpr expr;
    if (expressions) {
      INGOT_RETURN_IF_ERROR(DecodeConstExpr(&expr));
    } else {
      ConstInst inst;
      inst.op = ConstOp::kRefFunc;
      inst.offset = in_.offset();
      inst.index = in_.ReadU32();
      INGOT_RETURN_IF_ERROR(in_.status());
      expr = ConstExpr{consts_.size(), 1, inst.offset};
      INGOT_RETURN_IF_ERROR(AppendConst(inst));
    }
    if (!element_inits_.Append(arena_, expr)) return OutOfMemory();
  }
  return kOkStatus;
}

Status Decoder::DecodeDataCount() {
  const uint32_t at = in_.offset();
  out_->has_data_count = true;
  data_count_ = in_.ReadU32();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (data_count_ > limits_.data_segments) {
    return Error(Code::kLimitDataSegments, at);
  }
  return kOkStatus;
}

Status Decoder::DecodeCode() {
  const uint32_t at = in_.offset();
  if (mode_ == DecodeMode::kWithoutCode) return Error(Code::kUnexpectedCode, at);
  has_code_ = true;
  const uint32_t count = in_.ReadCount();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (count != declared_functions_) {
    return Error(Code::kFunctionCodeMismatch, at);
  }
  if (!arena_.AllocateArray(count, &out_->bodies)) return OutOfMemory();
  for (uint32_t i = 0; i < count; ++i) {
    Body& body = arena_.Get(out_->bodies, i);
    body = Body{};
    body.function = out_->imported_functions + i;
    Status status = DecodeBody(&body);
    if (!status.ok()) {
      status.function = body.function;
      return status;
    }
  }
  local_runs_.Trim(arena_);
  return kOkStatus;
}

Status Decoder::DecodeBody(Body* body) {
  const uint32_t at = in_.offset();
  const Bytes bytes = in_.ReadBytes();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (bytes.size > limits_.body_bytes) return Error(Code::kLimitBodyBytes, at);
  body->begin = bytes.offset;
  body->end = bytes.offset + bytes.size;
  const FuncType& type = arena_.Get(
      out_->types, arena_.Get(out_->functions, body->function));
  uint64_t locals = type.params;
  ByteCursor in(module_, body->begin, body->end);
  const uint32_t runs = in.ReadCount();
  body->first_run = local_runs_.size();
  for (uint32_t i = 0; i < runs; ++i) {
    const uint32_t run_offset = in.offset();
    LocalRun run;
    run.count = in.ReadU32();
    run.type = in.ReadValType();
    INGOT_RETURN_IF_ERROR(in.status());
    locals += run.count;
    if (locals > 0xFFFFFFFF) return Error(Code::kTooManyLocals, run_offset);
    // Empty runs are no use to anybody and could be many.
    if (run.count == 0) continue;
    if (!local_runs_.Append(arena_, run)) return OutOfMemory();
  }
  INGOT_RETURN_IF_ERROR(in.status());
  if (locals > limits_.locals) return Error(Code::kLimitLocals, body->begin);
  body->runs = local_runs_.size() - body->first_run;
  body->locals = static_cast<uint32_t>(locals);
  body->code = in.offset();
  return kOkStatus;
}

Status Decoder::DecodeData() {
  const uint32_t at = in_.offset();
  has_data_ = true;
  INGOT_RETURN_IF_ERROR(DecodeCount(limits_.data_segments,
                                    Code::kLimitDataSegments, &out_->data));
  if (out_->has_data_count && out_->data.size != data_count_) {
    return Error(Code::kDataCountMismatch, at);
  }
  for (DataSegment& segment : arena_.View(out_->data)) {
    segment = DataSegment{};
    INGOT_RETURN_IF_ERROR(DecodeDataSegment(&segment));
  }
  return kOkStatus;
}

Status Decoder::DecodeDataSegment(DataSegment* segment) {
  const uint32_t at = in_.offset();
  segment->module_offset = at;
  const uint32_t flags = in_.ReadU32();
  INGOT_RETURN_IF_ERROR(in_.status());
  if (flags > 2) return Error(Code::kMalformedDataSegment, at);
  if (flags == 1) {
    segment->mode = SegmentMode::kPassive;
  } else {
    if (flags == 2) segment->memory = in_.ReadU32();
    INGOT_RETURN_IF_ERROR(in_.status());
    INGOT_RETURN_IF_ERROR(DecodeConstExpr(&segment->offset));
  }
  segment->bytes = in_.ReadBytes();
  return in_.status();
}

Status Decoder::AppendConst(const ConstInst& inst) {
  return consts_.Append(arena_, inst) ? kOkStatus : OutOfMemory();
}

Status Decoder::DecodeConstExpr(ConstExpr* expr) {
  const uint32_t begin = in_.offset();
  *expr = ConstExpr{consts_.size(), 0, 0};
  OperatorReader reader(module_, begin, begin + in_.remaining());
  Operator op;
  while (reader.Next(&op)) {
    if (op.op == Op::kEnd) {
      expr->end_offset = op.offset;
      in_.Skip(reader.offset() - begin);
      return kOkStatus;
    }
    if (expr->count == limits_.const_instructions) {
      return Error(Code::kLimitConstInstructions, op.offset);
    }
    ConstInst inst;
    INGOT_RETURN_IF_ERROR(DecodeConstInst(op, &inst));
    INGOT_RETURN_IF_ERROR(AppendConst(inst));
    ++expr->count;
  }
  INGOT_RETURN_IF_ERROR(reader.status());
  return Error(Code::kUnexpectedEnd, reader.offset());
}

Status Decoder::DecodeConstInst(const Operator& op, ConstInst* inst) {
  inst->offset = op.offset;
  inst->bits = 0;
  inst->index = op.a;
  bool extended = false;
  switch (op.op) {
    case Op::kI32Const:
      inst->op = ConstOp::kI32Const;
      break;
    case Op::kI64Const:
      inst->op = ConstOp::kI64Const;
      break;
    case Op::kF32Const:
      inst->op = ConstOp::kF32Const;
      break;
    case Op::kF64Const:
      inst->op = ConstOp::kF64Const;
      break;
    case Op::kGlobalGet:
      inst->op = ConstOp::kGlobalGet;
      return kOkStatus;
    case Op::kRefNull:
      inst->op = ConstOp::kRefNull;
      return kOkStatus;
    case Op::kRefFunc:
      inst->op = ConstOp::kRefFunc;
      return kOkStatus;
    case Op::kI32Add:
      inst->op = ConstOp::kI32Add;
      extended = true;
      break;
    case Op::kI32Sub:
      inst->op = ConstOp::kI32Sub;
      extended = true;
      break;
    case Op::kI32Mul:
      inst->op = ConstOp::kI32Mul;
      extended = true;
      break;
    case Op::kI64Add:
      inst->op = ConstOp::kI64Add;
      extended = true;
      break;
    case Op::kI64Sub:
      inst->op = ConstOp::kI64Sub;
      extended = true;
      break;
    case Op::kI64Mul:
      inst->op = ConstOp::kI64Mul;
      extended = true;
      break;
    default:
      return Error(Code::kConstantRequired, op.offset);
  }
  inst->index = 0;
  if (!extended) {
    inst->bits = op.bits;
  } else if (!features_.Has(Features::kExtendedConst)) {
    return Error(Code::kUnsupportedExtendedConst, op.offset);
  }
  return kOkStatus;
}

}  // namespace

Status Decode(Arena& arena, const uint8_t* module, uint32_t size,
              const ModuleLimits& limits, Features features, DecodeMode mode,
              Module* out) {
  return Decoder(arena, module, size, limits, features, mode, out).Run();
}

}  // namespace ingot::wasm
