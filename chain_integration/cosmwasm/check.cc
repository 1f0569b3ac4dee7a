// What a module must import and export to be a CosmWasm contract. Looks at the
// decoded module only: nothing is instantiated.

#include "absl/strings/str_cat.h"
#include "chain_integration/cosmwasm/contract.h"
#include "chain_integration/cosmwasm/host_functions.h"

namespace ingot::cosmwasm {
namespace {

constexpr std::string_view kModule = "env";

std::string TypeText(const runtime::Signature& type) {
  const auto list = [](const std::vector<wasm::ValType>& types) {
    std::string text = "(";
    for (size_t i = 0; i < types.size(); ++i) {
      if (i > 0) text += ", ";
      switch (types[i]) {
        case wasm::ValType::kI32:
          text += "i32";
          break;
        case wasm::ValType::kI64:
          text += "i64";
          break;
        case wasm::ValType::kF32:
          text += "f32";
          break;
        case wasm::ValType::kF64:
          text += "f64";
          break;
        case wasm::ValType::kFuncRef:
          text += "funcref";
          break;
        case wasm::ValType::kExternRef:
          text += "externref";
          break;
      }
    }
    return text + ")";
  };
  return absl::StrCat(list(type.params), " -> ", list(type.results));
}

runtime::Signature TypeOf(const runtime::Program& program, uint32_t function) {
  const wasm::Module& module = program.module();
  const wasm::FuncType& type =
      program.View(module.types)[program.View(module.functions)[function]];
  const auto pool = program.View(module.type_pool).subspan(type.pool_offset);
  const auto params = pool.first(type.params);
  const auto results = pool.subspan(type.params, type.results);
  return {.params = {params.begin(), params.end()},
          .results = {results.begin(), results.end()}};
}

const wasm::Export* FindExport(const runtime::Program& program,
                               std::string_view name) {
  for (const wasm::Export& e : program.View(program.module().exports)) {
    if (program.Name(e.name) == name) return &e;
  }
  return nullptr;
}

// A finding if `name` is not exported as a function of this type.
void RequireFunction(const runtime::Program& program, std::string_view name,
                     const runtime::Signature& type,
                     std::vector<ContractFinding>& findings) {
  const wasm::Export* found = FindExport(program, name);
  if (found == nullptr) {
    findings.push_back(
        {.code = "missing_export",
         .message = absl::StrCat("the module does not export ",
                                 std::string(name), " ", TypeText(type)),
         .help = "build the contract with cosmwasm-std's entry points, or see "
                 "testdata/contracts for the exports in C++"});
    return;
  }
  if (found->kind != wasm::ExternKind::kFunc ||
      TypeOf(program, found->index) != type) {
    findings.push_back(
        {.code = "export_type",
         .message = absl::StrCat("export ", std::string(name),
                                 " is not a function ", TypeText(type)),
         .help = "the interface's version 8 fixes this type"});
  }
}

}  // namespace

std::vector<ContractFinding> CheckImports(const runtime::Program& program) {
  std::vector<ContractFinding> findings;
  for (const wasm::Import& import : program.View(program.module().imports)) {
    const std::string_view module = program.Name(import.module);
    const std::string_view name = program.Name(import.name);
    const std::string full_name =
        absl::StrCat(std::string(module), ".", std::string(name));
    const HostFunctionInfo* function =
        module == kModule && import.kind == wasm::ExternKind::kFunc
            ? FindHostFunction(name)
            : nullptr;
    if (function == nullptr) {
      findings.push_back(
          {.code = "unknown_import",
           .message = absl::StrCat(
               "import ", full_name,
               " is not provided by the cosmwasm host profile"),
           .help = "build the contract without the feature that needs it; "
                   "chain_integration/cosmwasm/README.md lists what is "
                   "provided"});
      continue;
    }
    const runtime::Signature expected = SignatureOf(*function);
    const runtime::Signature actual = TypeOf(program, import.index);
    if (actual != expected) {
      findings.push_back(
          {.code = "import_type",
           .message = absl::StrCat("import ", full_name, " has type ",
                                   TypeText(actual), ", the host provides ",
                                   TypeText(expected)),
           .help = "the module was built for another interface version"});
    }
  }
  return findings;
}

std::vector<ContractFinding> CheckExports(const runtime::Program& program) {
  std::vector<ContractFinding> findings;
  const wasm::Export* memory = FindExport(program, "memory");
  if (memory == nullptr || memory->kind != wasm::ExternKind::kMemory) {
    findings.push_back({.code = "missing_export",
                        .message = "the module does not export its memory",
                        .help = "export it under the name memory"});
  }
  constexpr auto kI32 = wasm::ValType::kI32;
  RequireFunction(program, "allocate", {.params = {kI32}, .results = {kI32}},
                  findings);
  RequireFunction(program, "deallocate", {.params = {kI32}, .results = {}},
                  findings);
  for (const wasm::Export& e : program.View(program.module().exports)) {
    constexpr std::string_view kPrefix = "interface_version_";
    const std::string_view name = program.Name(e.name);
    if (name == "interface_version_8") return findings;
    if (name.substr(0, kPrefix.size()) == kPrefix) {
      findings.push_back(
          {.code = "interface_version",
           .message = absl::StrCat("the contract speaks ", std::string(name),
                                   ", the host speaks interface_version_8"),
           .help = "build it with cosmwasm-std 1.0 or later"});
      return findings;
    }
  }
  findings.push_back(
      {.code = "interface_version",
       .message = "the module does not export interface_version_8",
       .help = "this marker says that it is a CosmWasm 1.0 contract"});
  return findings;
}

}  // namespace ingot::cosmwasm
