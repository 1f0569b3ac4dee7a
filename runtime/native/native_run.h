#ifndef RUNTIME_NATIVE_NATIVE_RUN_H_
#define RUNTIME_NATIVE_NATIVE_RUN_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "runtime/native/activation.h"
#include "runtime/native/fault_handler.h"
#include "runtime/native/native_instance.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/transaction.h"

// One run of the native engine: what happens between the host's call of a
// store and its return. In: a function to invoke and a gas limit. Out: an
// outcome or a fault.
//
// Gas: while wasm code runs the counter is in r14; `gas_` has it whenever C++
// runs. It is below 0 when the limit was passed; every observation point looks.
//
// Operations return false when they stopped the run; the reason is then in
// outcome_ or fault_.

namespace ingot::runtime {

class NativeStore;

class NativeRun final : private Caller {
 public:
  NativeRun(NativeStore& store, Transaction& transaction, uint64_t gas_limit,
            Phase phase);
  ~NativeRun() override;
  NativeRun(const NativeRun&) = delete;
  NativeRun& operator=(const NativeRun&) = delete;

  // False when this run is nested deeper than the transaction allows, which is
  // a stack overflow at `callee` (null: nowhere), or the transaction is
  // cancelled. Once, before all else.
  [[nodiscard]] bool Begin(const NativeFunction* callee);

  // An observation point. Fee and gas are at most 2^62 each.
  [[nodiscard]] bool PayFee(uint64_t fee) {
    gas_ -= static_cast<int64_t>(fee);
    return gas_ >= 0 || OutOfGas();
  }
  // A trap outside any function.
  bool TrapAtModuleOffset(TrapCode trap, uint32_t offset);
  bool Fault(absl::Status fault);
  // A fault: a funcref from native code that is none. Only a defect of the
  // compiler makes one.
  bool MadeUpReference();

  // Calls `function` as the host does. The arguments fit its type.
  [[nodiscard]] bool Invoke(const NativeFunction& function,
                            std::span<const Value> args);

  // How the run ended; a non-OK status is a fault. Once, after all else.
  absl::StatusOr<Outcome> Finish();

  // From the stubs, with this run innermost.
  Resume HostCall(ExitRecord& record);
  const uint64_t* PlainHostCall(ExitRecord& record);
  Resume Builtin(ExitRecord& record);

 private:
  friend class BuiltinCall;  // native_builtins.cc

  static constexpr uint32_t kBacktraceFrames = 64;

  // What a host function sees. It was called by record_, or by nobody's code
  // while that is null.
  Store& store() override;
  Transaction& transaction() override { return transaction_; }
  InstanceId instance() const override;
  uint64_t GasLeft() const override {
    return gas_ < 0 ? 0 : static_cast<uint64_t>(gas_);
  }
  // When a host function cannot pay, the run ends as out of gas whatever it then
  // returns.
  bool ChargeGas(uint64_t price) override;
  std::span<uint8_t> Memory() override;
  // Null: the host itself.
  NativeInstance* CallingInstance() const;

  // Places arguments, enters wasm code, takes what comes back.
  bool Enter(const NativeFunction& function, std::span<const Value> args,
             uint64_t entry_units);
  bool PrepareStack();
  bool TakeResults(const Signature& signature, const EntryRecord& record);
  bool TakeFault(const FaultRecord& fault);
  bool CallHost(const NativeHostFunction& host, std::span<const Value> args,
                std::span<Value> results);
  bool TakeHostResult(HostResult result);
  // Of a plain host function that returned false, or that could not pay.
  [[gnu::cold, gnu::noinline]] bool TakePlainFailure(bool ok);

  [[gnu::cold]] bool OutOfGas();
  bool Cancelled();
  // At the call site that wasm code left by.
  bool TrapAtCall(TrapCode trap);
  // Fills in where the run ended: at the trap entry or call site `site`, in the
  // frame that begins at `frame_bottom` of the function at `pc`.
  void Locate(const abi::TrapEntry* site, uint64_t pc, uint64_t frame_bottom);
  // The same in the frame that a call with this return address left; what was
  // called has its stack results at `results_at`. False: the host called.
  bool LocateCaller(uint64_t return_address, uint64_t results_at);
  // Where that frame begins.
  uint64_t CallerBottom(uint64_t return_address, uint64_t results_at) const;
  // The same for a call into the runtime, by record_.
  void LocateCall();
  // A stack overflow whose caller is the host.
  void LocateEntry(const NativeProgram& program, uint32_t defined);
  void LocateEntry(const NativeFunction& callee);
  const abi::TrapEntry* CallSiteAt(uint64_t return_address) const;

  NativeStore& store_;
  Transaction& transaction_;
  const uint64_t gas_limit_;
  int64_t gas_;
  bool host_out_of_gas_ = false;
  bool begun_ = false;
  const uint64_t stack_before_;  // transaction's stack_used
  uint64_t stack_top_ = 0;       // once wasm code was entered
  const ExitRecord* record_ = nullptr;  // the innermost call into the runtime
  uint64_t results_at_ = 0;             // its stack results
  Outcome outcome_;
  absl::Status fault_;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_NATIVE_RUN_H_
