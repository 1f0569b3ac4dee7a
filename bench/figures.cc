// The measuring half of bench/run. In: `compile MODULE...`, or `run MODULE
// UNMETERED_ARTIFACT HOST WASI_ARGUMENTS CALLS`; before either --quick for one
// round, --brief for three rounds and no interpreter, --level N for another
// level than the default. HOST is none, wasi or
// stubs; CALLS is "EXPORT BITS...; ...", of which the last is timed. Or `parallel
// MODULE...`, `startup MODULE ENTRY` and `host-call MODULE ENTRY`
// (startup_times.h).
// Out: a table with a heading, columns separated by tabs, on standard output.
// Holds: the default profile but for the level; times are the least of all
// rounds. A kernel that cannot be timed has the reason in its column `problem`.

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
#include "bench/startup_times.h"
#include "bench/stopwatch.h"
#include "sandbox/bootstrap.h"

namespace ingot::bench {
namespace {

std::vector<uint8_t> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int Fail(const std::string& subject, const absl::Status& status) {
  std::fprintf(stderr, "figures: %s: %s\n", subject.c_str(),
               status.ToString().c_str());
  return 3;
}

int Compile(std::span<char* const> paths, const Profile& profile,
            const CompileRounds& rounds) {
  const Stopwatch stopwatch;
  const auto compiler =
      sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, profile);
  if (!compiler.ok()) return Fail("compiler.wasm", compiler.status());
  std::printf("# compiler.wasm %zu bytes, ready in %.0f us\n",
              sandbox::EmbeddedCompilerWasm().size(),
              stopwatch.Microseconds());
  std::printf("module\tnative_us\tsandbox_us\tinside_us\thash_us\tload_us\t"
              "compile_gas\tartifact_bytes\tcode_bytes\n");
  for (const std::string path : paths) {
    const auto times =
        TimeCompilers(**compiler, ReadFile(path), profile, rounds);
    if (!times.ok()) return Fail(path, times.status());
    if (!times->accepted()) continue;
    std::printf("%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%" PRIu64 "\t%" PRIu64
                "\t%" PRIu64 "\n",
                path.c_str(), times->native_us, times->sandbox_us,
                times->inside_us, times->hash_us, times->load_us,
                times->compile_gas,
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

int Run(std::span<char* const> args, const Profile& profile,
        const RunRounds& rounds) {
  Kernel kernel;
  kernel.module = ReadFile(args[0]);
  kernel.unmetered_artifact = ReadFile(args[1]);
  kernel.stubs = std::string_view(args[2]) == "stubs";
  kernel.wasi_arguments = Words(args[3], ' ');
  for (const std::string& call : Words(args[4], ';')) {
    kernel.before.push_back(ReadStep(call));
  }
  if (kernel.before.empty()) return 2;
  kernel.timed = std::move(kernel.before.back());
  kernel.before.pop_back();
  const auto times = TimeRuns(kernel, profile, rounds);
  if (!times.ok() && times.status().code() == absl::StatusCode::kInternal) {
    return Fail(args[0], times.status());
  }
  std::printf("problem\tgas\tcalls\tmetered_us\tunmetered_us\t"
              "interpreter_us\tparams\tresults\tmemory\n");
  if (!times.ok()) {
    std::printf("%s\t0\t0\t0\t0\t0\t\t\t\n",
                std::string(times.status().message()).c_str());
    return 0;
  }
  std::printf("\t%" PRIu64 "\t%u\t%.3f\t%.3f\t%.3f\t%s\t%s\t%s\n", times->gas,
              times->calls, times->metered_us, times->unmetered_us,
              times->interpreter_us, times->params.c_str(),
              times->results.c_str(), times->memory.Hex().c_str());
  return 0;
}

int Startup(std::span<char* const> args, const Profile& profile, bool quick) {
  const bool host_call = std::string_view(args[0]) == "host-call";
  const std::vector<uint8_t> module = ReadFile(args[1]);
  const auto figures = host_call
                           ? TimeHostCall(module, args[2], profile, quick)
                           : TimeStartup(module, args[2], profile, quick);
  if (!figures.ok()) return Fail(args[1], figures.status());
  std::printf("figure\tengine\tvalue\n");
  for (const Figure& figure : *figures) {
    std::printf("%s\tingot\t%.4f\n", figure.name.c_str(), figure.value);
  }
  return 0;
}

// The time that passes, on one thread and on two.
int Parallel(std::span<char* const> paths, const Profile& profile,
             uint32_t rounds) {
  const auto compiler =
      sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, profile);
  if (!compiler.ok()) return Fail("compiler.wasm", compiler.status());
  std::printf("module\tnative_1\tnative_2\tsandbox_1\tsandbox_2\n");
  for (const std::string path : paths) {
    const auto times =
        TimeThreads(**compiler, ReadFile(path), profile, rounds);
    if (!times.ok()) return Fail(path, times.status());
    std::printf("%s\t%.1f\t%.1f\t%.1f\t%.1f\n", path.c_str(),
                times->native_us[0], times->native_us[1],
                times->sandbox_us[0], times->sandbox_us[1]);
  }
  return 0;
}

int Main(std::span<char* const> args) {
  CompileRounds compile_rounds{.clock = Clock::kThread};
  RunRounds run_rounds;
  Profile profile;
  bool quick = false;
  while (!args.empty() && args[0][0] == '-') {
    const std::string_view option = args[0];
    if (option == "--quick") {
      quick = true;
      compile_rounds.least = 1;
      compile_rounds.microseconds = 0;
      run_rounds = {.rounds = 1, .sample_us = 0};
    } else if (option == "--brief") {
      run_rounds.rounds = 3;
      run_rounds.interpreted_us = 0;
    } else if (option == "--level" && args.size() > 1) {
      args = args.subspan(1);
      profile.level = args[0] == std::string_view("0") ? 0 : 1;
    } else {
      break;
    }
    args = args.subspan(1);
  }
  const std::string_view command = args.empty() ? "" : args[0];
  if (command == "compile" && args.size() > 1) {
    return Compile(args.subspan(1), profile, compile_rounds);
  }
  if (command == "parallel" && args.size() > 1) {
    return Parallel(args.subspan(1), profile, quick ? 1 : 7);
  }
  if ((command == "startup" || command == "host-call") && args.size() == 3) {
    return Startup(args, profile, quick);
  }
  if (command == "run" && args.size() == 6) {
    return Run(args.subspan(1), profile, run_rounds);
  }
  std::fprintf(stderr,
               "usage: figures [--quick] [--level N] compile MODULE...\n"
               "       figures [--quick] [--level N] run MODULE "
               "UNMETERED_ARTIFACT HOST WASI_ARGUMENTS CALLS\n"
               "       figures [--quick] [--level N] parallel MODULE...\n"
               "       figures [--quick] [--level N] startup MODULE ENTRY\n"
               "       figures [--quick] [--level N] host-call MODULE ENTRY\n");
  return 2;
}

}  // namespace
}  // namespace ingot::bench

int main(int argc, char** argv) {
  return ingot::bench::Main({argv + 1, static_cast<size_t>(argc - 1)});
}
