#include "fuzz/verifier/campaign.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "runtime/verifier/decoder.h"

namespace ingot::fuzz {
namespace {

using verifier::Instruction;
using verifier::Op;

template <typename Do>
void ForEachInstruction(const Specimen& specimen,
                        const abi::FunctionEntry& function, Do act) {
  uint32_t at = function.code_offset;
  const uint32_t end = at + function.code_bytes;
  Instruction in;
  while (at < end &&
         DecodeInstruction(&specimen.code[at], end - at, &in)) {
    at += in.length;
    act(in, at);
  }
}

// Whether a jump of the code or an entry of a jump table leads to an offset.
bool IsJumpTarget(const Specimen& specimen, uint32_t offset) {
  bool found = false;
  // Entries are counted from where the tables of their function begin.
  std::vector<uint32_t> tables;
  for (const abi::FunctionEntry& function : specimen.functions) {
    ForEachInstruction(specimen, function, [&](const Instruction& in,
                                               uint32_t next) {
      if (in.op == Op::kJcc || in.op == Op::kJmp) {
        found = found || int64_t{next} + in.imm == offset;
      } else if (in.base == verifier::kRip &&
                 in.mem == verifier::MemUse::kAddress) {
        tables.push_back(next + in.disp - specimen.text_bytes);
      }
    });
  }
  std::sort(tables.begin(), tables.end());
  for (size_t i = 0; i < tables.size(); ++i) {
    const size_t end =
        i + 1 < tables.size() ? tables[i + 1] : specimen.rodata.size();
    for (size_t at = tables[i]; at + 4 <= end; at += 4) {
      int32_t entry;
      std::memcpy(&entry, &specimen.rodata[at], 4);
      const int64_t to = int64_t{specimen.text_bytes} + tables[i] + entry;
      found = found || to == offset;
    }
  }
  return found;
}

// The offset that a moved certificate had.
uint32_t MovedFrom(const Specimen& specimen, const Specimen& mutant) {
  const auto [was, is] = std::mismatch(
      specimen.certificates.begin(), specimen.certificates.end(),
      mutant.certificates.begin(), [](const auto& a, const auto& b) {
        return a.code_offset == b.code_offset;
      });
  return was->code_offset;
}

// Whether the changed payment is the last before a jump to a certified place,
// or such a place. From there it may count as that of another path of the
// module that leads there: which way a branch goes is not proved.
bool IsOnAWay(const Specimen& specimen, const Specimen& mutant) {
  const auto changed = std::mismatch(specimen.code.begin(), specimen.code.end(),
                                     mutant.code.begin());
  const uint32_t at =
      static_cast<uint32_t>(changed.first - specimen.code.begin());
  const auto is_certified = [&](int64_t offset) {
    return std::any_of(
        specimen.certificates.begin(), specimen.certificates.end(),
        [&](const auto& entry) { return entry.code_offset == offset; });
  };
  bool found = false, ended = false;
  for (const abi::FunctionEntry& function : specimen.functions) {
    if (at < function.code_offset ||
        at >= function.code_offset + function.code_bytes) {
      continue;
    }
    ForEachInstruction(
        specimen, function, [&](const Instruction& in, uint32_t next) {
          if (next <= at || ended) return;
          const bool jumps = in.op == Op::kJcc || in.op == Op::kJmp;
          found = in.op == Op::kJmpReg || is_certified(next) ||
                  (jumps && is_certified(int64_t{next} + in.imm));
          ended = found || in.op == Op::kRet || in.op == Op::kCall ||
                  in.op == Op::kCallMem || in.op == Op::kUd2;
        });
  }
  return found;
}

// Kinds of which no mutant may pass: each changes gas or an address. A jump may
// go to another stub of the same instruction. A certificate that no jump needs
// may stand at any instruction of its segment where it says what is so.
bool MustBeRefused(Mutation kind, const Specimen& specimen,
                   const Specimen& mutant) {
  switch (kind) {
    case Mutation::kGasDropped: case Mutation::kDropTrap:
    case Mutation::kMoveTrap: case Mutation::kTrapFunction:
    case Mutation::kTrapGas: case Mutation::kFrameBytes:
    case Mutation::kFunctionRange: case Mutation::kBodyOffset:
    case Mutation::kJumpTable: case Mutation::kSibScale:
    case Mutation::kSibBase:
      return true;
    case Mutation::kGasPrice:
      return !IsOnAWay(specimen, mutant);
    case Mutation::kMoveCertificate:
      return IsJumpTarget(specimen, MovedFrom(specimen, mutant));
    default:
      return false;
  }
}

// Where the code of two specimens begins to differ, and how it goes on.
std::string Difference(const Specimen& specimen, const Specimen& mutant) {
  const auto was = std::mismatch(specimen.code.begin(), specimen.code.end(),
                                 mutant.code.begin())
                       .first;
  if (was == specimen.code.end()) return "the same code";
  const auto at = static_cast<uint64_t>(was - specimen.code.begin());
  const uint64_t begin = at < 8 ? 0 : at - 8, end = at + 8;
  return absl::StrCat("code from ", begin, ":", CodeBytes(specimen, begin, end),
                      ", now", CodeBytes(mutant, begin, end));
}

// Then the gas of a run is the same too, as long as its outcome is.
bool SameCode(const Specimen& a, const Specimen& b) {
  return a.code == b.code && a.rodata == b.rodata;
}

}  // namespace

Subject SubjectOf(const GeneratedModule& module, uint32_t level) {
  Subject subject;
  subject.module = module.bytes;
  subject.libraries = module.libraries;
  subject.profile.level = level;
  for (const GeneratedCall& call : module.calls) {
    subject.steps.push_back({call.export_name, call.args});
  }
  return subject;
}

absl::Status Campaign::Attack(const std::string& name, const Subject& subject,
                              uint32_t mutants, uint32_t canaries) {
  const auto specimen = MakeSpecimen(subject.module, subject.profile);
  if (!specimen.ok()) return specimen.status();
  const verifier::Refusal untouched = specimen->VerifyMetering();
  if (!untouched.ok()) {
    return absl::InternalError(Describe(*specimen, untouched));
  }
  const auto canary = Canary::Make(subject, *specimen);
  if (!canary.ok()) return canary.status();
  ++specimens_;
  Specimen mutant = *specimen;
  for (uint32_t k = 0; k < kKinds; ++k) {
    const auto kind = static_cast<Mutation>(k);
    uint32_t left = canaries;
    for (uint32_t i = 0; i < mutants; ++i) {
      mutant.code = specimen->code;
      mutant.rodata = specimen->rodata;
      mutant.functions = specimen->functions;
      mutant.traps = specimen->traps;
      mutant.certificates = specimen->certificates;
      const uint64_t seed = (specimens_ * kKinds + k) * 1'000'000 + i;
      if (!Mutate(kind, seed, &mutant)) continue;
      Count& count = counts_[k];
      ++made_;
      ++count.made;
      const verifier::Refusal refusal = mutant.VerifyMetering();
      if (!refusal.ok()) {
        ++count.rules[verifier::RuleOf(refusal.reason)];
        continue;
      }
      ++count.accepted;
      const std::string place =
          absl::StrCat(MutationText(kind), ", ", name, ", mutant ", i);
      if (MustBeRefused(kind, *specimen, mutant)) {
        findings_.push_back(absl::StrCat(place, ": accepted; ",
                                         Difference(*specimen, mutant)));
      }
      if (left == 0) continue;
      --left;
      ++run_;
      const CanaryResult result = (*canary)->Run(mutant);
      ++count.runs[static_cast<size_t>(result)];
      if (!IsHarmless(result) || (result == CanaryResult::kOtherGas &&
                                  SameCode(*specimen, mutant))) {
        findings_.push_back(absl::StrCat(place, ": ", CanaryText(result)));
      }
    }
  }
  return absl::OkStatus();
}

void Campaign::Print() const {
  std::printf("%" PRIu64 " mutants of %" PRIu64 " artifacts, %" PRIu64
              " accepted ones run\n",
              made_, specimens_, run_);
  std::printf("%-46s %7s %9s %6s  refused by V1 … V8\n", "kind", "made",
              "accepted", "%");
  for (uint32_t k = 0; k < kKinds; ++k) {
    const Count& count = counts_[k];
    std::printf("%-46s %7" PRIu64 " %9" PRIu64 " %6.1f ",
                MutationText(static_cast<Mutation>(k)), count.made,
                count.accepted,
                count.made == 0 ? 0.0
                                : 100.0 * static_cast<double>(count.accepted) /
                                      static_cast<double>(count.made));
    for (uint32_t r = 1; r <= 8; ++r) std::printf(" %6" PRIu64, count.rules[r]);
    std::printf("\n");
  }
  for (size_t r = 0; r < counts_[0].runs.size(); ++r) {
    uint64_t runs = 0;
    for (const Count& count : counts_) runs += count.runs[r];
    std::printf("run, %s: %" PRIu64 "\n",
                CanaryText(static_cast<CanaryResult>(r)), runs);
  }
}

}  // namespace ingot::fuzz
