// Entering and leaving wasm code, host functions, and how a run ends. The order
// of effects of a call is DESIGN.md 4.6: stack, then the callee's entry price;
// both are tested by native code, the entry's own stack units here.

#include "runtime/native/native_run.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "compiler/base/check.h"
#include "metering/gas.h"
#include "runtime/native/native_store.h"
#include "runtime/platform/wasm_stack.h"

namespace ingot::runtime {

static_assert(kPlainValues == abi::kIntRegisters);

namespace {

// The values of one call of the host, which is often a short one: on the stack,
// and not looked at before they are written, if they are as few as usual.
class CallValues {
 public:
  explicit CallValues(size_t count) {
    if (count > kUsual) more_.resize(count);
    values_ = count > kUsual ? more_.data() : reinterpret_cast<Value*>(usual_);
  }
  CallValues(const CallValues&) = delete;
  CallValues& operator=(const CallValues&) = delete;

  Value* data() { return values_; }

 private:
  static constexpr size_t kUsual = 8;
  // Values are of implicit lifetime: being stored to, they exist.
  static_assert(std::is_trivially_copyable_v<Value>);
  static_assert(std::is_trivially_destructible_v<Value>);

  alignas(Value) uint8_t usual_[kUsual * sizeof(Value)];
  std::vector<Value> more_;
  Value* values_;
};

// What must be left of the host's stack when wasm code is entered: for the
// stubs, the builtins and the host's own functions.
constexpr uint64_t kHostStackReserve = 128 * 1024;

bool IsNarrow(wasm::ValType type) {
  return type == wasm::ValType::kI32 || type == wasm::ValType::kF32;
}

uint64_t Normal(wasm::ValType type, uint64_t bits) {
  return IsNarrow(type) ? static_cast<uint32_t>(bits) : bits;
}

// Walks values of a list and the places where they stand: in `registers`, or in
// the stack slots from `slots` on.
class ValuePlaces {
 public:
  ValuePlaces(ValueRegisters& registers, uint64_t slots)
      : registers_(registers), slots_(reinterpret_cast<uint64_t*>(slots)) {}

  // Past the last stack slot that was passed.
  uint64_t end() const {
    return reinterpret_cast<uint64_t>(slots_ + cursor_.slots);
  }

  uint64_t& Next(wasm::ValType type) {
    const abi::ArgumentCursor::Place place = cursor_.Next(type);
    if (!place.in_register) return slots_[place.index];
    return place.is_float ? registers_.floats[place.index]
                          : registers_.ints[place.index];
  }

