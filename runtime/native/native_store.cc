// What the host does with a native store, except instantiation
// (native_instantiate.cc).

#include "runtime/native/native_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/base/check.h"
#include "runtime/native/canonical_types.h"
#include "runtime/native/native_run.h"

namespace ingot::runtime {
namespace {

// The specification's greatest memory; a host's own memory has no profile.
constexpr uint32_t kMostPages = 65536;
constexpr uint64_t kWasmPageBytes = 65536;

}  // namespace

bool NativeTable::Grow(uint32_t count, uint64_t value) {
  const uint64_t old = cell->size;
  const uint64_t size = old + count;
  if (size > capacity) {
    // By doubling, but not past what the table may ever have.
    const uint64_t wanted =
        std::max<uint64_t>(size, std::min<uint64_t>(largest, 2 * capacity));
    PlatformArray<uint64_t> moved(
        static_cast<uint64_t*>(platform::Allocate(8 * wanted)));
    if (moved == nullptr) return false;
    std::copy_n(elements.get(), old, moved.get());
    elements = std::move(moved);
    capacity = wanted;
    cell->elements = reinterpret_cast<uint64_t>(elements.get());
  }
  if (value != 0) {
    std::fill_n(elements.get() + old, count, value);
  } else if (count != 0) {
    std::fill_n(elements.get() + old, count, 0);
  }
  cell->size = size;
  return true;
}

Extern NativeStore::AddHostFunction(Signature signature, HostFunction fn) {
  auto functions = std::make_shared<NativeHostFunctions>();
  functions->Add(std::move(signature), std::move(fn));
  return AddHostFunctions(std::move(functions));
}

Extern NativeStore::AddPlainHostFunction(Signature signature,
                                         PlainHostFunction fn, void* state) {
  INGOT_CHECK(IsPlain(signature));
  auto functions = std::make_shared<NativeHostFunctions>();
  functions->AddPlain(std::move(signature), fn, state);
  return AddHostFunctions(std::move(functions));
}

Extern NativeStore::AddHostFunctions(
    std::shared_ptr<const NativeHostFunctions> functions) {
  const Extern first{wasm::ExternKind::kFunc, num_functions_};
  const size_t count = functions->entries().size();
  auto hosts = std::make_unique<NativeHostFunction[]>(count);
  for (size_t i = 0; i < count; ++i) {
    NativeHostFunction& host = hosts[i];
    host.owner.host = &host;
    host.entry = &functions->entries()[i];
    host.index = num_functions_++;
    FillHeader(host.base(), host.owner);
    host.ref.code = reinterpret_cast<uint64_t>(
        host.entry->plain != nullptr ? &IngotPlainHostCallStub
                                     : &IngotHostCallStub);
    host.ref.base = reinterpret_cast<uint64_t>(host.base());
    host.ref.type_id = host.entry->type_id;
    host.ref.function = host.index;
  }
  if (count != 0) {
    functions_.push_back({first.index, nullptr, hosts.get()});
    references_[reinterpret_cast<uint64_t>(&hosts[0].ref)] = {
        static_cast<uint32_t>(count), sizeof(NativeHostFunction)};
  }
  hosts_.push_back(std::move(hosts));
  host_entries_.push_back(std::move(functions));
  return first;
}

NativeFunction NativeStore::FunctionAt(uint32_t index) const {
  const NativeFunctions* found = &functions_.back();
  if (index < found->first) {
    found = &*std::prev(std::upper_bound(
        functions_.begin(), functions_.end(), index,
        [](uint32_t value, const NativeFunctions& functions) {
          return value < functions.first;
        }));
  }
  if (found->hosts != nullptr) {
    NativeHostFunction& host = found->hosts[index - found->first];
    return {&host.ref, &host.entry->signature, nullptr, &host};
  }
  NativeInstance& instance = *found->instance;
  const NativeProgram& program = *instance.program;
  const uint32_t function =
      index - found->first + program.module().imported_functions;
  return {instance.Ref(function),
          &program.SignatureAt(program.TypeOf(function)), &instance, nullptr};
}

absl::StatusOr<Extern> NativeStore::AddMemory(const wasm::Limits& pages) {
  if (pages.min > kMostPages ||
      (pages.has_max && (pages.max > kMostPages || pages.max < pages.min))) {
    return absl::InvalidArgumentError("limits of a memory");
  }
  auto memory = std::make_unique<NativeMemory>();
  memory->type = pages;
  memory->largest = pages.has_max ? pages.max : kMostPages;
  memory->reservation = Reservation::Take(-abi::kVmctxHeaderEnd,
                                          pages.min * kWasmPageBytes);
  if (!memory->reservation.ok()) {
    return absl::ResourceExhaustedError(
        "the host has no memory left for a linear memory");
  }
  memory->bytes() = pages.min * kWasmPageBytes;
  memories_.push_back(std::move(memory));
  return Extern{wasm::ExternKind::kMemory,
                static_cast<uint32_t>(memories_.size() - 1)};
}

absl::StatusOr<Extern> NativeStore::AddTable(const wasm::TableType& type) {
  if (type.limits.has_max && type.limits.max < type.limits.min) {
    return absl::InvalidArgumentError("limits of a table");
  }
  auto table = std::make_unique<NativeTable>();
  table->type = type;
  table->largest = type.limits.has_max ? type.limits.max : 0xFFFFFFFF;
  table->cell = &table->host_cell;
  if (!table->Grow(type.limits.min, 0)) {
    return absl::ResourceExhaustedError(
        "the host has no memory left for a table");
  }
  tables_.push_back(std::move(table));
  return Extern{wasm::ExternKind::kTable,
                static_cast<uint32_t>(tables_.size() - 1)};
}

Extern NativeStore::AddGlobal(const wasm::GlobalType& type, Value value) {
  NativeGlobal global;
  global.type = type;
  global.host_cell = std::make_unique<uint64_t>(0);
  global.cell = global.host_cell.get();
  globals_.push_back(std::move(global));
  const Extern added{wasm::ExternKind::kGlobal,
                     static_cast<uint32_t>(globals_.size() - 1)};
  SetGlobal(added, value);
  return added;
}

absl::StatusOr<Outcome> NativeStore::Call(Extern function,
                                          std::span<const Value> args,
                                          Transaction& transaction,
                                          uint64_t gas_limit) {
  if (function.kind != wasm::ExternKind::kFunc ||
      function.index >= num_functions_) {
    return absl::InvalidArgumentError("not a function of this store");
  }
  const NativeFunction callee = FunctionAt(function.index);
  const std::vector<wasm::ValType>& params = callee.signature->params;
  if (args.size() != params.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the function takes ", params.size(), " arguments, ", args.size(),
        " were given"));
  }
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i].type != params[i]) {
      return absl::InvalidArgumentError(
          absl::StrCat("argument ", i, " has another type"));
    }
  }
  NativeRun run(*this, transaction, gas_limit, Phase::kCall);
  if (run.Begin(&callee)) (void)run.Invoke(callee, args);
  return run.Finish();
}

