// What a user writes besides modules and profiles: values of each type, gas
// limits, base64, addresses, a contract's state as a file. The first byte says
// which. What must hold: what is read is written again as the same thing.

#include <string>
#include <string_view>

#include "chain_integration/cosmwasm/address.h"
#include "chain_integration/cosmwasm/base64.h"
#include "chain_integration/cosmwasm/state_file.h"
#include "cli/typed_values.h"
#include "fuzz/targets/target.h"

namespace ingot::fuzz {
namespace {

void CheckValue(std::string_view text, wasm::ValType type) {
  const auto value = cli::ParseValue(text, type);
  if (!value.ok()) return;
  Count("values");
  const auto again = cli::ParseValue(cli::ValueText(*value), type);
  if (!again.ok() || again->bits != value->bits || again->type != type) {
    Fail("another value");
  }
}

void CheckBase64(std::string_view text) {
  const auto bytes = cosmwasm::DecodeBase64(text);
  if (bytes && cosmwasm::EncodeBase64(*bytes) != text) Fail("another base64");
  if (cosmwasm::DecodeBase64(cosmwasm::EncodeBase64(text)) != text) {
    Fail("base64 loses bytes");
  }
}

void CheckAddress(std::string_view text) {
  const cosmwasm::AddressCodec codec("cosmwasm");
  const auto canonical = codec.Canonicalize(text);
  if (canonical.ok()) {
    Count("addresses");
    const auto human = codec.Humanize(*canonical);
    if (!human.ok()) Fail("an address without a human form");
    if (codec.Validate(text).ok() != (*human == text)) {
      Fail("validity of an address");
    }
  }
  const auto human = codec.Humanize(text);
  if (human.ok()) {
    const auto again = codec.Canonicalize(*human);
    if (!again.ok() || *again != text) Fail("another address");
  }
  if (const auto decoded = cosmwasm::DecodeBech32(text)) {
    const auto again = cosmwasm::DecodeBech32(
        cosmwasm::EncodeBech32(decoded->prefix, decoded->bytes));
    if (!again || again->prefix != decoded->prefix ||
        again->bytes != decoded->bytes) {
      Fail("another bech32");
    }
  }
}

void CheckState(std::string_view text) {
  const auto state = cosmwasm::ParseState(text);
  if (!state.ok()) return;
  Count("states");
  const auto again = cosmwasm::ParseState(cosmwasm::SerializeState(*state));
  if (!again.ok() || !(*again == *state)) Fail("another state");
}

}  // namespace

Verdict OneInput(std::span<const uint8_t> input) {
  if (input.empty()) return Verdict::kKeep;
  const std::string_view text(reinterpret_cast<const char*>(input.data()) + 1,
                              input.size() - 1);
  switch (input[0] % 16) {
    case 0: CheckValue(text, wasm::ValType::kI32); break;
    case 1: CheckValue(text, wasm::ValType::kI64); break;
    case 2: CheckValue(text, wasm::ValType::kF32); break;
    case 3: CheckValue(text, wasm::ValType::kF64); break;
    case 4: CheckValue(text, wasm::ValType::kExternRef); break;
    case 5: CheckValue(text, wasm::ValType::kFuncRef); break;
    case 6:
      if (cli::ParseGas(text).ok()) Count("gas_limits");
      break;
    case 7: CheckBase64(text); break;
    case 8: case 9: CheckAddress(text); break;
    default: CheckState(text); break;
  }
  return Verdict::kKeep;
}

}  // namespace ingot::fuzz
