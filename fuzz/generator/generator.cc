// Modules around generated bodies: types, tables, globals, segments.

#include "fuzz/generator/generator.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/wasm/module_builder.h"
#include "fuzz/generator/body.h"
#include "fuzz/generator/plan.h"

namespace ingot::fuzz {

using wasm::ByteWriter;
using wasm::Op;
using wasm::ValType;

namespace {

constexpr ValType kTypes[] = {ValType::kI32, ValType::kI64, ValType::kF32,
                              ValType::kF64, ValType::kFuncRef,
                              ValType::kExternRef};

ValType SomeType(Random& random) {
  return kTypes[random.Chance(95) ? random.Below(4) : random.Below(6)];
}

Types SomeTypes(uint32_t largest, Random& random) {
  Types types(random.Below(largest + 1));
  for (ValType& type : types) type = SomeType(random);
  return types;
}

PlannedModule Plan(Random& random, const GeneratorOptions& options) {
  PlannedModule plan;
  plan.tail_calls = options.tail_calls;
  plan.types.push_back({{}, {}});
  const uint32_t types = 2 + random.Below(8);
  for (uint32_t i = 0; i < types; ++i) {
    PlannedType type;
    type.params = SomeTypes(random.Chance(20) ? 24 : 5, random);
    type.results = SomeTypes(random.Chance(10) ? 20 : 3, random);
    plan.types.push_back(std::move(type));
  }
  // Results alone, too, so that blocks can have them.
  for (uint32_t i = 0; i < 3; ++i) {
    plan.types.push_back({{}, SomeTypes(4, random)});
  }
  const uint32_t count = static_cast<uint32_t>(plan.types.size());
  plan.imported_functions = random.Below(3);
  const uint32_t functions = plan.imported_functions + 1 + random.Below(6);
  for (uint32_t i = 0; i < functions; ++i) {
    plan.functions.push_back(random.Below(count));
  }
  plan.globals.push_back({ValType::kI32, true});
  const uint32_t globals = 2 + random.Below(8);
  for (uint32_t i = 0; i < globals; ++i) {
    plan.globals.push_back({SomeType(random), random.Chance(80)});
  }
  plan.has_memory = random.Chance(90);
  plan.memory = {1, 1 + random.Below(4), true};
  if (random.Chance(20)) plan.memory.has_max = false;
  plan.tables.push_back(
      {ValType::kFuncRef, {functions + random.Below(4), 20, true}});
  if (random.Chance(40)) {
    plan.tables.push_back({ValType::kExternRef, {4, 0, false}});
  }
  if (random.Chance(30)) {
    plan.tables.push_back({ValType::kFuncRef, {4, 10, true}});
  }
  plan.first_passive_element = 1;
  plan.elements.push_back(ValType::kFuncRef);
  plan.data_segments = 2;
  return plan;
}

std::vector<uint8_t> ConstantOf(ValType type, uint64_t bits) {
  ByteWriter out;
  switch (type) {
    case ValType::kI32:
      out.I32Const(static_cast<int32_t>(bits));
      break;
    case ValType::kI64:
      out.I64Const(static_cast<int64_t>(bits));
      break;
    case ValType::kF32:
      out.F32Const(static_cast<uint32_t>(bits));
      break;
    case ValType::kF64:
      out.F64Const(bits);
      break;
    case ValType::kFuncRef:
    case ValType::kExternRef:
      out.Opcode(Op::kRefNull).Type(type);
      break;
  }
  return out.Inst(Op::kEnd).Take();
}

void AddDefinitions(const PlannedModule& plan, Random& random,
                    wasm::ModuleBuilder* builder) {
  for (const PlannedType& type : plan.types) {
    (void)builder->AddType(type.params, type.results);
  }
  for (uint32_t i = 0; i < plan.imported_functions; ++i) {
    (void)builder->ImportFunction("host", absl::StrCat("f", i),
                                  plan.functions[i]);
  }
  for (const wasm::TableType& table : plan.tables) {
    (void)builder->AddTable(table);
  }
  if (plan.has_memory) (void)builder->AddMemory(plan.memory);
  for (size_t i = 0; i < plan.globals.size(); ++i) {
    const ValType type = plan.globals[i].type;
    (void)builder->AddGlobal(
        plan.globals[i],
        ConstantOf(type, i == 0 ? kFuel : CornerValue(type, random)));
  }
}

void AddSegments(const PlannedModule& plan, Random& random,
                 wasm::ModuleBuilder* builder) {
  std::vector<uint32_t> functions;
  for (uint32_t i = 0; i < plan.functions.size(); ++i) functions.push_back(i);
  (void)builder->AddElements(wasm::SegmentMode::kActive, 0,
                             ConstantOf(ValType::kI32, 0), functions);
  (void)builder->AddElements(wasm::SegmentMode::kPassive, 0, {}, functions);
  if (!plan.has_memory) return;
  std::vector<uint8_t> bytes(64 + random.Below(200));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Next());
  (void)builder->AddData(wasm::SegmentMode::kActive, 0,
                         ConstantOf(ValType::kI32, random.Below(1000)), bytes);
  (void)builder->AddData(wasm::SegmentMode::kPassive, 0, {}, bytes);
  builder->AddDataCount();
}

}  // namespace

