// The node's state for a scrape. In: counters of the rooms below. Out: samples
// with the names of README.md.

#include "chain_integration/service/node.h"
#include "chain_integration/service/version.h"

namespace ingot::service {
namespace {

MetricSample Sample(MetricSample::Kind kind, std::string name,
                    std::string help, double value) {
  return {std::move(name), std::move(help), kind, value, {}};
}

}  // namespace

std::vector<MetricSample> Node::Samples() const {
  std::vector<MetricSample> samples;
  const auto counter = [&](const char* name, const char* help, uint64_t value) {
    samples.push_back(Sample(MetricSample::Kind::kCounter, name, help,
                             static_cast<double>(value)));
  };
  const auto gauge = [&](const char* name, const char* help, double value) {
    samples.push_back(Sample(MetricSample::Kind::kGauge, name, help, value));
  };
  uint64_t started = 0;
  uint64_t lost = 0;
  uint64_t doubts = 0;
  for (const auto& pool : targets_->pools()) {
    started += pool->counters().started;
    lost += pool->counters().lost;
    doubts += pool->counters().doubts;
  }
  const store::CacheCounters& cache = cache_->counters();
  counter("ingot_cache_hits_total", "Verdicts that the store knew.",
          cache.hits);
  counter("ingot_compilations_total", "Compilations begun.",
          cache.compilations);
  counter("ingot_shared_compilations_total",
          "Requests that shared another one's compilation.", cache.joined);
  counter("ingot_rebuilds_total", "Artifacts built again from their modules.",
          cache.rebuilds);
  counter("ingot_quarantines_total",
          "Files and records of the store that were refused.",
          store_->quarantines());
  counter("ingot_workers_started_total", "Worker processes started.", started);
  counter("ingot_workers_lost_total",
          "Tries that were lost: a worker died, hung or lied.", lost);
  counter("ingot_worker_doubts_total", "Pairs of workers that disagreed.",
          doubts);
  counter("ingot_cold_loads_total", "Artifacts verified and mapped.",
          instances_->cold_loads());
  gauge("ingot_queue_length", "Compilations that wait.",
        static_cast<double>(cache_->Waiting()));
  gauge("ingot_queue_age_seconds", "How long the oldest of them has waited.",
        std::chrono::duration<double>(cache_->OldestWait()).count());
  gauge("ingot_calls_running", "Calls that have not ended.",
        static_cast<double>(desk_.running()));
  gauge("ingot_instances", "Instances of clients.",
        static_cast<double>(instances_->count()));
  gauge("ingot_programs", "Loaded artifacts.",
        static_cast<double>(instances_->programs()));
  gauge("ingot_upload_bytes", "Bytes of uploads that have not ended.",
        static_cast<double>(upload_bytes_));
  gauge("ingot_draining", "1 while the node is stopping.",
        desk_.draining() ? 1 : 0);
  MetricSample build =
      Sample(MetricSample::Kind::kGauge, "ingot_build_info",
             "1; the node's version, default compiler and profile.", 1);
  build.labels = {{"version", std::string(kVersion)},
                  {"compiler_sha256", targets_->compilers()[0].Hex()},
                  {"profile_sha256", targets_->profiles()[0]->digest.Hex()}};
  samples.push_back(std::move(build));
  return samples;
}

}  // namespace ingot::service
