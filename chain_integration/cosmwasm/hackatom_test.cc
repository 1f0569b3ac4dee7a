#include <string>

#include "chain_integration/cosmwasm/test_contract.h"
#include "gtest/gtest.h"

// hackatom 1.3 of the CosmWasm project: an escrow that its verifier releases
// to the beneficiary.

namespace ingot::cosmwasm {
namespace {

using runtime::OutcomeKind;

// bech32("cosmwasm", sha256("verifies")) and of "benefits".

TEST(Probe, Run) {
  const std::vector<uint8_t> module = ReadCorpusContract("cosmwasm-hackatom_1.3.wasm");
  if (module.empty()) GTEST_SKIP() << "the corpus is absent";
  TestContract c(module);
  std::printf("%s\n", json::WritePretty(ToJson(c.CallAs("creator","instantiate", R"({"verifier":"verifies","beneficiary":"benefits"})"))).c_str());
  std::printf("%s\n", json::WritePretty(ToJson(c.CallAs("bob","execute", R"({"release":{}})"))).c_str());
  ASSERT_TRUE(c.querier.AddBalance(std::string(kDefaultContract)+"=1000earth").ok());
  std::printf("%s\n", json::WritePretty(ToJson(c.CallAs("verifies","execute", R"({"release":{}})"))).c_str());
  std::printf("%s\n", json::WritePretty(ToJson(c.Call("query", R"({"verifier":{}})"))).c_str());
}

}  // namespace
}  // namespace ingot::cosmwasm
