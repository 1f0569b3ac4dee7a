// Planted: a program that takes SHA256 from OpenSSL 3, as one linked with
// secure gRPC does, which symbol_rules_test must see.

#include <cstddef>

extern "C" unsigned char* SHA256(const unsigned char* data, size_t size,
                                 unsigned char* digest);

int main() {
  unsigned char digest[32];
  return SHA256(nullptr, 0, digest) == nullptr;
}
