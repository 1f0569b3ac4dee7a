#include "runtime/spec/script.h"

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "compiler/abi/traps.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/spec/json.h"

// One store per script, as the suite's README asks: modules see each other by
// `register`, and the host module "spectest". Each command either passes, is
// described in `failures`, or counts as not applicable.

namespace ingot::runtime::spec {
namespace {

using wasm::ExternKind;
using wasm::ValType;
using Exports = absl::btree_map<std::string, Extern>;

// No command of the suite comes near.
constexpr uint64_t kGasLimit = 1'000'000'000'000;

absl::StatusOr<std::vector<uint8_t>> ReadBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return std::vector<uint8_t>(std::istreambuf_iterator<char>(in), {});
}

std::optional<ValType> TypeOf(const std::string& name) {
  if (name == "i32") return ValType::kI32;
  if (name == "i64") return ValType::kI64;
  if (name == "f32") return ValType::kF32;
  if (name == "f64") return ValType::kF64;
  if (name == "funcref") return ValType::kFuncRef;
  if (name == "externref") return ValType::kExternRef;
  return std::nullopt;
}

std::optional<Value> ValueOf(const Json& json) {
  const std::optional<ValType> type = TypeOf(json.Text("type"));
  if (!type.has_value()) return std::nullopt;
  const std::string text = json.Text("value");
  if (text == "null") return Value{*type, 0};
  uint64_t bits = std::strtoull(text.c_str(), nullptr, 10);
  if (*type == ValType::kExternRef) ++bits;
  return Value{*type, bits};
}

// "nan:canonical": quiet and no other bit of the payload, of either sign.
// "nan:arithmetic": quiet.
bool MatchesNan(const Value& value, bool canonical) {
  const bool wide = value.type == ValType::kF64;
  const uint64_t sign = wide ? uint64_t{1} << 63 : uint64_t{1} << 31;
  const uint64_t quiet = wide ? 0x7FF8000000000000u : 0x7FC00000u;
  const uint64_t bits = value.bits & ~sign;
  return canonical ? bits == quiet : (bits & quiet) == quiet;
}

bool Matches(const Value& value, const Json& wanted) {
  if (TypeOf(wanted.Text("type")) != value.type) return false;
  const std::string text = wanted.Text("value");
  if (text == "nan:canonical") return MatchesNan(value, true);
  if (text == "nan:arithmetic") return MatchesNan(value, false);
  return ValueOf(wanted)->bits == value.bits;
}

std::string Describe(const Outcome& outcome) {
  switch (outcome.kind) {
    case OutcomeKind::kReturned: {
      std::string text = "returned";
      for (const Value& value : outcome.results) {
        absl::StrAppend(&text, " 0x", absl::Hex(value.bits));
      }
      return text;
    }
    case OutcomeKind::kTrapped:
      return absl::StrCat("trapped: ", TrapMessage(outcome.trap));
    case OutcomeKind::kReverted:
      return "reverted";
    case OutcomeKind::kOutOfGas:
      return "ran out of gas";
  }
  return "";
}

class Script {
 public:
  Script(const Engine& engine, std::string folder, wasm::Features features)
      : engine_(engine),
        folder_(std::move(folder)),
        store_(engine.new_store()) {
    profile_.limits.memory_pages = 65535;  // the suite grows to its maxima
    profile_.features = features.bits;
    AddSpectest();
  }

  void Step(const Json& command) {
    line_ = command.Text("line");
    const std::string type = command.Text("type");
    if (type == "module") {
      Module(command);
    } else if (type == "register") {
      Register(command);
    } else if (type == "action") {
      AssertReturn(command, false);
    } else if (type == "assert_return") {
      AssertReturn(command, true);
    } else if (type == "assert_trap" || type == "assert_exhaustion") {
      AssertTrap(command);
    } else if (type == "assert_invalid" || type == "assert_malformed") {
      AssertRejected(command, type == "assert_malformed");
    } else if (type == "assert_unlinkable") {
      AssertUnlinkable(command);
    } else if (type == "assert_uninstantiable") {
      AssertUninstantiable(command);
    } else {
      Skip(absl::StrCat("command ", type));
    }
  }

  ScriptResult TakeResult() { return std::move(result_); }

 private:
  struct Loaded {
    std::shared_ptr<const Program> program;
    InstanceId instance = kNoInstance;
  };

  void Pass() { ++result_.passed; }
  void Skip(const std::string& reason) { ++result_.skipped[reason]; }
  void Fail(const std::string& what) {
    result_.failures.push_back(absl::StrCat("line ", line_, ": ", what));
  }
  void Check(bool condition, const std::string& otherwise) {
    condition ? Pass() : Fail(otherwise);
  }

