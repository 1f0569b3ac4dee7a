// The comparison of two engines on one module. The interpreter runs once; what
// native code must do at a smaller gas limit L follows from that run: the same
// up to the first step whose sum exceeds L, then out of gas, having made
// exactly the host calls that began at sums up to L.

#include "fuzz/differential/differential.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fuzz/differential/execution.h"
#include "fuzz/differential/random.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {

using runtime::Outcome;
using runtime::OutcomeKind;
using runtime::Program;

namespace {

constexpr uint64_t kNever = ~uint64_t{0};
// Sums beyond are not recorded.
constexpr size_t kMaxSums = 1 << 20;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                       since)
      .count();
}

class Comparer {
 public:
  explicit Comparer(const Subject& subject) : subject_(subject) {}

  absl::StatusOr<Comparison> Run() {
    absl::Status status = Load();
    if (!status.ok()) return status;
    if (!out_.verdict.ok() || Different()) return std::move(out_);
    status = CompareOnce();
    if (!status.ok()) return status;
    if (Different()) return std::move(out_);
    status = ReplayGas();
    if (!status.ok()) return status;
    if (Different()) return std::move(out_);
    status = ReplayStack();
    if (!status.ok()) return status;
    return std::move(out_);
  }

 private:
  bool Different() const { return !out_.difference.empty(); }

