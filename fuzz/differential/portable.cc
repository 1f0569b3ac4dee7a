// Writes a subject and what came of it for engines that know neither gas nor
// our trap codes. In: a subject, its decoded modules, the interpreter's run.
// Out: a question and its answer. Holds: the answer depends on the
// specification only, but for the sizes that a memory or table may reach.

#include "fuzz/differential/portable.h"

#include <span>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace ingot::fuzz {

using runtime::Extern;
using runtime::Outcome;
using runtime::OutcomeKind;
using runtime::Program;
using runtime::Value;
using wasm::ExternKind;
using wasm::ValType;

namespace {

char Letter(ValType type) {
  switch (type) {
    case ValType::kI32:
      return 'i';
    case ValType::kI64:
      return 'I';
    case ValType::kF32:
      return 'f';
    case ValType::kF64:
      return 'F';
    case ValType::kFuncRef:
      return 'r';
    case ValType::kExternRef:
      return 'x';
  }
  return '?';
}

std::string Letters(const std::vector<ValType>& types) {
  std::string letters;
  for (const ValType type : types) letters.push_back(Letter(type));
  return letters;
}

// Names may hold any character.
std::string Quoted(std::string_view text) {
  return absl::StrCat("\"", absl::Base64Escape({text.data(), text.size()}),
                      "\"");
}

std::string Size(const wasm::Limits& limits) {
  return absl::StrCat("\"min\":", limits.min,
                      limits.has_max ? absl::StrCat(",\"max\":", limits.max)
                                     : std::string());
}

std::string ImportOf(const Program& program, const wasm::Import& import) {
  const wasm::Module& module = program.module();
  std::string text = absl::StrCat(
      "{\"module\":", Quoted(program.Name(import.module)),
      ",\"name\":", Quoted(program.Name(import.name)), ",\"kind\":");
  switch (import.kind) {
    case ExternKind::kFunc: {
      const auto signature = SignatureOf(program, import.index);
      absl::StrAppend(&text, "\"function\",\"params\":\"",
                      Letters(signature.params), "\",\"results\":\"",
                      Letters(signature.results), "\"}");
      break;
    }
    case ExternKind::kTable: {
      const auto& type = program.View(module.tables)[import.index];
      absl::StrAppend(&text, "\"table\",\"type\":\"",
                      std::string(1, Letter(type.element)), "\",",
                      Size(type.limits), "}");
      break;
    }
    case ExternKind::kMemory:
      absl::StrAppend(&text, "\"memory\",",
                      Size(program.View(module.memories)[import.index]), "}");
      break;
    case ExternKind::kGlobal: {
      const auto& type = program.View(module.globals)[import.index].type;
      absl::StrAppend(&text, "\"global\",\"type\":\"",
                      std::string(1, Letter(type.type)),
                      "\",\"mutable\":", type.is_mutable ? "true" : "false",
                      "}");
      break;
    }
  }
  return text;
}

std::string StepOf(const Program& program, const Step& step) {
  for (const wasm::Export& item : program.View(program.module().exports)) {
    if (item.kind != ExternKind::kFunc ||
        program.Name(item.name) != step.export_name) {
      continue;
    }
    const auto signature = SignatureOf(program, item.index);
    std::string args;
    for (size_t i = 0; i < signature.params.size(); ++i) {
      absl::StrAppend(&args, i == 0 ? "\"" : ",\"",
                      i < step.args.size() ? step.args[i] : 0, "\"");
    }
    return absl::StrCat("{\"name\":", Quoted(step.export_name),
                        ",\"params\":\"", Letters(signature.params),
                        "\",\"results\":\"", Letters(signature.results),
                        "\",\"args\":[", args, "]}");
  }
  return "null";
}

// Codes that other engines do not tell apart share a class.
const char* TrapClass(TrapCode code) {
  switch (code) {
    case TrapCode::kUnreachable:
      return "unreachable";
    case TrapCode::kOutOfBoundsMemory:
      return "memory";
    case TrapCode::kOutOfBoundsTable:
    case TrapCode::kUndefinedElement:
      return "table";
    case TrapCode::kUninitializedElement:
    case TrapCode::kIndirectCallMismatch:
      return "signature";
    case TrapCode::kIntegerDivideByZero:
      return "zero";
    case TrapCode::kIntegerOverflow:
    case TrapCode::kInvalidConversion:
      return "number";
    default:
      return "";
  }
}

std::string Text(const Value& value) {
  if (wasm::IsRef(value.type)) return value.bits == 0 ? "null" : "ref";
  if ((value.type == ValType::kF32 && (value.bits << 1 & 0xFFFFFFFF) >
                                          0xFF000000) ||
      (value.type == ValType::kF64 && value.bits << 1 > 0xFFE0000000000000)) {
    return "nan";
  }
  return absl::StrCat(absl::Hex(value.bits));
}

// FNV-1a over 32 bits, a byte at a time.
uint32_t Checksum(std::span<const uint8_t> bytes) {
  uint32_t sum = 0x811C9DC5;
  for (const uint8_t byte : bytes) sum = (sum ^ byte) * 0x01000193;
  return sum;
}

}  // namespace

