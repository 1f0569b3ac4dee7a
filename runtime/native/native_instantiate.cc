// Instantiation (core specification 2.0, 4.5.4) in the order of DESIGN.md 4.6:
// the fees of all items, then the instances of what the module defines, its
// globals, active element segments in order, active data segments in order, the
// start function. What an earlier segment wrote stays when a later one traps.

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "compiler/base/check.h"
#include "runtime/native/native_run.h"
#include "runtime/native/native_store.h"

namespace ingot::runtime {
namespace {

using wasm::ExternKind;

constexpr uint64_t kWasmPageBytes = 65536;

uint32_t Largest(const wasm::Limits& limits, uint32_t profile) {
  return std::min(limits.has_max ? limits.max : profile, profile);
}

absl::Status NoMemory(const char* what) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the host has no memory left for ", what));
}

}  // namespace

absl::Status NativeStore::CheckImports(const Program& program,
                                       std::span<const Extern> imports) const {
  return MatchImports(program, imports,
                      [this](const Extern& given) { return TypeOf(given); });
}

std::optional<ExternType> NativeStore::TypeOf(const Extern& given) const {
  ExternType type;
  switch (given.kind) {
    case ExternKind::kFunc:
      if (given.index >= num_functions_) return std::nullopt;
      type.signature = FunctionAt(given.index).signature;
      return type;
    case ExternKind::kTable: {
      if (given.index >= tables_.size()) return std::nullopt;
      const NativeTable& table = *tables_[given.index];
      type.element = table.type.element;
      type.limits = table.type.limits;
      type.size = table.cell->size;
      return type;
    }
    case ExternKind::kMemory:
      if (given.index >= memories_.size()) return std::nullopt;
      type.limits = memories_[given.index]->type;
      type.size = memories_[given.index]->bytes() / kWasmPageBytes;
      return type;
    case ExternKind::kGlobal:
      if (given.index >= globals_.size()) return std::nullopt;
      type.global = globals_[given.index].type;
      return type;
  }
  return std::nullopt;
}

// --- Allocation -----------------------------------------------------------

void NativeStore::FillHeader(uint8_t* base, VmctxOwner& owner) {
  VmctxField(base, abi::kVmctxStackLimit) = stack_limit_;
  VmctxField(base, abi::kVmctxBuiltinStub) =
      reinterpret_cast<uint64_t>(&IngotBuiltinStub);
  VmctxField(base, abi::kVmctxStore) = reinterpret_cast<uint64_t>(&state_);
  VmctxField(base, abi::kVmctxOwner) = reinterpret_cast<uint64_t>(&owner);
}

// The vmctx, below the instance's own memory if it has one.
absl::Status NativeStore::AllocateBase(NativeInstance& instance) {
  const NativeProgram& program = *instance.program;
  const wasm::Module& module = program.module();
  const uint32_t vmctx_bytes = abi::VmctxLayout(module).Bytes();
  if (module.memories.size > module.imported_memories) {
    auto memory = std::make_unique<NativeMemory>();
    memory->type = program.arena().Get(module.memories, 0);
    memory->largest =
        Largest(memory->type, program.profile().limits.memory_pages);
    const uint64_t bytes = memory->type.min * kWasmPageBytes;
    const MemoryImage* image = program.InitialMemory();
    memory->has_image = image != nullptr;
    memory->reservation = Reservation::Take(vmctx_bytes, bytes, image);
    if (!memory->reservation.ok()) return NoMemory("a linear memory");
    memory->bytes() = bytes;
    instance.base = memory->base();
    instance.memory = memory.get();
    instance.memory_index = static_cast<uint32_t>(memories_.size());
    memories_.push_back(std::move(memory));
  } else {
    instance.block.reset(
        static_cast<uint8_t*>(platform::Allocate(vmctx_bytes)));
    if (instance.block == nullptr) return NoMemory("an instance");
    instance.base = instance.block.get() + vmctx_bytes;
  }
  FillHeader(instance.base, instance.owner);
  const uint8_t* memory_base =
      instance.memory == nullptr ? instance.base : instance.memory->base();
  VmctxField(instance.base, abi::kVmctxMemoryBase) =
      reinterpret_cast<uint64_t>(memory_base);
  VmctxField(instance.base, abi::kVmctxTypeIds) =
      reinterpret_cast<uint64_t>(program.type_ids().data());
  return absl::OkStatus();
}

