// Artifacts through the reader and the loader. In: bytes, taken as they are as
// a file, and again as a parcel; the parcel's rest changes bytes of its file:
// four bytes say where, one says to what. What must hold: what the reader
// accepts, the writer writes again byte for byte; the loader ends.

#include <cstring>

#include "fuzz/targets/parcel.h"
#include "fuzz/targets/target.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/artifact/artifact_writer.h"
#include "runtime/native/native_program.h"

namespace ingot::fuzz {
namespace {

constexpr size_t kMostChanges = 8;

void Change(const std::vector<uint8_t>& changes, std::vector<uint8_t>* file) {
  for (size_t i = 0; i < kMostChanges && 5 * i + 5 <= changes.size(); ++i) {
    uint32_t at = 0;
    std::memcpy(&at, &changes[5 * i], sizeof at);
    (*file)[at % file->size()] = changes[5 * i + 4];
  }
}

void ReadAndLoad(const std::vector<uint8_t>& file) {
  const auto view = runtime::ReadArtifact(file, {});
  if (!view.ok()) return;
  Count("read");
  runtime::ArtifactPayload payload;
  payload.code = view->text.first(view->identity.code_bytes);
  payload.rodata = view->rodata;
  payload.identity = view->identity;
  payload.profile = view->profile_bytes;
  payload.module = view->module;
  payload.functions = view->functions;
  payload.traps = view->traps;
  payload.certificates = view->certificates;
  payload.first_function = view->first_function;
  if (runtime::WriteArtifact(payload) != file) Fail("another file");
  if (runtime::NativeProgram::Load(file, {}).ok()) Count("loaded");
}

}  // namespace

Verdict OneInput(std::span<const uint8_t> input) {
  ReadAndLoad({input.begin(), input.end()});
  const Parcel parcel = ParcelOf(input);
  std::vector<uint8_t> file =
      ArtifactOf(parcel, parcel.rest.empty() ? 0 : parcel.rest.back());
  Change(parcel.rest, &file);
  ReadAndLoad(file);
  return Verdict::kKeep;
}

}  // namespace ingot::fuzz
