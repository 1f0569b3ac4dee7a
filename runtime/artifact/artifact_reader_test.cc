#include "runtime/artifact/artifact_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "compiler/abi/traps.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/artifact/artifact_writer.h"
#include "runtime/artifact/elf_layout.h"
#include "runtime/artifact/host_isa.h"
#include "runtime/artifact/profile_difference.h"

namespace ingot::runtime {
namespace {

// Payload that owns its bytes: two functions, three traps, two certificates.
struct Parts {
  Profile profile;
  std::vector<uint8_t> code = std::vector<uint8_t>(300, 0x90);
  std::vector<uint8_t> rodata = {1, 2, 3};
  std::vector<uint8_t> module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  std::vector<abi::FunctionEntry> functions = {{0, 100, 64, 40},
                                               {112, 188, 96, 60}};
  std::vector<abi::TrapEntry> traps = {
      {5, 50, 2, 0, static_cast<uint32_t>(TrapCode::kUnreachable)},
      {150, 70, 3, 7, static_cast<uint32_t>(TrapCode::kCallSite)},
      {150, 72, 3, -7, static_cast<uint32_t>(TrapCode::kOutOfBoundsMemory)}};
  std::vector<abi::CertificateEntry> certificates = {{0, 1, 0, 0},
                                                     {112, 2, 0, 0}};
  abi::Identity identity = {};

