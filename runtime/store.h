#ifndef RUNTIME_STORE_H_
#define RUNTIME_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "compiler/wasm/module.h"
#include "runtime/outcome.h"
#include "runtime/program.h"
#include "runtime/transaction.h"

// The executor's interface, equal for both engines: a store holds instances
// that may be linked to each other, and what they share with the host. The
// native engine (runtime/native/) and the reference interpreter
// (runtime/interpreter/) each implement it; tests run both behind it and
// compare outcomes, memories and gas.
//
// A non-OK absl::Status is a fault: out of host memory, misuse by the host.
// Whatever a contract does is an Outcome. One thread at a time per store; any
// number of stores at once.

namespace ingot::runtime {

// Something importable: the index is the store's own numbering of its kind.
struct Extern {
  wasm::ExternKind kind = wasm::ExternKind::kFunc;
  uint32_t index = 0;

  friend bool operator==(const Extern&, const Extern&) = default;
};

using InstanceId = uint32_t;
inline constexpr InstanceId kNoInstance = 0xFFFFFFFF;

struct Signature {
  std::vector<wasm::ValType> params;
  std::vector<wasm::ValType> results;

  friend bool operator==(const Signature&, const Signature&) = default;
};

class Store;

// What a host function did. Its gas is charged the same in every case.
struct HostResult {
  enum class Kind : uint8_t { kOk, kTrap, kRevert, kOutOfGas, kFault };
  Kind kind = Kind::kOk;
  TrapCode trap = TrapCode::kNone;
  uint64_t code = 0;
  std::string message = {};
  absl::Status fault = {};

  static HostResult Ok() { return {}; }
  static HostResult Trap(TrapCode trap) {
    return {.kind = Kind::kTrap, .trap = trap};
  }
  // Ends the whole run with OutcomeKind::kReverted.
  static HostResult Revert(uint64_t code, std::string message) {
    return {.kind = Kind::kRevert, .code = code, .message = std::move(message)};
  }
  static HostResult OutOfGas() { return {.kind = Kind::kOutOfGas}; }
  static HostResult Fault(absl::Status status) {
    return {.kind = Kind::kFault, .fault = std::move(status)};
  }
};

// What a host function sees of the run that called it.
class Caller {
 public:
  virtual ~Caller() = default;

  virtual Store& store() = 0;
  virtual Transaction& transaction() = 0;
  // The instance whose code made the call; kNoInstance if the host called its
  // own function through the store.
  virtual InstanceId instance() const = 0;

  // Exact gas left, and paying from it. False when the price exceeds what is
  // left: the host function must then return HostResult::OutOfGas().
  virtual uint64_t GasLeft() const = 0;
  [[nodiscard]] virtual bool ChargeGas(uint64_t price) = 0;

  // Memory 0 of the calling instance; empty when it has none. Valid until wasm
  // runs again.
  virtual std::span<uint8_t> Memory() = 0;
  // Checked access: nullopt when [address, address + size) is out of bounds.
  std::optional<std::span<uint8_t>> MemoryRange(uint64_t address,
                                                uint64_t size) {
    const std::span<uint8_t> memory = Memory();
    if (size > memory.size() || address > memory.size() - size) {
      return std::nullopt;
    }
    return memory.subspan(address, size);
  }

  // What a PlainHostFunction that returns false ends with.
  void Fail(HostResult result) { failure_ = std::move(result); }
  // For an engine whose caller serves more than one call: before each.
  void ForgetFailure() {
    if (failure_.has_value()) [[unlikely]] failure_.reset();
  }
  HostResult TakeFailure() {
    return failure_.has_value()
               ? *std::move(failure_)
               : HostResult::Fault(absl::InternalError("no reason is given"));
  }

