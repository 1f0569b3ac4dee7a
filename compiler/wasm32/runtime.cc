// What libc++ and asmjit need from below, inside compiler.wasm. In: nothing.
// Out: malloc and operator new over a small fixed heap, and the functions that
// end a program (each is a wasm trap, which the sandbox reports as
// compiler_defect). Holds: linear memory grows through the arena alone
// (compiler/base/arena.h), so the profile's page count bounds it; the heap is
// empty again whenever an entry point returns; nothing reaches an import.
//
// Ingot's own code allocates from the arena. The heap is there for asmjit's
// CodeHolder, whose blocks are few, small and freed together, so a bump pointer
// that returns to the start when the last block is freed is enough.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "compiler/base/check.h"

namespace {

constexpr uint32_t kHeapBytes = 65536;
constexpr uint32_t kAlignment = 16;

struct alignas(kAlignment) BlockHeader {
  uint32_t bytes;
};
static_assert(sizeof(BlockHeader) == kAlignment);

alignas(kAlignment) uint8_t heap[kHeapBytes];
uint32_t heap_used;
uint32_t live_blocks;

// Null when the heap is full, which asmjit reports as an error of its own.
void* Allocate(uint32_t bytes) {
  if (bytes > kHeapBytes) return nullptr;
  const uint32_t taken =
      sizeof(BlockHeader) + ((bytes + kAlignment - 1) & ~(kAlignment - 1));
  if (taken > kHeapBytes - heap_used) return nullptr;
  BlockHeader* header = reinterpret_cast<BlockHeader*>(heap + heap_used);
  header->bytes = bytes;
  heap_used += taken;
  ++live_blocks;
  return header + 1;
}

void Free(void* block) {
  if (block == nullptr) return;
  INGOT_CHECK(live_blocks > 0);
  if (--live_blocks == 0) heap_used = 0;
}

void* AllocateOrTrap(uint32_t bytes) {
  void* block = Allocate(bytes);
  INGOT_CHECK(block != nullptr);
  return block;
}

}  // namespace

void* operator new(size_t bytes) { return AllocateOrTrap(bytes); }
void* operator new[](size_t bytes) { return AllocateOrTrap(bytes); }
void operator delete(void* block) noexcept { Free(block); }
void operator delete[](void* block) noexcept { Free(block); }
void operator delete(void* block, size_t) noexcept { Free(block); }
void operator delete[](void* block, size_t) noexcept { Free(block); }

extern "C" {

void* malloc(size_t bytes) { return Allocate(bytes); }

void free(void* block) { Free(block); }

void* calloc(size_t count, size_t bytes) {
  const uint64_t total = uint64_t{count} * bytes;
  if (total > kHeapBytes) return nullptr;
  void* block = Allocate(static_cast<uint32_t>(total));
  if (block != nullptr) std::memset(block, 0, static_cast<size_t>(total));
  return block;
}

void* realloc(void* block, size_t bytes) {
  if (block == nullptr) return Allocate(bytes);
  const uint32_t had = (static_cast<BlockHeader*>(block) - 1)->bytes;
  if (bytes <= had) return block;
  void* larger = Allocate(bytes);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, had);
  Free(block);
  return larger;
}

void abort() { __builtin_trap(); }

[[noreturn]] void abort_message(const char*, ...) { __builtin_trap(); }

[[noreturn]] void __cxa_pure_virtual() { __builtin_trap(); }

// Destructors of globals never run: an instance is dropped, not ended.
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }

}  // extern "C"

_LIBCPP_BEGIN_NAMESPACE_STD

[[noreturn]] void __libcpp_verbose_abort(const char*, ...) {
  __builtin_trap();
}

_LIBCPP_END_NAMESPACE_STD
