// The compiler's three steps, called one after the other in this process. In:
// module bytes and profile. Out: artifact or refusal. Holds: the compiler sees
// what it sees in compiler.wasm, an arena whose batches each start from what
// Plan left; addresses and leftovers in free memory differ, and the bytes do
// not depend on them.

#include "sandbox/native_compiler.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <latch>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "compiler/base/arena.h"
#include "compiler/compile.h"
#include "runtime/platform/platform.h"

namespace ingot::sandbox {
namespace {

// The first offset that an arena hands out; 0 stands for "none".
constexpr uint32_t kFirstOffset = 64;

// Memory for one arena. It is asked for whole; the host's system backs a page
// when it is first written: a small one in the first megabytes, which are all
// that most modules need, and a large one behind them.
class Region {
 public:
  static absl::StatusOr<Region> Create(uint64_t bytes) {
    uint8_t* const memory = runtime::platform::Reserve(bytes);
    const uint64_t small = std::min(bytes, kSmallPagesBytes);
    if (memory == nullptr || !runtime::platform::Commit(memory, small) ||
        !runtime::platform::Commit(memory + small, bytes - small)) {
      runtime::platform::Release(memory, bytes);
      return absl::ResourceExhaustedError(
          absl::StrCat("no ", bytes, " bytes for the compiler's memory"));
    }
    return Region(memory, bytes);
  }
  Region(Region&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), bytes_(other.bytes_) {}
  Region& operator=(Region&&) = delete;
  ~Region() { runtime::platform::Release(memory_, bytes_); }

  uint8_t* base() const { return memory_; }
  uint64_t bytes() const { return bytes_; }

 private:
  static constexpr uint64_t kSmallPagesBytes = 3 << 20;

  Region(uint8_t* memory, uint64_t bytes) : memory_(memory), bytes_(bytes) {}