void NativeStore::SetStackLimit(uint64_t limit) {
  if (limit == stack_limit_) return;
  stack_limit_ = limit;
  for (const auto& instance : instances_) {
    VmctxField(instance->base, abi::kVmctxStackLimit) = limit;
  }
}

const NativeProgram* NativeStore::ProgramAt(uint64_t code_address) const {
  const auto after = programs_.upper_bound(code_address);
  if (after == programs_.begin()) return nullptr;
  const auto& [begin, program] = *std::prev(after);
  return code_address - begin < program->code().size() ? program : nullptr;
}

bool NativeStore::IsFuncRef(uint64_t native) const {
  const auto after = references_.upper_bound(native);
  if (after == references_.begin()) return false;
  const auto& [begin, array] = *std::prev(after);
  const uint64_t distance = native - begin;
  // One that nobody could have asked for has no code.
  return distance % array.stride == 0 && distance / array.stride < array.count &&
         reinterpret_cast<const abi::FuncRef*>(native)->code != 0;
}

uint64_t NativeStore::FunctionBits(uint64_t native) const {
  if (!IsFuncRef(native)) return 0;
  const auto& ref = *reinterpret_cast<const abi::FuncRef*>(native);
  const VmctxOwner& owner = OwnerOf(ref.base);
  const uint32_t index = owner.host != nullptr
                             ? owner.host->index
                             : owner.instance->FunctionIndex(ref.function);
  return uint64_t{index} + 1;
}

