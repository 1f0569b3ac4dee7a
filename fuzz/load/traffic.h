#ifndef FUZZ_LOAD_TRAFFIC_H_
#define FUZZ_LOAD_TRAFFIC_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/load/open_loop.h"

// Who speaks to the service, each in a process of its own, as the service tells
// clients apart by process. In: sockets, rates. Out: counts and latencies, in
// memory that the processes share. Holds: an honest request counts as answered
// only when the answer is right; a hostile one counts as wrong when it got
// anything but a verdict, a listed fault or the end of its connection.

namespace ingot::load {

#define INGOT_HOSTILE_KINDS(KIND)                    \
  KIND(GarbageFrame, "garbage as a frame")           \
  KIND(GarbageGrpc, "garbage as gRPC")               \
  KIND(Oversize, "a frame of 4 GB")                  \
  KIND(Bomb, "a module made to be expensive")        \
  KIND(Slow, "stops within a frame")                 \
  KIND(Cancelled, "asks and goes away")

enum class HostileKind : uint8_t {
#define INGOT_KIND(name, text) k##name,
  INGOT_HOSTILE_KINDS(INGOT_KIND)
#undef INGOT_KIND
};
inline constexpr int kHostileKinds = 6;
std::string_view HostileName(HostileKind kind);

struct HostileCounts {
  std::atomic<uint64_t> sent{0};
  std::atomic<uint64_t> verdicts{0};
  std::atomic<uint64_t> faults{0};
  std::atomic<uint64_t> ends{0};  // of the connection
  std::atomic<uint64_t> wrong{0};
};

struct Traffic {
  std::atomic<bool> stop{false};
  // Thousandths of a request a second, of each process.
  std::atomic<uint64_t> honest_rate{0};
  std::atomic<uint64_t> hostile_rate{0};
  std::atomic<uint32_t> ready{0};  // processes that are
  std::atomic<uint64_t> answered{0};
  std::atomic<uint64_t> failed{0};
  Histogram latencies;  // of honest requests, from when they were due
  HostileCounts hostile[kHostileKinds];
  // The first honest failure, for a reader.
  std::atomic<bool> has_failure{false};
  char failure[400] = {};
};

struct Sockets {
  std::string grpc;
  std::string frames;
};

// What a process does until `stop`. `number` makes its modules its own.
void BeHonest(const Sockets& sockets, uint64_t number, Traffic& traffic);
void BeHostile(const Sockets& sockets, uint64_t number, Traffic& traffic);

}  // namespace ingot::load

#endif  // FUZZ_LOAD_TRAFFIC_H_
