// Runs a subject on one engine. Both engines number what a store holds in the
// order of its making, so that tables can be named by number and a funcref
// means the same to both.

#include "fuzz/differential/execution.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ingot::fuzz {

using runtime::Extern;
using runtime::Frame;
using runtime::Outcome;
using runtime::OutcomeKind;
using runtime::Program;
using runtime::Store;
using runtime::Transaction;
using runtime::Value;

absl::Status Execution::Run(const Programs& programs,
                            std::unique_ptr<Store> store, uint64_t gas_limit,
                            uint64_t stack_units) {
  store_ = std::move(store);
  Transaction transaction({.stack_units = stack_units});
  for (const auto& program : programs) {
    const auto imports = host_.Bind(*program, instances_, *store_);
    if (!imports.ok()) return imports.status();
    host_.BeginStep(used_, gas_limit - used_);
    auto made = store_->Instantiate(program, *imports, transaction,
                                    gas_limit - used_);
    if (!made.ok()) return made.status();
    instances_.push_back(made->instance);
    used_ += made->outcome.gas_used;
    outcomes_.push_back(std::move(made->outcome));
    if (outcomes_.back().kind != OutcomeKind::kReturned) {
      return absl::OkStatus();
    }
  }
  return MakeSteps(gas_limit, transaction);
}

absl::Status Execution::MakeSteps(uint64_t gas_limit,
                                  Transaction& transaction) {
  for (const Step& step : subject_.steps) {
    const std::optional<Extern> function =
        store_->FindExport(instances_.back(), step.export_name);
    if (!function || function->kind != wasm::ExternKind::kFunc) {
      return absl::NotFoundError(
          absl::StrCat("no exported function ", step.export_name));
    }
    std::vector<Value> args;
    for (const wasm::ValType type :
         store_->FunctionSignature(*function).params) {
      uint64_t bits = 0;
      if (args.size() < step.args.size()) bits = step.args[args.size()];
      if (type == wasm::ValType::kI32 || type == wasm::ValType::kF32) {
        bits = static_cast<uint32_t>(bits);
      } else if (type == wasm::ValType::kFuncRef) {
        bits = 0;
      }
      args.push_back({type, bits});
    }
    const uint64_t limit = gas_limit - used_;
    host_.BeginStep(used_, limit);
    auto outcome = store_->Call(*function, args, transaction, limit);
    if (!outcome.ok()) return outcome.status();
    used_ += outcome->gas_used;
    outcomes_.push_back(*std::move(outcome));
    if (outcomes_.back().kind == OutcomeKind::kOutOfGas) break;
  }
  return absl::OkStatus();
}

bool Execution::alive() const {
  return instances_.back() != runtime::kNoInstance &&
         outcomes_.back().kind != OutcomeKind::kOutOfGas;
}

std::string Describe(const Outcome& outcome) {
  constexpr const char* kKinds[] = {"returned", "trapped", "reverted",
                                    "out of gas"};
  std::string text = absl::StrCat(
      outcome.phase == runtime::Phase::kInstantiate ? "instantiation " : "",
      kKinds[static_cast<int>(outcome.kind)]);
  if (outcome.kind == OutcomeKind::kTrapped) {
    absl::StrAppend(&text, " (", TrapName(outcome.trap), ")");
  }
  if (outcome.function != kNowhere || outcome.offset != kNowhere) {
    absl::StrAppend(&text, " in function ", outcome.function, " at offset ",
                    outcome.offset);
  }
  absl::StrAppend(&text, ", gas ", outcome.gas_used, " of ",
                  outcome.gas_limit);
  if (outcome.kind == OutcomeKind::kReverted) {
    absl::StrAppend(&text, ", code ", outcome.revert_code, " \"",
                    outcome.revert_message, "\"");
  }
  for (const Value& value : outcome.results) {
    absl::StrAppend(&text, ", result 0x", absl::Hex(value.bits));
  }
  if (!outcome.backtrace.empty()) absl::StrAppend(&text, ", backtrace");
  for (const Frame& frame : outcome.backtrace) {
    absl::StrAppend(&text, " ", frame.function, ":", frame.offset);
  }
  return text;
}

