// The node without a transport. In: workers of every kind, requests of every
// kind. Holds: an answer is what a fresh compilation gives, or a fault of the
// listed set.

#include "chain_integration/service/node.h"

#include <utility>

#include "chain_integration/service/faults.h"
#include "chain_integration/service/test_node.h"
#include "chain_integration/service/wire.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sandbox/embedded_compiler.h"
#include "sandbox/test_modules.h"

namespace ingot::service {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr uint64_t kNoLimit = uint64_t{1} << 62;

const std::vector<uint8_t>& Module() {
  static const auto* const module =
      new std::vector<uint8_t>(sandbox::SyntheticModule(3, 5));
  return *module;
}

v1::Verdict Oracle(uint64_t limit) {
  const sandbox::Verdict verdict = FreshVerdict(Module(), limit);
  return VerdictToWire(verdict, verdict.artifact.size());
}

v1::FaultReason ReasonIn(const absl::Status& status) {
  EXPECT_FALSE(status.ok());
  return ReasonOf(status);
}

TEST(NodeTest, AnswersAsAFreshCompilationDoes) {
  TestNode test;
  const uint64_t gas = FreshVerdict(Module(), kNoLimit).compile_gas;
  v1::CompileRequest request = test.CompileRequestFor(Module());
  bool cached = false;
  for (const uint64_t limit :
       {kNoLimit, gas, gas - 1, gas + 1, uint64_t{0}, ~uint64_t{0}}) {
    request.set_gas_limit(limit);
    const auto answer = test.node->Compile(request, test.context);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->verdict().SerializeAsString(),
              Oracle(limit).SerializeAsString())
        << limit;
    EXPECT_EQ(answer->cached(), cached);
    cached = true;
  }
  EXPECT_THAT(test.metrics.Text(), HasSubstr("ingot_compilations_total 1"));
}

TEST(NodeTest, RejectionsAreAnswersToo) {
  TestNode test;
  const auto answer = test.node->Compile(
      test.CompileRequestFor({'n', 'o', 'n', 'e'}), test.context);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->verdict().kind(), v1::VERDICT_KIND_REJECTED);
  EXPECT_EQ(answer->verdict().code(), static_cast<uint32_t>(Code::kBadMagic));
  EXPECT_TRUE(answer->verdict().artifact_sha256().empty());
}

TEST(NodeTest, NamesWhatIsWrongWithARequest) {
  TestNode test;
  const v1::CompileRequest good = test.CompileRequestFor(Module());
  const struct {
    void (*spoil)(v1::CompileRequest& request);
    v1::FaultReason reason;
  } kCases[] = {
      {[](auto& r) { r.clear_target(); }, v1::FAULT_REASON_BAD_REQUEST},
      {[](auto& r) { r.mutable_target()->set_compiler_sha256("short"); },
       v1::FAULT_REASON_BAD_REQUEST},
      {[](auto& r) {
         r.mutable_target()->set_compiler_sha256(std::string(32, 'x'));
       },
       v1::FAULT_REASON_UNKNOWN_COMPILER},
      {[](auto& r) {
         r.mutable_target()->set_profile_sha256(std::string(32, 'x'));
       },
       v1::FAULT_REASON_UNKNOWN_PROFILE},
      {[](auto& r) { r.clear_module(); }, v1::FAULT_REASON_BAD_REQUEST},
      {[](auto& r) { r.set_module_sha256("short"); },
       v1::FAULT_REASON_BAD_REQUEST},
      {[](auto& r) { r.set_module_sha256(std::string(32, 'x')); },
       v1::FAULT_REASON_UNKNOWN_MODULE},
      {[](auto& r) { r.set_lane(static_cast<v1::Lane>(7)); },
       v1::FAULT_REASON_BAD_REQUEST},
  };
  for (const auto& test_case : kCases) {
    v1::CompileRequest request = good;
    test_case.spoil(request);
    const auto answer = test.node->Compile(request, test.context);
    EXPECT_EQ(ReasonIn(answer.status()), test_case.reason)
        << request.ShortDebugString();
  }
}