  absl::Status Load() {
    const auto compiled =
        sandbox::CompileNatively(subject_.module, subject_.profile, Digest{});
    if (!compiled.ok()) return compiled.status();
    auto decoded = Program::FromModule(subject_.module, subject_.profile,
                                       &out_.verdict);
    if (!decoded.ok()) return decoded.status();
    const Status& other = compiled->verdict;
    if (other.code == Code::kOutOfMemory) {
      // A verdict of the compiler alone.
      out_.verdict = other;
      return absl::OkStatus();
    }
    if (other.code != out_.verdict.code ||
        other.offset != out_.verdict.offset ||
        other.function != out_.verdict.function) {
      out_.difference = absl::StrCat(
          "verdicts: the decoder says ", static_cast<int>(out_.verdict.code),
          " at ", out_.verdict.function, ":", out_.verdict.offset,
          ", the compiler ", static_cast<int>(other.code), " at ",
          other.function, ":", other.offset);
      return absl::OkStatus();
    }
    if (!out_.verdict.ok()) return absl::OkStatus();
    interpreted_ = *std::move(decoded);
    auto native = runtime::NativeProgram::Load(
        compiled->artifact, {.file = compiled->artifact_digest,
                             .module = Sha256(subject_.module),
                             .compiler = Digest{},
                             .profile = &subject_.profile});
    if (!native.ok()) return native.status();
    native_ = *std::move(native);
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Execution>> Interpret(
      uint64_t stack_units, std::vector<uint64_t>* sums) {
    auto execution = std::make_unique<Execution>(subject_);
    Execution* run = execution.get();
    runtime::GasObserver observer;
    if (sums != nullptr) {
      observer = [run, sums](uint64_t used) {
        if (sums->size() < kMaxSums) {
          sums->push_back(run->used_before() + used);
        }
      };
    }
    const absl::Status status =
        run->Run(interpreted_, runtime::NewInterpreter(std::move(observer)),
                 subject_.gas_limit, stack_units);
    if (!status.ok()) return status;
    return execution;
  }

  absl::StatusOr<std::unique_ptr<Execution>> RunNatively(uint64_t gas_limit,
                                                         uint64_t stack_units) {
    auto execution = std::make_unique<Execution>(subject_);
    const absl::Status status =
        execution->Run(native_, std::make_unique<runtime::NativeStore>(),
                       gas_limit, stack_units);
    if (!status.ok()) return status;
    return execution;
  }

  absl::Status CompareOnce() {
    auto start = std::chrono::steady_clock::now();
    auto reference = Interpret(subject_.stack_units, &sums_);
    if (!reference.ok()) return reference.status();
    out_.interpreter_seconds = Seconds(start);
    start = std::chrono::steady_clock::now();
    auto native = RunNatively(subject_.gas_limit, subject_.stack_units);
    if (!native.ok()) return native.status();
    out_.native_seconds = Seconds(start);
    out_.difference = Difference(**reference, **native, *interpreted_);
    out_.outcomes = (*reference)->outcomes();
    out_.captured_stdout = (*reference)->host().captured_stdout();
    log_ = (*reference)->host().log();
    out_.host_calls = log_.size();
    out_.observations = sums_.size();
    for (const Outcome& outcome : out_.outcomes) {
      out_.gas_used += outcome.gas_used;
      prefix_.push_back(outcome.kind == OutcomeKind::kOutOfGas
                            ? kNever
                            : out_.gas_used);
    }
    return absl::OkStatus();
  }

  // The limits to try, in order.
  std::vector<uint64_t> Limits() {
    std::vector<uint64_t> limits;
    Random random(subject_.seed);
    const auto add_sum = [&](uint64_t sum) {
      limits.push_back(sum);
      if (sum > 0) limits.push_back(sum - 1);
    };
    std::sort(sums_.begin(), sums_.end());
    sums_.erase(std::unique(sums_.begin(), sums_.end()), sums_.end());
    if (sums_.size() <= subject_.gas_replays) {
      for (const uint64_t sum : sums_) add_sum(sum);
    } else {
      // The ends, where the program starts and stops, and some between.
      const uint32_t quarter = subject_.gas_replays / 4;
      for (uint32_t i = 0; i < quarter; ++i) {
        add_sum(sums_[i]);
        add_sum(sums_[sums_.size() - 1 - i]);
      }
      for (uint32_t i = 2 * quarter; i < subject_.gas_replays; ++i) {
        add_sum(sums_[random.Next() % sums_.size()]);
      }
    }
    for (uint32_t i = 0; i < subject_.gas_replays; ++i) {
      // Half of them small, at any scale.
      uint64_t limit = random.Between(0, out_.gas_used);
      if (i % 2 == 0) limit >>= random.Below(32);
      limits.push_back(limit);
    }
    std::sort(limits.begin(), limits.end());
    limits.erase(std::unique(limits.begin(), limits.end()), limits.end());
    return limits;
  }

  absl::Status ReplayGas() {
    if (subject_.gas_replays == 0) return absl::OkStatus();
    for (const uint64_t limit : Limits()) {
      auto native = RunNatively(limit, subject_.stack_units);
      if (!native.ok()) return native.status();
      ++out_.gas_replays;
      CheckReplay(limit, **native);
      if (Different()) {
        out_.difference =
            absl::StrCat("at gas limit ", limit, ": ", out_.difference);
        return absl::OkStatus();
      }
    }
    return absl::OkStatus();
  }

  void CheckReplay(uint64_t limit, const Execution& native) {
    const size_t steps = out_.outcomes.size();
    size_t first_over = 0;
    while (first_over < steps && prefix_[first_over] <= limit) ++first_over;
    const size_t expected_steps = std::min(first_over + 1, steps);
    if (native.outcomes().size() != expected_steps) {
      out_.difference =
          absl::StrCat("native code made ", native.outcomes().size(),
                       " steps instead of ", expected_steps);
      return;
    }
    uint64_t used = 0;
    for (size_t i = 0; i < expected_steps; ++i) {
      Outcome expected = out_.outcomes[i];
      if (i == first_over) {
        expected = Outcome();
        expected.kind = OutcomeKind::kOutOfGas;
        expected.phase = out_.outcomes[i].phase;
        expected.gas_used = limit - used;
      }
      expected.gas_limit = limit - used;
      const std::string wanted = Describe(expected);
      const std::string got = Describe(native.outcomes()[i]);
      if (wanted != got) {
        out_.difference = absl::StrCat("step ", i, ": expected ", wanted,
                                       "; native ", got);
        return;
      }
      used = prefix_[i];
    }
    std::vector<HostCall> calls;
    for (const HostCall& call : log_) {
      if (call.gas <= limit) calls.push_back(call);
    }
    if (calls != native.host().log()) {
      out_.difference =
          absl::StrCat("native code made ", native.host().log().size(),
                       " host calls, expected ", calls.size(),
                       " (or their gas or arguments differ)");
    }
  }

  absl::Status ReplayStack() {
    if (subject_.stack_replays == 0) return absl::OkStatus();
    // The smallest limit that changes nothing.
    uint64_t enough = subject_.stack_units / 16;
    for (uint64_t low = 0; low < enough;) {
      const uint64_t middle = (low + enough) / 2;
      auto native = RunNatively(subject_.gas_limit, 16 * middle);
      if (!native.ok()) return native.status();
      if (SameOutcomes((*native)->outcomes())) {
        enough = middle;
      } else {
        low = middle + 1;
      }
    }
    std::vector<uint64_t> limits;
    if (enough > 0) limits.push_back(enough - 1);
    limits.push_back(enough);
    Random random(subject_.seed + 1);
    while (limits.size() < subject_.stack_replays) {
      limits.push_back(random.Between(0, enough));
    }
    limits.resize(subject_.stack_replays);
    for (const uint64_t limit : limits) {
      // A frame is a multiple of 16, so what is left over changes nothing.
      const uint64_t units = 16 * limit + random.Below(16);
      auto reference = Interpret(units, nullptr);
      if (!reference.ok()) return reference.status();
      auto native = RunNatively(subject_.gas_limit, units);
      if (!native.ok()) return native.status();
      ++out_.stack_replays;
      out_.difference = Difference(**reference, **native, *interpreted_);
      if (Different()) {
        out_.difference =
            absl::StrCat("at stack limit ", units, ": ", out_.difference);
        break;
      }
    }
    return absl::OkStatus();
  }

  bool SameOutcomes(const std::vector<Outcome>& other) const {
    if (other.size() != out_.outcomes.size()) return false;
    for (size_t i = 0; i < other.size(); ++i) {
      if (Describe(other[i]) != Describe(out_.outcomes[i])) return false;
    }
    return true;
  }

  const Subject& subject_;
  Comparison out_;
  std::shared_ptr<const Program> interpreted_;
  std::shared_ptr<const runtime::NativeProgram> native_;
  std::vector<uint64_t> sums_;
  std::vector<HostCall> log_;
  // Gas used up to the end of each step; kNever: it ran out of gas.
  std::vector<uint64_t> prefix_;
};

}  // namespace

absl::StatusOr<Comparison> Compare(const Subject& subject) {
  return Comparer(subject).Run();
}

absl::StatusOr<std::vector<Step>> StepsOfExports(
    const std::vector<uint8_t>& module, const Profile& profile,
    uint64_t seed) {
  Status rejection;
  const auto program = Program::FromModule(module, profile, &rejection);
  if (!program.ok()) return program.status();
  std::vector<Step> steps;
  if (!rejection.ok()) return steps;
  Random random(seed);
  const auto exports = (*program)->View((*program)->module().exports);
  for (const wasm::Export& item : exports) {
    if (item.kind != wasm::ExternKind::kFunc) continue;
    Step step;
    step.export_name = std::string((*program)->Name(item.name));
    for (size_t i = 0;
         i < SignatureOf(**program, item.index).params.size(); ++i) {
      // Small numbers: lengths, counts and addresses that are in bounds.
      step.args.push_back(random.Next() >> (44 + random.Below(20)));
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace ingot::fuzz
