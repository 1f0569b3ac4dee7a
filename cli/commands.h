#ifndef CLI_COMMANDS_H_
#define CLI_COMMANDS_H_

#include "cli/options.h"
#include "cli/output.h"

// The commands of `ingot`, one file each (compile_command.cc and so on). In:
// the options and where to speak. Out: what INTERFACE.md fixes, and an exit
// code of cli/output.h.

namespace ingot::cli {

int CompileCommand(const Options& options, Output& output);
int RunCommand(const Options& options, Output& output);
int CallCommand(const Options& options, Output& output);
int CheckCommand(const Options& options, Output& output);
int QuoteCommand(const Options& options, Output& output);
int InspectCommand(const Options& options, Output& output);
int VerifyCommand(const Options& options, Output& output);
int ReproduceCommand(const Options& options, Output& output);
int BenchCommand(const Options& options, Output& output);
int ExplainCommand(const Options& options, Output& output);
int DoctorCommand(const Options& options, Output& output);

// Profile commands: files[0] is the file, files[1] the second of `diff`.
int ProfileInitCommand(const Options& options, Output& output);
int ProfileShowCommand(const Options& options, Output& output);
int ProfileDiffCommand(const Options& options, Output& output);
int ProfileHashCommand(const Options& options, Output& output);

// Store commands: files[0] is the stream.
int StoreListCommand(const Options& options, Output& output);
int StoreCollectCommand(const Options& options, Output& output);
int StoreVerifyCommand(const Options& options, Output& output);
int StoreExportCommand(const Options& options, Output& output);
int StoreImportCommand(const Options& options, Output& output);

int ServeCommand(const Options& options, Output& output);

// Client commands: files[0] is what is compiled, verified or called; `word` is
// the module of `get`.
int ClientHealthCommand(const Options& options, Output& output);
int ClientInfoCommand(const Options& options, Output& output);
int ClientCompileCommand(const Options& options, Output& output);
int ClientGetCommand(const Options& options, Output& output);
int ClientVerifyCommand(const Options& options, Output& output);
int ClientQuoteCommand(const Options& options, Output& output);
int ClientCallCommand(const Options& options, Output& output);

}  // namespace ingot::cli

#endif  // CLI_COMMANDS_H_
