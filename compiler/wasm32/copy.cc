// memcpy, memmove and memset inside compiler.wasm. In: what the C standard says
// (ISO C, 7.26.2, 7.26.6). Out: the same. Holds: at most kSmallBytes are moved
// by loads and stores; more are left to memory.copy and memory.fill, which are
// priced per byte and run at the host's speed, but end wasm code for a moment
// and have a price of their own. Most copies of a compiler are small: records,
// and structures that are cleared for each function.

#include <cstddef>
#include <cstdint>

// The loops below are not to be recognised as what they implement.
#define INGOT_NO_IDIOMS __attribute__((no_builtin))
#define INGOT_BULK __attribute__((noinline, target("bulk-memory")))

namespace {

constexpr size_t kSmallBytes = 192;

// Places of any alignment, which wasm allows (core specification, 4.4.7).
struct __attribute__((packed, may_alias)) Word {
  uint64_t bits;
};

uint64_t Get(const uint8_t* at) {
  return reinterpret_cast<const Word*>(at)->bits;
}
void Put(uint8_t* at, uint64_t bits) {
  reinterpret_cast<Word*>(at)->bits = bits;
}

INGOT_BULK void MoveMany(void* to, const void* from, size_t bytes) {
  __builtin_memmove(to, from, bytes);
}

INGOT_BULK void FillMany(void* to, int value, size_t bytes) {
  __builtin_memset(to, value, bytes);
}

// The last eight bytes are read before anything is written: they may overlap
// with the word before them.
INGOT_NO_IDIOMS void MoveForwards(uint8_t* to, const uint8_t* from,
                                  size_t bytes) {
  if (bytes < 8) {
    for (size_t i = 0; i < bytes; ++i) to[i] = from[i];
    return;
  }
  const uint64_t last = Get(from + bytes - 8);
  for (size_t i = 0; i + 8 < bytes; i += 8) Put(to + i, Get(from + i));
  Put(to + bytes - 8, last);
}

INGOT_NO_IDIOMS void MoveBackwards(uint8_t* to, const uint8_t* from,
                                   size_t bytes) {
  size_t i = bytes;
  for (; i >= 8; i -= 8) Put(to + i - 8, Get(from + i - 8));
  for (; i > 0; --i) to[i - 1] = from[i - 1];
}

}  // namespace

extern "C" {

INGOT_NO_IDIOMS void* memmove(void* to, const void* from, size_t bytes) {
  if (bytes > kSmallBytes) {
    MoveMany(to, from, bytes);
  } else if (to <= from) {
    MoveForwards(static_cast<uint8_t*>(to), static_cast<const uint8_t*>(from),
                 bytes);
  } else {
    MoveBackwards(static_cast<uint8_t*>(to), static_cast<const uint8_t*>(from),
                  bytes);
  }
  return to;
}

INGOT_NO_IDIOMS void* memcpy(void* to, const void* from, size_t bytes) {
  if (bytes > kSmallBytes) {
    MoveMany(to, from, bytes);
  } else {
    MoveForwards(static_cast<uint8_t*>(to), static_cast<const uint8_t*>(from),
                 bytes);
  }
  return to;
}

INGOT_NO_IDIOMS void* memset(void* to, int value, size_t bytes) {
  if (bytes > kSmallBytes) {
    FillMany(to, value, bytes);
    return to;
  }
  uint8_t* at = static_cast<uint8_t*>(to);
  const uint64_t word =
      static_cast<uint8_t>(value) * uint64_t{0x0101010101010101};
  if (bytes < 8) {
    for (size_t i = 0; i < bytes; ++i) at[i] = static_cast<uint8_t>(value);
    return to;
  }
  for (size_t i = 0; i + 8 < bytes; i += 8) Put(at + i, word);
  Put(at + bytes - 8, word);
  return to;
}

}  // extern "C"
