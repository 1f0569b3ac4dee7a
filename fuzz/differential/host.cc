// The host of differential runs. Log entries hold hashes of arguments, so that
// a program that writes megabytes through its host stays cheap to compare.

#include "fuzz/differential/host.h"

#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fuzz/differential/random.h"

namespace ingot::fuzz {

using runtime::Caller;
using runtime::Extern;
using runtime::HostResult;
using runtime::Program;
using runtime::Signature;
using runtime::Store;
using runtime::Value;
using wasm::ExternKind;

namespace {

// Gas of a stub, more than one so that a miscount shows.
constexpr uint64_t kStubGas = 37;

}  // namespace

std::optional<HostKind> HostKindOf(std::string_view name) {
  if (name == "none") return HostKind::kNone;
  if (name == "stubs") return HostKind::kStubs;
  if (name == "noise") return HostKind::kNoise;
  if (name == "wasi") return HostKind::kWasi;
  return std::nullopt;
}

Signature SignatureOf(const Program& program, uint32_t function) {
  const wasm::Module& module = program.module();
  const uint32_t index = program.View(module.functions)[function];
  const wasm::FuncType& type = program.View(module.types)[index];
  const auto pool = program.View(module.type_pool)
                        .subspan(type.pool_offset,
                                 uint32_t{type.params} + type.results);
  Signature signature;
  signature.params.assign(pool.begin(), pool.begin() + type.params);
  signature.results.assign(pool.begin() + type.params, pool.end());
  return signature;
}

absl::StatusOr<std::vector<Extern>> RunHost::Bind(const Program& program,
                                                  Store& store) {
  const wasm::Module& module = program.module();
  std::vector<Extern> externs;
  uint32_t number = 0;
  for (const wasm::Import& import : program.View(module.imports)) {
    if (kind_ == HostKind::kNone) {
      return absl::FailedPreconditionError(
          absl::StrCat("the module imports ",
                       std::string(program.Name(import.module)), ".",
                       std::string(program.Name(import.name))));
    }
    const uint32_t index = number++;
    switch (import.kind) {
      case ExternKind::kFunc: {
        const Signature signature = SignatureOf(program, import.index);
        runtime::HostFunction wasi;
        if (kind_ == HostKind::kWasi) {
          auto found = wasi_.Find(program.Name(import.module),
                                  program.Name(import.name));
          if (found && found->signature == signature) {
            wasi = std::move(found->function);
          }
        }
        externs.push_back(store.AddHostFunction(
            signature, [this, index, wasi](Caller& caller,
                                           std::span<const Value> args,
                                           std::span<Value> results) {
              return Call(index, caller, args, results, wasi);
            }));
        break;
      }
      case ExternKind::kTable: {
        auto added = store.AddTable(program.View(module.tables)[import.index]);
        if (!added.ok()) return added.status();
        externs.push_back(*added);
        break;
      }
      case ExternKind::kMemory: {
        auto added =
            store.AddMemory(program.View(module.memories)[import.index]);
        if (!added.ok()) return added.status();
        externs.push_back(*added);
        break;
      }
      case ExternKind::kGlobal: {
        const wasm::GlobalType& type =
            program.View(module.globals)[import.index].type;
        externs.push_back(store.AddGlobal(type, Value{type.type, 0}));
        break;
      }
    }
  }
  return externs;
}

HostResult RunHost::Call(uint32_t import, Caller& caller,
                         std::span<const Value> args, std::span<Value> results,
                         const runtime::HostFunction& wasi) {
  uint64_t hash = import;
  for (const Value& arg : args) {
    // A reference means something to its store only.
    hash = Mix(hash ^ (wasm::IsRef(arg.type) ? (arg.bits != 0) : arg.bits));
  }
  log_.push_back({import, hash, used_before_ + limit_ - caller.GasLeft()});
  if (wasi) return wasi(caller, args, results);
  if (!caller.ChargeGas(kStubGas)) return HostResult::OutOfGas();
  if (kind_ == HostKind::kNoise) return Noise(hash, caller, results);
  return HostResult::Ok();
}

HostResult RunHost::Noise(uint64_t args, Caller& caller,
                          std::span<Value> results) {
  uint64_t state = Mix(args + log_.size());
  if (state % 64 == 0) return HostResult::Trap(TrapCode::kUnreachable);
  if (state % 64 == 1) return HostResult::Revert(state >> 32, "noise");
  const std::span<uint8_t> memory = caller.Memory();
  if (memory.size() > 8) {
    std::memcpy(&memory[state % (memory.size() - 8)], &state, sizeof state);
  }
  for (Value& result : results) {
    state = Mix(state);
    switch (result.type) {
      case wasm::ValType::kI32:
      case wasm::ValType::kF32:
        result.bits = static_cast<uint32_t>(state);
        break;
      case wasm::ValType::kI64:
      case wasm::ValType::kF64:
        result.bits = state;
        break;
      case wasm::ValType::kFuncRef:
      case wasm::ValType::kExternRef:
        break;  // null
    }
  }
  return HostResult::Ok();
}

}  // namespace ingot::fuzz
