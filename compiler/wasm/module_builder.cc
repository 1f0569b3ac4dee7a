#include "compiler/wasm/module_builder.h"

// Each section is a count and its items, written as they come; Build puts the
// sections in the specification's order (core specification, 5.5).

namespace ingot::wasm {

uint32_t ModuleBuilder::AddType(const ValTypes& params,
                                const ValTypes& results) {
  ByteWriter& out = types_.contents;
  out.Byte(0x60);
  for (const ValTypes* list : {&params, &results}) {
    out.U32(static_cast<uint32_t>(list->size()));
    for (ValType type : *list) out.Type(type);
  }
  return types_.count++;
}

ByteWriter& ModuleBuilder::BeginImport(std::string_view module,
                                       std::string_view name, uint8_t kind) {
  ++imports_.count;
  return imports_.contents.Name(module).Name(name).Byte(kind);
}

uint32_t ModuleBuilder::ImportFunction(std::string_view module,
                                       std::string_view name, uint32_t type) {
  BeginImport(module, name, 0).U32(type);
  return function_space_++;
}

uint32_t ModuleBuilder::ImportTable(std::string_view module,
                                    std::string_view name, TableType type) {
  ByteWriter& out = BeginImport(module, name, 1).Type(type.element);
  WriteLimits(type.limits, &out);
  return table_space_++;
}

uint32_t ModuleBuilder::ImportMemory(std::string_view module,
                                     std::string_view name, Limits limits) {
  WriteLimits(limits, &BeginImport(module, name, 2));
  return memory_space_++;
}

uint32_t ModuleBuilder::ImportGlobal(std::string_view module,
                                     std::string_view name, GlobalType type) {
  BeginImport(module, name, 3).Type(type.type).Byte(type.is_mutable ? 1 : 0);
  return global_space_++;
}

uint32_t ModuleBuilder::AddFunction(uint32_t type,
                                    const std::vector<LocalRun>& locals,
                                    std::span<const uint8_t> code) {
  ByteWriter body;
  body.U32(static_cast<uint32_t>(locals.size()));
  for (const LocalRun& run : locals) body.U32(run.count).Type(run.type);
  body.Raw(code);
  return AddRawFunction(type, body.bytes());
}

uint32_t ModuleBuilder::AddRawFunction(uint32_t type,
                                       std::span<const uint8_t> body) {
  functions_.contents.U32(type);
  ++functions_.count;
  code_.contents.U32(static_cast<uint32_t>(body.size())).Raw(body);
  ++code_.count;
  return function_space_++;
}

uint32_t ModuleBuilder::AddTable(TableType type) {
  ++tables_.count;
  WriteLimits(type.limits, &tables_.contents.Type(type.element));
  return table_space_++;
}

uint32_t ModuleBuilder::AddMemory(Limits limits) {
  ++memories_.count;
  WriteLimits(limits, &memories_.contents);
  return memory_space_++;
}

uint32_t ModuleBuilder::AddGlobal(GlobalType type,
                                  std::span<const uint8_t> init) {
  ++globals_.count;
  globals_.contents.Type(type.type).Byte(type.is_mutable ? 1 : 0).Raw(init);
  return global_space_++;
}

void ModuleBuilder::AddExport(std::string_view name, ExternKind kind,
                              uint32_t index) {
  ++exports_.count;
  exports_.contents.Name(name).Byte(static_cast<uint8_t>(kind)).U32(index);
}

void ModuleBuilder::SetStart(uint32_t function) { start_ = function; }

// Flags as in the decoder: 1 not active, 2 explicit table or declarative, 4
// expressions.
ByteWriter& ModuleBuilder::BeginElements(SegmentMode mode, uint32_t table,
                                         std::span<const uint8_t> offset,
                                         bool expressions, ValType type) {
  ++elements_.count;
  ByteWriter& out = elements_.contents;
  uint32_t flags = expressions ? 4 : 0;
  if (mode == SegmentMode::kPassive) flags |= 1;
  if (mode == SegmentMode::kDeclarative) flags |= 3;
  const bool plain = table == 0 && type == ValType::kFuncRef;
  if (mode == SegmentMode::kActive && !plain) flags |= 2;
  out.U32(flags);
  if (mode == SegmentMode::kActive) {
    if (!plain) out.U32(table);
    out.Raw(offset);
  }
  if ((flags & 3) == 0) return out;
  return expressions ? out.Type(type) : out.Byte(0);
}

uint32_t ModuleBuilder::AddElements(SegmentMode mode, uint32_t table,
                                    std::span<const uint8_t> offset,
                                    std::span<const uint32_t> functions) {
  ByteWriter& out =
      BeginElements(mode, table, offset, false, ValType::kFuncRef);
  out.U32(static_cast<uint32_t>(functions.size()));
  for (uint32_t function : functions) out.U32(function);
  return elements_.count - 1;
}

uint32_t ModuleBuilder::AddElementExprs(
    SegmentMode mode, uint32_t table, std::span<const uint8_t> offset,
    ValType type, const std::vector<std::vector<uint8_t>>& exprs) {
  ByteWriter& out = BeginElements(mode, table, offset, true, type);
  out.U32(static_cast<uint32_t>(exprs.size()));
  for (const std::vector<uint8_t>& expr : exprs) out.Raw(expr);
  return elements_.count - 1;
}

uint32_t ModuleBuilder::AddData(SegmentMode mode, uint32_t memory,
                                std::span<const uint8_t> offset,
                                std::span<const uint8_t> bytes) {
  ByteWriter& out = data_.contents;
  if (mode != SegmentMode::kActive) {
    out.U32(1);
  } else if (memory == 0) {
    out.U32(0).Raw(offset);
  } else {
    out.U32(2).U32(memory).Raw(offset);
  }
  out.U32(static_cast<uint32_t>(bytes.size())).Raw(bytes);
  return data_.count++;
}

void ModuleBuilder::WriteLimits(const Limits& limits, ByteWriter* out) {
  out->Byte(limits.has_max ? 1 : 0).U32(limits.min);
  if (limits.has_max) out->U32(limits.max);
}

void ModuleBuilder::WriteSection(uint8_t id, const Section& section,
                                 ByteWriter* out) {
  if (section.count == 0) return;
  ByteWriter count;
  count.U32(section.count);
  out->Byte(id).U32(count.size() + section.contents.size());
  out->Raw(count.bytes()).Raw(section.contents.bytes());
}

std::vector<uint8_t> ModuleBuilder::Build() const {
  ByteWriter out;
  for (uint8_t byte : {0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00}) {
    out.Byte(byte);
  }
  WriteSection(1, types_, &out);
  WriteSection(2, imports_, &out);
  WriteSection(3, functions_, &out);
  WriteSection(4, tables_, &out);
  WriteSection(5, memories_, &out);
  WriteSection(6, globals_, &out);
  WriteSection(7, exports_, &out);
  if (start_ != 0xFFFFFFFF) {
    ByteWriter index;
    index.U32(start_);
    out.Byte(8).U32(index.size()).Raw(index.bytes());
  }
  WriteSection(9, elements_, &out);
  if (has_data_count_) {
    ByteWriter count;
    count.U32(data_.count);
    out.Byte(12).U32(count.size()).Raw(count.bytes());
  }
  WriteSection(10, code_, &out);
  WriteSection(11, data_, &out);
  return out.Take();
}

}  // namespace ingot::wasm
