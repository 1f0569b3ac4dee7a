#ifndef COMPILER_WASM_MODULE_BUILDER_H_
#define COMPILER_WASM_MODULE_BUILDER_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module.h"

// Makes module bytes piece by piece: tests, fuzzers and the module writer use
// it. It writes what it is told, valid or not. Imports come before definitions
// of their kind, as in every module.
//
//   ModuleBuilder builder;
//   const uint32_t type = builder.AddType({ValType::kI32}, {ValType::kI32});
//   ByteWriter code;
//   code.Inst(Op::kLocalGet, 0).Inst(Op::kEnd);
//   builder.AddExport("same", ExternKind::kFunc,
//                     builder.AddFunction(type, {}, code.bytes()));
//   const std::vector<uint8_t> bytes = builder.Build();

namespace ingot::wasm {

class ModuleBuilder {
 public:
  using ValTypes = std::vector<ValType>;

  // Each returns the index in the index space of its kind.
  uint32_t AddType(const ValTypes& params, const ValTypes& results);
  uint32_t ImportFunction(std::string_view module, std::string_view name,
                          uint32_t type);
  uint32_t ImportTable(std::string_view module, std::string_view name,
                       TableType type);
  uint32_t ImportMemory(std::string_view module, std::string_view name,
                        Limits limits);
  uint32_t ImportGlobal(std::string_view module, std::string_view name,
                        GlobalType type);
  // `code` ends with the body's `end`.
  uint32_t AddFunction(uint32_t type, const std::vector<LocalRun>& locals,
                       std::span<const uint8_t> code);
  // `body` begins with the locals.
  uint32_t AddRawFunction(uint32_t type, std::span<const uint8_t> body);
  uint32_t AddTable(TableType type);
  uint32_t AddMemory(Limits limits);
  // `init` ends with `end`.
  uint32_t AddGlobal(GlobalType type, std::span<const uint8_t> init);
  void AddExport(std::string_view name, ExternKind kind, uint32_t index);
  void SetStart(uint32_t function);
  // `offset` (of an active segment) ends with `end`.
  uint32_t AddElements(SegmentMode mode, uint32_t table,
                       std::span<const uint8_t> offset,
                       std::span<const uint32_t> functions);
  // Elements given by expressions, each of which ends with `end`.
  uint32_t AddElementExprs(SegmentMode mode, uint32_t table,
                           std::span<const uint8_t> offset, ValType type,
                           const std::vector<std::vector<uint8_t>>& exprs);
  uint32_t AddData(SegmentMode mode, uint32_t memory,
                   std::span<const uint8_t> offset,
                   std::span<const uint8_t> bytes);
  // Writes a data count section; instructions that name data need one.
  void AddDataCount() { has_data_count_ = true; }

  // The module. Sections without items are left out.
  std::vector<uint8_t> Build() const;

 private:
  struct Section {
    uint32_t count = 0;
    ByteWriter contents;
  };

  static void WriteSection(uint8_t id, const Section& section, ByteWriter* out);
  static void WriteLimits(const Limits& limits, ByteWriter* out);
  ByteWriter& BeginImport(std::string_view module, std::string_view name,
                          uint8_t kind);
  ByteWriter& BeginElements(SegmentMode mode, uint32_t table,
                            std::span<const uint8_t> offset, bool expressions,
                            ValType type);

  Section types_;
  Section imports_;
  Section functions_;
  Section tables_;
  Section memories_;
  Section globals_;
  Section exports_;
  Section elements_;
  Section code_;
  Section data_;
  uint32_t function_space_ = 0;
  uint32_t table_space_ = 0;
  uint32_t memory_space_ = 0;
  uint32_t global_space_ = 0;
  uint32_t start_ = 0xFFFFFFFF;
  bool has_data_count_ = false;
};

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_MODULE_BUILDER_H_
