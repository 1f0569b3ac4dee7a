// nm as a child process, its lines as (kind, name), and the rules over them.

#include "build_rules/rules/symbol_rules.h"

#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::rules {
namespace {

struct Symbol {
  char kind;  // as nm prints it: U undefined, T code, …
  std::string name;
};

std::vector<Symbol> ReadSymbols(const std::string& file,
                                const std::string& options) {
  const std::string command = "nm -P " + options + " '" + file + "' 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) std::abort();
  std::string output;
  char piece[4096];
  while (size_t count = fread(piece, 1, sizeof(piece), pipe)) {
    output.append(piece, count);
  }
  // A rule over nothing would hold: a tool that fails must not look like it.
  if (pclose(pipe) != 0) {
    std::fprintf(stderr, "%s\n%s", command.c_str(), output.c_str());
    std::abort();
  }
  std::vector<Symbol> symbols;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name;
    std::string kind;
    if (fields >> name >> kind && kind.size() == 1) {
      symbols.push_back({kind[0], name});
    }
  }
  return symbols;
}

bool IsUndefined(const Symbol& symbol) {
  return symbol.kind == 'U' || symbol.kind == 'w' || symbol.kind == 'v';
}

bool MayFreestandingCodeUse(std::string_view name) {
  for (std::string_view allowed :
       {"memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen",
        "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}) {
    if (name == allowed) return true;
  }
  // Members and functions of namespace asmjit, const members too; and what a
  // sanitizer build calls.
  for (std::string_view prefix : {"_ZN6asmjit", "_ZNK6asmjit", "_ZTVN6asmjit",
                                  "__asan_", "__ubsan_", "__start_asan_globals",
                                  "__stop_asan_globals"}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

std::vector<std::string> Sorted(const std::set<std::string>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

std::vector<std::string> SplitPaths(std::string_view paths) {
  std::istringstream fields{std::string(paths)};
  std::vector<std::string> result;
  for (std::string path; fields >> path;) result.push_back(path);
  return result;
}

std::vector<std::string> FindForeignSymbols(
    const std::vector<std::string>& archives) {
  std::set<std::string> defined;
  std::set<std::string> undefined;
  for (const std::string& archive : archives) {
    for (const Symbol& symbol : ReadSymbols(archive, "")) {
      (IsUndefined(symbol) ? undefined : defined).insert(symbol.name);
    }
  }
  std::set<std::string> foreign;
  for (const std::string& name : undefined) {
    if (!defined.contains(name) && !MayFreestandingCodeUse(name)) {
      foreign.insert(name);
    }
  }
  return Sorted(foreign);
}

std::vector<std::string> FindCompilerSymbols(
    const std::vector<std::string>& files) {
  std::set<std::string> found;
  for (const std::string& file : files) {
    for (const Symbol& symbol : ReadSymbols(file, "")) {
      if (symbol.name.find("5ingot8compiler") != std::string::npos) {
        found.insert(symbol.name);
      }
    }
  }
  return Sorted(found);
}

std::vector<std::string> FindOpensslSymbols(const std::string& program) {
  std::set<std::string> found;
  for (const Symbol& symbol : ReadSymbols(program, "-D")) {
    if (symbol.name.find("@OPENSSL_") != std::string::npos) {
      found.insert(symbol.name);
    }
  }
  return Sorted(found);
}

}  // namespace ingot::rules
