// A sample for wasm32_module: enough of the standard library and of asmjit to
// see that both build for wasm32 without imports. In: a number. Out: a number
// that wasm32_test.py knows.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "asmjit/x86.h"

namespace {

uint32_t Checksum(std::span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (uint8_t byte : bytes) sum = sum * 31 + byte;
  return sum;
}

}  // namespace

extern "C" {

// Sorts the decimal digits of `number`, greatest first.
__attribute__((export_name("sort_digits"))) uint32_t SortDigits(
    uint32_t number) {
  std::vector<char> digits(16);
  const std::to_chars_result written =
      std::to_chars(digits.data(), digits.data() + digits.size(), number);
  digits.resize(written.ptr - digits.data());
  std::map<char, uint32_t> counts;
  for (char digit : digits) ++counts[digit];
  std::string sorted;
  for (const auto& [digit, count] : counts) sorted.append(count, digit);
  std::reverse(sorted.begin(), sorted.end());
  std::variant<std::monostate, uint32_t> result;
  uint32_t value = 0;
  std::from_chars(sorted.data(), sorted.data() + sorted.size(), value);
  result = value;
  return std::get<1>(result);
}

// Encodes `lea rax, [rdi + rsi * 4 + displacement]` and sums its bytes.
__attribute__((export_name("encode_lea"))) uint32_t EncodeLea(
    int32_t displacement) {
  using namespace asmjit;  // NOLINT: registers read better bare.
  CodeHolder code;
  const Environment environment(Arch::kX64, SubArch::kUnknown,
                                Vendor::kUnknown, Platform::kLinux);
  if (code.init(environment) != kErrorOk) return 0;
  x86::Assembler assembler(&code);
  if (assembler.lea(x86::rax, x86::ptr(x86::rdi, x86::rsi, 2, displacement)) !=
      kErrorOk) {
    return 0;
  }
  const CodeBuffer& buffer = code.textSection()->buffer();
  return Checksum({buffer.data(), buffer.size()});
}

}  // extern "C"
