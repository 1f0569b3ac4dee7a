#ifndef RUNTIME_NATIVE_NATIVE_STORE_H_
#define RUNTIME_NATIVE_NATIVE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "runtime/import_matching.h"
#include "runtime/native/activation.h"
#include "runtime/native/native_instance.h"
#include "runtime/store.h"

// The native engine's store: owns all instances, numbers them in the order of
// their making, runs their code. Programs must be NativePrograms
// (kInvalidArgument otherwise).

namespace ingot::runtime {

class NativeRun;

class NativeStore final : public Store {
 public:
  NativeStore() = default;
  // Native code holds addresses within the store.
  NativeStore(const NativeStore&) = delete;
  NativeStore& operator=(const NativeStore&) = delete;

  Extern AddHostFunction(Signature signature, HostFunction fn) override;
  Extern AddPlainHostFunction(Signature signature, PlainHostFunction fn,
                              void* state) override;
  // All of them; the first is returned, and the others are numbered on from it.
  Extern AddHostFunctions(std::shared_ptr<const NativeHostFunctions> functions);
  absl::StatusOr<Extern> AddMemory(const wasm::Limits& pages) override;
  absl::StatusOr<Extern> AddTable(const wasm::TableType& type) override;
  Extern AddGlobal(const wasm::GlobalType& type, Value value) override;

  absl::StatusOr<Instantiation> Instantiate(
      std::shared_ptr<const Program> program, std::span<const Extern> imports,
      Transaction& transaction, uint64_t gas_limit) override;
  absl::Status CheckImports(const Program& program,
                            std::span<const Extern> imports) const override;
  absl::StatusOr<bool> Reset(InstanceId instance,
                             std::span<const uint8_t> memory) override;
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
  ExecutionState& state() { return state_; }
  // `index` is one of the store's.
  NativeFunction FunctionAt(uint32_t index) const;
  NativeTable& TableAt(uint32_t index) { return *tables_[index]; }
  // Makes all frames of this store end at `limit`.
  uint64_t stack_limit() const { return stack_limit_; }
  void SetStackLimit(uint64_t limit);
  // The program whose code holds an address; null when there is none.
  const NativeProgram* ProgramAt(uint64_t code_address) const;

  // Whether native code may have this as a value of this type: any bits but
  // for a funcref, which is 0 or the address of a FuncRef of this store. Native
  // code is not trusted with references: what it hands over is asked here.
  bool IsValue(wasm::ValType type, uint64_t native) const {
    return type != wasm::ValType::kFuncRef || native == 0 || IsFuncRef(native);
  }
  // References as native code has them, and as values. What is no value becomes
  // null; false when it is a reference to no function of this store.
  uint64_t ToValueBits(wasm::ValType type, uint64_t native) const {
    const bool is_reference = type == wasm::ValType::kFuncRef && native != 0;
    return is_reference ? FunctionBits(native) : native;
  }
  [[nodiscard]] bool FromValueBits(Value value, uint64_t* native) const;

  // native_instantiate.cc: 4.4.9 "Expressions" of the constant kind.
  uint64_t Evaluate(const NativeInstance& instance,
                    const wasm::ConstExpr& expression) const;
  // The value of an element's initialiser, by its place in the module.
  uint64_t ElementAt(const NativeInstance& instance, uint32_t init) const;

 private:
  bool IsFuncRef(uint64_t native) const;
  uint64_t FunctionBits(uint64_t native) const;
  std::optional<ExternType> TypeOf(const Extern& given) const;
  absl::StatusOr<NativeInstance*> Allocate(
      std::shared_ptr<const NativeProgram> program,
      std::span<const Extern> imports);
  absl::Status AllocateBase(NativeInstance& instance);
  void FillHeader(uint8_t* base, VmctxOwner& owner);
  absl::Status AllocateFunctions(NativeInstance& instance,
                                 std::span<const Extern> imports);
  absl::Status AllocateTables(NativeInstance& instance,
                              std::span<const Extern> imports);
  void AllocateGlobals(NativeInstance& instance,
                       std::span<const Extern> imports);
  // Native code writes globals itself: a funcref that is none reads as null.
  uint64_t GlobalValue(const NativeGlobal& global) const {
    const uint64_t bits = global.bits();
    return IsValue(global.type.type, bits) ? bits : 0;
  }
  [[nodiscard]] bool ResetMemory(NativeMemory& memory,
                                 std::span<const uint8_t> contents);
  [[nodiscard]] bool ResetTables(NativeInstance& instance);
  bool Initialise(NativeInstance& instance, NativeRun& run);
  bool InitialiseTables(NativeInstance& instance, NativeRun& run);
  bool InitialiseMemory(NativeInstance& instance, NativeRun& run);

  ExecutionState state_;
  uint64_t stack_limit_ = 0;
  std::vector<NativeFunctions> functions_;
  uint32_t num_functions_ = 0;
  // What the store was given of the host, and its own part of each function.
  std::vector<std::shared_ptr<const NativeHostFunctions>> host_entries_;
  std::vector<std::unique_ptr<NativeHostFunction[]>> hosts_;
  std::vector<std::unique_ptr<NativeTable>> tables_;
  std::vector<std::unique_ptr<NativeMemory>> memories_;
  std::vector<NativeGlobal> globals_;
  std::vector<std::unique_ptr<NativeInstance>> instances_;
  // Arrays of FuncRefs by the address of their first.
  struct References {
    uint32_t count = 0;
    uint32_t stride = 0;  // in bytes
  };
  absl::btree_map<uint64_t, References> references_;
  // By the address at which a program's code begins.
  absl::btree_map<uint64_t, const NativeProgram*> programs_;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_NATIVE_STORE_H_
