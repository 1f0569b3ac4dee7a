#ifndef RUNTIME_INTERPRETER_INTERPRETER_STORE_H_
#define RUNTIME_INTERPRETER_INTERPRETER_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "runtime/import_matching.h"
#include "runtime/interpreter/instance.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/store.h"

// The store of the interpreter: owns all instances, numbers them in the order
// of their making, and hands them out to runs.

namespace ingot::runtime::interpreter {

class Run;

class InterpreterStore final : public Store {
 public:
  explicit InterpreterStore(GasObserver observer)
      : observer_(std::move(observer)) {}

  Extern AddHostFunction(Signature signature, HostFunction fn) override;
  absl::StatusOr<Extern> AddMemory(const wasm::Limits& pages) override;
  absl::StatusOr<Extern> AddTable(const wasm::TableType& type) override;
  Extern AddGlobal(const wasm::GlobalType& type, Value value) override;

  absl::StatusOr<Instantiation> Instantiate(
      std::shared_ptr<const Program> program, std::span<const Extern> imports,
      Transaction& transaction, uint64_t gas_limit) override;
  absl::Status CheckImports(const Program& program,
                            std::span<const Extern> imports) const override;
  absl::StatusOr<Outcome> Call(Extern function, std::span<const Value> args,
                               Transaction& transaction,
                               uint64_t gas_limit) override;

  std::optional<Extern> FindExport(InstanceId instance,
                                   std::string_view name) const override;
  std::span<uint8_t> InstanceMemory(InstanceId instance) override;
  const Signature& FunctionSignature(Extern function) const override;
  std::span<uint8_t> MemoryBytes(Extern memory) override;
  Value GetGlobal(Extern global) const override;
  void SetGlobal(Extern global, Value value) override;
  uint32_t TableSize(Extern table) const override;
  std::optional<Value> GetTableElement(Extern table,
                                       uint32_t index) const override;
  Value InstanceGlobal(InstanceId instance, uint32_t index) const override;
  std::optional<Extern> FunctionOfReference(Value reference) const override;

  // For runs.
  const GasObserver& observer() const { return observer_; }
  const Signature& TypeAt(uint32_t type) const { return types_[type]; }
  FunctionInstance& FunctionAt(uint64_t reference) {
    return *functions_[reference - 1];
  }

 private:
  // instantiate.cc
  uint32_t InternType(Signature signature);
  Signature SignatureOf(const Program& program, uint32_t type) const;
  std::optional<ExternType> TypeOf(const Extern& given) const;
  ModuleInstance& AllocateInstance(std::shared_ptr<const Program> program,
                                   std::span<const Extern> imports);
  void AllocateFunctions(ModuleInstance& instance);
  absl::Status AllocateTables(ModuleInstance& instance);
  absl::Status AllocateMemory(ModuleInstance& instance);
  void AllocateGlobals(ModuleInstance& instance);
  void EvaluateElements(ModuleInstance& instance);
  void NameExports(ModuleInstance& instance);
  uint64_t Evaluate(const ModuleInstance& instance,
                    const wasm::ConstExpr& expression) const;
  bool Initialise(ModuleInstance& instance, Run& run);
  bool InitialiseTables(ModuleInstance& instance, Run& run);
  bool InitialiseMemory(ModuleInstance& instance, Run& run);

  GasObserver observer_;
  // Function types by number, and numbers by the types' bytes.
  std::vector<Signature> types_;
  absl::btree_map<std::string, uint32_t> type_numbers_;
  std::vector<std::unique_ptr<FunctionInstance>> functions_;
  std::vector<std::unique_ptr<TableInstance>> tables_;
  std::vector<std::unique_ptr<MemoryInstance>> memories_;
  std::vector<std::unique_ptr<GlobalInstance>> globals_;
  std::vector<std::unique_ptr<ModuleInstance>> instances_;
};

}  // namespace ingot::runtime::interpreter

#endif  // RUNTIME_INTERPRETER_INTERPRETER_STORE_H_
