// Facts about a Linux host. In: /proc, limits, a few trial calls. Out:
// HostFacts. Holds: whatever was reserved for a trial is given back.

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

#include "cli/host_facts.h"

namespace ingot::cli {
namespace {

std::string FirstLine(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

uint64_t Number(std::string_view text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The value behind "key : value" in /proc/cpuinfo and the like.
std::string Entry(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

uint64_t Limit(__rlimit_resource resource) {
  rlimit limit;
  if (getrlimit(resource, &limit) != 0) return 0;
  return limit.rlim_cur == RLIM_INFINITY ? ~uint64_t{0} : limit.rlim_cur;
}

bool CanReserve() {
  void* const region =
      mmap(nullptr, kMemoryReservation, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) return false;
  munmap(region, kMemoryReservation);
  return true;
}

bool CanSeal() {
  const int fd = memfd_create("ingot-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return false;
  close(fd);
  return true;
}

int CollectLibrary(dl_phdr_info* info, size_t, void* out) {
  const std::string_view path(info->dlpi_name);
  if (!path.empty()) {
    const size_t slash = path.rfind('/');
    static_cast<std::vector<std::string>*>(out)->emplace_back(
        slash == std::string_view::npos ? path : path.substr(slash + 1));
  }
  return 0;
}

}  // namespace

HostFacts AskHost() {
  HostFacts facts;
  utsname name;
  if (uname(&name) == 0) {
    facts.kernel = std::string(name.sysname) + " " + name.release;
  }
  facts.processor = Entry("/proc/cpuinfo", "model name");
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  facts.processors = processors > 0 ? static_cast<uint64_t>(processors) : 0;
  facts.memory_bytes = Number(Entry("/proc/meminfo", "MemTotal")) * 1024;
  facts.address_space_limit = Limit(RLIMIT_AS);
  facts.open_files_limit = Limit(RLIMIT_NOFILE);
  facts.locked_memory_limit = Limit(RLIMIT_MEMLOCK);
  const std::string overcommit =
      FirstLine("/proc/sys/vm/overcommit_memory");
  facts.overcommit_never = overcommit == "2";
  if (!overcommit.empty()) {
    facts.overcommit = overcommit + (overcommit == "0"   ? " (heuristic)"
                                     : overcommit == "1" ? " (always)"
                                                         : " (never)");
  }
  facts.max_map_count = Number(FirstLine("/proc/sys/vm/max_map_count"));
  facts.can_reserve_memory = CanReserve();
  facts.can_seal_memory = CanSeal();
  facts.has_seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
  // Version query of landlock_create_ruleset: no ruleset is made.
  facts.has_landlock =
      syscall(SYS_landlock_create_ruleset, nullptr, size_t{0}, 1u) > 0;
  dl_iterate_phdr(&CollectLibrary, &facts.libraries);
  std::sort(facts.libraries.begin(), facts.libraries.end());
  return facts;
}

}  // namespace ingot::cli
