#ifndef CHAIN_INTEGRATION_SERVICE_METRICS_H_
#define CHAIN_INTEGRATION_SERVICE_METRICS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

// Figures for Prometheus. In: what happens, and a function that is asked for
// the present state at each scrape. Out: the page /metrics. Holds: a figure
// never reaches a verdict; the names are those of README.md, and alert rules
// (alerts.yml) are written over them. Any thread.

namespace ingot::service {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

struct MetricSample {
  enum class Kind : uint8_t { kCounter, kGauge };
  std::string name;
  std::string help;
  Kind kind = Kind::kGauge;
  double value = 0;
  MetricLabels labels = {};
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // A call ended; `result` is "ok" or a fault's name.
  void CountCall(std::string_view method, std::string_view transport,
                 std::string_view result, double seconds);
  void CountVerdict(std::string_view kind);
  void CountOutcome(std::string_view kind);
  // A defect of Ingot has shown: compiler_defect, contradiction, workers_lost.
  void CountAlarm(std::string_view kind);
  // `engine`: worker or interpreter.
  void ObserveCompile(std::string_view engine, double seconds, uint64_t gas);
  void ObserveRun(double seconds, uint64_t gas);

  // Asked at each scrape until `Metrics` ends or it is replaced.
  void OnScrape(std::function<std::vector<MetricSample>()> samples);

  // The page.
  std::string Text() const;
  // Serves it on "ADDRESS:PORT"; port 0: any, see `port`.
  absl::Status Listen(const std::string& address);
  int port() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_METRICS_H_
