#include "runtime/import_matching.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace ingot::runtime {
namespace {

using wasm::ExternKind;

// The given one is at least as large and promises at most the wanted maximum.
bool LimitsMatch(const ExternType& given, const wasm::Limits& wanted) {
  return given.size >= wanted.min &&
         (!wanted.has_max ||
          (given.limits.has_max && given.limits.max <= wanted.max));
}

bool SignatureMatches(const Program& program, uint32_t type,
                      const Signature& given) {
  const wasm::FuncType& entry =
      program.arena().Get(program.module().types, type);
  const auto pool = program.View(program.module().type_pool);
  return std::ranges::equal(pool.subspan(entry.pool_offset, entry.params),
                            given.params) &&
         std::ranges::equal(
             pool.subspan(entry.pool_offset + entry.params, entry.results),
             given.results);
}

bool Matches(const Program& program, const wasm::Import& import,
             const ExternType& given) {
  const wasm::Module& module = program.module();
  const Arena& arena = program.arena();
  switch (import.kind) {
    case ExternKind::kFunc:
      return SignatureMatches(program,
                              arena.Get(module.functions, import.index),
                              *given.signature);
    case ExternKind::kTable: {
      const wasm::TableType& wanted = arena.Get(module.tables, import.index);
      return given.element == wanted.element &&
             LimitsMatch(given, wanted.limits);
    }
    case ExternKind::kMemory:
      return LimitsMatch(given, arena.Get(module.memories, import.index));
    case ExternKind::kGlobal: {
      const wasm::GlobalType& wanted =
          arena.Get(module.globals, import.index).type;
      return given.global.type == wanted.type &&
             given.global.is_mutable == wanted.is_mutable;
    }
  }
  return false;
}

const char* Unknown(ExternKind kind) {
  switch (kind) {
    case ExternKind::kFunc: return "unknown function";
    case ExternKind::kTable: return "unknown table";
    case ExternKind::kMemory: return "unknown memory";
    case ExternKind::kGlobal: return "unknown global";
  }
  return "unknown import";
}

}  // namespace

absl::Status MatchImports(const Program& program,
                          std::span<const Extern> imports,
                          const ExternTypes& types) {
  const auto wanted = program.View(program.module().imports);
  if (wanted.size() != imports.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the module has ", wanted.size(), " imports, ",
                     imports.size(), " were given"));
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    const wasm::Import& import = wanted[i];
    const char* why = "incompatible import type";
    if (imports[i].kind == import.kind) {
      const std::optional<ExternType> given = types(imports[i]);
      if (given.has_value() && Matches(program, import, *given)) continue;
      if (!given.has_value()) why = Unknown(import.kind);
    }
    return absl::InvalidArgumentError(
        absl::StrCat("import ", std::string(program.Name(import.module)), ".",
                     std::string(program.Name(import.name)), ": ", why));
  }
  return absl::OkStatus();
}

}  // namespace ingot::runtime
