// `ingot inspect`. In: a module or an artifact. Out: what it holds; of one
// function, its native code beside its wasm offsets. Holds: everything shown
// of an artifact has passed the reader's checks, so tables are in order.

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "cli/code_names.h"
#include "cli/commands.h"
#include "cli/compilation.h"
#include "cli/disassembly.h"
#include "cli/execution.h"
#include "cli/hosts.h"
#include "cli/profile_file.h"
#include "fmt/format.h"
#include "metering/stack_units.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/native/native_program.h"

namespace ingot::cli {
namespace {

std::string LimitsText(const wasm::Limits& limits) {
  return limits.has_max ? fmt::format("{} to {}", limits.min, limits.max)
                        : fmt::format("{} or more", limits.min);
}

// The type of what stands at `index` of its kind's index space.
std::string TypeText(const runtime::Program& program, wasm::ExternKind kind,
                     uint32_t index) {
  const wasm::Module& module = program.module();
  switch (kind) {
    case wasm::ExternKind::kFunc:
      return SignatureText(SignatureOfFunction(program, index));
    case wasm::ExternKind::kTable: {
      const wasm::TableType& type = program.View(module.tables)[index];
      return fmt::format("{}, {} elements", TypeName(type.element),
                         LimitsText(type.limits));
    }
    case wasm::ExternKind::kMemory:
      return fmt::format("{} pages",
                         LimitsText(program.View(module.memories)[index]));
    case wasm::ExternKind::kGlobal: {
      const wasm::GlobalType& type = program.View(module.globals)[index].type;
      return fmt::format("{}{}", type.is_mutable ? "mutable " : "",
                         TypeName(type.type));
    }
  }
  return "";
}

json::Value ImportsToJson(const runtime::Program& program) {
  json::Value items = json::Value::MakeArray();
  for (const wasm::Import& import : program.View(program.module().imports)) {
    json::Value item = json::Value::MakeObject();
    item.Add("module",
             json::Value::String(program.Name(import.module)));
    item.Add("name", json::Value::String(program.Name(import.name)));
    item.Add("kind", json::Value::String(KindName(import.kind)));
    item.Add("type", json::Value::String(
                         TypeText(program, import.kind, import.index)));
    items.Append(std::move(item));
  }
  return items;
}

json::Value ExportsToJson(const runtime::Program& program) {
  json::Value items = json::Value::MakeArray();
  for (const wasm::Export& item : program.View(program.module().exports)) {
    json::Value entry = json::Value::MakeObject();
    entry.Add("name", json::Value::String(program.Name(item.name)));
    entry.Add("kind", json::Value::String(KindName(item.kind)));
    entry.Add("index", json::Value::Number(item.index));
    entry.Add("type", json::Value::String(
                          TypeText(program, item.kind, item.index)));
    items.Append(std::move(entry));
  }
  return items;
}

// What a module and an artifact both have.
void ShowDeclarations(const runtime::Program& program, Output& output) {
  const wasm::Module& module = program.module();
  json::Value& object = output.object();
  object.Add("types", json::Value::Number(module.types.size));
  object.Add("imports", ImportsToJson(program));
  object.Add("exports", ExportsToJson(program));
  object.Add("memories", json::Value::Number(module.memories.size));
  object.Add("tables", json::Value::Number(module.tables.size));
  object.Add("globals", json::Value::Number(module.globals.size));
  object.Add("element_segments", json::Value::Number(module.elements.size));
  object.Add("data_segments", json::Value::Number(module.data.size));
  object.Add("start", PlaceValue(module.start));

  output.Row("types", std::to_string(module.types.size));
  for (const wasm::Import& import : program.View(module.imports)) {
    output.Row("import",
               fmt::format("{} {}.{}  {}", KindName(import.kind),
                           program.Name(import.module),
                           program.Name(import.name),
                           TypeText(program, import.kind, import.index)));
  }
  for (uint32_t i = module.imported_memories; i < module.memories.size; ++i) {
    output.Row("memory", TypeText(program, wasm::ExternKind::kMemory, i));
  }
  for (uint32_t i = module.imported_tables; i < module.tables.size; ++i) {
    output.Row("table", TypeText(program, wasm::ExternKind::kTable, i));
  }
  output.Row("globals", std::to_string(module.globals.size));
  output.Row("segments",
             fmt::format("{} element, {} data", module.elements.size,
                         module.data.size));
  for (const wasm::Export& item : program.View(module.exports)) {
    output.Row("export", fmt::format("{} {} = {}  {}", KindName(item.kind),
                                     program.Name(item.name), item.index,
                                     TypeText(program, item.kind,
                                              item.index)));
  }
  if (module.start != kNowhere) {
    output.Row("start", std::to_string(module.start));
  }
}

int InspectModule(const InputFile& file, const Profile& profile,
                  Output& output) {
  Status rejection;
  absl::StatusOr<std::shared_ptr<const runtime::Program>> program =
      absl::StatusOr<std::shared_ptr<const runtime::Program>>(nullptr);
  if (const std::optional<Status> refusal = RefusalBySize(file, profile)) {
    rejection = *refusal;
  } else {
    program =
        runtime::Program::FromModule(file.bytes, profile, &rejection);
    if (!program.ok()) return output.Fault(program.status());
  }
  output.object().Add("kind", json::Value::String("module"));
  if (!rejection.ok()) {
    Compilation compilation;
    compilation.verdict.kind = sandbox::VerdictKind::kRejected;
    compilation.verdict.code = rejection.code;
    compilation.verdict.function = rejection.function;
    compilation.verdict.offset = rejection.offset;
    compilation.has_compile_gas = false;
    compilation.has_module_digest = file.complete;
    if (file.complete) {
      compilation.verdict.module_digest = Sha256(file.bytes);
      compilation.names = FunctionNames(file.bytes);
    }
    compilation.verdict.profile_digest = Sha256(CanonicalBytes(profile));
    compilation.help = HelpFor(rejection.code, file);
    AddToJson(compilation, &output.object());
    Print(compilation, file, output);
    return output.Finish(kExitNegative);
  }
  const runtime::Program& module = **program;
  const FunctionNames names(module);
  output.object().Add("module_sha256",
                      json::Value::String(Sha256(file.bytes).Hex()));
  output.object().Add("module_bytes", json::Value::Number(file.size));
  output.Row("module", fmt::format("{}  {}", Sha256(file.bytes).Hex(),
                                   Counted(file.size, "byte")));
  ShowDeclarations(module, output);
  json::Value functions = json::Value::MakeArray();
  for (const wasm::Body& body : module.View(module.module().bodies)) {
    const std::string type =
        SignatureText(SignatureOfFunction(module, body.function));
    const std::string name = names.Find(body.function);
    json::Value item = json::Value::MakeObject();
    item.Add("index", json::Value::Number(body.function));
    item.Add("name", StringOrNull(name));
    item.Add("type", json::Value::String(type));
    item.Add("offset", json::Value::Number(body.begin));
    item.Add("bytes", json::Value::Number(body.end - body.begin));
    item.Add("instructions", json::Value::Number(body.instructions));
    item.Add("locals", json::Value::Number(body.locals));
    item.Add("stack_units", json::Value::Number(StackUnits(body)));
    functions.Append(std::move(item));
    output.Row("function",
               fmt::format("{:>5}  byte {:>8}  {:>7} bytes  {:>6} stack "
                           "units  {}  {}",
                           body.function, body.begin, body.end - body.begin,
                           StackUnits(body), type, name));
  }
  output.object().Add("functions", std::move(functions));
  return output.Finish(kExitOk);
}

// The defined function that the user means, by index or by name.
std::optional<uint32_t> FindFunction(const std::string& text,
                                     const runtime::NativeProgram& program,
                                     const FunctionNames& names) {
  const uint32_t imported = program.module().imported_functions;
  const uint32_t defined =
      static_cast<uint32_t>(program.artifact().functions.size());
  uint32_t index = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), index);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (index < imported || index - imported >= defined) return std::nullopt;
    return index - imported;
  }
  for (uint32_t i = 0; i < defined; ++i) {
    if (names.Find(imported + i) == text) return i;
  }
  return std::nullopt;
}

