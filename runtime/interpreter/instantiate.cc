#include <algorithm>
#include <new>
#include <utility>

#include "compiler/base/check.h"
#include "metering/instantiation.h"
#include "runtime/interpreter/interpreter_store.h"
#include "runtime/interpreter/run.h"

// Instantiation (core specification 2.0, 4.5.4) in the order of DESIGN.md 4.6:
// the fees of all items, then the instances of what the module defines, its
// globals, active element segments in order, active data segments in order,
// the start function. What an earlier segment wrote stays when a later one
// traps.

namespace ingot::runtime::interpreter {
namespace {

using wasm::ExternKind;

uint32_t Largest(const wasm::Limits& limits, uint32_t profile) {
  return std::min(limits.has_max ? limits.max : profile, profile);
}

}  // namespace

Signature InterpreterStore::SignatureOf(const Program& program,
                                        uint32_t type) const {
  const wasm::FuncType& entry =
      program.arena().Get(program.module().types, type);
  const auto pool = program.View(program.module().type_pool);
  const auto params = pool.subspan(entry.pool_offset, entry.params);
  const auto results =
      pool.subspan(entry.pool_offset + entry.params, entry.results);
  return {{params.begin(), params.end()}, {results.begin(), results.end()}};
}

absl::Status InterpreterStore::CheckImports(
    const Program& program, std::span<const Extern> imports) const {
  return MatchImports(program, imports,
                      [this](const Extern& given) { return TypeOf(given); });
}

std::optional<ExternType> InterpreterStore::TypeOf(const Extern& given) const {
  ExternType type;
  switch (given.kind) {
    case ExternKind::kFunc:
      if (given.index >= functions_.size()) return std::nullopt;
      type.signature = &types_[functions_[given.index]->type];
      return type;
    case ExternKind::kTable: {
      if (given.index >= tables_.size()) return std::nullopt;
      const TableInstance& table = *tables_[given.index];
      type.element = table.type.element;
      type.limits = table.type.limits;
      type.size = table.elements.size();
      return type;
    }
    case ExternKind::kMemory:
      if (given.index >= memories_.size()) return std::nullopt;
      type.limits = memories_[given.index]->type;
      type.size = memories_[given.index]->bytes.pages();
      return type;
    case ExternKind::kGlobal:
      if (given.index >= globals_.size()) return std::nullopt;
      type.global = globals_[given.index]->type;
      return type;
  }
  return std::nullopt;
}

// The instance with its imports; what it defines itself is not there yet.
ModuleInstance& InterpreterStore::AllocateInstance(
    std::shared_ptr<const Program> program, std::span<const Extern> imports) {
  auto owned = std::make_unique<ModuleInstance>();
  ModuleInstance& instance = *owned;
  instance.id = static_cast<InstanceId>(instances_.size());
  instance.program = std::move(program);
  for (const Extern& import : imports) {
    switch (import.kind) {
      case ExternKind::kFunc:
        instance.functions.push_back(functions_[import.index].get());
        break;
      case ExternKind::kTable:
        instance.tables.push_back(tables_[import.index].get());
        break;
      case ExternKind::kMemory:
        instance.memory = memories_[import.index].get();
        break;
      case ExternKind::kGlobal:
        instance.globals.push_back(globals_[import.index].get());
        break;
    }
  }
  instances_.push_back(std::move(owned));
  return instance;
}

void InterpreterStore::AllocateFunctions(ModuleInstance& instance) {
  const Program& program = *instance.program;
  const wasm::Module& module = program.module();
  for (uint32_t i = 0; i < module.types.size; ++i) {
    instance.types.push_back(InternType(SignatureOf(program, i)));
  }
  const auto types = program.View(module.functions);
  for (uint32_t i = module.imported_functions; i < types.size(); ++i) {
    auto function = std::make_unique<FunctionInstance>();
    function->index = static_cast<uint32_t>(functions_.size());
    function->type = instance.types[types[i]];
    function->module = &instance;
    function->body = i - module.imported_functions;
    function->module_index = i;
    instance.functions.push_back(function.get());
    functions_.push_back(std::move(function));
  }
}

absl::Status InterpreterStore::AllocateTables(ModuleInstance& instance) {
  const Program& program = *instance.program;
  const auto types = program.View(program.module().tables);
  for (uint32_t i = program.module().imported_tables; i < types.size(); ++i) {
    auto table = std::make_unique<TableInstance>();
    table->index = static_cast<uint32_t>(tables_.size());
    table->type = types[i];
    table->largest =
        Largest(types[i].limits, program.profile().limits.table_elements);
    try {
      table->elements.resize(types[i].limits.min);
    } catch (const std::bad_alloc&) {
      return absl::ResourceExhaustedError(
          "the host has no memory left for a table");
    }
    instance.tables.push_back(table.get());
    tables_.push_back(std::move(table));
  }
  return absl::OkStatus();
}

absl::Status InterpreterStore::AllocateMemory(ModuleInstance& instance) {
  const Program& program = *instance.program;
  const wasm::Module& module = program.module();
  if (module.memories.size == module.imported_memories) {
    return absl::OkStatus();
  }
  auto memory = std::make_unique<MemoryInstance>();
  memory->index = static_cast<uint32_t>(memories_.size());
  memory->type = program.arena().Get(module.memories, 0);
  memory->largest =
      Largest(memory->type, program.profile().limits.memory_pages);
  absl::Status status = memory->bytes.Reserve(memory->largest);
  if (status.ok()) status = memory->bytes.Grow(memory->type.min);
  if (!status.ok()) return status;
  instance.memory = memory.get();
  memories_.push_back(std::move(memory));
  return absl::OkStatus();
}

// 4.4.9 "Expressions", of the constant kind: postfix on a small stack.
uint64_t InterpreterStore::Evaluate(const ModuleInstance& instance,
                                    const wasm::ConstExpr& expression) const {
  const Program& program = *instance.program;
  const auto pool = program.View(program.module().const_pool);
  std::vector<uint64_t> stack;
  const auto binary = [&](auto f) {
    const uint64_t b = stack.back();
    stack.pop_back();
    stack.back() = f(stack.back(), b);
  };
  using wasm::ConstOp;
  for (const wasm::ConstInst& in :
       pool.subspan(expression.first, expression.count)) {
    switch (in.op) {
      case ConstOp::kI32Const:
      case ConstOp::kF32Const:
        stack.push_back(static_cast<uint32_t>(in.bits));
        break;
      case ConstOp::kI64Const:
      case ConstOp::kF64Const:
        stack.push_back(in.bits);
        break;
      case ConstOp::kGlobalGet:
        stack.push_back(instance.globals[in.index]->bits);
        break;
      case ConstOp::kRefNull:
        stack.push_back(0);
        break;
      case ConstOp::kRefFunc:
        stack.push_back(instance.functions[in.index]->Reference());
        break;
      case ConstOp::kI32Add:
        binary([](uint64_t a, uint64_t b) { return uint32_t(a + b); });
        break;
      case ConstOp::kI32Sub:
        binary([](uint64_t a, uint64_t b) { return uint32_t(a - b); });
        break;
      case ConstOp::kI32Mul:
        binary([](uint64_t a, uint64_t b) { return uint32_t(a * b); });
        break;
      case ConstOp::kI64Add:
        binary([](uint64_t a, uint64_t b) { return a + b; });
        break;
      case ConstOp::kI64Sub:
        binary([](uint64_t a, uint64_t b) { return a - b; });
        break;
      case ConstOp::kI64Mul:
        binary([](uint64_t a, uint64_t b) { return a * b; });
        break;
    }
  }
  INGOT_CHECK(stack.size() == 1);
  return stack.back();
}

void InterpreterStore::AllocateGlobals(ModuleInstance& instance) {
  const Program& program = *instance.program;
  const auto globals = program.View(program.module().globals);
  for (uint32_t i = program.module().imported_globals; i < globals.size();
       ++i) {
    auto global = std::make_unique<GlobalInstance>();
    global->index = static_cast<uint32_t>(globals_.size());
    global->type = globals[i].type;
    global->bits = Evaluate(instance, globals[i].init);
    instance.globals.push_back(global.get());
    globals_.push_back(std::move(global));
  }
}

void InterpreterStore::EvaluateElements(ModuleInstance& instance) {
  const Program& program = *instance.program;
  const auto inits = program.View(program.module().element_inits);
  for (const wasm::ElementSegment& segment :
       program.View(program.module().elements)) {
    std::vector<uint64_t> elements;
    elements.reserve(segment.count);
    for (const wasm::ConstExpr& init :
         inits.subspan(segment.first, segment.count)) {
      elements.push_back(Evaluate(instance, init));
    }
    instance.elements.push_back(std::move(elements));
  }
  for (const wasm::DataSegment& segment :
       program.View(program.module().data)) {
    instance.data.push_back(segment.bytes);
  }
}

void InterpreterStore::NameExports(ModuleInstance& instance) {
  const Program& program = *instance.program;
  for (const wasm::Export& entry : program.View(program.module().exports)) {
    Extern named{.kind = entry.kind};
    switch (entry.kind) {
      case ExternKind::kFunc:
        named.index = instance.functions[entry.index]->index;
        break;
      case ExternKind::kTable:
        named.index = instance.tables[entry.index]->index;
        break;
      case ExternKind::kMemory:
        named.index = instance.memory->index;
        break;
      case ExternKind::kGlobal:
        named.index = instance.globals[entry.index]->index;
        break;
    }
    instance.exports[std::string(program.Name(entry.name))] = named;
  }
}

// An active segment is table.init followed by elem.drop; a declarative one is
// dropped at once.
bool InterpreterStore::InitialiseTables(ModuleInstance& instance, Run& run) {
  const Program& program = *instance.program;
  const auto segments = program.View(program.module().elements);
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].mode == wasm::SegmentMode::kPassive) continue;
    std::vector<uint64_t>& elements = instance.elements[i];
    if (segments[i].mode == wasm::SegmentMode::kActive) {
      std::vector<uint64_t>& table =
          instance.tables[segments[i].table]->elements;
      const uint64_t to =
          static_cast<uint32_t>(Evaluate(instance, segments[i].offset));
      if (to + elements.size() > table.size()) {
        return run.TrapAtModuleOffset(TrapCode::kOutOfBoundsTable,
                                      segments[i].module_offset);
      }
      std::copy(elements.begin(), elements.end(), table.begin() + to);
    }
    elements = {};
  }
  return true;
}

