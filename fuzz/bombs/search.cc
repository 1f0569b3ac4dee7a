// Searches for bombs that nobody thought of: a genetic search over genomes. In:
// --minutes N, --seed N, --level N, --bytes N, --out DIR. Out: for each of
// three aims the worst genomes with their figures, their modules in DIR. The
// aims are most ns per input byte, most ns per compile gas (time that is not
// paid for) and least ns per compile gas (gas that is not worth it). Holds:
// the same seed tries the same first generation; what follows depends on
// times. A module that is refused, or a fault, is reported and ends the search
// with code 1: genomes are valid modules.

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/stopwatch.h"
#include "fuzz/bombs/genome.h"
#include "sandbox/bootstrap.h"

namespace ingot::fuzz {
namespace {

constexpr uint32_t kPopulation = 32;
constexpr uint32_t kParents = 8;
constexpr uint32_t kShown = 3;

struct Options {
  double minutes = 1;
  uint64_t seed = 1;
  uint32_t bytes = 32768;
  std::string out;
  Profile profile;
};

struct Candidate {
  Genome genome;
  double bytes = 0;
  double gas = 0;
  double nanoseconds = 0;
  double NsPerByte() const { return nanoseconds / bytes; }
  double NsPerGas() const { return nanoseconds / gas; }
};

enum class Aim : uint8_t { kNsPerByte, kMostNsPerGas, kLeastNsPerGas };
constexpr std::string_view kAimNames[] = {
    "most ns per byte", "most ns per gas", "least ns per gas"};

double Fitness(Aim aim, const Candidate& candidate) {
  switch (aim) {
    case Aim::kNsPerByte:
      return candidate.NsPerByte();
    case Aim::kMostNsPerGas:
      return candidate.NsPerGas();
    case Aim::kLeastNsPerGas:
      return -candidate.NsPerGas();
  }
  return 0;
}

class Search {
 public:
  explicit Search(const Options& options) : options_(options) {}

  int Run() {
    const auto compiler = sandbox::EmbeddedCompiler(
        sandbox::EngineKind::kNative, options_.profile);
    if (!compiler.ok()) {
      std::fprintf(stderr, "search: %s\n",
                   compiler.status().ToString().c_str());
      return 3;
    }
    compiler_ = *compiler;
    for (const Aim aim :
         {Aim::kNsPerByte, Aim::kMostNsPerGas, Aim::kLeastNsPerGas}) {
      if (!Pursue(aim)) return 1;
    }
    std::printf("%u modules\n", tried_);
    return 0;
  }

 private:
  bool Pursue(Aim aim) {
    // Each aim has a third of the time.
    const double end_us = options_.minutes * 20e6;
    const bench::Stopwatch stopwatch;
    Random random(options_.seed + static_cast<uint64_t>(aim));
    std::vector<Candidate> population;
    while (population.size() < kPopulation) {
      if (!Try(RandomGenome(&random), 1, &population)) return false;
    }
    Select(aim, &population);
    while (stopwatch.Microseconds() < end_us) {
      for (uint32_t i = kParents; i < kPopulation; ++i) {
        const Genome& left = population[random.Below(kParents)].genome;
        Genome child = left;
        if (random.Chance(40)) {
          child = Cross(left, population[random.Below(kParents)].genome,
                        &random);
        }
        const uint32_t mutations = 1 + random.Below(3);
        for (uint32_t k = 0; k < mutations; ++k) {
          child = Mutate(child, &random);
        }
        if (!Try(child, 1, &population)) return false;
      }
      Select(aim, &population);
    }
    Report(aim, population);
    return true;
  }

