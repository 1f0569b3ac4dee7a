// The measuring half of fuzz/bombs/run. In: `shapes BYTES...` for every shape
// at every size, `files MODULE...`, or `write SHAPE BYTES FILE`. Before them
// --level N, and --quick for one round. Out: a table with a heading, columns
// separated by tabs: what became of each module and what it cost. Holds: the
// native build and the sandbox gave the same bytes; times are the least of all
// rounds, by the thread's own clock.

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/compile_times.h"
#include "compiler/base/error_text.h"
#include "fuzz/bombs/shapes.h"
#include "sandbox/bootstrap.h"

namespace ingot::fuzz {
namespace {

struct Options {
  Profile profile;
  bench::CompileRounds rounds = {.least = 3,
                                 .microseconds = 60'000,
                                 .clock = bench::Clock::kThread,
                                 .verify = true};
};

class Table {
 public:
  explicit Table(const Options& options) : options_(options) {}

  // False at a fault, which is printed.
  bool Open() {
    auto compiler = sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative,
                                              options_.profile);
    if (!compiler.ok()) return Fail("compiler.wasm", compiler.status());
    compiler_ = *std::move(compiler);
    std::printf("module\tbytes\tverdict\tcode\tnative_us\tsandbox_us\t"
                "inside_us\tcompile_gas\tmemory_bytes\tartifact_bytes\n");
    return true;
  }

  bool Row(const std::string& name, std::span<const uint8_t> module) {
    const auto times = bench::TimeCompilers(*compiler_, module,
                                            options_.profile, options_.rounds);
    if (!times.ok()) return Fail(name, times.status());
    const std::string code(times->code == Code::kOk ? std::string_view()
                                                    : TextOf(times->code).name);
    std::printf("%s\t%zu\t%s\t%s\t%.1f\t%.1f\t%.1f\t%" PRIu64 "\t%" PRIu64
                "\t%" PRIu64 "\n",
                name.c_str(), module.size(),
                std::string(sandbox::VerdictName(times->verdict)).c_str(),
                code.c_str(), times->native_us, times->sandbox_us, times->inside_us,
                times->compile_gas, times->memory_bytes,
                times->artifact_bytes);
    std::fflush(stdout);
    return true;
  }

 private:
  static bool Fail(const std::string& subject, const absl::Status& status) {
    std::fprintf(stderr, "measure: %s: %s\n", subject.c_str(),
                 status.ToString().c_str());
    return false;
  }

  const Options& options_;
  std::shared_ptr<const sandbox::SandboxedCompiler> compiler_;
};

uint32_t Number(const char* text) {
  return static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

int Shapes(const Options& options, std::span<char* const> sizes) {
  Table table(options);
  if (!table.Open()) return 3;
  for (const BombShape& shape : BombShapes()) {
    for (const char* size : sizes) {
      if (!table.Row(std::string(shape.name), MakeBomb(shape, Number(size)))) {
        return 3;
      }
    }
  }
  return 0;
}

int Files(const Options& options, std::span<char* const> paths) {
  Table table(options);
  if (!table.Open()) return 3;
  for (const std::string path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    if (!table.Row(path, bytes)) return 3;
  }
  return 0;
}

int Write(std::string_view name, uint32_t bytes, const char* path) {
  const BombShape* shape = FindBombShape(name);
  if (shape == nullptr) {
    std::fprintf(stderr, "measure: no shape of this name; there are:\n");
    for (const BombShape& each : BombShapes()) {
      std::fprintf(stderr, "  %s\n", std::string(each.name).c_str());
    }
    return 2;
  }
  const std::vector<uint8_t> module = MakeBomb(*shape, bytes);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(module.data()),
             static_cast<std::streamsize>(module.size()));
  return file.good() ? 0 : 3;
}

int Main(std::span<char* const> args) {
  Options options;
  while (!args.empty()) {
    const std::string_view option = args[0];
    if (option == "--quick") {
      options.rounds.least = 1;
      options.rounds.microseconds = 0;
      args = args.subspan(1);
    } else if (option == "--level" && args.size() > 1) {
      options.profile.level = Number(args[1]);
      args = args.subspan(2);
    } else {
      break;
    }
  }
  const std::string_view command = args.empty() ? "" : args[0];
  if (command == "shapes" && args.size() > 1) {
    return Shapes(options, args.subspan(1));
  }
  if (command == "files" && args.size() > 1) {
    return Files(options, args.subspan(1));
  }
  if (command == "write" && args.size() == 4) {
    return Write(args[1], Number(args[2]), args[3]);
  }
  std::fprintf(stderr,
               "usage: measure [--level N] [--quick] shapes BYTES...\n"
               "       measure [--level N] [--quick] files MODULE...\n"
               "       measure write SHAPE BYTES FILE\n");
  return 2;
}

}  // namespace
}  // namespace ingot::fuzz

int main(int argc, char** argv) {
  return ingot::fuzz::Main({argv + 1, static_cast<size_t>(argc - 1)});
}
