#ifndef FUZZ_DIFFERENTIAL_RANDOM_H_
#define FUZZ_DIFFERENTIAL_RANDOM_H_

#include <cstdint>

// Numbers that look random and are the same everywhere: splitmix64 (Steele,
// Lea, Flood: "Fast splittable pseudorandom number generators").

namespace ingot::fuzz {

constexpr uint64_t Mix(uint64_t state) {
  state += 0x9E3779B97F4A7C15;
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
  state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
  return state ^ (state >> 31);
}

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    const uint64_t number = Mix(state_);
    state_ += 0x9E3779B97F4A7C15;
    return number;
  }
  // Below `bound`, which is at least 1.
  uint32_t Below(uint32_t bound) {
    return static_cast<uint32_t>((Next() >> 32) * bound >> 32);
  }
  // In [low, high].
  uint64_t Between(uint64_t low, uint64_t high) {
    const uint64_t range = high - low + 1;
    return range == 0 ? Next() : low + Next() % range;
  }
  // True in `percent` of 100 cases.
  bool Chance(uint32_t percent) { return Below(100) < percent; }

 private:
  uint64_t state_;
};

}  // namespace ingot::fuzz

#endif  // FUZZ_DIFFERENTIAL_RANDOM_H_
