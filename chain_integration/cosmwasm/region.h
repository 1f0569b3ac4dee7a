#ifndef CHAIN_INTEGRATION_COSMWASM_REGION_H_
#define CHAIN_INTEGRATION_COSMWASM_REGION_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chain_integration/cosmwasm/host_error.h"

// How contract and host pass bytes: a pointer to a Region, which is three
// little-endian 32-bit numbers in the contract's memory. All of it is the
// contract's to choose, so nothing is touched before it was checked.

namespace ingot::cosmwasm {

inline constexpr uint32_t kRegionBytes = 12;

struct Region {
  uint32_t offset = 0;
  uint32_t capacity = 0;
  uint32_t length = 0;
};

// What was wrong; kNone if nothing.
struct RegionStatus {
  HostError error = HostError::kNone;
  std::string message;

  bool ok() const { return error == HostError::kNone; }
};

// Reads the three numbers and checks that offset is not 0, length is at most
// capacity, and the end does not wrap around.
RegionStatus LoadRegion(std::span<const uint8_t> memory, uint32_t pointer,
                        Region* region);

// The region's bytes; they must lie in memory and be at most `max_length`.
RegionStatus ViewRegion(std::span<const uint8_t> memory, const Region& region,
                        uint64_t max_length, std::string_view* bytes);

// Copies `bytes` to the region's offset and sets its length in memory. The
// capacity must suffice.
RegionStatus FillRegion(std::span<uint8_t> memory, uint32_t pointer,
                        const Region& region, std::string_view bytes);

// Several byte strings as one: each is followed by its length, big-endian.
std::string EncodeSections(std::span<const std::string_view> sections);
// nullopt if they are malformed or more than `max_sections`.
std::optional<std::vector<std::string_view>> DecodeSections(
    std::string_view bytes, uint64_t max_sections);

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_REGION_H_
