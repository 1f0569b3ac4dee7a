#ifndef CLI_HOST_FACTS_H_
#define CLI_HOST_FACTS_H_

#include <cstdint>
#include <string>
#include <vector>

// What `ingot doctor` asks the machine. In: nothing. Out: facts. Holds: asking
// changes nothing; what cannot be found out is empty or 0.

namespace ingot::cli {

struct HostFacts {
  std::string kernel;      // "Linux 6.1.0"
  std::string processor;   // the model's name
  uint64_t processors = 0;
  uint64_t memory_bytes = 0;
  uint64_t address_space_limit = 0;  // RLIMIT_AS; all ones: none
  uint64_t open_files_limit = 0;
  uint64_t locked_memory_limit = 0;
  std::string overcommit;  // "0 (heuristic)", "1 (always)", "2 (never)"
  bool overcommit_never = false;
  uint64_t max_map_count = 0;
  bool can_reserve_memory = false;   // the region of one linear memory
  bool can_seal_memory = false;      // memory files with seals
  bool has_seccomp = false;
  bool has_landlock = false;
  std::vector<std::string> libraries;  // that this process has loaded
};

// Address space of one linear memory: 4 GiB, 2 GiB and a page of 64 KiB.
inline constexpr uint64_t kMemoryReservation =
    (uint64_t{6} << 30) + (uint64_t{64} << 10);

HostFacts AskHost();

}  // namespace ingot::cli

#endif  // CLI_HOST_FACTS_H_
