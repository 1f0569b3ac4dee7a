// What BoringSSL's SHA-256 needs of the rest of BoringSSL (crypto.c and mem.c,
// which would bring in its random numbers and error queue): the processor's
// features, found before main, and forgetting.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

__attribute__((visibility("hidden"))) uint32_t OPENSSL_ia32cap_P[4];

void OPENSSL_cpuid_setup(void);

__attribute__((constructor)) static void Start(void) { OPENSSL_cpuid_setup(); }

__attribute__((visibility("hidden"))) void OPENSSL_cleanse(void* memory,
                                                           size_t bytes) {
  memset(memory, 0, bytes);
  __asm__ __volatile__("" : : "r"(memory) : "memory");  // keeps the memset
}
