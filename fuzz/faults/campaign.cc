// See the header.

#include "fuzz/faults/campaign.h"

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/base/check.h"
#include "fuzz/differential/random.h"
#include "fuzz/faults/board.h"
#include "fuzz/faults/frames_client.h"
#include "fuzz/faults/known_modules.h"
#include "fuzz/faults/service_process.h"

namespace ingot::faults {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kInTime(5'000);
constexpr milliseconds kGivingUp(60'000);
constexpr microseconds kTick(300);
// Longer than the service needs to see that a client is gone.
constexpr milliseconds kNotice(60);
constexpr uint32_t kMostTriesOfAHit = 30;
constexpr uint32_t kReadyWorkers = 1;
// glibc makes arenas as threads happen to meet; a leak grows with each hit.
constexpr uint64_t kMappingsAside = 12;

using Answer = std::optional<v1::FrameResponse>;

std::string Bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), 32};
}

v1::Target TargetOf(const KnownModule& module) {
  v1::Target target;
  target.set_compiler_sha256(Bytes(module.verdict.compiler_digest));
  target.set_profile_sha256(Bytes(module.verdict.profile_digest));
  return target;
}

}  // namespace

// A service, its client, and what they have come to with the pair at hand.
class Campaign::Service {
 public:
  Service(const CampaignOptions& options, const std::string& name)
      : options_(options),
        random_(options.seed),
        folder_(absl::StrCat(options.folder, "/", name)) {}

  // Starts it.
  void Open();
  PairReport Run(const Pair& pair);
  // Stops it.
  PairReport Close();

 private:
  bool Start();
  void WarmUp();
  // Asks again until there is an answer.
  Answer Ask(const v1::FrameRequest& request);
  // Once; nothing when it has to be asked again.
  Answer AskOnce(FramesClient* client, steady_clock::time_point end);
  // What the campaign itself does while it waits. True: the connection is to
  // be left.
  bool Act();
  void Signal();
  bool LeaveConnection();
  bool Compile(const KnownModule& module, uint64_t limit);
  bool Load(const KnownModule& module);
  // Calls of the phase that may pass before the fault.
  uint32_t MostSkipped() const;
  void Try();
  Holdings Settled();
  void CheckHoldings(const Holdings& before);
  void Find(std::string finding) {
    report_.findings.push_back(std::move(finding));
  }

  const CampaignOptions& options_;
  PairReport report_;
  fuzz::Random random_;
  const std::string folder_;
  KnownModules modules_;
  Board* board_ = nullptr;
  std::unique_ptr<ServiceProcess> service_;
  std::unique_ptr<FramesClient> client_;
  std::vector<std::unique_ptr<FramesClient>> left_open_;
  uint64_t next_id_ = 1;
  uint64_t next_module_ = 0;
  std::optional<steady_clock::time_point> signal_at_;
  Holdings before_;
};

bool Campaign::Service::Start() {
  client_.reset();
  left_open_.clear();
  auto service = ServiceProcess::Start(
      {.command = {options_.service, folder_ + "/board", folder_ + "/store",
                   folder_ + "/g", folder_ + "/f", options_.worker,
                   std::to_string(kReadyWorkers)},
       .frames = folder_ + "/f",
       .log = folder_ + "/log"});
  if (!service.ok()) {
    Find(std::string(service.status().message()));
    return false;
  }
  service_ = *std::move(service);
  return true;
}

// A signal to the worker at some moment of its phase, and proof that it was
// still in it. Half of the workers do it themselves, when the phase begins.
void Campaign::Service::Signal() {
  const Pair& pair = report_.pair;
  if (board_->armed == 0 || board_->worker_phase != pair.phase ||
      board_->chance % 2 == 0) {
    return;
  }
  const auto now = steady_clock::now();
  if (!signal_at_) {
    signal_at_ = now + microseconds(random_.Below(3) * random_.Below(700));
  }
  if (now < *signal_at_ || !board_->Take(pair.phase, Way::kOutside)) return;
  const pid_t worker = board_->worker;
  if (worker <= 0) return;  // kill() would take that for the process group
  const bool stop = pair.fault == FaultKind::kSigstop;
  kill(worker, stop ? SIGSTOP : SIGKILL);
  char state = StateOf(worker);
  const auto gone = [&] { return state == 0 || state == 'Z' || state == 'X'; };
  for (int i = 0; i < 5'000 && !gone() && state != 'T'; ++i) {
    std::this_thread::sleep_for(microseconds(20));
    state = StateOf(worker);
  }
  // One that had come to its end would have left the phase.
  if ((stop ? state == 'T' : gone()) && board_->worker_phase == pair.phase &&
      board_->worker == worker) {
    board_->hit = 1;
  }
}

