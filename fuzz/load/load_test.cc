// The service under load. In: INGOT_LOAD_SLICES, how many slices each load has;
// the long form (manual) has 20 and takes some 35 minutes, the short one half a
// minute. Out: a table. Holds: at 50 % and 80 % of
// what the service can do, half of the requests hostile, no honest request
// fails; the block lane is as fast as without load (the long form: p99 at most
// 1.2 times); what the service holds of the machine does not grow.

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "fuzz/faults/frames_client.h"
#include "fuzz/faults/service_process.h"
#include "fuzz/load/traffic.h"
#include "gtest/gtest.h"
#include "sandbox/test_modules.h"
#include "sandbox/worker/time_slice.h"

namespace ingot::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

#ifdef INGOT_LONG
constexpr seconds kCapacityTime(30);
constexpr int kSlices = 20;
constexpr seconds kQuietSlice(15);
constexpr seconds kLoadSlice(30);
constexpr double kMostOfQuiet = 1.2;
#else
constexpr seconds kCapacityTime(3);
constexpr int kSlices = 3;
constexpr seconds kQuietSlice(1);
constexpr seconds kLoadSlice(2);
constexpr double kMostOfQuiet = 0;  // too little is measured
#endif
constexpr int kFewestSlices = 3;
constexpr int kProcesses = 2;  // of each side
constexpr milliseconds kBetweenBlockCalls(5);
// Until what was under way has its answer, and slow clients have lost their
// connections.
constexpr seconds kSettling(60);
constexpr milliseconds kNothingHappens(1'500);
constexpr int kGeneratorNice = 5;
// What glibc's arenas and the index make of a steady load.
constexpr uint64_t kMappingsAside = 24;
constexpr uint64_t kMemoryAsideKb = 16 << 10;

constexpr char kConfig[] = R"(
[store]
max_bytes = 16_777_216
[frames]
max_connections = 512
max_connections_per_client = 128
frame_seconds = 0.5
[limits]
call_seconds = 60
)";

// Of each load.
int Slices() {
  const char* const text = std::getenv("INGOT_LOAD_SLICES");
  return text == nullptr ? kSlices : std::max(std::atoi(text), kFewestSlices);
}

// Never returns to the test.
pid_t InProcess(const std::function<void()>& body) {
  const pid_t id = fork();
  if (id != 0) return id;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // What makes the load is not what is measured.
  setpriority(PRIO_PROCESS, 0, kGeneratorNice);
  body();
  _exit(0);
}

// A node at a block: a compilation that is known and a call, in turn.
class BlockLane {
 public:
  explicit BlockLane(const std::string& socket) {
    auto client = faults::FramesClient::Connect(socket);
    if (client.ok()) client_ = *std::move(client);
  }

  bool Prepare() {
    v1::FrameRequest request;
    request.mutable_get_info();
    auto info = Ask(request);
    if (!info) return false;
    v1::CompileRequest& compile = *compile_.mutable_compile();
    compile.mutable_target()->set_compiler_sha256(
        info->get_info().compilers_sha256(0));
    compile.mutable_target()->set_profile_sha256(
        info->get_info().profiles(0).profile_sha256());
    compile.set_lane(v1::LANE_BLOCK);
    const std::vector<uint8_t> module = sandbox::SyntheticModule(4, 10);
    compile.set_module_bytes(module.data(), module.size());
    const auto compiled = Ask(compile_);
    if (!compiled || !compiled->has_compile()) return false;
    compile.set_module_sha256(
        compiled->compile().verdict().module_sha256());
    v1::InstantiateRequest& make = *request.mutable_instantiate();
    *make.mutable_target() = compile.target();
    make.set_module_sha256(compile.module_sha256());
    make.set_lane(v1::LANE_BLOCK);
    const auto made = Ask(request);
    if (!made || !made->has_instantiate()) return false;
    v1::CallStart& start = *call_.mutable_call()->mutable_start();
    start.set_instance(made->instantiate().instance());
    start.set_function("f");
    start.set_lane(v1::LANE_BLOCK);
    for (int i = 0; i < 2; ++i) {
      start.add_arguments()->set_type(v1::VALUE_TYPE_I32);
      start.mutable_arguments(i)->set_bits(2);
    }
    return true;
  }

  // For so long. False: an answer was none.
  bool Run(seconds time, Histogram* compiles, Histogram* calls) {
    const auto end = steady_clock::now() + time;
    for (auto due = steady_clock::now(); due < end;
         due += kBetweenBlockCalls) {
      std::this_thread::sleep_until(due);
      const auto began = steady_clock::now();
      const auto compiled = Ask(compile_);
      const auto between = steady_clock::now();
      const auto called = Ask(call_);
      if (!compiled || !compiled->compile().cached() || !called ||
          called->call().outcome().kind() != v1::OUTCOME_KIND_RETURNED) {
        return false;
      }
      compiles->Add(between - began);
      calls->Add(steady_clock::now() - between);
    }
    return true;
  }