// Another compiler: the embedded one with a section that nobody reads.
std::vector<uint8_t> AnotherCompiler() {
  const auto embedded = sandbox::EmbeddedCompilerWasm();
  std::vector<uint8_t> wasm(embedded.begin(), embedded.end());
  wasm.insert(wasm.end(), {0, 2, 1, 'x'});
  return wasm;
}

TEST(NodeTest, HasSeveralCompilers) {
  const auto embedded = sandbox::EmbeddedCompilerWasm();
  NodeOptions options;
  options.compilers = {{embedded.begin(), embedded.end()}, AnotherCompiler()};
  TestNode test("none", 0, options);
  const auto info = test.node->GetInfo({}, test.context);
  ASSERT_EQ(info->compilers_sha256_size(), 2);
  const std::string second = BytesOf(Sha256(AnotherCompiler()));
  EXPECT_EQ(info->compilers_sha256(0), BytesOf(Sha256(embedded)));
  EXPECT_EQ(info->compilers_sha256(1), second);

  // Each has its own entry in the store.
  v1::CompileRequest request = test.CompileRequestFor(Module());
  const auto first = test.node->Compile(request, test.context);
  EXPECT_EQ(first->verdict().SerializeAsString(),
            Oracle(kNoLimit).SerializeAsString());
  request.mutable_target()->set_compiler_sha256(second);
  for (const bool cached : {false, true}) {
    const auto answer = test.node->Compile(request, test.context);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->cached(), cached);
    EXPECT_EQ(answer->verdict().compiler_sha256(), second);
    EXPECT_EQ(answer->verdict().compile_gas(),
              first->verdict().compile_gas());
    EXPECT_NE(answer->verdict().artifact_sha256(),
              first->verdict().artifact_sha256());
  }
  request.mutable_target()->set_compiler_sha256(std::string(32, 'x'));
  EXPECT_EQ(ReasonIn(test.node->Compile(request, test.context).status()),
            v1::FAULT_REASON_UNKNOWN_COMPILER);
}

TEST(NodeTest, ACompilerThatIsNoneIsNamed) {
  NodeOptions options;
  options.compilers = {{1, 2, 3}};
  options.store_folder = testing::TempDir() + "/no_compiler";
  Log log;
  Metrics metrics;
  const auto node = Node::Create(std::move(options), log, metrics);
  const std::vector<uint8_t> bytes = {1, 2, 3};
  EXPECT_THAT(std::string(node.status().message()),
              HasSubstr(Sha256(bytes).Hex()));
}

v1::QuoteRequest QuoteRequestFor(const TestNode& test,
                                 const std::vector<uint8_t>& module) {
  const v1::CompileRequest compile = test.CompileRequestFor(module);
  v1::QuoteRequest request;
  *request.mutable_target() = compile.target();
  request.set_module_bytes(compile.module_bytes());
  return request;
}

TEST(NodeTest, AQuoteBoundsTheVerdictAndIsNone) {
  TestNode test;
  v1::QuoteRequest request = QuoteRequestFor(test, Module());
  const auto quote = test.node->Quote(request, test.context);
  ASSERT_TRUE(quote.ok()) << quote.status();
  EXPECT_EQ(quote->kind(), v1::VERDICT_KIND_ACCEPTED);
  const uint64_t gas = Oracle(kNoLimit).compile_gas();
  EXPECT_LE(quote->lower_gas(), gas);
  EXPECT_GE(quote->upper_gas(), gas);
  EXPECT_GT(quote->quote_gas(), 0u);
  // Asking is metered.
  request.set_gas_limit(quote->quote_gas());
  EXPECT_EQ(test.node->Quote(request, test.context)->SerializeAsString(),
            quote->SerializeAsString());
  request.set_gas_limit(quote->quote_gas() - 1);
  const auto spent = test.node->Quote(request, test.context);
  EXPECT_EQ(spent->kind(), v1::VERDICT_KIND_OUT_OF_GAS);
  EXPECT_EQ(spent->lower_gas(), quote->quote_gas() - 1);
  EXPECT_EQ(spent->upper_gas(), kNoLimit);
  // Nothing was kept.
  v1::GetArtifactRequest get;
  *get.mutable_target() = request.target();
  get.set_module_sha256(BytesOf(Sha256(Module())));
  EXPECT_EQ(ReasonIn(test.node->GetArtifact(
                get, Node::Pieces::kMany, [](const auto&) { return true; },
                test.context)),
            v1::FAULT_REASON_UNKNOWN_ARTIFACT);
  request.set_module_sha256(get.module_sha256());
  EXPECT_EQ(ReasonIn(test.node->Quote(request, test.context).status()),
            v1::FAULT_REASON_UNKNOWN_MODULE);
}