 private:
  ValueRegisters& registers_;
  uint64_t* slots_;
  abi::ArgumentCursor cursor_;
};

HostResult CallSafely(const HostFunction& function, Caller& caller,
                      std::span<const Value> args, std::span<Value> results) {
  try {
    return function(caller, args, results);
  } catch (...) {
    return HostResult::Fault(
        absl::InternalError("a host function threw an exception"));
  }
}

[[gnu::cold, gnu::noinline]] void FailByException(Caller& caller) {
  caller.Fail(HostResult::Fault(
      absl::InternalError("a host function threw an exception")));
}

bool CallPlainly(const HostFunctionEntry& entry, Caller& caller,
                 uint64_t* values) {
  try {
    return entry.plain(entry.state, caller, values);
  } catch (...) {
    FailByException(caller);
    return false;
  }
}

bool HostStackIsShort() {
  const platform::StackBounds stack = platform::ThreadStack();
  const uint64_t here = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  return here >= stack.lowest && here < stack.highest &&
         here - stack.lowest < kHostStackReserve;
}

uint32_t CodeOffset(const NativeProgram& program, uint64_t address) {
  return static_cast<uint32_t>(
      address - reinterpret_cast<uint64_t>(program.code().data()));
}

}  // namespace

NativeRun::NativeRun(NativeStore& store, Transaction& transaction,
                     uint64_t gas_limit, Phase phase)
    : store_(store),
      transaction_(transaction),
      gas_limit_(Gas::FromLimit(gas_limit).value()),
      gas_(static_cast<int64_t>(gas_limit_)),
      stack_before_(transaction.stack_used) {
  outcome_.phase = phase;
  outcome_.gas_limit = gas_limit_;
}

NativeRun::~NativeRun() {
  if (begun_) --transaction_.depth;
  transaction_.stack_used = stack_before_;
}

bool NativeRun::Begin(const NativeFunction* callee) {
  if (transaction_.cancelled()) return Cancelled();
  if (transaction_.depth > transaction_.budget().nesting) {
    outcome_.kind = OutcomeKind::kTrapped;
    outcome_.trap = TrapCode::kStackOverflow;
    if (callee != nullptr && callee->instance != nullptr) LocateEntry(*callee);
    return false;
  }
  if (transaction_.depth++ == 0) {
    transaction_.SetThread(platform::ThisThread());
  }
  begun_ = true;
  return true;
}

bool NativeRun::OutOfGas() {
  outcome_.kind = OutcomeKind::kOutOfGas;
  gas_ = 0;
  return false;
}

bool NativeRun::Fault(absl::Status fault) {
  fault_ = std::move(fault);
  return false;
}

bool NativeRun::Cancelled() {
  return Fault(absl::CancelledError("the transaction was cancelled"));
}

bool NativeRun::MadeUpReference() {
  return Fault(
      absl::InternalError("native code made a reference to no function"));
}

bool NativeRun::TrapAtModuleOffset(TrapCode trap, uint32_t offset) {
  outcome_.kind = OutcomeKind::kTrapped;
  outcome_.trap = trap;
  outcome_.offset = offset;
  return false;
}

bool NativeRun::TrapAtCall(TrapCode trap) {
  outcome_.kind = OutcomeKind::kTrapped;
  outcome_.trap = trap;
  LocateCall();
  return false;
}

absl::StatusOr<Outcome> NativeRun::Finish() {
  if (!fault_.ok()) return fault_;
  outcome_.gas_used = gas_limit_ - GasLeft();
  return std::move(outcome_);
}

// --- Where a run ended ----------------------------------------------------

const abi::TrapEntry* NativeRun::CallSiteAt(uint64_t return_address) const {
  const NativeProgram* program = store_.ProgramAt(return_address);
  if (program == nullptr) return nullptr;
  return program->FindCallSite(CodeOffset(*program, return_address));
}

void NativeRun::Locate(const abi::TrapEntry* site, uint64_t pc,
                       uint64_t frame_bottom) {
  std::vector<Frame>& frames = outcome_.backtrace;
  while (site != nullptr && frames.size() < kBacktraceFrames) {
    frames.push_back({site->function, site->wasm_offset});
    const NativeProgram* program = store_.ProgramAt(pc);
    if (program == nullptr) break;
    const auto function = program->FindFunction(CodeOffset(*program, pc));
    if (!function.has_value()) break;
    const uint64_t frame_end =
        frame_bottom + program->artifact().functions[*function].frame_bytes;
    if (!transaction_.stack->Contains(frame_end - 8)) break;
    const uint64_t caller = *reinterpret_cast<uint64_t*>(frame_end - 8);
    site = CallSiteAt(caller);  // null: the host
    if (site == nullptr) break;
    // Behind a tail call the function's arguments are not as many as its
    // caller's call had; its results are where that call wants them.
    frame_bottom = CallerBottom(
        caller, frame_end + program->StackArgumentBytes(*function));
    pc = caller - 1;  // within the call, whatever follows it
  }
  if (frames.empty()) return;
  outcome_.function = frames[0].function;
  outcome_.offset = frames[0].offset;
}

uint64_t NativeRun::CallerBottom(uint64_t return_address,
                                 uint64_t results_at) const {
  const NativeProgram& program = *store_.ProgramAt(return_address);
  return results_at - program.PoppedAt(CodeOffset(program, return_address));
}

bool NativeRun::LocateCaller(uint64_t return_address, uint64_t results_at) {
  const abi::TrapEntry* site = CallSiteAt(return_address);
  if (site == nullptr) return false;
  Locate(site, return_address - 1, CallerBottom(return_address, results_at));
  return true;
}

void NativeRun::LocateCall() {
  if (record_ == nullptr) return;
  LocateCaller(record_->return_address, results_at_);
}

void NativeRun::LocateEntry(const NativeProgram& program, uint32_t defined) {
  outcome_.function = program.module().imported_functions + defined;
  outcome_.offset = program.artifact().functions[defined].body_offset;
  outcome_.backtrace = {{outcome_.function, outcome_.offset}};
}

void NativeRun::LocateEntry(const NativeFunction& callee) {
  const NativeProgram& program = *callee.instance->program;
  LocateEntry(program,
              callee.ref->function - program.module().imported_functions);
}

bool NativeRun::TakeFault(const FaultRecord& fault) {
  const NativeProgram* program = store_.ProgramAt(fault.pc);
  const abi::TrapEntry* site =
      program == nullptr ? nullptr
                         : program->FindTrap(CodeOffset(*program, fault.pc));
  const auto code =
      site == nullptr ? TrapCode::kNone : static_cast<TrapCode>(site->code);
  if (site == nullptr ||
      (fault.in_memory && code != TrapCode::kOutOfBoundsMemory)) {
    return Fault(absl::InternalError("native code faulted at no trap site"));
  }
  gas_ = fault.gas - site->owed_minus_paid;
  if (code == TrapCode::kOutOfGas || gas_ < 0) return OutOfGas();
  outcome_.kind = OutcomeKind::kTrapped;
  outcome_.trap = code;
  if (code != TrapCode::kStackOverflow) {
    Locate(site, fault.pc, fault.sp);
    return false;
  }
  // The frame that did not fit is not there; its return address is.
  const auto function = program->FindFunction(CodeOffset(*program, fault.pc));
  if (!function.has_value()) {
    return Fault(absl::InternalError("native code faulted in no function"));
  }
  const uint64_t frame_end =
      fault.sp + program->artifact().functions[*function].frame_bytes;
  if (LocateCaller(*reinterpret_cast<uint64_t*>(frame_end - 8),
                   frame_end + program->StackArgumentBytes(*function))) {
    return false;
  }
  LocateEntry(*program, *function);
  return false;
}

// --- Host to wasm ---------------------------------------------------------

bool NativeRun::PrepareStack() {
  if (transaction_.stack == nullptr) {
    transaction_.stack = WasmStack::Create(transaction_.budget().stack_units);
  }
  if (transaction_.stack == nullptr) {
    return Fault(absl::ResourceExhaustedError(
        "the host has no memory left for a stack of wasm code"));
  }
  if (!PrepareForFaults()) {
    return Fault(absl::ResourceExhaustedError(
        "the host cannot handle faults on this thread"));
  }
  if (HostStackIsShort()) {
    return Fault(absl::ResourceExhaustedError(
        "too little of this thread's stack is left for the host"));
  }
  return true;
}

bool NativeRun::Invoke(const NativeFunction& function,
                       std::span<const Value> args) {
  const Signature& type = *function.signature;
  const uint64_t slots =
      abi::StackSlots(type.params) + abi::StackSlots(type.results);
  const uint64_t entry_units =
      stack_before_ + ((8 * slots + 15) & ~uint64_t{15});
  outcome_.results.clear();
  if (function.instance != nullptr) return Enter(function, args, entry_units);

  std::vector<Value> normal;
  for (const Value& arg : args) {
    normal.push_back({arg.type, Normal(arg.type, arg.bits)});
  }
  std::vector<Value> results;
  for (wasm::ValType result : type.results) results.push_back({result, 0});
  transaction_.stack_used = entry_units;
  if (!CallHost(*function.host, normal, results)) return false;
  outcome_.results.assign(results.begin(), results.end());
  return true;
}

bool NativeRun::Enter(const NativeFunction& function,
                      std::span<const Value> args, uint64_t entry_units) {
  if (entry_units > transaction_.budget().stack_units) {
    outcome_.kind = OutcomeKind::kTrapped;
    outcome_.trap = TrapCode::kStackOverflow;
    LocateEntry(function);
    return false;
  }
  if (!PrepareStack()) return false;
  stack_top_ = transaction_.stack->Top();
  const uint64_t entry_rsp = stack_top_ - entry_units;
  EntryRecord record = {};
  record.wasm_rsp = entry_rsp;
  record.gas = gas_;
  record.code = function.ref->code;
  record.base = function.ref->base;
  record.state = &store_.state();
  ValuePlaces places(record.values, entry_rsp);
  for (const Value& arg : args) {
    uint64_t bits = 0;
    if (!store_.FromValueBits(arg, &bits)) {
      return Fault(
          absl::InvalidArgumentError("a reference to no function"));
    }
    places.Next(arg.type) = bits;
  }

  const ExecutionState outer = store_.state();
  const uint64_t outer_limit = store_.stack_limit();
  void* const outer_slot = platform::ThreadSlot();
  FaultRecord fault;
  fault.state = &store_.state();
  store_.state().run = this;
  store_.state().stop = transaction_.stop_flag();
  store_.SetStackLimit(transaction_.stack->Limit());
  platform::SetThreadSlot(&fault);
  const uint32_t left = IngotEnterWasm(&record);
  platform::SetThreadSlot(outer_slot);
  store_.state() = outer;
  if (outer.run != nullptr) store_.SetStackLimit(outer_limit);

  if (fault.happened) return TakeFault(fault);
  if (left != 0) {
    // Nobody wrote down why: the run was told to stop.
    if (fault_.ok() && outcome_.kind == OutcomeKind::kReturned) {
      return Cancelled();
    }
    return false;
  }
  gas_ = record.gas;
  if (gas_ < 0) return OutOfGas();
  return TakeResults(*function.signature, record);
}

bool NativeRun::TakeResults(const Signature& signature,
                            const EntryRecord& record) {
  ValueRegisters registers = record.values;
  ValuePlaces places(registers, record.wasm_rsp);
  for (wasm::ValType type : signature.results) {
    const uint64_t bits = Normal(type, places.Next(type));
    if (!store_.IsValue(type, bits)) return MadeUpReference();
    outcome_.results.push_back({type, store_.ToValueBits(type, bits)});
  }
  return true;
}

// --- Wasm to host ---------------------------------------------------------

Store& NativeRun::store() { return store_; }

NativeInstance* NativeRun::CallingInstance() const {
  return record_ == nullptr ? nullptr : OwnerOf(record_->caller_base).instance;
}

InstanceId NativeRun::instance() const {
  const NativeInstance* caller = CallingInstance();
  return caller == nullptr ? kNoInstance : caller->id;
}

std::span<uint8_t> NativeRun::Memory() {
  const NativeInstance* caller = CallingInstance();
  if (caller == nullptr || caller->memory == nullptr) return {};
  return caller->memory->View();
}

bool NativeRun::ChargeGas(uint64_t price) {
  if (price > GasLeft()) {
    host_out_of_gas_ = true;
    return false;
  }
  gas_ -= static_cast<int64_t>(price);
  return true;
}

Resume NativeRun::HostCall(ExitRecord& record) {
  gas_ = record.gas;
  record_ = &record;
  const uint64_t call_rsp = record.wasm_rsp + 8;
  if (gas_ < 0) {
    OutOfGas();
    return Resume::kLeave;
  }
  const NativeHostFunction& host = *OwnerOf(record.base).host;
  const Signature& type = host.entry->signature;
  const size_t arg_count = type.params.size();
  const size_t result_count = type.results.size();
  CallValues values(arg_count + result_count);
  Value* const args = values.data();
  Value* const results = args + arg_count;

  ValuePlaces from(record.values, call_rsp);
  for (size_t i = 0; i < arg_count; ++i) {
    const wasm::ValType param = type.params[i];
    const uint64_t bits = Normal(param, from.Next(param));
    if (!store_.IsValue(param, bits)) {
      MadeUpReference();
      return Resume::kLeave;
    }
    args[i] = {param, store_.ToValueBits(param, bits)};
  }
  results_at_ = from.end();
  for (size_t i = 0; i < result_count; ++i) results[i] = {type.results[i], 0};
  transaction_.stack_used = stack_top_ - call_rsp;
  if (!CallHost(host, {args, arg_count}, {results, result_count})) {
    return Resume::kLeave;
  }
  ValuePlaces to(record.values, results_at_);
  for (size_t i = 0; i < result_count; ++i) {
    uint64_t bits = 0;
    if (!store_.FromValueBits(results[i], &bits)) {
      Fault(absl::InternalError(
          "a host function returned a reference to no function of the store"));
      return Resume::kLeave;
    }
    to.Next(results[i].type) = bits;
  }
  record.wasm_rsp = results_at_;
  record.gas = gas_;
  return Resume::kContinue;
}

bool NativeRun::CallHost(const NativeHostFunction& host,
                         std::span<const Value> args,
                         std::span<Value> results) {
  ForgetFailure();
  HostResult result = CallSafely(host.entry->function, *this, args, results);
  if (result.kind != HostResult::Kind::kOk || host_out_of_gas_) {
    if (!TakeHostResult(std::move(result))) return false;
  }
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].type != host.entry->signature.results[i]) {
      return Fault(absl::InternalError(
          "a host function returned a value of another type"));
    }
    results[i].bits = Normal(results[i].type, results[i].bits);
  }
  return true;
}

