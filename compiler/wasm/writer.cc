#include "compiler/wasm/writer.h"

#include <span>
#include <string_view>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"

// One function per kind of declaration, each of which hands what the decoder
// understood to a ModuleBuilder. Only names, data and bodies are copied.

namespace ingot::wasm {
namespace {

class ModuleWriter {
 public:
  ModuleWriter(const Arena& arena, const uint8_t* bytes, const Module& module)
      : arena_(arena), bytes_(bytes), module_(module) {}

  std::vector<uint8_t> Run() {
    WriteTypes();
    WriteImports();
    WriteDefinitions();
    WriteExports();
    WriteElements();
    WriteData();
    return builder_.Build();
  }

 private:
  void WriteTypes();
  void WriteImports();
  void WriteDefinitions();
  void WriteExports();
  void WriteElements();
  void WriteData();

  std::string_view Name(Bytes name) const {
    return {reinterpret_cast<const char*>(bytes_ + name.offset), name.size};
  }
  std::vector<uint8_t> ConstBytes(const ConstExpr& expr) const;
  // Fills in the functions if the elements are nothing but functions.
  bool AreFunctions(const ElementSegment& segment,
                    std::vector<uint32_t>* functions) const;

  const Arena& arena_;
  const uint8_t* bytes_;
  const Module& module_;
  ModuleBuilder builder_;
};

void ModuleWriter::WriteTypes() {
  const std::span<ValType> pool = arena_.View(module_.type_pool);
  for (const FuncType& type : arena_.View(module_.types)) {
    const auto params = pool.subspan(type.pool_offset, type.params);
    const auto results =
        pool.subspan(type.pool_offset + type.params, type.results);
    builder_.AddType({params.begin(), params.end()},
                     {results.begin(), results.end()});
  }
}

void ModuleWriter::WriteImports() {
  for (const Import& import : arena_.View(module_.imports)) {
    const std::string_view from = Name(import.module);
    const std::string_view name = Name(import.name);
    switch (import.kind) {
      case ExternKind::kFunc:
        builder_.ImportFunction(from, name,
                                arena_.Get(module_.functions, import.index));
        break;
      case ExternKind::kTable:
        builder_.ImportTable(from, name,
                             arena_.Get(module_.tables, import.index));
        break;
      case ExternKind::kMemory:
        builder_.ImportMemory(from, name,
                              arena_.Get(module_.memories, import.index));
        break;
      case ExternKind::kGlobal:
        builder_.ImportGlobal(from, name,
                              arena_.Get(module_.globals, import.index).type);
        break;
    }
  }
}

void ModuleWriter::WriteDefinitions() {
  for (const Body& body : arena_.View(module_.bodies)) {
    builder_.AddRawFunction(arena_.Get(module_.functions, body.function),
                            {bytes_ + body.begin, bytes_ + body.end});
  }
  for (uint32_t i = module_.imported_tables; i < module_.tables.size; ++i) {
    builder_.AddTable(arena_.Get(module_.tables, i));
  }
  for (uint32_t i = module_.imported_memories; i < module_.memories.size; ++i) {
    builder_.AddMemory(arena_.Get(module_.memories, i));
  }
  for (uint32_t i = module_.imported_globals; i < module_.globals.size; ++i) {
    const Global& global = arena_.Get(module_.globals, i);
    builder_.AddGlobal(global.type, ConstBytes(global.init));
  }
}

void ModuleWriter::WriteExports() {
  for (const Export& exported : arena_.View(module_.exports)) {
    builder_.AddExport(Name(exported.name), exported.kind, exported.index);
  }
  if (module_.start != 0xFFFFFFFF) builder_.SetStart(module_.start);
}

bool ModuleWriter::AreFunctions(const ElementSegment& segment,
                                std::vector<uint32_t>* functions) const {
  if (segment.type != ValType::kFuncRef) return false;
  for (uint32_t i = 0; i < segment.count; ++i) {
    const ConstExpr& expr =
        arena_.Get(module_.element_inits, segment.first + i);
    if (expr.count != 1) return false;
    const ConstInst& inst = arena_.Get(module_.const_pool, expr.first);
    if (inst.op != ConstOp::kRefFunc) return false;
    functions->push_back(inst.index);
  }
  return true;
}

void ModuleWriter::WriteElements() {
  for (const ElementSegment& segment : arena_.View(module_.elements)) {
    const std::vector<uint8_t> offset = ConstBytes(segment.offset);
    std::vector<uint32_t> functions;
    if (AreFunctions(segment, &functions)) {
      builder_.AddElements(segment.mode, segment.table, offset, functions);
      continue;
    }
    std::vector<std::vector<uint8_t>> exprs;
    for (uint32_t i = 0; i < segment.count; ++i) {
      exprs.push_back(
          ConstBytes(arena_.Get(module_.element_inits, segment.first + i)));
    }
    builder_.AddElementExprs(segment.mode, segment.table, offset, segment.type,
                             exprs);
  }
}

void ModuleWriter::WriteData() {
  if (module_.has_data_count) builder_.AddDataCount();
  for (const DataSegment& segment : arena_.View(module_.data)) {
    builder_.AddData(
        segment.mode, segment.memory, ConstBytes(segment.offset),
        std::span(bytes_ + segment.bytes.offset, segment.bytes.size));
  }
}

std::vector<uint8_t> ModuleWriter::ConstBytes(const ConstExpr& expr) const {
  ByteWriter out;
  for (uint32_t i = 0; i < expr.count; ++i) {
    const ConstInst& inst = arena_.Get(module_.const_pool, expr.first + i);
    switch (inst.op) {
      case ConstOp::kI32Const:
        out.I32Const(static_cast<int32_t>(inst.bits));
        break;
      case ConstOp::kI64Const:
        out.I64Const(static_cast<int64_t>(inst.bits));
        break;
      case ConstOp::kF32Const:
        out.F32Const(static_cast<uint32_t>(inst.bits));
        break;
      case ConstOp::kF64Const:
        out.F64Const(inst.bits);
        break;
      case ConstOp::kGlobalGet:
        out.Inst(Op::kGlobalGet, inst.index);
        break;
      case ConstOp::kRefNull:
        out.Opcode(Op::kRefNull).Type(static_cast<ValType>(inst.index));
        break;
      case ConstOp::kRefFunc:
        out.Inst(Op::kRefFunc, inst.index);
        break;
      case ConstOp::kI32Add:
        out.Inst(Op::kI32Add);
        break;
      case ConstOp::kI32Sub:
        out.Inst(Op::kI32Sub);
        break;
      case ConstOp::kI32Mul:
        out.Inst(Op::kI32Mul);
        break;
      case ConstOp::kI64Add:
        out.Inst(Op::kI64Add);
        break;
      case ConstOp::kI64Sub:
        out.Inst(Op::kI64Sub);
        break;
      case ConstOp::kI64Mul:
        out.Inst(Op::kI64Mul);
        break;
    }
  }
  return out.Inst(Op::kEnd).bytes();
}

}  // namespace

std::vector<uint8_t> Encode(const Arena& arena, const uint8_t* bytes,
                            const Module& module) {
  return ModuleWriter(arena, bytes, module).Run();
}

}  // namespace ingot::wasm
