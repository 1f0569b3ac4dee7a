// libFuzzer's entry points for targets whose input is a parcel. Most mutants
// are those of fuzz/verifier: one fact of code or tables changed; others change
// bytes of one part, and a few are what the compiler makes of another module.

#include <algorithm>
#include <cstring>

#include "compiler/wasm/module.h"
#include "fuzz/differential/random.h"
#include "fuzz/targets/module_mutator.h"
#include "fuzz/targets/parcel.h"
#include "fuzz/targets/target.h"
#include "fuzz/verifier/mutator.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {
namespace {

constexpr uint32_t kCompilerPages = 256;
// The mutator reads and writes words of the code.
constexpr size_t kLeastCode = 16;

bool HasOnlyFunctionsInCode(const Parcel& parcel) {
  if (parcel.code.size() < kLeastCode || parcel.functions.empty()) return false;
  return std::all_of(
      parcel.functions.begin(), parcel.functions.end(),
      [&](const abi::FunctionEntry& entry) {
        return entry.code_offset < parcel.code.size() &&
               entry.code_bytes <= parcel.code.size() - entry.code_offset;
      });
}

void MutateFact(Random& random, Parcel* parcel) {
  if (!HasOnlyFunctionsInCode(*parcel)) return;
  Specimen specimen;
  specimen.code = std::move(parcel->code);
  specimen.rodata = std::move(parcel->rodata);
  specimen.functions = std::move(parcel->functions);
  specimen.traps = std::move(parcel->traps);
  specimen.certificates = std::move(parcel->certificates);
  const auto kind = static_cast<Mutation>(
      random.Below(static_cast<uint32_t>(Mutation::kCount)));
  Mutate(kind, random.Next(), &specimen);
  parcel->code = std::move(specimen.code);
  parcel->rodata = std::move(specimen.rodata);
  parcel->functions = std::move(specimen.functions);
  parcel->traps = std::move(specimen.traps);
  parcel->certificates = std::move(specimen.certificates);
}

template <typename T>
void MutatePart(size_t room, std::vector<T>* part) {
  const size_t size = part->size() * sizeof(T);
  std::vector<uint8_t> bytes(size + room + 1);
  if (size != 0) std::memcpy(bytes.data(), part->data(), size);
  const size_t changed = MutateBytes(bytes.data(), size, bytes.size());
  part->resize(changed / sizeof(T));
  if (!part->empty()) {
    std::memcpy(part->data(), bytes.data(), part->size() * sizeof(T));
  }
}

void MutateSomePart(Random& random, size_t room, Parcel* parcel) {
  switch (random.Below(10)) {
    case 0: MutatePart(room, &parcel->module); return;
    case 1: MutatePart(room, &parcel->rodata); return;
    case 2: MutatePart(room, &parcel->functions); return;
    case 3: MutatePart(room, &parcel->traps); return;
    case 4: case 5: MutatePart(room, &parcel->certificates); return;
    case 6: MutatePart(room, &parcel->rest); return;
    default: MutatePart(room, &parcel->code); return;
  }
}

// What the compiler makes of a mutant of the parcel's module, where that is a
// whole module; the parcel itself where the mutant is not valid.
Parcel CompiledMutant(Random& random, size_t max_size, const Parcel& parcel) {
  const std::vector<uint8_t> module =
      ModuleMutator(parcel.module, random.Next()).Mutate(max_size);
  sandbox::NativeOptions options;
  options.memory_pages = kCompilerPages;
  const auto result =
      sandbox::CompileNatively(module, ParcelProfile(), Digest{}, options);
  if (!result.ok() || !result->verdict.ok()) return parcel;
  return ParcelOfArtifact(result->artifact, module);
}

size_t MutateParcel(uint8_t* data, size_t size, size_t max_size,
                    uint32_t seed) {
  Random random(seed);
  const uint32_t kind = random.Below(1000);
  if (kind < 60) return MutateBytes(data, size, max_size);
  Parcel parcel = ParcelOf({data, size});
  const size_t room = max_size > size ? max_size - size : 0;
  if (kind < 62) {
    parcel = CompiledMutant(random, max_size / 8, parcel);
  } else if (kind < 350) {
    MutateSomePart(random, room, &parcel);
  } else {
    const uint32_t facts = random.Chance(80) ? 1 : 2 + random.Below(3);
    for (uint32_t i = 0; i < facts; ++i) MutateFact(random, &parcel);
  }
  const std::vector<uint8_t> bytes = BytesOf(parcel);
  const size_t stored = std::min(bytes.size(), max_size);
  std::memcpy(data, bytes.data(), stored);
  return stored;
}

}  // namespace
}  // namespace ingot::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  return ingot::fuzz::MutateParcel(data, size, max_size, seed);
}