TEST(NodeTest, AQuoteIsExactForARefusedModule) {
  TestNode test;
  const std::vector<uint8_t> refused = {'n', 'o', 'n', 'e'};
  const auto quote =
      test.node->Quote(QuoteRequestFor(test, refused), test.context);
  ASSERT_TRUE(quote.ok()) << quote.status();
  const sandbox::Verdict verdict = FreshVerdict(refused, kNoLimit);
  EXPECT_EQ(quote->kind(), v1::VERDICT_KIND_REJECTED);
  EXPECT_EQ(quote->code(), static_cast<uint32_t>(Code::kBadMagic));
  EXPECT_EQ(quote->lower_gas(), verdict.compile_gas);
  EXPECT_EQ(quote->upper_gas(), verdict.compile_gas);
}

TEST(NodeTest, AQuoteThatWorkersLoseIsAFault) {
  TestNode test("lie_bounds", 3);
  v1::QuoteRequest request = QuoteRequestFor(test, Module());
  EXPECT_EQ(ReasonIn(test.node->Quote(request, test.context).status()),
            v1::FAULT_REASON_WORKER_LOST);
  request.clear_module();
  EXPECT_EQ(ReasonIn(test.node->Quote(request, test.context).status()),
            v1::FAULT_REASON_BAD_REQUEST);
  request.clear_target();
  EXPECT_EQ(ReasonIn(test.node->Quote(request, test.context).status()),
            v1::FAULT_REASON_BAD_REQUEST);
}

TEST(NodeTest, LostWorkersAreAFaultThatIsNotKept) {
  // Each job's first three tries; the node has three.
  TestNode test("segv", 3);
  const v1::CompileRequest request = test.CompileRequestFor(Module());
  EXPECT_EQ(ReasonIn(test.node->Compile(request, test.context).status()),
            v1::FAULT_REASON_WORKER_LOST);
  EXPECT_EQ(ReasonIn(test.node->Compile(request, test.context).status()),
            v1::FAULT_REASON_WORKER_LOST);
  EXPECT_TRUE(test.reports.empty());
  EXPECT_THAT(test.metrics.Text(), HasSubstr("ingot_workers_lost_total 6"));
  EXPECT_THAT(test.metrics.Text(),
              HasSubstr("ingot_faults_total{reason=\"worker_lost\"} 2"));
}

TEST(NodeTest, TheBlockPathIsAnsweredByTheInterpreterAndReported) {
  TestNode test("lie_gas", 3);
  v1::CompileRequest request = test.CompileRequestFor(Module());
  request.set_lane(v1::LANE_BLOCK);
  const auto answer = test.node->Compile(request, test.context);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->verdict().SerializeAsString(),
            Oracle(kNoLimit).SerializeAsString());
  ASSERT_EQ(test.reports.size(), 1u);
  EXPECT_THAT(test.reports[0], HasSubstr("every try was lost"));
  EXPECT_THAT(test.metrics.Text(),
              HasSubstr("ingot_alarms_total{kind=\"workers_lost\"} 1"));
}

