#ifndef FUZZ_FAULTS_CAMPAIGN_H_
#define FUZZ_FAULTS_CAMPAIGN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/faults/pairs.h"

// Faults in a running service. In: programs, a number of hits for each pair of
// a fault and a phase. Out: what the service's client was told. Each try: a
// module that the service does not know, whose verdict was computed here
// before; the fault is armed; the client asks, and asks again when it gets a
// fault or loses the connection, until it has the answer; then it loads the
// artifact and asks under two more limits. A try counts as a hit only when the
// process that the fault happened to has confirmed it, in that phase.

namespace ingot::faults {

struct CampaignOptions {
  std::string folder;   // exists and is empty
  std::string service;  // the program faulty_service
  std::string worker;   // the program faulty_worker
  uint64_t hits = 100;
  uint64_t seed = 1;
  // One service for all pairs; whether it leaks is seen at the end. Else each
  // pair has its own.
  bool one_service = false;
};

struct PairReport {
  Pair pair;
  uint64_t tries = 0;
  uint64_t hits = 0;
  uint64_t answers = 0;        // each compared with the right one
  uint64_t artifacts = 0;      // likewise
  uint64_t faults = 0;         // told to the client, who asked again
  uint64_t deaths = 0;         // of the service
  uint64_t wrong_verdicts = 0;
  uint64_t wrong_artifacts = 0;
  uint64_t leaks = 0;
  uint64_t late = 0;           // hits without a right answer within 5 s
  std::vector<double> seconds;  // from asking to the right answer, of each hit
  std::vector<std::string> findings;
};

class Campaign {
 public:
  explicit Campaign(const CampaignOptions& options);
  ~Campaign();

  PairReport Run(const Pair& pair);
  // What one_service left to the end.
  PairReport Finish();

 private:
  class Service;
  const CampaignOptions options_;
  std::unique_ptr<Service> service_;
};

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_CAMPAIGN_H_
