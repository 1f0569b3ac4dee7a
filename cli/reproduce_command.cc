// `ingot reproduce`. In: a source checkout. Out: the digest of the
// compiler.wasm that it builds in a clean folder with the recorded toolchain, beside that of
// the one inside this program. Holds: exit code 0 means that they are equal;
// a missing tool or another toolchain is wrong usage and says which.

#include <filesystem>
#include <string>

#include "cli/child_process.h"
#include "cli/commands.h"
#include "fmt/format.h"
#include "runtime/digest.h"
#include "sandbox/embedded_compiler.h"

namespace ingot::cli {
namespace {

constexpr int kScriptUsage = 2;  // of build_rules/reproduce

// The digest that the script printed, or nothing.
std::string DigestIn(std::string_view out) {
  while (!out.empty() && out.back() == '\n') out.remove_suffix(1);
  const bool is_digest =
      out.size() == 64 &&
      out.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return is_digest ? std::string(out) : std::string();
}

}  // namespace

int ReproduceCommand(const Options& options, Output& output) {
  const std::string source = options.files.empty() ? "." : options.files[0];
  const std::string script =
      (std::filesystem::path(source) / "build_rules" / "reproduce").string();
  std::error_code error;
  if (!std::filesystem::is_regular_file(script, error)) {
    return output.Usage(fmt::format(
        "{} is no checkout of Ingot: there is no {}. Name the folder of its "
        "sources, as `ingot reproduce ~/ingot`",
        source, script));
  }
  std::vector<std::string> words = {"/bin/bash", script, source};
  if (options.allow_versions) words.push_back("--allow-versions");
  const absl::StatusOr<ChildResult> built = RunChild(words);
  if (!built.ok()) return output.Fault(built.status());
  if (built->exit_code == kScriptUsage) {
    return output.Usage("the build cannot be reproduced here, see above");
  }
  const std::string digest = DigestIn(built->out);
  if (built->exit_code != 0 || digest.empty()) {
    return output.Fault(absl::UnavailableError(
        "compiler.wasm could not be built, see above"));
  }
  const std::string embedded =
      Sha256(sandbox::EmbeddedCompilerWasm()).Hex();
  const bool same = digest == embedded;
  output.Row("built", digest);
  output.Row("embedded", embedded);
  output.Row("verdict", same ? "reproduced" : "differs",
             same ? Style::kGood : Style::kBad);
  if (!same) {
    output.Row("what to do",
               "check out the revision that this program was built from, and "
               "compare the package versions that were named above");
  }
  json::Value& object = output.object();
  object.Add("verdict", json::Value::String(same ? "accepted" : "rejected"));
  object.Add("code", same ? json::Value::Null()
                          : json::Value::String("compiler_digest_differs"));
  object.Add("built_sha256", json::Value::String(digest));
  object.Add("compiler_sha256", json::Value::String(embedded));
  return output.Finish(same ? kExitOk : kExitNegative);
}

}  // namespace ingot::cli
