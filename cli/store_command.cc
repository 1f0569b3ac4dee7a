// `ingot store`. In: the folder of a store. Out: what it holds, or what was
// done to it. Holds: all of it works beside a running service; damage that is
// found is moved to quarantine and exits with 1.

#include <cstdio>
#include <fstream>

#include "absl/status/status.h"
#include "chain_integration/store/archive.h"
#include "chain_integration/store/artifact_store.h"
#include "cli/commands.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

using store::ArtifactStore;
using store::Record;
using store::StoreEntry;

absl::StatusOr<std::unique_ptr<ArtifactStore>> OpenStore(
    const Options& options, Output& output) {
  return ArtifactStore::Open(
      {.folder = options.store,
       .log = [&output](const std::string& line) { output.Remark(line); }});
}

std::string_view KnowledgeName(const Record& record) {
  switch (record.knowledge) {
    case Record::Knowledge::kVerdict:
      return sandbox::VerdictName(record.verdict.kind);
    case Record::Knowledge::kNeedsMore: return "needs_more";
    case Record::Knowledge::kArtifactOnly: return "artifact_only";
  }
  return "";
}

void Add(json::Value* object, std::string_view name, std::string_view text) {
  object->Add(name, json::Value::String(text));
}
void Add(json::Value* object, std::string_view name, uint64_t number) {
  object->Add(name, json::Value::String(std::to_string(number)));
}

json::Value EntryValue(const StoreEntry& entry) {
  const Record& record = entry.record;
  json::Value item = json::Value::MakeObject();
  Add(&item, "module_sha256", entry.key.module.Hex());
  Add(&item, "compiler_sha256", entry.key.compiler.Hex());
  Add(&item, "profile_sha256", entry.key.profile.Hex());
  Add(&item, "knowledge", KnowledgeName(record));
  const bool gas_known =
      record.knowledge != Record::Knowledge::kArtifactOnly;
  item.Add("compile_gas",
           gas_known ? json::Value::String(
                           std::to_string(record.verdict.compile_gas))
                     : json::Value::Null());
  item.Add("artifact_sha256",
           record.HasArtifact()
               ? json::Value::String(record.verdict.artifact_digest.Hex())
               : json::Value::Null());
  Add(&item, "artifact_bytes", record.artifact_bytes);
  item.Add("module_stored", json::Value::Bool(entry.module_stored));
  item.Add("artifact_stored", json::Value::Bool(entry.artifact_stored));
  item.Add("pinned", json::Value::Bool(record.pinned));
  return item;
}

// A transfer's counts.
int FinishTransfer(const store::TransferReport& report, Output& output) {
  output.Row("modules", Grouped(report.modules));
  output.Row("artifacts", Grouped(report.artifacts));
  output.Row("verdicts", Grouped(report.verdicts));
  Add(&output.object(), "modules", report.modules);
  Add(&output.object(), "artifacts", report.artifacts);
  Add(&output.object(), "verdicts", report.verdicts);
  return kExitOk;
}

}  // namespace

int StoreListCommand(const Options& options, Output& output) {
  const auto opened = OpenStore(options, output);
  if (!opened.ok()) return output.Fault(opened.status());
  const auto entries = (*opened)->List();
  if (!entries.ok()) return output.Fault(entries.status());
  json::Value items = json::Value::MakeArray();
  for (const StoreEntry& entry : *entries) {
    items.Append(EntryValue(entry));
    const std::string_view files =
        entry.artifact_stored
            ? (entry.module_stored ? "module+artifact" : "artifact")
            : (entry.module_stored ? "module" : "-");
    output.Line(fmt::format("{}  {:<13} {:>18} gas  {:>12} bytes  {}{}",
                            entry.key.Short(), KnowledgeName(entry.record),
                            Grouped(entry.record.verdict.compile_gas),
                            Grouped(entry.record.artifact_bytes), files,
                            entry.record.pinned ? "  pinned" : ""));
  }
  output.Line(Counted(entries->size(), "record"));
  output.object().Add("records", std::move(items));
  return output.Finish(kExitOk);
}

