// `ingot quote`. In: a module. Out: bounds of the gas that compiling it uses,
// and the gas that asking used; of a module that is refused, the object of
// compile with the exact gas as both bounds. Holds: nothing is compiled.

#include <memory>

#include "cli/commands.h"
#include "cli/compilation.h"
#include "cli/input_file.h"
#include "metering/gas.h"
#include "sandbox/bootstrap.h"
#include "sandbox/quote_job.h"

namespace ingot::cli {
namespace {

// What is refused before the compiler sees it, or nothing.
absl::StatusOr<Compilation> QuoteFile(const InputFile& file,
                                      const Profile& profile,
                                      const Options& options,
                                      sandbox::Quote* quote) {
  if (RefusalBySize(file, profile)) {
    return Compile(file, profile, "sandbox", std::nullopt);
  }
  const auto compiler = sandbox::EmbeddedCompiler(
      options.engine == "interpreter" ? sandbox::EngineKind::kInterpreter
                                      : sandbox::EngineKind::kNative,
      profile);
  if (!compiler.ok()) return compiler.status();
  absl::StatusOr<sandbox::Quote> quoted =
      sandbox::QuoteInSandbox(**compiler, file.bytes, profile,
                              options.gas_limit.value_or(Gas::kMaxValue));
  if (!quoted.ok()) return quoted.status();
  *quote = *std::move(quoted);
  Compilation compilation;
  compilation.verdict = quote->verdict;
  compilation.names = FunctionNames(file.bytes);
  compilation.has_compile_gas = !compilation.accepted();
  if (compilation.verdict.code != Code::kOk) {
    compilation.help = HelpFor(compilation.verdict.code, file);
  }
  return compilation;
}

}  // namespace

int QuoteCommand(const Options& options, Output& output) {
  absl::StatusOr<Profile> profile = ProfileFor(options);
  if (!profile.ok()) return output.Refusal(profile.status());
  absl::StatusOr<InputFile> file =
      ReadInputFile(options.files[0], profile->limits.module_bytes);
  if (!file.ok()) return output.Fault(file.status());
  sandbox::Quote quote;
  absl::StatusOr<Compilation> compilation =
      QuoteFile(*file, *profile, options, &quote);
  if (!compilation.ok()) return output.Fault(compilation.status());
  AddToJson(*compilation, &output.object());
  const auto add = [&](const char* key, uint64_t gas) {
    output.object().Add(key, compilation->has_module_digest
                                 ? json::Value::NumberString(gas)
                                 : json::Value::Null());
  };
  add("lower_gas", quote.lower_gas);
  add("upper_gas", quote.upper_gas);
  add("quote_gas", quote.quote_gas);
  Print(*compilation, *file, output);
  if (compilation->has_module_digest) {
    output.Row("at least", Grouped(quote.lower_gas) + " gas");
    output.Row("at most", Grouped(quote.upper_gas) + " gas");
    output.Row("asking used", Grouped(quote.quote_gas) + " gas");
  }
  return output.Finish(compilation->accepted() ? kExitOk : kExitNegative);
}

}  // namespace ingot::cli
