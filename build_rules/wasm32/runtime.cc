// What the C++ standard library needs from below, for a wasm32 module without
// imports. In: nothing. Out: operator new and delete, the functions that end a
// program (each is a wasm trap), and the exported `_initialize`. Holds: no
// function of wasi-libc that would import from the host is reached.
//
// Memory comes from wasi-libc's malloc, which only grows linear memory. A
// module whose memory has another owner brings a runtime of its own.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

void* AllocateOrTrap(size_t bytes, size_t alignment) {
  void* memory = alignment <= alignof(max_align_t)
                     ? std::malloc(bytes == 0 ? 1 : bytes)
                     : aligned_alloc(alignment, (bytes + alignment - 1) &
                                                    ~(alignment - 1));
  if (memory == nullptr) __builtin_trap();
  return memory;
}

}  // namespace

void* operator new(size_t bytes) { return AllocateOrTrap(bytes, 1); }
void* operator new[](size_t bytes) { return AllocateOrTrap(bytes, 1); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return AllocateOrTrap(bytes, static_cast<size_t>(alignment));
}
void* operator new[](size_t bytes, std::align_val_t alignment) {
  return AllocateOrTrap(bytes, static_cast<size_t>(alignment));
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t, std::align_val_t) noexcept {
  std::free(memory);
}

extern "C" {

void abort() { __builtin_trap(); }

[[noreturn]] void abort_message(const char*, ...) { __builtin_trap(); }

[[noreturn]] void __cxa_pure_virtual() { __builtin_trap(); }

// Destructors of globals never run: a module is dropped, not ended.
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }

void __wasm_call_ctors();

// Calling the constructors by name keeps wasm-ld from wrapping every export in
// constructors and destructors, which would bring in stdio.
__attribute__((export_name("_initialize"))) void _initialize() {
  __wasm_call_ctors();
}

}  // extern "C"

_LIBCPP_BEGIN_NAMESPACE_STD

[[noreturn]] void __libcpp_verbose_abort(const char*, ...) {
  __builtin_trap();
}

_LIBCPP_END_NAMESPACE_STD
