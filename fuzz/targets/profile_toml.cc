// Text as a profile's readable form. What must hold: a profile that is read has
// canonical bytes that decode, and its own TOML gives the same bytes.

#include <string_view>

#include "chain_integration/profile/profile_toml.h"
#include "fuzz/targets/target.h"

namespace ingot::fuzz {

Verdict OneInput(std::span<const uint8_t> input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()),
                              input.size());
  const auto profile = profiles::ProfileFromToml(text, "input");
  if (!profile.ok()) return Verdict::kKeep;
  Count("valid");
  const std::vector<uint8_t> bytes = profiles::CanonicalBytes(*profile);
  Profile decoded;
  if (!Decode(bytes, &decoded).ok()) Fail("no canonical bytes");
  const auto again =
      profiles::ProfileFromToml(profiles::ProfileToToml(*profile), "again");
  if (!again.ok()) Fail(again.status().ToString());
  if (profiles::CanonicalBytes(*again) != bytes) Fail("another profile");
  return Verdict::kKeep;
}

}  // namespace ingot::fuzz
