// Each function of Store: the interpreter's answer, the native engine's, the
// comparison. Both number what they hold in the order of its making, so an
// Extern and a funcref mean the same to both.

#include "fuzz/engines/pair_store.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "runtime/artifact/artifact_writer.h"
#include "runtime/native/native_store.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {

using runtime::Extern;
using runtime::Frame;
using runtime::InstanceId;
using runtime::Outcome;
using runtime::Program;
using runtime::Signature;
using runtime::Store;
using runtime::Transaction;
using runtime::Value;

namespace {

// The executor's writer on what its reader read.
std::vector<uint8_t> WriteAgain(const runtime::ArtifactView& view) {
  runtime::ArtifactPayload payload = {};
  payload.code = view.text.first(view.identity.code_bytes);
  payload.rodata = view.rodata;
  payload.identity = view.identity;
  payload.profile = view.profile_bytes;
  payload.module = view.module;
  payload.functions = view.functions;
  payload.traps = view.traps;
  payload.certificates = view.certificates;
  payload.first_function = view.first_function;
  return runtime::WriteArtifact(payload);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const PairProgram>> PairProgram::Load(
    std::vector<uint8_t> bytes, const Profile& profile, Status* rejection) {
  const auto compiled =
      sandbox::CompileNatively(bytes, profile, Digest{});
  if (!compiled.ok()) return compiled.status();
  std::shared_ptr<PairProgram> program =
      absl::WrapUnique(new PairProgram(std::move(bytes), profile));
  const absl::Status decoded = program->DecodeBytes(true, rejection);
  if (!decoded.ok()) return decoded;
  if (rejection->code != compiled->verdict.code ||
      rejection->offset != compiled->verdict.offset ||
      rejection->function != compiled->verdict.function) {
    return absl::InternalError(absl::StrCat(
        "the decoder says ", static_cast<int>(rejection->code),
        ", the compiler ", static_cast<int>(compiled->verdict.code)));
  }
  if (!rejection->ok()) return std::shared_ptr<const PairProgram>();
  auto native = runtime::NativeProgram::Load(
      compiled->artifact, {.file = compiled->artifact_digest,
                           .module = Sha256(program->bytes()),
                           .compiler = Digest{},
                           .profile = &profile});
  if (!native.ok()) return native.status();
  const absl::Status verified =
      runtime::VerifyWithModule((*native)->artifact(), program->bytes());
  if (!verified.ok()) return verified;
  if (WriteAgain((*native)->artifact()) != compiled->artifact) {
    return absl::InternalError("writing the artifact again changes it");
  }
  program->native_ = *std::move(native);
  return std::shared_ptr<const PairProgram>(std::move(program));
}

namespace {

std::string Describe(const Outcome& outcome) {
  std::string text = absl::StrCat(
      "kind ", static_cast<int>(outcome.kind), " phase ",
      static_cast<int>(outcome.phase), " trap ", TrapName(outcome.trap), " at ",
      outcome.function, ":", outcome.offset, " gas ", outcome.gas_used, " of ",
      outcome.gas_limit, " revert ", outcome.revert_code, " results");
  for (const Value& value : outcome.results) {
    absl::StrAppend(&text, " 0x", absl::Hex(value.bits));
  }
  absl::StrAppend(&text, " backtrace");
  for (const Frame& frame : outcome.backtrace) {
    absl::StrAppend(&text, " ", frame.function, ":", frame.offset);
  }
  return text;
}

bool SameBytes(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

class PairStore final : public Store {
 public:
  PairStore(Report report, runtime::GasObserver observer)
      : report_(std::move(report)),
        first_(runtime::NewInterpreter(std::move(observer))) {}

  Extern AddHostFunction(Signature signature,
                         runtime::HostFunction fn) override {
    const Extern added = first_->AddHostFunction(signature, fn);
    Compare(added == second_.AddHostFunction(signature, fn), "host function");
    return added;
  }
  Extern AddPlainHostFunction(Signature signature,
                              runtime::PlainHostFunction fn,
                              void* state) override {
    const Extern added = first_->AddPlainHostFunction(signature, fn, state);
    Compare(added == second_.AddPlainHostFunction(signature, fn, state),
            "plain host function");
    return added;
  }
  absl::StatusOr<Extern> AddMemory(const wasm::Limits& pages) override {
    return Same(first_->AddMemory(pages), second_.AddMemory(pages), "memory");
  }
  absl::StatusOr<Extern> AddTable(const wasm::TableType& type) override {
    return Same(first_->AddTable(type), second_.AddTable(type), "table");
  }
  Extern AddGlobal(const wasm::GlobalType& type, Value value) override {
    const Extern added = first_->AddGlobal(type, value);
    Compare(added == second_.AddGlobal(type, value), "global");
    return added;
  }

  absl::StatusOr<Instantiation> Instantiate(
      std::shared_ptr<const Program> program, std::span<const Extern> imports,
      Transaction& transaction, uint64_t gas_limit) override {
    const auto pair = std::dynamic_pointer_cast<const PairProgram>(program);
    if (pair == nullptr) return absl::InvalidArgumentError("not a pair");
    Transaction& twin = TwinOf(transaction);
    auto a = first_->Instantiate(program, imports, transaction, gas_limit);
    auto b = second_.Instantiate(pair->native(), imports, twin, gas_limit);
    Compare(a.status().code() == b.status().code(),
            absl::StrCat("instantiation: ", a.status().ToString(), " and ",
                         b.status().ToString()));
    if (!a.ok() || !b.ok()) return a;
    Compare(a->instance == b->instance, "instance numbers");
    CompareOutcomes(a->outcome, b->outcome);
    TakeEnd(a->outcome);
    if (a->instance != runtime::kNoInstance) {
      programs_.push_back({a->instance, pair});
    }
    CompareStates(transaction, twin);
    return a;
  }

  absl::Status CheckImports(const Program& program,
                            std::span<const Extern> imports) const override {
    return first_->CheckImports(program, imports);
  }

  absl::StatusOr<Outcome> Call(Extern function, std::span<const Value> args,
                               Transaction& transaction,
                               uint64_t gas_limit) override {
    Transaction& twin = TwinOf(transaction);
    auto a = first_->Call(function, args, transaction, gas_limit);
    auto b = second_.Call(function, args, twin, gas_limit);
    Compare(a.status().code() == b.status().code(),
            absl::StrCat("call: ", a.status().ToString(), " and ",
                         b.status().ToString()));
    if (!a.ok() || !b.ok()) return a;
    CompareOutcomes(*a, *b);
    TakeEnd(*a);
    CompareStates(transaction, twin);
    return a;
  }

  std::optional<Extern> FindExport(InstanceId instance,
                                   std::string_view name) const override {
    const auto found = first_->FindExport(instance, name);
    Compare(found == second_.FindExport(instance, name),
            absl::StrCat("export ", std::string(name)));
    return found;
  }
  std::span<uint8_t> InstanceMemory(InstanceId instance) override {
    return first_->InstanceMemory(instance);
  }
  const Signature& FunctionSignature(Extern function) const override {
    Compare(first_->FunctionSignature(function) ==
                second_.FunctionSignature(function),
            "signature");
    return first_->FunctionSignature(function);
  }
  std::span<uint8_t> MemoryBytes(Extern memory) override {
    return first_->MemoryBytes(memory);
  }
  Value GetGlobal(Extern global) const override {
    Compare(first_->GetGlobal(global) == second_.GetGlobal(global), "global");
    return first_->GetGlobal(global);
  }
  void SetGlobal(Extern global, Value value) override {
    first_->SetGlobal(global, value);
    second_.SetGlobal(global, value);
  }
  uint32_t TableSize(Extern table) const override {
    Compare(first_->TableSize(table) == second_.TableSize(table),
            "table size");
    return first_->TableSize(table);
  }
  std::optional<Value> GetTableElement(Extern table,
                                       uint32_t index) const override {
    const auto element = first_->GetTableElement(table, index);
    Compare(element == second_.GetTableElement(table, index),
            "table element");
    return element;
  }
  Value InstanceGlobal(InstanceId instance, uint32_t index) const override {
    return first_->InstanceGlobal(instance, index);
  }
  std::optional<Extern> FunctionOfReference(Value reference) const override {
    return first_->FunctionOfReference(reference);
  }

 private:
  void Compare(bool same, const std::string& what) const {
    if (!same) report_(what);
  }

  absl::StatusOr<Extern> Same(absl::StatusOr<Extern> a,
                              absl::StatusOr<Extern> b, const char* what) {
    Compare(a.status().code() == b.status().code() &&
                (!a.ok() || *a == *b),
            what);
    return a;
  }

  void CompareOutcomes(const Outcome& a, const Outcome& b) const {
    const std::string first = Describe(a);
    const std::string second = Describe(b);
    Compare(first == second && a.revert_message == b.revert_message,
            absl::StrCat("outcome: interpreter ", first, "; native ", second));
  }

  // After an out of gas what the run wrote may be read no more (DESIGN.md 4.3):
  // an engine may notice late.
  void TakeEnd(const Outcome& outcome) {
    dead_ = dead_ || outcome.kind == runtime::OutcomeKind::kOutOfGas;
  }

  // Everything that a later call may see.
  void CompareStates(const Transaction& a, const Transaction& b) {
    if (dead_) return;
    Compare(a.stack_used == b.stack_used && a.pages_used == b.pages_used &&
                a.depth == b.depth,
            "transaction");
    for (const auto& [instance, program] : programs_) {
      Compare(SameBytes(first_->InstanceMemory(instance),
                        second_.InstanceMemory(instance)),
              absl::StrCat("memory of instance ", instance));
      const uint32_t globals = program->module().globals.size;
      for (uint32_t i = 0; i < globals; ++i) {
        Compare(first_->InstanceGlobal(instance, i) ==
                    second_.InstanceGlobal(instance, i),
                absl::StrCat("global ", i, " of instance ", instance));
      }
    }
  }

  // The native engine's copy of a transaction. Hosts use one or two.
  Transaction& TwinOf(const Transaction& transaction) {
    for (Pair& pair : twins_) {
      if (pair.of != &transaction) continue;
      if (pair.twin->budget().stack_units !=
          transaction.budget().stack_units) {
        pair.twin = std::make_unique<Transaction>(transaction.budget());
      }
      pair.twin->pages_used = transaction.pages_used;
      return *pair.twin;
    }
    twins_.push_back(
        {&transaction, std::make_unique<Transaction>(transaction.budget())});
    twins_.back().twin->pages_used = transaction.pages_used;
    return *twins_.back().twin;
  }

  struct Pair {
    const Transaction* of;
    std::unique_ptr<Transaction> twin;
  };

  Report report_;
  bool dead_ = false;
  std::unique_ptr<Store> first_;
  runtime::NativeStore second_;
  std::vector<std::pair<InstanceId, std::shared_ptr<const PairProgram>>>
      programs_;
  std::vector<Pair> twins_;
};

}  // namespace

std::unique_ptr<Store> NewPairStore(Report report,
                                    runtime::GasObserver observer) {
  return std::make_unique<PairStore>(std::move(report), std::move(observer));
}

}  // namespace ingot::fuzz
