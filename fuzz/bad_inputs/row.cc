// The checks that rows are made of. Every difference from what a row expects is
// a failure of the running test, with the row's number and the input's name.

#include "fuzz/bad_inputs/row.h"

#include <pthread.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compiler/base/error_text.h"
#include "fuzz/bombs/shapes.h"
#include "gtest/gtest.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/spec/convert.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {

using runtime::OutcomeKind;
using runtime::Program;

namespace {

// Compile gas that a byte of a refused module may take, beyond what a module
// without sections takes.
constexpr uint64_t kGasPerByte = 1000;
constexpr double kMostExponent = 1.1;
// Of the thread that compiles: less than a system's usual main stack by thirty
// times, and room for no recursion over a module's shape.
constexpr size_t kHostStack = 256 << 10;

std::string Outcome(const runtime::Outcome& outcome) {
  switch (outcome.kind) {
    case OutcomeKind::kReturned: {
      std::string text = "returned";
      for (const runtime::Value& value : outcome.results) {
        absl::StrAppend(&text, " ", absl::Hex(value.bits));
      }
      return text;
    }
    case OutcomeKind::kTrapped:
      return absl::StrCat("trapped ", TrapName(outcome.trap));
    case OutcomeKind::kReverted:
      return "reverted";
    case OutcomeKind::kOutOfGas:
      return "out of gas";
  }
  return "";
}

// Without results: a class of outcomes.
std::string Class(const std::string& outcome) {
  return outcome.substr(0, 8) == "returned" ? "returned" : outcome;
}

void OnSmallStack(const std::function<void()>& work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kHostStack);
  pthread_t thread;
  const auto run = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run,
                           const_cast<std::function<void()>*>(&work)),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

}  // namespace

void Row::Saw(const std::string& result) { ++results_[result]; }

std::string Row::Summary() const {
  uint32_t inputs = 0;
  for (const auto& [result, count] : results_) inputs += count;
  return absl::StrCat(
      number_, ": ", inputs, " inputs: ",
      absl::StrJoin(results_, ", ", [](std::string* out, const auto& entry) {
        absl::StrAppend(out, entry.first, " ", entry.second);
      }));
}

Row::Bytes Row::Assemble(const std::string& text) {
  auto bytes = runtime::spec::AssembleModule(text, testing::TempDir());
  EXPECT_TRUE(bytes.ok()) << bytes.status() << "\n" << text;
  return bytes.ok() ? *std::move(bytes) : Bytes();
}

const sandbox::SandboxedCompiler& Row::Compiler() {
  if (compiler_ == nullptr) {
    auto compiler =
        sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, profile_);
    EXPECT_TRUE(compiler.ok()) << compiler.status();
    compiler_ = *std::move(compiler);
    gas_of_nothing_ = Sandboxed({0, 'a', 's', 'm', 1, 0, 0, 0}).compile_gas;
  }
  return *compiler_;
}

sandbox::Verdict Row::Sandboxed(const Bytes& module) {
  auto verdict = sandbox::CompileInSandbox(Compiler(), module, profile_);
  EXPECT_TRUE(verdict.ok()) << verdict.status();
  return verdict.ok() ? *std::move(verdict) : sandbox::Verdict();
}

void Row::Refused(const std::string& what, const Bytes& module,
                  const std::set<Code>& codes) {
  SCOPED_TRACE(absl::StrCat("row ", number_, ": ", what));
  Status decoded;
  // A vector of its own, without a byte to spare.
  const auto program =
      Program::FromModule(Bytes(module.begin(), module.end()), profile_,
                          &decoded);
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_TRUE(codes.contains(decoded.code)) << TextOf(decoded.code).name;
  const auto native = sandbox::CompileNatively(module, profile_, Digest{});
  ASSERT_TRUE(native.ok()) << native.status();
  EXPECT_EQ(native->verdict.code, decoded.code);
  EXPECT_EQ(native->verdict.offset, decoded.offset);
  const sandbox::Verdict verdict = Sandboxed(module);
  EXPECT_EQ(verdict.kind, sandbox::VerdictKind::kRejected);
  EXPECT_EQ(verdict.code, decoded.code);
  EXPECT_EQ(verdict.offset, decoded.offset);
  EXPECT_LE(verdict.compile_gas,
            2 * gas_of_nothing_ + kGasPerByte * module.size());
  Saw(std::string(TextOf(decoded.code).name));
}

