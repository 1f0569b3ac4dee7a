#ifndef FUZZ_FAULTS_SERVICE_PROCESS_H_
#define FUZZ_FAULTS_SERVICE_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

// A service as a process of its own. In: a command. Out: a process that
// answers, and what it holds of the machine. Holds: whoever starts it becomes
// the parent of what it leaves behind, so that nothing is overlooked.

namespace ingot::faults {

// What must not grow.
struct Holdings {
  uint64_t descriptors = 0;
  uint64_t memory_files = 0;  // descriptors and mappings of memfd_create
  uint64_t mappings = 0;
  uint64_t children = 0;
  uint64_t zombies = 0;
  uint64_t resident_kb = 0;

  std::string Text() const;
};

class ServiceProcess {
 public:
  struct Options {
    std::vector<std::string> command;
    std::string frames;  // its socket
    std::string log;     // a file for what it writes
  };

  // Returns when it answers.
  static absl::StatusOr<std::unique_ptr<ServiceProcess>> Start(Options options);
  // Kills it.
  ~ServiceProcess();
  ServiceProcess(const ServiceProcess&) = delete;
  ServiceProcess& operator=(const ServiceProcess&) = delete;

  pid_t id() const { return id_; }
  const std::string& frames() const { return options_.frames; }
  // Its end is noticed here.
  bool Alive();
  // Ended by this signal; 0: not by one.
  int signal() const { return signal_; }
  bool Stopped() const;
  void Continue() const;
  Holdings Held() const;
  // SIGTERM; true when it ended with 0 in time.
  bool Stop();

 private:
  explicit ServiceProcess(Options options) : options_(std::move(options)) {}
  bool Wait(int flags);

  const Options options_;
  pid_t id_ = -1;
  bool ended_ = false;
  int signal_ = 0;
  int exit_code_ = -1;
};

// The state in /proc/ID/stat, as 'Z' or 'T'; 0 when there is no such process.
char StateOf(pid_t id);
// Processes below this one that are not `known`: what a dead service left.
uint64_t Orphans(pid_t known);
// To be called once, before anything is started.
void AdoptOrphans();

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_SERVICE_PROCESS_H_
