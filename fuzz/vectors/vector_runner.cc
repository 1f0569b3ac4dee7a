// Both engines behind one store do the comparing.

#include "fuzz/vectors/vector_runner.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace ingot::fuzz {

using runtime::Extern;
using runtime::OutcomeKind;
using runtime::Value;
using wasm::ValType;

absl::Status VectorRunner::Start(const std::vector<uint8_t>& module,
                                 uint32_t level, Isa isa) {
  Profile profile;
  profile.level = level;
  profile.isa = static_cast<uint32_t>(isa);
  Status rejection;
  const auto program = PairProgram::Load(module, profile, &rejection);
  if (!program.ok()) return program.status();
  if (!rejection.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("refused with code ", static_cast<int>(rejection.code),
                     " at offset ", rejection.offset));
  }
  store_ = NewPairStore([this](const std::string& difference) {
    if (differences_.size() < 5) {
      differences_.push_back(absl::StrCat(call_, ": ", difference));
    }
  });
  std::vector<Extern> imports;
  for (const wasm::Limits& limits :
       (*program)->View((*program)->module().memories)) {
    if ((*program)->module().imported_memories == 0) break;
    const auto memory = store_->AddMemory(limits);
    if (!memory.ok()) return memory.status();
    imports.push_back(*memory);
  }
  const auto made = store_->Instantiate(*program, imports, transaction_,
                                        uint64_t{1} << 40);
  if (!made.ok()) return made.status();
  instance_ = made->instance;
  return absl::OkStatus();
}

void VectorRunner::Call(const std::string& name,
                        std::span<const uint64_t> args) {
  call_ = name;
  const auto function = store_->FindExport(instance_, name);
  if (!function) {
    differences_.push_back(absl::StrCat(name, ": no such export"));
    return;
  }
  std::vector<Value> values;
  for (const ValType type : store_->FunctionSignature(*function).params) {
    const uint64_t bits = args[values.size()];
    const bool narrow = type == ValType::kI32 || type == ValType::kF32;
    values.push_back({type, narrow ? static_cast<uint32_t>(bits) : bits});
    absl::StrAppend(&call_, " 0x", absl::Hex(values.back().bits));
  }
  const auto outcome =
      store_->Call(*function, values, transaction_, uint64_t{1} << 40);
  ++calls_;
  if (!outcome.ok()) {
    differences_.push_back(
        absl::StrCat(call_, ": ", outcome.status().ToString()));
  } else if (outcome->kind == OutcomeKind::kTrapped) {
    ++traps_;
  }
}

}  // namespace ingot::fuzz
