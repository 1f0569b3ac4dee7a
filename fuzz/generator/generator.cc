// Modules around generated bodies: types, tables, globals, segments.

#include "fuzz/generator/generator.h"

#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/wasm/module_builder.h"
#include "fuzz/generator/body.h"
#include "fuzz/generator/corners.h"
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

void PlanTypes(Random& random, PlannedModule* plan) {
  if (plan->types.empty()) plan->types.push_back({{}, {}});
  const uint32_t types = 2 + random.Below(8);
  for (uint32_t i = 0; i < types; ++i) {
    PlannedType type;
    type.params = SomeTypes(random.Chance(20) ? 24 : 5, random);
    type.results = SomeTypes(random.Chance(10) ? 20 : 3, random);
    plan->types.push_back(std::move(type));
  }
  // Results alone, too, so that blocks can have them.
  for (uint32_t i = 0; i < 3; ++i) {
    plan->types.push_back({{}, SomeTypes(4, random)});
  }
}

void PlanGlobals(Random& random, PlannedModule* plan) {
  const uint32_t globals = 2 + random.Below(8);
  for (uint32_t i = 0; i < globals; ++i) {
    plan->globals.push_back({SomeType(random), random.Chance(80)});
  }
}

void PlanSegments(Random& random, PlannedModule* plan) {
  if (random.Chance(25)) plan->largest_body = 400;
  plan->first_passive_element = 1;
  plan->elements = {ValType::kFuncRef, ValType::kExternRef};
  plan->data_segments = 2;
}

PlannedModule Plan(Random& random, const GeneratorOptions& options) {
  PlannedModule plan;
  plan.options = options;
  PlanTypes(random, &plan);
  const uint32_t count = static_cast<uint32_t>(plan.types.size());
  plan.imported_functions = random.Below(3);
  const uint32_t functions = plan.imported_functions + 1 + random.Below(6);
  for (uint32_t i = 0; i < functions; ++i) {
    plan.functions.push_back(random.Below(count));
  }
  plan.slots = plan.functions;
  plan.globals.push_back({ValType::kI32, true});
  PlanGlobals(random, &plan);
  plan.has_memory = random.Chance(90);
  plan.memory = {1, 1 + random.Below(4), true};
  if (random.Chance(20)) plan.memory.has_max = options.portable;
  plan.tables.push_back(
      {ValType::kFuncRef, {functions + random.Below(4), 40, true}});
  if (random.Chance(40)) {
    plan.tables.push_back({ValType::kExternRef, {4, 0, options.portable}});
    plan.tables.back().limits.max = 20;
  }
  if (random.Chance(30)) {
    plan.tables.push_back({ValType::kFuncRef, {4, 10, true}});
  }
  PlanSegments(random, &plan);
  return plan;
}

// A module that imports what `library` exports, which is everything. Its own
// functions stand in the shared table behind the library's, whose code then
// expects them there.
PlannedModule PlanLinked(Random& random, PlannedModule* library) {
  PlannedModule plan;
  plan.options = library->options;
  plan.types = library->types;
  const uint32_t shared_types = static_cast<uint32_t>(plan.types.size());
  PlanTypes(random, &plan);
  plan.functions = library->functions;
  plan.library_functions = static_cast<uint32_t>(plan.functions.size());
  const uint32_t host = random.Below(2);
  const uint32_t own = 1 + random.Below(4);
  for (uint32_t i = 0; i < host + own; ++i) {
    plan.functions.push_back(random.Below(shared_types));
  }
  plan.imported_functions = plan.library_functions + host;
  plan.first_slot = static_cast<uint32_t>(library->slots.size());
  plan.slots = library->slots;
  plan.slots.insert(plan.slots.end(),
                    plan.functions.begin() + plan.library_functions,
                    plan.functions.end());
  library->slots = plan.slots;
  library->tables[0].limits.min = static_cast<uint32_t>(plan.slots.size());
  plan.globals = library->globals;
  plan.library_globals = static_cast<uint32_t>(plan.globals.size());
  PlanGlobals(random, &plan);
  plan.has_memory = library->has_memory;
  plan.library_memory = library->has_memory;
  plan.memory = library->memory;
  plan.tables = library->tables;
  plan.library_tables = static_cast<uint32_t>(plan.tables.size());
  if (random.Chance(30)) {
    plan.tables.push_back({ValType::kFuncRef, {4, 10, true}});
  }
  PlanSegments(random, &plan);
  return plan;
}