void Row::Bomb(std::string_view name) {
  SCOPED_TRACE(absl::StrCat("row ", number_, ": bomb ", std::string(name)));
  const BombShape* shape = FindBombShape(name);
  ASSERT_NE(shape, nullptr);
  const Bytes small = MakeBomb(*shape, 16384);
  const Bytes large = MakeBomb(*shape, 65536);
  const sandbox::Verdict end = Sandboxed(large);
  EXPECT_EQ(end.code, shape->ending) << TextOf(end.code).name;
  if (shape->ending != Code::kOk) {
    EXPECT_EQ(end.kind, sandbox::VerdictKind::kRejected);
    Saw(std::string(TextOf(end.code).name));
    return;
  }
  EXPECT_EQ(end.kind, sandbox::VerdictKind::kAccepted);
  const double more = static_cast<double>(large.size()) /
                      static_cast<double>(small.size());
  const double gas = static_cast<double>(end.compile_gas) /
                     static_cast<double>(Sandboxed(small).compile_gas);
  EXPECT_LE(std::log(gas) / std::log(more), kMostExponent);
  Saw("linear");
}

Row::Bytes Row::Accepted(const std::string& what, const Bytes& module) {
  SCOPED_TRACE(absl::StrCat("row ", number_, ": ", what));
  Bytes artifact;
  OnSmallStack([&] {
    Status decoded;
    const auto program = Program::FromModule(module, profile_, &decoded);
    ASSERT_TRUE(program.ok()) << program.status();
    EXPECT_EQ(decoded.code, Code::kOk) << TextOf(decoded.code).name;
    const auto native = sandbox::CompileNatively(module, profile_, Digest{});
    ASSERT_TRUE(native.ok()) << native.status();
    EXPECT_EQ(native->verdict.code, Code::kOk);
    artifact = native->artifact;
    const auto loaded =
        runtime::NativeProgram::Load(artifact, {.profile = &profile_});
    EXPECT_TRUE(loaded.ok()) << loaded.status();
  });
  Saw("accepted");
  return artifact;
}

void Row::Runs(const std::string& what, const std::string& text,
               const std::vector<Call>& calls, const RunOptions& options) {
  SCOPED_TRACE(absl::StrCat("row ", number_, ": ", what));
  Subject subject;
  subject.module = Assemble(text);
  for (const std::string& library : options.libraries) {
    subject.libraries.push_back(Assemble(library));
  }
  subject.host = options.host;
  subject.gas_limit = options.gas_limit;
  subject.stack_units = options.stack_units;
  subject.gas_replays = options.gas_replays;
  for (const Call& call : calls) {
    subject.steps.push_back({call.name, call.args});
  }
  const auto result = Compare(subject);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_TRUE(result->verdict.ok()) << TextOf(result->verdict.code).name;
  EXPECT_EQ(result->difference, "");
  const size_t before = subject.libraries.size();
  ASSERT_GT(result->outcomes.size(), before);
  EXPECT_EQ(Outcome(result->outcomes[before]), options.instantiation);
  for (size_t i = 0; i < calls.size(); ++i) {
    ASSERT_LT(before + 1 + i, result->outcomes.size()) << calls[i].name;
    const std::string outcome = Outcome(result->outcomes[before + 1 + i]);
    EXPECT_EQ(outcome, calls[i].outcome) << calls[i].name;
    Saw(Class(outcome));
  }
  if (calls.empty()) Saw(Class(options.instantiation));
}

void Row::OnEachEngine(const std::string& what, const std::string& text,
                       const Use& use, const std::string& expected) {
  SCOPED_TRACE(absl::StrCat("row ", number_, ": ", what));
  const Bytes module = Assemble(text);
  Status decoded;
  auto program = Program::FromModule(module, profile_, &decoded);
  ASSERT_TRUE(program.ok() && decoded.ok());
  const std::unique_ptr<runtime::Store> interpreter = runtime::NewInterpreter();
  const std::string wanted = use(*interpreter, *program);
  if (!expected.empty()) EXPECT_EQ(wanted, expected);
  for (const uint32_t level : {0u, 1u}) {
    Profile profile;
    profile.level = level;
    const auto compiled = sandbox::CompileNatively(module, profile, Digest{});
    ASSERT_TRUE(compiled.ok() && compiled->verdict.ok());
    auto native = runtime::NativeProgram::Load(compiled->artifact, {});
    ASSERT_TRUE(native.ok()) << native.status();
    runtime::NativeStore store;
    EXPECT_EQ(use(store, *native), wanted) << "level " << level;
  }
  Saw("equal");
}

}  // namespace ingot::fuzz