std::string Question(const Subject& subject, const Programs& programs) {
  std::string text = "{\"modules\":[";
  for (const auto& program : programs) {
    if (&program != &programs.front()) text.push_back(',');
    absl::StrAppend(
        &text, "{\"bytes\":",
        Quoted({reinterpret_cast<const char*>(program->bytes().data()),
                program->bytes().size()}),
        ",\"imports\":[");
    const auto imports = program->View(program->module().imports);
    for (const wasm::Import& import : imports) {
      if (&import != imports.data()) text.push_back(',');
      absl::StrAppend(&text, ImportOf(*program, import));
    }
    absl::StrAppend(&text, "],\"globals\":[");
    bool first = true;
    for (const wasm::Export& item : program->View(program->module().exports)) {
      if (item.kind != ExternKind::kGlobal) continue;
      const ValType type =
          program->View(program->module().globals)[item.index].type.type;
      absl::StrAppend(&text, first ? "" : ",", "{\"name\":",
                      Quoted(program->Name(item.name)), ",\"type\":\"",
                      std::string(1, Letter(type)), "\"}");
      first = false;
    }
    absl::StrAppend(&text, "]}");
  }
  absl::StrAppend(&text, "],\"noise\":",
                  subject.host == HostKind::kNoise ? "true" : "false",
                  ",\"steps\":[");
  for (const Step& step : subject.steps) {
    absl::StrAppend(&text, &step == subject.steps.data() ? "" : ",",
                    StepOf(*programs.back(), step));
  }
  return absl::StrCat(text, "]}");
}

std::string Answer(const Execution& run, const Programs& programs) {
  std::string text;
  for (const Outcome& outcome : run.outcomes()) {
    switch (outcome.kind) {
      case OutcomeKind::kReturned:
        absl::StrAppend(&text, "returned");
        for (const Value& value : outcome.results) {
          absl::StrAppend(&text, " ", Text(value));
        }
        break;
      case OutcomeKind::kTrapped: {
        const std::string name = TrapClass(outcome.trap);
        if (name.empty()) return "";
        absl::StrAppend(&text, "trapped ", name);
        break;
      }
      case OutcomeKind::kReverted:
        absl::StrAppend(&text, "reverted");
        break;
      case OutcomeKind::kOutOfGas:
        return "";
    }
    text.push_back(';');
  }
  // An instance that was not made is not seen by other engines.
  if (run.outcomes().size() < programs.size() ||
      run.outcomes()[programs.size() - 1].kind != OutcomeKind::kReturned) {
    return text;
  }
  for (size_t i = 0; i < programs.size(); ++i) {
    const runtime::InstanceId instance = run.instances()[i];
    absl::StrAppend(&text, "memory ",
                    Checksum(run.store().InstanceMemory(instance)), ";");
    const Program& program = *programs[i];
    for (const wasm::Export& item : program.View(program.module().exports)) {
      if (item.kind != ExternKind::kGlobal) continue;
      absl::StrAppend(
          &text, "global ",
          Text(run.store().InstanceGlobal(instance, item.index)), ";");
    }
  }
  return text;
}

}  // namespace ingot::fuzz
