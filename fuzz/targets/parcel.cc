#include "fuzz/targets/parcel.h"

#include <algorithm>
#include <cstring>

#include "runtime/artifact/artifact_reader.h"
#include "runtime/artifact/artifact_writer.h"
#include "runtime/digest.h"

namespace ingot::fuzz {
namespace {

constexpr uint32_t kNumbers = 6;

uint32_t Number(std::span<const uint8_t> bytes, uint32_t index) {
  uint32_t number = 0;
  const size_t at = index * sizeof number;
  if (at + sizeof number <= bytes.size()) {
    std::memcpy(&number, bytes.data() + at, sizeof number);
  }
  return number;
}

// Takes `count` elements, or as many as there are, off the front of `bytes`.
template <typename T>
std::vector<T> Take(uint32_t count, std::span<const uint8_t>* bytes) {
  const size_t taken = std::min<size_t>(count, bytes->size() / sizeof(T));
  std::vector<T> out(taken);
  if (taken != 0) std::memcpy(out.data(), bytes->data(), taken * sizeof(T));
  *bytes = bytes->subspan(taken * sizeof(T));
  return out;
}

template <typename T>
void Append(const std::vector<T>& part, std::vector<uint8_t>* out) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(part.data());
  out->insert(out->end(), bytes, bytes + part.size() * sizeof(T));
}

template <typename T>
std::vector<T> Copy(std::span<const T> part) {
  return {part.begin(), part.end()};
}

}  // namespace

Parcel ParcelOf(std::span<const uint8_t> bytes) {
  std::span<const uint8_t> rest =
      bytes.subspan(std::min<size_t>(bytes.size(), kNumbers * 4));
  Parcel parcel;
  parcel.module = Take<uint8_t>(Number(bytes, 0), &rest);
  parcel.code = Take<uint8_t>(Number(bytes, 1), &rest);
  parcel.rodata = Take<uint8_t>(Number(bytes, 2), &rest);
  parcel.functions = Take<abi::FunctionEntry>(Number(bytes, 3), &rest);
  parcel.traps = Take<abi::TrapEntry>(Number(bytes, 4), &rest);
  parcel.certificates = Take<abi::CertificateEntry>(Number(bytes, 5), &rest);
  parcel.rest.assign(rest.begin(), rest.end());
  return parcel;
}

std::vector<uint8_t> BytesOf(const Parcel& parcel) {
  const std::vector<uint32_t> numbers = {
      static_cast<uint32_t>(parcel.module.size()),
      static_cast<uint32_t>(parcel.code.size()),
      static_cast<uint32_t>(parcel.rodata.size()),
      static_cast<uint32_t>(parcel.functions.size()),
      static_cast<uint32_t>(parcel.traps.size()),
      static_cast<uint32_t>(parcel.certificates.size())};
  std::vector<uint8_t> out;
  Append(numbers, &out);
  Append(parcel.module, &out);
  Append(parcel.code, &out);
  Append(parcel.rodata, &out);
  Append(parcel.functions, &out);
  Append(parcel.traps, &out);
  Append(parcel.certificates, &out);
  Append(parcel.rest, &out);
  return out;
}

Parcel ParcelOfArtifact(const std::vector<uint8_t>& artifact,
                        std::span<const uint8_t> module) {
  Parcel parcel;
  const auto view = runtime::ReadArtifact(artifact, {});
  if (!view.ok()) return parcel;
  parcel.module = Copy(module.empty() ? view->module : module);
  parcel.code = Copy(view->text.first(view->identity.code_bytes));
  parcel.rodata = Copy(view->rodata);
  // Its padding is made again.
  while (!parcel.rodata.empty() && parcel.rodata.back() == 0) {
    parcel.rodata.pop_back();
  }
  parcel.functions = Copy(view->functions);
  parcel.traps = Copy(view->traps);
  parcel.certificates = Copy(view->certificates);
  return parcel;
}

Profile ParcelProfile() {
  Profile profile;
  profile.features = wasm::Features::kAll;
  return profile;
}

std::vector<uint8_t> ArtifactOf(const Parcel& parcel,
                                uint32_t first_function) {
  struct EncodedProfile {
    EncodedProfile() : bytes(kProfileBytes) {
      Encode(ParcelProfile(), bytes);
      digest = Sha256(bytes);
    }
    std::vector<uint8_t> bytes;
    Digest digest;
  };
  static const EncodedProfile profile;
  runtime::ArtifactPayload payload;
  payload.code = parcel.code;
  payload.rodata = parcel.rodata;
  payload.identity = {};
  payload.identity.isa = ParcelProfile().isa;
  const Digest module = Sha256(parcel.module);
  std::memcpy(payload.identity.module_digest, module.bytes.data(), 32);
  std::memcpy(payload.identity.profile_digest, profile.digest.bytes.data(),
              32);
  payload.profile = profile.bytes;
  payload.module = parcel.module;
  payload.functions = parcel.functions;
  payload.traps = parcel.traps;
  payload.certificates = parcel.certificates;
  payload.first_function = first_function;
  return runtime::WriteArtifact(payload);
}

}  // namespace ingot::fuzz
