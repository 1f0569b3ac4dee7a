// `ingot check`. In: module files. Out: for each, whether it can be compiled
// and run under the profile and the host, and every reason why not, with where
// and what to do. Holds: nothing is compiled or run.

#include <utility>

#include "cli/commands.h"
#include "cli/compilation.h"
#include "cli/hosts.h"
#include "cli/input_file.h"
#include "compiler/base/error_text.h"
#include "fmt/format.h"
#include "runtime/digest.h"
#include "runtime/program.h"

namespace ingot::cli {
namespace {

struct Finding {
  std::string code;
  std::string message;
  uint32_t function = kNowhere;
  uint32_t offset = kNowhere;
  std::string function_name;
  std::string help;
};

struct CheckedFile {
  std::string path;
  uint64_t size = 0;
  std::string module_sha256;
  std::string host;
  std::vector<Finding> findings;
};

Finding FindingOf(const Status& status, const InputFile& file) {
  const FunctionNames names(
      file.complete ? std::span<const uint8_t>(file.bytes)
                    : std::span<const uint8_t>());
  const ErrorText& text = TextOf(status.code);
  Finding finding;
  finding.code = text.name;
  finding.message = text.message;
  finding.function = status.function;
  finding.offset = status.offset;
  finding.help = HelpFor(status.code, file);
  if (status.function != kNowhere) {
    finding.function_name = names.Find(status.function);
    finding.message +=
        fmt::format(" in {}", names.Describe(status.function));
  }
  return finding;
}

absl::StatusOr<CheckedFile> CheckFile(const std::string& path,
                                      const Profile& profile,
                                      const std::string& host) {
  absl::StatusOr<InputFile> file =
      ReadInputFile(path, profile.limits.module_bytes);
  if (!file.ok()) return file.status();
  CheckedFile checked;
  checked.path = path;
  checked.size = file->size;
  if (const std::optional<Status> refusal = RefusalBySize(*file, profile)) {
    checked.findings.push_back(FindingOf(*refusal, *file));
    return checked;
  }
  checked.module_sha256 = Sha256(file->bytes).Hex();
  Status rejection;
  absl::StatusOr<std::shared_ptr<const runtime::Program>> program =
      runtime::Program::FromModule(file->bytes, profile, &rejection);
  if (!program.ok()) return program.status();
  if (!rejection.ok()) {
    checked.findings.push_back(FindingOf(rejection, *file));
    return checked;
  }
  checked.host = host.empty() ? HostOf(**program) : host;
  for (ImportFinding& import : CheckHost(**program, checked.host)) {
    Finding finding;
    finding.code = std::move(import.code);
    finding.message = std::move(import.message);
    finding.help = std::move(import.help);
    checked.findings.push_back(std::move(finding));
  }
  return checked;
}

json::Value FindingToJson(const Finding& finding, const std::string& path) {
  json::Value item = json::Value::MakeObject();
  item.Add("file", json::Value::String(path));
  item.Add("code", json::Value::String(finding.code));
  item.Add("message", json::Value::String(finding.message));
  item.Add("function", PlaceValue(finding.function));
  item.Add("function_name", StringOrNull(finding.function_name));
  item.Add("offset", PlaceValue(finding.offset));
  item.Add("help", json::Value::String(finding.help));
  return item;
}

void PrintFile(const CheckedFile& checked, Output& output) {
  if (checked.findings.empty()) {
    output.Line(fmt::format(
        "{}: {}  {}, host {}", checked.path,
        output.Styled("accepted", Style::kGood),
        Counted(checked.size, "byte"), checked.host));
    return;
  }
  output.Line(fmt::format("{}: {}  {}", checked.path,
                          output.Styled("rejected", Style::kBad),
                          Counted(checked.findings.size(), "finding")));
  for (const Finding& finding : checked.findings) {
    std::string where;
    if (finding.offset != kNowhere) {
      where = fmt::format("byte {} (0x{:x}): ", finding.offset,
                          finding.offset);
    }
    output.Line(fmt::format("  {}{} [{}]", where, finding.message,
                            finding.code));
    output.Line(output.Styled(fmt::format("    {}", finding.help),
                              Style::kDim));
  }
}

}  // namespace

int CheckCommand(const Options& options, Output& output) {
  absl::StatusOr<Profile> profile = ProfileFor(options);
  if (!profile.ok()) return output.Refusal(profile.status());
  bool accepted = true;
  json::Value findings = json::Value::MakeArray();
  json::Value files = json::Value::MakeArray();
  for (const std::string& path : options.files) {
    absl::StatusOr<CheckedFile> checked =
        CheckFile(path, *profile, options.host);
    if (!checked.ok()) return output.Fault(checked.status());
    accepted = accepted && checked->findings.empty();
    json::Value file = json::Value::MakeObject();
    file.Add("file", json::Value::String(path));
    file.Add("verdict", json::Value::String(
                            checked->findings.empty() ? "accepted"
                                                      : "rejected"));
    file.Add("module_sha256", StringOrNull(checked->module_sha256));
    file.Add("host", StringOrNull(checked->host));
    file.Add("findings", json::Value::Number(checked->findings.size()));
    files.Append(std::move(file));
    for (const Finding& finding : checked->findings) {
      findings.Append(FindingToJson(finding, path));
    }
    PrintFile(*checked, output);
  }
  output.object().Add("verdict",
                      json::Value::String(accepted ? "accepted" : "rejected"));
  output.object().Add("findings", std::move(findings));
  output.object().Add("files", std::move(files));
  return output.Finish(accepted ? kExitOk : kExitNegative);
}

}  // namespace ingot::cli