std::vector<uint8_t> ConstantOf(ValType type, uint64_t bits) {
  ByteWriter out;
  WriteConstant(type, bits, out);
  return out.Inst(Op::kEnd).Take();
}

// An initialiser of several instructions where the options have them, else
// the number alone or an imported global.
std::vector<uint8_t> InitialiserOf(const PlannedModule& plan, ValType type,
                                   Random& random) {
  ByteWriter out;
  const bool integer = type == ValType::kI32 || type == ValType::kI64;
  uint32_t terms = 1;
  if (integer && plan.options.extended_const) terms += random.Below(4);
  for (uint32_t i = 0; i < terms; ++i) {
    uint32_t imported = 0;
    while (imported < plan.library_globals &&
           (plan.globals[imported].type != type ||
            plan.globals[imported].is_mutable)) {
      ++imported;
    }
    if (imported < plan.library_globals && random.Chance(50)) {
      out.Inst(Op::kGlobalGet, imported);
    } else if (type == ValType::kFuncRef && random.Chance(50)) {
      out.Inst(Op::kRefFunc, random.Below(static_cast<uint32_t>(
                                 plan.functions.size())));
    } else {
      WriteConstant(type, CornerValue(type, random), out);
    }
    if (i == 0) continue;
    const uint32_t which = random.Below(3);
    constexpr Op kOps[2][3] = {{Op::kI32Add, Op::kI32Sub, Op::kI32Mul},
                               {Op::kI64Add, Op::kI64Sub, Op::kI64Mul}};
    out.Inst(kOps[type == ValType::kI64][which]);
  }
  return out.Inst(Op::kEnd).Take();
}

constexpr char kLibrary[] = "library0";

void AddImports(const PlannedModule& plan, wasm::ModuleBuilder* builder) {
  for (uint32_t i = 0; i < plan.imported_functions; ++i) {
    (void)builder->ImportFunction(
        i < plan.library_functions ? kLibrary : "host", absl::StrCat("f", i),
        plan.functions[i]);
  }
  for (uint32_t i = 0; i < plan.library_tables; ++i) {
    (void)builder->ImportTable(kLibrary, absl::StrCat("t", i), plan.tables[i]);
  }
  if (plan.library_memory) {
    (void)builder->ImportMemory(kLibrary, "memory", plan.memory);
  }
  for (uint32_t i = 0; i < plan.library_globals; ++i) {
    (void)builder->ImportGlobal(kLibrary, absl::StrCat("g", i),
                                plan.globals[i]);
  }
}

// Everything is exported: for what is linked with it, and to be compared.
void AddDefinitions(const PlannedModule& plan, Random& random,
                    wasm::ModuleBuilder* builder) {
  for (const PlannedType& type : plan.types) {
    (void)builder->AddType(type.params, type.results);
  }
  AddImports(plan, builder);
  for (uint32_t i = 0; i < plan.tables.size(); ++i) {
    if (i >= plan.library_tables) (void)builder->AddTable(plan.tables[i]);
    builder->AddExport(absl::StrCat("t", i), wasm::ExternKind::kTable, i);
  }
  if (plan.has_memory) {
    if (!plan.library_memory) (void)builder->AddMemory(plan.memory);
    builder->AddExport("memory", wasm::ExternKind::kMemory, 0);
  }
  for (uint32_t i = 0; i < plan.globals.size(); ++i) {
    const ValType type = plan.globals[i].type;
    if (i >= plan.library_globals) {
      (void)builder->AddGlobal(plan.globals[i],
                               i == 0 ? ConstantOf(type, kFuel)
                                      : InitialiserOf(plan, type, random));
    }
    builder->AddExport(absl::StrCat("g", i), wasm::ExternKind::kGlobal, i);
  }
}