absl::Status NativeStore::AllocateFunctions(NativeInstance& instance,
                                            std::span<const Extern> imports) {
  const NativeProgram& program = *instance.program;
  const wasm::Module& module = program.module();
  const abi::VmctxLayout layout(module);
  const uint32_t count = module.functions.size;
  instance.refs.reset(static_cast<abi::FuncRef*>(
      platform::Allocate(count * sizeof(abi::FuncRef))));
  if (instance.refs == nullptr) return NoMemory("references of functions");
  references_[reinterpret_cast<uint64_t>(instance.refs.get())] = {
      count, sizeof(abi::FuncRef)};
  VmctxField(instance.base, abi::kVmctxFuncRefs) =
      reinterpret_cast<uint64_t>(instance.refs.get());

  for (const Extern& import : imports) {
    if (import.kind != ExternKind::kFunc) continue;
    const auto index =
        static_cast<uint32_t>(instance.imported_functions.size());
    const abi::FuncRef& ref = *FunctionAt(import.index).ref;
    instance.refs[index] = ref;
    auto* cell = reinterpret_cast<abi::ImportCell*>(instance.base +
                                                    layout.Import(index));
    *cell = {ref.code, ref.base};
    instance.imported_functions.push_back(import.index);
  }

  for (const abi::FuncRef& declared : program.declared_refs()) {
    abi::FuncRef& ref = instance.refs[declared.function];
    ref = declared;
    ref.base = reinterpret_cast<uint64_t>(instance.base);
  }
  instance.first_function = num_functions_;
  num_functions_ += count - module.imported_functions;
  if (count != module.imported_functions) {
    functions_.push_back({instance.first_function, &instance, nullptr});
  }
  return absl::OkStatus();
}

absl::Status NativeStore::AllocateTables(NativeInstance& instance,
                                         std::span<const Extern> imports) {
  const NativeProgram& program = *instance.program;
  const wasm::Module& module = program.module();
  const abi::VmctxLayout layout(module);
  for (const Extern& import : imports) {
    if (import.kind != ExternKind::kTable) continue;
    const auto index = static_cast<uint32_t>(instance.tables.size());
    auto* cell = reinterpret_cast<abi::ImportedTableCell*>(
        instance.base + layout.Table(index));
    cell->cell = reinterpret_cast<uint64_t>(tables_[import.index]->cell);
    instance.tables.push_back(import.index);
  }
  const auto types = program.View(module.tables);
  for (uint32_t i = module.imported_tables; i < types.size(); ++i) {
    auto table = std::make_unique<NativeTable>();
    table->type = types[i];
    table->largest =
        Largest(types[i].limits, program.profile().limits.table_elements);
    table->cell = reinterpret_cast<abi::TableCell*>(instance.base +
                                                    layout.Table(i));
    if (!table->Grow(types[i].limits.min, 0)) return NoMemory("a table");
    instance.tables.push_back(static_cast<uint32_t>(tables_.size()));
    tables_.push_back(std::move(table));
  }
  return absl::OkStatus();
}

