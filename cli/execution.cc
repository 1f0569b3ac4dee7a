// Execution. In: a loaded program and what to call. Out: an outcome. Holds:
// instantiation and call share one gas limit; a program that exits by
// proc_exit(0) has returned.

#include "cli/execution.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cli/code_names.h"
#include "cli/profile_file.h"
#include "cli/typed_values.h"
#include "compiler/abi/traps.h"
#include "fmt/format.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/digest.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/transaction.h"
#include "sandbox/bootstrap.h"

namespace ingot::cli {
namespace {

using runtime::Outcome;
using runtime::OutcomeKind;
using runtime::Phase;
using sandbox::VerdictKind;
using Clock = std::chrono::steady_clock;

// An artifact is larger than its module, but not by this factor.
constexpr uint64_t kArtifactPerModuleByte = 16;

double Microseconds(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

void Refuse(Compilation* compilation, std::string code, std::string message,
            std::string help) {
  compilation->verdict.kind = VerdictKind::kRejected;
  compilation->code_name = std::move(code);
  compilation->message = std::move(message);
  compilation->help = std::move(help);
}

absl::StatusOr<std::shared_ptr<const runtime::Program>> LoadNative(
    std::span<const uint8_t> artifact,
    const runtime::ExpectedArtifact& expected) {
  absl::StatusOr<std::shared_ptr<const runtime::NativeProgram>> program =
      runtime::NativeProgram::Load(artifact, expected);
  if (!program.ok()) return program.status();
  return std::shared_ptr<const runtime::Program>(*std::move(program));
}

absl::StatusOr<Loaded> LoadArtifactFile(const InputFile& file,
                                        const Options& options,
                                        const Profile& profile) {
  Loaded loaded;
  const bool given = !options.profile.empty() || options.level.has_value();
  runtime::ExpectedArtifact expected;
  if (given) expected.profile = &profile;
  absl::StatusOr<std::shared_ptr<const runtime::Program>> program =
      LoadNative(file.bytes, expected);
  loaded.compilation.has_compile_gas = false;
  if (program.ok()) {
    loaded.program = *std::move(program);
    const absl::StatusOr<runtime::ArtifactView> view =
        runtime::ReadArtifact(file.bytes, {});
    if (!view.ok()) return view.status();
    loaded.compilation.verdict.module_digest = view->ModuleDigest();
    loaded.compilation.verdict.compiler_digest = view->CompilerDigest();
    loaded.compilation.verdict.profile_digest = view->ProfileDigest();
    return loaded;
  }
  const runtime::ArtifactError error =
      runtime::ArtifactErrorOf(program.status());
  if (error == runtime::ArtifactError::kNone ||
      error == runtime::ArtifactError::kIsaUnsupported) {
    return program.status();
  }
  Refuse(&loaded.compilation, std::string(runtime::ArtifactErrorName(error)),
         std::string(program.status().message()),
         "compile the module again with `ingot compile`");
  loaded.compilation.has_module_digest = false;
  loaded.compilation.verdict.compiler_digest =
      Sha256(sandbox::EmbeddedCompilerWasm());
  loaded.compilation.verdict.profile_digest = Sha256(CanonicalBytes(profile));
  return loaded;
}

absl::StatusOr<Loaded> LoadModuleFile(const InputFile& file,
                                      const Options& options,
                                      const Profile& profile, Engine engine) {
  Loaded loaded;
  if (engine == Engine::kNative) {
    absl::StatusOr<Compilation> compilation =
        Compile(file, profile, "sandbox", options.compile_gas_limit);
    if (!compilation.ok()) return compilation.status();
    loaded.compilation = *std::move(compilation);
    loaded.compiled = true;
    if (!loaded.compilation.accepted()) return loaded;
    runtime::ExpectedArtifact expected;
    expected.module = loaded.compilation.verdict.module_digest;
    expected.profile = &profile;
    absl::StatusOr<std::shared_ptr<const runtime::Program>> program =
        LoadNative(loaded.compilation.verdict.artifact, expected);
    if (!program.ok()) return program.status();
    loaded.program = *std::move(program);
    return loaded;
  }

  // The interpreter needs no compiler, but refuses what it would refuse.
  sandbox::Verdict& verdict = loaded.compilation.verdict;
  verdict.compiler_digest = Sha256(sandbox::EmbeddedCompilerWasm());
  verdict.profile_digest = Sha256(CanonicalBytes(profile));
  loaded.compilation.has_compile_gas = false;
  Status rejection;
  if (const std::optional<Status> refusal = RefusalBySize(file, profile)) {
    rejection = *refusal;
    loaded.compilation.has_module_digest = false;
  } else {
    verdict.module_digest = Sha256(file.bytes);
    absl::StatusOr<std::shared_ptr<const runtime::Program>> program =
        runtime::Program::FromModule(file.bytes, profile, &rejection);
    if (!program.ok()) return program.status();
    loaded.program = *std::move(program);
    loaded.compilation.names = FunctionNames(file.bytes);
  }
  if (!rejection.ok()) {
    verdict.kind = VerdictKind::kRejected;
    verdict.code = rejection.code;
    verdict.function = rejection.function;
    verdict.offset = rejection.offset;
    loaded.compilation.help = HelpFor(rejection.code, file);
    loaded.program = nullptr;
  }
  return loaded;
}

}  // namespace

std::unique_ptr<runtime::Store> NewStore(Engine engine) {
  if (engine == Engine::kInterpreter) return runtime::NewInterpreter();
  return std::make_unique<runtime::NativeStore>();
}

absl::StatusOr<InputFile> ReadProgramFile(const std::string& path,
                                          const Profile& profile) {
  const uint64_t most = profile.limits.module_bytes;
  absl::StatusOr<InputFile> file = ReadInputFile(path, most);
  if (file.ok() && !file->complete && file->kind == FileKind::kArtifact) {
    return ReadInputFile(path, kArtifactPerModuleByte * most);
  }
  return file;
}

absl::StatusOr<Loaded> LoadProgram(const InputFile& file,
                                   const Options& options,
                                   const Profile& profile, Engine engine) {
  if (file.kind == FileKind::kArtifact && engine == Engine::kInterpreter) {
    return absl::InvalidArgumentError(
        fmt::format("{}: an artifact holds no function bodies to interpret; "
                    "pass the module, or leave --engine away",
                    file.path));
  }
  absl::StatusOr<Loaded> loaded =
      file.kind == FileKind::kArtifact
          ? LoadArtifactFile(file, options, profile)
          : LoadModuleFile(file, options, profile, engine);
  if (!loaded.ok() || loaded->program == nullptr) return loaded;

  const runtime::Program& program = *loaded->program;
  // A module's own bytes hold the name section; an artifact's do not.
  loaded->names = file.kind == FileKind::kArtifact
                      ? FunctionNames(program)
                      : FunctionNames(file.bytes, program);
  loaded->host = options.host.empty() ? HostOf(program) : options.host;
  if (options.stub_imports) return loaded;
  const std::vector<ImportFinding> findings =
      CheckHost(program, loaded->host);
  if (!findings.empty()) {
    std::string message = findings[0].message;
    if (findings.size() > 1) {
      message += fmt::format(" (and {} more: see `ingot check`)",
                             findings.size() - 1);
    }
    Refuse(&loaded->compilation, findings[0].code, message, findings[0].help);
    loaded->program = nullptr;
  }
  return loaded;
}

absl::StatusOr<Invocation> PlanInvocation(const runtime::Program& program,
                                          const Options& options) {
  Invocation invocation;
  invocation.entry = options.invoke.value_or("_start");
  std::vector<std::string> functions;
  std::optional<uint32_t> function;
  for (const wasm::Export& item : program.View(program.module().exports)) {
    if (item.kind != wasm::ExternKind::kFunc) continue;
    functions.emplace_back(program.Name(item.name));
    if (functions.back() == invocation.entry) function = item.index;
  }
  if (!function) {
    std::vector<std::string> shown = NearNames(invocation.entry, functions);
    if (shown.empty()) {
      shown = functions;
      shown.resize(std::min<size_t>(shown.size(), 10));
    }
    return absl::InvalidArgumentError(fmt::format(
        "the module exports no function `{}`; {}", invocation.entry,
        functions.empty()
            ? std::string("it exports no function at all")
            : fmt::format("choose with --invoke: {}{}", fmt::join(shown, ", "),
                          shown.size() < functions.size() ? ", …" : "")));
  }
  const runtime::Signature signature =
      SignatureOfFunction(program, *function);
  if (signature.params.size() != options.invoke_args.size()) {
    return absl::InvalidArgumentError(fmt::format(
        "`{}` has the type {}: it takes {}, {} given", invocation.entry,
        SignatureText(signature),
        Counted(signature.params.size(), "argument"),
        options.invoke_args.size()));
  }
  for (size_t i = 0; i < signature.params.size(); ++i) {
    absl::StatusOr<runtime::Value> value =
        ParseValue(options.invoke_args[i], signature.params[i]);
    if (!value.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("argument {} of `{}`: {}", i + 1, invocation.entry,
                      std::string(value.status().message())));
    }
    invocation.args.push_back(*value);
  }
  return invocation;
}

absl::StatusOr<Execution> Execute(const Loaded& loaded, Engine engine,
                                  const Invocation& invocation,
                                  const Options& options) {
  const runtime::Program& program = *loaded.program;
  std::vector<std::string> args;
  if (!options.program_args.empty()) {
    args.push_back("program");
    args.insert(args.end(), options.program_args.begin(),
                options.program_args.end());
  }
  wasi::Host wasi(std::move(args));
  Execution execution;

  // What lies between bench.start and bench.end, or the whole call.
  std::optional<Clock::time_point> mark;
  std::optional<double> marked_ms;
  wasi.OnBenchMark([&](bool starts) {
    if (starts) {
      mark = Clock::now();
    } else if (mark) {
      marked_ms = marked_ms.value_or(0) +
                  Microseconds(Clock::now() - *mark) / 1000;
      mark.reset();
    }
  });

  std::unique_ptr<runtime::Store> store = NewStore(engine);
  absl::StatusOr<std::vector<runtime::Extern>> imports =
      BindImports(program, loaded.host, wasi,
                  options.stub_imports ? UnknownImports::kStub
                                       : UnknownImports::kRefuse,
                  *store);
  if (!imports.ok()) return imports.status();
  runtime::Transaction transaction(
      {.stack_units = program.profile().stack_units,
       .nesting = program.profile().call_depth});
  const uint64_t limit = options.gas_limit.value_or(kDefaultRunGasLimit);

  Clock::time_point begin = Clock::now();
  absl::StatusOr<runtime::Store::Instantiation> instantiation =
      store->Instantiate(loaded.program, *imports, transaction, limit);
  execution.instantiate_us = Microseconds(Clock::now() - begin);
  if (!instantiation.ok()) return instantiation.status();
  execution.outcome = std::move(instantiation->outcome);
  execution.outcome.phase = Phase::kInstantiate;

  if (execution.outcome.kind == OutcomeKind::kReturned) {
    const std::optional<runtime::Extern> entry =
        store->FindExport(instantiation->instance, invocation.entry);
    if (!entry) return absl::InternalError("an export has disappeared");
    const uint64_t spent = execution.outcome.gas_used;
    begin = Clock::now();
    absl::StatusOr<Outcome> outcome =
        store->Call(*entry, invocation.args, transaction, limit - spent);
    execution.run_ms =
        marked_ms.value_or(Microseconds(Clock::now() - begin) / 1000);
    if (!outcome.ok()) return outcome.status();
    execution.outcome = *std::move(outcome);
    execution.outcome.phase = Phase::kCall;
    execution.outcome.gas_used += spent;
  }
  execution.outcome.gas_limit = limit;
  execution.captured_stdout = wasi.captured_stdout();
  execution.captured_stderr = wasi.captured_stderr();
  execution.exit_code = wasi.exit_code();
  if (execution.exit_code == 0u &&
      execution.outcome.kind == OutcomeKind::kReverted) {
    execution.outcome.kind = OutcomeKind::kReturned;
  }
  return execution;
}

int ExitCodeOf(const Execution& execution) {
  return execution.outcome.kind == OutcomeKind::kReturned ? kExitOk
                                                          : kExitNegative;
}

json::Value BacktraceToJson(const std::vector<runtime::Frame>& backtrace,
                            const FunctionNames& names) {
  json::Value frames = json::Value::MakeArray();
  for (const runtime::Frame& frame : backtrace) {
    json::Value item = json::Value::MakeObject();
    item.Add("function", PlaceValue(frame.function));
    item.Add("name", StringOrNull(names.Find(frame.function)));
    item.Add("offset", PlaceValue(frame.offset));
    frames.Append(std::move(item));
  }
  return frames;
}

void PrintCallers(const std::vector<runtime::Frame>& backtrace,
                  const FunctionNames& names, Output& output) {
  for (size_t i = 1; i < backtrace.size(); ++i) {
    output.Row(i == 1 ? "called from" : "",
               fmt::format("{}, byte {}", names.Describe(backtrace[i].function),
                           backtrace[i].offset));
  }
}

void AddOutcome(const Execution& execution, const FunctionNames& names,
                json::Value* object) {
  const Outcome& outcome = execution.outcome;
  const bool trapped = outcome.kind == OutcomeKind::kTrapped;
  object->Add("outcome", json::Value::String(OutcomeName(outcome.kind)));
  object->Add("trap", trapped ? json::Value::String(TrapName(outcome.trap))
                              : json::Value::Null());
  object->Add("function", PlaceValue(trapped ? outcome.function : kNowhere));
  object->Add("offset", PlaceValue(trapped ? outcome.offset : kNowhere));
  object->Add("results", ValuesToJson(outcome.results));
  object->Add("gas_used", json::Value::NumberString(outcome.gas_used));
  object->Add("gas_limit", json::Value::NumberString(outcome.gas_limit));
  object->Add("phase",
              json::Value::String(outcome.phase == Phase::kInstantiate
                                      ? "instantiate"
                                      : "call"));
  if (execution.exit_code) {
    object->Add("exit_code", json::Value::Number(*execution.exit_code));
  }
  if (trapped) {
    object->Add("backtrace", BacktraceToJson(outcome.backtrace, names));
  }
}

void PrintOutcome(const Execution& execution, const Loaded& loaded,
                  Output& output) {
  const Outcome& outcome = execution.outcome;
  const bool returned = outcome.kind == OutcomeKind::kReturned;
  std::string what(OutcomeName(outcome.kind));
  if (outcome.phase == Phase::kInstantiate) what += " while instantiating";
  output.Row("outcome", what, returned ? Style::kGood : Style::kBad);
  if (execution.exit_code) {
    output.Row("exit code", std::to_string(*execution.exit_code));
  }
  if (outcome.kind == OutcomeKind::kTrapped) {
    output.Row("trap", fmt::format("{} ({})", TrapMessage(outcome.trap),
                                   TrapName(outcome.trap)));
    std::string where = outcome.function == kNowhere
                            ? "the module"
                            : loaded.names.Describe(outcome.function);
    if (outcome.offset != kNowhere) {
      where += fmt::format(", byte {} (0x{:x})", outcome.offset,
                           outcome.offset);
    }
    output.Row("where", where);
    PrintCallers(outcome.backtrace, loaded.names, output);
    output.Row("what to do",
               fmt::format("`ingot explain {}`", TrapName(outcome.trap)));
  }
  if (outcome.kind == OutcomeKind::kOutOfGas) {
    output.Row("what to do",
               "raise --gas-limit, or find the loop that does not end");
  }
  if (outcome.kind == OutcomeKind::kReverted && !execution.exit_code) {
    output.Row("message", outcome.revert_message);
  }
  for (size_t i = 0; i < outcome.results.size(); ++i) {
    output.Row(i == 0 ? "results" : "", ReadableValue(outcome.results[i]));
  }
  output.Row("gas used", fmt::format("{} of {}", Grouped(outcome.gas_used),
                                     Grouped(outcome.gas_limit)));
}

}  // namespace ingot::cli