  // The host module of the suite (interpreter/README.md, "spectest").
  void AddSpectest() {
    Exports& exports = registered_["spectest"];
    const auto print = [&](const char* name, std::vector<ValType> params) {
      exports[name] = store_->AddHostFunction(
          {std::move(params), {}},
          [](Caller&, std::span<const Value>, std::span<Value>) {
            return HostResult::Ok();
          });
    };
    print("print", {});
    print("print_i32", {ValType::kI32});
    print("print_i64", {ValType::kI64});
    print("print_f32", {ValType::kF32});
    print("print_f64", {ValType::kF64});
    print("print_i32_f32", {ValType::kI32, ValType::kF32});
    print("print_f64_f64", {ValType::kF64, ValType::kF64});
    const auto global = [&](const char* name, ValType type, uint64_t bits) {
      exports[name] = store_->AddGlobal({type, false}, {type, bits});
    };
    global("global_i32", ValType::kI32, 666);
    global("global_i64", ValType::kI64, 666);
    global("global_f32", ValType::kF32, std::bit_cast<uint32_t>(666.6f));
    global("global_f64", ValType::kF64, std::bit_cast<uint64_t>(666.6));
    exports["table"] =
        *store_->AddTable({ValType::kFuncRef, {10, 20, true}});
    exports["memory"] = *store_->AddMemory({1, 2, true});
  }

  // Null when refused; *rejection says why.
  std::shared_ptr<const Program> Load(const Json& command, Status* rejection) {
    auto bytes =
        ReadBytes(absl::StrCat(folder_, "/", command.Text("filename")));
    if (!bytes.ok()) {
      Fail(bytes.status().ToString());
      return nullptr;
    }
    auto program = engine_.load(*std::move(bytes), profile_, rejection);
    if (!program.ok()) {
      Fail(absl::StrCat("fault: ", program.status().ToString()));
      return nullptr;
    }
    return *program;
  }

  // One Extern per import; nullopt when one is nowhere registered.
  std::optional<std::vector<Extern>> Resolve(const Program& program) const {
    std::vector<Extern> externs;
    for (const wasm::Import& import : program.View(program.module().imports)) {
      const auto module =
          registered_.find(std::string(program.Name(import.module)));
      if (module == registered_.end()) return std::nullopt;
      const auto entry =
          module->second.find(std::string(program.Name(import.name)));
      if (entry == module->second.end()) return std::nullopt;
      externs.push_back(entry->second);
    }
    return externs;
  }

  void Module(const Json& command) {
    Status rejection;
    current_ = {};
    const auto program = Load(command, &rejection);
    if (program == nullptr) {
      return Fail(absl::StrCat("a valid module is refused, code ",
                               static_cast<int>(rejection.code)));
    }
    const auto imports = Resolve(*program);
    if (!imports.has_value()) return Fail("an import is not registered");
    Transaction transaction({});
    const auto made =
        store_->Instantiate(program, *imports, transaction, kGasLimit);
    if (!made.ok()) return Fail(made.status().ToString());
    if (made->outcome.kind != OutcomeKind::kReturned) {
      return Fail(absl::StrCat("instantiation ", Describe(made->outcome)));
    }
    current_ = {program, made->instance};
    if (command.Find("name") != nullptr) {
      modules_[command.Text("name")] = current_;
    }
    Pass();
  }

  const Loaded& ModuleOf(const Json& command, std::string_view member) {
    if (command.Find(member) == nullptr) return current_;
    return modules_[command.Text(member)];
  }

  void Register(const Json& command) {
    const Loaded& module = ModuleOf(command, "name");
    if (module.program == nullptr) return Fail("no module to register");
    Exports& exports = registered_[command.Text("as")];
    exports.clear();
    const Program& program = *module.program;
    for (const wasm::Export& entry : program.View(program.module().exports)) {
      const std::string name(program.Name(entry.name));
      exports[name] = *store_->FindExport(module.instance, name);
    }
    Pass();
  }

  // The outcome of an action; nullopt when it could not be taken.
  std::optional<Outcome> Act(const Json& action) {
    const Loaded& module = ModuleOf(action, "module");
    if (module.program == nullptr) {
      Fail("the action's module does not exist");
      return std::nullopt;
    }
    const auto target =
        store_->FindExport(module.instance, action.Text("field"));
    if (!target.has_value()) {
      Fail("the action's export does not exist");
      return std::nullopt;
    }
    if (action.Text("type") == "get") {
      Outcome outcome;
      outcome.results = {store_->GetGlobal(*target)};
      return outcome;
    }
    std::vector<Value> args;
    for (const Json& arg : action.Items("args")) {
      args.push_back(ValueOf(arg).value_or(Value{}));
    }
    Transaction transaction({});
    auto outcome = store_->Call(*target, args, transaction, kGasLimit);
    if (!outcome.ok()) {
      Fail(outcome.status().ToString());
      return std::nullopt;
    }
    return *std::move(outcome);
  }

