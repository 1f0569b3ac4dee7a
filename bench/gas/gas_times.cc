// The measuring half of bench/gas/run. In: `kernels` for the loops of
// kernels.cc, or `run MODULE WASI_ARGUMENTS CALLS` for a real module, where
// CALLS is "EXPORT BITS...; ..." and the last is timed. Before them --level N
// and --schedule N, the version of the execution schedule.
// Out: a table with a heading, columns separated by tabs: gas, and nanoseconds
// of the thread's own clock. Holds: times are the least per gas of all rounds;
// a call that does not return has the reason in the column `problem`.

#include <algorithm>
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

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/gas/kernels.h"
#include "bench/stopwatch.h"
#include "chain_integration/wasi/wasi.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/store.h"
#include "runtime/transaction.h"
#include "sandbox/native_compiler.h"

namespace ingot::bench {
namespace {

constexpr uint64_t kGas = 20'000'000'000;
// What a round of a kernel uses, about; a round of a real call is repeated
// until it took this long.
constexpr uint64_t kKernelGas = 40'000'000;
constexpr double kRoundMicroseconds = 2'000;
constexpr int kRounds = 5;

struct Call {
  std::string name;
  std::vector<uint64_t> args;
};

struct Measured {
  std::string problem;
  uint64_t gas = 0;
  double nanoseconds = 0;
  uint32_t calls = 1;  // that gas and nanoseconds are sums of
  double PerGas() const {
    return nanoseconds / static_cast<double>(std::max<uint64_t>(gas, 1));
  }
};

// One instance of a program, to be called.
class Instance {
 public:
  static absl::StatusOr<std::unique_ptr<Instance>> Create(
      std::shared_ptr<const runtime::Program> program,
      std::vector<std::string> wasi_arguments) {
    std::unique_ptr<Instance> instance(
        new Instance(program->profile(), std::move(wasi_arguments)));
    std::vector<runtime::Extern> imports;
    for (const wasm::Import& import :
         program->View(program->module().imports)) {
      auto found = instance->host_.Find(program->Name(import.module),
                                        program->Name(import.name));
      if (!found) {
        return absl::FailedPreconditionError(absl::StrCat(
            "imports ", std::string(program->Name(import.name))));
      }
      imports.push_back(instance->store_->AddHostFunction(
          std::move(found->signature), std::move(found->function)));
    }
    const auto made = instance->store_->Instantiate(
        std::move(program), imports, instance->transaction_, kGas);
    if (!made.ok()) return made.status();
    if (made->outcome.kind != runtime::OutcomeKind::kReturned) {
      return absl::FailedPreconditionError("its start function ends it");
    }
    instance->id_ = made->instance;
    return instance;
  }

  // Gas and time of one call.
  Measured Run(const Call& call) {
    const auto function = store_->FindExport(id_, call.name);
    if (!function || function->kind != wasm::ExternKind::kFunc) {
      return {.problem = absl::StrCat("does not export ", call.name)};
    }
    std::vector<runtime::Value> args;
    for (const wasm::ValType type :
         store_->FunctionSignature(*function).params) {
      uint64_t bits = args.size() < call.args.size() ? call.args[args.size()]
                                                     : 0;
      if (type == wasm::ValType::kI32 || type == wasm::ValType::kF32) {
        bits = static_cast<uint32_t>(bits);
      }
      args.push_back({type, bits});
    }
    const Stopwatch stopwatch(Clock::kThread);
    const auto outcome = store_->Call(*function, args, transaction_, kGas);
    const double time = stopwatch.Microseconds() * 1000;
    if (!outcome.ok()) return {.problem = outcome.status().ToString()};
    const bool exited = outcome->kind == runtime::OutcomeKind::kReverted &&
                        outcome->revert_code == 0;
    if (outcome->kind != runtime::OutcomeKind::kReturned && !exited) {
      return {.problem = "does not return"};
    }
    return {.problem = "", .gas = outcome->gas_used, .nanoseconds = time};
  }

  bool Exports(std::string_view name) {
    return store_->FindExport(id_, name).has_value();
  }

 private:
  Instance(const Profile& profile, std::vector<std::string> wasi_arguments)
      : host_(std::move(wasi_arguments)),
        store_(std::make_unique<runtime::NativeStore>()),
        transaction_({.stack_units = profile.stack_units}) {}

