#ifndef CLI_COMPILATION_H_
#define CLI_COMPILATION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "chain_integration/json/json.h"
#include "cli/function_names.h"
#include "cli/input_file.h"
#include "cli/options.h"
#include "cli/output.h"
#include "compiler/abi/profile.h"
#include "sandbox/verdict.h"

// Compiling a file that a user named. In: the file, a profile, an engine. Out:
// the verdict, and how it is said. Holds: the verdict is the sandbox's; only a
// file over the size limit is refused without running the compiler, and then
// it has no module digest, because the file was not read.

namespace ingot::cli {

struct Compilation {
  sandbox::Verdict verdict;
  // Not from a table of codes: an import that the host does not provide.
  std::string code_name;
  std::string message;
  std::string help;
  bool has_compile_gas = true;    // false: the native build counts none
  bool has_module_digest = true;  // false: the file was not read
  FunctionNames names;

  bool accepted() const {
    return verdict.kind == sandbox::VerdictKind::kAccepted &&
           code_name.empty();
  }
  // Not so when only the plan was run.
  bool HasArtifact() const { return accepted() && !verdict.artifact.empty(); }
};

// The default profile or the file's, edited by the flags.
absl::StatusOr<Profile> ProfileFor(const Options& options);

// `engine`: "sandbox" (or empty), "native", "interpreter".
absl::StatusOr<Compilation> Compile(const InputFile& file,
                                    const Profile& profile,
                                    const std::string& engine,
                                    std::optional<uint64_t> gas_limit);

// The refusal of a file that was not read because it is over the size limit,
// the same that the compiler would give; nullopt if it is to be decoded.
std::optional<Status> RefusalBySize(const InputFile& file,
                                    const Profile& profile);
// What is wrong with the file behind a rejection, for the reader: the code's
// help, or what the file looks like.
std::string HelpFor(Code code, const InputFile& file);

// The object of `compile`.
void AddToJson(const Compilation& compilation, json::Value* object);
// The verdict and what is wrong, for a reader.
void Print(const Compilation& compilation, const InputFile& file,
           Output& output);

}  // namespace ingot::cli

#endif  // CLI_COMPILATION_H_
