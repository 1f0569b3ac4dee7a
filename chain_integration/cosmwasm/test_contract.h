#ifndef CHAIN_INTEGRATION_COSMWASM_TEST_CONTRACT_H_
#define CHAIN_INTEGRATION_COSMWASM_TEST_CONTRACT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain_integration/cosmwasm/contract.h"
#include "compiler/base/status.h"
#include "runtime/program.h"

// A contract under test: each call is made by every engine on a state of its
// own, and the engines must agree on the whole report, gas included, and on
// the state.

namespace ingot::cosmwasm {

struct TestEngine {
  std::string name;
  std::function<absl::StatusOr<std::shared_ptr<const runtime::Program>>(
      const std::vector<uint8_t>& module)>
      load;
  StoreFactory make_store;
};

// The reference interpreter first, the fastest last.
const std::vector<TestEngine>& TestEngines();

// The file's bytes; empty if there is none.
std::vector<uint8_t> ReadTestFile(const std::string& path);
// A contract of the corpus (INGOT_CORPUS, default ../shared/corpus beside the
// repository); empty, with a line on standard error, if it is not there.
std::vector<uint8_t> ReadCorpusContract(const std::string& name);
// A file of this repository's testdata/contracts.
std::vector<uint8_t> ReadOwnContract(const std::string& name);

class TestContract {
 public:
  enum class Engines : uint8_t { kAll, kFastest };

  explicit TestContract(const std::vector<uint8_t>& module,
                        Engines engines = Engines::kAll);

  // Options of the calls that follow.
  CallRequest request;
  Querier querier;

  CallReport Call(std::string_view entry, std::string_view msg);
  CallReport CallAs(std::string_view sender, std::string_view entry,
                    std::string_view msg);
  // The answer to a query on one line, or "error: ...".
  std::string Query(std::string_view msg);

  const ContractState& state() const { return states_[0]; }

 private:
  std::vector<std::string> names_;
  std::vector<Contract> contracts_;
  std::vector<ContractState> states_;
};

// A list of the report as JSON text on one line.
std::string EventsOf(const CallReport& report);
std::string MessagesOf(const CallReport& report);

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_TEST_CONTRACT_H_
