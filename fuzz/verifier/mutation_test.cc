// Mutants of compiled random modules against the verifier. Every kind of
// mutation that changes gas, control or what memory is reached must be refused
// whenever it changes anything; the others are counted. What passes runs in a
// process of its own, beside an untouched instance: it may compute nonsense,
// trap or run out of gas, but neither end the process nor reach the other.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "fuzz/differential/execution.h"
#include "fuzz/generator/generator.h"
#include "fuzz/verifier/mutator.h"
#include "runtime/artifact/artifact_writer.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"

namespace ingot::fuzz {
namespace {

constexpr uint64_t kModules = 12;
constexpr uint32_t kMutantsPerKind = 30;  // of each module
constexpr uint32_t kCanaryRuns = 400;
constexpr auto kKinds = static_cast<uint32_t>(Mutation::kCount);
static_assert(kKinds >= 25 && kModules * kKinds * kMutantsPerKind >= 10'000);

// Kinds of which no mutant may pass: each changes gas or an address. A jump may
// go to another stub of the same instruction, and a place that costs nothing
// needs no certificate if nothing jumps there.
bool MustBeRefused(Mutation kind) {
  switch (kind) {
    case Mutation::kGasPrice: case Mutation::kGasDropped:
    case Mutation::kDropTrap: case Mutation::kMoveTrap:
    case Mutation::kTrapFunction:
    case Mutation::kMoveCertificate: case Mutation::kFrameBytes:
    case Mutation::kFunctionRange: case Mutation::kBodyOffset:
    case Mutation::kJumpTable: case Mutation::kSibScale:
    case Mutation::kSibBase: case Mutation::kTrapGas:
      return true;
    default:
      return false;
  }
}

std::vector<uint8_t> ArtifactOf(const Specimen& mutant) {
  const auto view = runtime::ReadArtifact(mutant.artifact, {});
  runtime::ArtifactPayload payload;
  payload.code = mutant.code;
  payload.rodata = mutant.rodata;
  payload.identity = view->identity;
  payload.profile = view->profile_bytes;
  payload.module = view->module;
  payload.functions = mutant.functions;
  payload.traps = mutant.traps;
  payload.certificates = mutant.certificates;
  payload.first_function = view->first_function;
  return runtime::WriteArtifact(payload);
}

void RunOnce(const std::vector<uint8_t>& artifact, const Subject& subject) {
  const auto program = runtime::NativeProgram::Load(artifact, {});
  if (!program.ok()) return;
  Execution run(subject);
  // Whether it traps or what it returns is not the question.
  run.Run(*program, std::make_unique<runtime::NativeStore>(), 200'000, 1 << 20)
      .IgnoreError();
}

// In a child: the mutant, between guards of a known pattern.
bool SurvivesInCanary(const Specimen& mutant, const GeneratedModule& module) {
  const std::vector<uint8_t> artifact = ArtifactOf(mutant);
  const pid_t child = fork();
  if (child == 0) {
    alarm(5);
    Subject subject;
    subject.module = module.bytes;
    for (const GeneratedCall& call : module.calls) {
      subject.steps.push_back({call.export_name, call.args});
    }
    const std::vector<uint8_t> guard(1 << 20, 0xA5);
    std::vector<uint8_t> before = guard;
    RunOnce(artifact, subject);
    std::vector<uint8_t> after = guard;
    _exit(before == guard && after == guard ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(MutationTest, MutantsAreRefusedOrHarmless) {
  struct Count {
    uint32_t made = 0, accepted = 0, run = 0;
    uint32_t rules[9] = {};
  };
  Count counts[kKinds];
  uint32_t made = 0, runs = 0;
  for (uint64_t seed = 1; seed <= kModules; ++seed) {
    const GeneratedModule module = Generate(seed);
    const auto specimen = MakeSpecimen(module.bytes);
    ASSERT_TRUE(specimen.ok()) << specimen.status();
    ASSERT_TRUE(specimen->VerifyMetering().ok());
    for (uint32_t k = 0; k < kKinds; ++k) {
      const auto kind = static_cast<Mutation>(k);
      for (uint32_t i = 0; i < kMutantsPerKind; ++i) {
        Specimen mutant = *specimen;
        if (!Mutate(kind, seed * 100'000 + k * 1000 + i, &mutant)) continue;
        ++made;
        ++counts[k].made;
        const verifier::Refusal refusal = mutant.VerifyMetering();
        if (!refusal.ok()) {
          ++counts[k].rules[verifier::RuleOf(refusal.reason)];
          continue;
        }
        ++counts[k].accepted;
        EXPECT_FALSE(MustBeRefused(kind))
            << MutationText(kind) << ", module " << seed << ", mutant " << i;
        if (runs >= kCanaryRuns || i % 3 != 0) continue;
        ++runs;
        ++counts[k].run;
        EXPECT_TRUE(SurvivesInCanary(mutant, module))
            << MutationText(kind) << ", module " << seed << ", mutant " << i;
      }
    }
  }
  std::printf("%u mutants, %u accepted ones run\n", made, runs);
  std::printf("%-48s %6s %8s  refused by V1 … V8\n", "kind", "made",
              "accepted");
  for (uint32_t k = 0; k < kKinds; ++k) {
    std::printf("%-48s %6u %8u ", MutationText(static_cast<Mutation>(k)),
                counts[k].made, counts[k].accepted);
    for (uint32_t r = 1; r <= 8; ++r) std::printf(" %5u", counts[k].rules[r]);
    std::printf("\n");
  }
}

}  // namespace
}  // namespace ingot::fuzz