bool NativeStore::FromValueBits(Value value, uint64_t* native) const {
  switch (value.type) {
    case wasm::ValType::kI32:
    case wasm::ValType::kF32:
      *native = static_cast<uint32_t>(value.bits);
      return true;
    case wasm::ValType::kFuncRef:
      if (value.bits > num_functions_) return false;
      *native = value.bits == 0
                    ? 0
                    : reinterpret_cast<uint64_t>(
                          FunctionAt(static_cast<uint32_t>(value.bits - 1)).ref);
      return true;
    default:
      *native = value.bits;
      return true;
  }
}

std::optional<Extern> NativeStore::FindExport(InstanceId instance,
                                              std::string_view name) const {
  const NativeInstance& owner = *instances_.at(instance);
  const std::optional<wasm::Export> found = owner.program->FindExport(name);
  if (!found.has_value()) return std::nullopt;
  switch (found->kind) {
    case wasm::ExternKind::kFunc:
      return Extern{found->kind, owner.FunctionIndex(found->index)};
    case wasm::ExternKind::kTable:
      return Extern{found->kind, owner.tables[found->index]};
    case wasm::ExternKind::kMemory:
      return Extern{found->kind, owner.memory_index};
    case wasm::ExternKind::kGlobal:
      return Extern{found->kind, owner.GlobalIndex(found->index)};
  }
  return std::nullopt;
}

std::span<uint8_t> NativeStore::InstanceMemory(InstanceId instance) {
  const NativeMemory* memory = instances_.at(instance)->memory;
  if (memory == nullptr) return {};
  return memory->View();
}

const Signature& NativeStore::FunctionSignature(Extern function) const {
  INGOT_CHECK(function.index < num_functions_);
  return *FunctionAt(function.index).signature;
}

std::span<uint8_t> NativeStore::MemoryBytes(Extern memory) {
  return memories_.at(memory.index)->View();
}

Value NativeStore::GetGlobal(Extern global) const {
  const NativeGlobal& found = globals_.at(global.index);
  return {found.type.type, ToValueBits(found.type.type, found.bits())};
}

void NativeStore::SetGlobal(Extern global, Value value) {
  NativeGlobal& found = globals_.at(global.index);
  INGOT_CHECK(value.type == found.type.type);
  INGOT_CHECK(FromValueBits(value, found.cell));
}

uint32_t NativeStore::TableSize(Extern table) const {
  return static_cast<uint32_t>(tables_.at(table.index)->cell->size);
}

std::optional<Value> NativeStore::GetTableElement(Extern table,
                                                  uint32_t index) const {
  const NativeTable& found = *tables_.at(table.index);
  if (index >= found.cell->size) return std::nullopt;
  const wasm::ValType type = found.type.element;
  return Value{type, ToValueBits(type, found.elements[index])};
}

Value NativeStore::InstanceGlobal(InstanceId instance, uint32_t index) const {
  return GetGlobal({wasm::ExternKind::kGlobal,
                    instances_.at(instance)->GlobalIndex(index)});
}

std::optional<Extern> NativeStore::FunctionOfReference(Value reference) const {
  if (reference.type != wasm::ValType::kFuncRef || reference.bits == 0 ||
      reference.bits > num_functions_) {
    return std::nullopt;
  }
  return Extern{wasm::ExternKind::kFunc,
                static_cast<uint32_t>(reference.bits - 1)};
}

}  // namespace ingot::runtime
