// `ingot verify`. In: an artifact and, if given, its module. Out: which checks
// were made and what they found; where the verifier refuses, its rule, the
// function, the code offset and the instructions there. Holds: the native code
// of an artifact that passes touches only its own instance; one that passes
// with its module also pays for what it runs, and is byte for byte what the
// compiler in the sandbox makes of that module.

#include <span>
#include <utility>
#include <vector>

#include "chain_integration/profile/profile_toml.h"
#include "cli/commands.h"
#include "cli/compilation.h"
#include "cli/disassembly.h"
#include "cli/execution.h"
#include "cli/input_file.h"
#include "fmt/format.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/native/native_program.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/bootstrap.h"

namespace ingot::cli {
namespace {

// Where the limits stand in a profile's canonical bytes, which end with two
// schedules.
constexpr size_t kProfileLimitsOffset =
    kProfileBytes - 2 * sizeof(GasSchedule) - sizeof(wasm::ModuleLimits);

class Checks {
 public:
  explicit Checks(Output& output) : output_(output) {}

  void Add(std::string_view name, bool passed, std::string_view code,
           std::string_view detail) {
    json::Value item = json::Value::MakeObject();
    item.Add("check", json::Value::String(name));
    item.Add("passed", json::Value::Bool(passed));
    item.Add("code", passed ? json::Value::Null() : json::Value::String(code));
    item.Add("message", StringOrNull(detail));
    items_.Append(std::move(item));
    output_.Row(name,
                fmt::format("{}{}{}", passed ? "passed" : "failed",
                            detail.empty() ? "" : ": ", detail),
                passed ? Style::kGood : Style::kBad);
    if (!passed && code_.empty()) {
      code_ = code;
      message_ = detail;
    }
  }

  // What the verifier refused, with the native code there, for the first that
  // it refused.
  void AddRefusal(const verifier::Refusal& refusal,
                  const runtime::ArtifactView& view) {
    if (refused_) return;
    refused_ = true;
    json::Value lines = json::Value::MakeArray();
    const uint64_t defined = uint64_t{refusal.function} - view.first_function;
    if (defined < view.functions.size()) {
      for (const DisassembledLine& line :
           DisassembleAround(view, view.functions[defined],
                             refusal.code_offset)) {
        json::Value item = json::Value::MakeObject();
        item.Add("code_offset", json::Value::Number(line.code_offset));
        item.Add("text", json::Value::String(line.text));
        lines.Append(std::move(item));
        const bool here = line.code_offset == refusal.code_offset;
        output_.Line(output_.Styled(
            fmt::format("{} {:>#8x}  {}", here ? ">" : " ", line.code_offset,
                        line.text),
            here ? Style::kBad : Style::kPlain));
      }
    }
    json::Value item = json::Value::MakeObject();
    item.Add("rule", json::Value::Number(verifier::RuleOf(refusal.reason)));
    item.Add("reason",
             json::Value::String(verifier::TextOf(refusal.reason)));
    item.Add("function", PlaceValue(refusal.function));
    item.Add("code_offset", PlaceValue(refusal.code_offset));
    item.Add("disassembly", std::move(lines));
    output_.object().Add("refusal", std::move(item));
  }

  // Prints the object.
  int Finish() {
    const bool passed = code_.empty();
    output_.object().Add("verdict", json::Value::String(
                                        passed ? "accepted" : "rejected"));
    output_.object().Add("code", StringOrNull(code_));
    output_.object().Add("message", StringOrNull(message_));
    output_.object().Add("checks", std::move(items_));
    return output_.Finish(passed ? kExitOk : kExitNegative);
  }

