#ifndef FUZZ_FAULTS_SERVICE_WATCHER_H_
#define FUZZ_FAULTS_SERVICE_WATCHER_H_

#include <array>
#include <atomic>
#include <string>
#include <string_view>

#include "fuzz/faults/board.h"
#include "fuzz/faults/system_calls.h"

// The faults of the service process. In: its system calls, the board's orders.
// Out: calls that fail, bytes that change, signals to itself, starts of workers
// that fail. Holds: which phase a call belongs to follows from the call alone:
// which file of the store it is about.

namespace ingot::faults {

class ServiceWatcher : public CallWatcher {
 public:
  ServiceWatcher(Board& board, std::string store_folder)
      : board_(board), folder_(std::move(store_folder) + "/") {}

  int Before(const CallEvent& event) override;
  void After(const CallEvent& event, int64_t result) override;

 private:
  enum class Kind : uint8_t {
    kOther,
    kScratch,
    kIndex,
    kArtifact,
    kFolder,
  };
  static constexpr int kFiles = 4096;

  Kind KindOfPath(std::string_view path, int flags) const;
  Kind KindOf(int file) const;
  Phase PhaseOf(const CallEvent& event) const;
  // A worker is being started.
  int FailStart(const CallEvent& event);
  int Fail(const CallEvent& event, Phase phase);
  void Spoil(int file);

  Board& board_;
  const std::string folder_;
  std::array<std::atomic<Kind>, kFiles> kinds_{};
};

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_SERVICE_WATCHER_H_