  void AssertReturn(const Json& command, bool with_results) {
    const auto outcome = Act(*command.Find("action"));
    if (!outcome.has_value()) return;
    if (outcome->kind != OutcomeKind::kReturned) {
      return Fail(Describe(*outcome));
    }
    const std::vector<Json>& wanted = command.Items("expected");
    bool same = outcome->results.size() == wanted.size();
    for (size_t i = 0; same && i < wanted.size(); ++i) {
      same = !with_results || Matches(outcome->results[i], wanted[i]);
    }
    Check(same, Describe(*outcome));
  }

  // One text is the beginning of the other: "uninitialized element 2" of the
  // suite, "unreachable executed" of ours.
  bool IsTrap(const Outcome& outcome, const Json& command) const {
    const std::string wanted = command.Text("text");
    const std::string ours = TrapMessage(outcome.trap);
    return outcome.kind == OutcomeKind::kTrapped &&
           (wanted.starts_with(ours) || ours.starts_with(wanted));
  }

  void AssertTrap(const Json& command) {
    const auto outcome = Act(*command.Find("action"));
    if (!outcome.has_value()) return;
    Check(IsTrap(*outcome, command),
          absl::StrCat("wanted ", command.Text("text"), ", ",
                       Describe(*outcome)));
  }

  // Malformed: chapter 5 or 6; invalid: chapter 3. Our codes say which, too.
  void AssertRejected(const Json& command, bool malformed) {
    if (command.Text("module_type") == "text") {
      return Skip("malformed text format");
    }
    Status rejection;
    if (Load(command, &rejection) != nullptr) {
      return Fail(absl::StrCat("accepted, wanted ", command.Text("text")));
    }
    if (rejection.ok()) return;  // a failure that Load described
    Pass();
    const int code = static_cast<int>(rejection.code);
    if (code < 400 && (code < 200) != malformed) {
      result_.other_reasons.push_back(absl::StrCat(
          "line ", line_, ": code ", code, ", not ", command.Text("text")));
    }
  }

  void AssertUnlinkable(const Json& command) {
    Status rejection;
    const auto program = Load(command, &rejection);
    if (program == nullptr) return Fail("the module is refused");
    const auto imports = Resolve(*program);
    if (!imports.has_value()) {
      return Check(command.Text("text") == "unknown import",
                   "an import is not registered");
    }
    Transaction transaction({});
    const auto made =
        store_->Instantiate(program, *imports, transaction, kGasLimit);
    Check(absl::IsInvalidArgument(made.status()) &&
              command.Text("text") == "incompatible import type",
          absl::StrCat("wanted ", command.Text("text"), ", got ",
                       made.status().ToString()));
  }

  void AssertUninstantiable(const Json& command) {
    Status rejection;
    const auto program = Load(command, &rejection);
    if (program == nullptr) return Fail("the module is refused");
    const auto imports = Resolve(*program);
    if (!imports.has_value()) return Fail("an import is not registered");
    Transaction transaction({});
    const auto made =
        store_->Instantiate(program, *imports, transaction, kGasLimit);
    if (!made.ok()) return Fail(made.status().ToString());
    Check(IsTrap(made->outcome, command),
          absl::StrCat("wanted ", command.Text("text"), ", ",
                       Describe(made->outcome)));
  }

  const Engine& engine_;
  std::string folder_;
  Profile profile_;
  std::unique_ptr<Store> store_;
  absl::btree_map<std::string, Exports> registered_;
  absl::btree_map<std::string, Loaded> modules_;
  Loaded current_;
  std::string line_;
  ScriptResult result_;
};

}  // namespace

Engine InterpreterEngine() {
  return {"interpreter", &Program::FromModule,
          [] { return NewInterpreter(); }};
}

absl::StatusOr<ScriptResult> RunScript(const Engine& engine,
                                       const std::string& json,
                                       wasm::Features features) {
  const auto bytes = ReadBytes(json);
  if (!bytes.ok()) return bytes.status();
  const auto commands = ParseJson(
      {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!commands.ok()) return commands.status();
  Script script(engine, std::filesystem::path(json).parent_path(), features);
  for (const Json& command : commands->Items("commands")) {
    script.Step(command);
  }
  return script.TakeResult();
}

}  // namespace ingot::runtime::spec
