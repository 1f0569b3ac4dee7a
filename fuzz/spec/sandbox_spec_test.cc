#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/spec/suite.h"
#include "sandbox/bootstrap.h"

// The specification's scripts with the compiler in the sandbox: compiler.wasm's
// own artifact compiles each module under gas, the verifier looks at what comes
// out, and the executor runs it.

namespace ingot::fuzz {
namespace {

using runtime::NativeProgram;
using runtime::Program;
using sandbox::Verdict;
using sandbox::VerdictKind;

// What the jobs of the suite used, all together.
struct Jobs {
  uint32_t accepted = 0;
  uint32_t rejected = 0;
  uint64_t compile_gas = 0;
};

absl::StatusOr<std::shared_ptr<const Program>> Load(std::vector<uint8_t> bytes,
                                                    const Profile& profile,
                                                    Status* rejection,
                                                    Jobs* jobs) {
  const auto compiler =
      sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, profile);
  if (!compiler.ok()) return compiler.status();
  auto verdict = sandbox::CompileInSandbox(**compiler, bytes, profile);
  if (!verdict.ok()) return verdict.status();
  jobs->compile_gas += verdict->compile_gas;
  if (verdict->kind == VerdictKind::kRejected) {
    ++jobs->rejected;
    *rejection = Status{verdict->code, verdict->function, verdict->offset};
    return std::shared_ptr<const Program>();
  }
  if (verdict->kind != VerdictKind::kAccepted) {
    return absl::InternalError(
        std::string(sandbox::VerdictName(verdict->kind)));
  }
  ++jobs->accepted;
  auto program = NativeProgram::Load(verdict->artifact,
                                     {.file = verdict->artifact_digest,
                                      .module = verdict->module_digest,
                                      .compiler = verdict->compiler_digest,
                                      .profile = &profile});
  if (!program.ok()) return program.status();
  return std::shared_ptr<const Program>(*std::move(program));
}

TEST(SandboxSpecTest, PassesEveryScript) {
  Jobs jobs;
  runtime::spec::RunSuite(
      {"sandbox",
       [&](std::vector<uint8_t> bytes, const Profile& profile,
           Status* rejection) {
         return Load(std::move(bytes), profile, rejection, &jobs);
       },
       [] { return std::make_unique<runtime::NativeStore>(); }});
  std::printf("sandbox: %u modules accepted, %u rejected, %llu compile gas\n",
              jobs.accepted, jobs.rejected,
              static_cast<unsigned long long>(jobs.compile_gas));
}

}  // namespace
}  // namespace ingot::fuzz
