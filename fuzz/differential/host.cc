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

namespace {

constexpr std::string_view kLibrary = "library";

// References mean something to their store only. JavaScript sees no payload
// of a NaN.
uint64_t Portable(const Value& value) {
  constexpr uint64_t kInfinity = 0x7FF0000000000000;
  if (wasm::IsRef(value.type)) return value.bits != 0;
  if (value.type == wasm::ValType::kF32 &&
      (value.bits & 0x7FFFFFFF) > 0x7F800000) {
    return 0x7FC00000;
  }
  if (value.type == wasm::ValType::kF64 && (value.bits << 1 >> 1) > kInfinity) {
    return 0x7FF8000000000000;
  }
  return value.bits;
}

}  // namespace

bool RunHost::IsLibrary(std::string_view module) {
  return module.size() == kLibrary.size() + 1 && module.starts_with(kLibrary) &&
         module.back() >= '0' && module.back() <= '9';
}

absl::StatusOr<std::vector<Extern>> RunHost::Bind(
    const Program& program, std::span<const runtime::InstanceId> libraries,
    Store& store) {
  std::vector<Extern> externs;
  for (const wasm::Import& import : program.View(program.module().imports)) {
    const std::string_view from = program.Name(import.module);
    if (IsLibrary(from)) {
      const size_t number = static_cast<size_t>(from.back() - '0');
      std::optional<Extern> found;
      if (number < libraries.size()) {
        found = store.FindExport(libraries[number], program.Name(import.name));
      }
      if (!found) {
        return absl::NotFoundError(
            absl::StrCat("no ", std::string(program.Name(import.name)), " in ",
                         std::string(from)));
      }
      externs.push_back(*found);
      continue;
    }
    if (kind_ == HostKind::kNone) {
      return absl::FailedPreconditionError(
          absl::StrCat("the module imports ", std::string(from), ".",
                       std::string(program.Name(import.name))));
    }
    const auto made = Make(program, import, store);
    if (!made.ok()) return made.status();
    externs.push_back(*made);
  }
  return externs;
}

absl::StatusOr<Extern> RunHost::Make(const Program& program,
                                     const wasm::Import& import,
                                     Store& store) {
  const wasm::Module& module = program.module();
  const uint32_t index = imports_++;
  switch (import.kind) {
    case ExternKind::kFunc:
      break;
    case ExternKind::kTable:
      return store.AddTable(program.View(module.tables)[import.index]);
    case ExternKind::kMemory:
      return store.AddMemory(program.View(module.memories)[import.index]);
    case ExternKind::kGlobal: {
      const wasm::GlobalType& type =
          program.View(module.globals)[import.index].type;
      return store.AddGlobal(type, Value{type.type, 0});
    }
  }
  const Signature signature = SignatureOf(program, import.index);
  runtime::HostFunction wasi;
  if (kind_ == HostKind::kWasi) {
    auto found =
        wasi_.Find(program.Name(import.module), program.Name(import.name));
    if (found && found->signature == signature) {
      wasi = std::move(found->function);
    }
  }
  return store.AddHostFunction(
      signature,
      [this, index, wasi](Caller& caller, std::span<const Value> args,
                          std::span<Value> results) {
        return Call(index, caller, args, results, wasi);
      });
}

HostResult RunHost::Call(uint32_t import, Caller& caller,
                         std::span<const Value> args, std::span<Value> results,
                         const runtime::HostFunction& wasi) {
  uint64_t hash = import;
  uint64_t noise = import;
  for (const Value& arg : args) {
    // A reference means something to its store only.
    hash = Mix(hash ^ (wasm::IsRef(arg.type) ? (arg.bits != 0) : arg.bits));
    noise = Mix(noise ^ Portable(arg));
  }
  log_.push_back({import, hash, used_before_ + limit_ - caller.GasLeft()});
  if (wasi) return wasi(caller, args, results);
  if (!caller.ChargeGas(kStubGas)) return HostResult::OutOfGas();
  if (kind_ == HostKind::kNoise) {
    return Noise(Mix(noise + log_.size()), caller, results);
  }
  return HostResult::Ok();
}

// fuzz/others/run_modules.mjs does the same.
HostResult RunHost::Noise(uint64_t state, Caller& caller,
                          std::span<Value> results) {
  if (state % 64 == 0) return HostResult::Trap(TrapCode::kUnreachable);
  if (state % 64 == 1) return HostResult::Revert(state >> 32, "noise");
  const std::span<uint8_t> memory = caller.Memory();
  if (memory.size() > 8) {
    std::memcpy(&memory[state % (memory.size() - 8)], &state, sizeof state);
  }
  for (Value& result : results) {
    state = Mix(state);
    if (wasm::IsRef(result.type)) continue;  // null
    const bool wide = result.type == wasm::ValType::kI64 ||
                      result.type == wasm::ValType::kF64;
    result.bits = wide ? state : static_cast<uint32_t>(state);
    result.bits = Portable(result);
  }
  return HostResult::Ok();
}

}  // namespace ingot::fuzz
