#ifndef FUZZ_TARGETS_PARCEL_H_
#define FUZZ_TARGETS_PARCEL_H_

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/abi/artifact.h"
#include "compiler/abi/profile.h"

// An artifact's parts without the file around them, so that an input is small
// and a change of one part leaves the file well-formed. In: any bytes. Out: a
// parcel, and from it the artifact that holds these parts.
//
// The form: six 32-bit numbers (bytes of the module, of the code, of the
// constants; functions, trap entries, certificates), then the parts in this
// order; what is behind them is the rest. Numbers that exceed what is there are
// cut, so every input is a parcel.

namespace ingot::fuzz {

struct Parcel {
  std::vector<uint8_t> module;
  std::vector<uint8_t> code;
  std::vector<uint8_t> rodata;
  std::vector<abi::FunctionEntry> functions;
  std::vector<abi::TrapEntry> traps;
  std::vector<abi::CertificateEntry> certificates;
  std::vector<uint8_t> rest;
};

Parcel ParcelOf(std::span<const uint8_t> bytes);
std::vector<uint8_t> BytesOf(const Parcel& parcel);

// The parts of an artifact that the compiler made. `module` is taken in the
// place of the sections that the artifact keeps, unless it is empty.
Parcel ParcelOfArtifact(const std::vector<uint8_t>& artifact,
                        std::span<const uint8_t> module);

// The default profile with all proposals: what parcels are compiled under.
Profile ParcelProfile();

// The file, under that profile, with a right profile digest and that of the
// parcel's module as the module's.
std::vector<uint8_t> ArtifactOf(const Parcel& parcel, uint32_t first_function);

}  // namespace ingot::fuzz

#endif  // FUZZ_TARGETS_PARCEL_H_
