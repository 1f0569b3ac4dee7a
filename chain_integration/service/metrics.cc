// Metrics by prometheus-cpp. In and out: see the header. Holds: every series of
// a listed word exists from the start, so that an alert sees its first step.

#include "chain_integration/service/metrics.h"

#include <exception>
#include <mutex>

#include "chain_integration/service/faults.h"
#include "prometheus/collectable.h"
#include "prometheus/counter.h"
#include "prometheus/exposer.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

namespace ingot::service {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets kSeconds = {0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005,
                          0.01,    0.02,   0.05,   0.1,    0.2,   0.5,   1,
                          2,       5,      10,     30,     60,    120};
const Buckets kNanosecondsPerGas = {0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15,
                                    0.2,  0.3,  0.5,  1,    2,    5,   10,
                                    50,   100};

// What is read at a scrape.
class Samples final : public prometheus::Collectable {
 public:
  void Set(std::function<std::vector<MetricSample>()> source) {
    const std::lock_guard<std::mutex> lock(mutex_);
    source_ = std::move(source);
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<prometheus::MetricFamily> families;
    if (!source_) return families;
    for (const MetricSample& sample : source_()) {
      const bool counter = sample.kind == MetricSample::Kind::kCounter;
      if (families.empty() || families.back().name != sample.name) {
        prometheus::MetricFamily family;
        family.name = sample.name;
        family.help = sample.help;
        family.type = counter ? prometheus::MetricType::Counter
                              : prometheus::MetricType::Gauge;
        families.push_back(std::move(family));
      }
      prometheus::ClientMetric metric;
      for (const auto& [name, value] : sample.labels) {
        metric.label.push_back({name, value});
      }
      (counter ? metric.counter.value : metric.gauge.value) = sample.value;
      families.back().metric.push_back(std::move(metric));
    }
    return families;
  }

 private:
  mutable std::mutex mutex_;
  std::function<std::vector<MetricSample>()> source_;
};

template <typename Builder>
auto& Family(Builder builder, const char* name, const char* help,
             prometheus::Registry& registry) {
  return builder.Name(name).Help(help).Register(registry);
}

}  // namespace

struct Metrics::State {
  std::shared_ptr<prometheus::Registry> registry =
      std::make_shared<prometheus::Registry>();
  std::shared_ptr<Samples> samples = std::make_shared<Samples>();
  prometheus::Family<prometheus::Counter>& calls =
      Family(prometheus::BuildCounter(), "ingot_calls_total",
             "Calls by method, transport and result.", *registry);
  prometheus::Family<prometheus::Histogram>& call_seconds =
      Family(prometheus::BuildHistogram(), "ingot_call_seconds",
             "Time of calls.", *registry);
  prometheus::Family<prometheus::Counter>& faults =
      Family(prometheus::BuildCounter(), "ingot_faults_total",
             "Calls that ended in a fault, by reason.", *registry);
  prometheus::Family<prometheus::Counter>& verdicts =
      Family(prometheus::BuildCounter(), "ingot_verdicts_total",
             "Verdicts given, by kind.", *registry);
  prometheus::Family<prometheus::Counter>& outcomes =
      Family(prometheus::BuildCounter(), "ingot_outcomes_total",
             "Outcomes of runs, by kind.", *registry);
  prometheus::Family<prometheus::Counter>& alarms =
      Family(prometheus::BuildCounter(), "ingot_alarms_total",
             "Signs of a defect, by kind.", *registry);
  prometheus::Family<prometheus::Histogram>& compile_seconds =
      Family(prometheus::BuildHistogram(), "ingot_compile_seconds",
             "Time of compilations, by engine.", *registry);
  prometheus::Family<prometheus::Histogram>& compile_price =
      Family(prometheus::BuildHistogram(), "ingot_compile_ns_per_gas",
             "Nanoseconds of compiling per unit of compile gas.", *registry);
  prometheus::Family<prometheus::Histogram>& run_price =
      Family(prometheus::BuildHistogram(), "ingot_run_ns_per_gas",
             "Nanoseconds of running per unit of gas.", *registry);
  std::unique_ptr<prometheus::Exposer> exposer;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  for (int number = 1; number <= v1::FaultReason_MAX; ++number) {
    state_->faults.Add({{"reason", std::string(ReasonName(
                                       static_cast<v1::FaultReason>(number)))}});
  }
  for (const char* const kind :
       {"accepted", "rejected", "out_of_gas", "out_of_memory"}) {
    state_->verdicts.Add({{"kind", kind}});
  }
  for (const char* const kind :
       {"returned", "trapped", "reverted", "out_of_gas"}) {
    state_->outcomes.Add({{"kind", kind}});
  }
  for (const char* const kind :
       {"compiler_defect", "contradiction", "workers_lost"}) {
    state_->alarms.Add({{"kind", kind}});
  }
}

Metrics::~Metrics() = default;

void Metrics::CountCall(std::string_view method, std::string_view transport,
                        std::string_view result, double seconds) {
  const prometheus::Labels labels = {{"method", std::string(method)},
                                     {"transport", std::string(transport)}};
  state_->call_seconds.Add(labels, kSeconds).Observe(seconds);
  prometheus::Labels with_result = labels;
  with_result["result"] = std::string(result);
  state_->calls.Add(with_result).Increment();
  if (result != "ok") {
    state_->faults.Add({{"reason", std::string(result)}}).Increment();
  }
}

void Metrics::CountVerdict(std::string_view kind) {
  state_->verdicts.Add({{"kind", std::string(kind)}}).Increment();
}

void Metrics::CountOutcome(std::string_view kind) {
  state_->outcomes.Add({{"kind", std::string(kind)}}).Increment();
}

void Metrics::CountAlarm(std::string_view kind) {
  state_->alarms.Add({{"kind", std::string(kind)}}).Increment();
}

void Metrics::ObserveCompile(std::string_view engine, double seconds,
                             uint64_t gas) {
  const prometheus::Labels labels = {{"engine", std::string(engine)}};
  state_->compile_seconds.Add(labels, kSeconds).Observe(seconds);
  if (gas == 0) return;
  state_->compile_price.Add(labels, kNanosecondsPerGas)
      .Observe(seconds * 1e9 / static_cast<double>(gas));
}

void Metrics::ObserveRun(double seconds, uint64_t gas) {
  if (gas == 0) return;
  state_->run_price.Add({}, kNanosecondsPerGas)
      .Observe(seconds * 1e9 / static_cast<double>(gas));
}

void Metrics::OnScrape(std::function<std::vector<MetricSample>()> samples) {
  state_->samples->Set(std::move(samples));
}

std::string Metrics::Text() const {
  std::vector<prometheus::MetricFamily> families = state_->registry->Collect();
  for (prometheus::MetricFamily& family : state_->samples->Collect()) {
    families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

absl::Status Metrics::Listen(const std::string& address) {
  // The library reports failure by an exception.
  try {
    state_->exposer = std::make_unique<prometheus::Exposer>(address, 1);
  } catch (const std::exception& error) {
    return absl::UnavailableError("metrics cannot be served on " + address +
                                  ": " + error.what());
  }
  state_->exposer->RegisterCollectable(state_->registry);
  state_->exposer->RegisterCollectable(state_->samples);
  return absl::OkStatus();
}

int Metrics::port() const {
  if (!state_->exposer) return 0;
  const std::vector<int> ports = state_->exposer->GetListeningPorts();
  return ports.empty() ? 0 : ports[0];
}

}  // namespace ingot::service
