// Checks are made in 64 bits, so that no sum of two guest numbers wraps.

#include "chain_integration/cosmwasm/region.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace ingot::cosmwasm {
namespace {

uint32_t LoadLittle32(const uint8_t* p) {
  return p[0] | (uint32_t{p[1]} << 8) | (uint32_t{p[2]} << 16) |
         (uint32_t{p[3]} << 24);
}

void StoreLittle32(uint8_t* p, uint32_t value) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<uint8_t>(value >> (8 * i));
}

bool Contains(uint64_t size, uint64_t offset, uint64_t length) {
  return length <= size && offset <= size - length;
}

RegionStatus Fail(HostError error, std::string message) {
  return {.error = error, .message = std::move(message)};
}

}  // namespace

RegionStatus LoadRegion(std::span<const uint8_t> memory, uint32_t pointer,
                        Region* region) {
  if (!Contains(memory.size(), pointer, kRegionBytes)) {
    return Fail(HostError::kRegionPointer,
                absl::StrCat("region pointer ", pointer,
                             " lies outside the memory of ", memory.size(),
                             " bytes"));
  }
  const uint8_t* p = memory.data() + pointer;
  *region = {.offset = LoadLittle32(p),
             .capacity = LoadLittle32(p + 4),
             .length = LoadLittle32(p + 8)};
  if (region->offset == 0) {
    return Fail(HostError::kRegionZeroOffset,
                HostErrorMessage(HostError::kRegionZeroOffset));
  }
  if (region->length > region->capacity) {
    return Fail(HostError::kRegionLength,
                absl::StrCat("region length ", region->length,
                             " exceeds its capacity ", region->capacity));
  }
  if (region->capacity > 0xFFFFFFFFu - region->offset) {
    return Fail(HostError::kRegionWraps,
                absl::StrCat("region at ", region->offset, " with capacity ",
                             region->capacity, " wraps around"));
  }
  return {};
}

RegionStatus ViewRegion(std::span<const uint8_t> memory, const Region& region,
                        uint64_t max_length, std::string_view* bytes) {
  if (region.length > max_length) {
    return Fail(HostError::kRegionTooLong,
                absl::StrCat("region length ", region.length,
                             " exceeds the limit ", max_length));
  }
  if (!Contains(memory.size(), region.offset, region.length)) {
    return Fail(HostError::kRegionOutOfBounds,
                absl::StrCat("region at ", region.offset, " with length ",
                             region.length, " lies outside the memory of ",
                             memory.size(), " bytes"));
  }
  *bytes = std::string_view(
      reinterpret_cast<const char*>(memory.data()) + region.offset,
      region.length);
  return {};
}

RegionStatus FillRegion(std::span<uint8_t> memory, uint32_t pointer,
                        const Region& region, std::string_view bytes) {
  if (bytes.size() > region.capacity) {
    return Fail(HostError::kRegionTooSmall,
                absl::StrCat("region capacity ", region.capacity,
                             " is too small for ", bytes.size(), " bytes"));
  }
  if (!Contains(memory.size(), region.offset, bytes.size())) {
    return Fail(HostError::kRegionOutOfBounds,
                absl::StrCat("region at ", region.offset, " cannot take ",
                             bytes.size(), " bytes in the memory of ",
                             memory.size(), " bytes"));
  }
  if (!bytes.empty()) {
    std::memcpy(memory.data() + region.offset, bytes.data(), bytes.size());
  }
  // The pointer was checked when the region was loaded, and memory never
  // shrinks. The bytes may have overwritten the region itself; its length is
  // set after them, which is what a contract sees either way.
  StoreLittle32(memory.data() + pointer + 8,
                static_cast<uint32_t>(bytes.size()));
  return {};
}

std::string EncodeSections(std::span<const std::string_view> sections) {
  std::string out;
  for (const std::string_view section : sections) {
    out.append(section);
    for (int shift = 24; shift >= 0; shift -= 8) {
      out.push_back(static_cast<char>((section.size() >> shift) & 0xFF));
    }
  }
  return out;
}

std::optional<std::vector<std::string_view>> DecodeSections(
    std::string_view bytes, uint64_t max_sections) {
  std::vector<std::string_view> sections;
  while (!bytes.empty()) {
    if (bytes.size() < 4 || sections.size() >= max_sections) {
      return std::nullopt;
    }
    uint32_t length = 0;
    for (const char c : bytes.substr(bytes.size() - 4)) {
      length = (length << 8) | static_cast<uint8_t>(c);
    }
    bytes.remove_suffix(4);
    if (length > bytes.size()) return std::nullopt;
    sections.push_back(bytes.substr(bytes.size() - length));
    bytes.remove_suffix(length);
  }
  std::reverse(sections.begin(), sections.end());
  return sections;
}

}  // namespace ingot::cosmwasm