bool Campaign::Service::LeaveConnection() {
  if (board_->held == 0 || board_->hit != 0) return false;
  board_->hit = 1;
  if (report_.pair.fault == FaultKind::kHalfOpen) {
    // It asks no more and reads no more; another one stops within a frame.
    client_->HalfClose();
    left_open_.push_back(std::move(client_));
    auto other = FramesClient::Connect(service_->frames());
    if (other.ok() && (*other)->SendBytes("\x40\x00\x00\x00half").ok()) {
      left_open_.push_back(*std::move(other));
    }
  }
  client_.reset();
  std::this_thread::sleep_for(kNotice);
  board_->Release();
  return true;
}

bool Campaign::Service::Act() {
  // It stops itself, on a machine that is busy perhaps later than the answer to
  // the try that told it to.
  if (service_->Stopped()) {
    std::this_thread::sleep_for(milliseconds(random_.Below(50)));
    service_->Continue();
  }
  switch (report_.pair.way) {
    case Way::kOutside:
      Signal();
      return false;
    case Way::kClient:
      return LeaveConnection();
    default:
      return false;
  }
}

Answer Campaign::Service::AskOnce(FramesClient* client,
                                 steady_clock::time_point end) {
  while (steady_clock::now() < end) {
    auto response = client->Receive(kTick);
    if (!response.ok()) return std::nullopt;
    if (*response) {
      if (!(*response)->has_fault()) return **response;
      ++report_.faults;
      std::this_thread::sleep_for(milliseconds(5));
      return std::nullopt;
    }
    if (Act()) return std::nullopt;
  }
  return std::nullopt;
}

Answer Campaign::Service::Ask(const v1::FrameRequest& request) {
  const auto end = steady_clock::now() + kGivingUp;
  while (steady_clock::now() < end) {
    if (!service_->Alive()) {
      ++report_.deaths;
      if (!Start()) return std::nullopt;
    }
    if (client_ == nullptr) {
      auto client = FramesClient::Connect(service_->frames());
      if (!client.ok()) {
        std::this_thread::sleep_for(milliseconds(2));
        continue;
      }
      client_ = *std::move(client);
    }
    if (client_->Send(request).ok()) {
      Answer answer = AskOnce(client_.get(), end);
      if (answer) return answer;
    }
    client_.reset();
  }
  return std::nullopt;
}

bool Campaign::Service::Compile(const KnownModule& module, uint64_t limit) {
  v1::FrameRequest request;
  request.set_id(next_id_++);
  *request.mutable_compile()->mutable_target() = TargetOf(module);
  request.mutable_compile()->set_module_bytes(module.bytes.data(),
                                              module.bytes.size());
  request.mutable_compile()->set_gas_limit(limit);
  const Answer answer = Ask(request);
  if (!answer) {
    Find("no answer");
    return false;
  }
  ++report_.answers;
  const std::string wrong = module.Wrong(answer->compile().verdict(), limit);
  if (wrong.empty() && answer->id() == request.id()) return true;
  ++report_.wrong_verdicts;
  Find("wrong verdict: " + wrong);
  return false;
}

bool Campaign::Service::Load(const KnownModule& module) {
  v1::FrameRequest request;
  request.set_id(next_id_++);
  *request.mutable_get_artifact()->mutable_target() = TargetOf(module);
  request.mutable_get_artifact()->set_module_sha256(
      Bytes(module.verdict.module_digest));
  const Answer answer = Ask(request);
  if (!answer) {
    Find("no artifact");
    return false;
  }
  ++report_.artifacts;
  const std::string& bytes = answer->get_artifact().chunk();
  const std::vector<uint8_t>& right = module.verdict.artifact;
  if (bytes == std::string_view(reinterpret_cast<const char*>(right.data()),
                                right.size())) {
    return true;
  }
  ++report_.wrong_artifacts;
  Find("another artifact");
  return false;
}

uint32_t Campaign::Service::MostSkipped() const {
  const Pair& pair = report_.pair;
  // A start that is let pass leaves the worker in the phase waiting.
  if (pair.way == Way::kStart) return 1;
  switch (pair.phase) {
    case Phase::kBatch:
    case Phase::kRename:
    case Phase::kLoad:
      return 2;
    case Phase::kWrite: {
      // A module, an artifact: two writes of bytes.
      const bool bytes = pair.fault == FaultKind::kTruncated ||
                         pair.fault == FaultKind::kOversized ||
                         pair.fault == FaultKind::kFlipped;
      return bytes ? 2 : 5;
    }
    default:
      return 1;
  }
}

