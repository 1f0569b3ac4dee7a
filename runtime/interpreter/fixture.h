#ifndef RUNTIME_INTERPRETER_FIXTURE_H_
#define RUNTIME_INTERPRETER_FIXTURE_H_

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/spec/convert.h"

// What the interpreter's tests have in common: modules written as text, one
// store, one transaction per call, and prices of version 1 by name.

namespace ingot::runtime::interpreter {

inline constexpr uint64_t kPlenty = 1'000'000'000;

inline Value I32(uint32_t value) { return {wasm::ValType::kI32, value}; }
inline Value I64(uint64_t value) { return {wasm::ValType::kI64, value}; }

class InterpreterTest : public testing::Test {
 protected:
  InterpreterTest()
      : store_(NewInterpreter(
            [this](uint64_t gas) { observed_.push_back(gas); })) {}

  std::shared_ptr<const Program> Load(std::string_view text) {
    const std::string folder =
        testing::TempDir() + "/" +
        testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder);
    auto bytes = spec::AssembleModule(text, folder);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    Status rejection;
    auto program = Program::FromModule(*bytes, profile_, &rejection);
    EXPECT_TRUE(program.ok()) << program.status();
    EXPECT_TRUE(rejection.ok()) << static_cast<int>(rejection.code);
    return *program;
  }

  Outcome InstantiateProgram(std::shared_ptr<const Program> program,
                             std::vector<Extern> imports = {},
                             uint64_t gas = kPlenty) {
    Transaction transaction(budget_);
    auto made = store_->Instantiate(std::move(program), imports, transaction,
                                    gas);
    EXPECT_TRUE(made.ok()) << made.status();
    instance_ = made->instance;
    pages_used_ = transaction.pages_used;
    observed_.clear();
    return made->outcome;
  }

  // Loads and instantiates; the instance is `instance_`.
  void Start(std::string_view text, std::vector<Extern> imports = {}) {
    program_ = Load(text);
    const Outcome outcome = InstantiateProgram(program_, std::move(imports));
    ASSERT_EQ(outcome.kind, OutcomeKind::kReturned);
  }

  Extern Export(std::string_view name) {
    return store_->FindExport(instance_, name).value();
  }

  Outcome Call(std::string_view name, std::initializer_list<Value> args = {},
               uint64_t gas = kPlenty) {
    Transaction transaction(budget_);
    observed_.clear();
    auto outcome =
        store_->Call(Export(name), std::vector<Value>(args), transaction, gas);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(transaction.stack_used, 0u);
    EXPECT_EQ(transaction.depth, 0u);
    pages_used_ = transaction.pages_used;
    return *std::move(outcome);
  }

  // A call that returns one value.
  uint64_t Result(std::string_view name,
                  std::initializer_list<Value> args = {}) {
    const Outcome outcome = Call(name, args);
    EXPECT_EQ(outcome.kind, OutcomeKind::kReturned);
    EXPECT_EQ(outcome.results.size(), 1u);
    return outcome.results.empty() ? 0 : outcome.results[0].bits;
  }

  // Module offset of the first instruction of a defined function's body.
  uint32_t CodeOffset(uint32_t body) const {
    return program_->View(program_->module().bodies)[body].code;
  }
  uint32_t BodyOffset(uint32_t body) const {
    return program_->View(program_->module().bodies)[body].begin;
  }

  const GasSchedule& prices() const { return profile_.execution; }
  uint64_t Price(std::initializer_list<wasm::Op> ops) const {
    uint64_t sum = 0;
    for (wasm::Op op : ops) sum += prices().Price(op);
    return sum;
  }

  Profile profile_;
  Transaction::Budget budget_;
  std::vector<uint64_t> observed_;
  std::unique_ptr<Store> store_;
  std::shared_ptr<const Program> program_;
  InstanceId instance_ = kNoInstance;
  uint64_t pages_used_ = 0;
};

}  // namespace ingot::runtime::interpreter

#endif  // RUNTIME_INTERPRETER_FIXTURE_H_
