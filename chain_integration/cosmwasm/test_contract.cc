#include "chain_integration/cosmwasm/test_contract.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/digest.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "sandbox/native_compiler.h"

namespace ingot::cosmwasm {

namespace {

using ProgramOr = absl::StatusOr<std::shared_ptr<const runtime::Program>>;

absl::Status Rejected(Status verdict) {
  return absl::InvalidArgumentError(
      absl::StrCat("rejected with code ", static_cast<int>(verdict.code),
                   " at byte ", verdict.offset));
}

ProgramOr LoadModule(const std::vector<uint8_t>& module) {
  Status rejection;
  ProgramOr program =
      runtime::Program::FromModule(module, Profile(), &rejection);
  if (program.ok() && *program == nullptr) return Rejected(rejection);
  return program;
}

ProgramOr CompileModule(const std::vector<uint8_t>& module) {
  absl::StatusOr<sandbox::NativeResult> compiled =
      sandbox::CompileNatively(module, Profile(), Digest());
  if (!compiled.ok()) return compiled.status();
  if (!compiled->verdict.ok()) return Rejected(compiled->verdict);
  return runtime::NativeProgram::Load(compiled->artifact, {});
}

}  // namespace

const std::vector<TestEngine>& TestEngines() {
  static const std::vector<TestEngine>* const kEngines =
      new std::vector<TestEngine>{
          {.name = "interpreter",
           .load = LoadModule,
           .make_store = [] { return runtime::NewInterpreter(); }},
          {.name = "native",
           .load = CompileModule,
           .make_store =
               [] { return std::make_unique<runtime::NativeStore>(); }},
      };
  return *kEngines;
}

std::vector<uint8_t> ReadTestFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file),
          std::istreambuf_iterator<char>()};
}

std::vector<uint8_t> ReadCorpusContract(const std::string& name) {
  const char* corpus = std::getenv("INGOT_CORPUS");
  const std::string path =
      absl::StrCat(corpus == nullptr ? "../shared/corpus" : corpus,
                   "/contracts/cosmwasm/", name);
  std::vector<uint8_t> bytes = ReadTestFile(path);
  if (bytes.empty()) {
    std::fprintf(stderr, "corpus contract absent: %s\n", path.c_str());
  }
  return bytes;
}

std::vector<uint8_t> ReadOwnContract(const std::string& name) {
  std::vector<uint8_t> bytes = ReadTestFile("testdata/contracts/" + name);
  EXPECT_FALSE(bytes.empty()) << name;
  return bytes;
}

TestContract::TestContract(const std::vector<uint8_t>& module,
                           Engines engines) {
  request.querier = &querier;
  for (const TestEngine& engine : TestEngines()) {
    if (engines == Engines::kFastest && &engine != &TestEngines().back()) {
      continue;
    }
    auto program = engine.load(module);
    EXPECT_TRUE(program.ok()) << engine.name << ": " << program.status();
    if (!program.ok()) std::abort();
    absl::StatusOr<Contract> contract =
        Contract::Create(*std::move(program), engine.make_store);
    EXPECT_TRUE(contract.ok()) << engine.name << ": " << contract.status();
    if (!contract.ok()) std::abort();
    names_.push_back(engine.name);
    contracts_.push_back(*std::move(contract));
    states_.emplace_back();
  }
}

CallReport TestContract::Call(std::string_view entry, std::string_view msg) {
  request.entry = std::string(entry);
  request.msg = std::string(msg);
  std::optional<CallReport> first;
  for (size_t i = 0; i < contracts_.size(); ++i) {
    const ContractState before = states_[i];
    absl::StatusOr<CallReport> report =
        contracts_[i].Call(request, states_[i]);
    EXPECT_TRUE(report.ok()) << names_[i] << report.status();
    if (!report.ok()) std::abort();
    EXPECT_EQ(report->gas_used, report->gas_used_wasm + report->gas_used_host);
    if (report->outcome != runtime::OutcomeKind::kReturned) {
      EXPECT_EQ(states_[i], before) << "a failed call changed the state";
      EXPECT_TRUE(report->state_changes.empty());
    }
    if (!first.has_value()) {
      first = *std::move(report);
      continue;
    }
    EXPECT_EQ(json::WritePretty(ToJson(*report)),
              json::WritePretty(ToJson(*first)))
        << names_[i] << " differs from " << names_[0];
    EXPECT_EQ(states_[i], states_[0]);
  }
  return *first;
}

CallReport TestContract::CallAs(std::string_view sender,
                                std::string_view entry, std::string_view msg) {
  request.info.sender = std::string(sender);
  return Call(entry, msg);
}

std::string TestContract::Query(std::string_view msg) {
  const CallReport report = Call("query", msg);
  return report.error.has_value() ? "error: " + *report.error
                                  : json::Write(report.data);
}

std::string EventsOf(const CallReport& report) {
  return json::Write(report.events);
}

std::string MessagesOf(const CallReport& report) {
  return json::Write(report.messages);
}

}  // namespace ingot::cosmwasm
