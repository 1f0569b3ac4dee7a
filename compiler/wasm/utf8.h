#ifndef COMPILER_WASM_UTF8_H_
#define COMPILER_WASM_UTF8_H_

#include <cstdint>

// Names are UTF-8 (core specification, 5.2.4; RFC 3629).

namespace ingot::wasm {

// True when the bytes are well-formed: no overlong forms, no surrogates,
// nothing above U+10FFFF.
inline bool IsUtf8(const uint8_t* p, uint32_t size) {
  const auto is_tail = [](uint8_t byte) { return (byte & 0xC0) == 0x80; };
  uint32_t i = 0;
  while (i < size) {
    const uint8_t lead = p[i];
    const uint32_t left = size - i;
    if (lead < 0x80) {
      i += 1;
    } else if (lead >= 0xC2 && lead <= 0xDF) {
      if (left < 2 || !is_tail(p[i + 1])) return false;
      i += 2;
    } else if ((lead & 0xF0) == 0xE0) {
      if (left < 3 || !is_tail(p[i + 1]) || !is_tail(p[i + 2])) return false;
      if (lead == 0xE0 && p[i + 1] < 0xA0) return false;
      if (lead == 0xED && p[i + 1] > 0x9F) return false;
      i += 3;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      if (left < 4 || !is_tail(p[i + 1]) || !is_tail(p[i + 2]) ||
          !is_tail(p[i + 3])) {
        return false;
      }
      if (lead == 0xF0 && p[i + 1] < 0x90) return false;
      if (lead == 0xF4 && p[i + 1] > 0x8F) return false;
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_UTF8_H_