TEST(NodeTest, LimitsHoldOnTheNormalLaneOnly) {
  NodeOptions options;
  options.client_limits = {.calls_per_second = 0, .burst = 2,
                           .concurrent = 64};
  options.call_time = milliseconds(1);
  TestNode test("hang", 1, [&] {
    options.workers.job_time = milliseconds(200);
    options.workers.start_time = std::chrono::seconds(5);
    return options;
  }());
  v1::CompileRequest request = test.CompileRequestFor(Module());
  // The first try of each job hangs, and a worker is hung for longer than a
  // call may take.
  EXPECT_EQ(ReasonIn(test.node->Compile(request, test.context).status()),
            v1::FAULT_REASON_TIMED_OUT);
  EXPECT_EQ(ReasonIn(test.node->Compile(request, test.context).status()),
            v1::FAULT_REASON_TIMED_OUT);
  EXPECT_EQ(ReasonIn(test.node->Compile(request, test.context).status()),
            v1::FAULT_REASON_RATE_LIMITED);
  const CallContext other{.client = "other"};
  EXPECT_EQ(ReasonIn(test.node->Compile(request, other).status()),
            v1::FAULT_REASON_TIMED_OUT);
  request.set_lane(v1::LANE_BLOCK);
  EXPECT_TRUE(test.node->Compile(request, test.context).ok());
  // Where the block lane is not allowed it is the normal one.
  const CallContext remote{.client = "test", .may_use_block_lane = false};
  EXPECT_EQ(ReasonIn(test.node->Compile(request, remote).status()),
            v1::FAULT_REASON_RATE_LIMITED);
}

TEST(NodeTest, DrainingTakesNoCalls) {
  TestNode test;
  test.node->Drain();
  EXPECT_EQ(ReasonIn(test.node->GetInfo({}, test.context).status()),
            v1::FAULT_REASON_DRAINING);
}

