// `ingot doctor`. In: the machine. Out: what Ingot needs and whether it is
// there, then a self-test: a small module is compiled in the sandbox, compared
// with the digest recorded when this program was built, and run on both
// engines. Holds: a check that fails says what to do.

#include <algorithm>
#include <utility>

#include "cli/code_names.h"
#include "cli/commands.h"
#include "cli/compilation.h"
#include "cli/execution.h"
#include "cli/host_facts.h"
#include "cli/self_test.h"
#include "cli/self_test_digest.inc"
#include "compiler/abi/traps.h"
#include "fmt/format.h"
#include "runtime/artifact/host_isa.h"
#include "runtime/digest.h"

namespace ingot::cli {
namespace {

// Gas of calling sum(100) under schedule 2, added up by hand: entry 30, 43 an
// iteration, 7 after the loop.
constexpr uint64_t kSelfTestGas = 4337;
// divide(1, 0) traps at i32.div_s.
constexpr uint32_t kSelfTestTrapFunction = 1;
constexpr uint32_t kSelfTestTrapOffset = 97;

enum class Result : uint8_t { kOk, kNote, kFailed };

class Report {
 public:
  explicit Report(Output& output) : output_(output) {}

  void Add(std::string_view check, Result result, std::string_view detail,
           std::string_view help = "") {
    static constexpr std::string_view kNames[] = {"ok", "note", "failed"};
    static constexpr Style kStyles[] = {Style::kGood, Style::kWarn,
                                        Style::kBad};
    const auto index = static_cast<size_t>(result);
    json::Value item = json::Value::MakeObject();
    item.Add("check", json::Value::String(check));
    item.Add("status", json::Value::String(kNames[index]));
    item.Add("detail", json::Value::String(detail));
    item.Add("help", StringOrNull(help));
    items_.Append(std::move(item));
    output_.Row(check,
                fmt::format("{}  {}",
                            output_.Styled(fmt::format("{:<6}", kNames[index]),
                                           kStyles[index]),
                            detail));
    if (!help.empty() && result != Result::kOk) output_.Row("", help);
    failed_ = failed_ || result == Result::kFailed;
  }
  void AddIf(std::string_view check, bool passed, std::string_view detail,
             std::string_view help) {
    Add(check, passed ? Result::kOk : Result::kFailed, detail,
        passed ? "" : help);
  }

  int Finish() {
    output_.object().Add("verdict", json::Value::String(
                                        failed_ ? "failed" : "passed"));
    output_.object().Add("checks", std::move(items_));
    return output_.Finish(failed_ ? kExitNegative : kExitOk);
  }

