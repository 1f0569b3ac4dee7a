#ifndef FUZZ_FAULTS_BOARD_H_
#define FUZZ_FAULTS_BOARD_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "fuzz/faults/pairs.h"

// A page of memory that the campaign, the service under test and its workers
// share. In: what shall go wrong, from the campaign. Out: where each process
// is, and whether the fault really happened in its phase. Holds: a fault
// happens at most once each time that it is armed; a worker's page stays
// mapped in its jail, where it can open nothing.

namespace ingot::faults {

struct Board {
  // What shall go wrong.
  std::atomic<uint32_t> armed{0};
  std::atomic<FaultKind> fault{FaultKind::kSigkill};
  std::atomic<Phase> phase{Phase::kNone};
  std::atomic<Way> way{Way::kOutside};
  std::atomic<uint32_t> skip{0};   // calls of the phase that pass before it
  std::atomic<uint32_t> times{0};  // how often a start fails
  std::atomic<uint64_t> chance{0};

  // What is.
  std::atomic<Phase> worker_phase{Phase::kNone};
  std::atomic<int32_t> worker{0};      // the process that is in worker_phase
  std::atomic<uint32_t> held{0};       // somebody waits to be released
  std::atomic<uint32_t> released{0};
  std::atomic<uint32_t> hit{0};        // it happened

  // For the next try.
  void Arm(const Pair& pair, uint32_t calls_before, uint32_t starts,
           uint64_t random);
  // True once, for whoever shall bring about this fault now.
  bool Take(Phase now, Way who);
  // Until somebody releases it; a few seconds at most.
  void Hold();
  void Release();
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

// Makes the file.
Board* MakeBoard(const std::string& path);
// Null when there is none.
Board* OpenBoard(const std::string& path);

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_BOARD_H_
