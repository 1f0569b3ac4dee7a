// `ingot`: in: a command line; out: a command's exit code. Holds: what no
// command catches still ends with the exit code of a fault.

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/output.h"
#include "sandbox/worker/worker.h"

namespace {

int Run(const std::vector<std::string>& args) {
  // How the service starts its workers; no command of a user.
  if (!args.empty() && args[0] == "worker") {
    return ingot::sandbox::WorkerMain({args.begin() + 1, args.end()});
  }
  ingot::cli::ParsedCommand parsed = ingot::cli::ParseCommandLine(args);
  if (parsed.command == nullptr) {
    const bool wrong = parsed.exit_code != ingot::cli::kExitOk;
    if (parsed.text.empty() || parsed.text.back() != '\n') parsed.text += '\n';
    std::fputs(wrong ? "ingot: " : "", stderr);
    std::fputs(parsed.text.c_str(), wrong ? stderr : stdout);
    return parsed.exit_code;
  }
  ingot::cli::Output output(parsed.options.json);
  return parsed.command(parsed.options, output);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    // Only the host's memory can run out here: our own code throws nothing.
    std::fprintf(stderr, "ingot: fault (resource_exhausted): %s\n",
                 error.what());
    return ingot::cli::kExitFault;
  }
}
