// Shapes of sections: very many functions, types, segments, names, and calls
// between small functions.

#include <algorithm>
#include <string>

#include "fuzz/bombs/shape_makers.h"

namespace ingot::fuzz {

using wasm::ByteWriter;
using wasm::ExternKind;
using wasm::Limits;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::SegmentMode;
using wasm::ValType;

namespace {

const ByteWriter& OnlyEnd() {
  static const ByteWriter code = ByteWriter().Inst(Op::kEnd);
  return code;
}

ByteWriter ConstZero() { return ByteWriter().I32Const(0).Inst(Op::kEnd); }

// n functions without code that declare so many locals.
std::vector<uint8_t> EmptyFunctions(uint32_t n, uint32_t locals) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  for (uint32_t i = 0; i < n; ++i) {
    builder.AddFunction(type, {{locals, ValType::kI64}}, OnlyEnd().bytes());
  }
  return builder.Build();
}

// n functions of a type with so many parameters, all exported.
std::vector<uint8_t> ExportedFunctions(uint32_t n, uint32_t params) {
  ModuleBuilder builder;
  const uint32_t type =
      builder.AddType(ModuleBuilder::ValTypes(params, ValType::kI64), {});
  for (uint32_t i = 0; i < n; ++i) {
    builder.AddExport(std::to_string(i), ExternKind::kFunc,
                      builder.AddFunction(type, {}, OnlyEnd().bytes()));
  }
  return builder.Build();
}

}  // namespace

std::vector<uint8_t> Make_functions_50k_locals(uint32_t n) {
  return EmptyFunctions(n, 50000);
}

std::vector<uint8_t> Make_functions_1k_locals(uint32_t n) {
  return EmptyFunctions(n, 1000);
}

std::vector<uint8_t> Make_tiny_functions(uint32_t n) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  for (uint32_t i = 0; i < n; ++i) {
    builder.AddFunction(type, {}, OnlyEnd().bytes());
  }
  return builder.Build();
}

std::vector<uint8_t> Make_functions_1000_params(uint32_t n) {
  return ExportedFunctions(n, 1000);
}

std::vector<uint8_t> Make_exported_functions(uint32_t n) {
  return ExportedFunctions(n, 3);
}

std::vector<uint8_t> Make_data_segments(uint32_t n) {
  ModuleBuilder builder;
  builder.AddMemory(Limits{1, 0, false});
  for (uint32_t i = 0; i < AtMost(n, 99000); ++i) {
    builder.AddData(SegmentMode::kActive, 0, ConstZero().bytes(), {});
  }
  return builder.Build();
}

std::vector<uint8_t> Make_globals(uint32_t n) {
  ModuleBuilder builder;
  for (uint32_t i = 0; i < n; ++i) {
    builder.AddGlobal({ValType::kI32, true}, ConstZero().bytes());
  }
  return builder.Build();
}

std::vector<uint8_t> Make_element_segments(uint32_t n) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  const uint32_t function = builder.AddFunction(type, {}, OnlyEnd().bytes());
  builder.AddTable({ValType::kFuncRef, Limits{10, 0, false}});
  const std::vector<uint32_t> elements = {function, function};
  for (uint32_t i = 0; i < AtMost(n, 99000); ++i) {
    builder.AddElements(SegmentMode::kActive, 0, ConstZero().bytes(),
                        elements);
  }
  return builder.Build();
}

std::vector<uint8_t> Make_equal_types(uint32_t n) {
  ModuleBuilder builder;
  for (uint32_t i = 0; i < n; ++i) builder.AddType({}, {});
  return builder.Build();
}

std::vector<uint8_t> Make_distinct_types(uint32_t n) {
  ModuleBuilder builder;
  for (uint32_t i = 0; i < n; ++i) {
    ModuleBuilder::ValTypes params;
    for (uint32_t bits = i + 1; bits > 0; bits /= 4) {
      params.push_back(static_cast<ValType>(0x7C + bits % 4));
    }
    builder.AddType(params, {});
  }
  return builder.Build();
}

std::vector<uint8_t> Make_exports(uint32_t n) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  const uint32_t function = builder.AddFunction(type, {}, OnlyEnd().bytes());
  for (uint32_t i = 0; i < AtMost(n, 99000); ++i) {
    // A common beginning, so that comparing names takes long.
    builder.AddExport("e" + std::to_string(100000 + i), ExternKind::kFunc,
                      function);
  }
  return builder.Build();
}

std::vector<uint8_t> Make_long_names(uint32_t n) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  const uint32_t function = builder.AddFunction(type, {}, OnlyEnd().bytes());
  for (uint32_t i = 0; i < n; ++i) {
    // They differ in the last bytes only.
    builder.AddExport(std::string(32000, 'x') + std::to_string(i),
                      ExternKind::kFunc, function);
  }
  return builder.Build();
}

std::vector<uint8_t> Make_imports(uint32_t n) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({ValType::kI32}, {});
  for (uint32_t i = 0; i < AtMost(n, 99000); ++i) {
    builder.ImportFunction("m", std::to_string(10000 + i), type);
  }
  return builder.Build();
}

std::vector<uint8_t> Make_custom_sections(uint32_t n) {
  std::vector<uint8_t> module = ModuleBuilder().Build();
  ByteWriter section;
  section.Byte(0).U32(4).Name("abc");
  for (uint32_t i = 0; i < n; ++i) {
    module.insert(module.end(), section.bytes().begin(),
                  section.bytes().end());
  }
  return module;
}

std::vector<uint8_t> Make_call_tree(uint32_t n) {
  // Each function calls the next one twice.
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  for (uint32_t i = 0; i < n; ++i) {
    ByteWriter code;
    if (i + 1 < n) {
      code.Inst(Op::kCall, i + 1).Inst(Op::kCall, i + 1);
    }
    builder.AddFunction(type, {}, code.Inst(Op::kEnd).bytes());
  }
  return builder.Build();
}

std::vector<uint8_t> Make_calls_of_leaves(uint32_t n) {
  ModuleBuilder builder;
  const uint32_t leaf =
      builder.AddType({ValType::kI32, ValType::kI32}, {ValType::kI32});
  const uint32_t run = builder.AddType({ValType::kI32}, {});
  ByteWriter body;
  body.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1).Inst(Op::kI32Mul);
  body.Inst(Op::kLocalGet, 0).Inst(Op::kI32Xor).Inst(Op::kEnd);
  const uint32_t called = builder.AddFunction(leaf, {}, body.bytes());
  ByteWriter code;
  for (uint32_t i = 0; i < n; ++i) {
    code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 0);
    code.Inst(Op::kCall, called).Inst(Op::kLocalSet, 0).Inst(Op::kNop);
  }
  code.Inst(Op::kEnd);
  builder.AddExport("run", ExternKind::kFunc,
                    builder.AddFunction(run, {}, code.bytes()));
  return builder.Build();
}

std::vector<uint8_t> Make_table_of_functions(uint32_t n) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  std::vector<uint32_t> functions;
  for (uint32_t i = 0; i < n; ++i) {
    functions.push_back(builder.AddFunction(type, {}, OnlyEnd().bytes()));
  }
  builder.AddTable({ValType::kFuncRef, Limits{n, 0, false}});
  builder.AddElements(SegmentMode::kActive, 0, ConstZero().bytes(), functions);
  return builder.Build();
}

}  // namespace ingot::fuzz
