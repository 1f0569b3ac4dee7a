// `ingot run`. In: a module or an artifact, an export, arguments. Out: the
// outcome and what the program printed. Holds: the program's output goes to
// standard output and error as it is; with --json it is part of the object.

#include <cstdio>

#include "cli/commands.h"
#include "cli/execution.h"

namespace ingot::cli {
namespace {

void Write(std::FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

}  // namespace

int RunCommand(const Options& options, Output& output) {
  if (options.host == "cosmwasm") {
    return output.Usage("a CosmWasm contract is called by an entry point: "
                        "`ingot call FILE ENTRY --msg JSON`");
  }
  absl::StatusOr<Profile> profile = ProfileFor(options);
  if (!profile.ok()) return output.Refusal(profile.status());
  absl::StatusOr<InputFile> file =
      ReadProgramFile(options.files[0], *profile);
  if (!file.ok()) return output.Fault(file.status());
  const Engine engine = options.engine == "interpreter" ? Engine::kInterpreter
                                                        : Engine::kNative;
  if (file->kind == FileKind::kArtifact && engine == Engine::kInterpreter) {
    return output.Usage("an artifact holds no function bodies to interpret: "
                        "pass the module, or leave --engine away");
  }
  absl::StatusOr<Loaded> loaded =
      LoadProgram(*file, options, *profile, engine);
  if (!loaded.ok()) return output.Fault(loaded.status());
  if (loaded->program == nullptr) {
    AddToJson(loaded->compilation, &output.object());
    Print(loaded->compilation, *file, output);
    return output.Finish(kExitNegative);
  }
  if (loaded->host == "cosmwasm") {
    return output.Usage("this is a CosmWasm contract; call an entry point: "
                        "`ingot call FILE ENTRY --msg JSON`");
  }
  absl::StatusOr<Invocation> invocation =
      PlanInvocation(*loaded->program, options);
  if (!invocation.ok()) {
    return output.Usage(std::string(invocation.status().message()));
  }
  absl::StatusOr<Execution> execution =
      Execute(*loaded, engine, *invocation, options);
  if (!execution.ok()) return output.Fault(execution.status());

  AddOutcome(*execution, loaded->names, &output.object());
  if (loaded->host == "wasi") {
    output.object().Add("stdout", json::Value::String(json::ToValidUtf8(
                                      execution->captured_stdout)));
    output.object().Add("stderr", json::Value::String(json::ToValidUtf8(
                                      execution->captured_stderr)));
  }
  if (!output.json()) {
    Write(stdout, execution->captured_stdout);
    Write(stderr, execution->captured_stderr);
    // A program that prints speaks for itself: the summary then goes beside
    // its output, not into it.
    if (loaded->host == "wasi" && !execution->captured_stdout.empty()) {
      output.UseStandardError();
    }
  }
  PrintOutcome(*execution, *loaded, output);
  return output.Finish(ExitCodeOf(*execution));
}

}  // namespace ingot::cli
