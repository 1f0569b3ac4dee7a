// Times what comes before a contract's own work. Every timed part is at least
// 20 ms of repetitions on this thread's clock; only the calls of several threads
// are timed by the time that passes.

#include "bench/startup_times.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bench/stopwatch.h"
#include "runtime/native/host_functions.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/transaction.h"
#include "sandbox/native_compiler.h"

namespace ingot::bench {

using runtime::Extern;
using runtime::NativeProgram;
using runtime::NativeStore;
using runtime::Outcome;
using runtime::OutcomeKind;
using runtime::Signature;
using runtime::Value;

namespace {

constexpr uint64_t kGas = 1'000'000'000;
constexpr double kSampleMicroseconds = 20'000;
constexpr uint32_t kHostCalls = 100'000;
constexpr uint32_t kThreadCalls = 200'000;

absl::Status Check(const absl::StatusOr<Outcome>& outcome) {
  if (!outcome.ok()) return outcome.status();
  if (outcome->kind == OutcomeKind::kReturned) return absl::OkStatus();
  return absl::InternalError("the call does not return");
}

// The least time of one of as many repetitions as fill a sample.
absl::StatusOr<double> TimeOf(const std::function<absl::Status()>& work,
                              bool quick) {
  absl::Status status = work();
  if (!status.ok()) return status;
  const Stopwatch once(Clock::kThread);
  status = work();
  const double first = std::max(once.Microseconds(), 0.01);
  const auto repetitions = static_cast<uint32_t>(
      std::clamp(kSampleMicroseconds / first, 1.0, 1'000'000.0));
  Least least;
  for (int round = 0; round < (quick ? 1 : 9); ++round) {
    const Stopwatch stopwatch(Clock::kThread);
    for (uint32_t i = 0; i < repetitions && status.ok(); ++i) status = work();
    least.Add(stopwatch.Microseconds() / repetitions);
    if (!status.ok()) return status;
  }
  return least.value();
}

absl::StatusOr<std::vector<uint8_t>> Artifact(std::span<const uint8_t> module,
                                              const Profile& profile) {
  auto compiled = sandbox::CompileNatively(module, profile, Digest{});
  if (!compiled.ok()) return compiled.status();
  if (!compiled->verdict.ok()) {
    return absl::InvalidArgumentError("refused by the compiler");
  }
  return std::move(compiled->artifact);
}

// A program and what it imports: a stub for each function.
struct Linked {
  std::shared_ptr<const NativeProgram> program;
  std::shared_ptr<const runtime::NativeHostFunctions> host;
};

absl::StatusOr<Linked> Link(std::shared_ptr<const NativeProgram> program) {
  auto host = std::make_shared<runtime::NativeHostFunctions>();
  for (const wasm::Import& import : program->View(program->module().imports)) {
    if (import.kind != wasm::ExternKind::kFunc) {
      return absl::InvalidArgumentError("imports more than functions");
    }
    host->Add(program->SignatureAt(program->TypeOf(import.index)),
              [](runtime::Caller&, std::span<const Value>, std::span<Value>) {
                return runtime::HostResult::Ok();
              });
  }
  return Linked{std::move(program), std::move(host)};
}

// A store with one instance.
class Running {
 public:
  absl::Status Begin(const Linked& linked, const std::string& entry) {
    Extern next = store_.AddHostFunctions(linked.host);
    std::vector<Extern> imports;
    for (size_t i = 0; i < linked.host->entries().size(); ++i, ++next.index) {
      imports.push_back(next);
    }
    const auto made =
        store_.Instantiate(linked.program, imports, transaction_, kGas);
    if (!made.ok()) return made.status();
    const auto found = store_.FindExport(made->instance, entry);
    if (!found) return absl::NotFoundError(entry);
    function_ = *found;
    return absl::OkStatus();
  }

  absl::Status Call() {
    return Check(store_.Call(function_, {}, transaction_, kGas));
  }