  uint8_t* memory_;
  uint64_t bytes_;
};

// Copies `bytes` into the arena; false when it is full.
template <typename T>
[[nodiscard]] bool Place(Arena& arena, std::span<const T> data,
                         Array<T>* out) {
  if (!arena.AllocateArray<T>(data.size(), out)) return false;
  if (!data.empty()) {
    std::memcpy(arena.At<T>(out->offset), data.data(), data.size_bytes());
  }
  return true;
}

std::vector<uint8_t> CopyOut(const Arena& arena, Array<uint8_t> range) {
  const std::span<const uint8_t> bytes = arena.View(range);
  return {bytes.begin(), bytes.end()};
}

using Pieces = std::vector<std::vector<uint8_t>>;

// Batches in order, in the arena that Plan left, rewound after each.
Status CompileInPlace(Arena& arena, uint32_t root, Pieces& pieces) {
  for (uint32_t batch = 0; batch < pieces.size(); ++batch) {
    const uint32_t mark = arena.used();
    Array<uint8_t> piece;
    INGOT_RETURN_IF_ERROR(
        compiler::CompileFunctions(arena, root, batch, &piece));
    pieces[batch] = CopyOut(arena, piece);
    arena.Rewind(mark);
  }
  return kOkStatus;
}

// Batches on several threads: this one works in the arena that Plan left, each
// other in a copy of it. A status is the first in the order of batches.
absl::StatusOr<Status> CompileInParallel(Arena& arena, uint32_t root,
                                         uint32_t threads, Pieces& pieces) {
  std::vector<Status> ends(pieces.size());
  std::atomic<uint32_t> next{0};
  std::atomic<bool> stop{false};
  const auto work = [&](Arena& mine) {
    while (!stop) {
      // Indices are handed out in order: what is missing in the end lies behind
      // the batch that set `stop`.
      const uint32_t batch = next++;
      if (batch >= pieces.size()) return;
      const uint32_t mark = mine.used();
      Array<uint8_t> piece;
      ends[batch] = compiler::CompileFunctions(mine, root, batch, &piece);
      if (ends[batch].ok()) {
        pieces[batch] = CopyOut(mine, piece);
      } else {
        stop = true;
      }
      mine.Rewind(mark);
    }
  };
  std::vector<Region> regions;
  for (uint32_t i = 1; i < std::min<size_t>(threads, pieces.size()); ++i) {
    absl::StatusOr<Region> region = Region::Create(arena.limit());
    if (!region.ok()) return region.status();
    regions.push_back(*std::move(region));
  }
  // Nobody writes to the plan before everybody has copied it.
  std::latch copied(static_cast<std::ptrdiff_t>(regions.size()));
  std::vector<std::thread> pool;
  for (Region& region : regions) {
    pool.emplace_back([&] {
      std::memcpy(region.base(), arena.base(), arena.used());
      Arena copy(region.base(), arena.used(), arena.committed(),
                 arena.limit());
      copied.count_down();
      work(copy);
    });
  }
  copied.wait();
  work(arena);
  for (std::thread& thread : pool) thread.join();
  for (const Status& end : ends) {
    if (!end.ok()) return end;
  }
  return kOkStatus;
}

// Batches in reverse, each in a copy of the memory that Plan left.
absl::StatusOr<Status> CompileShuffled(const Arena& arena, uint32_t root,
                                       Pieces& pieces) {
  for (size_t batch = pieces.size(); batch-- > 0;) {
    absl::StatusOr<Region> region = Region::Create(arena.limit());
    if (!region.ok()) return region.status();
    std::memcpy(region->base(), arena.base(), arena.used());
    Arena copy(region->base(), arena.used(), arena.committed(), arena.limit());
    Array<uint8_t> piece;
    const Status status = compiler::CompileFunctions(
        copy, root, static_cast<uint32_t>(batch), &piece);
    if (!status.ok()) return status;
    pieces[batch] = CopyOut(copy, piece);
  }
  return kOkStatus;
}

Status LinkPieces(Arena& arena, uint32_t root, const Pieces& pieces,
                  std::vector<uint8_t>* artifact) {
  std::vector<uint32_t> sizes;
  std::vector<uint8_t> joined;
  for (const std::vector<uint8_t>& piece : pieces) {
    sizes.push_back(static_cast<uint32_t>(piece.size()));
    joined.insert(joined.end(), piece.begin(), piece.end());
  }
  Array<uint32_t> placed_sizes;
  Array<uint8_t> placed_pieces;
  if (!Place<uint32_t>(arena, sizes, &placed_sizes) ||
      !Place<uint8_t>(arena, joined, &placed_pieces)) {
    return Error(Code::kOutOfMemory);
  }
  Array<uint8_t> output;
  INGOT_RETURN_IF_ERROR(
      compiler::Link(arena, root, placed_pieces, placed_sizes, &output));
  *artifact = CopyOut(arena, output);
  return kOkStatus;
}

}  // namespace

absl::StatusOr<NativeResult> CompileNatively(
    std::span<const uint8_t> module_bytes, const Profile& profile,
    const Digest& compiler_digest, const NativeOptions& options) {
  if (module_bytes.size() > 0xFFFFFFFF) {
    return absl::InvalidArgumentError("a module has less than 4 GiB");
  }
  const uint64_t pages = options.memory_pages != 0
                             ? options.memory_pages
                             : profile.compiler_memory_pages;
  absl::StatusOr<Region> region = Region::Create(pages * Arena::kPageBytes);
  if (!region.ok()) return region.status();
  Arena arena(region->base(), kFirstOffset, 0, region->bytes());

  NativeResult result;
  std::vector<uint8_t> profile_bytes(kProfileBytes);
  Encode(profile, profile_bytes);
  compiler::Input input;
  if (!Place<uint8_t>(arena, profile_bytes, &input.profile) ||
      !Place<uint8_t>(arena, module_bytes, &input.module)) {
    result.verdict = Error(Code::kOutOfMemory);
    return result;
  }
  const Digest module_digest = Sha256(module_bytes);
  const Digest profile_digest = Sha256(profile_bytes);
  std::memcpy(input.module_digest, module_digest.bytes.data(), 32);
  std::memcpy(input.compiler_digest, compiler_digest.bytes.data(), 32);
  std::memcpy(input.profile_digest, profile_digest.bytes.data(), 32);

  uint32_t root = 0;
  result.verdict = compiler::Plan(arena, input, &root);
  if (!result.verdict.ok()) return result;

  result.batches = compiler::BatchCount(arena, root);
  Pieces pieces(result.batches);
  if (options.shuffle) {
    absl::StatusOr<Status> status = CompileShuffled(arena, root, pieces);
    if (!status.ok()) return status.status();
    result.verdict = *status;
  } else if (options.threads > 1 && result.batches > 1) {
    absl::StatusOr<Status> status =
        CompileInParallel(arena, root, options.threads, pieces);
    if (!status.ok()) return status.status();
    result.verdict = *status;
  } else {
    result.verdict = CompileInPlace(arena, root, pieces);
  }
  if (!result.verdict.ok()) return result;

  result.verdict = LinkPieces(arena, root, pieces, &result.artifact);
  if (result.verdict.ok()) result.artifact_digest = Sha256(result.artifact);
  return result;
}

}  // namespace ingot::sandbox