  std::vector<uint8_t> Write() {
    std::vector<uint8_t> profile_bytes(kProfileBytes);
    Encode(profile, profile_bytes);
    ArtifactPayload payload = {};
    payload.code = code;
    payload.rodata = rodata;
    payload.identity = identity;
    payload.identity.isa = profile.isa;
    const Digest digest = Sha256(profile_bytes);
    std::copy(digest.bytes.begin(), digest.bytes.end(),
              payload.identity.profile_digest);
    payload.profile = profile_bytes;
    payload.module = module;
    payload.functions = functions;
    payload.traps = traps;
    payload.certificates = certificates;
    payload.first_function = 2;
    return WriteArtifact(payload);
  }
};

// A copy that begins at a multiple of 16 and ends where memory ends, so that a
// sanitizer sees every read behind it.
absl::StatusOr<ArtifactView> Read(const std::vector<uint8_t>& bytes,
                                  const ExpectedArtifact& expected = {}) {
  static std::vector<std::vector<uint8_t>> kept;
  kept.push_back(bytes);
  return ReadArtifact(kept.back(), expected);
}

ArtifactError ErrorOf(const std::vector<uint8_t>& bytes,
                      const ExpectedArtifact& expected = {}) {
  return ArtifactErrorOf(ReadArtifact(bytes, expected).status());
}

// Offset of section header `index` in `file`.
size_t HeaderAt(const std::vector<uint8_t>& file, uint32_t index) {
  uint64_t table = 0;
  std::memcpy(&table, &file[40], 8);
  return table + uint64_t{index} * kSectionHeaderBytes;
}

TEST(ArtifactReaderTest, ReadsWhatWasWritten) {
  Parts parts;
  parts.identity.module_digest[0] = 9;
  const auto view = Read(parts.Write());
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->text.size(), 4096u);
  EXPECT_EQ(view->text_offset, 4096u);
  EXPECT_EQ(view->rodata.size(), 4096u);
  EXPECT_EQ(view->identity.code_bytes, 300u);
  EXPECT_EQ(view->ModuleDigest().bytes[0], 9);
  EXPECT_EQ(view->functions.size(), 2u);
  EXPECT_EQ(view->functions[1].frame_bytes, 96u);
  EXPECT_EQ(view->first_function, 2u);
  EXPECT_EQ(view->traps[2].owed_minus_paid, -7);
  EXPECT_EQ(view->certificates[1].zero_upper, 2u);
  EXPECT_TRUE(std::equal(view->module.begin(), view->module.end(),
                         parts.module.begin(), parts.module.end()));
}

TEST(ArtifactReaderTest, WritingAgainGivesTheSameBytes) {
  const std::vector<uint8_t> file = Parts().Write();
  const auto view = Read(file);
  ASSERT_TRUE(view.ok());
  ArtifactPayload payload = {};
  payload.code = view->text.first(view->identity.code_bytes);
  payload.rodata = view->rodata;
  payload.identity = view->identity;
  payload.profile = view->profile_bytes;
  payload.module = view->module;
  payload.functions = view->functions;
  payload.traps = view->traps;
  payload.certificates = view->certificates;
  payload.first_function = view->first_function;
  EXPECT_EQ(WriteArtifact(payload), file);
}

TEST(ArtifactReaderTest, ReadsAnArtifactWithoutFunctions) {
  Parts parts;
  parts.code.clear();
  parts.rodata.clear();
  parts.functions.clear();
  parts.traps.clear();
  parts.certificates.clear();
  const auto view = Read(parts.Write());
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_TRUE(view->text.empty());
}

TEST(ArtifactReaderTest, RefusesEveryTruncation) {
  const std::vector<uint8_t> file = Parts().Write();
  for (size_t size = 0; size < file.size();
       size += size < 300 || size > file.size() - 2000 ? 1 : 61) {
    const std::vector<uint8_t> cut(file.begin(), file.begin() + size);
    const ArtifactError error = ErrorOf(cut);
    EXPECT_EQ(error, size < 4 ? ArtifactError::kBadMagic
                              : ArtifactError::kTruncated)
        << size;
  }
  std::vector<uint8_t> longer = file;
  longer.push_back(0);
  EXPECT_EQ(ErrorOf(longer), ArtifactError::kNotCanonical);
}

TEST(ArtifactReaderTest, RefusesEveryFlippedBitByItsDigest) {
  std::vector<uint8_t> file = Parts().Write();
  ExpectedArtifact expected;
  expected.file = Sha256(file);
  ASSERT_EQ(ErrorOf(file, expected), ArtifactError::kNone);
  size_t flipped = 0, by_digest = 0;
  for (size_t i = 0; i < file.size(); i += i < 300 ? 1 : 37) {
    file[i] ^= 1 << (i % 8);
    const ArtifactError error = ErrorOf(file, expected);
    EXPECT_NE(error, ArtifactError::kNone) << i;
    ++flipped;
    by_digest += error == ArtifactError::kDigestMismatch ? 1 : 0;
    file[i] ^= 1 << (i % 8);
  }
  // The rest is refused by what headers say, which is read before.
  EXPECT_GT(by_digest, flipped / 4);
}

// Without a digest to compare with, everything that is not payload is still
// found.
TEST(ArtifactReaderTest, RefusesFlippedBitsOutsideThePayload) {
  std::vector<uint8_t> file = Parts().Write();
  const auto view = Read(file);
  ASSERT_TRUE(view.ok());
  const auto offset = [&](const auto& span) {
    return reinterpret_cast<const uint8_t*>(span.data()) - view->file.data();
  };
  // Payload whose values are free: code and its length, constants, digests,
  // module, tables.
  const std::pair<size_t, size_t> free[] = {
      {4096, 300},
      {static_cast<size_t>(offset(view->rodata)), view->rodata.size()},
      {static_cast<size_t>(offset(view->profile_bytes)) - 104, 64},
      {static_cast<size_t>(offset(view->profile_bytes)) - 4, 4},
      {static_cast<size_t>(offset(view->module)), view->module.size()},
      // Its size, as long as the next section begins at the same place.
      {HeaderAt(file, 4) + 32, 1},
      {static_cast<size_t>(offset(view->functions)),
       view->functions.size_bytes()},
      {static_cast<size_t>(offset(view->traps)), view->traps.size_bytes()},
      {static_cast<size_t>(offset(view->certificates)),
       view->certificates.size_bytes()}};
  size_t flipped = 0;
  for (size_t i = 0; i < file.size(); ++i) {
    const bool skip = std::any_of(
        std::begin(free), std::end(free), [i](const auto& range) {
          return i >= range.first && i - range.first < range.second;
        });
    if (skip || (i > 8192 + 4096 && i % 7 != 0)) continue;
    file[i] ^= 1 << (i % 8);
    EXPECT_NE(ErrorOf(file), ArtifactError::kNone) << i;
    file[i] ^= 1 << (i % 8);
    ++flipped;
  }
  EXPECT_GT(flipped, 4000u);
}

TEST(ArtifactReaderTest, RefusesWhatIsNoArtifact) {
  EXPECT_EQ(ErrorOf({}), ArtifactError::kBadMagic);
  EXPECT_EQ(ErrorOf({0x7F}), ArtifactError::kBadMagic);
  EXPECT_EQ(ErrorOf(std::vector<uint8_t>(5000, 0)), ArtifactError::kBadMagic);
  std::vector<uint8_t> file = Parts().Write();
  file[18] = 183;  // aarch64
  EXPECT_EQ(ErrorOf(file), ArtifactError::kBadMagic);
}

TEST(ArtifactReaderTest, RefusesSectionsOutOfOrder) {
  std::vector<uint8_t> file = Parts().Write();
  std::swap_ranges(file.begin() + HeaderAt(file, 3),
                   file.begin() + HeaderAt(file, 4),
                   file.begin() + HeaderAt(file, 4));
  EXPECT_EQ(ErrorOf(file), ArtifactError::kSectionOrder);
}

TEST(ArtifactReaderTest, RefusesRangesOutsideTheFile) {
  for (uint32_t section = 1; section < kSections; ++section) {
    for (const size_t field : {24, 32}) {
      for (const uint64_t value :
           {~uint64_t{0}, uint64_t{1} << 63, uint64_t{1} << 32}) {
        std::vector<uint8_t> file = Parts().Write();
        std::memcpy(&file[HeaderAt(file, section) + field], &value, 8);
        EXPECT_EQ(ErrorOf(file), ArtifactError::kSectionRange);
      }
    }
  }
}

TEST(ArtifactReaderTest, RefusesOtherFormatVersions) {
  std::vector<uint8_t> file = Parts().Write();
  const uint8_t magic[] = "INGOTART";
  const auto at = std::search(file.begin(), file.end(), magic, magic + 8);
  ASSERT_NE(at, file.end());
  at[8] = 2;
  EXPECT_EQ(ErrorOf(file), ArtifactError::kFormatVersion);
  at[8] = 1;
  at[0] = 'X';
  EXPECT_EQ(ErrorOf(file), ArtifactError::kBadMagic);
}

TEST(ArtifactReaderTest, RefusesInconsistentFunctions) {
  const abi::FunctionEntry bad[] = {
      {50, 100, 64, 0},    // overlaps the one before
      {112, 189, 64, 0},   // ends behind the code
      {400, 1, 64, 0},     // begins there
      {112, 0, 64, 0},     // empty
      {112, 188, 40, 0},   // no frame of a function
      {112, 188, 100, 0},  // not a multiple of 16
      {0xFFFFFFFF, 0xFFFFFFFF, 64, 0},
  };
  for (const abi::FunctionEntry& entry : bad) {
    Parts parts;
    parts.functions[1] = entry;
    EXPECT_EQ(ErrorOf(parts.Write()), ArtifactError::kFunctionTable);
  }
}

TEST(ArtifactReaderTest, RefusesTrapsOutOfOrder) {
  Parts parts;
  std::swap(parts.traps[0], parts.traps[1]);
  EXPECT_EQ(ErrorOf(parts.Write()), ArtifactError::kTrapTable);
  parts = Parts();
  parts.traps[1].code = parts.traps[2].code;  // two traps at one place
  EXPECT_EQ(ErrorOf(parts.Write()), ArtifactError::kTrapTable);
  for (uint32_t code : {0, 13, 256}) {
    parts = Parts();
    parts.traps[0].code = code;
    EXPECT_EQ(ErrorOf(parts.Write()), ArtifactError::kTrapTable);
  }
  parts = Parts();
  parts.traps[2].code_offset = 300;
  EXPECT_EQ(ErrorOf(parts.Write()), ArtifactError::kTrapTable);
}

TEST(ArtifactReaderTest, RefusesCertificatesOutOfOrder) {
  Parts parts;
  parts.certificates[1].code_offset = 0;
  EXPECT_EQ(ErrorOf(parts.Write()), ArtifactError::kCertificates);
  parts.certificates[1].code_offset = 300;
  EXPECT_EQ(ErrorOf(parts.Write()), ArtifactError::kCertificates);
}

TEST(ArtifactReaderTest, NamesWhatDiffersFromTheExpectedIdentity) {
  Parts parts;
  const std::vector<uint8_t> file = parts.Write();
  ExpectedArtifact expected;
  expected.module = Digest{};
  expected.compiler = Digest{};
  expected.profile = &parts.profile;
  EXPECT_EQ(ErrorOf(file, expected), ArtifactError::kNone);

  expected.module->bytes[31] = 1;
  EXPECT_EQ(ErrorOf(file, expected), ArtifactError::kModuleDiffers);
  expected.module.reset();
  expected.compiler->bytes[31] = 1;
  EXPECT_EQ(ErrorOf(file, expected), ArtifactError::kCompilerDiffers);
  expected.compiler.reset();

  Profile other = parts.profile;
  other.limits.params += 1;
  expected.profile = &other;
  const absl::Status status = ReadArtifact(file, expected).status();
  EXPECT_EQ(ArtifactErrorOf(status), ArtifactError::kProfileDiffers);
  EXPECT_NE(std::string(status.message()).find("limits.params"),
            std::string::npos);
}

// The profile's own bytes, changed in the file together with their digest.
ArtifactError ErrorWithProfile(void (*change)(std::vector<uint8_t>&)) {
  Parts parts;
  std::vector<uint8_t> profile_bytes(kProfileBytes);
  Encode(parts.profile, profile_bytes);
  std::vector<uint8_t> file = parts.Write();
  const auto at = std::search(file.begin(), file.end(), profile_bytes.begin(),
                              profile_bytes.end());
  change(profile_bytes);
  std::copy(profile_bytes.begin(), profile_bytes.end(), at);
  const Digest digest = Sha256(profile_bytes);
  std::copy(digest.bytes.begin(), digest.bytes.end(), at - 40);
  return ErrorOf(file);
}

TEST(ArtifactReaderTest, RefusesProfilesOfOtherRuntimes) {
  // Behind magic and format version: level, isa, features, host_abi, verifier.
  EXPECT_EQ(ErrorWithProfile([](std::vector<uint8_t>&) {}),
            ArtifactError::kNone);
  EXPECT_EQ(ErrorWithProfile([](std::vector<uint8_t>& p) { p[24] = 2; }),
            ArtifactError::kHostAbi);
  EXPECT_EQ(ErrorWithProfile([](std::vector<uint8_t>& p) { p[28] = 2; }),
            ArtifactError::kVerifierVersion);
  EXPECT_EQ(ErrorWithProfile([](std::vector<uint8_t>& p) { p[12] = 7; }),
            ArtifactError::kProfileInvalid);
  Parts parts;
  parts.profile.execution.version = kNewestGasSchedule + 1;
  EXPECT_EQ(ErrorOf(parts.Write()), ArtifactError::kScheduleVersion);
}

TEST(HostIsaTest, ThisProcessorRunsTheBaseline) {
  EXPECT_EQ(MissingFeature(Isa::kX8664V2), "");
}

TEST(ProfileDifferenceTest, NamesTheFirstField) {
  const Profile a;
  EXPECT_EQ(FirstDifference(a, a), "");
  Profile b = a;
  b.compile.memory_grow.base += 1;
  EXPECT_EQ(FirstDifference(a, b), "compile.memory_grow");
  b.execution.op[wasm::OpIndex(wasm::Op::kI32Add)] += 1;
  EXPECT_EQ(FirstDifference(a, b), "execution.op.i32.add");
  b.level = 1 - a.level;
  EXPECT_EQ(FirstDifference(a, b), "level");
}

TEST(ArtifactErrorTest, NamesAreDistinctAndSurviveTheStatus) {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ArtifactError::kIsaUnsupported); ++i) {
    const auto error = static_cast<ArtifactError>(i);
    names.push_back(ArtifactErrorName(error));
    if (error == ArtifactError::kNone) continue;
    EXPECT_EQ(ArtifactErrorOf(MakeArtifactError(error, "here")), error);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
  EXPECT_EQ(ArtifactErrorOf(absl::InternalError("")), ArtifactError::kNone);
}

}  // namespace
}  // namespace ingot::runtime