uint64_t CornerValue(ValType type, Random& random) {
  static constexpr uint64_t kInts[] = {
      0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 0x7FFF,
      0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE,
      0xFFFFFF80, 0xFFFF8000, 0x100000000, 0x7FFFFFFFFFFFFFFF,
      0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF80000000,
      0xFFFFFFFF7FFFFFFF, 0x123456789ABCDEF0};
  static constexpr uint32_t kFloats[] = {
      0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x7F800000, 0xFF800000,
      0x7FC00000, 0xFFC00000, 0x7FA00001, 0xFFFFFFFF, 0x00000001, 0x807FFFFF,
      0x7F7FFFFF, 0x4F000000, 0xCF000000, 0x4F800000, 0x5F000000, 0xDF000000,
      0x5F800000, 0x3F000000, 0xBF000000, 0x40200000, 0x4B000001, 0x3FC90FDB,
      0x4EFFFFFF, 0x3F7FFFFF};
  static constexpr uint64_t kDoubles[] = {
      0x0000000000000000, 0x8000000000000000, 0x3FF0000000000000,
      0xBFF0000000000000, 0x7FF0000000000000, 0xFFF0000000000000,
      0x7FF8000000000000, 0xFFF8000000000000, 0x7FF4000000000001,
      0xFFFFFFFFFFFFFFFF, 0x0000000000000001, 0x800FFFFFFFFFFFFF,
      0x7FEFFFFFFFFFFFFF, 0x41DFFFFFFFC00000, 0x41E0000000000000,
      0xC1E0000000000000, 0xC1E0000000200000, 0x41EFFFFFFFE00000,
      0x41F0000000000000, 0x43E0000000000000, 0xC3E0000000000000,
      0x43F0000000000000, 0x43EFFFFFFFFFFFFF, 0x3FE0000000000000,
      0x4004000000000000, 0x4330000000000001, 0x36A0000000000000,
      0x47EFFFFFE0000000, 0x47EFFFFFF0000000, 0xBFEFFFFFFFFFFFFF};
  const bool any = random.Chance(25);
  switch (type) {
    case ValType::kI32:
    case ValType::kI64:
      return any ? random.Next() >> random.Below(64)
                 : kInts[random.Below(std::size(kInts))];
    case ValType::kF32:
      return any ? static_cast<uint32_t>(random.Next())
                 : kFloats[random.Below(std::size(kFloats))];
    case ValType::kF64:
      return any ? random.Next() : kDoubles[random.Below(std::size(kDoubles))];
    case ValType::kFuncRef:
    case ValType::kExternRef:
      return 0;
  }
  return 0;
}

GeneratedModule Generate(uint64_t seed, const GeneratorOptions& options) {
  Random random(Mix(seed));
  const PlannedModule plan = Plan(random, options);
  wasm::ModuleBuilder builder;
  AddDefinitions(plan, random, &builder);
  GeneratedModule made;
  const uint32_t count = static_cast<uint32_t>(plan.functions.size());
  for (uint32_t i = plan.imported_functions; i < count; ++i) {
    const GeneratedBody body = BodyGenerator(plan, i, random).Generate();
    (void)builder.AddFunction(plan.functions[i], body.locals, body.code);
    builder.AddExport(absl::StrCat("f", i), wasm::ExternKind::kFunc, i);
  }
  // Before each call the fuel is filled up.
  ByteWriter refuel;
  refuel.I32Const(kFuel).Inst(Op::kGlobalSet, 0).Inst(Op::kEnd);
  builder.AddExport("refuel", wasm::ExternKind::kFunc,
                    builder.AddFunction(0, {}, refuel.bytes()));
  AddSegments(plan, random, &builder);
  for (uint32_t round = 0; round < 2; ++round) {
    for (uint32_t i = plan.imported_functions; i < count; ++i) {
      made.calls.push_back({"refuel", {}});
      GeneratedCall call = {absl::StrCat("f", i), {}};
      for (const ValType type : plan.TypeOf(i).params) {
        call.args.push_back(CornerValue(type, random));
      }
      made.calls.push_back(std::move(call));
    }
  }
  made.bytes = builder.Build();
  return made;
}

}  // namespace ingot::fuzz