  // Compiles it; the least time of `rounds` counts.
  bool Try(const Genome& genome, int rounds,
           std::vector<Candidate>* population) {
    const std::vector<uint8_t> module = ModuleOfSize(genome, options_.bytes);
    // Genes that write nothing: starting a compilation is all it would cost.
    if (module.size() < options_.bytes / 2) return true;
    Candidate candidate{.genome = genome};
    candidate.bytes = static_cast<double>(module.size());
    bench::Least least;
    for (int i = 0; i < rounds; ++i) {
      const bench::Stopwatch stopwatch(bench::Clock::kThread);
      const auto verdict =
          sandbox::CompileInSandbox(*compiler_, module, options_.profile);
      least.Add(stopwatch.Microseconds());
      ++tried_;
      if (!verdict.ok() ||
          verdict->kind != sandbox::VerdictKind::kAccepted) {
        std::printf("not accepted: %s (%s)\n", TextOf(genome).c_str(),
                    verdict.ok()
                        ? std::string(VerdictName(verdict->kind)).c_str()
                        : verdict.status().ToString().c_str());
        Write("refused.wasm", module);
        return false;
      }
      candidate.gas = static_cast<double>(verdict->compile_gas);
    }
    candidate.nanoseconds = least.value() * 1000;
    population->push_back(candidate);
    return true;
  }

  // Keeps the best, measured again: one slow moment of the machine must not
  // found a family.
  void Select(Aim aim, std::vector<Candidate>* population) {
    const auto better = [aim](const Candidate& a, const Candidate& b) {
      return Fitness(aim, a) > Fitness(aim, b);
    };
    std::sort(population->begin(), population->end(), better);
    if (population->size() > kParents) population->resize(kParents);
    std::vector<Candidate> again;
    for (const Candidate& candidate : *population) {
      if (!Try(candidate.genome, 3, &again)) return;
      Candidate& fresh = again.back();
      fresh.nanoseconds =
          std::min(fresh.nanoseconds, candidate.nanoseconds);
    }
    std::sort(again.begin(), again.end(), better);
    *population = std::move(again);
  }

  void Report(Aim aim, const std::vector<Candidate>& population) {
    std::printf("%s\n", std::string(kAimNames[static_cast<int>(aim)]).c_str());
    for (uint32_t i = 0; i < kShown && i < population.size(); ++i) {
      const Candidate& best = population[i];
      std::printf("  %.0f ns/byte  %.4f ns/gas  %.0f gas/byte  %s\n",
                  best.NsPerByte(), best.NsPerGas(), best.gas / best.bytes,
                  TextOf(best.genome).c_str());
      Write("aim-" + std::to_string(static_cast<int>(aim)) + "-" +
                std::to_string(i) + ".wasm",
            ModuleOfSize(best.genome, options_.bytes));
    }
    std::fflush(stdout);
  }

  void Write(const std::string& name, const std::vector<uint8_t>& module) {
    if (options_.out.empty()) return;
    std::ofstream file(options_.out + "/" + name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(module.data()),
               static_cast<std::streamsize>(module.size()));
  }

  const Options& options_;
  std::shared_ptr<const sandbox::SandboxedCompiler> compiler_;
  uint32_t tried_ = 0;
};

int Main(std::span<char* const> args) {
  Options options;
  for (size_t i = 0; i + 1 < args.size(); i += 2) {
    const std::string_view name = args[i];
    const char* value = args[i + 1];
    if (name == "--minutes") {
      options.minutes = std::strtod(value, nullptr);
    } else if (name == "--seed") {
      options.seed = std::strtoull(value, nullptr, 10);
    } else if (name == "--level") {
      options.profile.level = static_cast<uint32_t>(std::atoi(value));
    } else if (name == "--bytes") {
      options.bytes = static_cast<uint32_t>(std::atoi(value));
    } else if (name == "--out") {
      options.out = value;
    } else {
      args = args.first(1);  // an odd number: usage
      break;
    }
  }
  if (args.size() % 2 != 0) {
    std::fprintf(stderr,
                 "usage: search [--minutes N] [--seed N] [--level N] "
                 "[--bytes N] [--out DIR]\n");
    return 2;
  }
  return Search(options).Run();
}

}  // namespace
}  // namespace ingot::fuzz

int main(int argc, char** argv) {
  return ingot::fuzz::Main({argv + 1, static_cast<size_t>(argc - 1)});
}
