// Loading: seal, read and check, decode the module part, verify and map the
// code.

#include "runtime/native/native_program.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "compiler/abi/calling_convention.h"
#include "metering/instantiation.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/native/address_registry.h"
#include "runtime/native/canonical_types.h"
#include "runtime/verifier/verify_artifact.h"

namespace ingot::runtime {
namespace {

constexpr std::string_view kOffsetsName = "ingot.offsets";
constexpr uint64_t kWasmPageBytes = 65536;
// Segments that lie further apart are copied.
constexpr uint64_t kLargestImage = 16 << 20;

absl::Status NoMemory(const char* what) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the host has no memory left for ", what));
}

bool IsCallSite(const abi::TrapEntry& entry) {
  return entry.code == static_cast<uint32_t>(TrapCode::kCallSite);
}

// The entry at `offset` that is, or is not, a call site; at most two entries
// have the same offset.
const abi::TrapEntry* Find(std::span<const abi::TrapEntry> entries,
                           uint32_t offset, bool call_site) {
  auto at = std::lower_bound(entries.begin(), entries.end(), offset,
                             [](const abi::TrapEntry& entry, uint32_t value) {
                               return entry.code_offset < value;
                             });
  for (; at != entries.end() && at->code_offset == offset; ++at) {
    if (IsCallSite(*at) == call_site) return &*at;
  }
  return nullptr;
}

uint32_t LoadU32(const uint8_t* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// The contents of the section "ingot.offsets" when `tail` is exactly that:
// an id 0, a size in LEB128, a name, `count` numbers.
std::optional<std::span<const uint8_t>> OffsetsIn(
    std::span<const uint8_t> tail, size_t count) {
  size_t at = 1;
  uint64_t size = 0;
  for (uint32_t shift = 0; at < tail.size() && shift < 35; shift += 7) {
    size |= uint64_t{tail[at] & 0x7Fu} << shift;
    if ((tail[at++] & 0x80) == 0) break;
  }
  if (tail[0] != 0 || size != tail.size() - at ||
      size != 1 + kOffsetsName.size() + 4 * count ||
      tail[at] != kOffsetsName.size() ||
      std::memcmp(&tail[at + 1], kOffsetsName.data(), kOffsetsName.size()) !=
          0) {
    return std::nullopt;
  }
  return tail.subspan(at + 1 + kOffsetsName.size());
}

}  // namespace

NativeProgram::NativeProgram(std::vector<uint8_t> module,
                             const Profile& profile)
    : Program(std::move(module), profile) {}

NativeProgram::~NativeProgram() {
  if (code_ != nullptr) {
    if (registered_) {
      CodeRanges().Remove(reinterpret_cast<uint64_t>(code_),
                          view_.text.size());
    }
    platform::UnmapCode(code_, code().size());
  }
  for (uint32_t id : type_ids_) ReleaseTypeId(id);
  platform::Unseal(sealed_);
}

absl::StatusOr<std::shared_ptr<const NativeProgram>> NativeProgram::Load(
    std::span<const uint8_t> artifact, const ExpectedArtifact& expected) {
  return LoadSealed(artifact, expected, true);
}

absl::StatusOr<std::shared_ptr<const NativeProgram>> NativeProgram::LoadSealed(
    std::span<const uint8_t> artifact, const ExpectedArtifact& expected,
    bool verify) {
  // What would be refused without a look at any section needs no copy.
  if (artifact.empty()) return MakeArtifactError(ArtifactError::kBadMagic);
  platform::SealedBytes sealed = platform::Seal(artifact);
  if (!sealed.ok()) return NoMemory("an artifact");
  absl::StatusOr<ArtifactView> view = ReadArtifact(sealed.bytes, expected);
  if (!view.ok()) {
    platform::Unseal(sealed);
    return view.status();
  }
  std::shared_ptr<NativeProgram> program = absl::WrapUnique(new NativeProgram(
      {view->module.begin(), view->module.end()}, view->profile));
  program->sealed_ = sealed;
  program->view_ = *std::move(view);

  Status rejection;
  absl::Status status = program->DecodeBytes(false, &rejection);
  if (!status.ok()) return status;
  if (!rejection.ok()) {
    return MakeArtifactError(ArtifactError::kModuleSection,
                             absl::StrCat("at offset ", rejection.offset));
  }
  status = program->CheckModule();
  if (!status.ok()) return status;
  if (verify) {
    status = VerifyCode(program->view_, program->arena(), program->module());
    if (!status.ok()) return status;
  }
  program->ReadTypes();

  const ArtifactView& checked = program->view_;
  if (checked.text.empty()) {
    program->ReadReferences();
    return program;
  }
  program->code_ =
      platform::MapCode(program->sealed_, checked.text_offset,
                        checked.text.size(), checked.rodata.size());
  if (program->code_ == nullptr) return NoMemory("code");
  if (!CodeRanges().Add(reinterpret_cast<uint64_t>(program->code_),
                        checked.text.size())) {
    return NoMemory("code");
  }
  program->registered_ = true;
  program->ReadReferences();
  return program;
}

absl::Status NativeProgram::CheckModule() const {
  const auto refuse = [](std::string_view why) {
    return MakeArtifactError(ArtifactError::kModuleSection, why);
  };
  const uint32_t imported = module().imported_functions;
  const uint32_t functions = module().functions.size;
  if (view_.functions.size() != functions - imported) {
    return refuse("another number of functions");
  }
  if (!view_.functions.empty() && view_.first_function != imported) {
    return refuse("another number of imported functions");
  }
  for (const abi::TrapEntry& entry : view_.traps) {
    if (entry.function < imported || entry.function >= functions) {
      return MakeArtifactError(ArtifactError::kTrapTable,
                               "a function that is not there");
    }
  }
  const auto kept = View(module().kept_sections);
  const uint64_t end = kept.empty() ? 8 : kept.back().offset + kept.back().size;
  if (end < bytes().size() && !OffsetsIn(bytes().subspan(end), kept.size())) {
    return refuse("bytes behind the last section");
  }
  return absl::OkStatus();
}

void NativeProgram::ReadTypes() {
  const auto pool = View(module().type_pool);
  for (const wasm::FuncType& type : View(module().types)) {
    const auto params = pool.subspan(type.pool_offset, type.params);
    const auto results =
        pool.subspan(type.pool_offset + type.params, type.results);
    signatures_.push_back(
        {{params.begin(), params.end()}, {results.begin(), results.end()}});
    type_ids_.push_back(AcquireTypeId(signatures_.back()));
  }
  function_types_ = View(module().functions);
  instantiation_fee_ =
      InstantiationFee(profile().execution, arena(), module());
  for (const wasm::Export& entry : View(module().exports)) {
    exports_.emplace(Name(entry.name), entry);
  }
}

abi::FuncRef NativeProgram::RefOf(uint32_t function) const {
  abi::FuncRef ref = {};
  ref.code = reinterpret_cast<uint64_t>(
      Entry(function - module().imported_functions));
  ref.type_id = type_ids_[TypeOf(function)];
  ref.function = function;
  return ref;
}

// Behind MapCode: references hold addresses.
void NativeProgram::ReadReferences() {
  std::vector<bool> declared(module().functions.size);
  const auto pool = View(module().const_pool);
  const auto declare = [&](const wasm::ConstExpr& expression) {
    for (const wasm::ConstInst& in :
         pool.subspan(expression.first, expression.count)) {
      if (in.op == wasm::ConstOp::kRefFunc) declared[in.index] = true;
    }
  };
  for (const wasm::Export& entry : View(module().exports)) {
    if (entry.kind == wasm::ExternKind::kFunc) declared[entry.index] = true;
  }
  for (const wasm::Global& global : View(module().globals)) {
    declare(global.init);
  }
  const uint32_t imported = module().imported_functions;
  for (const wasm::ConstExpr& init : View(module().element_inits)) {
    declare(init);
    const wasm::ConstInst* first = init.count == 1 ? &pool[init.first] : nullptr;
    const bool is_own = first != nullptr &&
                        first->op == wasm::ConstOp::kRefFunc &&
                        first->index >= imported;
    element_functions_.push_back(is_own ? first->index : kNowhere);
  }
  for (uint32_t i = imported; i < declared.size(); ++i) {
    if (declared[i]) declared_refs_.push_back(RefOf(i));
  }
}

const MemoryImage* NativeProgram::InitialMemory() const {
  if (!instantiated_.exchange(true)) return nullptr;
  std::call_once(image_made_, [this] { image_ = MakeImage(); });
  return image_.get();
}

// Null for a memory that is imported, offsets that are not constant, a segment
// that traps, no bytes at all, or too many.
std::shared_ptr<const MemoryImage> NativeProgram::MakeImage() const {
  if (module().memories.size == module().imported_memories) return nullptr;
  const uint64_t memory_bytes =
      uint64_t{View(module().memories)[0].min} * kWasmPageBytes;
  const auto pool = View(module().const_pool);
  const auto offset_of = [&](const wasm::DataSegment& segment) {
    return static_cast<uint32_t>(pool[segment.offset.first].bits);
  };
  uint64_t begin = memory_bytes;
  uint64_t end = 0;
  for (const wasm::DataSegment& segment : View(module().data)) {
    if (segment.mode != wasm::SegmentMode::kActive) continue;
    if (segment.offset.count != 1 ||
        pool[segment.offset.first].op != wasm::ConstOp::kI32Const) {
      return nullptr;
    }
    const uint64_t at = offset_of(segment);
    if (at + segment.bytes.size > memory_bytes) return nullptr;
    if (segment.bytes.size == 0) continue;
    begin = std::min(begin, at);
    end = std::max(end, at + segment.bytes.size);
  }
  if (begin >= end) return nullptr;
  begin -= begin % platform::kPageBytes;
  end = platform::RoundToPages(end);
  if (end - begin > kLargestImage) return nullptr;
  std::vector<uint8_t> contents(end - begin);
  for (const wasm::DataSegment& segment : View(module().data)) {
    if (segment.mode != wasm::SegmentMode::kActive ||
        segment.bytes.size == 0) {
      continue;
    }
    std::memcpy(&contents[offset_of(segment) - begin],
                bytes().data() + segment.bytes.offset, segment.bytes.size);
  }
  return MemoryImage::Make(begin, contents);
}

const abi::TrapEntry* NativeProgram::FindTrap(uint32_t code_offset) const {
  return Find(view_.traps, code_offset, false);
}

const abi::TrapEntry* NativeProgram::FindCallSite(
    uint32_t return_offset) const {
  return Find(view_.traps, return_offset, true);
}

std::optional<uint32_t> NativeProgram::FindFunction(
    uint32_t code_offset) const {
  const auto after = std::upper_bound(
      view_.functions.begin(), view_.functions.end(), code_offset,
      [](uint32_t value, const abi::FunctionEntry& entry) {
        return value < entry.code_offset;
      });
  if (after == view_.functions.begin()) return std::nullopt;
  const abi::FunctionEntry& entry = *(after - 1);
  if (code_offset - entry.code_offset >= entry.code_bytes) return std::nullopt;
  return static_cast<uint32_t>(after - 1 - view_.functions.begin());
}

// What a call popped is taken back by the instruction behind it, `sub rsp, n`
// with an immediate of 8 or 32 bits (compiler/x64/DIALECT.md, T8).
uint32_t NativeProgram::PoppedAt(uint32_t return_offset) const {
  const std::span<const uint8_t> code = view_.text;
  if (code.size() - return_offset < 7) return 0;
  const uint8_t* at = &code[return_offset];
  if (at[0] != 0x48 || at[2] != 0xEC) return 0;
  if (at[1] == 0x83) return at[3];
  return at[1] == 0x81 ? LoadU32(at + 3) : 0;
}

uint32_t NativeProgram::StackArgumentBytes(uint32_t defined) const {
  const uint32_t type = TypeOf(module().imported_functions + defined);
  return 8 * abi::StackSlots(SignatureAt(type).params);
}

std::optional<wasm::Export> NativeProgram::FindExport(
    std::string_view name) const {
  const auto at = exports_.find(absl::string_view(name.data(), name.size()));
  if (at == exports_.end()) return std::nullopt;
  return at->second;
}

uint32_t NativeProgram::OriginalOffset(uint32_t offset) const {
  const auto kept = View(module().kept_sections);
  if (kept.empty()) return offset;
  const uint64_t end = kept.back().offset + kept.back().size;
  if (end >= bytes().size()) return offset;
  const auto offsets = OffsetsIn(bytes().subspan(end), kept.size());
  for (size_t i = 0; offsets.has_value() && i < kept.size(); ++i) {
    if (offset >= kept[i].offset && offset - kept[i].offset < kept[i].size) {
      return offset - kept[i].offset + LoadU32(&(*offsets)[4 * i]);
    }
  }
  return offset;
}

}  // namespace ingot::runtime
