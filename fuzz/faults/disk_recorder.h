#ifndef FUZZ_FAULTS_DISK_RECORDER_H_
#define FUZZ_FAULTS_DISK_RECORDER_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "fuzz/faults/disk_model.h"
#include "fuzz/faults/system_calls.h"

// Writes down what this program does to the files below a folder. In: system
// calls, as a watcher. Out: the events of disk_model.h. Holds: an event is
// written down after its call returned. Writes through mapped memory are not
// seen: only LMDB's lock file is written so, and LMDB makes it anew.

namespace ingot::faults {

class DiskRecorder : public CallWatcher {
 public:
  // `image` is what `folder` holds. Numbers of new files begin at
  // `next_file`, which outlives the recorder.
  DiskRecorder(std::string folder, const DiskImage& image,
               uint32_t* next_file);

  int Before(const CallEvent& event) override;
  void After(const CallEvent& event, int64_t result) override;

  // How many events there are.
  size_t Now();
  std::vector<DiskEvent> Take();

  // A disk that says it flushed and did not: to show that somebody notices.
  bool ignore_flushes = false;

 private:
  struct Open {
    bool folder = false;
    std::string path;   // of a folder
    uint32_t file = 0;  // of a file
    bool flushed = false;
  };

  // False for a path elsewhere.
  bool Inside(const char* path, std::string* relative) const;
  void Opened(const CallEvent& event, bool was_there);
  void Add(DiskEvent event) { events_.push_back(std::move(event)); }

  const std::string folder_;
  uint32_t* const next_file_;
  std::mutex mutex_;
  std::map<uint64_t, uint32_t> files_;  // by inode
  std::map<int, Open> open_;
  std::vector<DiskEvent> events_;
};

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_DISK_RECORDER_H_
