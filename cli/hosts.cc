// Hosts. In: a program and a host's name. Out: findings or Externs. Holds: the
// check and the binding look functions up in the same place, so what passes
// the check binds.

#include "cli/hosts.h"

#include <optional>
#include <utility>

#include "chain_integration/cosmwasm/contract.h"
#include "cli/code_names.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

using runtime::Extern;
using runtime::HostResult;
using runtime::Signature;
using runtime::Value;
using wasm::ExternKind;

std::string ImportName(const runtime::Program& program,
                       const wasm::Import& import) {
  return fmt::format("{}.{}", program.Name(import.module),
                     program.Name(import.name));
}

std::optional<wasi::HostImport> FindFunction(const runtime::Program& program,
                                             const wasm::Import& import,
                                             std::string_view host,
                                             wasi::Host& wasi) {
  if (host != "wasi" || import.kind != ExternKind::kFunc) return std::nullopt;
  return wasi.Find(program.Name(import.module), program.Name(import.name));
}

ImportFinding UnknownImport(const runtime::Program& program,
                            const wasm::Import& import,
                            std::string_view host) {
  return {"unknown_import",
          fmt::format("the host `{}` does not provide the {} {}", host,
                      KindName(import.kind), ImportName(program, import)),
          host == "none"
              ? "choose a host with --host (wasi, cosmwasm), or build the "
                "module without this import"
              : "build the module without this import, or choose another "
                "host with --host"};
}

std::vector<ImportFinding> CheckWasi(const runtime::Program& program,
                                     std::string_view host) {
  std::vector<ImportFinding> findings;
  wasi::Host wasi;
  for (const wasm::Import& import : program.View(program.module().imports)) {
    const auto found = FindFunction(program, import, host, wasi);
    if (!found) {
      findings.push_back(UnknownImport(program, import, host));
      continue;
    }
    const Signature wanted = SignatureOfFunction(program, import.index);
    if (wanted != found->signature) {
      findings.push_back(
          {"import_type",
           fmt::format("{} has the type {}; the host provides {}",
                       ImportName(program, import), SignatureText(wanted),
                       SignatureText(found->signature)),
           "build the module against this host's interface"});
    }
  }
  return findings;
}

// Stands in for what is not there. Zeros are as deterministic as anything.
absl::StatusOr<Extern> MakeStub(const runtime::Program& program,
                                const wasm::Import& import,
                                runtime::Store& store) {
  const wasm::Module& module = program.module();
  switch (import.kind) {
    case ExternKind::kFunc:
      return store.AddHostFunction(
          SignatureOfFunction(program, import.index),
          [](runtime::Caller& caller, std::span<const Value>,
             std::span<Value>) {
            return caller.ChargeGas(wasi::kCallGas) ? HostResult::Ok()
                                                    : HostResult::OutOfGas();
          });
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
  return absl::InternalError("an import of no kind");
}

}  // namespace

Signature SignatureOfFunction(const runtime::Program& program,
                              uint32_t function) {
  const wasm::Module& module = program.module();
  const uint32_t type_index = program.View(module.functions)[function];
  const wasm::FuncType& type = program.View(module.types)[type_index];
  const auto pool = program.View(module.type_pool)
                        .subspan(type.pool_offset,
                                 uint32_t{type.params} + type.results);
  Signature signature;
  signature.params.assign(pool.begin(), pool.begin() + type.params);
  signature.results.assign(pool.begin() + type.params, pool.end());
  return signature;
}

std::string SignatureText(const Signature& signature) {
  const auto list = [](const std::vector<wasm::ValType>& types) {
    std::vector<std::string_view> names;
    for (const wasm::ValType type : types) names.push_back(TypeName(type));
    return fmt::format("({})", fmt::join(names, ", "));
  };
  return list(signature.params) + " -> " + list(signature.results);
}

std::string HostOf(const runtime::Program& program) {
  const wasm::Module& module = program.module();
  for (const wasm::Import& import : program.View(module.imports)) {
    const std::string_view name = program.Name(import.module);
    if (wasi::IsWasiModule(name) || name == "bench") return "wasi";
  }
  for (const wasm::Export& item : program.View(module.exports)) {
    if (program.Name(item.name).starts_with("interface_version_")) {
      return "cosmwasm";
    }
  }
  return "none";
}

std::vector<ImportFinding> CheckHost(const runtime::Program& program,
                                     std::string_view host) {
  if (host != "cosmwasm") return CheckWasi(program, host);
  std::vector<ImportFinding> findings;
  for (auto& list : {cosmwasm::CheckImports(program),
                     cosmwasm::CheckExports(program)}) {
    for (const cosmwasm::ContractFinding& finding : list) {
      findings.push_back({finding.code, finding.message, finding.help});
    }
  }
  return findings;
}

absl::StatusOr<std::vector<Extern>> BindImports(
    const runtime::Program& program, std::string_view host, wasi::Host& wasi,
    UnknownImports unknown, runtime::Store& store) {
  std::vector<Extern> externs;
  for (const wasm::Import& import : program.View(program.module().imports)) {
    if (auto found = FindFunction(program, import, host, wasi)) {
      externs.push_back(store.AddHostFunction(std::move(found->signature),
                                              std::move(found->function)));
      continue;
    }
    if (unknown == UnknownImports::kRefuse) {
      return absl::InvalidArgumentError(
          UnknownImport(program, import, host).message);
    }
    absl::StatusOr<Extern> stub = MakeStub(program, import, store);
    if (!stub.ok()) return stub.status();
    externs.push_back(*stub);
  }
  return externs;
}

}  // namespace ingot::cli
