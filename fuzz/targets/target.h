#ifndef FUZZ_TARGETS_TARGET_H_
#define FUZZ_TARGETS_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

// What all fuzz targets share. A target defines OneInput, and a mutator if the
// bytes have a structure; libFuzzer's entry points stand in target.cc. In: an
// input. Out: nothing, or the process ends. At the end one line is printed for
// fuzz/run: `REPORT key=value …`.

namespace ingot::fuzz {

// Whether an input that reaches something new is mutated further. Targets whose
// inputs must be valid to go deep discard the others.
enum class Verdict : uint8_t { kKeep, kDiscard };

// Of the target. The bytes are a heap allocation of exactly this size.
Verdict OneInput(std::span<const uint8_t> input);

// Counts inputs of a kind. `name` is a literal; there are at most 16.
void Count(const char* name);

// Runs `work`. Where INGOT_FUZZ_SLOWEST names a file for the slowest input, notes
// how long it took per byte; otherwise no clock is read, so that equal runs do
// equal things. `work` says whether the input was gone through to its end: of
// those the median is taken. An input that seems the slowest so far is run
// again, and the least time counts: other processes only ever add to it. Work on
// fewer bytes than kTimedBytes is not noted: its fixed cost says nothing.
inline constexpr size_t kTimedBytes = 256;
void Timed(size_t bytes, const std::function<bool()>& work);

// Ends the process with this finding.
[[noreturn]] void Fail(std::string_view what);

// Of libFuzzer, for mutators only: changes data[0, size) in place by its own
// means (the dictionary among them), to at most max_size bytes.
size_t MutateBytes(uint8_t* data, size_t size, size_t max_size);

}  // namespace ingot::fuzz

#endif  // FUZZ_TARGETS_TARGET_H_
