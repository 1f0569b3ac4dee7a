// Stores, transactions and callbacks. In: definitions, values, gas limits. Out:
// outcomes, memory by copies. Holds: one thread at a time is in a store; what a
// callback answers becomes what the runtime's host functions answer, nothing
// else; nobody gets a pointer into a contract's memory.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <span>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "chain_integration/c/border.h"
#include "chain_integration/c/handles.h"
#include "compiler/abi/traps.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/native/native_store.h"
#include "runtime/nested.h"

namespace ingot::c_api {
namespace {

using runtime::Extern;
using runtime::HostResult;
using runtime::Outcome;
using runtime::Value;
using wasm::ExternKind;
using wasm::ValType;

// Calls with more of them allocate.
constexpr size_t kUsualValues = 8;
using Values = absl::InlinedVector<Value, kUsualValues>;

// A callback gets the runtime's values as they stand: one layout, and on both
// sides the binary format's numbers of types.
static_assert(sizeof(Value) == sizeof(ingot_value));
static_assert(offsetof(Value, type) == offsetof(ingot_value, type));
static_assert(offsetof(Value, bits) == offsetof(ingot_value, bits));
static_assert(sizeof(ValType) == 1);

bool IsType(uint8_t number) {
  switch (static_cast<ValType>(number)) {
    case ValType::kI32:
    case ValType::kI64:
    case ValType::kF32:
    case ValType::kF64:
    case ValType::kFuncRef:
    case ValType::kExternRef:
      return true;
  }
  return false;
}

ingot_value ToC(const Value& value) {
  ingot_value out = {};
  out.type = static_cast<uint8_t>(value.type);
  out.bits = value.bits;
  return out;
}

Value FromC(const ingot_value& value) {
  return {static_cast<ValType>(value.type), value.bits};
}

std::vector<ValType> Types(const uint8_t* types, size_t count) {
  std::vector<ValType> out;
  for (size_t i = 0; i < count; ++i) {
    out.push_back(static_cast<ValType>(types[i]));
  }
  return out;
}

// The calling thread is in a store while this lives.
class InStore {
 public:
  explicit InStore(ingot_store* store)
      : store_(store), entered_(store->owner.Enter()) {}
  ~InStore() {
    if (entered_) store_->owner.Leave();
  }
  InStore(const InStore&) = delete;
  InStore& operator=(const InStore&) = delete;

  absl::Status status() const {
    return entered_ ? absl::OkStatus()
                    : absl::FailedPreconditionError(
                          "another thread is in this store");
  }

