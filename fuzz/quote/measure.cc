// Quotes beside what compiling really used, for fuzz/quote/fit.py. In: groups,
// each with its numbers: corpus | bombs SIZE | generated FIRST COUNT | genomes
// FIRST COUNT | opcodes, and --level N, --isa N before them. Out: a line for
// each accepted module: name, level, known gas, compile gas, lower and
// upper bound, gas of asking, then the amount of each quantity; one broken
// bound is code 1.

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz/quote/samples.h"

namespace ingot::fuzz {
namespace {

struct Run {
  Profile profile;
  uint64_t broken = 0;
  bool fault = false;

  void Visit(const std::string& name, const std::vector<uint8_t>& module) {
    const auto sample = Measure(name, module, profile);
    if (!sample.ok()) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(),
                   sample.status().ToString().c_str());
      fault = true;
      return;
    }
    if (!sample->LowerHolds() || !sample->UpperHolds()) ++broken;
    if (sample->verdict != sandbox::VerdictKind::kAccepted) return;
    const sandbox::Quote& quote = sample->quote;
    std::printf("%s\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
                "\t%" PRIu64,
                name.c_str(), profile.level, quote.known_gas,
                sample->compile_gas, quote.lower_gas, quote.upper_gas,
                quote.quote_gas);
    for (const uint64_t amount : quote.work.amount) {
      std::printf("\t%" PRIu64, amount);
    }
    std::printf("\n");
  }
};

int Main(const std::vector<std::string>& words) {
  Run run;
  const NamedModule visit = [&](const std::string& name,
                                const std::vector<uint8_t>& module) {
    run.Visit(name, module);
  };
  std::printf("name\tlevel\tknown\tcompile\tlower\tupper\tquote");
#define INGOT_QUANTITY(name, meaning) std::printf("\t" #name);
#include "compiler/quote/quantities.def"
#undef INGOT_QUANTITY
  std::printf("\n");
  size_t at = 0;
  const auto number = [&] {
    return at < words.size() ? std::strtoull(words[at++].c_str(), nullptr, 10)
                             : 0;
  };
  while (at < words.size()) {
    const std::string word = words[at++];
    if (word == "--level") {
      run.profile.level = static_cast<uint32_t>(number());
    } else if (word == "--isa") {
      run.profile.isa = static_cast<uint32_t>(number());
    } else if (word == "corpus") {
      ForEachCorpusModule(visit);
    } else if (word == "bombs") {
      ForEachBomb({static_cast<uint32_t>(number())}, visit);
    } else if (word == "generated") {
      const uint64_t first = number();
      ForEachGenerated(first, number(), visit);
    } else if (word == "genomes") {
      const uint64_t first = number();
      ForEachGenome(first, number(), visit);
    } else if (word == "opcodes") {
      ForEachSingleOpcode(visit);
    } else {
      std::fprintf(stderr, "measure: what is %s?\n", word.c_str());
      return 2;
    }
  }
  std::fprintf(stderr, "%" PRIu64 " bounds broken\n", run.broken);
  return run.fault ? 3 : run.broken != 0 ? 1 : 0;
}

}  // namespace
}  // namespace ingot::fuzz

int main(int argc, char** argv) {
  return ingot::fuzz::Main({argv + 1, argv + argc});
}
