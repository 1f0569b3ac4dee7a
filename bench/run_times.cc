// Times a kernel. A run is an instance of its own that is called once, and
// whose results, gas and memory are compared; where a second call of the same
// instance does the same work as the first, a timed part is as many calls as
// it takes to be long.

#include "bench/run_times.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bench/stopwatch.h"
#include "chain_integration/wasi/wasi.h"
#include "runtime/digest.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/store.h"
#include "runtime/transaction.h"
#include "sandbox/native_compiler.h"

namespace ingot::bench {

using runtime::Extern;
using runtime::Outcome;
using runtime::OutcomeKind;
using runtime::Program;
using runtime::Store;
using runtime::Value;

namespace {

// Some seconds: a program that waits for a clock does not end otherwise.
constexpr uint64_t kGas = 30'000'000'000;
constexpr uint32_t kMostCalls = 100'000;
constexpr double kShortestPart = 20;  // microseconds

std::string_view TypeName(wasm::ValType type) {
  switch (type) {
    case wasm::ValType::kI32:
      return "i32";
    case wasm::ValType::kI64:
      return "i64";
    case wasm::ValType::kF32:
      return "f32";
    case wasm::ValType::kF64:
      return "f64";
    case wasm::ValType::kFuncRef:
    case wasm::ValType::kExternRef:
      break;
  }
  return "ref";
}

std::string Text(std::span<const Value> values) {
  std::string text;
  for (const Value& value : values) {
    absl::StrAppend(&text, text.empty() ? "" : " ",
                    std::string(TypeName(value.type)), ":", value.bits);
  }
  return text;
}

runtime::Signature SignatureOf(const Program& program,
                               const wasm::Import& import) {
  const wasm::Module& module = program.module();
  const uint32_t function = program.View(module.functions)[import.index];
  const wasm::FuncType& type = program.View(module.types)[function];
  const auto pool = program.View(module.type_pool);
  const auto params = pool.subspan(type.pool_offset, type.params);
  const auto results =
      pool.subspan(type.pool_offset + type.params, type.results);
  return {{params.begin(), params.end()}, {results.begin(), results.end()}};
}

// An instance with its host.
class Instance {
 public:
  static absl::StatusOr<std::unique_ptr<Instance>> Create(
      const Kernel& kernel, std::shared_ptr<const Program> program,
      std::unique_ptr<Store> store) {
    std::unique_ptr<Instance> instance(
        new Instance(kernel, program->profile(), std::move(store)));
    const absl::Status status = instance->Instantiate(std::move(program));
    if (!status.ok()) return status;
    return instance;
  }

  // One call. Its time, or between the marks of the benchmark if it has any,
  // is then in call_us().
  absl::StatusOr<Outcome> Call() {
    marked_us_ = 0;
    const Stopwatch stopwatch(Clock::kThread);
    absl::StatusOr<Outcome> outcome =
        store_->Call(function_, args_, transaction_, kGas);
    const double time = stopwatch.Microseconds();
    call_us_ = marked_us_ != 0 ? marked_us_ : time;
    if (!outcome.ok()) return outcome;
    // exit(0) is a revert with that code.
    const bool exited =
        outcome->kind == OutcomeKind::kReverted && outcome->revert_code == 0;
    if (outcome->kind == OutcomeKind::kReturned || exited) return outcome;
    if (outcome->kind == OutcomeKind::kTrapped) {
      return absl::FailedPreconditionError(
          absl::StrCat("traps: ", std::string(TrapName(outcome->trap))));
    }
    if (outcome->kind == OutcomeKind::kReverted) {
      return absl::FailedPreconditionError(
          absl::StrCat("ends with code ", outcome->revert_code));
    }
    return absl::FailedPreconditionError("takes over 3*10^10 gas");
  }

  std::span<const Value> args() const { return args_; }
  double call_us() const { return call_us_; }
  Digest MemoryDigest() { return Sha256(store_->InstanceMemory(id_)); }

 private:
  Instance(const Kernel& kernel, const Profile& profile,
           std::unique_ptr<Store> store)
      : kernel_(kernel),
        host_(kernel.wasi_arguments),
        store_(std::move(store)),
        transaction_({.stack_units = profile.stack_units}) {
    host_.OnBenchMark([this](bool starts) {
      if (starts) {
        since_mark_ = Stopwatch(Clock::kThread);
      } else {
        marked_us_ += since_mark_.Microseconds();
      }
    });
  }