void AddSegments(const PlannedModule& plan, Random& random,
                 wasm::ModuleBuilder* builder) {
  std::vector<uint32_t> functions;
  for (uint32_t i = 0; i < plan.functions.size(); ++i) functions.push_back(i);
  (void)builder->AddElements(
      wasm::SegmentMode::kActive, 0, ConstantOf(ValType::kI32, plan.first_slot),
      std::span(functions).subspan(plan.library_functions));
  (void)builder->AddElements(wasm::SegmentMode::kPassive, 0, {}, functions);
  (void)builder->AddElementExprs(
      wasm::SegmentMode::kPassive, 0, {}, ValType::kExternRef,
      std::vector(5, ConstantOf(ValType::kExternRef, 0)));
  if (!plan.has_memory) return;
  std::vector<uint8_t> bytes(64 + random.Below(200));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Next());
  (void)builder->AddData(wasm::SegmentMode::kActive, 0,
                         ConstantOf(ValType::kI32, random.Below(1000)), bytes);
  (void)builder->AddData(wasm::SegmentMode::kPassive, 0, {}, bytes);
  builder->AddDataCount();
}

std::vector<uint8_t> Write(const PlannedModule& plan, Random& random) {
  wasm::ModuleBuilder builder;
  AddDefinitions(plan, random, &builder);
  const uint32_t count = static_cast<uint32_t>(plan.functions.size());
  for (uint32_t i = 0; i < count; ++i) {
    if (i >= plan.imported_functions) {
      const GeneratedBody body = BodyGenerator(plan, i, random).Generate();
      (void)builder.AddFunction(plan.functions[i], body.locals, body.code);
    }
    builder.AddExport(absl::StrCat("f", i), wasm::ExternKind::kFunc, i);
  }
  // Before each call the fuel is filled up.
  ByteWriter refuel;
  refuel.I32Const(kFuel).Inst(Op::kGlobalSet, 0).Inst(Op::kEnd);
  const uint32_t function = builder.AddFunction(0, {}, refuel.bytes());
  builder.AddExport("refuel", wasm::ExternKind::kFunc, function);
  if (random.Chance(20)) builder.SetStart(function);
  AddSegments(plan, random, &builder);
  return builder.Build();
}

// A NaN does not pass through JavaScript with its payload.
uint64_t ArgumentOf(const PlannedModule& plan, ValType type, Random& random) {
  while (true) {
    const uint64_t bits = CornerValue(type, random);
    if (!plan.options.portable || !IsNan(type, bits)) return bits;
  }
}

}  // namespace

GeneratedModule Generate(uint64_t seed, const GeneratorOptions& options) {
  Random random(Mix(seed));
  PlannedModule plan = Plan(random, options);
  GeneratedModule made;
  // Functions of the host come first, in the library too, and are not called
  // from outside.
  uint32_t hosts_of_library = 0;
  if (random.Chance(25)) {
    PlannedModule library = std::move(plan);
    plan = PlanLinked(random, &library);
    hosts_of_library = library.imported_functions;
    made.libraries.push_back(Write(library, random));
  }
  made.bytes = Write(plan, random);
  for (uint32_t round = 0; round < 2; ++round) {
    for (uint32_t i = 0; i < plan.functions.size(); ++i) {
      if (i < plan.library_functions ? round != 0 || i < hosts_of_library
                                     : i < plan.imported_functions) {
        continue;
      }
      made.calls.push_back({"refuel", {}});
      GeneratedCall call = {absl::StrCat("f", i), {}};
      for (const ValType type : plan.TypeOf(i).params) {
        call.args.push_back(ArgumentOf(plan, type, random));
      }
      made.calls.push_back(std::move(call));
    }
  }
  return made;
}

}  // namespace ingot::fuzz