TEST(NodeTest, UploadsInPieces) {
  NodeOptions options;
  options.max_upload_bytes = 100'000;
  TestNode test("none", 0, options);
  const auto upload = [&](std::vector<std::string> pieces) {
    size_t next = 0;
    return test.node->UploadModule(
        [&](v1::UploadModuleRequest* piece) {
          if (next == pieces.size()) return false;
          piece->set_chunk(pieces[next++]);
          return true;
        },
        test.context);
  };
  const std::string text(Module().begin(), Module().end());
  const auto answer = upload({text.substr(0, 10), "", text.substr(10)});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->module_sha256(), BytesOf(Sha256(Module())));
  EXPECT_EQ(answer->module_bytes(), Module().size());
  EXPECT_EQ(ReasonIn(upload({std::string(60'000, 'a'),
                             std::string(60'000, 'b')})
                         .status()),
            v1::FAULT_REASON_QUEUE_FULL);
  // What was given up is given back.
  EXPECT_TRUE(upload({std::string(60'000, 'a')}).ok());

  v1::CompileRequest request;
  *request.mutable_target() = test.target;
  request.set_module_sha256(answer->module_sha256());
  const auto verdict = test.node->Compile(request, test.context);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->verdict().kind(), v1::VERDICT_KIND_ACCEPTED);
}

class ArtifactTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto answer =
        test_.node->Compile(test_.CompileRequestFor(Module()), test_.context);
    ASSERT_TRUE(answer.ok()) << answer.status();
    verdict_ = answer->verdict();
    *get_.mutable_target() = test_.target;
    get_.set_module_sha256(verdict_.module_sha256());
    artifact_ = *Get();
  }

  absl::StatusOr<std::string> Get(
      Node::Pieces pieces = Node::Pieces::kMany) {
    std::string bytes;
    absl::Status sent = test_.node->GetArtifact(
        get_, pieces,
        [&](const v1::GetArtifactResponse& piece) {
          bytes += piece.chunk();
          return true;
        },
        test_.context);
    if (!sent.ok()) return sent;
    return bytes;
  }

  v1::VerifyRequest VerifyRequestFor(const std::string& artifact) {
    v1::VerifyRequest request;
    *request.mutable_target() = test_.target;
    request.set_artifact(artifact);
    request.set_module_sha256(verdict_.module_sha256());
    return request;
  }

  TestNode test_;
  v1::Verdict verdict_;
  v1::GetArtifactRequest get_;
  std::string artifact_;
};

TEST_F(ArtifactTest, IsTheOneOfTheVerdict) {
  EXPECT_EQ(BytesOf(Sha256(SpanOf(artifact_))), verdict_.artifact_sha256());
  EXPECT_EQ(*Get(Node::Pieces::kWhole), artifact_);
  get_.set_artifact_sha256(std::string(32, 'x'));
  EXPECT_EQ(ReasonIn(Get().status()), v1::FAULT_REASON_ARTIFACT_REFUSED);
  get_.clear_artifact_sha256();
  get_.set_module_sha256(std::string(32, 'x'));
  EXPECT_EQ(ReasonIn(Get().status()), v1::FAULT_REASON_UNKNOWN_ARTIFACT);
}

TEST_F(ArtifactTest, ADamagedOneIsQuarantinedAndBuiltAgain) {
  const std::string path = test_.folder + "/artifacts/" +
                           Sha256(SpanOf(artifact_)).Hex();
  std::string damaged = artifact_;
  damaged[damaged.size() / 2] ^= 1;
  sandbox::WriteFile(path, {damaged.begin(), damaged.end()});
  EXPECT_EQ(*Get(), artifact_);
  EXPECT_THAT(test_.metrics.Text(), HasSubstr("ingot_quarantines_total 1"));
  EXPECT_THAT(test_.metrics.Text(), HasSubstr("ingot_rebuilds_total 1"));
}

TEST_F(ArtifactTest, VerifyMakesEveryCheck) {
  v1::VerifyRequest request = VerifyRequestFor(artifact_);
  request.set_recompile(true);
  const auto answer = test_.node->Verify(request, test_.context);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->accepted()) << answer->message();
  EXPECT_THAT(answer->checks(),
              ElementsAre("format", "compiler digest", "profile digest",
                          "native code", "module digest", "metering",
                          "same bytes"));
  EXPECT_FALSE(answer->admitted());
}

TEST_F(ArtifactTest, VerifyRefusesWhatWasAltered) {
  std::string altered = artifact_;
  altered[4096] ^= 0x40;  // in the code
  const auto answer =
      test_.node->Verify(VerifyRequestFor(altered), test_.context);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_FALSE(answer->accepted());
  EXPECT_FALSE(answer->code().empty());
  EXPECT_EQ(ReasonIn(test_.node
                         ->Verify(
                             [&] {
                               auto request = VerifyRequestFor(artifact_);
                               request.clear_module();
                               request.set_recompile(true);
                               return request;
                             }(),
                             test_.context)
                         .status()),
            v1::FAULT_REASON_BAD_REQUEST);
}

TEST_F(ArtifactTest, AdmitsAForeignOneUnderTheNamedDigestOnly) {
  TestNode other;
  const auto uploaded = other.node->UploadModule(
      [first = true](v1::UploadModuleRequest* piece) mutable {
        if (!std::exchange(first, false)) return false;
        piece->set_chunk(std::string(Module().begin(), Module().end()));
        return true;
      },
      other.context);
  ASSERT_TRUE(uploaded.ok());
  v1::VerifyRequest request = VerifyRequestFor(artifact_);
  request.set_admit_sha256(std::string(32, 'x'));
  auto answer = other.node->Verify(request, other.context);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_FALSE(answer->accepted());
  EXPECT_EQ(answer->code(), "artifact_digest_mismatch");
  request.set_admit_sha256(verdict_.artifact_sha256());
  answer = other.node->Verify(request, other.context);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->admitted()) << answer->message();
  std::string got;
  EXPECT_TRUE(other.node
                  ->GetArtifact(
                      get_, Node::Pieces::kWhole,
                      [&](const v1::GetArtifactResponse& piece) {
                        got = piece.chunk();
                        return true;
                      },
                      other.context)
                  .ok());
  EXPECT_EQ(got, artifact_);
  EXPECT_THAT(other.metrics.Text(), HasSubstr("ingot_compilations_total 0"));
}

TEST(NodeOptionsTest, AVerdictMayNotBecomeAFault) {
  Log log;
  Metrics metrics;
  NodeOptions options;
  options.max_module_bytes = Profile().limits.module_bytes;
  options.store_folder = testing::TempDir() + "/never";
  EXPECT_TRUE(absl::IsInvalidArgument(
      Node::Create(std::move(options), log, metrics).status()));
}

}  // namespace
}  // namespace ingot::service
