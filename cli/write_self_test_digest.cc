// Writes, at build time, what the self-test's artifact is to be: in: nothing;
// out: a definition of kSelfTestArtifactSha256, from the native build of the
// compiler. `ingot doctor` compares it with what the sandbox makes where it
// runs.

#include <cstdio>
#include <vector>

#include "cli/self_test.h"
#include "compiler/abi/profile.h"
#include "runtime/digest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/native_compiler.h"

int main() {
  const ingot::Digest compiler =
      ingot::Sha256(ingot::sandbox::EmbeddedCompilerWasm());
  const absl::StatusOr<ingot::sandbox::NativeResult> result =
      ingot::sandbox::CompileNatively(ingot::cli::SelfTestModule(),
                                      ingot::Profile(), compiler);
  if (!result.ok() || !result->verdict.ok()) {
    std::fprintf(stderr, "the self-test's module does not compile\n");
    return 1;
  }
  std::printf("constexpr char kSelfTestArtifactSha256[] =\n    \"%s\";\n",
              result->artifact_digest.Hex().c_str());
  return 0;
}
