#include "runtime/interpreter/run.h"

#include <xmmintrin.h>

#include <algorithm>
#include <utility>

#include "compiler/abi/calling_convention.h"
#include "compiler/base/check.h"

// Calls, returns, host functions and how a run ends (core specification 2.0,
// 4.4.10 "Function calls", 4.5.5 "Invocation"). The order of effects of a call
// is DESIGN.md 4.6: stack, then the callee's entry price.

namespace ingot::runtime::interpreter {
namespace {

// The floating-point environment that the specification describes: rounding
// to nearest, no traps, subnormals kept. The host's comes back at the end.
class FloatEnvironment {
 public:
  explicit FloatEnvironment(uint32_t wanted) : saved_(_mm_getcsr()) {
    _mm_setcsr(wanted);
  }
  ~FloatEnvironment() { _mm_setcsr(saved_); }
  uint32_t saved() const { return saved_; }

 private:
  uint32_t saved_;
};

constexpr uint32_t kWasmFloats = 0x1F80;

// What a host function sees.
class RunCaller final : public Caller {
 public:
  RunCaller(Run& run, ModuleInstance* module) : run_(run), module_(module) {}

  Store& store() override { return run_.store(); }
  Transaction& transaction() override { return run_.transaction(); }
  InstanceId instance() const override {
    return module_ == nullptr ? kNoInstance : module_->id;
  }
  uint64_t GasLeft() const override { return run_.gas_left(); }
  bool ChargeGas(uint64_t price) override { return run_.PayFromHost(price); }
  std::span<uint8_t> Memory() override {
    if (module_ == nullptr || module_->memory == nullptr) return {};
    return module_->memory->bytes.bytes();
  }