void NativeStore::AllocateGlobals(NativeInstance& instance,
                                  std::span<const Extern> imports) {
  const NativeProgram& program = *instance.program;
  const wasm::Module& module = program.module();
  const abi::VmctxLayout layout(module);
  for (const Extern& import : imports) {
    if (import.kind != ExternKind::kGlobal) continue;
    const auto index = static_cast<uint32_t>(instance.imported_globals.size());
    VmctxField(instance.base, layout.Global(index)) =
        reinterpret_cast<uint64_t>(globals_[import.index].cell);
    instance.imported_globals.push_back(import.index);
  }
  const auto globals = program.View(module.globals);
  instance.first_global = static_cast<uint32_t>(globals_.size());
  for (uint32_t i = module.imported_globals; i < globals.size(); ++i) {
    uint64_t* cell = &VmctxField(instance.base, layout.Global(i));
    *cell = Evaluate(instance, globals[i].init);
    NativeGlobal global;
    global.type = globals[i].type;
    global.cell = cell;
    globals_.push_back(std::move(global));
  }
}

absl::StatusOr<NativeInstance*> NativeStore::Allocate(
    std::shared_ptr<const NativeProgram> program,
    std::span<const Extern> imports) {
  auto owned = std::make_unique<NativeInstance>();
  NativeInstance& instance = *owned;
  instance.owner.instance = &instance;
  instance.id = static_cast<InstanceId>(instances_.size());
  instance.program = std::move(program);
  for (const Extern& import : imports) {
    if (import.kind != ExternKind::kMemory) continue;
    instance.memory = memories_[import.index].get();
    instance.memory_index = import.index;
  }
  absl::Status status = AllocateBase(instance);
  if (!status.ok()) return status;
  // From here on the store's records point into the instance, so it stays even
  // when what follows fails.
  instances_.push_back(std::move(owned));
  const std::span<const uint8_t> code = instance.program->code();
  if (!code.empty()) {
    programs_[reinterpret_cast<uint64_t>(code.data())] =
        instance.program.get();
  }
  status = AllocateFunctions(instance, imports);
  if (status.ok()) status = AllocateTables(instance, imports);
  if (!status.ok()) return status;
  AllocateGlobals(instance, imports);
  const wasm::Module& module = instance.program->module();
  instance.element_dropped.resize(module.elements.size);
  instance.data_dropped.resize(module.data.size);
  return &instance;
}

// --- Initialisation -------------------------------------------------------

