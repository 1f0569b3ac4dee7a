#ifndef BENCH_STARTUP_TIMES_H_
#define BENCH_STARTUP_TIMES_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"

// What it costs to begin. In: a module whose imports are functions (each answers
// 0) and an export that takes nothing and does nothing. Out: named figures,
// times in microseconds unless said otherwise.

namespace ingot::bench {

struct Figure {
  std::string name;
  double value = 0;
};

// instance: a store, an instance, one call, the end of both. call: one call of
// an instance. load: from the bytes of the artifact to the end of a first call.
// threads-1, threads-2: calls a second on so many threads.
absl::StatusOr<std::vector<Figure>> TimeStartup(
    std::span<const uint8_t> module, const std::string& entry,
    const Profile& profile, bool quick);

// host: the round trip of an imported function i32 -> i32, by an export that
// takes the number of calls.
absl::StatusOr<std::vector<Figure>> TimeHostCall(
    std::span<const uint8_t> module, const std::string& entry,
    const Profile& profile, bool quick);

}  // namespace ingot::bench

#endif  // BENCH_STARTUP_TIMES_H_
