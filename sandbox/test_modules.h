#ifndef SANDBOX_TEST_MODULES_H_
#define SANDBOX_TEST_MODULES_H_

#include <cstdint>
#include <string>
#include <vector>

// Modules for the sandbox's tests. In: paths, sizes. Out: module bytes. Holds:
// the corpus is listed in the order of its paths, so that every run of a test
// sees the same modules in the same order.

namespace ingot::sandbox {

std::vector<uint8_t> ReadFile(const std::string& path);
// Ends the test program if it cannot.
void WriteFile(const std::string& path, const std::vector<uint8_t>& bytes);

// A module of `functions` functions (i32, i32) -> i32, each a loop over
// `operations` additions and multiplications; the first is exported as "f". A
// passive data segment makes it as large as one likes.
std::vector<uint8_t> SyntheticModule(uint32_t functions, uint32_t operations,
                                     uint32_t data_bytes = 0);

// All modules of the corpus's contracts, real and bench folders; empty when
// there is no corpus (environment variable INGOT_CORPUS).
std::vector<std::string> CorpusModules();

// The project's own contracts, built by this build.
std::vector<std::string> OwnContracts();

// What a command prints; empty if it cannot run.
std::string RunCommand(const std::string& command);

}  // namespace ingot::sandbox

#endif  // SANDBOX_TEST_MODULES_H_