 private:
  std::optional<v1::FrameResponse> Ask(const v1::FrameRequest& request) {
    if (client_ == nullptr || !client_->Send(request).ok()) return {};
    auto answer = client_->Receive(seconds(30));
    return answer.ok() ? *answer : std::nullopt;
  }

  std::unique_ptr<faults::FramesClient> client_;
  v1::FrameRequest compile_;
  v1::FrameRequest call_;
};

// What must not grow.
struct Footprint {
  faults::Holdings held;
  uint64_t anonymous_kb = 0;
};

struct Level {
  int percent = 0;
  double per_second = 0;  // of both sides together
  uint64_t honest = 0;
  uint64_t failed = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  uint64_t hostile = 0;
  Histogram quiet_compiles, quiet_calls, compiles, calls;
};

class LoadTest : public testing::Test {
 protected:
  LoadTest() {
    void* const page =
        mmap(nullptr, sizeof(Traffic), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    traffic_ = new (page) Traffic();
    std::string folder = "/tmp/ingot-load-XXXXXX";  // a socket's path is short
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    std::ofstream(folder_ + "/ingot.toml") << kConfig;
  }
  ~LoadTest() override {
    traffic_->stop = true;
    for (const pid_t id : children_) waitpid(id, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }

  bool Start() {
    auto service = faults::ServiceProcess::Start(
        {.command = {"cli/ingot", "serve", "--config", folder_ + "/ingot.toml",
                     "--store", folder_ + "/store", "--socket",
                     folder_ + "/grpc", "--frames", folder_ + "/frames"},
         .frames = folder_ + "/frames",
         .log = folder_ + "/log"});
    EXPECT_TRUE(service.ok()) << service.status();
    if (!service.ok()) return false;
    service_ = *std::move(service);
    const Sockets sockets{folder_ + "/grpc", folder_ + "/frames"};
    for (int i = 0; i < kProcesses; ++i) {
      const auto number = static_cast<uint64_t>(i + 1);
      children_.push_back(InProcess(
          [&] { BeHonest(sockets, number, *traffic_); }));
      children_.push_back(InProcess(
          [&] { BeHostile(sockets, number, *traffic_); }));
    }
    for (int i = 0; i < 600 && traffic_->ready < 2 * kProcesses; ++i) {
      std::this_thread::sleep_for(milliseconds(100));
    }
    EXPECT_EQ(traffic_->ready, 2u * kProcesses) << traffic_->failure;
    block_ = std::make_unique<BlockLane>(folder_ + "/frames");
    const bool prepared = block_->Prepare();
    EXPECT_TRUE(prepared);
    return prepared;
  }

  // No requests, and none on its way.
  void Settle() {
    traffic_->honest_rate = 0;
    traffic_->hostile_rate = 0;
    const auto end = steady_clock::now() + kSettling;
    uint64_t last = ~uint64_t{0};
    while (steady_clock::now() < end) {
      std::this_thread::sleep_for(kNothingHappens);
      uint64_t done = traffic_->answered + traffic_->failed;
      for (const HostileCounts& counts : traffic_->hostile) {
        done += counts.ends + counts.verdicts + counts.faults + counts.wrong;
      }
      if (done == last && service_->Held().zombies == 0) return;
      last = done;
    }
  }

  Footprint Look() const {
    Footprint footprint{.held = service_->Held()};
    std::ifstream status("/proc/" + std::to_string(service_->id()) +
                         "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("RssAnon:")) {
        footprint.anonymous_kb = std::strtoull(line.c_str() + 8, nullptr, 10);
      }
    }
    return footprint;
  }

  // Honest requests a second when each is asked as soon as one is answered.
  double Capacity() {
    traffic_->honest_rate = kAsFastAsAnswered;
    std::this_thread::sleep_for(kCapacityTime / 4);  // warm
    const uint64_t before = traffic_->answered;
    std::this_thread::sleep_for(kCapacityTime);
    const uint64_t answered = traffic_->answered - before;
    Settle();
    return static_cast<double>(answered) /
           static_cast<double>(kCapacityTime.count());
  }

  void RunLevel(double capacity, Level& level) {
    level.per_second = capacity * level.percent / 100;
    const auto each = static_cast<uint64_t>(level.per_second * 1000 / 2 /
                                            kProcesses);
    traffic_->latencies.Clear();
    const uint64_t answered = traffic_->answered;
    const uint64_t failed = traffic_->failed;
    const uint64_t hostile = HostileSent();
    for (int i = 0; i < slices_; ++i) {
      EXPECT_TRUE(block_->Run(kQuietSlice, &level.quiet_compiles,
                              &level.quiet_calls));
      traffic_->honest_rate = each;
      traffic_->hostile_rate = each;
      EXPECT_TRUE(block_->Run(kLoadSlice, &level.compiles, &level.calls));
      Settle();
      footprints_.push_back(Look());
    }
    level.honest = traffic_->answered - answered;
    level.failed = traffic_->failed - failed;
    level.p50_ms = traffic_->latencies.Quantile(0.5) / 1000;
    level.p99_ms = traffic_->latencies.Quantile(0.99) / 1000;
    level.hostile = HostileSent() - hostile;
  }

  uint64_t HostileSent() const {
    uint64_t sent = 0;
    for (const HostileCounts& counts : traffic_->hostile) sent += counts.sent;
    return sent;
  }

  void PrintLevel(const Level& level) const {
    std::printf(
        "%3d %% of capacity, %.0f a second for %d x %d s: %zu honest, %zu "
        "failed, p50 %.1f ms, p99 %.1f ms; %zu hostile\n",
        level.percent, level.per_second, slices_,
        static_cast<int>(kLoadSlice.count()), size_t{level.honest},
        size_t{level.failed}, level.p50_ms, level.p99_ms,
        size_t{level.hostile});
    const auto row = [](const char* what, const Histogram& quiet,
                        const Histogram& loaded) {
      std::printf(
          "  block lane, %-16s quiet p50 %7.0f us, p99 %7.0f us; under load "
          "p50 %7.0f us, p99 %7.0f us; p99 ratio %.2f\n",
          what, quiet.Quantile(0.5), quiet.Quantile(0.99),
          loaded.Quantile(0.5), loaded.Quantile(0.99),
          loaded.Quantile(0.99) / quiet.Quantile(0.99));
    };
    row("cached compile", level.quiet_compiles, level.compiles);
    row("call", level.quiet_calls, level.calls);
  }

  void PrintHostile() const {
    std::printf("%-32s%9s%10s%8s%8s%7s\n", "hostile", "sent", "verdicts",
                "faults", "ended", "wrong");
    for (int i = 0; i < kHostileKinds; ++i) {
      const HostileCounts& counts = traffic_->hostile[i];
      std::printf("%-32s%9zu%10zu%8zu%8zu%7zu\n",
                  std::string(HostileName(static_cast<HostileKind>(i))).c_str(),
                  size_t{counts.sent}, size_t{counts.verdicts},
                  size_t{counts.faults}, size_t{counts.ends},
                  size_t{counts.wrong});
      EXPECT_EQ(counts.wrong, 0u);
    }
  }

  // The first slice of each load is its warm-up.
  void CheckFootprints() const {
    for (const Footprint& footprint : footprints_) {
      std::printf("held: %s, %zu kB of its own\n",
                  footprint.held.Text().c_str(),
                  size_t{footprint.anonymous_kb});
    }
    const Footprint& first = footprints_[1];
    const Footprint& last = footprints_.back();
    EXPECT_LE(last.held.descriptors, first.held.descriptors);
    EXPECT_LE(last.held.memory_files, first.held.memory_files + kMappingsAside);
    EXPECT_EQ(last.held.children, first.held.children);
    EXPECT_EQ(last.held.zombies, 0u);
    EXPECT_LE(last.held.mappings, first.held.mappings + kMappingsAside);
    EXPECT_LE(last.anonymous_kb, first.anonymous_kb + kMemoryAsideKb);
  }

  const int slices_ = Slices();
  std::string folder_;
  Traffic* traffic_ = nullptr;
  std::unique_ptr<faults::ServiceProcess> service_;
  std::vector<pid_t> children_;
  std::unique_ptr<BlockLane> block_;
  std::vector<Footprint> footprints_;
};

TEST_F(LoadTest, HonestClientsAndTheBlockLaneDoNotFeelHostileOnes) {
  ASSERT_TRUE(Start());
  // What is measured is the service, and not how long this thread waits.
  sandbox::SetTimeSlice(std::chrono::microseconds(100));
  const double capacity = Capacity();
  double machine[1] = {0};
  getloadavg(machine, 1);
  std::printf("capacity: %.0f honest requests a second; load average %.1f\n",
              capacity, machine[0]);
  ASSERT_GT(capacity, 0);
  const auto levels = std::make_unique<Level[]>(2);
  levels[0].percent = 50;
  levels[1].percent = 80;
  for (Level& level : {std::ref(levels[0]), std::ref(levels[1])}) {
    RunLevel(capacity, level);
    PrintLevel(level);
    EXPECT_EQ(level.failed, 0u) << traffic_->failure;
    if (kMostOfQuiet > 0) {
      EXPECT_LE(level.compiles.Quantile(0.99),
                kMostOfQuiet * level.quiet_compiles.Quantile(0.99));
      EXPECT_LE(level.calls.Quantile(0.99),
                kMostOfQuiet * level.quiet_calls.Quantile(0.99));
    }
  }
  PrintHostile();
  CheckFootprints();
  EXPECT_EQ(traffic_->failed, 0u) << traffic_->failure;
  block_.reset();
  EXPECT_TRUE(service_->Stop());
}

}  // namespace
}  // namespace ingot::load
