#ifndef CLI_EXECUTION_H_
#define CLI_EXECUTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "chain_integration/json/json.h"
#include "chain_integration/wasi/wasi.h"
#include "cli/compilation.h"
#include "cli/function_names.h"
#include "cli/hosts.h"
#include "cli/input_file.h"
#include "cli/options.h"
#include "cli/output.h"
#include "runtime/outcome.h"
#include "runtime/program.h"
#include "runtime/store.h"

// Running what a user named. In: a module or an artifact, an engine, a host,
// what to call. Out: an outcome and what was printed, as an object and as text.
// Holds: both engines take the same steps, so a difference between them is the
// engines' own.

namespace ingot::cli {

enum class Engine : uint8_t { kNative, kInterpreter };
std::unique_ptr<runtime::Store> NewStore(Engine engine);

// Gas of a run unless --gas-limit says otherwise: some 100 s of native code.
inline constexpr uint64_t kDefaultRunGasLimit = 1'000'000'000'000;

// A program ready to run, or the reason why there is none.
struct Loaded {
  std::shared_ptr<const runtime::Program> program;  // null: rejected
  Compilation compilation;  // of a module; of an artifact only if it is refused
  bool compiled = false;    // `compilation` is of this run
  FunctionNames names;
  std::string host;
};

// Reads a module or an artifact as large as the profile allows.
absl::StatusOr<InputFile> ReadProgramFile(const std::string& path,
                                          const Profile& profile);

// Compiles a module for the native engine, decodes it for the interpreter, or
// loads an artifact; then checks what the host provides. With `stub_imports`
// the latter is not asked.
absl::StatusOr<Loaded> LoadProgram(const InputFile& file,
                                   const Options& options,
                                   const Profile& profile, Engine engine);

// The call that a user asked for. An error is wrong usage.
struct Invocation {
  std::string entry;
  std::vector<runtime::Value> args;
};
absl::StatusOr<Invocation> PlanInvocation(const runtime::Program& program,
                                          const Options& options);

struct Execution {
  runtime::Outcome outcome;  // gas is that of instantiation and call together
  std::optional<uint32_t> exit_code;
  std::string captured_stdout;
  std::string captured_stderr;
  double instantiate_us = 0;
  double run_ms = 0;  // of the call, or of its marked part
};

absl::StatusOr<Execution> Execute(const Loaded& loaded, Engine engine,
                                  const Invocation& invocation,
                                  const Options& options);

// The object of `run` without the captured output.
void AddOutcome(const Execution& execution, const FunctionNames& names,
                json::Value* object);
void PrintOutcome(const Execution& execution, const Loaded& loaded,
                  Output& output);
// A row per caller of the innermost function.
void PrintCallers(const std::vector<runtime::Frame>& backtrace,
                  const FunctionNames& names, Output& output);
// [{"function","name","offset"}], innermost first.
json::Value BacktraceToJson(const std::vector<runtime::Frame>& backtrace,
                            const FunctionNames& names);

int ExitCodeOf(const Execution& execution);

}  // namespace ingot::cli

#endif  // CLI_EXECUTION_H_
