#ifndef CHAIN_INTEGRATION_STORE_TEST_VERDICTS_H_
#define CHAIN_INTEGRATION_STORE_TEST_VERDICTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/verdict.h"

// Verdicts for the store's tests, with artifacts that the verifier accepts. In:
// a number. Out: a module and what the sandbox would say of it. Holds: the gas
// is made up, the artifact is the native build's.

namespace ingot::store {

// Different for different numbers.
std::vector<uint8_t> TestModule(uint32_t number);
sandbox::Verdict AcceptedVerdict(uint32_t number, uint64_t gas);

// A fresh folder of this test.
std::string TestFolder();

}  // namespace ingot::store

#endif  // CHAIN_INTEGRATION_STORE_TEST_VERDICTS_H_
