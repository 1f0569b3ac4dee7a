// Parsing. In: arguments. Out: a command and its options. Holds: --invoke and
// its arguments, and what follows `--`, are taken out first, because they are
// the program's words and not flags.

#include "cli/command_line.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <utility>

#include "cli/code_names.h"
#include "cli/command_table.h"
#include "cli/typed_values.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

// -1, -.5, -inf and -nan are values; every other word with a dash is a flag.
bool IsFlag(std::string_view word) {
  if (word.size() < 2 || word[0] != '-') return false;
  if (std::isdigit(static_cast<unsigned char>(word[1])) || word[1] == '.') {
    return false;
  }
  return word != "-inf" && word != "-nan";
}

// Moves the words of --invoke and those behind `--` from `args` to `options`.
// False if --invoke names nothing.
bool TakeProgramWords(std::vector<std::string>* args, Options* options) {
  const auto dashes = std::find(args->begin(), args->end(), "--");
  if (dashes != args->end()) {
    options->program_args.assign(dashes + 1, args->end());
    args->erase(dashes, args->end());
  }
  static constexpr std::string_view kInvoke = "--invoke";
  const auto invoke =
      std::find_if(args->begin(), args->end(), [](const std::string& word) {
        return word == kInvoke ||
               word.starts_with(std::string(kInvoke) + "=");
      });
  if (invoke == args->end()) return true;
  auto end = invoke + 1;
  if (invoke->size() > kInvoke.size()) {
    options->invoke = invoke->substr(kInvoke.size() + 1);
  } else {
    if (end == args->end() || IsFlag(*end)) return false;
    options->invoke = *end++;
  }
  while (end != args->end() && !IsFlag(*end)) {
    options->invoke_args.push_back(*end++);
  }
  args->erase(invoke, end);
  return !options->invoke->empty();
}

ParsedCommand UsageError(std::string text) {
  ParsedCommand parsed;
  parsed.text = std::move(text);
  parsed.exit_code = kExitUsage;
  return parsed;
}

std::string Joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

bool IsCommand(const CLI::App& app, const std::string& name) {
  const std::vector<const CLI::App*> commands = app.get_subcommands({});
  return std::any_of(commands.begin(), commands.end(),
                     [&](const CLI::App* command) {
                       return command->get_name() == name;
                     });
}

// A command that does not exist, with its neighbours.
ParsedCommand UnknownCommand(const std::string& word,
                             const CommandTable& table) {
  std::vector<std::string> names;
  for (const CLI::App* app : table.app->get_subcommands({})) {
    names.push_back(app->get_name());
  }
  const std::vector<std::string> near = NearNames(word, names);
  return UsageError(fmt::format(
      "there is no command `{}`; {}", word,
      near.empty() ? "there are " + Joined(names)
                   : "did you mean " + Joined(near) + "?"));
}

}  // namespace

ParsedCommand ParseCommandLine(const std::vector<std::string>& args) {
  const std::unique_ptr<CommandTable> table = MakeCommandTable();
  CLI::App& app = *table->app;
  if (args.empty()) return UsageError(app.help());
  if (args[0] == "--version") {
    ParsedCommand parsed;
    parsed.text = "ingot 0.1.0\n";
    return parsed;
  }
  if (!IsFlag(args[0]) && !IsCommand(app, args[0])) {
    return UnknownCommand(args[0], *table);
  }
  std::vector<std::string> words = args;
  const bool runs = args[0] == "run" || args[0] == "bench" ||
                    (args.size() > 1 && args[0] == "client" &&
                     args[1] == "call");
  if (runs && !TakeProgramWords(&words, &table->options)) {
    return UsageError("--invoke needs the name of an exported function");
  }
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(error, out, err);
    ParsedCommand parsed;
    parsed.text = code == 0 ? out.str() : err.str();
    parsed.exit_code = code == 0 ? kExitOk : kExitUsage;
    if (runs && !table->file && table->options.invoke) {
      parsed.text +=
          std::string(args[0] == "client" ? "MODULE" : "FILE") +
          " comes before --invoke, which takes all words up to the next flag.\n";
    }
    return parsed;
  }

  const auto gas = [](const std::string& text, std::optional<uint64_t>* out) {
    if (text.empty()) return absl::OkStatus();
    absl::StatusOr<uint64_t> value = ParseGas(text);
    if (value.ok()) *out = *value;
    return value.status();
  };
  for (const auto& [text, out] :
       {std::pair(&table->gas_limit, &table->options.gas_limit),
        std::pair(&table->compile_gas_limit,
                  &table->options.compile_gas_limit)}) {
    if (absl::Status read = gas(*text, out); !read.ok()) {
      return UsageError(std::string(read.message()));
    }
  }
  ParsedCommand parsed;
  for (const CommandEntry& entry : table->entries) {
    if (entry.app->parsed()) parsed.command = entry.command;
  }
  parsed.options = table->options;
  if (table->file) parsed.options.files = {*table->file};
  return parsed;
}

}  // namespace ingot::cli