bool InterpreterStore::InitialiseMemory(ModuleInstance& instance, Run& run) {
  const Program& program = *instance.program;
  const auto segments = program.View(program.module().data);
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].mode != wasm::SegmentMode::kActive) continue;
    LinearMemory& memory = instance.memory->bytes;
    wasm::Bytes& data = instance.data[i];
    const uint64_t to =
        static_cast<uint32_t>(Evaluate(instance, segments[i].offset));
    if (to + data.size > memory.size()) {
      return run.TrapAtModuleOffset(TrapCode::kOutOfBoundsMemory,
                                    segments[i].module_offset);
    }
    const uint8_t* bytes = program.bytes().data() + data.offset;
    std::copy(bytes, bytes + data.size, memory.data() + to);
    data.size = 0;
  }
  return true;
}

bool InterpreterStore::Initialise(ModuleInstance& instance, Run& run) {
  if (!InitialiseTables(instance, run) || !InitialiseMemory(instance, run)) {
    return false;
  }
  const uint32_t start = instance.program->module().start;
  return start == kNowhere || run.Invoke(*instance.functions[start], {});
}

absl::StatusOr<Store::Instantiation> InterpreterStore::Instantiate(
    std::shared_ptr<const Program> program, std::span<const Extern> imports,
    Transaction& transaction, uint64_t gas_limit) {
  if (absl::Status status = CheckImports(*program, imports); !status.ok()) {
    return status;
  }
  const wasm::Module& module = program->module();
  Run run(*this, transaction, gas_limit, Phase::kInstantiate);
  const auto finish = [&run](InstanceId id) -> absl::StatusOr<Instantiation> {
    absl::StatusOr<Outcome> outcome = run.Finish();
    if (!outcome.ok()) return outcome.status();
    return Instantiation{id, *std::move(outcome)};
  };
  if (!run.Begin(nullptr) ||
      !run.PayFee(InstantiationFee(program->profile().execution,
                                   program->arena(), module)
                      .value())) {
    return finish(kNoInstance);
  }
  uint64_t pages = 0;
  if (module.memories.size > module.imported_memories) {
    pages = program->arena().Get(module.memories, 0).min;
  }
  const uint64_t budget = transaction.budget().memory_pages;
  if (pages > budget || transaction.pages_used > budget - pages) {
    run.TrapAtModuleOffset(TrapCode::kOutOfBoundsMemory, kNowhere);
    return finish(kNoInstance);
  }
  ModuleInstance& instance = AllocateInstance(std::move(program), imports);
  AllocateFunctions(instance);
  absl::Status status = AllocateTables(instance);
  if (status.ok()) status = AllocateMemory(instance);
  if (!status.ok()) return status;
  transaction.pages_used += pages;
  AllocateGlobals(instance);
  EvaluateElements(instance);
  NameExports(instance);
  (void)Initialise(instance, run);
  return finish(instance.id);
}

}  // namespace ingot::runtime::interpreter
