#ifndef CLI_SELF_TEST_H_
#define CLI_SELF_TEST_H_

#include <cstdint>
#include <span>
#include <string>

// What `ingot doctor` tries out: a small module whose artifact digest, result,
// trap and gas are known.

namespace ingot::cli {

// Exports sum(n) = 1 + … + n, through memory, and divide(a, b).
std::span<const uint8_t> SelfTestModule();

inline constexpr uint32_t kSelfTestArgument = 100;
inline constexpr uint64_t kSelfTestResult = 5050;

}  // namespace ingot::cli

#endif  // CLI_SELF_TEST_H_