  std::optional<wasi::HostImport> Find(const Program& program,
                                       const wasm::Import& import) {
    if (!kernel_.stubs) {
      return host_.Find(program.Name(import.module),
                        program.Name(import.name));
    }
    if (import.kind != wasm::ExternKind::kFunc) return std::nullopt;
    return wasi::HostImport{
        SignatureOf(program, import),
        [](runtime::Caller&, std::span<const Value>, std::span<Value>) {
          return runtime::HostResult::Ok();
        }};
  }

  absl::Status Instantiate(std::shared_ptr<const Program> program) {
    std::vector<Extern> imports;
    for (const wasm::Import& import :
         program->View(program->module().imports)) {
      auto found = Find(*program, import);
      if (!found) {
        return absl::FailedPreconditionError(
            absl::StrCat("imports ", std::string(program->Name(import.module)),
                         ".", std::string(program->Name(import.name))));
      }
      imports.push_back(store_->AddHostFunction(std::move(found->signature),
                                                std::move(found->function)));
    }
    const auto made =
        store_->Instantiate(std::move(program), imports, transaction_, kGas);
    if (!made.ok()) return made.status();
    if (made->outcome.kind != OutcomeKind::kReturned) {
      return absl::FailedPreconditionError("its start function traps");
    }
    id_ = made->instance;
    for (const Step& step : kernel_.before) {
      absl::Status status = Prepare(step);
      if (!status.ok()) return status;
      const auto outcome = Call();
      if (!outcome.ok()) return outcome.status();
    }
    return Prepare(kernel_.timed);
  }

  // What Call calls from here on.
  absl::Status Prepare(const Step& step) {
    const auto function = store_->FindExport(id_, step.export_name);
    if (!function || function->kind != wasm::ExternKind::kFunc) {
      return absl::NotFoundError(
          absl::StrCat("no exported function ", step.export_name));
    }
    function_ = *function;
    args_.clear();
    for (const wasm::ValType type :
         store_->FunctionSignature(function_).params) {
      const size_t i = args_.size();
      uint64_t bits = i < step.args.size() ? step.args[i] : 0;
      if (type == wasm::ValType::kI32 || type == wasm::ValType::kF32) {
        bits = static_cast<uint32_t>(bits);
      }
      args_.push_back({type, bits});
    }
    return absl::OkStatus();
  }

  const Kernel& kernel_;
  wasi::Host host_;  // outlives the store
  std::unique_ptr<Store> store_;
  runtime::Transaction transaction_;
  runtime::InstanceId id_ = runtime::kNoInstance;
  Extern function_;
  std::vector<Value> args_;
  Stopwatch since_mark_{Clock::kThread};
  double marked_us_ = 0;
  double call_us_ = 0;
};

enum class Engine : uint8_t { kMetered, kUnmetered, kInterpreter };

class Timer {
 public:
  Timer(const Kernel& kernel, const Profile& profile, const RunRounds& rounds)
      : kernel_(kernel), profile_(profile), rounds_(rounds) {}

