// See the header. The verdicts are true ones but for their gas, which is made
// up: nothing here runs the metered compiler.

#include "fuzz/faults/store_workload.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/abi/profile.h"
#include "compiler/base/check.h"
#include "sandbox/native_compiler.h"
#include "sandbox/test_modules.h"

namespace ingot::faults {
namespace {

using sandbox::Verdict;
using sandbox::VerdictKind;

// Of four modules one is no module.
std::vector<uint8_t> MakeModule(uint32_t number) {
  if (number % 4 == 3) return {0, 'a', 's', 'm', static_cast<uint8_t>(number)};
  return sandbox::SyntheticModule(1 + number, 3, 700 * number);
}

std::string Wrong(std::string_view what, uint32_t number,
                  std::string_view why) {
  return absl::StrCat(std::string(what), " of module ", number, ": ",
                      std::string(why));
}

std::string Wrong(std::string_view what, uint32_t number,
                  const absl::Status& status) {
  return Wrong(what, number, std::string(status.message()));
}

}  // namespace

KnownVerdicts::KnownVerdicts() {
  const Profile profile;
  std::vector<uint8_t> profile_bytes(kProfileBytes);
  Encode(profile, profile_bytes);
  for (uint32_t number = 0; number < kModules; ++number) {
    Verdict verdict;
    verdict.compile_gas = 1000 + number;
    modules_.push_back(MakeModule(number));
    verdict.module_digest = Sha256(modules_.back());
    verdict.compiler_digest = Sha256({});
    verdict.profile_digest = Sha256(profile_bytes);
    absl::StatusOr<sandbox::NativeResult> result = sandbox::CompileNatively(
        modules_.back(), profile, verdict.compiler_digest);
    INGOT_CHECK(result.ok());
    if (result->verdict.ok()) {
      verdict.artifact = result->artifact;
      verdict.artifact_digest = result->artifact_digest;
    } else {
      verdict.kind = VerdictKind::kRejected;
      verdict.code = result->verdict.code;
      verdict.function = result->verdict.function;
      verdict.offset = result->verdict.offset;
    }
    verdicts_.push_back(std::move(verdict));
  }
}

Verdict KnownVerdicts::Under(uint32_t number, uint64_t gas_limit) const {
  return *AnswerFor(store::RecordOf(verdicts_[number], kNoLimit), gas_limit);
}

void Promises::Add(const Promise& promise) {
  const uint32_t number = promise.number;
  switch (promise.kind) {
    case Promise::Kind::kModule:
      modules_.insert(number);
      return;
    case Promise::Kind::kVerdict:
      verdicts_[number] = std::max(verdicts_[number], promise.limit);
      return;
    case Promise::Kind::kArtifact:
      artifacts_.insert(number);
      return;
    case Promise::Kind::kPin:
      pins_.insert(number);
      return;
    case Promise::Kind::kModuleGone:
      modules_.erase(number);
      return;
    case Promise::Kind::kArtifactGone:
      artifacts_.erase(number);
      return;
    case Promise::Kind::kEviction:
      std::erase_if(modules_, [&](uint32_t n) { return !pins_.contains(n); });
      std::erase_if(artifacts_, [&](uint32_t n) { return !pins_.contains(n); });
      return;
  }
}

std::string Promises::CheckFiles(store::ArtifactStore& store,
                                 const KnownVerdicts& known,
                                 uint32_t number) const {
  const auto module = store.Module(known.full(number).module_digest);
  if (module.ok()) {
    if (!std::ranges::equal((*module)->bytes(), known.module(number))) {
      return Wrong("bytes", number, "others");
    }
  } else if (modules_.contains(number) || !IsNotFound(module.status())) {
    return Wrong("bytes", number, module.status());
  }
  const auto artifact = store.Artifact(known.key(number));
  if (artifact.ok()) {
    if (!std::ranges::equal((*artifact)->bytes(),
                            known.full(number).artifact)) {
      return Wrong("artifact", number, "another");
    }
  } else if (artifacts_.contains(number) || !IsNotFound(artifact.status())) {
    return Wrong("artifact", number, artifact.status());
  }
  return "";
}

std::string Promises::Check(store::ArtifactStore& store,
                            const KnownVerdicts& known) const {
  for (uint32_t number = 0; number < KnownVerdicts::kModules; ++number) {
    const auto promised = verdicts_.find(number);
    const uint64_t gas = known.full(number).compile_gas;
    for (const uint64_t limit : {uint64_t{0}, gas - 1, gas, kNoLimit}) {
      const auto found = store.Find(known.key(number), limit);
      if (!found.ok()) return Wrong("verdict", number, found.status());
      if (found->has_value()) {
        if (**found != known.Under(number, limit)) {
          return Wrong("verdict", number, "another");
        }
      } else if (promised != verdicts_.end() &&
                 (limit <= promised->second || promised->second >= gas)) {
        return Wrong("verdict", number, "forgotten");
      }
    }
    if (std::string wrong = CheckFiles(store, known, number); !wrong.empty()) {
      return wrong;
    }
    if (pins_.contains(number)) {
      const auto record = store.RecordFor(known.key(number));
      if (!record.ok() || !record->pinned) {
        return Wrong("pin", number, "forgotten");
      }
    }
  }
  return "";
}

std::string StoreWorkload::Open() {
  cache_.reset();
  store_.reset();
  auto store = store::ArtifactStore::Open({.folder = folder_});
  if (!store.ok()) {
    return absl::StrCat("the store does not open: ",
                        std::string(store.status().message()));
  }
  store_ = *std::move(store);
  store::CacheOptions options;
  options.shared_gas_limit = 0;
  options.compile = [this](const store::CompileTask& task) {
    uint32_t number = 0;
    while (known_.key(number) != task.key) ++number;
    Verdict verdict = known_.Under(number, task.gas_limit);
    if (verdict.kind == VerdictKind::kAccepted) {
      verdict.artifact = known_.full(number).artifact;
    }
    return absl::StatusOr<Verdict>(std::move(verdict));
  };
  cache_ = std::make_unique<store::CompileCache>(*store_, std::move(options));
  return "";
}

std::string StoreWorkload::Compile(uint32_t number, uint64_t limit) {
  const auto put = store_->PutModule(known_.module(number));
  if (!put.ok()) return Wrong("storing", number, put.status());
  tell_({Promise::Kind::kModule, number});
  const auto answer =
      cache_->Compile(known_.key(number), limit, store::Lane::kNormal);
  if (!answer.ok()) return Wrong("compiling", number, answer.status());
  if (answer->verdict != known_.Under(number, limit)) {
    return Wrong("verdict", number, "another");
  }
  tell_({Promise::Kind::kVerdict, number, limit});
  if (!answer->cached && answer->verdict.kind == VerdictKind::kAccepted) {
    tell_({Promise::Kind::kArtifact, number});
  }
  return "";
}

std::string StoreWorkload::Load(uint32_t number) {
  const auto artifact = cache_->Artifact(known_.key(number), std::nullopt,
                                         store::Lane::kBlock);
  if (!artifact.ok()) {
    return absl::IsNotFound(artifact.status())
               ? ""
               : Wrong("loading", number, artifact.status());
  }
  if (!std::ranges::equal((*artifact)->bytes(), known_.full(number).artifact)) {
    return Wrong("artifact", number, "another");
  }
  tell_({Promise::Kind::kArtifact, number});
  return "";
}

std::string StoreWorkload::Evict(uint64_t bytes) {
  tell_({Promise::Kind::kEviction});
  const auto report = store_->Collect(bytes);
  return report.ok() ? "" : std::string(report.status().message());
}

void StoreWorkload::Damage(uint32_t number, bool module,
                           fuzz::Random& random) {
  tell_({module ? Promise::Kind::kModuleGone : Promise::Kind::kArtifactGone,
         number});
  const Verdict& verdict = known_.full(number);
  const std::string path =
      module ? folder_ + "/modules/" + verdict.module_digest.Hex()
             : folder_ + "/artifacts/" + verdict.artifact_digest.Hex();
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  const off_t size = lseek(file, 0, SEEK_END);
  const off_t at = static_cast<off_t>(
      random.Below(static_cast<uint32_t>(std::max<off_t>(size, 1))));
  char byte = 0;
  INGOT_CHECK(pread(file, &byte, 1, at) >= 0);
  byte = static_cast<char>(byte ^ (1 << random.Below(8)));
  INGOT_CHECK(pwrite(file, &byte, 1, at) == 1);
  close(file);
}

std::string StoreWorkload::Step(fuzz::Random& random) {
  const uint32_t number = random.Below(KnownVerdicts::kModules);
  const uint64_t gas = known_.full(number).compile_gas;
  const uint64_t limits[] = {0, gas / 2, gas - 1, gas, kNoLimit, kNoLimit};
  switch (random.Below(16)) {
    case 0:
      return Open();
    case 1:
      return Evict(random.Below(100'000));
    case 2:
      Damage(number, true, random);
      return "";
    case 3:
      Damage(number, false, random);
      return "";
    case 4: {
      const absl::Status pinned = store_->Pin(known_.key(number), true);
      if (pinned.ok()) tell_({Promise::Kind::kPin, number});
      return pinned.ok() || absl::IsNotFound(pinned)
                 ? ""
                 : Wrong("pin", number, pinned);
    }
    case 5:
    case 6:
    case 7:
      return Load(number);
    default:
      return Compile(number, limits[random.Below(6)]);
  }
}

}  // namespace ingot::faults