int StoreCollectCommand(const Options& options, Output& output) {
  const auto opened = OpenStore(options, output);
  if (!opened.ok()) return output.Fault(opened.status());
  const auto report = (*opened)->Collect(options.max_bytes);
  if (!report.ok()) return output.Fault(report.status());
  output.Row("before", Counted(report->bytes_before, "byte"));
  output.Row("removed", fmt::format("{}, {}",
                                    Counted(report->files_removed, "file"),
                                    Counted(report->records_removed, "record")));
  output.Row("after", Counted(report->bytes_after, "byte"));
  Add(&output.object(), "bytes_before", report->bytes_before);
  Add(&output.object(), "bytes_after", report->bytes_after);
  Add(&output.object(), "files_removed", report->files_removed);
  Add(&output.object(), "records_removed", report->records_removed);
  const bool enough = report->bytes_after <= options.max_bytes;
  if (!enough) {
    output.Line("what is left is pinned or in use");
  }
  return output.Finish(enough ? kExitOk : kExitNegative);
}

int StoreVerifyCommand(const Options& options, Output& output) {
  const auto opened = OpenStore(options, output);
  if (!opened.ok()) return output.Fault(opened.status());
  const auto report = (*opened)->CheckAll();
  if (!report.ok()) return output.Fault(report.status());
  output.Row("records", Grouped(report->records));
  output.Row("modules", fmt::format("{} sound", Grouped(report->modules)));
  output.Row("artifacts", fmt::format("{} sound", Grouped(report->artifacts)));
  if (report->artifacts_without_module > 0) {
    output.Row("not checked",
               fmt::format("metering of {}, whose module is not stored",
                           Counted(report->artifacts_without_module,
                                   "artifact")));
  }
  output.Row("quarantined", Grouped(report->quarantined),
             report->quarantined == 0 ? Style::kGood : Style::kBad);
  Add(&output.object(), "records", report->records);
  Add(&output.object(), "modules", report->modules);
  Add(&output.object(), "artifacts", report->artifacts);
  Add(&output.object(), "artifacts_without_module",
      report->artifacts_without_module);
  Add(&output.object(), "quarantined", report->quarantined);
  return output.Finish(report->quarantined == 0 ? kExitOk : kExitNegative);
}

int StoreExportCommand(const Options& options, Output& output) {
  const auto opened = OpenStore(options, output);
  if (!opened.ok()) return output.Fault(opened.status());
  const std::string scratch = options.files[0] + ".part";
  std::ofstream file(scratch, std::ios::binary | std::ios::trunc);
  auto report =
      store::Export(**opened, [&](std::string_view chunk) -> absl::Status {
        file.write(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        return file.good() ? absl::OkStatus()
                           : absl::UnavailableError("cannot write " + scratch);
      });
  file.close();
  if (report.ok() &&
      (file.fail() ||
       std::rename(scratch.c_str(), options.files[0].c_str()) != 0)) {
    report = absl::UnavailableError("cannot write " + options.files[0]);
  }
  if (!report.ok()) {
    std::remove(scratch.c_str());
    return output.Fault(report.status());
  }
  return output.Finish(FinishTransfer(*report, output));
}

int StoreImportCommand(const Options& options, Output& output) {
  const auto opened = OpenStore(options, output);
  if (!opened.ok()) return output.Fault(opened.status());
  std::ifstream file(options.files[0], std::ios::binary);
  if (!file) {
    return output.Fault(absl::NotFoundError("cannot read " + options.files[0]));
  }
  const auto report = store::Import(
      **opened, options.trust ? store::Trust::kVerdicts : store::Trust::kNothing,
      [&]() -> absl::StatusOr<std::string> {
        std::string chunk(store::kChunkBytes, '\0');
        file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        chunk.resize(static_cast<size_t>(file.gcount()));
        return chunk;
      });
  if (!report.ok()) return output.Fault(report.status());
  FinishTransfer(*report, output);
  output.Row("refused", Grouped(report->refused),
             report->refused == 0 ? Style::kPlain : Style::kBad);
  Add(&output.object(), "refused", report->refused);
  return output.Finish(report->refused == 0 ? kExitOk : kExitNegative);
}

}  // namespace ingot::cli