  absl::StatusOr<RunTimes> Run() {
    absl::Status status = Load();
    if (!status.ok()) return status;
    status = Calibrate();
    if (!status.ok()) return status;

    Least metered, unmetered;
    for (uint32_t round = 0; round < rounds_.rounds; ++round) {
      // A long call needs no many rounds.
      if (round >= 3 && metered.value() * out_.calls > 500'000) break;
      status = Sample(Engine::kMetered, out_.calls, &metered);
      if (!status.ok()) return status;
      status = Sample(Engine::kUnmetered, out_.calls, &unmetered);
      if (!status.ok()) return status;
    }
    out_.metered_us = metered.value();
    out_.unmetered_us = unmetered.value();
    if (out_.metered_us > rounds_.interpreted_us) return std::move(out_);

    Least interpreter;
    const uint32_t calls = std::min<uint32_t>(
        out_.calls, 1 + static_cast<uint32_t>(1000 / out_.metered_us));
    for (uint32_t round = 0; round < 2; ++round) {
      if (round > 0 && interpreter.value() > 500'000) break;
      status = Sample(Engine::kInterpreter, calls, &interpreter);
      if (!status.ok()) return status;
    }
    out_.interpreter_us = interpreter.value();
    return std::move(out_);
  }

 private:
  absl::Status Load() {
    const auto compiled =
        sandbox::CompileNatively(kernel_.module, profile_, Digest{});
    if (!compiled.ok()) return compiled.status();
    if (!compiled->verdict.ok()) {
      return absl::FailedPreconditionError("refused by the compiler");
    }
    auto metered = runtime::NativeProgram::Load(compiled->artifact, {});
    if (!metered.ok()) return metered.status();
    metered_ = *std::move(metered);
    auto unmetered =
        runtime::NativeProgram::Load(kernel_.unmetered_artifact, {});
    if (!unmetered.ok()) return unmetered.status();
    unmetered_ = *std::move(unmetered);
    Status rejection;
    auto decoded =
        Program::FromModule(kernel_.module, profile_, &rejection);
    if (!decoded.ok()) return decoded.status();
    interpreted_ = *std::move(decoded);
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Instance>> Make(Engine engine) {
    switch (engine) {
      case Engine::kMetered:
        return Instance::Create(kernel_, metered_,
                                std::make_unique<runtime::NativeStore>());
      case Engine::kUnmetered:
        return Instance::Create(kernel_, unmetered_,
                                std::make_unique<runtime::NativeStore>());
      case Engine::kInterpreter:
        break;
    }
    return Instance::Create(kernel_, interpreted_, runtime::NewInterpreter());
  }

  // What one call comes to, and how many make a timed part.
  absl::Status Calibrate() {
    auto instance = Make(Engine::kMetered);
    if (!instance.ok()) return instance.status();
    const auto first = (*instance)->Call();
    if (!first.ok()) return first.status();
    wanted_ = *first;
    memory_ = (*instance)->MemoryDigest();
    out_.memory = memory_;
    out_.gas = first->gas_used;
    out_.params = Text((*instance)->args());
    out_.results = Text(first->results);
    // A host may answer a second call otherwise.
    if (interpreted_->module().imports.size != 0) return absl::OkStatus();
    const auto second = (*instance)->Call();
    if (!second.ok() || second->gas_used != first->gas_used ||
        second->results != first->results) {
      return absl::OkStatus();
    }
    const double calls = rounds_.sample_us / (*instance)->call_us();
    out_.calls = static_cast<uint32_t>(
        std::clamp<double>(calls + 0.5, 1, kMostCalls));
    return absl::OkStatus();
  }

  // One timed part: `calls` calls of an instance after its first, or the first
  // calls of as many instances as it takes.
  absl::Status Sample(Engine engine, uint32_t calls, Least* least) {
    double filled = 0;
    double called = 0;
    uint32_t count = 0;
    do {
      auto instance = Make(engine);
      if (!instance.ok()) return instance.status();
      const auto first = (*instance)->Call();
      if (!first.ok()) return first.status();
      if (first->results != wanted_.results ||
          (engine == Engine::kInterpreter &&
           first->gas_used != wanted_.gas_used) ||
          (count == 0 && (*instance)->MemoryDigest() != memory_)) {
        return absl::InternalError(
            engine == Engine::kInterpreter
                ? "the interpreter and native code differ"
                : "metered and unmetered code differ");
      }
      if (calls > 1) return Repeat(**instance, calls, least);
      ++count;
      // A program whose marked part takes no time has nothing to fill.
      filled += std::max((*instance)->call_us(), kShortestPart);
      called += (*instance)->call_us();
    } while (filled < rounds_.sample_us);
    least->Add(called / count);
    return absl::OkStatus();
  }

  absl::Status Repeat(Instance& instance, uint32_t calls, Least* least) {
    const Stopwatch stopwatch(Clock::kThread);
    for (uint32_t i = 0; i < calls; ++i) {
      const auto outcome = instance.Call();
      if (!outcome.ok()) return outcome.status();
    }
    least->Add(stopwatch.Microseconds() / calls);
    return absl::OkStatus();
  }

  const Kernel& kernel_;
  const Profile& profile_;
  const RunRounds& rounds_;
  std::shared_ptr<const Program> metered_;
  std::shared_ptr<const Program> unmetered_;
  std::shared_ptr<const Program> interpreted_;
  Outcome wanted_;
  Digest memory_;
  RunTimes out_;
};

}  // namespace

absl::StatusOr<RunTimes> TimeRuns(const Kernel& kernel, const Profile& profile,
                                  const RunRounds& rounds) {
  return Timer(kernel, profile, rounds).Run();
}

}  // namespace ingot::bench
