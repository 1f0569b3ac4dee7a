#ifndef CHAIN_INTEGRATION_PROFILE_NEAR_NAMES_H_
#define CHAIN_INTEGRATION_PROFILE_NEAR_NAMES_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::profiles {

// The names that are likely meant by `name`: those that contain it, then those
// at a small edit distance; at most five.
std::vector<std::string> NearNames(std::string_view name,
                                   std::span<const std::string> names);

}  // namespace ingot::profiles

#endif  // CHAIN_INTEGRATION_PROFILE_NEAR_NAMES_H_
