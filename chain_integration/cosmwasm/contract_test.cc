#include "chain_integration/cosmwasm/contract.h"

#include <string>
#include <vector>

#include "chain_integration/cosmwasm/host_functions.h"
#include "chain_integration/cosmwasm/test_contract.h"
#include "gtest/gtest.h"

namespace ingot::cosmwasm {
namespace {

using Bytes = std::vector<uint8_t>;

void AppendSection(uint8_t id, const Bytes& content, Bytes& module) {
  module.push_back(id);
  module.push_back(static_cast<uint8_t>(content.size()));
  module.insert(module.end(), content.begin(), content.end());
}

void AppendName(std::string_view name, Bytes& out) {
  out.push_back(static_cast<uint8_t>(name.size()));
  out.insert(out.end(), name.begin(), name.end());
}

// A module with imports of type 0, () -> i32, or 1, (i32) -> i32.
Bytes ModuleWithImports(
    const std::vector<std::tuple<std::string, std::string, uint8_t>>& imports) {
  Bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  AppendSection(1, {2, 0x60, 0, 1, 0x7F, 0x60, 1, 0x7F, 1, 0x7F}, module);
  Bytes list = {static_cast<uint8_t>(imports.size())};
  for (const auto& [from, name, type] : imports) {
    AppendName(from, list);
    AppendName(name, list);
    list.push_back(0);
    list.push_back(type);
  }
  AppendSection(2, list, module);
  return module;
}

std::shared_ptr<const runtime::Program> Load(const Bytes& module) {
  auto program = TestEngines()[0].load(module);
  EXPECT_TRUE(program.ok()) << program.status();
  return program.ok() ? *program : nullptr;
}

TEST(ContractTest, NamesImportsThatItDoesNotProvide) {
  const auto program = Load(ModuleWithImports({{"env", "db_read", 1},
                                               {"env", "fly", 0},
                                               {"seal0", "db_read", 1},
                                               {"env", "db_next", 0}}));
  const std::vector<ContractFinding> findings = CheckImports(*program);
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[0].code, "unknown_import");
  EXPECT_EQ(findings[0].message,
            "import env.fly is not provided by the cosmwasm host profile");
  EXPECT_EQ(findings[1].message,
            "import seal0.db_read is not provided by the cosmwasm host "
            "profile");
  EXPECT_EQ(findings[2].code, "import_type");
  EXPECT_EQ(findings[2].message,
            "import env.db_next has type () -> (i32), the host provides "
            "(i32) -> (i32)");
  const auto contract =
      Contract::Create(program, TestEngines()[0].make_store);
  EXPECT_EQ(contract.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(contract.status().message().find("env.fly"),
            absl::string_view::npos);
}

TEST(ContractTest, NamesExportsThatAreMissing) {
  const auto program = Load(ModuleWithImports({}));
  EXPECT_TRUE(CheckImports(*program).empty());
  const std::vector<ContractFinding> findings = CheckExports(*program);
  ASSERT_EQ(findings.size(), 4u);
  EXPECT_EQ(findings[0].message, "the module does not export its memory");
  EXPECT_EQ(findings[1].message,
            "the module does not export allocate (i32) -> (i32)");
  EXPECT_EQ(findings[2].message,
            "the module does not export deallocate (i32) -> ()");
  EXPECT_EQ(findings[3].message,
            "the module does not export interface_version_8");
  const auto contract =
      Contract::Create(program, TestEngines()[0].make_store);
  EXPECT_EQ(contract.status().code(), absl::StatusCode::kInvalidArgument);
}

// allocate of type () -> i32, and the marker of an older interface.
TEST(ContractTest, NamesExportsOfTheWrongType) {
  Bytes module = ModuleWithImports({});
  AppendSection(3, {1, 0}, module);
  Bytes exports = {2};
  AppendName("allocate", exports);
  exports.insert(exports.end(), {0, 0});
  AppendName("interface_version_7", exports);
  exports.insert(exports.end(), {0, 0});
  AppendSection(7, exports, module);
  AppendSection(10, {1, 4, 0, 0x41, 0, 0x0B}, module);
  const std::vector<ContractFinding> findings = CheckExports(*Load(module));
  ASSERT_EQ(findings.size(), 4u);
  EXPECT_EQ(findings[1].code, "export_type");
  EXPECT_EQ(findings[1].message,
            "export allocate is not a function (i32) -> (i32)");
  EXPECT_EQ(findings[3].code, "interface_version");
  EXPECT_EQ(findings[3].message,
            "the contract speaks interface_version_7, the host speaks "
            "interface_version_8");
}

TEST(ContractTest, RefusesMisuse) {
  auto contract = Contract::Create(Load(ReadOwnContract("token.wasm")),
                                   TestEngines()[0].make_store);
  ASSERT_TRUE(contract.ok()) << contract.status();
  ContractState state;
  CallRequest request;
  request.entry = "allocate";
  EXPECT_EQ(contract->Call(request, state).status().message(),
            "allocate is not a CosmWasm entry point");
  request.entry = "execute";
  request.msg = "{";
  EXPECT_EQ(contract->Call(request, state).status().message(),
            "the message is not JSON: expected a string at byte 1");
}

// What the engine cannot do is a fault, not an outcome: here, running a program
// that was not compiled for it.
TEST(ContractTest, PassesFaultsOn) {
  auto contract = Contract::Create(Load(ReadOwnContract("token.wasm")),
                                   TestEngines().back().make_store);
  ASSERT_TRUE(contract.ok()) << contract.status();
  ContractState state{.entries = {{"k", "v"}}};
  CallRequest request;
  request.entry = "query";
  EXPECT_FALSE(contract->Call(request, state).ok());
  EXPECT_EQ(state.entries.size(), 1u);
}

TEST(ContractTest, KeepsToTheBudgetOfPages) {
  TestContract contract(ReadOwnContract("token.wasm"));
  contract.request.budget.memory_pages = 0;
  const CallReport report = contract.Call("query", R"({"token_info":{}})");
  EXPECT_EQ(report.outcome, runtime::OutcomeKind::kTrapped);
  EXPECT_EQ(report.phase, runtime::Phase::kInstantiate);
  EXPECT_EQ(report.trap, TrapCode::kOutOfBoundsMemory);
}

TEST(ContractTest, RunsOutOfGasWhileInstantiating) {
  TestContract contract(ReadOwnContract("token.wasm"));
  contract.request.gas_limit = 0;
  const CallReport report = contract.Call("query", R"({"token_info":{}})");
  EXPECT_EQ(report.outcome, runtime::OutcomeKind::kOutOfGas);
  EXPECT_EQ(report.phase, runtime::Phase::kInstantiate);
  EXPECT_EQ(report.gas_used, 0u);
  EXPECT_EQ(*ToJson(report).FindString("phase"), "instantiate");
}

TEST(ContractTest, PutsALimitOnEveryLimit) {
  TestContract contract(ReadOwnContract("token.wasm"));
  contract.request.gas_limit = ~uint64_t{0};
  const CallReport report = contract.Call("query", R"({"token_info":{}})");
  EXPECT_EQ(report.outcome, runtime::OutcomeKind::kReturned);
  EXPECT_EQ(report.gas_limit, uint64_t{1} << 62);
}

TEST(ContractTest, ReportsEveryKeyOfTheInterface) {
  TestContract contract(ReadOwnContract("token.wasm"));
  const json::Value report =
      ToJson(contract.Call("query", R"({"token_info":{}})"));
  std::string keys;
  for (const json::Member& member : report.members()) {
    keys += member.first + " ";
  }
  EXPECT_EQ(keys,
            "outcome trap function offset results gas_used gas_limit phase "
            "data events messages error error_code state_changes "
            "gas_used_wasm gas_used_host ");
  EXPECT_EQ(*report.FindString("outcome"), "returned");
  EXPECT_EQ(*report.FindString("gas_limit"), "100000000000");
  EXPECT_EQ(*report.Find("results")->items()[0].FindString("type"), "i32");
}

// Each contract of the corpus can be called.
TEST(ContractTest, ChecksTheCorpus) {
  for (const std::string name :
       {"cosmwasm-cyberpunk.wasm", "cosmwasm-empty.wasm",
        "cosmwasm-floaty_2.0.wasm", "cosmwasm-hackatom.wasm",
        "cosmwasm-hackatom_1.3.wasm", "cosmwasm-ibc_reflect.wasm",
        "osmosis-crosschain_swaps.wasm", "osmosis-large.wasm",
        "osmosis-sumtree_orderbook.wasm", "wasmd-cw1_whitelist.wasm",
        "wasmd-cw20_base.wasm", "wasmd-reflect_2_2.wasm", "wasmd-staking.wasm",
        "wasmvm-queue.wasm"}) {
    const Bytes module = ReadCorpusContract(name);
    if (module.empty()) GTEST_SKIP() << "the corpus is absent";
    const auto program = Load(module);
    ASSERT_NE(program, nullptr) << name;
    const std::vector<ContractFinding> findings = CheckImports(*program);
    EXPECT_TRUE(findings.empty()) << name << findings[0].message;
    EXPECT_TRUE(CheckExports(*program).empty()) << name;
  }
}

// wasmvm's queue: a contract that lives on iterators.
TEST(ContractTest, RunsAQueue) {
  const Bytes module = ReadCorpusContract("wasmvm-queue.wasm");
  if (module.empty()) GTEST_SKIP() << "the corpus is absent";
  TestContract queue(module);
  EXPECT_EQ(queue.Call("instantiate", "{}").error.value_or(""), "");
  for (const char* msg :
       {R"({"enqueue":{"value":25}})", R"({"enqueue":{"value":17}})",
        R"({"enqueue":{"value":3}})"}) {
    EXPECT_EQ(queue.Call("execute", msg).error.value_or(""), "");
  }
  EXPECT_EQ(queue.Query(R"({"count":{}})"), R"({"count":3})");
  EXPECT_EQ(queue.Query(R"({"sum":{}})"), R"({"sum":45})");
  const CallReport report = queue.Call("execute", R"({"dequeue":{}})");
  EXPECT_EQ(json::Write(report.data), "\"eyJ2YWx1ZSI6MjV9\"");
  EXPECT_EQ(queue.Query(R"({"count":{}})"), R"({"count":2})");
  EXPECT_EQ(queue.Query(R"({"list":{}})"),
            R"({"empty":[],"early":[1,2],"late":[]})");
}

}  // namespace
}  // namespace ingot::cosmwasm
