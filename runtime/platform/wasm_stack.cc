// Regions of wasm stacks. A region is [guard | margin | frames | guard]; the
// pool keeps the last few regions of any size so that a node that runs one
// transaction after another maps its stack once.

#include "runtime/platform/wasm_stack.h"

#include <array>
#include <mutex>

#include "runtime/platform/platform.h"

namespace ingot::runtime {
namespace {

constexpr uint64_t kGuardBytes = 64 * 1024;

struct Region {
  uint8_t* address = nullptr;
  uint64_t bytes = 0;
};

// Regions that no transaction uses. Never destroyed: a stack may go back
// while the process ends.
struct Pool {
  std::mutex mutex;
  std::array<Region, 8> free;
};

Pool& ThePool() {
  static Pool* pool = new Pool;
  return *pool;
}

Region Take(uint64_t bytes) {
  Pool& pool = ThePool();
  {
    const std::lock_guard<std::mutex> lock(pool.mutex);
    for (Region& region : pool.free) {
      if (region.address == nullptr || region.bytes != bytes) continue;
      const Region taken = region;
      region = Region{};
      return taken;
    }
  }
  Region region{platform::Reserve(bytes), bytes};
  if (region.address != nullptr &&
      !platform::Commit(region.address + kGuardBytes,
                        bytes - 2 * kGuardBytes)) {
    platform::Release(region.address, bytes);
    region.address = nullptr;
  }
  return region;
}

void GiveBack(Region region) {
  Pool& pool = ThePool();
  {
    const std::lock_guard<std::mutex> lock(pool.mutex);
    for (Region& slot : pool.free) {
      if (slot.address != nullptr) continue;
      slot = region;
      return;
    }
  }
  platform::Release(region.address, region.bytes);
}

}  // namespace

std::unique_ptr<WasmStack> WasmStack::Create(uint64_t units) {
  if (units > kMaxUnits) return nullptr;
  const uint64_t frames = platform::RoundToPages(units);
  const uint64_t bytes = frames + kMarginBytes + 2 * kGuardBytes;
  const Region region = Take(bytes);
  if (region.address == nullptr) return nullptr;
  return std::unique_ptr<WasmStack>(
      new WasmStack(region.address, bytes, units));
}

WasmStack::WasmStack(uint8_t* region, uint64_t bytes, uint64_t units)
    : region_(region),
      bytes_(bytes),
      top_(reinterpret_cast<uint64_t>(region) + bytes - kGuardBytes),
      units_(units) {}

WasmStack::~WasmStack() { GiveBack(Region{region_, bytes_}); }

}  // namespace ingot::runtime
