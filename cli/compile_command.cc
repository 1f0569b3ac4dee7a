// `ingot compile`. In: a module. Out: its verdict and, when it is accepted and
// asked for, the artifact. Holds: nothing is written unless it is accepted.

#include "cli/commands.h"
#include "cli/compilation.h"
#include "cli/input_file.h"

namespace ingot::cli {

int CompileCommand(const Options& options, Output& output) {
  absl::StatusOr<Profile> profile = ProfileFor(options);
  if (!profile.ok()) return output.Refusal(profile.status());
  absl::StatusOr<InputFile> file =
      ReadInputFile(options.files[0], profile->limits.module_bytes);
  if (!file.ok()) return output.Fault(file.status());
  if (options.engine == "native" && options.gas_limit) {
    return output.Usage(
        "the native build counts no gas: leave --gas-limit away, or compile "
        "with --engine sandbox");
  }
  absl::StatusOr<Compilation> compilation =
      Compile(*file, *profile, options.engine, options.gas_limit);
  if (!compilation.ok()) return output.Fault(compilation.status());

  const std::vector<uint8_t>& artifact = compilation->verdict.artifact;
  if (compilation->accepted() && !options.output.empty()) {
    const absl::Status written = WriteOutputFile(
        options.output, {reinterpret_cast<const char*>(artifact.data()),
                         artifact.size()});
    if (!written.ok()) return output.Fault(written);
  }
  AddToJson(*compilation, &output.object());
  Print(*compilation, *file, output);
  if (compilation->accepted() && !options.output.empty()) {
    output.object().Add("output", json::Value::String(options.output));
    output.Row("written to", options.output);
  }
  return output.Finish(compilation->accepted() ? kExitOk : kExitNegative);
}

}  // namespace ingot::cli
