#include "runtime/program.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/memory/memory.h"
#include "compiler/base/check.h"
#include "compiler/wasm/decoder.h"
#include "compiler/wasm/validator.h"

// Decoding on the host: the freestanding decoder works in an arena whose region
// never moves. The region here begins small and is made anew, larger, when the
// decoder runs out of it, up to what the profile allows the compiler itself;
// decoding again from the start gives the same result.

namespace ingot::runtime {
namespace {

constexpr uint64_t kSmallestRegion = uint64_t{1} << 20;
constexpr uint64_t kRegionPerByte = 16;

void FreeRegion(uint8_t* region) { std::free(region); }

}  // namespace

Program::Program(std::vector<uint8_t> bytes, const Profile& profile)
    : bytes_(std::move(bytes)),
      profile_(profile),
      region_(nullptr, &FreeRegion) {}

Program::~Program() = default;

absl::Status Program::DecodeBytes(bool with_code, Status* rejection) {
  *rejection = kOkStatus;
  const wasm::ModuleLimits& limits = profile_.limits;
  if (bytes_.size() > limits.module_bytes) {
    *rejection = Error(Code::kLimitModuleBytes, limits.module_bytes);
    return absl::OkStatus();
  }
  const uint64_t largest =
      uint64_t{profile_.compiler_memory_pages} * Arena::kPageBytes;
  uint64_t size = kSmallestRegion + kRegionPerByte * bytes_.size();
  for (;; size *= 4) {
    size = std::min(size / Arena::kPageBytes * Arena::kPageBytes, largest);
    arena_.reset();
    region_.reset(static_cast<uint8_t*>(std::malloc(size)));
    if (region_ == nullptr) {
      return absl::ResourceExhaustedError("no host memory to decode a module");
    }
    // Offset 0 stands for "none", so the first bytes stay unused.
    arena_ = std::make_unique<Arena>(region_.get(), 16, 0, size);
    module_ = wasm::Module();
    *rejection = wasm::Decode(
        *arena_, bytes_.data(), static_cast<uint32_t>(bytes_.size()), limits,
        profile_.Features(),
        with_code ? wasm::DecodeMode::kWhole : wasm::DecodeMode::kWithoutCode,
        &module_);
    if (rejection->ok()) {
      *rejection =
          with_code ? wasm::Validate(*arena_, bytes_.data(), limits,
                                     profile_.Features(), &module_)
                    : wasm::ValidateDeclarations(*arena_, bytes_.data(), limits,
                                                 module_);
    }
    if (rejection->code != Code::kOutOfMemory || size == largest) {
      return absl::OkStatus();
    }
  }
}

absl::StatusOr<std::shared_ptr<const Program>> Program::FromModule(
    std::vector<uint8_t> bytes, const Profile& profile, Status* rejection) {
  std::shared_ptr<Program> program =
      absl::WrapUnique(new Program(std::move(bytes), profile));
  const absl::Status status = program->DecodeBytes(true, rejection);
  if (!status.ok()) return status;
  if (!rejection->ok()) return std::shared_ptr<const Program>();
  return std::shared_ptr<const Program>(std::move(program));
}

}  // namespace ingot::runtime