// True: the run goes on.
bool NativeRun::TakeHostResult(HostResult result) {
  if (result.kind == HostResult::Kind::kFault) {
    return Fault(result.fault.ok()
                     ? absl::InternalError("a host function failed")
                     : std::move(result.fault));
  }
  if (host_out_of_gas_ || result.kind == HostResult::Kind::kOutOfGas) {
    return OutOfGas();
  }
  if (result.kind == HostResult::Kind::kTrap) return TrapAtCall(result.trap);
  if (result.kind == HostResult::Kind::kRevert) {
    outcome_.kind = OutcomeKind::kReverted;
    outcome_.revert_code = result.code;
    outcome_.revert_message = std::move(result.message);
    LocateCall();
    return false;
  }
  return true;
}

// All arguments and results are in the first integer registers, one after the
// other, and the verifier has seen that the upper halves of i32 are 0.
const uint64_t* NativeRun::PlainHostCall(ExitRecord& record) {
  gas_ = record.gas;
  record_ = &record;
  results_at_ = record.wasm_rsp + 8;
  if (gas_ < 0) [[unlikely]] {
    OutOfGas();
    return nullptr;
  }
  const HostFunctionEntry& entry = *OwnerOf(record.base).host->entry;
  transaction_.stack_used = stack_top_ - results_at_;
  ForgetFailure();
  const bool ok = CallPlainly(entry, *this, record.values.ints);
  if (!ok || host_out_of_gas_) [[unlikely]] {
    if (!TakePlainFailure(ok)) return nullptr;
  }
  record.gas = gas_;
  return entry.result_masks;
}

bool NativeRun::TakePlainFailure(bool ok) {
  return TakeHostResult(ok ? HostResult::OutOfGas() : TakeFailure());
}

}  // namespace ingot::runtime

using ingot::runtime::ExitRecord;
using ingot::runtime::NativeRun;
using ingot::runtime::Resume;

extern "C" Resume IngotHostCall(NativeRun* run, ExitRecord* record) {
  return run->HostCall(*record);
}

extern "C" [[gnu::flatten]] const uint64_t* IngotPlainHostCall(
    NativeRun* run, ExitRecord* record) {
  return run->PlainHostCall(*record);
}

extern "C" Resume IngotBuiltin(NativeRun* run, ExitRecord* record) {
  return run->Builtin(*record);
}
