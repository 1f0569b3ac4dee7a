// The table of commands: names, flags, help, examples. In: nothing. Out: see
// the header. Holds: a flag that several commands share is described once.

#include "cli/command_table.h"

#include <initializer_list>
#include <utility>

#include "cli/commands.h"

namespace ingot::cli {
namespace {

// The words are in the type's name already.
template <typename T>
CLI::Validator OneOf(std::initializer_list<T> words) {
  return CLI::IsMember(words).description("");
}

class Builder {
 public:
  explicit Builder(CommandTable& table)
      : table_(table), options_(table.options) {}

  CLI::App* Add(CLI::App* parent, std::string name, std::string description,
                Command command, std::string details, std::string examples) {
    CLI::App* const app = parent->add_subcommand(name, description);
    const bool nested = parent != table_.app.get();
    app->footer("\n" + details + (details.empty() ? "" : "\n\n") +
                "Examples:\n" + examples);
    table_.entries.push_back({nested ? parent->get_name() + " " + name : name,
                              app, command, std::move(details),
                              std::move(examples)});
    app->add_flag("--json", options_.json,
                  "print one JSON object on standard output and nothing else "
                  "there");
    return app;
  }

  void File(CLI::App* app, const char* name, const char* description) {
    app->add_option(name, table_.file, description)
        ->required()
        ->type_name("");
  }
  void OptionalFile(CLI::App* app, const char* description) {
    app->add_option("FILE", table_.file, description)->type_name("");
  }
  void ProfileFlags(CLI::App* app) {
    app->add_option("--profile", options_.profile,
                    "the profile: a TOML file, canonical bytes or an artifact "
                    "(default: built in, see `ingot profile show`)")
        ->type_name("FILE");
    app->add_option("--level", options_.level,
                    "0 compiles faster, 1 optimises; gas and results are equal "
                    "(default: the profile's)")
        ->check(OneOf({0, 1}))
        ->type_name("0|1");
  }
  void GasLimit(CLI::App* app, const char* description) {
    app->add_option("--gas-limit", table_.gas_limit, description)
        ->type_name("N");
  }
  void RunEngine(CLI::App* app) {
    app->add_option("--engine", options_.engine,
                    "what executes: native (default) or the reference "
                    "interpreter")
        ->check(OneOf({"native", "interpreter"}))
        ->type_name("native|interpreter");
  }
  void Host(CLI::App* app) {
    app->add_option("--host", options_.host,
                    "who provides the imports (default: by what the module "
                    "imports and exports)")
        ->check(OneOf({"none", "wasi", "cosmwasm"}))
        ->type_name("none|wasi|cosmwasm");
  }
  // --invoke takes all words up to the next flag; cli/command_line.cc splits
  // them off before CLI11 sees them, since -1 is a value here. The option
  // exists for the help text.
  void Invoke(CLI::App* app) {
    app->add_option("--invoke", unused_,
                    "the exported function to call and its arguments, typed "
                    "by its signature (default: _start)")
        ->type_name("EXPORT [ARG...]");
    app->add_option("--compile-gas-limit", table_.compile_gas_limit,
                    "gas for compiling a module first (default: no limit)")
        ->type_name("N");
  }

  Options& options() { return options_; }

