// See the header.

#include "fuzz/faults/power_loss.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fuzz/differential/random.h"
#include "fuzz/faults/disk_model.h"
#include "fuzz/faults/disk_recorder.h"
#include "fuzz/faults/store_workload.h"
#include "fuzz/faults/system_calls.h"

namespace ingot::faults {
namespace {

// A promise, and how much had happened on the disk when it was made.
struct Dated {
  size_t at = 0;
  Promise promise;
};

// Between two crashes.
struct Life {
  std::vector<DiskEvent> events;
  std::vector<Dated> promises;
  std::string wrong;
};

Life Live(const std::string& folder, const DiskImage& image,
          const KnownVerdicts& known, const Promises& kept,
          const PowerLossOptions& options, uint32_t* next_file,
          fuzz::Random& random) {
  Life life;
  WriteImage(image, folder);
  DiskRecorder recorder(folder, image, next_file);
  recorder.ignore_flushes = options.ignore_flushes;
  StoreWorkload work(known, folder, [&](const Promise& promise) {
    life.promises.push_back({recorder.Now(), promise});
  });
  WatchCalls(&recorder);
  life.wrong = work.Open();
  if (life.wrong.empty()) life.wrong = kept.Check(work.store(), known);
  for (uint32_t i = 0; i < options.steps && life.wrong.empty(); ++i) {
    life.wrong = work.Step(random);
  }
  WatchCalls(nullptr);
  life.events = recorder.Take();
  return life;
}

}  // namespace

CrashReport LosePowerOften(const PowerLossOptions& options) {
  const KnownVerdicts known;
  CrashReport report;
  DiskModel disk;
  Promises promises;
  uint32_t next_file = 1;
  while (report.restarts < options.restarts) {
    if (report.restarts % options.restarts_of_a_store == 0) {
      disk = DiskModel();
      promises = Promises();
    }
    // One restart is repeated by its number and the seed alone only together
    // with those of its store before it.
    fuzz::Random random(options.seed * 1'000'003 + report.restarts);
    const std::string folder =
        absl::StrCat(options.folder, "/", report.restarts);
    Life life = Live(folder, disk.Seen(), known, promises, options, &next_file,
                     random);
    std::filesystem::remove_all(folder);
    if (!life.wrong.empty()) {
      report.violations.push_back(absl::StrCat(
          "seed ", options.seed, ", restart ", report.restarts, ": ",
          life.wrong));
      // What follows would only repeat it.
      const uint64_t lives = options.restarts_of_a_store;
      report.restarts += lives - report.restarts % lives;
      continue;
    }
    const size_t end = random.Below(
        static_cast<uint32_t>(life.events.size()) + 1);
    for (size_t i = 0; i < end; ++i) disk.Apply(life.events[i]);
    for (const Dated& dated : life.promises) {
      if (dated.at > end) break;
      promises.Add(dated.promise);
      ++report.promises;
    }
    ++report.restarts;
    report.calls += end;
    if (random.Chance(25)) {
      ++report.process_deaths;
      continue;
    }
    ++report.power_losses;
    disk.LosePower(static_cast<DiskModel::Keep>(random.Below(5)), random);
  }
  report.restarts = std::min(report.restarts, options.restarts);
  return report;
}

}  // namespace ingot::faults