uint64_t NativeStore::Evaluate(const NativeInstance& instance,
                               const wasm::ConstExpr& expression) const {
  const NativeProgram& program = *instance.program;
  const auto pool = program.View(program.module().const_pool);
  absl::InlinedVector<uint64_t, 8> stack;
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
        stack.push_back(
            GlobalValue(globals_[instance.GlobalIndex(in.index)]));
        break;
      case ConstOp::kRefNull:
        stack.push_back(0);
        break;
      case ConstOp::kRefFunc:
        stack.push_back(reinterpret_cast<uint64_t>(
            FunctionAt(instance.FunctionIndex(in.index)).ref));
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

uint64_t NativeStore::ElementAt(const NativeInstance& instance,
                                uint32_t init) const {
  const NativeProgram& program = *instance.program;
  const uint32_t function = program.element_functions()[init];
  if (function != kNowhere) {
    return reinterpret_cast<uint64_t>(&instance.refs[function]);
  }
  return Evaluate(instance,
                  program.arena().Get(program.module().element_inits, init));
}

// An active segment is table.init followed by elem.drop; a declarative one is
// dropped at once.
bool NativeStore::InitialiseTables(NativeInstance& instance, NativeRun& run) {
  const NativeProgram& program = *instance.program;
  const auto segments = program.View(program.module().elements);
  for (size_t i = 0; i < segments.size(); ++i) {
    const wasm::ElementSegment& segment = segments[i];
    if (segment.mode == wasm::SegmentMode::kPassive) continue;
    instance.element_dropped[i] = true;
    if (segment.mode != wasm::SegmentMode::kActive) continue;
    NativeTable& table = *tables_[instance.tables[segment.table]];
    const uint64_t to =
        static_cast<uint32_t>(Evaluate(instance, segment.offset));
    if (to + segment.count > table.cell->size) {
      return run.TrapAtModuleOffset(
          TrapCode::kOutOfBoundsTable,
          program.OriginalOffset(segment.module_offset));
    }
    for (uint32_t j = 0; j < segment.count; ++j) {
      table.elements[to + j] = ElementAt(instance, segment.first + j);
    }
  }
  return true;
}

namespace {

// Whether the instance's memory came with its data in it. An imported memory
// may have come so to the instance that it belongs to.
bool HasImageOfItsOwn(const NativeInstance& instance) {
  return instance.memory != nullptr && instance.memory->has_image &&
         instance.program->module().imported_memories == 0;
}

}  // namespace

bool NativeStore::InitialiseMemory(NativeInstance& instance, NativeRun& run) {
  const NativeProgram& program = *instance.program;
  const bool has_image = HasImageOfItsOwn(instance);
  const auto segments = program.View(program.module().data);
  for (size_t i = 0; i < segments.size(); ++i) {
    const wasm::DataSegment& segment = segments[i];
    if (segment.mode != wasm::SegmentMode::kActive) continue;
    if (has_image) {
      instance.data_dropped[i] = true;
      continue;
    }
    const std::span<uint8_t> memory = instance.memory->View();
    const uint64_t to =
        static_cast<uint32_t>(Evaluate(instance, segment.offset));
    if (to + segment.bytes.size > memory.size()) {
      return run.TrapAtModuleOffset(
          TrapCode::kOutOfBoundsMemory,
          program.OriginalOffset(segment.module_offset));
    }
    if (segment.bytes.size != 0) {
      std::memcpy(memory.data() + to,
                  program.bytes().data() + segment.bytes.offset,
                  segment.bytes.size);
    }
    instance.data_dropped[i] = true;
  }
  return true;
}

bool NativeStore::Initialise(NativeInstance& instance, NativeRun& run) {
  if (!InitialiseTables(instance, run)) {
    // Data comes after elements: an image shows it too early.
    if (HasImageOfItsOwn(instance)) {
      const std::span<uint8_t> memory = instance.memory->View();
      std::fill(memory.begin(), memory.end(), uint8_t{0});
    }
    return false;
  }
  if (!InitialiseMemory(instance, run)) return false;
  const uint32_t start = instance.program->module().start;
  if (start == kNowhere) return true;
  return run.Invoke(FunctionAt(instance.FunctionIndex(start)), {});
}

absl::StatusOr<Store::Instantiation> NativeStore::Instantiate(
    std::shared_ptr<const Program> program, std::span<const Extern> imports,
    Transaction& transaction, uint64_t gas_limit) {
  auto native = std::dynamic_pointer_cast<const NativeProgram>(program);
  if (native == nullptr) {
    return absl::InvalidArgumentError("not a program with native code");
  }
  if (absl::Status status = CheckImports(*native, imports); !status.ok()) {
    return status;
  }
  const wasm::Module& module = native->module();
  NativeRun run(*this, transaction, gas_limit, Phase::kInstantiate);
  const auto finish = [&run](InstanceId id) -> absl::StatusOr<Instantiation> {
    absl::StatusOr<Outcome> outcome = run.Finish();
    if (!outcome.ok()) return outcome.status();
    return Instantiation{id, *std::move(outcome)};
  };
  if (!run.Begin(nullptr) ||
      !run.PayFee(native->instantiation_fee().value())) {
    return finish(kNoInstance);
  }
  uint64_t pages = 0;
  if (module.memories.size > module.imported_memories) {
    pages = native->arena().Get(module.memories, 0).min;
  }
  const uint64_t budget = transaction.budget().memory_pages;
  if (pages > budget || transaction.pages_used > budget - pages) {
    run.TrapAtModuleOffset(TrapCode::kOutOfBoundsMemory, kNowhere);
    return finish(kNoInstance);
  }
  const absl::StatusOr<NativeInstance*> instance =
      Allocate(std::move(native), imports);
  if (!instance.ok()) return instance.status();
  transaction.pages_used += pages;
  (void)Initialise(**instance, run);
  return finish((*instance)->id);
}

}  // namespace ingot::runtime
