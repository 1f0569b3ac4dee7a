// Sandboxed ÷ native compile time, module by module in one process. In: module
// files. Out: a line per module with both processor times (the least of several
// runs), their ratio, the compile gas and gas per nanosecond, then the sums.
// Holds: both sides compile the same bytes to the same bytes; a refused module
// is left out.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sandbox/bootstrap.h"
#include "sandbox/compile_job.h"
#include "sandbox/native_compiler.h"

namespace ingot::sandbox {
namespace {

constexpr int kRuns = 3;

template <typename Function>
double LeastMilliseconds(Function&& function) {
  double least = 0;
  for (int i = 0; i < kRuns; ++i) {
    const std::clock_t begin = std::clock();
    function();
    const double time = 1e3 * static_cast<double>(std::clock() - begin) /
                        static_cast<double>(CLOCKS_PER_SEC);
    least = i == 0 ? time : std::min(least, time);
  }
  return least;
}

int Run(const std::vector<std::string>& paths) {
  const Profile profile;
  const auto compiler = EmbeddedCompiler(EngineKind::kNative, profile);
  if (!compiler.ok()) {
    std::fprintf(stderr, "%s\n", compiler.status().ToString().c_str());
    return 3;
  }
  const double bootstrap = LeastMilliseconds([&] {
    (void)LoadCompiler(EngineKind::kNative, EmbeddedCompilerWasm(), profile);
  });
  std::printf("bootstrap %.1f ms, compiler.wasm %zu bytes\n", bootstrap,
              EmbeddedCompilerWasm().size());
  std::printf("%10s %10s %10s %6s %14s %7s  module\n", "bytes", "native ms",
              "sandbox ms", "ratio", "gas", "gas/ns");
  double native_sum = 0;
  double sandbox_sum = 0;
  uint64_t bytes_sum = 0;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<uint8_t> module{std::istreambuf_iterator<char>(file), {}};
    absl::StatusOr<NativeResult> native = absl::UnknownError("not run");
    absl::StatusOr<Verdict> verdict = absl::UnknownError("not run");
    const double native_ms = LeastMilliseconds([&] {
      native = CompileNatively(module, profile, (*compiler)->digest);
    });
    const double sandbox_ms = LeastMilliseconds(
        [&] { verdict = CompileInSandbox(**compiler, module, profile); });
    if (!native.ok() || !verdict.ok()) return 3;
    if (verdict->kind != VerdictKind::kAccepted) continue;
    if (verdict->artifact_digest != native->artifact_digest) {
      std::fprintf(stderr, "%s: other bytes\n", path.c_str());
      return 1;
    }
    native_sum += native_ms;
    sandbox_sum += sandbox_ms;
    bytes_sum += module.size();
    std::printf("%10zu %10.2f %10.2f %6.2f %14llu %7.2f  %s\n", module.size(),
                native_ms, sandbox_ms, sandbox_ms / native_ms,
                static_cast<unsigned long long>(verdict->compile_gas),
                static_cast<double>(verdict->compile_gas) / (sandbox_ms * 1e6),
                path.c_str());
  }
  std::printf("%10llu %10.2f %10.2f %6.2f  all\n",
              static_cast<unsigned long long>(bytes_sum), native_sum,
              sandbox_sum, sandbox_sum / native_sum);
  return 0;
}

}  // namespace
}  // namespace ingot::sandbox

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: compile_ratio MODULE...\n");
    return 2;
  }
  return ingot::sandbox::Run({argv + 1, argv + argc});
}
