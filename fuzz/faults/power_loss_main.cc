// The power-loss campaign: `power_loss [--restarts N] [--kills N] [--seed N]`.
// Out: one line for each part, then what was found; exit code 1 if anything
// was.

#include <stdlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "fuzz/faults/power_loss.h"
#include "fuzz/faults/process_death.h"

namespace {

void Print(const char* name, const ingot::faults::CrashReport& report) {
  std::printf("%-14s %8llu %8llu %8llu %10llu %10llu %10zu\n", name,
              static_cast<unsigned long long>(report.restarts),
              static_cast<unsigned long long>(report.power_losses),
              static_cast<unsigned long long>(report.process_deaths),
              static_cast<unsigned long long>(report.calls),
              static_cast<unsigned long long>(report.promises),
              report.violations.size());
  for (const std::string& line : report.violations) {
    std::printf("  %s\n", line.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  using ingot::faults::CrashReport;
  if (argc == 4 && std::string(argv[1]) == "work") {
    return ingot::faults::WorkUntilKilled(argv[2],
                                          std::strtoull(argv[3], nullptr, 10));
  }
  ingot::faults::PowerLossOptions loss;
  ingot::faults::ProcessDeathOptions death;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--restarts") {
      loss.restarts = value;
    } else if (name == "--kills") {
      death.kills = value;
    } else if (name == "--seed") {
      loss.seed = death.seed = value;
    } else {
      std::fprintf(stderr, "power_loss: what is %s?\n", argv[i]);
      return 2;
    }
  }
  std::string folder =
      (std::filesystem::temp_directory_path() / "ingot-power-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror("power_loss");
    return 3;
  }
  loss.folder = death.folder = folder;
  death.program = "/proc/self/exe";
  std::printf("%-14s %8s %8s %8s %10s %10s %10s\n", "store", "restarts",
              "power", "killed", "calls", "promises", "violations");
  const CrashReport model = LosePowerOften(loss);
  Print("modelled disk", model);
  const CrashReport real = KillOften(death);
  Print("this machine", real);
  std::filesystem::remove_all(folder);
  return model.violations.empty() && real.violations.empty() ? 0 : 1;
}
