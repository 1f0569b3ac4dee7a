// Planted: freestanding code that reaches for the operating system and the
// heap, which symbol_rules_test must see.

#include <cstdlib>

namespace ingot::planted {

int* ReadEnvironment() { return new int(std::getenv("HOME") != nullptr); }

}  // namespace ingot::planted
