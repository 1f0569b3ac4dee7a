// `ingot bench`. In: a module and a call. Out: times of compiling natively and
// in the sandbox, of instantiating and of running, all in this process. Holds:
// results and gas are those of every repetition; if two differ, it is a fault.

#include <algorithm>
#include <chrono>
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

// The times of both compilers and the last verdict of each.
struct CompileTimes {
  Times native;
  Times sandboxed;
  double first_sandboxed_ms = 0;  // the sandbox made ready, then one compile
  Compilation compilation;
};

// `compilation` is not accepted: the rest is meaningless.
absl::StatusOr<CompileTimes> TimeBothCompilers(const InputFile& file,
                                               const Profile& profile,
                                               const Options& options) {
  CompileTimes times;
  Options once = options;
  once.reps = 1;
  absl::StatusOr<Times> first =
      TimeCompiling(file, profile, once, "sandbox", &times.compilation);
  if (!first.ok()) return first.status();
  times.first_sandboxed_ms = first->median;
  if (!times.compilation.accepted()) return times;

  Compilation by_native;
  absl::StatusOr<Times> native =
      TimeCompiling(file, profile, options, "native", &by_native);
  if (!native.ok()) return native.status();
  times.native = *native;
  absl::StatusOr<Times> sandboxed =
      TimeCompiling(file, profile, options, "sandbox", &times.compilation);
  if (!sandboxed.ok()) return sandboxed.status();
  times.sandboxed = *sandboxed;
  if (by_native.verdict.artifact != times.compilation.verdict.artifact) {
    return absl::InternalError(
        "the native build and the sandbox made different artifacts");
  }
  return times;
}

void ShowCompileTimes(const CompileTimes& times, const InputFile& file,
                      Output& output) {
  const sandbox::Verdict& verdict = times.compilation.verdict;
  json::Value& object = output.object();
  object.Add("compile_native_ms", TimesToJson(times.native));
  object.Add("compile_sandbox_ms", TimesToJson(times.sandboxed));
  object.Add("first_compile_sandbox_ms", TimeValue(times.first_sandboxed_ms));
  object.Add("compile_gas", json::Value::NumberString(verdict.compile_gas));
  object.Add("artifact_sha256",
             json::Value::String(verdict.artifact_digest.Hex()));
  object.Add("module_bytes", json::Value::Number(file.size));
  object.Add("artifact_bytes", json::Value::Number(verdict.artifact.size()));
  output.Row("compile, native", TimesText(times.native, "ms"));
  output.Row("compile, sandbox", TimesText(times.sandboxed, "ms"));
  output.Row("compile gas", Grouped(verdict.compile_gas));
}

struct RunTimes {
  Times instantiate_us;
  Times run_ms;
  Execution last;
};

absl::StatusOr<RunTimes> TimeRunning(const Loaded& loaded, Engine engine,
                                     const Invocation& invocation,
                                     const Options& options) {
  std::vector<double> instantiate_us;
  std::vector<double> run_ms;
  RunTimes times;
  for (uint32_t i = 0; i < options.reps; ++i) {
    absl::StatusOr<Execution> execution =
        Execute(loaded, engine, invocation, options);
    if (!execution.ok()) return execution.status();
    if (i > 0 && !SameResult(execution->outcome, times.last.outcome)) {
      return absl::InternalError(
          "two runs of the same call gave different results or gas");
    }
    instantiate_us.push_back(execution->instantiate_us);
    run_ms.push_back(execution->run_ms);
    times.last = *std::move(execution);
  }
  times.instantiate_us = Summary(std::move(instantiate_us));
  times.run_ms = Summary(std::move(run_ms));
  return times;
}

// A module without a main function, and no export named: compiling is all.
bool NothingToRun(const runtime::Program& program, const Options& options) {
  if (options.invoke) return false;
  for (const wasm::Export& item : program.View(program.module().exports)) {
    if (program.Name(item.name) == "_start") return false;
  }
  return true;
}

int FinishWithoutRun(Output& output) {
  for (const char* key : {"instantiate_us", "run_ms", "outcome", "gas_used"}) {
    output.object().Add(key, json::Value::Null());
  }
  output.object().Add("results", json::Value::MakeArray());
  output.object().Add("metered", json::Value::Bool(true));
  output.Row("run", "not timed: name an export with --invoke");
  return output.Finish(kExitOk);
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
  const auto reject = [&](const Compilation& compilation) {
    AddToJson(compilation, &output.object());
    Print(compilation, *file, output);
    return output.Finish(kExitNegative);
  };
  absl::StatusOr<CompileTimes> compile =
      TimeBothCompilers(*file, *profile, options);
  if (!compile.ok()) return output.Fault(compile.status());
  if (!compile->compilation.accepted()) return reject(compile->compilation);

  const Engine engine = options.engine == "interpreter" ? Engine::kInterpreter
                                                        : Engine::kNative;
  absl::StatusOr<Loaded> loaded =
      LoadProgram(*file, options, *profile, engine);
  if (!loaded.ok()) return output.Fault(loaded.status());
  if (loaded->program == nullptr) return reject(loaded->compilation);
  if (NothingToRun(*loaded->program, options)) {
    ShowCompileTimes(*compile, *file, output);
    return FinishWithoutRun(output);
  }
  absl::StatusOr<Invocation> invocation =
      PlanInvocation(*loaded->program, options);
  if (!invocation.ok()) {
    return output.Usage(std::string(invocation.status().message()));
  }
  absl::StatusOr<RunTimes> run =
      TimeRunning(*loaded, engine, *invocation, options);
  if (!run.ok()) return output.Fault(run.status());

  ShowCompileTimes(*compile, *file, output);
  json::Value& object = output.object();
  object.Add("instantiate_us", TimesToJson(run->instantiate_us));
  object.Add("run_ms", TimesToJson(run->run_ms));
  object.Add("metered", json::Value::Bool(true));
  object.Add("reps", json::Value::Number(options.reps));
  AddOutcome(run->last, loaded->names, &object);
  output.Row("instantiate", TimesText(run->instantiate_us, "us"));
  output.Row("run", TimesText(run->run_ms, "ms"));
  PrintOutcome(run->last, *loaded, output);
  return output.Finish(ExitCodeOf(run->last));
}

}  // namespace ingot::cli
