// The smallest program that hashes through runtime/digest.h; symbol_rules_test
// looks at where its SHA256 comes from.

#include <cstdio>

#include "runtime/digest.h"

int main() { std::puts(ingot::Sha256({}).Hex().c_str()); }