void Campaign::Service::Try() {
  ++report_.tries;
  const KnownModule module = modules_.Make(next_module_++);
  const bool load = report_.pair.phase == Phase::kLoad;
  if (load && !Compile(module, kNoGasLimit)) return;
  signal_at_.reset();
  board_->Arm(report_.pair, random_.Below(MostSkipped()), random_.Below(4),
              random_.Next());
  const auto began = steady_clock::now();
  const bool right = load ? Load(module) : Compile(module, kNoGasLimit);
  const std::chrono::duration<double> took = steady_clock::now() - began;
  board_->armed = 0;
  board_->Release();
  if (board_->hit != 0) {
    ++report_.hits;
    report_.seconds.push_back(took.count());
    if (!right || took > kInTime) ++report_.late;
  }
  // What was kept, and what was not.
  const uint64_t gas = module.verdict.compile_gas;
  Compile(module, gas);
  Compile(module, gas - 1 - random_.Below(1000));
  if (!load) Load(module);
  left_open_.clear();
}

// When the service has nothing left to do.
Holdings Campaign::Service::Settled() {
  client_.reset();
  Holdings held, last;
  for (int i = 0; i < 120; ++i) {
    std::this_thread::sleep_for(milliseconds(60));
    held = service_->Held();
    if (held.children == kReadyWorkers && held.zombies == 0 &&
        held.descriptors == last.descriptors &&
        held.mappings == last.mappings) {
      return held;
    }
    last = held;
  }
  return held;
}

void Campaign::Service::CheckHoldings(const Holdings& before) {
  const Holdings after = Settled();
  const uint64_t orphans = Orphans(service_->id());
  const uint64_t aside = kMappingsAside;
  if (after.descriptors <= before.descriptors &&
      after.memory_files <= before.memory_files &&
      after.children <= before.children && after.zombies == 0 &&
      after.mappings <= before.mappings + aside && orphans == 0) {
    return;
  }
  ++report_.leaks;
  Find(absl::StrCat("it held ", before.Text(), "; now ", after.Text(), "; ",
                    orphans, " orphans"));
}

void Campaign::Service::WarmUp() {
  for (int i = 0; i < 3; ++i) {
    const KnownModule module = modules_.Make(next_module_++);
    Compile(module, kNoGasLimit);
    Load(module);
  }
}

void Campaign::Service::Open() {
  std::filesystem::create_directories(folder_);
  board_ = MakeBoard(folder_ + "/board");
  INGOT_CHECK(board_ != nullptr);
  if (!Start()) return;
  WarmUp();
  before_ = Settled();
}

PairReport Campaign::Service::Run(const Pair& pair) {
  report_.pair = pair;
  const uint64_t most = kMostTriesOfAHit * options_.hits;
  while (service_ != nullptr && report_.hits < options_.hits &&
         report_.tries < most && report_.findings.size() < 20) {
    Try();
  }
  return std::exchange(report_, {});
}

PairReport Campaign::Service::Close() {
  if (service_ != nullptr) {
    if (!service_->Alive()) Start();
    WarmUp();
    CheckHoldings(before_);
    if (!service_->Stop()) Find("it does not stop when told to");
  }
  if (report_.findings.empty()) std::filesystem::remove_all(folder_);
  return std::exchange(report_, {});
}

Campaign::Campaign(const CampaignOptions& options) : options_(options) {}

Campaign::~Campaign() = default;

PairReport Campaign::Run(const Pair& pair) {
  if (service_ == nullptr) {
    const std::string name =
        absl::StrCat(static_cast<int>(pair.fault), "-",
                     static_cast<int>(pair.phase));
    service_ = std::make_unique<Service>(options_, name);
    service_->Open();
  }
  PairReport report = service_->Run(pair);
  if (options_.one_service) return report;
  const PairReport end = Finish();
  report.answers += end.answers;
  report.artifacts += end.artifacts;
  report.wrong_verdicts += end.wrong_verdicts;
  report.wrong_artifacts += end.wrong_artifacts;
  report.leaks += end.leaks;
  report.findings.insert(report.findings.end(), end.findings.begin(),
                         end.findings.end());
  return report;
}

PairReport Campaign::Finish() {
  if (service_ == nullptr) return {};
  PairReport report = service_->Close();
  service_.reset();
  return report;
}

}  // namespace ingot::faults