 private:
  std::optional<HostResult> failure_;
};

// `results` has one element per result, already typed, bits 0.
using HostFunction = std::function<HostResult(
    Caller& caller, std::span<const Value> args, std::span<Value> results)>;

// A host function for calls that come often: numbers in a row, no allocation.
// `values` has room for kPlainValues and holds the arguments' bits, then the
// results'; the upper half of an i32 is 0 among the arguments and not looked at
// among the results. False: as Caller::Fail says.
using PlainHostFunction = bool (*)(void* state, Caller& caller,
                                   uint64_t* values);
inline constexpr size_t kPlainValues = 6;

// At most kPlainValues parameters, and as many results, i32 or i64 each.
bool IsPlain(const Signature& signature);
// The same function in the general form.
HostFunction FromPlain(PlainHostFunction fn, void* state);

class Store {
 public:
  virtual ~Store() = default;

  // Things of the host.
  virtual Extern AddHostFunction(Signature signature, HostFunction fn) = 0;
  // The signature is plain. `state` lives as long as the store.
  virtual Extern AddPlainHostFunction(Signature signature,
                                      PlainHostFunction fn, void* state) {
    return AddHostFunction(std::move(signature), FromPlain(fn, state));
  }
  virtual absl::StatusOr<Extern> AddMemory(const wasm::Limits& pages) = 0;
  virtual absl::StatusOr<Extern> AddTable(const wasm::TableType& type) = 0;
  virtual Extern AddGlobal(const wasm::GlobalType& type, Value value) = 0;

  // Instantiates `program` with one Extern per import, in order. The imports
  // must match in kind and type (kInvalidArgument names the first that does
  // not: CheckImports is the test alone). Charges the schedule's fees, runs
  // initialisers and the start function; on an outcome other than kReturned
  // the instance still exists for what other instances hold of it, unless its
  // fees, its pages or the nesting were refused (runtime/README.md).
  struct Instantiation {
    InstanceId instance = kNoInstance;
    Outcome outcome;
  };
  virtual absl::StatusOr<Instantiation> Instantiate(
      std::shared_ptr<const Program> program, std::span<const Extern> imports,
      Transaction& transaction, uint64_t gas_limit) = 0;

  virtual absl::Status CheckImports(const Program& program,
                                    std::span<const Extern> imports) const = 0;

  // Puts an instance back to what instantiation made of it, but for memory 0,
  // which becomes as long as `memory` and equal to it. For a host that keeps an
  // instance where it would make another; costs no gas and counts no pages.
  // False, and nothing is changed, when the engine or the module cannot (a
  // module that imports more than functions or has a start function): make
  // another then. Views of the memory end here.
  virtual absl::StatusOr<bool> Reset(InstanceId instance,
                                     std::span<const uint8_t> memory) {
    (void)instance;
    (void)memory;
    return false;
  }

  // Calls a function under a gas limit (at most 2^62; a larger one means
  // that). Arguments must match its type (kInvalidArgument).
  virtual absl::StatusOr<Outcome> Call(Extern function,
                                       std::span<const Value> args,
                                       Transaction& transaction,
                                       uint64_t gas_limit) = 0;

  virtual std::optional<Extern> FindExport(InstanceId instance,
                                           std::string_view name) const = 0;
  // Memory 0 of an instance; empty without one.
  virtual std::span<uint8_t> InstanceMemory(InstanceId instance) = 0;

  virtual const Signature& FunctionSignature(Extern function) const = 0;
  virtual std::span<uint8_t> MemoryBytes(Extern memory) = 0;
  virtual Value GetGlobal(Extern global) const = 0;
  virtual void SetGlobal(Extern global, Value value) = 0;
  virtual uint32_t TableSize(Extern table) const = 0;
  virtual std::optional<Value> GetTableElement(Extern table,
                                               uint32_t index) const = 0;
  // Global `index` of an instance's index space, exported or not: for tests
  // that compare final states.
  virtual Value InstanceGlobal(InstanceId instance, uint32_t index) const = 0;
  // The function behind a funcref value of this store; nullopt for null.
  virtual std::optional<Extern> FunctionOfReference(Value reference) const = 0;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_STORE_H_
