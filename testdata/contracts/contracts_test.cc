#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/program.h"
#include "runtime/store.h"

// The contracts without a host: results that were computed apart from them.

namespace ingot {
namespace {

using runtime::OutcomeKind;
using runtime::Value;

std::vector<uint8_t> Read(const std::string& name) {
  std::ifstream file("testdata/contracts/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file),
          std::istreambuf_iterator<char>()};
}

runtime::Outcome RunContract(const std::string& name, uint32_t argument,
                             uint64_t gas_limit = uint64_t{1} << 40) {
  Status rejection;
  auto program =
      runtime::Program::FromModule(Read(name), Profile(), &rejection);
  EXPECT_TRUE(program.ok()) << program.status();
  EXPECT_TRUE(rejection.ok()) << static_cast<int>(rejection.code);
  auto store = runtime::NewInterpreter();
  runtime::Transaction transaction({});
  auto made = store->Instantiate(*program, {}, transaction, gas_limit);
  EXPECT_TRUE(made.ok()) << made.status();
  if (made->outcome.kind != OutcomeKind::kReturned) return made->outcome;
  const auto run = store->FindExport(made->instance, "run");
  EXPECT_TRUE(run.has_value());
  const Value value{.type = wasm::ValType::kI32, .bits = argument};
  auto outcome = store->Call(*run, {&value, 1}, transaction,
                             gas_limit - made->outcome.gas_used);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return *outcome;
}

uint64_t Result(const std::string& name, uint32_t argument) {
  const runtime::Outcome outcome = RunContract(name, argument);
  EXPECT_EQ(outcome.kind, OutcomeKind::kReturned) << name;
  return outcome.results.empty() ? 0 : outcome.results[0].bits;
}

// By Python's hashlib.
TEST(ContractsTest, HashChainHashes) {
  EXPECT_EQ(Result("hash_chain.wasm", 0), 0u);
  EXPECT_EQ(Result("hash_chain.wasm", 1), 0x66687aadf862bd77u);
  EXPECT_EQ(Result("hash_chain.wasm", 1000), 3945658290904163372u);
}

TEST(ContractsTest, StackMachineCountsPrimes) {
  EXPECT_EQ(Result("stack_machine.wasm", 0), 0u);
  EXPECT_EQ(Result("stack_machine.wasm", 3), 1u);
  EXPECT_EQ(Result("stack_machine.wasm", 100), 25u);
  EXPECT_EQ(Result("stack_machine.wasm", 5000), 669u);
}

// By Python's sort.
TEST(ContractsTest, SorterSorts) {
  EXPECT_EQ(Result("sorter.wasm", 0), 0u);
  EXPECT_EQ(Result("sorter.wasm", 1000), 18326518865854920252u);
}

TEST(ContractsTest, TheyStopWhenGasRunsOut) {
  for (const char* name :
       {"hash_chain.wasm", "stack_machine.wasm", "sorter.wasm"}) {
    const runtime::Outcome outcome = RunContract(name, 100000, 3'000'000);
    EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfGas) << name;
  }
}

}  // namespace
}  // namespace ingot
