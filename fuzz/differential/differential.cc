// The comparison of two engines on one module. The interpreter runs once; what
// native code must do at a smaller gas limit L follows from that run: the same
// up to the first step whose sum exceeds L, then out of gas, having made
// exactly the host calls that began at sums up to L.

#include "fuzz/differential/differential.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fuzz/differential/execution.h"
#include "fuzz/differential/portable.h"
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
    absl::Status status = Decode();
    if (!status.ok()) return status;
    for (const uint32_t level : subject_.levels) {
      status = Compile(level);
      if (!status.ok()) return status;
      if (Different()) return Differing(level);
    }
    if (!out_.verdict.ok()) return std::move(out_);
    status = Interpret();
    if (!status.ok()) return status;
    for (size_t i = 0; i < natives_.size(); ++i) {
      status = CompareNative(natives_[i]);
      if (!status.ok()) return status;
      if (Different()) return Differing(subject_.levels[i]);
    }
    return std::move(out_);
  }

 private:
  bool Different() const { return !out_.difference.empty(); }

  Comparison Differing(uint32_t level) {
    out_.difference = absl::StrCat("level ", level, ": ", out_.difference);
    return std::move(out_);
  }

  absl::Status CompareNative(const Programs& native) {
    absl::Status status = CompareOnce(native);
    if (status.ok() && !Different()) status = ReplayGas(native);
    if (status.ok() && !Different()) status = ReplayStack(native);
    return status;
  }

  std::vector<std::span<const uint8_t>> Modules() const {
    std::vector<std::span<const uint8_t>> modules(subject_.libraries.begin(),
                                                  subject_.libraries.end());
    modules.push_back(subject_.module);
    return modules;
  }

  // The first module that is refused ends the comparison.
  absl::Status Decode() {
    for (const std::span<const uint8_t> module : Modules()) {
      auto decoded = Program::FromModule({module.begin(), module.end()},
                                         subject_.profile, &out_.verdict);
      if (!decoded.ok()) return decoded.status();
      if (!out_.verdict.ok()) return absl::OkStatus();
      interpreted_.push_back(*std::move(decoded));
    }
    return absl::OkStatus();
  }

  absl::Status Compile(uint32_t level) {
    Profile profile = subject_.profile;
    profile.level = level;
    Programs programs;
    for (const std::span<const uint8_t> module : Modules()) {
      const auto compiled =
          sandbox::CompileNatively(module, profile, Digest{});
      if (!compiled.ok()) return compiled.status();
      const Status& other = compiled->verdict;
      if (other.code == Code::kOutOfMemory) {
        // A verdict of the compiler alone.
        out_.verdict = other;
        return absl::OkStatus();
      }
      const bool decoded = programs.size() < interpreted_.size();
      const Status wanted = decoded ? Status() : out_.verdict;
      if (other.code != wanted.code || other.offset != wanted.offset ||
          other.function != wanted.function) {
        out_.difference = absl::StrCat(
            "verdicts: the decoder says ", static_cast<int>(wanted.code),
            " at ", wanted.function, ":", wanted.offset, ", the compiler ",
            static_cast<int>(other.code), " at ", other.function, ":",
            other.offset);
        return absl::OkStatus();
      }
      if (!decoded) return absl::OkStatus();
      auto native = runtime::NativeProgram::Load(
          compiled->artifact, {.file = compiled->artifact_digest,
                               .module = Sha256(module),
                               .compiler = Digest{},
                               .profile = &profile});
      if (!native.ok()) return native.status();
      programs.push_back(*std::move(native));
    }
    natives_.push_back(std::move(programs));
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Execution>> RunInterpreter(
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

  absl::StatusOr<std::unique_ptr<Execution>> RunNatively(
      const Programs& programs, uint64_t gas_limit, uint64_t stack_units) {
    auto execution = std::make_unique<Execution>(subject_);
    const absl::Status status =
        execution->Run(programs, std::make_unique<runtime::NativeStore>(),
                       gas_limit, stack_units);
    if (!status.ok()) return status;
    return execution;
  }

  absl::Status Interpret() {
    const auto start = std::chrono::steady_clock::now();
    auto run = RunInterpreter(subject_.stack_units, &sums_);
    if (!run.ok()) return run.status();
    out_.interpreter_seconds = Seconds(start);
    reference_ = *std::move(run);
    out_.outcomes = reference_->outcomes();
    out_.captured_stdout = reference_->host().captured_stdout();
    out_.host_calls = reference_->host().log().size();
    out_.observations = sums_.size();
    for (const Outcome& outcome : out_.outcomes) {
      out_.gas_used += outcome.gas_used;
      prefix_.push_back(outcome.kind == OutcomeKind::kOutOfGas
                            ? kNever
                            : out_.gas_used);
    }
    std::sort(sums_.begin(), sums_.end());
    sums_.erase(std::unique(sums_.begin(), sums_.end()), sums_.end());
    if (subject_.for_others) {
      out_.answer = Answer(*reference_, interpreted_);
      if (!out_.answer.empty()) {
        out_.question = Question(subject_, interpreted_);
      }
    }
    return absl::OkStatus();
  }

  absl::Status CompareOnce(const Programs& programs) {
    const auto start = std::chrono::steady_clock::now();
    auto native =
        RunNatively(programs, subject_.gas_limit, subject_.stack_units);
    if (!native.ok()) return native.status();
    out_.native_seconds += Seconds(start);
    out_.difference = Difference(*reference_, **native, interpreted_);
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

  absl::Status ReplayGas(const Programs& programs) {
    if (subject_.gas_replays == 0) return absl::OkStatus();
    for (const uint64_t limit : Limits()) {
      auto native = RunNatively(programs, limit, subject_.stack_units);
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
    for (const HostCall& call : reference_->host().log()) {
      if (call.gas <= limit) calls.push_back(call);
    }
    if (calls != native.host().log()) {
      out_.difference =
          absl::StrCat("native code made ", native.host().log().size(),
                       " host calls, expected ", calls.size(),
                       " (or their gas or arguments differ)");
    }
  }

  // The smallest limit, in steps of 16, that changes nothing.
  absl::StatusOr<uint64_t> EnoughStack(const Programs& programs) {
    uint64_t enough = subject_.stack_units / 16;
    for (uint64_t low = 0; low < enough;) {
      const uint64_t middle = (low + enough) / 2;
      auto native = RunNatively(programs, subject_.gas_limit, 16 * middle);
      if (!native.ok()) return native.status();
      if (SameOutcomes((*native)->outcomes())) {
        enough = middle;
      } else {
        low = middle + 1;
      }
    }
    return enough;
  }

  absl::Status ReplayStack(const Programs& programs) {
    if (subject_.stack_replays == 0) return absl::OkStatus();
    Random random(subject_.seed + 1);
    std::vector<uint64_t> limits;
    if (subject_.stack_replays == 1) {
      // At any scale.
      limits.push_back(subject_.stack_units / 16 >> random.Below(16));
      limits[0] = random.Between(0, limits[0]);
    } else {
      const auto enough = EnoughStack(programs);
      if (!enough.ok()) return enough.status();
      if (*enough > 0) limits.push_back(*enough - 1);
      limits.push_back(*enough);
      while (limits.size() < subject_.stack_replays) {
        limits.push_back(random.Between(0, *enough));
      }
    }
    for (const uint64_t limit : limits) {
      // A frame is a multiple of 16, so what is left over changes nothing.
      const uint64_t units = 16 * limit + random.Below(16);
      auto reference = RunInterpreter(units, nullptr);
      if (!reference.ok()) return reference.status();
      auto native = RunNatively(programs, subject_.gas_limit, units);
      if (!native.ok()) return native.status();
      ++out_.stack_replays;
      out_.difference = Difference(**reference, **native, interpreted_);
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
  // Of both: the libraries, then the module.
  Programs interpreted_;
  std::vector<Programs> natives_;  // of each level
  std::unique_ptr<Execution> reference_;
  std::vector<uint64_t> sums_;  // of the interpreter, in order, each once
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
    if (item.kind != wasm::ExternKind::kFunc ||
        item.index < (*program)->module().imported_functions) {
      continue;
    }
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
