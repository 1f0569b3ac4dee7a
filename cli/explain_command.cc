// `ingot explain`. In: a code as it stands in a verdict, an outcome, a finding
// or a fault. Out: what it means, an example, the remedy. Holds: every code of
// the tables below is known; an unknown one is answered with its neighbours.

#include "cli/explain.h"

#include <algorithm>
#include <charconv>

#include "absl/status/status.h"
#include "chain_integration/cosmwasm/host_error.h"
#include "chain_integration/service/faults.h"
#include "cli/code_names.h"
#include "cli/commands.h"
#include "compiler/abi/traps.h"
#include "compiler/base/error_text.h"
#include "fmt/format.h"
#include "runtime/artifact/artifact_error.h"

namespace ingot::cli {
namespace {

struct Row {
  std::string_view name;
  std::string_view meaning;
  std::string_view example;
};

constexpr Row kRows[] = {
#define INGOT_EXPLANATION(name, meaning, example) {name, meaning, example},
#include "cli/explanations.def"
#undef INGOT_EXPLANATION
};

const Row* FindRow(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string TrapRemedy(TrapCode trap) {
  switch (trap) {
    case TrapCode::kOutOfGas:
      return "raise --gas-limit; if the same input should be cheap, look for a "
             "loop that does not end (`ingot run` names no place, because an "
             "engine may notice late)";
    case TrapCode::kStackOverflow:
      return "end the recursion, keep large arrays out of locals, or raise "
             "stack_units in the profile";
    case TrapCode::kCallSite:
      return "nothing is to be done";
    default:
      return "function and offset name the instruction: look it up with "
             "`wasm-objdump -d` or in the backtrace; build with names for "
             "readable functions";
  }
}

void AddErrorsAndTraps(std::vector<Explanation>* out) {
#define INGOT_ERROR(number, name, json_name, message, help)              \
  out->push_back({json_name, number >= 500   ? "profile error"           \
                             : number >= 400 ? "rejection (feature)"     \
                             : number >= 300 ? "rejection (limit)"       \
                             : number >= 200 ? "rejection (validation)"  \
                             : number >= 100 ? "rejection (format)"      \
                                             : "rejection",              \
                  number, message, "", "", help});
#include "compiler/base/errors.def"
#undef INGOT_ERROR
#define INGOT_TRAP(number, name, json_name, message)                     \
  out->push_back({json_name, TrapCode::name == TrapCode::kOutOfGas       \
                                 ? "verdict and outcome"                 \
                                 : "trap",                               \
                  number, message, "", "", TrapRemedy(TrapCode::name)});
#include "compiler/abi/traps.def"
#undef INGOT_TRAP
  for (Explanation& item : *out) {
    if (const Row* row = FindRow(item.name)) {
      item.meaning = row->meaning;
      item.example = row->example;
    }
  }
}

void AddVerdictsAndOutcomes(std::vector<Explanation>* out) {
  out->push_back({"accepted", "verdict", 0, "the module was compiled",
                  "The artifact is the same on every node that compiles this "
                  "module under this profile.",
                  "`ingot compile a.wasm -o a.ingot`", "run it"});
  out->push_back({"rejected", "verdict", 0, "the module is refused",
                  "Code, function and offset say why and where; they are the "
                  "same on every node.",
                  "`ingot compile` on a module that uses vectors",
                  "`ingot explain` the code, `ingot check` for all findings"});
  out->push_back({"returned", "outcome", 0, "the call came back",
                  "The results are those of the function; a program that "
                  "exits with code 0 has returned, too.",
                  "`ingot run add.wasm --invoke add 1 2`", "nothing"});
  out->push_back({"trapped", "outcome", 0, "the call met a trap",
                  "The code trap says which; what the call wrote to memory "
                  "stays readable, a chain discards its state.",
                  "`ingot run div.wasm --invoke div 1 0`",
                  "`ingot explain` the trap"});
  out->push_back({"reverted", "outcome", 0,
                  "a host function ended the run on purpose",
                  "A contract returned an error or aborted, or a program "
                  "exited with a code other than 0.",
                  "a transfer of more than the balance",
                  "error or exit_code of the answer says what the program "
                  "meant"});
}

void AddFindings(std::vector<Explanation>* out) {
  out->push_back({"unknown_import", "finding", 0,
                  "the host does not provide an import",
                  "What a module imports must be there before it runs; Ingot "
                  "never puts a stub in its place.",
                  "(import \"env\" \"print\" (func (param i32))) under --host "
                  "wasi",
                  "choose the host with --host, or build without the import; "
                  "only `ingot bench --stub-imports` replaces it"});
  out->push_back({"import_type", "finding", 0,
                  "an import has another type than the host's function",
                  "Names agree, parameters or results do not.",
                  "(import \"wasi_snapshot_preview1\" \"fd_close\" (func))",
                  "build against this host's interface"});
  out->push_back({"missing_export", "finding", 0,
                  "a contract lacks an export that its host needs",
                  "The host calls it to pass messages or to tell versions "
                  "apart.",
                  "a CosmWasm contract without `allocate`",
                  "build with the chain's own library (cosmwasm-std)"});
  out->push_back({"export_type", "finding", 0,
                  "an export that the host calls has another type",
                  "The host would pass other arguments than the function "
                  "takes.",
                  "(func (export \"allocate\"))",
                  "build with the chain's own library"});
  out->push_back({"interface_version", "finding", 0,
                  "the contract speaks another version of the interface",
                  "CosmWasm contracts export interface_version_8 and no other.",
                  "a contract built with cosmwasm-std 0.13",
                  "build with a recent cosmwasm-std"});
  out->push_back({"artifact_bytes_differ", "finding", 0,
                  "the artifact is not what the compiler makes of the module",
                  "Module, compiler and profile are the ones it names, but "
                  "its bytes differ: it was edited, or made by other means.",
                  "a flipped bit in .text", "compile the module again"});
  out->push_back({"compiler_digest_differs", "finding", 0,
                  "the sources give another compiler.wasm than this program's",
                  "The program was built from other sources, or with other "
                  "packages than third_party/versions.txt records.",
                  "`ingot reproduce` in a checkout of another revision",
                  "check out the program's revision; install the recorded "
                  "versions"});
}

void AddArtifactErrors(std::vector<Explanation>* out) {
#define INGOT_ARTIFACT_ERROR(name, json_name, status_code, message)         \
  out->push_back(                                                           \
      {json_name, "artifact refusal", 0, message,                           \
       "The loader checks an artifact before any of its bytes become "      \
       "executable, and this check failed.",                                \
       runtime::ArtifactError::name == runtime::ArtifactError::kTruncated   \
           ? "`head -c 5000 a.ingot > b.ingot; ingot run b.ingot`"          \
           : "an artifact that was edited, or made for another profile, "   \
             "compiler or processor",                                       \
       "compile the module again with `ingot compile`"});
#include "runtime/artifact/artifact_errors.def"
#undef INGOT_ARTIFACT_ERROR
}

void AddHostErrors(std::vector<Explanation>* out) {
  // missing_export is a finding of `check` as well, explained above.
#define INGOT_HOST_ERROR(number, name, json_name, message)                 \
  if (std::string_view(json_name) != "missing_export") {                   \
    out->push_back({json_name, "contract error", number, message,          \
                    "A CosmWasm call failed with this code; its writes "   \
                    "are discarded.",                                      \
                    "`ingot call` with a message that the contract or the " \
                    "host refuses",                                        \
                    number <= 2 ? "error holds the contract's own text"    \
                                : "the contract broke the calling "        \
                                  "convention: build it with a matching "  \
                                  "cosmwasm-std"});                        \
  }
#include "chain_integration/cosmwasm/host_errors.def"
#undef INGOT_HOST_ERROR
}

void AddFaults(std::vector<Explanation>* out) {
  struct Fault {
    absl::StatusCode code;
    std::string_view message;
    std::string_view remedy;
  };
  static constexpr Fault kFaults[] = {
      {absl::StatusCode::kNotFound, "a file does not exist",
       "check the path"},
      {absl::StatusCode::kPermissionDenied, "a file may not be read or written",
       "check its permissions"},
      {absl::StatusCode::kAlreadyExists, "a file is there already",
       "remove it or choose another name"},
      {absl::StatusCode::kFailedPrecondition,
       "a path is a directory, or the host lacks what is needed",
       "pass a file; for a missing processor feature see `ingot doctor`"},
      {absl::StatusCode::kResourceExhausted,
       "the host is out of memory, disk space or file descriptors",
       "free some and try again; `ingot doctor` shows the limits"},
      {absl::StatusCode::kUnavailable, "the host failed to read or write",
       "try again; look at the host's log"},
      {absl::StatusCode::kDataLoss, "kept data is damaged",
       "restore it or make it anew"},
      {absl::StatusCode::kInvalidArgument, "something was passed that is not "
       "valid", "the message says what"},
      {absl::StatusCode::kUnimplemented, "this version cannot do that",
       "the message says what to use instead"},
      {absl::StatusCode::kInternal, "a bug of Ingot",
       "keep the input and report it"},
      {absl::StatusCode::kUnknown, "a failure of unknown kind",
       "keep the input and report it"},
      {absl::StatusCode::kCancelled, "the work was cancelled", "try again"},
      {absl::StatusCode::kOutOfRange, "a value is outside what the host has",
       "the message says which"},
      {absl::StatusCode::kDeadlineExceeded, "the host took too long",
       "try again"},
      {absl::StatusCode::kUnauthenticated, "the caller is unknown",
       "the message says what is missing"},
  };
  for (const Fault& fault : kFaults) {
    out->push_back({std::string(FaultKind(fault.code)), "fault", 0,
                    std::string(fault.message),
                    "A fault says nothing about the module: it is never a "
                    "verdict, never cached, and the work may be repeated.",
                    fault.code == absl::StatusCode::kNotFound
                        ? "`ingot compile missing.wasm`"
                        : "{\"fault\": …} in JSON, exit code 3",
                    std::string(fault.remedy)});
  }
}

// Those of the service, but for what the command line has under the same name.
void AddServiceFaults(std::vector<Explanation>* out) {
  for (int number = 1; number <= v1::FaultReason_MAX; ++number) {
    const auto reason = static_cast<v1::FaultReason>(number);
    const std::string name(service::ReasonName(reason));
    if (std::any_of(out->begin(), out->end(), [&](const Explanation& item) {
          return item.name == name;
        })) {
      continue;
    }
    out->push_back({name, "fault of the service", 0,
                    std::string(service::ReasonMessage(reason)),
                    fmt::format("Over gRPC its reason is {}. A fault says "
                                "nothing about the module: it is never a "
                                "verdict and never kept.",
                                v1::FaultReason_Name(reason)),
                    fmt::format("{{\"fault\":\"{}\", …}} of `ingot client`, "
                                "exit code 3",
                                name),
                    std::string(service::ReasonRemedy(reason))});
  }
}

}  // namespace

std::vector<Explanation> AllExplanations() {
  std::vector<Explanation> all;
  AddErrorsAndTraps(&all);
  AddVerdictsAndOutcomes(&all);
  AddFindings(&all);
  AddArtifactErrors(&all);
  AddHostErrors(&all);
  AddFaults(&all);
  AddServiceFaults(&all);
  return all;
}

std::string ExplanationsAsMarkdown() {
  std::string out =
      "# Codes\n\n"
      "What each code of a verdict, an outcome, a finding or a fault means, "
      "an example\nand the remedy. The same as `ingot explain CODE`, and made "
      "from it by\n`bazel run //cli:write_docs`.\n";
  for (const Explanation& item : AllExplanations()) {
    out += fmt::format("\n## {}\n\n{}: {}. {}\n\n- Example: {}\n- Remedy: {}\n",
                       item.name,
                       item.number == 0
                           ? item.kind
                           : fmt::format("{}, number {}", item.kind,
                                         item.number),
                       item.message, item.meaning, item.example, item.remedy);
  }
  return out;
}

int ExplainCommand(const Options& options, Output& output) {
  const std::vector<Explanation> all = AllExplanations();
  const std::string& word = options.word;
  uint32_t number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  const Explanation* found = nullptr;
  std::vector<std::string> names;
  for (const Explanation& item : all) {
    names.push_back(item.name);
    // A bare number means a rejection's.
    const bool by_number = number != 0 && item.number == number &&
                           item.kind.find("rejection") != std::string::npos;
    if (found == nullptr && (item.name == word || by_number)) found = &item;
  }
  if (found == nullptr) {
    const std::vector<std::string> near = NearNames(word, names);
    return output.Usage(
        near.empty()
            ? fmt::format("`{}` is no code; docs/codes.md lists all", word)
            : fmt::format("`{}` is no code; did you mean {}?", word,
                          fmt::join(near, ", ")));
  }
  json::Value& object = output.object();
  object.Add("code", json::Value::String(found->name));
  object.Add("kind", json::Value::String(found->kind));
  object.Add("number", found->number == 0
                           ? json::Value::Null()
                           : json::Value::Number(found->number));
  object.Add("message", json::Value::String(found->message));
  object.Add("meaning", json::Value::String(found->meaning));
  object.Add("example", json::Value::String(found->example));
  object.Add("remedy", json::Value::String(found->remedy));
  output.Row(found->name, found->kind, Style::kBold);
  output.Row("what", found->message);
  output.Row("meaning", found->meaning);
  output.Row("example", found->example);
  output.Row("what to do", found->remedy);
  return output.Finish(kExitOk);
}

}  // namespace ingot::cli
