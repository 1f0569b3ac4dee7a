// The measuring half of bench/run. In: `compile MODULE...`, or `run MODULE
// UNMETERED_ARTIFACT WASI_ARGUMENTS CALLS`, before either --quick for one
// round. CALLS is "EXPORT BITS...; ...", of which the last is timed.
// Out: a table with a heading, columns separated by tabs, on standard output.
// Holds: level 0 of the default profile; times are the least of all rounds. A
// kernel that cannot be timed has the reason in its column `problem`.

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "bench/compile_times.h"
#include "bench/run_times.h"
#include "bench/stopwatch.h"
#include "sandbox/bootstrap.h"

namespace ingot::bench {
namespace {

Profile LevelZero() {
  Profile profile;
  profile.level = 0;
  return profile;
}

std::vector<uint8_t> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int Fail(const std::string& subject, const absl::Status& status) {
  std::fprintf(stderr, "figures: %s: %s\n", subject.c_str(),
               status.ToString().c_str());
  return 3;
}

int Compile(std::span<char* const> paths, const CompileRounds& rounds) {
  const Profile profile = LevelZero();
  const Stopwatch stopwatch;
  const auto compiler =
      sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, profile);
  if (!compiler.ok()) return Fail("compiler.wasm", compiler.status());
  std::printf("# compiler.wasm %zu bytes, ready in %.0f us\n",
              sandbox::EmbeddedCompilerWasm().size(),
              stopwatch.Microseconds());
  std::printf("module\tnative_us\tsandbox_us\tinside_us\thash_us\t"
              "compile_gas\tartifact_bytes\tcode_bytes\n");
  for (const std::string path : paths) {
    const auto times =
        TimeCompilers(**compiler, ReadFile(path), profile, rounds);
    if (!times.ok()) return Fail(path, times.status());
    if (!times->accepted()) continue;
    std::printf("%s\t%.1f\t%.1f\t%.1f\t%.1f\t%" PRIu64 "\t%" PRIu64
                "\t%" PRIu64 "\n",
                path.c_str(), times->native_us, times->sandbox_us,
                times->inside_us, times->hash_us, times->compile_gas,
                times->artifact_bytes, times->code_bytes);
    std::fflush(stdout);
  }
  return 0;
}

std::vector<std::string> Words(const std::string& text, char separator) {
  return absl::StrSplit(text, separator, absl::SkipWhitespace());
}

Step ReadStep(const std::string& text) {
  const std::vector<std::string> words = Words(text, ' ');
  Step step;
  for (const std::string& word : words) {
    if (step.export_name.empty()) {
      step.export_name = word;
    } else {
      step.args.push_back(std::strtoull(word.c_str(), nullptr, 0));
    }
  }
  return step;
}

int Run(std::span<char* const> args, const RunRounds& rounds) {
  Kernel kernel;
  kernel.module = ReadFile(args[0]);
  kernel.unmetered_artifact = ReadFile(args[1]);
  kernel.wasi_arguments = Words(args[2], ' ');
  for (const std::string& call : Words(args[3], ';')) {
    kernel.before.push_back(ReadStep(call));
  }
  if (kernel.before.empty()) return 2;
  kernel.timed = std::move(kernel.before.back());
  kernel.before.pop_back();
  const auto times = TimeRuns(kernel, LevelZero(), rounds);
  if (!times.ok() && times.status().code() == absl::StatusCode::kInternal) {
    return Fail(args[0], times.status());
  }
  std::printf("problem\tgas\tcalls\tmetered_us\tunmetered_us\t"
              "interpreter_us\tparams\tresults\n");
  if (!times.ok()) {
    std::printf("%s\t0\t0\t0\t0\t0\t\t\n",
                std::string(times.status().message()).c_str());
    return 0;
  }
  std::printf("\t%" PRIu64 "\t%u\t%.3f\t%.3f\t%.3f\t%s\t%s\n", times->gas,
              times->calls, times->metered_us, times->unmetered_us,
              times->interpreter_us, times->params.c_str(),
              times->results.c_str());
  return 0;
}

int Main(std::span<char* const> args) {
  CompileRounds compile_rounds;
  RunRounds run_rounds;
  if (!args.empty() && std::string_view(args[0]) == "--quick") {
    compile_rounds = {.least = 1, .microseconds = 0};
    run_rounds = {.rounds = 1, .sample_us = 0};
    args = args.subspan(1);
  }
  const std::string_view command = args.empty() ? "" : args[0];
  if (command == "compile" && args.size() > 1) {
    return Compile(args.subspan(1), compile_rounds);
  }
  if (command == "run" && args.size() == 5) {
    return Run(args.subspan(1), run_rounds);
  }
  std::fprintf(stderr,
               "usage: figures [--quick] compile MODULE...\n"
               "       figures [--quick] run MODULE UNMETERED_ARTIFACT "
               "WASI_ARGUMENTS CALLS\n");
  return 2;
}

}  // namespace
}  // namespace ingot::bench

int main(int argc, char** argv) {
  return ingot::bench::Main({argv + 1, static_cast<size_t>(argc - 1)});
}