 private:
  Run& run_;
  ModuleInstance* module_;
};

bool IsNarrow(wasm::ValType type) {
  return type == wasm::ValType::kI32 || type == wasm::ValType::kF32;
}

uint64_t Normal(wasm::ValType type, uint64_t bits) {
  return IsNarrow(type) ? static_cast<uint32_t>(bits) : bits;
}

}  // namespace

Run::Run(InterpreterStore& store, Transaction& transaction, uint64_t gas_limit,
         Phase phase)
    : store_(store),
      transaction_(transaction),
      gas_limit_(Gas::FromLimit(gas_limit).value()),
      stack_before_(transaction.stack_used) {
  outcome_.phase = phase;
  outcome_.gas_limit = gas_limit_;
}

Run::~Run() {
  if (begun_) --transaction_.depth;
  transaction_.stack_used = stack_before_;
}

bool Run::Begin(const FunctionInstance* callee) {
  if (transaction_.cancelled()) return Cancelled();
  if (transaction_.depth > transaction_.budget().nesting) {
    outcome_.kind = OutcomeKind::kTrapped;
    outcome_.trap = TrapCode::kStackOverflow;
    if (callee != nullptr && callee->module != nullptr) {
      const Program& program = *callee->module->program;
      outcome_.function = callee->module_index;
      outcome_.offset =
          program.arena().Get(program.module().bodies, callee->body).begin;
      outcome_.backtrace = {{outcome_.function, outcome_.offset}};
    }
    return false;
  }
  ++transaction_.depth;
  begun_ = true;
  return true;
}

void Run::Observe() const {
  if (store_.observer()) store_.observer()(gas_used_);
}

bool Run::OutOfGas() {
  outcome_.kind = OutcomeKind::kOutOfGas;
  gas_used_ = gas_limit_;
  return false;
}

bool Run::PayFee(uint64_t fee) {
  gas_used_ += fee;
  if (gas_used_ > gas_limit_) return OutOfGas();
  Observe();
  return true;
}

bool Run::PayFromHost(uint64_t price) {
  if (price > gas_left()) {
    host_out_of_gas_ = true;
    return false;
  }
  gas_used_ += price;
  Observe();
  return true;
}

void Run::Locate() {
  const size_t count = std::min<size_t>(frames_.size(), kBacktraceFrames);
  for (size_t i = 0; i < count; ++i) {
    const Activation& frame = frames_[frames_.size() - 1 - i];
    outcome_.backtrace.push_back(
        {frame.function->module_index, frame.code->offsets[frame.pc]});
  }
  if (count != 0) {
    outcome_.function = outcome_.backtrace[0].function;
    outcome_.offset = outcome_.backtrace[0].offset;
  }
}

bool Run::Trap(TrapCode trap) {
  Observe();
  outcome_.kind = OutcomeKind::kTrapped;
  outcome_.trap = trap;
  Locate();
  return false;
}

bool Run::TrapAtModuleOffset(TrapCode trap, uint32_t offset) {
  INGOT_CHECK(frames_.empty());
  (void)Trap(trap);
  outcome_.offset = offset;
  return false;
}

bool Run::Fault(absl::Status fault) {
  fault_ = std::move(fault);
  return false;
}

bool Run::Cancelled() {
  return Fault(absl::CancelledError("the transaction was cancelled"));
}

void Run::Reserve(uint64_t from, uint64_t slots) {
  const uint64_t end = from + slots;
  if (end <= stack_.size()) return;
  const uint64_t top = sp_ == nullptr ? 0 : sp_ - stack_.data();
  stack_.resize(std::max<uint64_t>(end, 2 * stack_.size()));
  sp_ = stack_.data() + top;
}

bool Run::Invoke(FunctionInstance& function, std::span<const Value> args) {
  const Signature& type = store_.TypeAt(function.type);
  const uint64_t slots =
      abi::StackSlots(type.params) + abi::StackSlots(type.results);
  entry_units_ = stack_before_ + ((8 * slots + 15) & ~uint64_t{15});
  Reserve(0, 256 + std::max(type.params.size(), type.results.size()));
  sp_ = stack_.data();
  for (const Value& arg : args) Push(Normal(arg.type, arg.bits));
  {
    const FloatEnvironment floats(kWasmFloats);
    host_floats_ = floats.saved();
    if (!Call(function, nullptr, entry_units_)) return false;
    if (!frames_.empty() && !Execute()) return false;
  }
  Observe();
  outcome_.results.clear();
  for (size_t i = 0; i < type.results.size(); ++i) {
    outcome_.results.push_back({type.results[i], stack_[i]});
  }
  return true;
}

absl::StatusOr<Outcome> Run::Finish() {
  if (!fault_.ok()) return fault_;
  outcome_.gas_used = gas_used_;
  return std::move(outcome_);
}

bool Run::Call(FunctionInstance& callee, ModuleInstance* caller,
               uint64_t units) {
  return callee.module == nullptr ? CallHost(callee, caller, units)
                                  : CallWasm(callee, units);
}

bool Run::ExecuteCall(FunctionInstance& callee, bool tail) {
  ModuleInstance* caller = &module();
  uint64_t units = frames_.back().units;
  if (tail) {
    const Activation& left = frames_.back();
    const std::vector<wasm::ValType>& params =
        store_.TypeAt(callee.type).params;
    units -= left.code->frame_units;
    units += 8 * uint64_t{abi::StackSlots(params)};
    units -= 8 * uint64_t{abi::StackSlots(
                     store_.TypeAt(left.function->type).params)};
    DropFrame(params.size());
  }
  if (!Call(callee, caller, units)) return false;
  // A host function has returned.
  if (callee.module == nullptr && !frames_.empty()) ++frames_.back().pc;
  return true;
}

bool Run::CallWasm(FunctionInstance& callee, uint64_t units) {
  const Program& program = *callee.module->program;
  if (callee.code == nullptr) {
    callee.code =
        PrepareCode(program, callee.body, program.profile().execution);
  }
  const Code& code = *callee.code;
  const uint64_t units_after = units + code.frame_units;
  if (units_after > transaction_.budget().stack_units) {
    (void)Trap(TrapCode::kStackOverflow);
    if (frames_.empty()) {
      outcome_.function = callee.module_index;
      outcome_.offset =
          program.arena().Get(program.module().bodies, callee.body).begin;
      outcome_.backtrace = {{outcome_.function, outcome_.offset}};
    }
    return false;
  }
  gas_used_ += code.entry_price;
  if (gas_used_ > gas_limit_) return OutOfGas();
  const uint64_t locals = sp_ - stack_.data() - code.params;
  Reserve(locals, uint64_t{code.locals} + code.max_height + 1);
  std::fill(sp_, sp_ + (code.locals - code.params), 0);
  sp_ += code.locals - code.params;
  frames_.push_back({&callee, &code, 0, locals, units_after});
  return true;
}

bool Run::CallHost(FunctionInstance& callee, ModuleInstance* caller,
                   uint64_t units) {
  Observe();
  const Signature& type = store_.TypeAt(callee.type);
  std::vector<Value> args;
  std::vector<Value> results;
  sp_ -= type.params.size();
  for (size_t i = 0; i < type.params.size(); ++i) {
    args.push_back({type.params[i], sp_[i]});
  }
  for (wasm::ValType result : type.results) results.push_back({result, 0});
  RunCaller run_caller(*this, caller);
  transaction_.stack_used = units;
  HostResult result;
  {
    const FloatEnvironment floats(host_floats_);
    result = callee.host(run_caller, args, results);
  }
  transaction_.stack_used = stack_before_;
  return TakeHostResult(callee, result, results);
}

bool Run::TakeHostResult(const FunctionInstance& callee,
                         const HostResult& result,
                         std::span<const Value> results) {
  if (result.kind == HostResult::Kind::kFault) {
    return Fault(result.fault.ok()
                     ? absl::InternalError("a host function failed")
                     : result.fault);
  }
  if (host_out_of_gas_ || result.kind == HostResult::Kind::kOutOfGas) {
    return OutOfGas();
  }
  if (result.kind == HostResult::Kind::kTrap) return Trap(result.trap);
  if (result.kind == HostResult::Kind::kRevert) {
    Observe();
    outcome_.kind = OutcomeKind::kReverted;
    outcome_.revert_code = result.code;
    outcome_.revert_message = result.message;
    Locate();
    return false;
  }
  const Signature& type = store_.TypeAt(callee.type);
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].type != type.results[i]) {
      return Fault(absl::InternalError(
          "a host function returned a value of another type"));
    }
    Push(Normal(results[i].type, results[i].bits));
  }
  Observe();
  return true;
}

void Run::DropFrame(uint32_t args) {
  uint64_t* to = stack_.data() + frames_.back().locals;
  std::copy(sp_ - args, sp_, to);
  sp_ = to + args;
  frames_.pop_back();
}

void Run::Return(uint32_t results) {
  DropFrame(results);
  if (!frames_.empty()) ++frames_.back().pc;
}

}  // namespace ingot::runtime::interpreter
