// What verification costs. In: module files. Out, after all of them: the speed
// of part 1 and of parts 1 and 2 and their share of the sandboxed compile time,
// the scratch memory of part 2; then hostile shapes beside the median module,
// in nanoseconds per byte of what is read: the artifact, and for part 2 the
// module. All in one run, in turns; times are processor time, the least of
// several rounds.
//
//   bazel run //bench:verifier_speed -- $PWD/../shared/corpus/contracts/*/*.wasm

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/arena.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/program.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/bootstrap.h"

namespace ingot::bench {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr int kRounds = 7;
constexpr uint64_t kScratch = uint64_t{1} << 30;

// Microseconds, and sizes in bytes.
struct Figures {
  double compile = 0;  // in the sandbox, without verification
  double part1 = 0;
  double both = 0;
  double checked = 0;  // both, and the module decoded, validated and compared
  uint64_t code = 0;
  uint64_t artifact = 0;
  uint64_t module = 0;
  uint64_t largest_body = 0;
  uint64_t scratch = 0;

  double Part1NsPerByte() const {
    return part1 * 1e3 / static_cast<double>(artifact);
  }
  double BothNsPerByte() const {
    return both * 1e3 / static_cast<double>(artifact + module);
  }
};

class Stopwatch {
 public:
  double Microseconds() const { return Now() - begin_; }

 private:
  static double Now() {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 +
           static_cast<double>(now.tv_nsec) * 1e-3;
  }
  double begin_ = Now();
};

// The least of several times: whatever else the machine does can only add.
class Least {
 public:
  void Add(double time) { least_ = least_ == 0 ? time : std::min(least_, time); }
  double value() const { return least_; }

 private:
  double least_ = 0;
};

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "verifier_speed: %s\n", what);
  std::exit(1);
}

class Measurement {
 public:
  explicit Measurement(const sandbox::SandboxedCompiler& compiler)
      : compiler_(compiler),
        region_(static_cast<uint8_t*>(std::malloc(kScratch)), &std::free) {}

  // False if the compiler rejects the module.
  bool Take(const Bytes& module, Figures* out) {
    Least compile, part1, both, checked;
    for (int round = 0; round < kRounds; ++round) {
      const Stopwatch compiling;
      const auto verdict = sandbox::CompileInSandbox(
          compiler_, module, profile_, {.verify = false});
      compile.Add(compiling.Microseconds());
      Require(verdict.ok(), "a fault of the host");
      if (verdict->kind != sandbox::VerdictKind::kAccepted) return false;
      Verify(module, verdict->artifact, part1, both, checked, out);
    }
    out->compile = compile.value();
    out->part1 = part1.value();
    out->both = both.value();
    out->checked = checked.value();
    return true;
  }

 private:
  void Verify(const Bytes& module, const Bytes& artifact, Least& part1,
              Least& both, Least& checked, Figures* out) {
    const auto view = runtime::ReadArtifact(artifact, {});
    Status rejection;
    const auto program =
        runtime::Program::FromModule(module, profile_, &rejection);
    Require(view.ok() && program.ok() && rejection.ok(), "two verdicts");
    const auto parts =
        runtime::PartsOf(*view, (*program)->arena(), (*program)->module());
    const Stopwatch first;
    const bool code = verifier::VerifyCode(parts).ok();
    part1.Add(first.Microseconds());
    Arena scratch(region_.get(), 16, 0, kScratch);
    const Stopwatch second;
    const bool metering =
        verifier::VerifyMetering(parts, module, profile_.execution, scratch)
            .ok();
    both.Add(second.Microseconds());
    const Stopwatch third;
    const bool all = runtime::VerifyWithModule(*view, module).ok();
    checked.Add(third.Microseconds());
    Require(code && metering && all, "a refusal");
    out->code = parts.code.size();
    out->artifact = artifact.size();
    out->module = module.size();
    out->scratch = scratch.committed();
    for (const wasm::Body& body :
         (*program)->View((*program)->module().bodies)) {
      out->largest_body =
          std::max<uint64_t>(out->largest_body, body.end - body.begin);
    }
  }

  const sandbox::SandboxedCompiler& compiler_;
  Profile profile_;
  std::unique_ptr<uint8_t, void (*)(void*)> region_;
};

// --- Modules with many of what the verifier looks up -----------------------

void Leb(uint32_t value, Bytes* out) {
  for (; value >= 128; value >>= 7) {
    out->push_back(static_cast<uint8_t>(value | 128));
  }
  out->push_back(static_cast<uint8_t>(value));
}

void Append(const Bytes& bytes, Bytes* out) {
  out->insert(out->end(), bytes.begin(), bytes.end());
}

Bytes Repeat(const Bytes& pattern, uint32_t times) {
  Bytes out;
  for (uint32_t i = 0; i < times; ++i) Append(pattern, &out);
  return out;
}

// `functions` of type (i32) -> () with a table of one and a memory of a page.
Bytes Module(uint32_t functions, const Bytes& body) {
  Bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  const auto section = [&](uint8_t id, const Bytes& contents) {
    module.push_back(id);
    Leb(static_cast<uint32_t>(contents.size()), &module);
    Append(contents, &module);
  };
  section(1, {1, 0x60, 1, 0x7F, 0});
  Bytes types, code;
  Leb(functions, &types);
  Leb(functions, &code);
  Append(Bytes(functions, 0), &types);
  for (uint32_t i = 0; i < functions; ++i) {
    Leb(static_cast<uint32_t>(body.size() + 2), &code);
    code.push_back(0);
    Append(body, &code);
    code.push_back(0x0B);
  }
  section(3, types);
  section(4, {1, 0x70, 0, 1});
  section(5, {1, 0, 1});
  section(10, code);
  return module;
}

