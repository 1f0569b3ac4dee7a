#include "runtime/platform/platform.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>

#include <bit>
#include <cstring>
#include <thread>
#include <vector>

#include "runtime/platform/wasm_stack.h"

namespace ingot::runtime {
namespace {

using platform::kPageBytes;

TEST(PlatformTest, CommitsPartsOfAReservationAsZeros) {
  uint8_t* memory = platform::Reserve(4 * kPageBytes);
  ASSERT_NE(memory, nullptr);
  ASSERT_TRUE(platform::Commit(memory, 2 * kPageBytes));
  EXPECT_EQ(memory[0], 0);
  memory[2 * kPageBytes - 1] = 7;
  ASSERT_TRUE(platform::Protect(memory + kPageBytes, kPageBytes));
  ASSERT_TRUE(platform::Commit(memory + kPageBytes, kPageBytes));
  EXPECT_EQ(memory[2 * kPageBytes - 1], 7) << "Protect keeps contents";
  ASSERT_TRUE(platform::Clear(memory, 2 * kPageBytes));
  EXPECT_EQ(memory[2 * kPageBytes - 1], 0);
  platform::Release(memory, 4 * kPageBytes);
}

TEST(PlatformTest, ReserveReportsExhaustion) {
  EXPECT_EQ(platform::Reserve(uint64_t{1} << 60), nullptr);
}

TEST(PlatformTest, SealedBytesCannotBeMappedWritable) {
  std::vector<uint8_t> bytes(2 * kPageBytes, 0xC3);
  platform::SealedBytes sealed = platform::Seal(bytes);
  ASSERT_TRUE(sealed.ok());
  bytes[0] = 0;
  EXPECT_EQ(sealed.bytes[0], 0xC3);
  EXPECT_EQ(mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                 sealed.handle, 0),
            MAP_FAILED);
  platform::Unseal(sealed);
  EXPECT_FALSE(sealed.ok());
}

TEST(PlatformTest, MappedCodeRuns) {
  std::vector<uint8_t> bytes(2 * kPageBytes, 0xCC);
  const uint8_t code[] = {0xB8, 0x2A, 0, 0, 0, 0xC3};  // mov eax, 42; ret
  std::memcpy(bytes.data(), code, sizeof code);
  bytes[kPageBytes] = 9;
  platform::SealedBytes sealed = platform::Seal(bytes);
  const uint8_t* mapped =
      platform::MapCode(sealed, 0, kPageBytes, kPageBytes);
  ASSERT_NE(mapped, nullptr);
  EXPECT_EQ(std::bit_cast<int (*)()>(mapped)(), 42);
  EXPECT_EQ(mapped[kPageBytes], 9);
  platform::UnmapCode(mapped, 2 * kPageBytes);
  platform::Unseal(sealed);
}

TEST(PlatformTest, ThreadSlotIsPerThread) {
  int mine = 0;
  platform::SetThreadSlot(&mine);
  void* theirs = &mine;
  std::thread([&] { theirs = platform::ThreadSlot(); }).join();
  EXPECT_EQ(theirs, nullptr);
  EXPECT_EQ(platform::ThreadSlot(), &mine);
  platform::SetThreadSlot(nullptr);
}

TEST(PlatformTest, StackBoundsHoldALocal) {
  const platform::StackBounds bounds = platform::ThreadStack();
  const uint64_t here = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  EXPECT_LE(bounds.lowest, here);
  EXPECT_GT(bounds.highest, here);
}

std::string g_logged;

TEST(PlatformTest, LogGoesToTheSink) {
  platform::SetLogSink([](platform::LogLevel level, std::string_view text) {
    g_logged = std::to_string(static_cast<int>(level)) + std::string(text);
  });
  platform::Log(platform::LogLevel::kWarning, "careful");
  platform::SetLogSink(nullptr);
  EXPECT_EQ(g_logged, "1careful");
}

// The handler skips a faulting `mov al, [rdi]` (2 bytes) at g_skip.
uint64_t g_skip = 0;
uint64_t g_fault_address = 0;

bool SkipLoad(platform::Fault& fault) {
  if (fault.pc != g_skip) return false;
  g_fault_address = fault.address;
  fault.pc += 2;
  return true;
}

TEST(PlatformTest, FaultHandlerSeesAddressAndRewritesTheContext) {
  std::vector<uint8_t> bytes(kPageBytes, 0xCC);
  // mov eax, 5; mov al, [rdi]; ret
  const uint8_t code[] = {0xB8, 5, 0, 0, 0, 0x8A, 0x07, 0xC3};
  std::memcpy(bytes.data(), code, sizeof code);
  platform::SealedBytes sealed = platform::Seal(bytes);
  const uint8_t* mapped = platform::MapCode(sealed, 0, kPageBytes, 0);
  ASSERT_NE(mapped, nullptr);
  uint8_t* forbidden = platform::Reserve(kPageBytes);
  g_skip = reinterpret_cast<uint64_t>(mapped) + 5;
  ASSERT_TRUE(platform::InstallFaultHandler(SkipLoad));
  std::thread([&] {
    ASSERT_TRUE(platform::PrepareThread());
    EXPECT_EQ(std::bit_cast<int (*)(uint8_t*)>(mapped)(forbidden + 3), 5);
  }).join();
  EXPECT_EQ(g_fault_address, reinterpret_cast<uint64_t>(forbidden) + 3);
  platform::Release(forbidden, kPageBytes);
  platform::UnmapCode(mapped, kPageBytes);
  platform::Unseal(sealed);
}

TEST(PlatformDeathTest, ForeignFaultKeepsItsDefaultEffect) {
  EXPECT_EXIT(
      {
        if (!platform::InstallFaultHandler(SkipLoad)) _exit(1);
        signal(SIGALRM, SIG_DFL);
        *reinterpret_cast<volatile int*>(16) = 1;
      },
      [](int status) {
        return WIFSIGNALED(status) ? WTERMSIG(status) == SIGSEGV
                                   : WEXITSTATUS(status) != 0;
      },
      "");
}

TEST(WasmStackTest, HoldsItsBudgetAndIsReused) {
  uint64_t top = 0;
  {
    auto stack = WasmStack::Create(100'000);
    ASSERT_NE(stack, nullptr);
    EXPECT_EQ(stack->Top() % 16, 0u);
    EXPECT_EQ(stack->Top() - stack->Limit(), 100'000u);
    top = stack->Top();
    *reinterpret_cast<uint64_t*>(stack->Limit() - 8) = 1;
    *reinterpret_cast<uint64_t*>(stack->Top() - 8) = 1;
    EXPECT_TRUE(stack->Contains(stack->Limit()));
    EXPECT_FALSE(stack->Contains(stack->Top()));
  }
  auto again = WasmStack::Create(100'000);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->Top(), top);
}

TEST(WasmStackTest, RefusesABudgetThatNoStackHolds) {
  EXPECT_EQ(WasmStack::Create(WasmStack::kMaxUnits + 1), nullptr);
}

}  // namespace
}  // namespace ingot::runtime