int Disassemble(const Options& options, const runtime::NativeProgram& program,
                const FunctionNames& names, Output& output) {
  const std::optional<uint32_t> defined =
      FindFunction(options.disassemble, program, names);
  const uint32_t imported = program.module().imported_functions;
  if (!defined) {
    return output.Usage(fmt::format(
        "--disassemble {}: no such function; give an index from {} to {} or "
        "the name of an export",
        options.disassemble, imported,
        imported + program.artifact().functions.size() - 1));
  }
  const abi::FunctionEntry& entry = program.artifact().functions[*defined];
  json::Value lines = json::Value::MakeArray();
  output.Line(output.Styled(names.Describe(imported + *defined),
                            Style::kBold));
  for (const DisassembledLine& line :
       DisassembleFunction(program.artifact(), entry)) {
    json::Value item = json::Value::MakeObject();
    item.Add("code_offset", json::Value::Number(line.code_offset));
    item.Add("text", json::Value::String(line.text));
    item.Add("trap", StringOrNull(line.trap));
    item.Add("wasm_offset", PlaceValue(line.wasm_offset));
    lines.Append(std::move(item));
    std::string note;
    if (!line.trap.empty()) {
      note = output.Styled(
          fmt::format("  ; {}, wasm byte {}", line.trap, line.wasm_offset),
          Style::kDim);
    }
    output.Line(fmt::format("  {:>8x}  {:<40}{}", line.code_offset, line.text,
                            note));
  }
  output.object().Add("function",
                      json::Value::Number(imported + *defined));
  output.object().Add("disassembly", std::move(lines));
  return output.Finish(kExitOk);
}

