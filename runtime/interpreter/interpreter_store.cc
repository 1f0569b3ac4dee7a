#include "runtime/interpreter/interpreter_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/base/check.h"
#include "runtime/interpreter/run.h"

// What the host does with a store, except instantiation (instantiate.cc).

namespace ingot::runtime {

std::unique_ptr<Store> NewInterpreter(GasObserver observer) {
  return std::make_unique<interpreter::InterpreterStore>(std::move(observer));
}

namespace interpreter {
namespace {

// The specification's greatest memory; a host's own memory has no profile.
constexpr uint32_t kMostPages = 65536;

}  // namespace

uint32_t InterpreterStore::InternType(Signature signature) {
  std::string key;
  for (wasm::ValType type : signature.params) {
    key.push_back(static_cast<char>(type));
  }
  key.push_back(':');  // no value type has this byte
  for (wasm::ValType type : signature.results) {
    key.push_back(static_cast<char>(type));
  }
  const auto [at, inserted] =
      type_numbers_.try_emplace(key, static_cast<uint32_t>(types_.size()));
  if (inserted) types_.push_back(std::move(signature));
  return at->second;
}

Extern InterpreterStore::AddHostFunction(Signature signature,
                                         HostFunction fn) {
  auto function = std::make_unique<FunctionInstance>();
  function->index = static_cast<uint32_t>(functions_.size());
  function->type = InternType(std::move(signature));
  function->host = std::move(fn);
  functions_.push_back(std::move(function));
  return {wasm::ExternKind::kFunc, functions_.back()->index};
}

absl::StatusOr<Extern> InterpreterStore::AddMemory(const wasm::Limits& pages) {
  if (pages.min > kMostPages ||
      (pages.has_max && (pages.max > kMostPages || pages.max < pages.min))) {
    return absl::InvalidArgumentError("limits of a memory");
  }
  auto memory = std::make_unique<MemoryInstance>();
  memory->index = static_cast<uint32_t>(memories_.size());
  memory->type = pages;
  memory->largest = pages.has_max ? pages.max : kMostPages;
  absl::Status status = memory->bytes.Reserve(memory->largest);
  if (status.ok()) status = memory->bytes.Grow(pages.min);
  if (!status.ok()) return status;
  memories_.push_back(std::move(memory));
  return Extern{wasm::ExternKind::kMemory, memories_.back()->index};
}

absl::StatusOr<Extern> InterpreterStore::AddTable(const wasm::TableType& type) {
  if (type.limits.has_max && type.limits.max < type.limits.min) {
    return absl::InvalidArgumentError("limits of a table");
  }
  auto table = std::make_unique<TableInstance>();
  table->index = static_cast<uint32_t>(tables_.size());
  table->type = type;
  table->largest = type.limits.has_max ? type.limits.max : 0xFFFFFFFF;
  table->elements.resize(type.limits.min);
  tables_.push_back(std::move(table));
  return Extern{wasm::ExternKind::kTable, tables_.back()->index};
}

Extern InterpreterStore::AddGlobal(const wasm::GlobalType& type, Value value) {
  auto global = std::make_unique<GlobalInstance>();
  global->index = static_cast<uint32_t>(globals_.size());
  global->type = type;
  global->bits = value.bits;
  globals_.push_back(std::move(global));
  return {wasm::ExternKind::kGlobal, globals_.back()->index};
}

absl::StatusOr<Outcome> InterpreterStore::Call(Extern function,
                                               std::span<const Value> args,
                                               Transaction& transaction,
                                               uint64_t gas_limit) {
  if (function.kind != wasm::ExternKind::kFunc ||
      function.index >= functions_.size()) {
    return absl::InvalidArgumentError("not a function of this store");
  }
  FunctionInstance& callee = *functions_[function.index];
  const std::vector<wasm::ValType>& params = types_[callee.type].params;
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
  Run run(*this, transaction, gas_limit, Phase::kCall);
  if (run.Begin(&callee)) (void)run.Invoke(callee, args);
  return run.Finish();
}

std::optional<Extern> InterpreterStore::FindExport(
    InstanceId instance, std::string_view name) const {
  const auto& exports = instances_.at(instance)->exports;
  const auto at = exports.find(std::string(name));
  if (at == exports.end()) return std::nullopt;
  return at->second;
}

std::span<uint8_t> InterpreterStore::InstanceMemory(InstanceId instance) {
  MemoryInstance* memory = instances_.at(instance)->memory;
  if (memory == nullptr) return {};
  return memory->bytes.bytes();
}

const Signature& InterpreterStore::FunctionSignature(Extern function) const {
  return types_[functions_.at(function.index)->type];
}

std::span<uint8_t> InterpreterStore::MemoryBytes(Extern memory) {
  return memories_.at(memory.index)->bytes.bytes();
}

Value InterpreterStore::GetGlobal(Extern global) const {
  const GlobalInstance& instance = *globals_.at(global.index);
  return {instance.type.type, instance.bits};
}

void InterpreterStore::SetGlobal(Extern global, Value value) {
  GlobalInstance& instance = *globals_.at(global.index);
  INGOT_CHECK(value.type == instance.type.type);
  instance.bits = value.bits;
}

uint32_t InterpreterStore::TableSize(Extern table) const {
  return static_cast<uint32_t>(tables_.at(table.index)->elements.size());
}

std::optional<Value> InterpreterStore::GetTableElement(Extern table,
                                                       uint32_t index) const {
  const TableInstance& instance = *tables_.at(table.index);
  if (index >= instance.elements.size()) return std::nullopt;
  return Value{instance.type.element, instance.elements[index]};
}

Value InterpreterStore::InstanceGlobal(InstanceId instance,
                                       uint32_t index) const {
  const GlobalInstance& global = *instances_.at(instance)->globals.at(index);
  return {global.type.type, global.bits};
}

std::optional<Extern> InterpreterStore::FunctionOfReference(
    Value reference) const {
  if (reference.type != wasm::ValType::kFuncRef || reference.bits == 0) {
    return std::nullopt;
  }
  return Extern{wasm::ExternKind::kFunc,
                functions_.at(reference.bits - 1)->index};
}

}  // namespace interpreter
}  // namespace ingot::runtime