// Nested blocks, and in the innermost jumps by tables to all of them.
Bytes Tables(uint32_t depth, uint32_t tables) {
  Bytes body = Repeat({0x02, 0x40}, depth);
  for (uint32_t i = 0; i < tables; ++i) {
    Append({0x02, 0x40, 0x20, 0, 0x0E}, &body);
    Leb(depth, &body);
    for (uint32_t k = 0; k <= depth; ++k) Leb((k * 7919 + i) % depth, &body);
    body.push_back(0x0B);
  }
  Append(Repeat({0x0B}, depth), &body);
  return body;
}

struct Shape {
  const char* name;
  Bytes module;
};

std::vector<Shape> HostileShapes() {
  std::vector<Shape> shapes;
  shapes.push_back({"empty functions", Module(40000, {})});
  shapes.push_back(
      {"calls", Module(20, Repeat({0x20, 0, 0x10, 0}, 10000))});
  shapes.push_back({"indirect calls",
                    Module(20, Repeat({0x20, 0, 0x41, 0, 0x11, 0, 0}, 2000))});
  shapes.push_back({"loads", Module(1, Repeat({0x20, 0, 0x28, 2, 0, 0x1A},
                                              50000))});
  shapes.push_back({"blocks", Module(1, Repeat({0x02, 0x40, 0x20, 0, 0x0D, 0,
                                                0x0B}, 40000))});
  shapes.push_back({"loops", Module(1, Repeat({0x03, 0x40, 0x20, 0, 0x0D, 0,
                                               0x0B}, 40000))});
  Bytes far = {0x02, 0x40};
  Append(Repeat({0x20, 0, 0x0D, 0}, 60000), &far);
  far.push_back(0x0B);
  shapes.push_back({"jumps to one place", Module(1, far)});
  shapes.push_back({"jump tables", Module(1, Tables(1000, 60))});
  shapes.push_back({"empty blocks", Module(1, Repeat({0x02, 0x40, 0x0B},
                                                     100000))});
  return shapes;
}

// ---------------------------------------------------------------------------

double Mb(double bytes) { return bytes * 1e-6; }

int Main(int argc, char** argv) {
  const Profile profile;
  const auto compiler =
      sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, profile);
  Require(compiler.ok(), "compiler.wasm");
  Measurement measurement(**compiler);
  std::vector<Figures> rows;
  Figures sum;
  int rejected = 0;
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    Figures figures;
    if (!measurement.Take({std::istreambuf_iterator<char>(file), {}},
                          &figures)) {
      ++rejected;
      continue;
    }
    rows.push_back(figures);
    sum.compile += figures.compile;
    sum.part1 += figures.part1;
    sum.both += figures.both;
    sum.checked += figures.checked;
    sum.code += figures.code;
  }
  Require(!rows.empty(), "no module was accepted");
  const double code = static_cast<double>(sum.code);
  std::printf("%zu modules, %.1f MB of code, %d rejected\n", rows.size(),
              Mb(code), rejected);
  std::printf("%-38s %8s %12s\n", "", "MB/s", "of compile");
  const std::pair<const char*, double> lines[] = {
      {"part 1", sum.part1},
      {"parts 1 and 2", sum.both},
      {"with decoding, validation and digests", sum.checked}};
  for (const auto& [name, us] : lines) {
    std::printf("%-38s %8.1f %11.1f%%\n", name, code / us,
                100 * us / sum.compile);
  }
  double scratch = 0;
  for (const Figures& figures : rows) {
    scratch = std::max(scratch, static_cast<double>(figures.scratch) /
                                    std::max<double>(
                                        65536, static_cast<double>(
                                                   figures.largest_body)));
  }
  std::printf("scratch: at most %.1f × the largest body (or 64 KiB)\n",
              scratch);

  const auto median = [&](double (Figures::*figure)() const) {
    std::vector<double> values;
    for (const Figures& row : rows) values.push_back((row.*figure)());
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  const double median1 = median(&Figures::Part1NsPerByte);
  const double median2 = median(&Figures::BothNsPerByte);
  std::printf("\n%-20s %14s %8s %14s %8s\n", "shape", "part 1 ns/B",
              "÷ median", "1 and 2 ns/B", "÷ median");
  std::printf("%-20s %14.2f %8.2f %14.2f %8.2f\n", "median module", median1,
              1.0, median2, 1.0);
  for (const Shape& shape : HostileShapes()) {
    Figures figures;
    Require(measurement.Take(shape.module, &figures), shape.name);
    const double part1 = figures.Part1NsPerByte();
    const double both = figures.BothNsPerByte();
    std::printf("%-20s %14.2f %8.2f %14.2f %8.2f\n", shape.name, part1,
                part1 / median1, both, both / median2);
  }
  return 0;
}

}  // namespace
}  // namespace ingot::bench

int main(int argc, char** argv) { return ingot::bench::Main(argc, argv); }