  wasi::Host host_;  // outlives the store
  std::unique_ptr<runtime::Store> store_;
  runtime::Transaction transaction_;
  runtime::InstanceId id_ = runtime::kNoInstance;
};

absl::StatusOr<std::shared_ptr<const runtime::Program>> Load(
    std::span<const uint8_t> module, const Profile& profile) {
  const auto compiled = sandbox::CompileNatively(module, profile, Digest{});
  if (!compiled.ok()) return compiled.status();
  if (!compiled->verdict.ok()) {
    return absl::FailedPreconditionError("refused by the compiler");
  }
  return runtime::NativeProgram::Load(compiled->artifact, {});
}

void Print(std::string_view name, std::string_view kind, const Measured& row) {
  std::printf("%s\t%s\t%s\t%" PRIu64 "\t%.1f\t%u\n",
              std::string(name).c_str(), std::string(kind).c_str(),
              row.problem.c_str(), row.gas, row.nanoseconds, row.calls);
  std::fflush(stdout);
}

void PrintHeading() {
  std::printf("name\tkind\tproblem\tgas\tnanoseconds\tcalls\n");
}

// The round with the least time per gas.
Measured TimeKernel(const std::shared_ptr<const runtime::Program>& program) {
  auto instance = Instance::Create(program, {});
  if (!instance.ok()) return {.problem = instance.status().ToString()};
  if ((*instance)->Exports("prepare")) (*instance)->Run({"prepare", {}});
  const Measured few = (*instance)->Run({"run", {100}});
  if (!few.problem.empty()) return few;
  const uint64_t rounds = 100 * kKernelGas / few.gas + 1;
  Measured best;
  for (int i = 0; i < kRounds; ++i) {
    const Measured found = (*instance)->Run({"run", {rounds}});
    if (!found.problem.empty()) return found;
    if (i == 0 || found.PerGas() < best.PerGas()) best = found;
  }
  return best;
}

int RunKernels(const Profile& profile) {
  PrintHeading();
  for (const GasKernel& kernel : GasKernels()) {
    const auto program = Load(kernel.module, profile);
    const Measured row =
        program.ok() ? TimeKernel(*program)
                     : Measured{.problem = program.status().ToString()};
    constexpr std::string_view kKinds[] = {"ordinary", "adversarial",
                                           "cache-missing"};
    Print(kernel.name, kKinds[static_cast<size_t>(kernel.kind)], row);
  }
  return 0;
}

std::vector<std::string> Words(const std::string& text, char separator) {
  return absl::StrSplit(text, separator, absl::SkipWhitespace());
}

Call ReadCall(const std::string& text) {
  Call call;
  for (const std::string& word : Words(text, ' ')) {
    if (call.name.empty()) {
      call.name = word;
    } else {
      call.args.push_back(std::strtoull(word.c_str(), nullptr, 0));
    }
  }
  return call;
}

// The timed call, in an instance of its own, then again in the same one until
// the round is long enough. Later calls may do other work than the first; gas
// and time are sums over all of them.
Measured TimeCall(const std::shared_ptr<const runtime::Program>& program,
                  const std::vector<std::string>& wasi_arguments,
                  const std::vector<Call>& calls) {
  Measured best;
  for (int i = 0; i < kRounds; ++i) {
    auto instance = Instance::Create(program, wasi_arguments);
    if (!instance.ok()) {
      return {.problem = std::string(instance.status().message())};
    }
    for (size_t k = 0; k + 1 < calls.size(); ++k) (*instance)->Run(calls[k]);
    Measured round = (*instance)->Run(calls.back());
    if (!round.problem.empty()) return round;
    while (round.nanoseconds < kRoundMicroseconds * 1000) {
      const Measured more = (*instance)->Run(calls.back());
      if (!more.problem.empty()) break;
      round.gas += more.gas;
      round.nanoseconds += more.nanoseconds;
      ++round.calls;
    }
    if (i == 0 || round.PerGas() < best.PerGas()) best = round;
    if (round.nanoseconds > 3e8) break;
  }
  return best;
}

int RunModule(const Profile& profile, std::span<char* const> args) {
  PrintHeading();
  std::ifstream file(args[0], std::ios::binary);
  const std::vector<uint8_t> module{std::istreambuf_iterator<char>(file), {}};
  std::vector<Call> calls;
  for (const std::string& call : Words(args[2], ';')) {
    calls.push_back(ReadCall(call));
  }
  if (calls.empty()) return 2;
  const auto program = Load(module, profile);
  Print(args[0], "real",
        program.ok()
            ? TimeCall(*program, Words(args[1], ' '), calls)
            : Measured{.problem = std::string(program.status().message())});
  return 0;
}

int Main(std::span<char* const> args) {
  Profile profile;
  while (args.size() > 1 && args[0][0] == '-') {
    const std::string_view option = args[0];
    const uint32_t number = static_cast<uint32_t>(std::atoi(args[1]));
    if (option == "--level") {
      profile.level = number;
    } else if (option == "--schedule" && number == 1) {
      profile.execution = kGasScheduleV1;
    } else if (option == "--schedule" && number == 2) {
      profile.execution = kGasScheduleV2;
    } else {
      break;
    }
    args = args.subspan(2);
  }
  const std::string_view command = args.empty() ? "" : args[0];
  if (command == "kernels" && args.size() == 1) return RunKernels(profile);
  if (command == "run" && args.size() == 4) {
    return RunModule(profile, args.subspan(1));
  }
  std::fprintf(stderr,
               "usage: gas_times [--level N] [--schedule N] kernels\n"
               "       gas_times [--level N] [--schedule N] run MODULE "
               "WASI_ARGUMENTS CALLS\n");
  return 2;
}

}  // namespace
}  // namespace ingot::bench

int main(int argc, char** argv) {
  return ingot::bench::Main({argv + 1, static_cast<size_t>(argc - 1)});
}