 private:
  NativeStore store_;
  runtime::Transaction transaction_{runtime::Transaction::Budget{}};
  Extern function_;
};

absl::StatusOr<double> CallsPerSecond(const Linked& linked,
                                      const std::string& entry,
                                      uint32_t threads) {
  std::barrier begin(threads);
  std::atomic<bool> failed{false};
  std::vector<double> times(threads);
  std::vector<std::thread> pool;
  for (uint32_t i = 0; i < threads; ++i) {
    pool.emplace_back([&, i] {
      Running running;
      if (!running.Begin(linked, entry).ok()) failed = true;
      begin.arrive_and_wait();
      const Stopwatch clock;
      for (uint32_t call = 0; call < kThreadCalls && !failed; ++call) {
        if (!running.Call().ok()) failed = true;
      }
      times[i] = clock.Microseconds();
    });
  }
  for (std::thread& thread : pool) thread.join();
  if (failed) return absl::InternalError("a call failed");
  // The time that passes in the slowest thread, from the common beginning.
  return 1e6 * kThreadCalls * threads /
         *std::max_element(times.begin(), times.end());
}

}  // namespace

absl::StatusOr<std::vector<Figure>> TimeStartup(
    std::span<const uint8_t> module, const std::string& entry,
    const Profile& profile, bool quick) {
  const auto artifact = Artifact(module, profile);
  if (!artifact.ok()) return artifact.status();
  const auto load = [&]() -> absl::StatusOr<Linked> {
    const auto program = NativeProgram::Load(*artifact, {});
    if (!program.ok()) return program.status();
    return Link(*program);
  };
  const auto linked = load();
  if (!linked.ok()) return linked.status();
  Running warm;
  absl::Status status = warm.Begin(*linked, entry);
  if (!status.ok()) return status;

  const auto one_instance = [&](const Linked& of) {
    Running running;
    const absl::Status begun = running.Begin(of, entry);
    return begun.ok() ? running.Call() : begun;
  };
  std::vector<Figure> figures;
  const std::pair<const char*, std::function<absl::Status()>> works[] = {
      {"instance", [&] { return one_instance(*linked); }},
      {"call", [&] { return warm.Call(); }},
      {"load",
       [&] {
         const auto loaded = load();
         return loaded.ok() ? one_instance(*loaded) : loaded.status();
       }},
  };
  for (const auto& [name, work] : works) {
    const auto time = TimeOf(work, quick);
    if (!time.ok()) return time.status();
    figures.push_back({name, *time});
  }
  for (const uint32_t threads : {1u, 2u}) {
    double most = 0;
    for (int round = 0; round < (quick ? 1 : 5); ++round) {
      const auto found = CallsPerSecond(*linked, entry, threads);
      if (!found.ok()) return found.status();
      most = std::max(most, *found);
    }
    figures.push_back({absl::StrCat("threads-", threads), most});
  }
  return figures;
}

absl::StatusOr<std::vector<Figure>> TimeHostCall(
    std::span<const uint8_t> module, const std::string& entry,
    const Profile& profile, bool quick) {
  const auto artifact = Artifact(module, profile);
  if (!artifact.ok()) return artifact.status();
  const auto program = NativeProgram::Load(*artifact, {});
  if (!program.ok()) return program.status();
  NativeStore store;
  runtime::Transaction transaction{runtime::Transaction::Budget{}};
  const Signature signature{{wasm::ValType::kI32}, {wasm::ValType::kI32}};
  const Extern function = store.AddPlainHostFunction(
      signature,
      [](void*, runtime::Caller&, uint64_t* values) {
        values[0] += 1;
        return true;
      },
      nullptr);
  const Extern imports[] = {function};
  const auto made = store.Instantiate(*program, imports, transaction, kGas);
  if (!made.ok()) return made.status();
  const auto run = store.FindExport(made->instance, entry);
  if (!run) return absl::NotFoundError(entry);
  const Value calls[] = {{wasm::ValType::kI32, kHostCalls}};
  const auto time = TimeOf(
      [&]() -> absl::Status {
        const auto outcome = store.Call(*run, calls, transaction, kGas);
        const absl::Status status = Check(outcome);
        if (!status.ok()) return status;
        return outcome->results[0].bits == kHostCalls
                   ? absl::OkStatus()
                   : absl::InternalError("another number of calls");
      },
      quick);
  if (!time.ok()) return time.status();
  return std::vector<Figure>{{"host", *time / kHostCalls}};
}

}  // namespace ingot::bench