 private:
  Output& output_;
  json::Value items_ = json::Value::MakeArray();
  bool failed_ = false;
};

std::string Size(uint64_t bytes) {
  if (bytes == ~uint64_t{0}) return "unlimited";
  return fmt::format("{:.1f} GiB",
                     static_cast<double>(bytes) / (uint64_t{1} << 30));
}

void CheckHostFacts(const HostFacts& facts, Report& report) {
  report.Add("kernel", facts.kernel.empty() ? Result::kNote : Result::kOk,
             facts.kernel);
  const std::string_view lacks_v2 = runtime::MissingFeature(Isa::kX8664V2);
  report.AddIf("x86-64-v2", lacks_v2.empty(),
               lacks_v2.empty() ? facts.processor
                                : fmt::format("the processor lacks {}",
                                              lacks_v2),
               "artifacts of the default profile need this instruction set");
  const std::string_view lacks_v3 = runtime::MissingFeature(Isa::kX8664V3);
  report.Add("x86-64-v3", lacks_v3.empty() ? Result::kOk : Result::kNote,
             lacks_v3.empty()
                 ? "available"
                 : fmt::format("the processor lacks {}", lacks_v3),
             "profiles with isa = \"x86-64-v3\" do not run here");
  report.AddIf("processors", facts.processors > 0,
               std::to_string(facts.processors), "");
  report.Add("memory",
             facts.memory_bytes >= (uint64_t{2} << 30) ? Result::kOk
                                                       : Result::kNote,
             Size(facts.memory_bytes),
             "large modules need up to 2 GiB to compile");
  report.AddIf("address space", facts.can_reserve_memory,
               fmt::format("limit {}; a linear memory reserves {}",
                           Size(facts.address_space_limit),
                           Size(kMemoryReservation)),
               "raise it: `ulimit -v unlimited`");
  report.Add("overcommit",
             facts.overcommit_never ? Result::kNote : Result::kOk,
             facts.overcommit,
             "with vm.overcommit_memory = 2 memory is refused early; the "
             "refusal is a fault, never a verdict");
  report.Add("memory maps",
             facts.max_map_count >= 65530 ? Result::kOk : Result::kNote,
             fmt::format("vm.max_map_count = {}", facts.max_map_count),
             "raise vm.max_map_count for many instances at once");
  report.Add("open files",
             facts.open_files_limit >= 1024 ? Result::kOk : Result::kNote,
             facts.open_files_limit == ~uint64_t{0}
                 ? "unlimited"
                 : std::to_string(facts.open_files_limit),
             "raise it: `ulimit -n 4096`");
  report.AddIf("sealed memory", facts.can_seal_memory,
               facts.can_seal_memory ? "available" : "not available",
               "code is mapped from sealed memory files: a kernel from 3.17 "
               "on is needed");
  report.Add("worker jail",
             facts.has_seccomp && facts.has_landlock ? Result::kOk
                                                     : Result::kNote,
             fmt::format("seccomp {}, landlock {}",
                         facts.has_seccomp ? "yes" : "no",
                         facts.has_landlock ? "yes" : "no"),
             "worker processes are jailed with what is there");
}

void CheckLibraries(const HostFacts& facts, Report& report) {
  static constexpr uint8_t kAbc[] = {'a', 'b', 'c'};
  const std::string digest = Sha256(kAbc).Hex();
  report.AddIf("SHA-256",
               digest ==
                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61"
                   "f20015ad",
               "of \"abc\" (FIPS 180-4)",
               "the library that hashes is broken: reinstall "
               "android-libboringssl");
  const bool openssl = std::any_of(
      facts.libraries.begin(), facts.libraries.end(),
      [](const std::string& name) { return name == "libcrypto.so.3"; });
  report.AddIf("libraries", !openssl,
               fmt::format("{} loaded", facts.libraries.size()),
               "OpenSSL 3 is loaded beside BoringSSL and their symbols clash: "
               "build without it");
}

// Runs one export on one engine; empty if all is as it should be.
std::string TryRun(const Loaded& loaded, Engine engine) {
  const Invocation sum{
      "sum", {{wasm::ValType::kI32, kSelfTestArgument}}};
  absl::StatusOr<Execution> execution =
      Execute(loaded, engine, sum, Options());
  if (!execution.ok()) return std::string(execution.status().message());
  const runtime::Outcome& returned = execution->outcome;
  if (returned.results.size() != 1 ||
      returned.results[0].bits != kSelfTestResult) {
    return "sum(100) is not 5050";
  }
  const Invocation divide{
      "divide", {{wasm::ValType::kI32, 1}, {wasm::ValType::kI32, 0}}};
  absl::StatusOr<Execution> trap =
      Execute(loaded, engine, divide, Options());
  if (!trap.ok()) return std::string(trap.status().message());
  if (trap->outcome.kind != runtime::OutcomeKind::kTrapped ||
      trap->outcome.trap != TrapCode::kIntegerDivideByZero ||
      trap->outcome.function != kSelfTestTrapFunction ||
      trap->outcome.offset != kSelfTestTrapOffset) {
    return "divide(1, 0) does not trap where it should";
  }
  // Instantiation costs the same in both runs, so it drops out: divide pays
  // its entry (32), two operands and up to the trapping division (82).
  const uint64_t difference =
      returned.gas_used - trap->outcome.gas_used;
  if (difference != kSelfTestGas - (32 + 82)) {
    return fmt::format("gas differs from the schedule's by {}",
                       static_cast<int64_t>(difference - kSelfTestGas + 114));
  }
  return "";
}

void SelfTest(Report& report) {
  InputFile file;
  file.path = "self-test";
  file.kind = FileKind::kModule;
  file.bytes.assign(SelfTestModule().begin(), SelfTestModule().end());
  file.size = file.bytes.size();
  const Profile profile;
  for (const char* engine : {"native", "sandbox"}) {
    const std::string check = fmt::format("compile, {}", engine);
    absl::StatusOr<Compilation> compilation =
        Compile(file, profile, engine, std::nullopt);
    if (!compilation.ok()) {
      report.Add(check, Result::kFailed,
                 std::string(compilation.status().message()),
                 "see the checks above");
      continue;
    }
    const std::string digest = compilation->verdict.artifact_digest.Hex();
    report.AddIf(check,
                 compilation->accepted() && digest == kSelfTestArtifactSha256,
                 fmt::format("artifact {}", digest),
                 fmt::format("this build was recorded with {}: keep the "
                             "machine's details and report it",
                             kSelfTestArtifactSha256));
  }
  for (const Engine engine : {Engine::kNative, Engine::kInterpreter}) {
    const std::string check = engine == Engine::kNative ? "run, native"
                                                        : "run, interpreter";
    absl::StatusOr<Loaded> loaded =
        LoadProgram(file, Options(), profile, engine);
    std::string problem;
    if (!loaded.ok()) {
      problem = std::string(loaded.status().message());
    } else if (loaded->program == nullptr) {
      problem = "the module is refused";
    } else {
      problem = TryRun(*loaded, engine);
    }
    report.AddIf(check, problem.empty(),
                 problem.empty() ? "result, trap and gas as recorded"
                                 : problem,
                 "keep the machine's details and report it");
  }
}

}  // namespace

int DoctorCommand(const Options&, Output& output) {
  Report report(output);
  const HostFacts facts = AskHost();
  CheckHostFacts(facts, report);
  CheckLibraries(facts, report);
  SelfTest(report);
  json::Value libraries = json::Value::MakeArray();
  for (const std::string& name : facts.libraries) {
    libraries.Append(json::Value::String(name));
  }
  output.object().Add("libraries", std::move(libraries));
  output.object().Add("self_test_sha256",
                      json::Value::String(kSelfTestArtifactSha256));
  return report.Finish();
}

}  // namespace ingot::cli
