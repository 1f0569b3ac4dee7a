// The verifier's wasm32 build, compiled by Ingot and run as any module, against
// its native build. In: artifacts of the project's contracts, of the verifier
// itself, and mutants. Holds: reason, function and code offset are the same.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "compiler/abi/profile.h"
#include "fuzz/verifier/mutator.h"
#include "fuzz/verifier/specimen.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/transaction.h"
#include "runtime/verifier/wasm32_abi.h"
#include "sandbox/test_modules.h"

namespace ingot::fuzz {
namespace {

constexpr char kVerifierPath[] = "runtime/verifier/verifier_wasm.wasm";
constexpr uint64_t kGas = uint64_t{1} << 40;
constexpr uint32_t kMutantsPerKind = 12;

// One instance of the wasm32 build.
class SandboxedVerifier {
 public:
  SandboxedVerifier() {
    const auto self = MakeSpecimen(sandbox::ReadFile(kVerifierPath));
    EXPECT_TRUE(self.ok()) << self.status();
    if (!self.ok()) return;
    auto program = runtime::NativeProgram::Load(self->artifact, {});
    EXPECT_TRUE(program.ok()) << program.status();
    if (!program.ok()) return;
    const auto made =
        store_.Instantiate(*std::move(program), {}, transaction_, kGas);
    EXPECT_TRUE(made.ok()) << made.status();
    if (made.ok()) instance_ = made->instance;
  }

  bool ready() const { return instance_ != runtime::kNoInstance; }

  verifier::wasm32::Answer Verify(const Specimen& specimen) {
    const std::vector<uint8_t> request = RequestOf(specimen);
    const uint64_t address =
        Call("verifier_input",
             {{wasm::ValType::kI32, static_cast<uint32_t>(request.size())}});
    EXPECT_NE(address, 0u);
    std::copy(request.begin(), request.end(),
              store_.InstanceMemory(instance_).begin() +
                  static_cast<ptrdiff_t>(address));
    const uint64_t at = Call("verifier_run", {});
    verifier::wasm32::Answer answer;
    std::memcpy(&answer, store_.InstanceMemory(instance_).data() + at,
                sizeof answer);
    return answer;
  }

 private:
  static std::vector<uint8_t> RequestOf(const Specimen& specimen) {
    verifier::wasm32::Request request;
    std::vector<uint8_t> bytes(sizeof request);
    uint32_t parts = 0;
    const auto add = [&](const auto& table) {
      const auto* const begin = reinterpret_cast<const uint8_t*>(table.data());
      const size_t size = table.size() * sizeof table[0];
      bytes.insert(bytes.end(), begin, begin + size);
      bytes.resize((bytes.size() + 15) / 16 * 16);
      request.part_bytes[parts++] = static_cast<uint32_t>(size);
    };
    std::vector<uint8_t> profile(kProfileBytes);
    Encode(specimen.program->profile(), profile);
    add(profile);
    add(specimen.module_bytes);
    add(specimen.code);
    add(specimen.rodata);
    add(specimen.functions);
    add(specimen.traps);
    add(specimen.certificates);
    EXPECT_EQ(parts, verifier::wasm32::kParts);
    request.text_bytes = specimen.text_bytes;
    std::memcpy(bytes.data(), &request, sizeof request);
    return bytes;
  }

  uint64_t Call(const char* name, std::vector<runtime::Value> args) {
    const auto function = store_.FindExport(instance_, name);
    EXPECT_TRUE(function.has_value()) << name;
    const auto outcome = store_.Call(*function, args, transaction_, kGas);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->kind, runtime::OutcomeKind::kReturned);
    EXPECT_EQ(outcome->results.size(), 1u);
    return outcome->results.empty() ? 0 : outcome->results[0].bits;
  }

  runtime::NativeStore store_;
  runtime::Transaction transaction_{runtime::Transaction::Budget{}};
  runtime::InstanceId instance_ = runtime::kNoInstance;
};

void ExpectSame(const verifier::wasm32::Answer& answer,
                const verifier::Refusal& refusal, const std::string& what) {
  EXPECT_EQ(answer.rejection, 0u) << what;
  EXPECT_EQ(answer.reason, static_cast<uint32_t>(refusal.reason)) << what;
  EXPECT_EQ(answer.function, refusal.function) << what;
  EXPECT_EQ(answer.code_offset, refusal.code_offset) << what;
}

TEST(Wasm32Test, AcceptsContractsAndItself) {
  SandboxedVerifier sandboxed;
  ASSERT_TRUE(sandboxed.ready());
  std::vector<std::string> paths = sandbox::OwnContracts();
  ASSERT_FALSE(paths.empty());
  paths.push_back(kVerifierPath);
  for (const std::string& path : paths) {
    const auto specimen = MakeSpecimen(sandbox::ReadFile(path));
    ASSERT_TRUE(specimen.ok()) << path << ": " << specimen.status();
    const verifier::Refusal refusal = specimen->VerifyMetering();
    EXPECT_TRUE(refusal.ok()) << path << ": " << Describe(*specimen, refusal);
    ExpectSame(sandboxed.Verify(*specimen), refusal, path);
  }
}

// Mutants of the smallest contract, of each kind.
TEST(Wasm32Test, RefusesMutantsForTheSameReason) {
  SandboxedVerifier sandboxed;
  ASSERT_TRUE(sandboxed.ready());
  std::vector<uint8_t> smallest;
  for (const std::string& path : sandbox::OwnContracts()) {
    std::vector<uint8_t> bytes = sandbox::ReadFile(path);
    if (smallest.empty() || bytes.size() < smallest.size()) {
      smallest = std::move(bytes);
    }
  }
  const auto specimen = MakeSpecimen(smallest);
  ASSERT_TRUE(specimen.ok()) << specimen.status();
  uint32_t mutants = 0, refused = 0;
  for (uint32_t kind = 0; kind < static_cast<uint32_t>(Mutation::kCount);
       ++kind) {
    for (uint64_t seed = 0; seed < kMutantsPerKind; ++seed) {
      Specimen mutant = *specimen;
      const auto mutation = static_cast<Mutation>(kind);
      if (!Mutate(mutation, seed, &mutant)) continue;
      ++mutants;
      const verifier::Refusal refusal = mutant.VerifyMetering();
      refused += refusal.ok() ? 0 : 1;
      ExpectSame(sandboxed.Verify(mutant), refusal,
                 std::string(MutationText(mutation)) + ", seed " +
                     std::to_string(seed));
    }
  }
  std::printf("%u mutants, %u refused\n", mutants, refused);
  EXPECT_GT(refused, mutants / 2);
}

// The module is decoded there, not believed.
TEST(Wasm32Test, RejectsAModuleThatIsNone) {
  SandboxedVerifier sandboxed;
  ASSERT_TRUE(sandboxed.ready());
  auto specimen = MakeSpecimen(sandbox::SyntheticModule(2, 3));
  ASSERT_TRUE(specimen.ok()) << specimen.status();
  EXPECT_EQ(sandboxed.Verify(*specimen).rejection, 0u);
  specimen->module_bytes.pop_back();
  EXPECT_NE(sandboxed.Verify(*specimen).rejection, 0u);
}

}  // namespace
}  // namespace ingot::fuzz