 private:
  CommandTable& table_;
  Options& options_;
  static inline std::string unused_;
};

void AddCompile(Builder& add, CLI::App* root) {
  CLI::App* app = add.Add(
      root, "compile", "Compile a module in the sandbox", &CompileCommand,
      "The verdict is accepted, rejected, out_of_gas or out_of_memory. The "
      "same module under\nthe same profile gives the same artifact, or the "
      "same refusal, and the same compile\ngas on every machine.",
      "  ingot compile token.wasm -o token.ingot\n"
      "  ingot compile token.wasm --json --gas-limit 50000000000\n");
  add.File(app, "MODULE", "a binary WebAssembly module");
  app->add_option("-o,--output", add.options().output,
                  "write the artifact to this file")
      ->type_name("FILE");
  add.GasLimit(app, "compile gas (default: no limit)");
  add.ProfileFlags(app);
  app->add_option("--engine", add.options().engine,
                  "where the compiler runs: sandbox (default), the native "
                  "build (counts no gas), or the reference interpreter")
      ->check(OneOf({"sandbox", "native", "interpreter"}))
      ->type_name("sandbox|native|interpreter");
}

void AddQuote(Builder& add, CLI::App* root) {
  CLI::App* app = add.Add(
      root, "quote", "Bound the gas that compiling a module uses",
      &QuoteCommand,
      "Validates the module in the sandbox and says what compiling it uses at "
      "least and at\nmost, without compiling it. Asking is metered, too, and "
      "every machine gives the same\nquote. Of a module that is refused both "
      "bounds are the exact gas. A quote is no verdict.",
      "  ingot quote token.wasm\n"
      "  ingot quote token.wasm --level 0 --json\n");
  add.File(app, "MODULE", "a binary WebAssembly module");
  add.GasLimit(app, "gas for asking (default: no limit)");
  add.ProfileFlags(app);
  app->add_option("--engine", add.options().engine,
                  "where the compiler runs: sandbox (default), or the "
                  "reference interpreter")
      ->check(OneOf({"sandbox", "interpreter"}))
      ->type_name("sandbox|interpreter");
}

void AddRun(Builder& add, CLI::App* root) {
  CLI::App* app = add.Add(
      root, "run", "Run a module or an artifact", &RunCommand,
      "A module is compiled in the sandbox first. An integer argument is "
      "decimal or 0x\nhexadecimal, a float is decimal, inf, nan or its bits "
      "as 0x3f800000, a reference is\nnull. Under the host wasi there are no "
      "files, the clock is 0, random bytes are 0; words\nafter -- are the "
      "program's arguments. Its output appears as it is and the summary\ngoes "
      "to standard error; with --json both are part of the object.",
      "  ingot run hello.wasm\n"
      "  ingot run math.wasm --invoke add 1 -2 --engine interpreter\n"
      "  ingot run tool.wasm --json -- --verbose input\n");
  add.File(app, "FILE", "a module, or an artifact of `ingot compile`");
  add.Invoke(app);
  add.GasLimit(app, "gas of instantiation and call (default: 10^12, some 100 "
                    "s of native code)");
  add.ProfileFlags(app);
  add.RunEngine(app);
  add.Host(app);
}

void AddCall(Builder& add, CLI::App* root) {
  Options& options = add.options();
  CLI::App* app = add.Add(
      root, "call", "Call a CosmWasm contract", &CallCommand,
      "Entry points are instantiate, execute, query, migrate, sudo, reply and "
      "those of IBC.\nThe state is kept in --state from call to call; a call "
      "that fails, and a query, leave\nit as it was. The defaults are those "
      "of CosmWasm's mock environment.",
      "  ingot call hackatom.wasm instantiate --state s.json --msg "
      "'{\"verifier\":\"v\",\"beneficiary\":\"b\"}'\n"
      "  ingot call hackatom.wasm query --state s.json --msg "
      "'{\"verifier\":{}}'\n");
  add.File(app, "FILE", "a contract's module, or its artifact");
  app->add_option("ENTRY", options.entry, "the entry point")
      ->required()
      ->type_name("");
  app->add_option("--msg", options.msg, "the message")
      ->required()
      ->type_name("JSON");
  app->add_option("--state", options.state,
                  "the contract's storage; made when it is missing (default: "
                  "empty, and not kept)")
      ->type_name("FILE");
  app->add_option("--sender", options.sender,
                  "who calls (default: the mock's creator, "
                  "cosmwasm1h34lmp...)")
      ->type_name("ADDRESS");
  app->add_option("--funds", options.funds,
                  "coins sent along, as 100earth,5moon (default: none)")
      ->type_name("COINS");
  app->add_option("--contract", options.contract,
                  "the contract's own address (default: the mock's, "
                  "cosmwasm1jpev2c...)")
      ->type_name("ADDRESS");
  app->add_option("--height", options.height,
                  "the block's height (default: 12345)")
      ->type_name("N");
  app->add_option("--time", options.time,
                  "the block's time in nanoseconds since 1970 (default: "
                  "1571797419879305533)")
      ->type_name("N");
  app->add_option("--chain-id", options.chain_id,
                  "the chain (default: cosmos-testnet-14002)")
      ->type_name("ID");
  app->add_option("--balance", options.balances,
                  "what an address holds, as ADDRESS=COINS; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("ADDRESS=COINS");
  app->add_option("--query-mock", options.query_mock,
                  "answers to the contract's own queries: a JSON array of "
                  "request and response")
      ->type_name("FILE");
  app->add_flag("--diff", options.diff, "show what changed in the state");
  add.GasLimit(app, "gas of the call (default: 10^11, some 10 s)");
  add.ProfileFlags(app);
  add.RunEngine(app);
  app->add_option("--host", options.host, "the chain's host profile")
      ->check(OneOf({"cosmwasm"}))
      ->type_name("cosmwasm");
}

void AddCheck(Builder& add, CLI::App* root) {
  CLI::App* app = add.Add(
      root, "check", "Check modules without compiling them", &CheckCommand,
      "Decodes, validates, compares with the profile's limits and looks every "
      "import up in\nthe host. Each finding says where it is and what to do.",
      "  ingot check contract.wasm\n"
      "  ingot check build/*.wasm --host cosmwasm --json\n");
  app->add_option("FILE", add.options().files, "modules")
      ->required()
      ->type_name("");
  add.ProfileFlags(app);
  add.Host(app);
}

void AddInspect(Builder& add, CLI::App* root) {
  CLI::App* app = add.Add(
      root, "inspect", "Show what a module or an artifact holds",
      &InspectCommand,
      "Of a module: types, imports, exports, functions with their size and "
      "stack units. Of an\nartifact: its identity, functions with their code "
      "and frames, traps.",
      "  ingot inspect token.wasm\n"
      "  ingot inspect token.ingot --disassemble transfer\n");
  add.File(app, "FILE", "a module or an artifact");
  app->add_option("--disassemble", add.options().disassemble,
                  "show one function's native code, by index or by the name "
                  "of an export")
      ->type_name("FUNCTION");
  add.ProfileFlags(app);
}

void AddVerify(Builder& add, CLI::App* root) {
  CLI::App* app = add.Add(
      root, "verify", "Verify an artifact", &VerifyCommand,
      "Checks the artifact as the loader does; with the module, compiles it "
      "again in the\nsandbox under the artifact's own profile and compares "
      "the bytes. Says which checks were\nmade, and what the artifact is a "
      "function of.",
      "  ingot verify token.ingot token.wasm\n");
  app->add_option("ARTIFACT", add.options().files,
                  "the artifact and, after it, the module that it was made "
                  "from")
      ->required()
      ->expected(1, 2)
      ->type_name("[MODULE]");
}

void AddReproduce(Builder& add, CLI::App* root) {
  CLI::App* app = add.Add(
      root, "reproduce", "Build the compiler from source and compare",
      &ReproduceCommand,
      "Builds compiler.wasm from a source checkout, in a clean folder, with "
      "the packages that\nthird_party/versions.txt records, and compares its "
      "digest with that of the compiler in\nthis program. Takes minutes.",
      "  ingot reproduce ~/ingot\n");
  app->add_option("SOURCE", add.options().files,
                  "a checkout of Ingot's sources (default: this folder)")
      ->expected(0, 1)
      ->type_name("");
  app->add_flag("--allow-versions", add.options().allow_versions,
                "go on where a package's version is not the recorded one");
}

void AddBench(Builder& add, CLI::App* root) {
  CLI::App* app = add.Add(
      root, "bench", "Time compiling and running", &BenchCommand,
      "Everything is measured in this one process, so that ratios mean "
      "something. A module\nthat imports bench.start and bench.end marks its "
      "own timed part with them.",
      "  ingot bench quicksort.wasm --reps 9\n"
      "  ingot bench fib.wasm --invoke fib 30 --json\n");
  add.File(app, "FILE", "a module");
  add.Invoke(app);
  app->add_option("--reps", add.options().reps,
                  "how often each step is done (default: 5)")
      ->check(CLI::Range(1, 100000).description(""))
      ->type_name("N");
  app->add_flag("--stub-imports", add.options().stub_imports,
                "an import that the host does not provide returns zero");
  add.GasLimit(app, "gas of instantiation and call (default: 10^12)");
  add.ProfileFlags(app);
  add.RunEngine(app);
  add.Host(app);
}

void AddProfile(Builder& add, CLI::App* root) {
  CLI::App* const profile = root->add_subcommand(
      "profile", "Write, show and compare profiles");
  profile->require_subcommand(1);
  Options& options = add.options();
  CLI::App* app = add.Add(
      profile, "init", "Write the default profile as TOML",
      &ProfileInitCommand, "", "  ingot profile init chain.toml\n");
  add.OptionalFile(app, "where to write it (default: standard output)");
  add.ProfileFlags(app);
  app = add.Add(profile, "show", "Show a profile as TOML",
                &ProfileShowCommand, "",
                "  ingot profile show\n  ingot profile show token.ingot\n");
  add.OptionalFile(app,
                   "TOML, canonical bytes or an artifact (default: built in)");
  add.ProfileFlags(app);
  app = add.Add(profile, "diff", "Show the fields in which two profiles "
                "differ", &ProfileDiffCommand,
                "One file alone is compared with the default. The exit code "
                "is 1 if they differ.",
                "  ingot profile diff chain.toml token.ingot\n");
  app->add_option("FILE", options.files, "one or two profiles")
      ->required()
      ->expected(1, 2)
      ->type_name("");
  app = add.Add(profile, "hash", "Print the SHA-256 of a profile's canonical "
                "bytes", &ProfileHashCommand, "",
                "  ingot profile hash chain.toml\n");
  add.OptionalFile(app,
                   "TOML, canonical bytes or an artifact (default: built in)");
  add.ProfileFlags(app);
}

void AddStore(Builder& add, CLI::App* root) {
  CLI::App* const store = root->add_subcommand(
      "store", "Look after a store of modules, artifacts and verdicts");
  store->require_subcommand(1);
  Options& options = add.options();
  const auto folder = [&](CLI::App* app) {
    app->add_option("--store", options.store,
                    "the store's folder; made when it is missing")
        ->required()
        ->type_name("DIR");
  };
  CLI::App* app = add.Add(store, "ls", "List what is known of each key",
                          &StoreListCommand, "",
                          "  ingot store ls --store /var/lib/ingot\n");
  folder(app);
  app = add.Add(store, "gc", "Remove the least used files",
                &StoreCollectCommand,
                "Artifacts go first, then modules; nothing that is pinned or "
                "in use. Verdicts stay. The\nexit code is 1 when more than N "
                "bytes are left.",
                "  ingot store gc --store /var/lib/ingot --max-bytes "
                "10000000000\n");
  folder(app);
  app->add_option("--max-bytes", options.max_bytes,
                  "what modules and artifacts may take")
      ->required()
      ->type_name("N");
  app = add.Add(store, "verify", "Load, hash and verify everything",
                &StoreVerifyCommand,
                "What is damaged or refused goes to the store's quarantine/, "
                "and the exit code is 1; it\nis built again when it is asked "
                "for.",
                "  ingot store verify --store /var/lib/ingot\n");
  folder(app);
  app = add.Add(store, "export", "Write a store as one stream",
                &StoreExportCommand, "",
                "  ingot store export --store /var/lib/ingot backup.ingots\n");
  folder(app);
  add.File(app, "FILE", "where to write it");
  app = add.Add(store, "import", "Take what a stream holds",
                &StoreImportCommand,
                "Modules are taken under their own digests, artifacts when "
                "the verifier accepts them with\ntheir modules. The exit code "
                "is 1 when any was refused.",
                "  ingot store import --store /var/lib/ingot backup.ingots "
                "--trust\n");
  folder(app);
  add.File(app, "FILE", "a stream of `ingot store export`");
  app->add_flag("--trust", options.trust,
                "take verdicts, too, which nothing can prove: for a backup of "
                "one's own");
}

void AddServe(Builder& add, CLI::App* root) {
  Options& options = add.options();
  CLI::App* app = add.Add(
      root, "serve", "Run the service that nodes call", &ServeCommand,
      "gRPC and length-delimited frames on unix sockets, compilation in jailed "
      "workers, a store\nthat survives crashes. SIGTERM drains it. It exits "
      "with 0 when it was stopped, with 2 for\na wrong configuration, with 3 "
      "when it cannot start or when workers failed a job of the\nblock path. "
      "Every key of the configuration is in "
      "chain_integration/service/ingot.example.toml.",
      "  ingot serve --config /etc/ingot/ingot.toml\n"
      "  ingot serve --store /tmp/store --socket /tmp/ingot.sock\n"
      "  ingot serve --config ingot.toml --check-config\n");
  app->add_option("--config", options.config, "the configuration, in TOML")
      ->type_name("FILE");
  app->add_option("--socket", options.socket, "gRPC on this unix socket")
      ->type_name("PATH");
  app->add_option("--frames", options.frames,
                  "length-delimited frames on this unix socket")
      ->type_name("PATH");
  app->add_option("--store", options.store,
                  "the store's folder; made when it is missing")
      ->type_name("DIR");
  app->add_option("--workers", options.workers,
                  "processes that wait for a job, and compilations at a time")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  app->add_option("--metrics", options.metrics,
                  "Prometheus reads http://ADDRESS/metrics")
      ->type_name("ADDRESS:PORT");
  app->add_flag("--check-config", options.check_config,
                "read the configuration and exit");
}

void AddClient(Builder& add, CLI::App* root) {
  CLI::App* const client =
      root->add_subcommand("client", "Speak to a running service");
  client->require_subcommand(1);
  Options& options = add.options();
  const auto socket = [&](CLI::App* app) {
    app->add_option("--socket", options.socket,
                    "the service's unix socket, or tcp:ADDRESS:PORT")
        ->required()
        ->type_name("PATH");
  };
  const auto target = [&](CLI::App* app) {
    app->add_option("--compiler", options.compiler,
                    "the compiler's SHA-256, one of `ingot client info` "
                    "(default: the service's first)")
        ->type_name("SHA256");
    add.ProfileFlags(app);
  };
  const auto lane = [&](CLI::App* app) {
    app->add_flag("--block-lane", options.block_lane,
                  "a block waits: no limit of rate and time");
  };
  CLI::App* app = add.Add(client, "health", "Ask whether it takes calls",
                          &ClientHealthCommand,
                          "The exit code is 1 while the service drains.",
                          "  ingot client health --socket /run/ingot/grpc\n");
  socket(app);
  app = add.Add(client, "info", "Show what it compiles by and under",
                &ClientInfoCommand, "",
                "  ingot client info --socket /run/ingot/grpc\n");
  socket(app);
  app = add.Add(client, "compile", "Compile a module there",
                &ClientCompileCommand,
                "Larger modules are uploaded in pieces first.",
                "  ingot client compile token.wasm --socket /run/ingot/grpc\n");
  add.File(app, "MODULE", "a binary WebAssembly module");
  socket(app);
  app->add_option("-o,--output", options.output,
                  "write the artifact to this file")
      ->type_name("FILE");
  add.GasLimit(app, "compile gas (default: no limit)");
  target(app);
  lane(app);
  app = add.Add(client, "get", "Fetch an artifact", &ClientGetCommand, "",
                "  ingot client get MODULE_SHA256 -o token.ingot --socket "
                "/run/ingot/grpc\n");
  app->add_option("MODULE_SHA256", options.word, "the module's SHA-256")
      ->required()
      ->type_name("");
  socket(app);
  app->add_option("-o,--output", options.output,
                  "write the artifact to this file")
      ->required()
      ->type_name("FILE");
  app->add_option("--expect", options.expected,
                  "refuse any artifact but the one with this SHA-256")
      ->type_name("SHA256");
  target(app);
  lane(app);
  app = add.Add(client, "verify", "Have an artifact verified",
                &ClientVerifyCommand,
                "With the module, its metering is checked as well, and it is "
                "compiled again.",
                "  ingot client verify token.ingot token.wasm --socket "
                "/run/ingot/grpc\n");
  app->add_option("ARTIFACT", options.files,
                  "the artifact and, after it, the module that it was made "
                  "from")
      ->required()
      ->expected(1, 2)
      ->type_name("[MODULE]");
  socket(app);
  target(app);
  app = add.Add(client, "quote", "Ask for bounds of a module's compile gas",
                &ClientQuoteCommand, "",
                "  ingot client quote token.wasm --socket /run/ingot/grpc\n");
  add.File(app, "MODULE", "a binary WebAssembly module");
  socket(app);
  add.GasLimit(app, "gas that asking may use (default: no limit)");
  target(app);
  app = add.Add(client, "call", "Call a function there", &ClientCallCommand,
                "The module is compiled there first. An import that is called "
                "is a fault, or zeros with\n--stub-imports.",
                "  ingot client call math.wasm --invoke add 1 2 --socket "
                "/run/ingot/grpc\n");
  add.File(app, "MODULE", "a binary WebAssembly module");
  socket(app);
  add.Invoke(app);
  app->add_flag("--stub-imports", options.stub_imports,
                "imports return zero");
  add.GasLimit(app, "gas of instantiation and call (default: 10^12)");
  target(app);
  lane(app);
}

void AddExplainAndDoctor(Builder& add, CLI::App* root) {
  CLI::App* app = add.Add(
      root, "explain", "Explain a verdict, trap, finding or fault",
      &ExplainCommand, "docs/codes.md holds all of them.",
      "  ingot explain indirect_call_mismatch\n  ingot explain 204\n");
  app->add_option("CODE", add.options().word,
                  "a code's name, or the number of a rejection")
      ->required()
      ->type_name("");
  add.Add(root, "doctor", "Check this machine", &DoctorCommand,
          "Looks at processor, kernel, limits and libraries, then compiles "
          "and runs a small\nmodule and compares digest, result, trap and gas "
          "with known ones.",
          "  ingot doctor\n");
}

}  // namespace

std::unique_ptr<CommandTable> MakeCommandTable() {
  auto table = std::make_unique<CommandTable>();
  table->app = std::make_unique<CLI::App>(
      "Ingot compiles WebAssembly contracts to native code, deterministically "
      "and metered.",
      "ingot");
  CLI::App* const root = table->app.get();
  root->require_subcommand(1);
  // Taken in cli/command_line.cc; here for the help text.
  root->add_flag("--version", table->show_version,
                 "print the version and exit");
  root->failure_message(CLI::FailureMessage::simple);
  root->footer("\nExit codes: 0 accepted, returned or passed; 1 a negative "
               "verdict, outcome or finding;\n2 wrong usage; 3 a fault of "
               "the host.\n");
  Builder add(*table);
  AddCompile(add, root);
  AddQuote(add, root);
  AddRun(add, root);
  AddCall(add, root);
  AddCheck(add, root);
  AddInspect(add, root);
  AddVerify(add, root);
  AddReproduce(add, root);
  AddBench(add, root);
  AddProfile(add, root);
  AddStore(add, root);
  AddServe(add, root);
  AddClient(add, root);
  AddExplainAndDoctor(add, root);
  return table;
}

}  // namespace ingot::cli
