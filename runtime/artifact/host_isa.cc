// The levels x86-64-v2 and v3 of the System V psABI as rows of CPUID bits.

#include "runtime/artifact/host_isa.h"

#include <cpuid.h>

#include <cstdint>

namespace ingot::runtime {
namespace {

enum class Register : uint8_t { kEbx, kEcx, kEdx };

struct Feature {
  uint32_t level;  // of the psABI
  std::string_view name;
  uint32_t leaf;
  Register where;
  uint32_t bit;
};

constexpr Feature kFeatures[] = {
    {2, "sse3", 1, Register::kEcx, 0},
    {2, "ssse3", 1, Register::kEcx, 9},
    {2, "cx16", 1, Register::kEcx, 13},
    {2, "sse4.1", 1, Register::kEcx, 19},
    {2, "sse4.2", 1, Register::kEcx, 20},
    {2, "popcnt", 1, Register::kEcx, 23},
    {2, "lahf", 0x80000001, Register::kEcx, 0},
    {3, "fma", 1, Register::kEcx, 12},
    {3, "movbe", 1, Register::kEcx, 22},
    {3, "osxsave", 1, Register::kEcx, 27},
    {3, "avx", 1, Register::kEcx, 28},
    {3, "f16c", 1, Register::kEcx, 29},
    {3, "bmi1", 7, Register::kEbx, 3},
    {3, "avx2", 7, Register::kEbx, 5},
    {3, "bmi2", 7, Register::kEbx, 8},
    {3, "lzcnt", 0x80000001, Register::kEcx, 5},
};

// The operating system keeps the upper halves of the vector registers.
bool SystemSavesAvx() {
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & 6) == 6;
}

std::string_view FindMissing(Isa isa) {
  const uint32_t level = static_cast<uint32_t>(isa);
  for (const Feature& feature : kFeatures) {
    if (feature.level > level) continue;
    uint32_t eax = 0;
    uint32_t ebx = 0;
    uint32_t ecx = 0;
    uint32_t edx = 0;
    __get_cpuid_count(feature.leaf, 0, &eax, &ebx, &ecx, &edx);
    const uint32_t bits = feature.where == Register::kEbx   ? ebx
                          : feature.where == Register::kEcx ? ecx
                                                            : edx;
    if (((bits >> feature.bit) & 1) == 0) return feature.name;
  }
  if (level >= 3 && !SystemSavesAvx()) return "avx state";
  return {};
}

}  // namespace

// Asked once: under a hypervisor CPUID leaves the guest, which takes longer
// than reading a small artifact.
std::string_view MissingFeature(Isa isa) {
  static const std::string_view missing_in_v2 = FindMissing(Isa::kX8664V2);
  static const std::string_view missing_in_v3 = FindMissing(Isa::kX8664V3);
  return isa == Isa::kX8664V3 ? missing_in_v3 : missing_in_v2;
}

}  // namespace ingot::runtime
