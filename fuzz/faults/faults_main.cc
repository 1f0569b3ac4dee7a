// The fault campaign: `faults_campaign [--hits N] [--seed N] [--fault NAME]
// [--phase NAME]`, in the folder that holds fuzz/faults/. Out: a table of hits,
// one of what came of them, and what was found; exit code 1 if anything was.

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fuzz/faults/campaign.h"
#include "fuzz/faults/pairs.h"
#include "fuzz/faults/service_process.h"

namespace {

using namespace ingot::faults;

struct Choice {
  uint64_t hits = 100;
  uint64_t seed = 1;
  std::string fault;
  std::string phase;
};

double Quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double last = static_cast<double>(values.size() - 1);
  return values[static_cast<size_t>(last * part + 0.5)];
}

using Reports = std::map<std::pair<FaultKind, Phase>, PairReport>;

void PrintHits(const Reports& reports) {
  std::printf("\nhits\n%-15s", "fault");
  for (int phase = 1; phase < kPhases; ++phase) {
    std::printf("%8s", std::string(PhaseName(Phase(phase))).c_str());
  }
  for (const Pair& pair : AllPairs()) {
    if (pair.phase == Phase::kPlan) {
      std::printf("\n%-15s", std::string(FaultName(pair.fault)).c_str());
    }
    std::string cell(ReasonLetter(pair.way));
    const auto found = reports.find({pair.fault, pair.phase});
    if (found != reports.end()) cell = absl::StrCat(found->second.hits);
    std::printf("%8s", cell.empty() ? "-" : cell.c_str());
  }
  std::printf("\n");
  for (const Way way : AllReasons()) {
    std::printf("  %s: %s\n", std::string(ReasonLetter(way)).c_str(),
                std::string(ReasonText(way)).c_str());
  }
}

// By fault; "all" at the end. Out: whether all is well.
bool PrintOutcomes(const Reports& reports, uint64_t hits_wanted) {
  std::map<FaultKind, PairReport> by_fault;
  PairReport all;
  bool complete = true;
  const auto add = [](PairReport& sum, const PairReport& one) {
    sum.hits += one.hits;
    sum.answers += one.answers;
    sum.artifacts += one.artifacts;
    sum.faults += one.faults;
    sum.deaths += one.deaths;
    sum.wrong_verdicts += one.wrong_verdicts;
    sum.wrong_artifacts += one.wrong_artifacts;
    sum.leaks += one.leaks;
    sum.late += one.late;
    sum.seconds.insert(sum.seconds.end(), one.seconds.begin(),
                       one.seconds.end());
  };
  for (const auto& [key, report] : reports) {
    add(by_fault[key.first], report);
    add(all, report);
    complete &= report.hits >= hits_wanted && report.findings.empty();
  }
  std::printf("\n%-15s%8s%9s%10s%8s%8s%8s%10s%7s%7s%8s%8s%8s\n", "fault",
              "hits", "answers", "artifacts", "faults", "deaths", "wrong",
              "corrupt", "leaks", "late", "p50 s", "p99 s", "max s");
  const auto print = [](const std::string& name, const PairReport& sum) {
    std::printf(
        "%-15s%8zu%9zu%10zu%8zu%8zu%8zu%10zu%7zu%7zu%8.3f%8.3f%8.3f\n",
        name.c_str(), size_t{sum.hits}, size_t{sum.answers},
        size_t{sum.artifacts}, size_t{sum.faults}, size_t{sum.deaths},
        size_t{sum.wrong_verdicts}, size_t{sum.wrong_artifacts},
        size_t{sum.leaks}, size_t{sum.late}, Quantile(sum.seconds, 0.5),
        Quantile(sum.seconds, 0.99), Quantile(sum.seconds, 1));
  };
  for (const auto& [fault, sum] : by_fault) {
    print(std::string(FaultName(fault)), sum);
  }
  print("all", all);
  const double in_time =
      all.hits == 0 ? 0
                    : 100.0 * static_cast<double>(all.hits - all.late) /
                          static_cast<double>(all.hits);
  std::printf("right answers within 5 s: %.3f %%\n", in_time);
  for (const auto& [key, report] : reports) {
    for (const std::string& finding : report.findings) {
      std::printf("FOUND %s, %s: %s\n",
                  std::string(FaultName(key.first)).c_str(),
                  std::string(PhaseName(key.second)).c_str(),
                  finding.c_str());
    }
  }
  return complete && in_time >= 99.9;
}

double Load() {
  double load[1] = {0};
  return getloadavg(load, 1) == 1 ? load[0] : -1;
}

int Run(const Choice& choice, const std::string& folder) {
  CampaignOptions options;
  options.folder = folder;
  options.service = "fuzz/faults/faulty_service";
  options.worker =
      std::filesystem::absolute("fuzz/faults/faulty_worker").string();
  options.hits = choice.hits;
  options.seed = choice.seed;
  std::printf("hits for each pair: %zu, seed %zu, load %.1f\n",
              size_t{choice.hits}, size_t{choice.seed}, Load());
  Campaign campaign(options);
  Reports reports;
  for (const Pair& pair : AllPairs()) {
    if (!ReasonLetter(pair.way).empty()) continue;
    if (!choice.fault.empty() && choice.fault != FaultName(pair.fault)) {
      continue;
    }
    if (!choice.phase.empty() && choice.phase != PhaseName(pair.phase)) {
      continue;
    }
    const PairReport report = campaign.Run(pair);
    std::fprintf(stderr, "%s, %s: %zu hits in %zu tries, %zu findings\n",
                 std::string(FaultName(pair.fault)).c_str(),
                 std::string(PhaseName(pair.phase)).c_str(),
                 size_t{report.hits}, size_t{report.tries},
                 report.findings.size());
    reports[{pair.fault, pair.phase}] = report;
  }
  PrintHits(reports);
  const bool well = PrintOutcomes(reports, choice.hits);
  std::printf("load at the end: %.1f\n", Load());
  return well ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Choice choice;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--hits" && !value.empty()) {
      choice.hits = std::strtoull(value.c_str(), nullptr, 10);
    } else if (name == "--seed" && !value.empty()) {
      choice.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (name == "--fault") {
      choice.fault = value;
    } else if (name == "--phase") {
      choice.phase = value;
    } else {
      std::fprintf(stderr,
                   "usage: faults_campaign [--hits N] [--seed N] "
                   "[--fault NAME] [--phase NAME]\n");
      return 2;
    }
  }
  AdoptOrphans();
  std::string folder =
      (std::filesystem::temp_directory_path() / "ingot-faults-XXXXXX")
          .string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror("faults_campaign");
    return 3;
  }
  const int code = Run(choice, folder);
  if (code == 0) {
    std::filesystem::remove_all(folder);
  } else {
    std::printf("what was found is in %s\n", folder.c_str());
  }
  return code;
}