// Who made the artifact of what, and how large its parts are.
void ShowIdentity(const InputFile& file, const runtime::ArtifactView& view,
                  Output& output) {
  const auto sites = static_cast<uint64_t>(std::count_if(
      view.traps.begin(), view.traps.end(), [](const abi::TrapEntry& trap) {
        return trap.code == static_cast<uint32_t>(TrapCode::kCallSite);
      }));
  const std::string digest = Sha256(file.bytes).Hex();
  json::Value& object = output.object();
  object.Add("artifact_sha256", json::Value::String(digest));
  object.Add("artifact_bytes", json::Value::Number(file.size));
  object.Add("module_sha256", json::Value::String(view.ModuleDigest().Hex()));
  object.Add("compiler_sha256",
             json::Value::String(view.CompilerDigest().Hex()));
  object.Add("profile_sha256",
             json::Value::String(view.ProfileDigest().Hex()));
  object.Add("format_version",
             json::Value::Number(view.identity.format_version));
  const std::string isa = view.identity.isa == 2 ? "x86-64-v2" : "x86-64-v3";
  object.Add("isa", json::Value::String(isa));
  object.Add("level", json::Value::Number(view.profile.level));
  object.Add("code_bytes", json::Value::Number(view.identity.code_bytes));
  object.Add("rodata_bytes", json::Value::Number(view.rodata.size()));
  object.Add("traps", json::Value::Number(view.traps.size() - sites));
  object.Add("call_sites", json::Value::Number(sites));
  object.Add("certificates", json::Value::Number(view.certificates.size()));

  output.Row("artifact",
             fmt::format("{}  {}", digest, Counted(file.size, "byte")));
  output.Row("of module", view.ModuleDigest().Hex());
  output.Row("by compiler", view.CompilerDigest().Hex());
  output.Row("under profile", view.ProfileDigest().Hex());
  output.Row("format", fmt::format("{}, {}, level {}",
                                   view.identity.format_version, isa,
                                   view.profile.level));
  output.Row("code", fmt::format("{}, {} of constants",
                                 Counted(view.identity.code_bytes, "byte"),
                                 Counted(view.rodata.size(), "byte")));
  output.Row("traps", fmt::format("{}, {}",
                                  Counted(view.traps.size() - sites, "site"),
                                  Counted(sites, "call site")));
}

int InspectArtifact(const InputFile& file, const Options& options,
                    Output& output) {
  absl::StatusOr<std::shared_ptr<const runtime::NativeProgram>> program =
      runtime::NativeProgram::Load(file.bytes, {});
  output.object().Add("kind", json::Value::String("artifact"));
  if (!program.ok()) {
    const runtime::ArtifactError error =
        runtime::ArtifactErrorOf(program.status());
    if (error == runtime::ArtifactError::kNone) {
      return output.Fault(program.status());
    }
    const std::string message(program.status().message());
    output.object().Add("verdict", json::Value::String("rejected"));
    output.object().Add("code", json::Value::String(
                                    runtime::ArtifactErrorName(error)));
    output.object().Add("message", json::Value::String(message));
    output.Row("refused",
               fmt::format("{} ({})", message,
                           runtime::ArtifactErrorName(error)),
               Style::kBad);
    return output.Finish(kExitNegative);
  }
  const runtime::ArtifactView& view = (*program)->artifact();
  const FunctionNames names(**program);
  if (!options.disassemble.empty()) {
    return Disassemble(options, **program, names, output);
  }

  ShowIdentity(file, view, output);
  ShowDeclarations(**program, output);
  const uint32_t imported = (*program)->module().imported_functions;
  json::Value functions = json::Value::MakeArray();
  for (size_t i = 0; i < view.functions.size(); ++i) {
    const abi::FunctionEntry& entry = view.functions[i];
    const std::string name = names.Find(imported + static_cast<uint32_t>(i));
    json::Value item = json::Value::MakeObject();
    item.Add("index", json::Value::Number(imported + i));
    item.Add("name", StringOrNull(name));
    item.Add("code_offset", json::Value::Number(entry.code_offset));
    item.Add("code_bytes", json::Value::Number(entry.code_bytes));
    item.Add("stack_units", json::Value::Number(entry.frame_bytes));
    item.Add("offset", json::Value::Number(entry.body_offset));
    functions.Append(std::move(item));
    output.Row("function",
               fmt::format("{:>5}  code {:>8}  {:>7} bytes  {:>6} stack "
                           "units  {}",
                           imported + i, entry.code_offset, entry.code_bytes,
                           entry.frame_bytes, name));
  }
  output.object().Add("functions", std::move(functions));
  return output.Finish(kExitOk);
}

}  // namespace

int InspectCommand(const Options& options, Output& output) {
  absl::StatusOr<Profile> profile = ProfileFor(options);
  if (!profile.ok()) return output.Refusal(profile.status());
  absl::StatusOr<InputFile> file =
      ReadProgramFile(options.files[0], *profile);
  if (!file.ok()) return output.Fault(file.status());
  if (file->kind == FileKind::kArtifact) {
    return InspectArtifact(*file, options, output);
  }
  if (!options.disassemble.empty()) {
    return output.Usage("--disassemble shows native code: pass an artifact "
                        "(`ingot compile MODULE -o FILE` makes one)");
  }
  return InspectModule(*file, *profile, output);
}

}  // namespace ingot::cli