 private:
  Output& output_;
  bool refused_ = false;
  json::Value items_ = json::Value::MakeArray();
  std::string code_;
  std::string message_;
};

// A refusal becomes a failed check; a fault is returned.
absl::Status AddOutcome(std::string_view name, const absl::Status& status,
                        const runtime::ArtifactView& view, Checks& checks) {
  const runtime::ArtifactError error = runtime::ArtifactErrorOf(status);
  if (!status.ok() && error == runtime::ArtifactError::kNone) return status;
  checks.Add(name, status.ok(), runtime::ArtifactErrorName(error),
             std::string(status.message()));
  const verifier::Refusal refusal = runtime::RefusalOf(status);
  if (!refusal.ok()) checks.AddRefusal(refusal, view);
  return absl::OkStatus();
}

// What an artifact is a function of, as it says itself.
void AddTuple(const runtime::ArtifactView& view, Output& output) {
  const Profile& profile = view.profile;
  const std::vector<uint8_t> canonical = profiles::CanonicalBytes(profile);
  const auto limits =
      std::span(canonical).subspan(kProfileLimitsOffset,
                                   sizeof(wasm::ModuleLimits));
  json::Value tuple = json::Value::MakeObject();
  const auto add = [&](const char* key, const char* label,
                       const std::string& value) {
    tuple.Add(key, json::Value::String(value));
    output.Row(label, value);
  };
  add("module_sha256", "module", view.ModuleDigest().Hex());
  add("compiler_sha256", "compiler", view.CompilerDigest().Hex());
  add("profile_sha256", "profile", Sha256(canonical).Hex());
  add("isa", "  isa",
      profile.TargetIsa() == Isa::kX8664V3 ? "x86-64-v3" : "x86-64-v2");
  add("level", "  level", fmt::format("{}", profile.level));
  add("host_abi", "  host ABI", fmt::format("{}", profile.host_abi));
  add("execution_schedule", "  execution schedule",
      fmt::format("version {}", profile.execution.version));
  add("compile_schedule", "  compile schedule",
      fmt::format("version {}", profile.compile.version));
  add("limits_sha256", "  limits", Sha256(limits).Hex());
  output.object().Add("tuple", std::move(tuple));
}

// Compiles the module again under the artifact's own profile.
absl::Status Recompile(const InputFile& module,
                       const runtime::ArtifactView& view, Checks& checks) {
  const bool same_module = Sha256(module.bytes) == view.ModuleDigest();
  checks.Add("module digest", same_module, "artifact_module_differs",
             same_module ? "" : "the artifact was made from another module");
  const bool same_compiler =
      Sha256(sandbox::EmbeddedCompilerWasm()) == view.CompilerDigest();
  checks.Add("compiler digest", same_compiler, "artifact_compiler_differs",
             same_compiler
                 ? ""
                 : "the artifact was made by another version of the compiler");
  if (!same_module || !same_compiler) return absl::OkStatus();
  absl::StatusOr<Compilation> compilation =
      Compile(module, view.profile, "sandbox", std::nullopt);
  if (!compilation.ok()) return compilation.status();
  const std::vector<uint8_t>& again = compilation->verdict.artifact;
  const bool same = compilation->accepted() &&
                    std::equal(again.begin(), again.end(), view.file.begin(),
                               view.file.end());
  checks.Add("same bytes", same, "artifact_bytes_differ",
             same ? fmt::format("compile gas {}",
                                Grouped(compilation->verdict.compile_gas))
                  : "compiling the module again gives other bytes");
  return absl::OkStatus();
}

}  // namespace

int VerifyCommand(const Options& options, Output& output) {
  const Profile limits;
  absl::StatusOr<InputFile> file = ReadProgramFile(options.files[0], limits);
  if (!file.ok()) return output.Fault(file.status());
  Checks checks(output);
  absl::StatusOr<runtime::ArtifactView> view =
      runtime::ReadArtifact(file->bytes, {.any_processor = true});
  if (!view.ok()) {
    const runtime::ArtifactError error =
        runtime::ArtifactErrorOf(view.status());
    if (error == runtime::ArtifactError::kNone) {
      return output.Fault(view.status());
    }
    checks.Add("format", false, runtime::ArtifactErrorName(error),
               std::string(view.status().message()));
    return checks.Finish();
  }
  checks.Add("format", true, "", "");
  output.object().Add("artifact_sha256",
                      json::Value::String(Sha256(file->bytes).Hex()));
  AddTuple(*view, output);
  // Loading verifies the native code; nothing is run. What this processor
  // cannot load is verified with its module only.
  const absl::Status load =
      runtime::NativeProgram::Load(file->bytes, {}).status();
  const bool loads = runtime::ArtifactErrorOf(load) !=
                     runtime::ArtifactError::kIsaUnsupported;
  if (loads) {
    const absl::Status fault = AddOutcome("native code", load, *view, checks);
    if (!fault.ok()) return output.Fault(fault);
  }
  if (options.files.size() > 1) {
    absl::StatusOr<InputFile> module =
        ReadInputFile(options.files[1], view->profile.limits.module_bytes);
    if (!module.ok()) return output.Fault(module.status());
    if (absl::Status metered = AddOutcome(
            loads ? "metering" : "native code and metering",
            runtime::VerifyWithModule(*view, module->bytes), *view, checks);
        !metered.ok()) {
      return output.Fault(metered);
    }
    if (absl::Status recompiled = Recompile(*module, *view, checks);
        !recompiled.ok()) {
      return output.Fault(recompiled);
    }
  } else {
    output.Line(fmt::format(
        "not checked: {}metering, and that the code is what the compiler makes "
        "of the module (pass the module, too)",
        loads ? "" : "native code, which this processor cannot run; "));
  }
  return checks.Finish();
}

}  // namespace ingot::cli