namespace {

std::string MemoryDifference(std::span<const uint8_t> a,
                             std::span<const uint8_t> b) {
  if (a.size() != b.size()) {
    return absl::StrCat("memory has ", a.size(), " bytes; native ", b.size());
  }
  const auto [at, other] = std::mismatch(a.begin(), a.end(), b.begin());
  if (at == a.end()) return "";
  return absl::StrCat("memory byte ", at - a.begin(), " is ", int{*at},
                      "; native ", int{*other});
}

std::string TableDifference(Store& a, Store& b, uint32_t table) {
  const Extern item = {wasm::ExternKind::kTable, table};
  const uint32_t size = a.TableSize(item);
  if (size != b.TableSize(item)) {
    return absl::StrCat("table ", table, " has ", size, " elements; native ",
                        b.TableSize(item));
  }
  for (uint32_t i = 0; i < size; ++i) {
    if (a.GetTableElement(item, i) != b.GetTableElement(item, i)) {
      return absl::StrCat("element ", i, " of table ", table);
    }
  }
  return "";
}

std::string StateDifference(const Execution& a, const Execution& b,
                            size_t which, const Program& program) {
  const runtime::InstanceId first = a.instances()[which];
  const runtime::InstanceId second = b.instances()[which];
  std::string difference = MemoryDifference(a.store().InstanceMemory(first),
                                            b.store().InstanceMemory(second));
  if (!difference.empty()) return difference;
  for (uint32_t i = 0; i < program.module().globals.size; ++i) {
    const Value wanted = a.store().InstanceGlobal(first, i);
    const Value got = b.store().InstanceGlobal(second, i);
    if (wanted != got) {
      return absl::StrCat("global ", i, " is 0x", absl::Hex(wanted.bits),
                          "; native 0x", absl::Hex(got.bits));
    }
  }
  return "";
}

// Tables are numbered through the store, in the order of their making.
std::string TablesDifference(const Execution& a, const Execution& b,
                             const Programs& programs) {
  uint32_t tables = 0;
  for (const auto& program : programs) {
    const wasm::Module& module = program->module();
    tables += module.tables.size - module.imported_tables;
    for (const wasm::Import& import : program->View(module.imports)) {
      if (import.kind == wasm::ExternKind::kTable &&
          !RunHost::IsLibrary(program->Name(import.module))) {
        ++tables;
      }
    }
  }
  for (uint32_t i = 0; i < tables; ++i) {
    std::string difference = TableDifference(a.store(), b.store(), i);
    if (!difference.empty()) return difference;
  }
  return "";
}

}  // namespace

std::string Difference(const Execution& reference, const Execution& native,
                       const Programs& programs) {
  const auto& wanted = reference.outcomes();
  const auto& got = native.outcomes();
  for (size_t i = 0; i < std::min(wanted.size(), got.size()); ++i) {
    const std::string a = Describe(wanted[i]);
    const std::string b = Describe(got[i]);
    if (a != b) {
      return absl::StrCat("step ", i, ": interpreter ", a, "; native ", b);
    }
  }
  if (wanted.size() != got.size()) {
    return absl::StrCat("interpreter made ", wanted.size(),
                        " steps; native ", got.size());
  }
  const auto& wanted_calls = reference.host().log();
  const auto& calls = native.host().log();
  for (size_t i = 0; i < std::min(wanted_calls.size(), calls.size()); ++i) {
    if (wanted_calls[i] != calls[i]) {
      return absl::StrCat("host call ", i, ": import ", wanted_calls[i].import,
                          " at gas ", wanted_calls[i].gas,
                          "; native import ", calls[i].import, " at gas ",
                          calls[i].gas, wanted_calls[i].args == calls[i].args
                                            ? ""
                                            : ", other arguments");
    }
  }
  if (wanted_calls.size() != calls.size()) {
    return absl::StrCat(wanted_calls.size(), " host calls; native ",
                        calls.size());
  }
  if (!reference.alive() || !native.alive()) return "";
  for (size_t i = 0; i < reference.instances().size(); ++i) {
    std::string difference =
        StateDifference(reference, native, i, *programs[i]);
    if (!difference.empty()) return difference;
  }
  return reference.instances().size() == programs.size()
             ? TablesDifference(reference, native, programs)
             : "";
}

}  // namespace ingot::fuzz
