// Bytes as a profile's canonical form. In: those of the default profile with
// some replaced: each four bytes of the input say where and what (two bytes of
// place, one of shift, one of value). What must hold: what decodes encodes to
// the same bytes.

#include <vector>

#include "compiler/abi/profile.h"
#include "fuzz/targets/target.h"

namespace ingot::fuzz {
namespace {

void CheckDecode(std::span<const uint8_t> bytes) {
  Profile profile;
  const Status status = Decode(bytes, &profile);
  if (!status.ok()) {
    if (status.offset != kNowhere && status.offset > bytes.size()) {
      Fail("an error outside of the profile");
    }
    return;
  }
  Count("valid");
  std::vector<uint8_t> again(kProfileBytes);
  Encode(profile, again);
  if (again.size() != bytes.size() ||
      !std::equal(again.begin(), again.end(), bytes.begin())) {
    Fail("other bytes");
  }
}

}  // namespace

Verdict OneInput(std::span<const uint8_t> input) {
  CheckDecode(input);
  std::vector<uint8_t> bytes(kProfileBytes);
  Encode(Profile(), bytes);
  for (size_t i = 0; i + 4 <= input.size(); i += 4) {
    const uint32_t place = input[i] + 256u * input[i + 1];
    bytes[(place + input[i + 2]) % bytes.size()] = input[i + 3];
  }
  CheckDecode(bytes);
  return Verdict::kKeep;
}

}  // namespace ingot::fuzz
