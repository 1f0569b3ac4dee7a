#include "runtime/verifier/hand_code.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "compiler/abi/vmctx.h"
#include "compiler/base/check.h"
#include "compiler/wasm/decoder.h"

namespace ingot::verifier {
namespace {

// Sections written out (core specification, 5.5).
std::vector<uint8_t> ModuleBytes(const ModuleOptions& options) {
  std::vector<uint8_t> bytes = {0, 'a', 's', 'm', 1, 0, 0, 0};
  const auto section = [&](uint8_t id, std::vector<uint8_t> contents) {
    bytes.push_back(id);
    bytes.push_back(static_cast<uint8_t>(contents.size()));
    bytes.insert(bytes.end(), contents.begin(), contents.end());
  };
  section(1, {3,    0x60, 1,    0x7F, 1,    0x7F, 0x60, 0,    0,    0x60, 8,
              0x7F, 0x7E, 0x7E, 0x7E, 0x7E, 0x7E, 0x7E, 0x7E, 1,    0x7F});
  std::vector<uint8_t> imports = {1, 1, 'm', 1, 'f', 0, options.import_type};
  const auto import = [&](std::initializer_list<uint8_t> type) {
    ++imports[0];
    imports.insert(imports.end(), {1, 'm', 1, 'm'});
    imports.insert(imports.end(), type);
  };
  if (options.imported_memory) import({2, 0, 1});
  if (options.imported_global) import({3, 0x7F, 1});
  if (options.imported_table) import({1, 0x70, 0, 4});
  section(2, imports);
  section(3, {2, options.first_type, 0});
  section(4, {1, 0x70, 0, 4});
  if (options.has_memory && !options.imported_memory) section(5, {1, 0, 1});
  section(6, {2, 0x7F, 1, 0x41, 0, 0x0B, 0x7E, 0, 0x42, 0, 0x0B});
  return bytes;
}

}  // namespace

struct HandCode::Decoded {
  static constexpr uint64_t kRegion = uint64_t{1} << 20;

  explicit Decoded(std::vector<uint8_t> module_bytes)
      : bytes(std::move(module_bytes)),
        region(static_cast<uint8_t*>(std::calloc(1, kRegion)), &std::free),
        arena(region.get(), 16, 0, kRegion) {
    const Profile profile;
    const Status status = wasm::Decode(
        arena, bytes.data(), static_cast<uint32_t>(bytes.size()),
        profile.limits, profile.Features(), wasm::DecodeMode::kWithoutCode,
        &module);
    INGOT_CHECK(status.ok());
  }

  std::vector<uint8_t> bytes;
  std::unique_ptr<uint8_t, void (*)(void*)> region;
  Arena arena;
  wasm::Module module;
};

HandCode::HandCode(const ModuleOptions& options)
    : decoded_(std::make_unique<Decoded>(ModuleBytes(options))),
      isa_(options.isa) {
  Prologue();
  if (options.first_type == 2) {
    Bytes({0x48, 0x83, 0xC4, 0x38, 0xC2, 16, 0});  // add rsp, F - 8; ret 16
  } else {
    Epilogue();
  }
  EndFunction();
}

HandCode::HandCode(HandCode&& other) noexcept = default;
HandCode::~HandCode() = default;

const wasm::Module& HandCode::module() const { return decoded_->module; }
int32_t HandCode::Import0() const {
  return abi::VmctxLayout(module()).Import(0);
}
int32_t HandCode::Table0() const { return abi::VmctxLayout(module()).Table(0); }

HandCode& HandCode::Bytes(std::initializer_list<uint8_t> bytes) {
  code_.insert(code_.end(), bytes.begin(), bytes.end());
  return *this;
}

HandCode& HandCode::Disp32(std::initializer_list<uint8_t> bytes,
                           int32_t disp) {
  Bytes(bytes);
  for (uint32_t shift = 0; shift < 32; shift += 8) {
    code_.push_back(static_cast<uint8_t>(static_cast<uint32_t>(disp) >> shift));
  }
  return *this;
}

HandCode& HandCode::Prologue() {
  code_.resize((code_.size() + 15) & ~size_t{15}, 0xCC);
  begin_ = at();
  Bytes({0x48, 0x83, 0xEC, kFrame - 8});  // sub rsp, F - 8
  Bytes({0x49, 0x3B, 0x67, 0xF8});        // cmp rsp, [r15 - 8]
  return TrapIf(2, TrapCode::kStackOverflow);
}

HandCode& HandCode::Site(TrapCode code) {
  traps_.push_back({at(), 0,
                    module().imported_functions +
                        static_cast<uint32_t>(functions_.size()),
                    0, static_cast<uint32_t>(code)});
  return *this;
}

HandCode& HandCode::Label(uint32_t zero_upper) {
  certificates_.push_back({at(), zero_upper, 0, kNowhere});
  return *this;
}

HandCode& HandCode::TrapIf(uint8_t cc, TrapCode code) {
  Disp32({0x0F, static_cast<uint8_t>(0x80 + cc)}, 0);
  stubs_.push_back({at() - 4, code});
  return *this;
}

HandCode& HandCode::Rodata(std::initializer_list<int32_t> entries) {
  for (const int32_t entry : entries) {
    for (uint32_t shift = 0; shift < 32; shift += 8) {
      rodata_.push_back(
          static_cast<uint8_t>(static_cast<uint32_t>(entry) >> shift));
    }
  }
  return *this;
}

void HandCode::EndFunction() {
  for (const Stub& stub : stubs_) {
    const uint32_t distance = at() - (stub.at + 4);
    std::memcpy(&code_[stub.at], &distance, 4);
    Site(stub.code);
    Bytes({0x0F, 0x0B});
  }
  stubs_.clear();
  functions_.push_back({begin_, at() - begin_, kFrame, 0});
}

Reason HandCode::Verify() {
  EndFunction();
  CodeParts parts;
  parts.code = code_;
  parts.text_bytes = abi::kArtifactPage;
  parts.isa = isa_;
  if (!rodata_.empty()) rodata_.resize(abi::kArtifactPage);
  parts.rodata = rodata_;
  parts.functions = functions_;
  parts.traps = traps_;
  parts.certificates = certificates_;
  parts.arena = &decoded_->arena;
  parts.module = &decoded_->module;
  return VerifyCode(parts).reason;
}

}  // namespace ingot::verifier