 private:
  ingot_store* store_;
  bool entered_;
};

// The contract sees the error, if its import has a result that can show it.
HostResult UserError(ingot_caller& caller, std::span<Value> results) {
  const uint64_t code = caller.has_error ? caller.code : 1;
  const bool shows = !results.empty() && (results[0].type == ValType::kI32 ||
                                          results[0].type == ValType::kI64);
  if (!shows) return HostResult::Revert(code, std::move(caller.message));
  for (Value& result : results) result.bits = 0;
  results[0].bits = code;
  return HostResult::Ok();
}

HostResult HostTrap(const ingot_caller& caller) {
  if (!caller.has_error) return HostResult::Trap(TrapCode::kUnreachable);
  if (caller.code < INGOT_TRAP_UNREACHABLE ||
      caller.code > INGOT_TRAP_STACK_OVERFLOW) {
    return HostResult::Fault(
        absl::InternalError("a callback named a trap that there is not"));
  }
  return HostResult::Trap(static_cast<TrapCode>(caller.code));
}

HostResult HostFault(ingot_caller& caller) {
  if (caller.has_error) {
    return HostResult::Fault(absl::InternalError(caller.message));
  }
  if (!caller.nested_fault.ok()) {
    return HostResult::Fault(std::move(caller.nested_fault));
  }
  return HostResult::Fault(absl::InternalError("a callback failed"));
}

HostResult Answer(int32_t answer, ingot_caller& caller,
                  std::span<Value> results) {
  switch (answer) {
    case INGOT_HOST_OK:
      return HostResult::Ok();
    case INGOT_HOST_USER_ERROR:
      return UserError(caller, results);
    case INGOT_HOST_TRAP:
      return HostTrap(caller);
    case INGOT_HOST_OUT_OF_GAS:
      return HostResult::OutOfGas();
    case INGOT_HOST_FAULT:
      return HostFault(caller);
    case INGOT_HOST_REVERT:
      return HostResult::Revert(caller.code, std::move(caller.message));
    default:
      return HostResult::Fault(absl::InternalError(
          absl::StrCat("a callback answered ", answer, ", which is nothing")));
  }
}

int32_t Ask(const Definition& definition, ingot_caller& seen,
            std::span<const Value> args, std::span<Value> results) {
  return definition.callback(
      definition.data, &seen, reinterpret_cast<const ingot_value*>(args.data()),
      args.size(), reinterpret_cast<ingot_value*>(results.data()),
      results.size());
}

HostResult CallBack(const Definition& definition, runtime::Caller& caller,
                    std::span<const Value> args, std::span<Value> results) {
  ingot_caller seen = {.caller = caller, .store = definition.store};
  const int32_t answer = Ask(definition, seen, args, results);
  if (answer == INGOT_HOST_OK) return HostResult::Ok();
  return Answer(answer, seen, results);
}

// Room for values that are all written before they are read.
union PlainRoom {
  PlainRoom() {}
  Value values[runtime::kPlainValues];
};

// Whether the run goes on after an answer other than OK.
[[gnu::noinline]] bool GoesOn(int32_t answer, ingot_caller& seen,
                              std::span<Value> results) {
  HostResult result = Answer(answer, seen, results);
  if (result.kind == HostResult::Kind::kOk) return true;
  seen.caller.Fail(std::move(result));
  return false;
}

// The same where the runtime has numbers in a row. It is called often: nothing
// is made for an answer of another kind before there is one.
bool CallBackPlain(void* state, runtime::Caller& caller, uint64_t* values) {
  const auto& definition = *static_cast<const Definition*>(state);
  const std::span<const ValType> params = definition.signature.params;
  const std::span<const ValType> types = definition.signature.results;
  PlainRoom args;
  PlainRoom results;
  for (size_t i = 0; i < params.size(); ++i) {
    new (&args.values[i]) Value{params[i], values[i]};
  }
  for (size_t i = 0; i < types.size(); ++i) {
    new (&results.values[i]) Value{types[i], 0};
  }
  ingot_caller seen = {.caller = caller, .store = definition.store};
  const std::span<Value> answers(results.values, types.size());
  const int32_t answer =
      Ask(definition, seen, {args.values, params.size()}, answers);
  if (answer != INGOT_HOST_OK && !GoesOn(answer, seen, answers)) return false;
  for (size_t i = 0; i < types.size(); ++i) {
    if (answers[i].type != types[i]) {
      caller.Fail(HostResult::Fault(absl::InternalError(
          "a host function returned a value of another type")));
      return false;
    }
    values[i] = answers[i].bits;
  }
  return true;
}

void Define(ingot_store* store, const char* module, const char* name,
            std::unique_ptr<Definition> made) {
  Definition* const definition = made.get();
  store->definitions.push_back(std::move(made));
  store->functions[{module, name}] =
      runtime::IsPlain(definition->signature)
          ? store->store->AddPlainHostFunction(definition->signature,
                                               CallBackPlain, definition)
          : store->store->AddHostFunction(
                definition->signature,
                [definition](runtime::Caller& caller,
                             std::span<const Value> args,
                             std::span<Value> results) {
                  return CallBack(*definition, caller, args, results);
                });
}

// --- Outcomes ---------------------------------------------------------------

// Keeps the outcome in the store, for what the C structure points to.
void Keep(Outcome outcome, ingot_store* store, ingot_outcome* to) {
  store->last = std::move(outcome);
  store->last_frames.clear();
  for (const runtime::Frame& frame : store->last.backtrace) {
    store->last_frames.push_back({frame.function, frame.offset});
  }
  const Outcome& last = store->last;
  ingot_outcome out = {};
  out.kind = static_cast<uint32_t>(last.kind);
  out.phase = static_cast<uint32_t>(last.phase);
  out.trap = static_cast<uint32_t>(last.trap);
  out.function = last.function;
  out.offset = last.offset;
  out.gas_limit = last.gas_limit;
  out.gas_used = last.gas_used;
  out.revert_code = last.revert_code;
  out.result_count = last.results.size();
  out.revert_message = last.revert_message.c_str();
  out.revert_message_size = last.revert_message.size();
  out.frames = store->last_frames.data();
  out.frame_count = store->last_frames.size();
  WriteStruct(out, to);
}

absl::Status CheckOutcome(const ingot_outcome* outcome) {
  return CanWrite(outcome) ? absl::OkStatus()
                           : absl::InvalidArgumentError(
                                 "an outcome's `size` is not set");
}

// --- Runs -------------------------------------------------------------------

// Where a run's values come from and go.
struct CallValues {
  const ingot_value* args;
  size_t arg_count;
  ingot_value* results;
  size_t capacity;
};

// `run` starts it: from the host or on behalf of a contract.
template <typename Run>
absl::Status Call(ingot_store* store, ingot_function function,
                  const CallValues& values, ingot_outcome* outcome, Run run) {
  const InStore inside(store);
  if (!inside.status().ok()) return inside.status();
  if (absl::Status given = CheckOutcome(outcome); !given.ok()) return given;
  const Extern callee = {ExternKind::kFunc, function};
  const size_t result_count =
      store->store->FunctionSignature(callee).results.size();
  if (result_count > values.capacity) {
    return absl::InvalidArgumentError(
        absl::StrCat("the function has ", result_count,
                     " results, there is room for ", values.capacity));
  }
  Values args;
  for (size_t i = 0; i < values.arg_count; ++i) {
    args.push_back(FromC(values.args[i]));
  }
  absl::StatusOr<Outcome> ended =
      run(callee, std::span<const Value>(args.data(), args.size()));
  if (!ended.ok()) return ended.status();
  for (size_t i = 0; i < ended->results.size(); ++i) {
    values.results[i] = ToC(ended->results[i]);
  }
  Keep(*std::move(ended), store, outcome);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Extern>> FindImports(
    const ingot_store& store, const runtime::Program& program) {
  std::vector<Extern> found;
  for (const wasm::Import& import :
       program.View(program.module().imports)) {
    const std::string module(program.Name(import.module));
    const std::string name(program.Name(import.name));
    const auto function = store.functions.find({module, name});
    if (function != store.functions.end()) {
      found.push_back(function->second);
      continue;
    }
    const auto instance = store.instances.find(module);
    const std::optional<Extern> exported =
        instance == store.instances.end()
            ? std::nullopt
            : store.store->FindExport(instance->second, name);
    if (!exported.has_value()) {
      return absl::NotFoundError(
          absl::StrCat("nobody defined the import \"", module, "\" \"", name,
                       "\""));
    }
    found.push_back(*exported);
  }
  return found;
}

template <typename Run>
absl::Status Instantiate(ingot_store* store, const ingot_program* program,
                         ingot_instance* instance, ingot_outcome* outcome,
                         Run run) {
  const InStore inside(store);
  if (!inside.status().ok()) return inside.status();
  if (absl::Status given = CheckOutcome(outcome); !given.ok()) return given;
  if (program->executor != store->engine->executor) {
    return absl::InvalidArgumentError(
        "the program is another executor's than the store");
  }
  const auto imports = FindImports(*store, *program->program);
  if (!imports.ok()) return imports.status();
  absl::StatusOr<runtime::Store::Instantiation> made =
      run(program->program, std::span<const Extern>(*imports));
  if (!made.ok()) return made.status();
  *instance = made->instance;
  Keep(std::move(made->outcome), store, outcome);
  return absl::OkStatus();
}

// --- Memory -----------------------------------------------------------------

bool InBounds(std::span<const uint8_t> memory, uint64_t address,
              uint64_t size) {
  return size <= memory.size() && address <= memory.size() - size;
}

ingot_status Read(std::span<const uint8_t> memory, uint64_t address, void* to,
                  size_t size) {
  if (!InBounds(memory, address, size)) return INGOT_OUT_OF_RANGE;
  if (size != 0) std::memcpy(to, memory.data() + address, size);
  return INGOT_OK;
}

ingot_status Write(std::span<uint8_t> memory, uint64_t address,
                   const void* from, size_t size) {
  if (!InBounds(memory, address, size)) return INGOT_OUT_OF_RANGE;
  if (size != 0) std::memcpy(memory.data() + address, from, size);
  return INGOT_OK;
}

// With a store of which the calling thread is in, between its runs.
template <typename Access>
ingot_status OnMemory(ingot_store* store, ingot_instance instance,
                      Access access) {
  const InStore inside(store);
  if (!inside.status().ok()) return INGOT_FAILED_PRECONDITION;
  try {
    return access(store->store->InstanceMemory(instance));
  } catch (...) {
    return INGOT_INVALID_ARGUMENT;
  }
}

}  // namespace

bool StoreOwner::Enter() {
  static thread_local const char thread = 0;
  const void* nobody = nullptr;
  if (thread_.load(std::memory_order_relaxed) != &thread &&
      !thread_.compare_exchange_strong(nobody, &thread,
                                       std::memory_order_acquire)) {
    return false;
  }
  ++depth_;
  return true;
}

void StoreOwner::Leave() {
  if (--depth_ == 0) thread_.store(nullptr, std::memory_order_release);
}

}  // namespace ingot::c_api

using ingot::c_api::Guarded;

const char* ingot_trap_name(uint32_t trap) {
  return trap > INGOT_TRAP_STACK_OVERFLOW
             ? "none"
             : ingot::TrapName(static_cast<ingot::TrapCode>(trap));
}

// --- Transactions ------------------------------------------------------------

ingot_status ingot_transaction_new(const ingot_budget* budget,
                                   ingot_transaction** out,
                                   ingot_error** error) {
  return Guarded(error, [&]() -> absl::Status {
    const absl::StatusOr<ingot_budget> given =
        ingot::c_api::ReadStruct(budget);
    if (!given.ok()) return given.status();
    ingot::runtime::Transaction::Budget budgets;
    if (given->nesting != 0) budgets.nesting = given->nesting;
    if (given->stack_units != 0) budgets.stack_units = given->stack_units;
    if (given->memory_pages != 0) budgets.memory_pages = given->memory_pages;
    *out = new ingot_transaction{
        .transaction = ingot::runtime::Transaction(budgets)};
    return absl::OkStatus();
  });
}

void ingot_transaction_reset(ingot_transaction* transaction) {
  transaction->transaction.Reset();
}

void ingot_transaction_cancel(ingot_transaction* transaction) {
  transaction->transaction.Cancel();
}

void ingot_transaction_free(ingot_transaction* transaction) {
  delete transaction;
}

// --- Callers -----------------------------------------------------------------

uint64_t ingot_caller_gas_left(const ingot_caller* caller) {
  return caller->caller.GasLeft();
}

int32_t ingot_caller_charge(ingot_caller* caller, uint64_t price) {
  return caller->caller.ChargeGas(price) ? 1 : 0;
}

uint64_t ingot_caller_memory_size(ingot_caller* caller) {
  return caller->caller.Memory().size();
}

ingot_status ingot_caller_read(ingot_caller* caller, uint64_t address,
                               void* to, size_t size) {
  return ingot::c_api::Read(caller->caller.Memory(), address, to, size);
}

ingot_status ingot_caller_write(ingot_caller* caller, uint64_t address,
                                const void* from, size_t size) {
  return ingot::c_api::Write(caller->caller.Memory(), address, from, size);
}

ingot_status ingot_caller_copy(ingot_caller* caller, uint64_t to,
                               uint64_t from, uint64_t size) {
  const std::span<uint8_t> memory = caller->caller.Memory();
  if (!ingot::c_api::InBounds(memory, to, size) ||
      !ingot::c_api::InBounds(memory, from, size)) {
    return INGOT_OUT_OF_RANGE;
  }
  if (size != 0) std::memmove(memory.data() + to, memory.data() + from, size);
  return INGOT_OK;
}

void ingot_caller_set_error(ingot_caller* caller, uint64_t code,
                            const char* message, size_t message_size) {
  caller->has_error = true;
  caller->code = code;
  try {
    caller->message.assign(message == nullptr ? "" : message,
                           message == nullptr ? 0 : message_size);
  } catch (...) {
    caller->message.clear();
  }
}

int32_t ingot_caller_cancelled(const ingot_caller* caller) {
  return caller->caller.transaction().cancelled() ? 1 : 0;
}

ingot_store* ingot_caller_store(ingot_caller* caller) {
  return caller->store;
}

ingot_instance ingot_caller_instance(ingot_caller* caller) {
  return caller->caller.instance();
}

ingot_status ingot_caller_call(ingot_caller* caller, ingot_store* store,
                               ingot_function function,
                               const ingot_value* args, size_t arg_count,
                               ingot_value* results, size_t capacity,
                               uint64_t gas_limit, ingot_outcome* outcome,
                               ingot_error** error) {
  return Guarded(error, [&]() -> absl::Status {
    absl::Status called = ingot::c_api::Call(
        store, function, {args, arg_count, results, capacity}, outcome,
        [&](ingot::runtime::Extern callee, auto values) {
          return ingot::runtime::CallNested(caller->caller, *store->store,
                                            callee, values, gas_limit);
        });
    if (!called.ok()) caller->nested_fault = called;
    return called;
  });
}

ingot_status ingot_caller_instantiate(ingot_caller* caller, ingot_store* store,
                                      const ingot_program* program,
                                      uint64_t gas_limit,
                                      ingot_instance* instance,
                                      ingot_outcome* outcome,
                                      ingot_error** error) {
  return Guarded(error, [&]() -> absl::Status {
    absl::Status made = ingot::c_api::Instantiate(
        store, program, instance, outcome, [&](auto from, auto imports) {
          return ingot::runtime::InstantiateNested(
              caller->caller, *store->store, from, imports, gas_limit);
        });
    if (!made.ok()) caller->nested_fault = made;
    return made;
  });
}

// --- Stores ------------------------------------------------------------------

ingot_status ingot_store_new(ingot_engine* engine, ingot_store** out,
                             ingot_error** error) {
  return Guarded(error, [&]() -> absl::Status {
    auto store = std::make_unique<ingot_store>();
    store->engine = engine->engine;
    if (store->engine->executor == ingot::sandbox::EngineKind::kNative) {
      store->store = std::make_unique<ingot::runtime::NativeStore>();
    } else {
      store->store = ingot::runtime::NewInterpreter();
    }
    *out = store.release();
    return absl::OkStatus();
  });
}

void ingot_store_free(ingot_store* store) { delete store; }

ingot_status ingot_store_define(ingot_store* store, const char* module,
                                const char* name, const uint8_t* params,
                                size_t param_count, const uint8_t* results,
                                size_t result_count, ingot_callback callback,
                                void* data, void (*drop)(void* data),
                                ingot_error** error) {
  return Guarded(error, [&]() -> absl::Status {
    auto definition = std::make_unique<ingot::c_api::Definition>();
    definition->callback = callback;
    definition->data = data;
    definition->drop = drop;
    definition->store = store;
    const ingot::c_api::InStore inside(store);
    if (!inside.status().ok()) return inside.status();
    if (callback == nullptr ||
        !std::all_of(params, params + param_count, ingot::c_api::IsType) ||
        !std::all_of(results, results + result_count, ingot::c_api::IsType)) {
      return absl::InvalidArgumentError("no callback, or no type of values");
    }
    definition->signature = {ingot::c_api::Types(params, param_count),
                             ingot::c_api::Types(results, result_count)};
    ingot::c_api::Define(store, module, name, std::move(definition));
    return absl::OkStatus();
  });
}

ingot_status ingot_store_define_instance(ingot_store* store,
                                         const char* module,
                                         ingot_instance instance,
                                         ingot_error** error) {
  return Guarded(error, [&]() -> absl::Status {
    const ingot::c_api::InStore inside(store);
    if (!inside.status().ok()) return inside.status();
    (void)store->store->FindExport(instance, "");  // whether there is one
    store->instances[module] = instance;
    return absl::OkStatus();
  });
}

ingot_status ingot_instantiate(ingot_store* store,
                               const ingot_program* program,
                               ingot_transaction* transaction,
                               uint64_t gas_limit, ingot_instance* instance,
                               ingot_outcome* outcome, ingot_error** error) {
  return Guarded(error, [&] {
    return ingot::c_api::Instantiate(
        store, program, instance, outcome, [&](auto from, auto imports) {
          return store->store->Instantiate(
              from, imports, transaction->transaction, gas_limit);
        });
  });
}

ingot_status ingot_find_function(ingot_store* store, ingot_instance instance,
                                 const char* name, ingot_function* function,
                                 ingot_error** error) {
  return Guarded(error, [&]() -> absl::Status {
    const ingot::c_api::InStore inside(store);
    if (!inside.status().ok()) return inside.status();
    const auto found = store->store->FindExport(instance, name);
    if (!found.has_value() ||
        found->kind != ingot::wasm::ExternKind::kFunc) {
      return absl::NotFoundError(
          absl::StrCat("no function is exported as \"", name, "\""));
    }
    *function = found->index;
    return absl::OkStatus();
  });
}

ingot_status ingot_call(ingot_store* store, ingot_function function,
                        const ingot_value* args, size_t arg_count,
                        ingot_value* results, size_t capacity,
                        ingot_transaction* transaction, uint64_t gas_limit,
                        ingot_outcome* outcome, ingot_error** error) {
  return Guarded(error, [&] {
    return ingot::c_api::Call(
        store, function, {args, arg_count, results, capacity}, outcome,
        [&](ingot::runtime::Extern callee, auto values) {
          return store->store->Call(callee, values, transaction->transaction,
                                    gas_limit);
        });
  });
}

uint64_t ingot_memory_size(ingot_store* store, ingot_instance instance) {
  uint64_t size = 0;
  ingot::c_api::OnMemory(store, instance, [&](std::span<uint8_t> memory) {
    size = memory.size();
    return INGOT_OK;
  });
  return size;
}

ingot_status ingot_memory_read(ingot_store* store, ingot_instance instance,
                               uint64_t address, void* to, size_t size) {
  return ingot::c_api::OnMemory(
      store, instance, [&](std::span<uint8_t> memory) {
        return ingot::c_api::Read(memory, address, to, size);
      });
}

ingot_status ingot_memory_write(ingot_store* store, ingot_instance instance,
                                uint64_t address, const void* from,
                                size_t size) {
  return ingot::c_api::OnMemory(
      store, instance, [&](std::span<uint8_t> memory) {
        return ingot::c_api::Write(memory, address, from, size);
      });
}
