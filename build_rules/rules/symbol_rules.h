#ifndef BUILD_RULES_RULES_SYMBOL_RULES_H_
#define BUILD_RULES_RULES_SYMBOL_RULES_H_

#include <string>
#include <string_view>
#include <vector>

// What compiled code reaches for, read with nm. In: archives or programs. Out:
// the symbols that break a rule, sorted; nothing when it holds.

namespace ingot::rules {

// The paths in what Bazel puts for `$(rootpaths …)`.
std::vector<std::string> SplitPaths(std::string_view paths);

// Symbols that no archive defines and that freestanding code may not use:
// everything but the memory functions that a compiler emits calls to, the
// stack protector, and asmjit.
std::vector<std::string> FindForeignSymbols(
    const std::vector<std::string>& archives);

// Symbols of the namespace ingot::compiler in archives or a program.
std::vector<std::string> FindCompilerSymbols(
    const std::vector<std::string>& files);

// SHA256 and its kin where a program takes them from OpenSSL's libcrypto
// instead of BoringSSL's.
std::vector<std::string> FindOpensslSymbols(const std::string& program);

}  // namespace ingot::rules

#endif  // BUILD_RULES_RULES_SYMBOL_RULES_H_
