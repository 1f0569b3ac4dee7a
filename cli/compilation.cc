// Compilation. In: a file and a profile. Out: a verdict, as an object and as
// text. Holds: see the header.

#include "cli/compilation.h"

#include <utility>

#include "cli/profile_file.h"
#include "compiler/base/error_text.h"
#include "fmt/format.h"
#include "metering/gas.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/digest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/compile_job.h"
#include "sandbox/native_compiler.h"

namespace ingot::cli {
namespace {

using sandbox::Verdict;
using sandbox::VerdictKind;

absl::StatusOr<Verdict> CompileByNativeBuild(const InputFile& file,
                                             const Profile& profile) {
  Verdict verdict;
  verdict.compiler_digest = Sha256(sandbox::EmbeddedCompilerWasm());
  absl::StatusOr<sandbox::NativeResult> result = sandbox::CompileNatively(
      file.bytes, profile, verdict.compiler_digest);
  if (!result.ok()) return result.status();
  verdict.module_digest = Sha256(file.bytes);
  verdict.profile_digest = Sha256(CanonicalBytes(profile));
  verdict.artifact = std::move(result->artifact);
  verdict.artifact_digest = result->artifact_digest;
  if (!result->verdict.ok()) {
    verdict.kind = result->verdict.code == Code::kOutOfMemory
                       ? VerdictKind::kOutOfMemory
                       : VerdictKind::kRejected;
    verdict.code = result->verdict.code;
    verdict.function = result->verdict.function;
    verdict.offset = result->verdict.offset;
  }
  return verdict;
}

absl::StatusOr<Verdict> CompileInEngine(const InputFile& file,
                                        const Profile& profile,
                                        sandbox::EngineKind engine,
                                        std::optional<uint64_t> gas_limit) {
  absl::StatusOr<std::shared_ptr<const sandbox::SandboxedCompiler>> compiler =
      sandbox::EmbeddedCompiler(engine, profile);
  if (!compiler.ok()) return compiler.status();
  return sandbox::CompileInSandbox(
      **compiler, file.bytes, profile,
      {.gas_limit = gas_limit.value_or(Gas::kMaxValue)});
}

uint64_t CodeBytes(const Verdict& verdict) {
  absl::StatusOr<runtime::ArtifactView> view =
      runtime::ReadArtifact(verdict.artifact, {});
  return view.ok() ? view->identity.code_bytes : 0;
}

// What stands in `message`: the code's text, for a verdict without one its
// meaning.
std::string MessageOf(const Compilation& compilation) {
  if (!compilation.message.empty()) return compilation.message;
  switch (compilation.verdict.kind) {
    case VerdictKind::kAccepted:
      return "";
    case VerdictKind::kOutOfGas:
      return "compiling used up the gas limit";
    case VerdictKind::kOutOfMemory:
    case VerdictKind::kRejected:
      return std::string(TextOf(compilation.verdict.code).message);
  }
  return "";
}

std::string CodeNameOf(const Compilation& compilation) {
  if (!compilation.code_name.empty()) return compilation.code_name;
  if (compilation.verdict.code == Code::kOk) return "";
  return std::string(TextOf(compilation.verdict.code).name);
}

}  // namespace

absl::StatusOr<Profile> ProfileFor(const Options& options) {
  Profile profile;
  if (!options.profile.empty()) {
    absl::StatusOr<Profile> loaded = LoadProfile(options.profile);
    if (!loaded.ok()) return loaded.status();
    profile = *loaded;
  }
  if (options.level) profile.level = *options.level;
  return profile;
}

std::optional<Status> RefusalBySize(const InputFile& file,
                                    const Profile& profile) {
  if (file.complete) return std::nullopt;
  return Error(Code::kLimitModuleBytes, profile.limits.module_bytes);
}

std::string HelpFor(Code code, const InputFile& file) {
  if (code == Code::kBadMagic || code == Code::kUnexpectedEnd) {
    const std::string hint = KindHint(file);
    if (!hint.empty()) return hint;
  }
  if (code == Code::kLimitModuleBytes && file.kind != FileKind::kModule) {
    return fmt::format(
        "the file has {} and does not begin with \\0asm: it is no WebAssembly "
        "module at all",
        Counted(file.size, "byte"));
  }
  return std::string(TextOf(code).help);
}

absl::StatusOr<Compilation> Compile(const InputFile& file,
                                    const Profile& profile,
                                    const std::string& engine,
                                    std::optional<uint64_t> gas_limit) {
  Compilation compilation;
  if (const std::optional<Status> refusal = RefusalBySize(file, profile)) {
    compilation.verdict.kind = VerdictKind::kRejected;
    compilation.verdict.code = refusal->code;
    compilation.verdict.offset = refusal->offset;
    compilation.verdict.compiler_digest =
        Sha256(sandbox::EmbeddedCompilerWasm());
    compilation.verdict.profile_digest = Sha256(CanonicalBytes(profile));
    compilation.has_module_digest = false;
    compilation.has_compile_gas = false;
  } else {
    absl::StatusOr<Verdict> verdict =
        engine == "native" ? CompileByNativeBuild(file, profile)
                           : CompileInEngine(file, profile,
                                             engine == "interpreter"
                                                 ? sandbox::EngineKind::
                                                       kInterpreter
                                                 : sandbox::EngineKind::kNative,
                                             gas_limit);
    if (!verdict.ok()) return verdict.status();
    compilation.verdict = *std::move(verdict);
    compilation.has_compile_gas = engine != "native";
    compilation.names = FunctionNames(file.bytes);
  }
  if (compilation.verdict.code != Code::kOk) {
    compilation.help = HelpFor(compilation.verdict.code, file);
  }
  return compilation;
}

void AddToJson(const Compilation& compilation, json::Value* object) {
  const Verdict& verdict = compilation.verdict;
  object->Add("verdict",
              json::Value::String(compilation.code_name.empty()
                                      ? sandbox::VerdictName(verdict.kind)
                                      : "rejected"));
  object->Add("code", StringOrNull(CodeNameOf(compilation)));
  object->Add("message", StringOrNull(MessageOf(compilation)));
  object->Add("function", PlaceValue(verdict.function));
  object->Add("offset", PlaceValue(verdict.offset));
  if (!compilation.help.empty()) {
    object->Add("help", json::Value::String(compilation.help));
  }
  object->Add("compile_gas",
              compilation.has_compile_gas
                  ? json::Value::NumberString(verdict.compile_gas)
                  : json::Value::Null());
  object->Add("module_sha256",
              compilation.has_module_digest
                  ? json::Value::String(verdict.module_digest.Hex())
                  : json::Value::Null());
  object->Add("compiler_sha256",
              json::Value::String(verdict.compiler_digest.Hex()));
  object->Add("profile_sha256",
              json::Value::String(verdict.profile_digest.Hex()));
  const bool accepted = compilation.HasArtifact();
  object->Add("artifact_sha256",
              accepted ? json::Value::String(verdict.artifact_digest.Hex())
                       : json::Value::Null());
  object->Add("artifact_bytes", accepted
                                    ? json::Value::Number(
                                          verdict.artifact.size())
                                    : json::Value::Null());
  object->Add("code_bytes", accepted ? json::Value::Number(CodeBytes(verdict))
                                     : json::Value::Null());
}

void Print(const Compilation& compilation, const InputFile& file,
           Output& output) {
  const Verdict& verdict = compilation.verdict;
  const bool accepted = compilation.accepted();
  output.Row("verdict",
             compilation.code_name.empty() ? sandbox::VerdictName(verdict.kind)
                                           : "rejected",
             accepted ? Style::kGood : Style::kBad);
  if (const std::string message = MessageOf(compilation); !message.empty()) {
    const std::string code = CodeNameOf(compilation);
    output.Row("what", code.empty() ? message
                                    : fmt::format("{} ({})", message, code));
  }
  if (verdict.function != kNowhere || verdict.offset != kNowhere) {
    std::string where = file.path;
    if (verdict.function != kNowhere) {
      where += ", " + compilation.names.Describe(verdict.function);
    }
    if (verdict.offset != kNowhere) {
      where += fmt::format(", byte {} (0x{:x})", verdict.offset,
                           verdict.offset);
    }
    output.Row("where", where);
  }
  if (!compilation.help.empty()) output.Row("what to do", compilation.help);
  if (verdict.kind == VerdictKind::kOutOfGas) {
    output.Row("what to do", "raise --gas-limit, or make the module smaller");
  }
  if (compilation.has_compile_gas) {
    output.Row("compile gas", Grouped(verdict.compile_gas));
  }
  if (compilation.has_module_digest) {
    output.Row("module", fmt::format("{}  {}", verdict.module_digest.Hex(),
                                     Counted(file.size, "byte")));
  }
  output.Row("compiler", verdict.compiler_digest.Hex());
  output.Row("profile", verdict.profile_digest.Hex());
  if (compilation.HasArtifact()) {
    output.Row("artifact",
               fmt::format("{}  {}", verdict.artifact_digest.Hex(),
                           Counted(verdict.artifact.size(), "byte")));
    output.Row("code", Counted(CodeBytes(verdict), "byte"));
  }
}

}  // namespace ingot::cli
