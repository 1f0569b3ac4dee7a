// `ingot bench`. In: a module and a call. Out: times of compiling natively and
// in the sandbox, of instantiating and of running, all in this process. Holds:
// results and gas are those of every repetition; if two differ, it is a fault.

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/typed_values.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

struct Times {
  double min = 0;
  double median = 0;
  double max = 0;
};

Times Summary(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const size_t n = times.size();
  const double median =
      n % 2 == 1 ? times[n / 2] : (times[n / 2 - 1] + times[n / 2]) / 2;
  return {times.front(), median, times.back()};
}

json::Value TimesToJson(const Times& times) {
  json::Value object = json::Value::MakeObject();
  object.Add("min", TimeValue(times.min));
  object.Add("median", TimeValue(times.median));
  object.Add("max", TimeValue(times.max));
  return object;
}

std::string TimesText(const Times& times, std::string_view unit) {
  return fmt::format("{:.3f} {}  ({:.3f} to {:.3f})", times.median, unit,
                     times.min, times.max);
}

// Compiles `reps` times; `compilation` is the last.
absl::StatusOr<Times> TimeCompiling(const InputFile& file,
                                    const Profile& profile,
                                    const Options& options,
                                    const std::string& engine,
                                    Compilation* compilation) {
  std::vector<double> times;
  for (uint32_t i = 0; i < options.reps; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    absl::StatusOr<Compilation> result =
        Compile(file, profile, engine, options.compile_gas_limit);
    times.push_back(std::chrono::duration<double, std::milli>(
                        std::chrono::steady_clock::now() - begin)
                        .count());
    if (!result.ok()) return result.status();
    *compilation = *std::move(result);
    if (!compilation->accepted()) break;
  }
  return Summary(std::move(times));
}

bool SameResult(const runtime::Outcome& a, const runtime::Outcome& b) {
  return a.kind == b.kind && a.trap == b.trap && a.results == b.results &&
         a.gas_used == b.gas_used && a.function == b.function &&
         a.offset == b.offset;
}

}  // namespace

int BenchCommand(const Options& options, Output& output) {
  absl::StatusOr<Profile> profile = ProfileFor(options);
  if (!profile.ok()) return output.Refusal(profile.status());
  absl::StatusOr<InputFile> file =
      ReadInputFile(options.files[0], profile->limits.module_bytes);
  if (!file.ok()) return output.Fault(file.status());
  if (file->kind == FileKind::kArtifact) {
    return output.Usage("bench compiles what it runs: pass the module");
  }

  // The sandbox is made ready outside the measured time, as in a node.
  const auto ready_begin = std::chrono::steady_clock::now();
  Compilation compilation;
  absl::StatusOr<Compilation> first =
      Compile(*file, *profile, "sandbox", options.compile_gas_limit);
  if (!first.ok()) return output.Fault(first.status());
  const double first_ms = std::chrono::duration<double, std::milli>(
                              std::chrono::steady_clock::now() - ready_begin)
                              .count();
  if (!first->accepted()) {
    AddToJson(*first, &output.object());
    Print(*first, *file, output);
    return output.Finish(kExitNegative);
  }
  Compilation by_native;
  absl::StatusOr<Times> native =
      TimeCompiling(*file, *profile, options, "native", &by_native);
  if (!native.ok()) return output.Fault(native.status());
  absl::StatusOr<Times> sandboxed =
      TimeCompiling(*file, *profile, options, "sandbox", &compilation);
  if (!sandboxed.ok()) return output.Fault(sandboxed.status());
  if (by_native.verdict.artifact != compilation.verdict.artifact) {
    return output.Fault(absl::InternalError(
        "the native build and the sandbox made different artifacts"));
  }

  const Engine engine = options.engine == "interpreter" ? Engine::kInterpreter
                                                        : Engine::kNative;
  absl::StatusOr<Loaded> loaded =
      LoadProgram(*file, options, *profile, engine);
  if (!loaded.ok()) return output.Fault(loaded.status());
  if (loaded->program == nullptr) {
    AddToJson(loaded->compilation, &output.object());
    Print(loaded->compilation, *file, output);
    return output.Finish(kExitNegative);
  }
  absl::StatusOr<Invocation> invocation =
      PlanInvocation(*loaded->program, options);
  if (!invocation.ok()) {
    return output.Usage(std::string(invocation.status().message()));
  }
  std::vector<double> instantiate_us;
  std::vector<double> run_ms;
  absl::StatusOr<Execution> last = absl::InternalError("no repetition");
  for (uint32_t i = 0; i < options.reps; ++i) {
    absl::StatusOr<Execution> execution =
        Execute(*loaded, engine, *invocation, options);
    if (!execution.ok()) return output.Fault(execution.status());
    if (i > 0 && !SameResult(execution->outcome, last->outcome)) {
      return output.Fault(absl::InternalError(
          "two runs of the same call gave different results or gas"));
    }
    instantiate_us.push_back(execution->instantiate_us);
    run_ms.push_back(execution->run_ms);
    last = std::move(execution);
  }
  const Times instantiate = Summary(std::move(instantiate_us));
  const Times run = Summary(std::move(run_ms));

  json::Value& object = output.object();
  object.Add("compile_native_ms", TimesToJson(*native));
  object.Add("compile_sandbox_ms", TimesToJson(*sandboxed));
  object.Add("first_compile_sandbox_ms", TimeValue(first_ms));
  object.Add("compile_gas", json::Value::NumberString(
                                compilation.verdict.compile_gas));
  object.Add("artifact_sha256", json::Value::String(
                                    compilation.verdict.artifact_digest.Hex()));
  object.Add("module_bytes", json::Value::Number(file->size));
  object.Add("artifact_bytes",
             json::Value::Number(compilation.verdict.artifact.size()));
  object.Add("instantiate_us", TimesToJson(instantiate));
  object.Add("run_ms", TimesToJson(run));
  object.Add("metered", json::Value::Bool(true));
  object.Add("reps", json::Value::Number(options.reps));
  AddOutcome(*last, loaded->names, &object);

  output.Row("compile, native", TimesText(*native, "ms"));
  output.Row("compile, sandbox", TimesText(*sandboxed, "ms"));
  output.Row("compile gas", Grouped(compilation.verdict.compile_gas));
  output.Row("instantiate", TimesText(instantiate, "us"));
  output.Row("run", TimesText(run, "ms"));
  PrintOutcome(*last, *loaded, output);
  return output.Finish(ExitCodeOf(*last));
}

}  // namespace ingot::cli
