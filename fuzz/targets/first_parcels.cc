// Writes parcels of what the compiler makes of small generated modules: the
// first seeds of the targets whose input is a parcel.
//
//   first_parcels FOLDER BYTES COUNT [--bodies]
//
// In: the most bytes that a parcel may have, how many to look for. --bodies:
// the parcel holds the whole module, as the target `verifier` takes it.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "fuzz/generator/generator.h"
#include "fuzz/targets/parcel.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {
namespace {

constexpr uint64_t kMostModules = 100'000;

int Main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "first_parcels FOLDER BYTES COUNT [--bodies]\n");
    return 2;
  }
  const std::string folder = argv[1];
  const size_t most_bytes = std::strtoul(argv[2], nullptr, 10);
  const uint32_t count =
      static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
  const bool bodies = argc > 4 && std::string_view(argv[4]) == "--bodies";
  uint32_t written = 0;
  for (uint64_t seed = 1; seed <= kMostModules && written < count; ++seed) {
    const std::vector<uint8_t> module = Generate(seed, {.tail_calls = true}).bytes;
    if (module.size() > most_bytes) continue;
    const auto result =
        sandbox::CompileNatively(module, ParcelProfile(), Digest{});
    if (!result.ok() || !result->verdict.ok()) return 1;
    const std::vector<uint8_t> parcel = BytesOf(ParcelOfArtifact(
        result->artifact,
        bodies ? std::span<const uint8_t>(module) : std::span<const uint8_t>()));
    if (parcel.size() > most_bytes) continue;
    ++written;
    std::ofstream(folder + "/" + std::to_string(seed), std::ios::binary)
        .write(reinterpret_cast<const char*>(parcel.data()),
               static_cast<std::streamsize>(parcel.size()));
  }
  return written == count ? 0 : 1;
}

}  // namespace
}  // namespace ingot::fuzz

int main(int argc, char** argv) { return ingot::fuzz::Main(argc, argv); }
