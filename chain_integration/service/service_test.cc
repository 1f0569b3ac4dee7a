// The service as a process: clients good and bad, drain, death, restart. Holds:
// whatever a client does, it gets a typed fault or loses its connection, and
// the next one is served; nothing that was answered is lost.

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "chain_integration/service/client.h"
#include "chain_integration/service/faults.h"
#include "chain_integration/service/service_process.h"
#include "chain_integration/service/test_node.h"
#include "chain_integration/service/wire.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sandbox/embedded_compiler.h"
#include "sandbox/test_modules.h"

namespace ingot::service {
namespace {

using testing::HasSubstr;

std::string Text(const std::vector<uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

class ServiceTest : public testing::Test {
 protected:
  ~ServiceTest() override { std::filesystem::remove_all(folder_); }

  // A service that is ready.
  std::unique_ptr<ServiceProcess> Serve(const std::string& config = "") {
    return Started(ServeWords(folder_, config));
  }
  std::unique_ptr<ServiceProcess> Started(
      const std::vector<std::string>& words) {
    auto service = std::make_unique<ServiceProcess>(words, grpc_);
    EXPECT_TRUE(service->ready()) << service->Log();
    return service;
  }

  // By a client of its own.
  v1::Target TargetOf() {
    Client client(grpc_);
    const auto info = client.GetInfo();
    EXPECT_TRUE(info.ok()) << info.status();
    v1::Target target;
    if (info.ok()) {
      target.set_compiler_sha256(info->compilers_sha256(0));
      target.set_profile_sha256(info->profiles(0).profile_sha256());
    }
    return target;
  }

  v1::CompileRequest RequestFor(const std::vector<uint8_t>& module) {
    v1::CompileRequest request;
    *request.mutable_target() = TargetOf();
    request.set_module_bytes(Text(module));
    return request;
  }

  void ExpectServed() {
    Client client(grpc_);
    EXPECT_TRUE(client.GetInfo().ok());
    RawConnection frames(frames_);
    v1::FrameRequest request;
    request.set_id(5);
    request.mutable_get_info();
    const auto answer = frames.Ask(request);
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->has_get_info()) << answer->ShortDebugString();
    EXPECT_EQ(answer->id(), 5u);
  }

  const std::string folder_ = ServiceFolder();
  const std::string grpc_ = folder_ + "/grpc";
  const std::string frames_ = folder_ + "/frames";
  const std::vector<uint8_t> module_ = sandbox::SyntheticModule(3, 5);
};

TEST_F(ServiceTest, BothTransportsGiveTheSameVerdictAndBytes) {
  const auto service = Serve();
  Client client(grpc_);
  EXPECT_TRUE(*client.Health());
  const auto first = client.Compile(RequestFor(module_));
  ASSERT_TRUE(first.ok()) << first.status();
  const sandbox::Verdict fresh = FreshVerdict(module_, ~uint64_t{0});
  EXPECT_EQ(first->verdict().SerializeAsString(),
            VerdictToWire(fresh, fresh.artifact.size()).SerializeAsString());
  EXPECT_FALSE(first->cached());

  RawConnection frames(frames_);
  v1::FrameRequest request;
  request.set_id(9);
  *request.mutable_compile() = RequestFor(module_);
  const auto second = frames.Ask(request);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->id(), 9u);
  EXPECT_EQ(second->compile().verdict().SerializeAsString(),
            first->verdict().SerializeAsString());
  EXPECT_TRUE(second->compile().cached());

  v1::GetArtifactRequest get;
  *get.mutable_target() = TargetOf();
  get.set_module_sha256(first->verdict().module_sha256());
  const auto artifact = client.GetArtifact(get);
  ASSERT_TRUE(artifact.ok()) << artifact.status();
  EXPECT_EQ(artifact->chunk(), Text(fresh.artifact));
  *request.mutable_get_artifact() = get;
  EXPECT_EQ(frames.Ask(request)->get_artifact().chunk(), artifact->chunk());

  *request.mutable_upload_module()->mutable_chunk() = "no module";
  EXPECT_EQ(frames.Ask(request)->upload_module().module_bytes(), 9u);
  EXPECT_EQ(ReasonOf(client.Quote({}).status()),
            v1::FAULT_REASON_BAD_REQUEST);
  service->Signal(SIGTERM);
  EXPECT_EQ(service->Wait(), 0) << service->Log();
}

// What a command prints.
std::string OutputOf(const std::string& command) {
  std::string text;
  FILE* const pipe = popen(command.c_str(), "r");
  for (int c = 0; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;) {
    text.push_back(static_cast<char>(c));
  }
  if (pipe != nullptr) pclose(pipe);
  return text;
}

TEST_F(ServiceTest, QuotesAreTheSameOverBothSocketsAndTheCommandLine) {
  const auto service = Serve();
  Client client(grpc_);
  v1::QuoteRequest quote;
  *quote.mutable_target() = TargetOf();
  quote.set_module_bytes(Text(module_));
  const auto answer = client.Quote(quote);
  ASSERT_TRUE(answer.ok()) << answer.status();
  const uint64_t used = FreshVerdict(module_, ~uint64_t{0}).compile_gas;
  EXPECT_LE(answer->lower_gas(), used);
  EXPECT_GE(answer->upper_gas(), used);

  RawConnection frames(frames_);
  v1::FrameRequest request;
  *request.mutable_quote() = quote;
  EXPECT_EQ(frames.Ask(request)->quote().SerializeAsString(),
            answer->SerializeAsString());
  // A module that is refused has an OK answer, too.
  request.mutable_quote()->set_module_bytes("none");
  const auto refused = frames.Ask(request);
  EXPECT_EQ(refused->quote().kind(), v1::VERDICT_KIND_REJECTED);
  EXPECT_EQ(client.Quote(request.quote())->SerializeAsString(),
            refused->quote().SerializeAsString());

  const std::string path = folder_ + "/module.wasm";
  std::ofstream(path, std::ios::binary) << Text(module_);
  const std::string printed = OutputOf("cli/ingot client quote " + path +
                                       " --json --socket " + grpc_);
  for (const uint64_t gas :
       {answer->lower_gas(), answer->upper_gas(), answer->quote_gas()}) {
    EXPECT_THAT(printed, HasSubstr("\"" + std::to_string(gas) + "\""));
  }
}

TEST_F(ServiceTest, CompilersComeFromTheConfiguration) {
  const auto embedded = sandbox::EmbeddedCompilerWasm();
  std::string wasm(embedded.begin(), embedded.end());
  wasm.append("\0\2\1x", 4);  // a section that nobody reads
  const std::string path = folder_ + "/compiler.wasm";
  std::ofstream(path, std::ios::binary) << wasm;
  const Digest digest = Sha256(SpanOf(wasm));
  const auto config = [&](const std::string& sha256) {
    return "[compile]\ncompilers = [{ path = \"" + path + "\", sha256 = \"" +
           sha256 + "\" }]\n";
  };
  {
    ServiceProcess refused(
        ServeWords(folder_, config(std::string(64, '0'))), "/nonexistent");
    EXPECT_EQ(refused.Wait(), 2);
    EXPECT_THAT(refused.Log(), HasSubstr("has SHA-256 " + digest.Hex()));
  }
  const auto service = Serve(config(digest.Hex()));
  Client client(grpc_);
  EXPECT_EQ(client.GetInfo()->compilers_sha256(1), BytesOf(digest));
  const std::string module = folder_ + "/module.wasm";
  std::ofstream(module, std::ios::binary) << Text(module_);
  const std::string printed =
      OutputOf("cli/ingot client compile " + module + " --compiler " +
               digest.Hex() + " --json --socket " + grpc_);
  EXPECT_THAT(printed, HasSubstr("\"compiler_sha256\":\"" + digest.Hex()));
}

TEST_F(ServiceTest, CallsOverTheStream) {
  const auto service = Serve("[instances]\nmax_gas = 5_000_000\n");
  auto client = std::make_unique<Client>(grpc_);
  const std::vector<uint8_t> module = TestdataModule("host");
  v1::CompileRequest compile = RequestFor(module);
  const auto verdict = client->Compile(compile);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  v1::InstantiateRequest instantiate;
  *instantiate.mutable_target() = compile.target();
  instantiate.set_module_sha256(verdict->verdict().module_sha256());
  instantiate.set_artifact_sha256(verdict->verdict().artifact_sha256());
  instantiate.set_gas_limit(1'000'000);
  const auto made = client->Instantiate(instantiate);
  ASSERT_TRUE(made.ok()) << made.status();
  v1::CallStart start;
  start.set_instance(made->instance());
  start.set_function("quadruple");
  start.set_gas_limit(1'000'000);
  start.add_arguments()->set_type(v1::VALUE_TYPE_I32);
  start.mutable_arguments(0)->set_bits(10);
  std::string read;
  const auto outcome = client->Call(
      start, [&](const v1::HostCall& call, HostSession& session) {
        const auto memory = session.ReadMemory(16, 5);
        read = memory ? memory->data() : "";
        EXPECT_TRUE(session.WriteMemory(16, "abcde")->in_bounds());
        EXPECT_TRUE(session.ChargeGas(10)->paid());
        v1::HostReturn answer;
        answer.set_result(v1::HOST_RESULT_OK);
        *answer.add_results() = call.arguments(0);
        answer.mutable_results(0)->set_bits(call.arguments(0).bits() * 2);
        return answer;
      });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->results(0).bits(), 40u);
  EXPECT_EQ(read, "abcde");
  // Another gas limit than the node takes.
  start.clear_gas_limit();
  EXPECT_EQ(ReasonOf(client->Call(start, nullptr).status()),
            v1::FAULT_REASON_BAD_REQUEST);
  // A client that goes away takes its instance along.
  client.reset();
  Client other(grpc_);
  absl::Status gone;
  for (int i = 0; i < 200 && ReasonOf(gone) != v1::FAULT_REASON_UNKNOWN_INSTANCE;
       ++i) {
    usleep(50'000);
    Client asker(grpc_);
    start.set_instance(made->instance());
    start.set_function("nothing");
    start.set_gas_limit(1);
    gone = asker.Call(start, nullptr).status();
  }
  EXPECT_EQ(ReasonOf(gone), v1::FAULT_REASON_UNKNOWN_INSTANCE);
}

TEST_F(ServiceTest, CallsOverFrames) {
  const auto service = Serve(
      "[instances]\nmax_gas = 5_000_000\n[limits]\ncall_seconds = 2\n");
  const std::vector<uint8_t> module = TestdataModule("host");
  const v1::CompileRequest compile = RequestFor(module);
  const RawConnection frames(frames_);
  v1::FrameRequest request;
  *request.mutable_compile() = compile;
  ASSERT_TRUE(frames.Ask(request)->has_compile());
  v1::InstantiateRequest& instantiate = *request.mutable_instantiate();
  *instantiate.mutable_target() = compile.target();
  instantiate.set_module_sha256(BytesOf(Sha256(module)));
  instantiate.set_gas_limit(1'000'000);
  const auto made = frames.Ask(request);
  ASSERT_TRUE(made->has_instantiate()) << made->ShortDebugString();
  const uint64_t instance = made->instantiate().instance();

  const auto begin = [&](const RawConnection& connection, v1::Lane lane) {
    request.set_id(7);
    v1::CallStart& start = *request.mutable_call()->mutable_start();
    start.set_instance(instance);
    start.set_function("quadruple");
    start.set_gas_limit(1'000'000);
    start.set_lane(lane);
    if (start.arguments().empty()) start.add_arguments();
    start.mutable_arguments(0)->set_type(v1::VALUE_TYPE_I32);
    start.mutable_arguments(0)->set_bits(10);
    return connection.Ask(request);
  };
  auto answer = begin(frames, v1::LANE_UNSPECIFIED);
  int host_calls = 0;
  while (answer && answer->call().has_host_call()) {
    ++host_calls;
    EXPECT_EQ(answer->id(), request.id());
    const v1::Value argument = answer->call().host_call().arguments(0);
    request.set_id(request.id() + 1);
    v1::MemoryWrite& write = *request.mutable_call()->mutable_memory_write();
    write.set_address(16);
    write.set_data("abcde");
    EXPECT_TRUE(frames.Ask(request)->call().memory().in_bounds());
    request.mutable_call()->mutable_memory_read()->set_address(16);
    request.mutable_call()->mutable_memory_read()->set_size(5);
    EXPECT_EQ(frames.Ask(request)->call().memory().data(), "abcde");
    request.mutable_call()->mutable_charge_gas()->set_price(10);
    EXPECT_TRUE(frames.Ask(request)->call().gas().paid());
    v1::HostReturn& host_return =
        *request.mutable_call()->mutable_host_return();
    host_return.set_result(v1::HOST_RESULT_OK);
    *host_return.add_results() = argument;
    host_return.mutable_results(0)->set_bits(argument.bits() * 2);
    answer = frames.Ask(request);
  }
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(host_calls, 2);
  EXPECT_EQ(answer->call().outcome().results(0).bits(), 40u)
      << answer->ShortDebugString();

  // Something else than an answer is a fault, and ends the instance.
  ASSERT_TRUE(begin(frames, v1::LANE_UNSPECIFIED)->call().has_host_call());
  request.mutable_get_info();
  EXPECT_EQ(frames.Ask(request)->fault().reason(),
            v1::FAULT_REASON_HOST_FAILED);
  EXPECT_TRUE(frames.Ask(request)->has_get_info());
  EXPECT_EQ(begin(frames, v1::LANE_UNSPECIFIED)->fault().reason(),
            v1::FAULT_REASON_UNKNOWN_INSTANCE);
  // An answer that nobody asked for.
  request.mutable_call()->mutable_host_return();
  EXPECT_EQ(frames.Ask(request)->fault().reason(),
            v1::FAULT_REASON_BAD_REQUEST);
}

TEST_F(ServiceTest, ACallOverFramesThatStallsTimesOut) {
  const auto service = Serve("[limits]\ncall_seconds = 0.5\n");
  const std::vector<uint8_t> module = TestdataModule("host");
  const v1::CompileRequest compile = RequestFor(module);
  v1::FrameRequest request;
  const auto begin = [&](const RawConnection& frames, v1::Lane lane) {
    *request.mutable_compile() = compile;
    EXPECT_TRUE(frames.Ask(request)->has_compile());
    v1::InstantiateRequest& instantiate = *request.mutable_instantiate();
    *instantiate.mutable_target() = compile.target();
    instantiate.set_module_sha256(BytesOf(Sha256(module)));
    instantiate.set_gas_limit(1'000'000);
    const auto made = frames.Ask(request);
    v1::CallStart& start = *request.mutable_call()->mutable_start();
    start.set_instance(made->instantiate().instance());
    start.set_function("quadruple");
    start.set_gas_limit(1'000'000);
    start.set_lane(lane);
    start.add_arguments()->set_type(v1::VALUE_TYPE_I32);
    return frames.Ask(request);
  };
  const RawConnection slow(frames_);
  ASSERT_TRUE(begin(slow, v1::LANE_UNSPECIFIED)->call().has_host_call());
  const RawConnection block(frames_);
  ASSERT_TRUE(begin(block, v1::LANE_BLOCK)->call().has_host_call());
  const auto late = slow.ReceiveFrame();
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(late->fault().reason(), v1::FAULT_REASON_TIMED_OUT);
  EXPECT_TRUE(slow.AtEnd());
  // The block path's call has no time limit.
  request.mutable_call()->mutable_host_return()->set_result(
      v1::HOST_RESULT_TRAP);
  EXPECT_EQ(block.Ask(request)->call().outcome().kind(),
            v1::OUTCOME_KIND_TRAPPED);
  ExpectServed();
}

TEST_F(ServiceTest, FramesThatAreNone) {
  const auto service = Serve("[limits]\nmax_message_bytes = 100_000\n");
  // 10,000 groups in each other, of a field that is not known.
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "\xa3\x06";
  for (int i = 0; i < 10'000; ++i) deep += "\xa4\x06";
  const RawConnection frames(frames_);
  for (const std::string& bytes :
       {std::string("garbage \xff\xff\xff"), deep, std::string(99'999, 'x'),
        std::string()}) {
    ASSERT_TRUE(frames.SendFrame(bytes));
    const auto answer = frames.ReceiveFrame();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->fault().reason(), v1::FAULT_REASON_BAD_REQUEST)
        << answer->ShortDebugString();
  }
  // A known request with fields that are not known is answered.
  v1::FrameRequest request;
  request.mutable_get_info();
  std::string unknown = request.SerializeAsString();
  unknown += "\xfa\x06\x03" "abc";
  ASSERT_TRUE(frames.SendFrame(unknown));
  EXPECT_TRUE(frames.ReceiveFrame()->has_get_info());
  // One with fields that are missing is a fault.
  request.mutable_compile();
  request.set_id(3);
  const auto missing = frames.Ask(request);
  EXPECT_EQ(missing->fault().reason(), v1::FAULT_REASON_BAD_REQUEST);
  EXPECT_EQ(missing->id(), 3u);
  // A length of 4 GB ends the connection.
  ASSERT_TRUE(frames.Send("\xff\xff\xff\xff"));
  EXPECT_EQ(frames.ReceiveFrame()->fault().reason(),
            v1::FAULT_REASON_TOO_LARGE);
  EXPECT_TRUE(frames.AtEnd());
  ExpectServed();
}

TEST_F(ServiceTest, SlowAndManyClients) {
  const auto service = Serve(
      "[frames]\nframe_seconds = 0.5\nmax_connections_per_client = 8\n");
  const RawConnection slow(frames_);
  ASSERT_TRUE(slow.Send(LittleEndian(1000) + "some"));
  const auto answer = slow.ReceiveFrame();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->fault().reason(), v1::FAULT_REASON_TIMED_OUT);
  EXPECT_TRUE(slow.AtEnd());
  {
    std::vector<std::unique_ptr<RawConnection>> many;
    for (int i = 0; i < 20; ++i) {
      many.push_back(std::make_unique<RawConnection>(frames_));
    }
    EXPECT_TRUE(many.back()->AtEnd());
  }
  ExpectServed();
}

// An HTTP/2 frame.
std::string Http2(uint8_t type, uint8_t flags, uint32_t stream,
                  const std::string& payload) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) {
    bytes.push_back(static_cast<char>(payload.size() >> shift));
  }
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) {
    bytes.push_back(static_cast<char>(stream >> shift));
  }
  return bytes + payload;
}

// The beginning of a connection and of a call in it.
std::string Http2Call(const std::string& path) {
  std::string headers;
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{
           {":method", "POST"},
           {":scheme", "http"},
           {":path", path},
           {":authority", "x"},
           {"content-type", "application/grpc"},
           {"te", "trailers"}}) {
    headers += std::string(1, '\0');
    headers += static_cast<char>(name.size());
    headers += name;
    headers += static_cast<char>(value.size());
    headers += value;
  }
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Http2(4, 0, 0, "") +
         Http2(1, 4, 1, headers);
}

TEST_F(ServiceTest, GrpcThatIsNone) {
  const auto service = Serve();
  {
    const RawConnection garbage(grpc_);
    ASSERT_TRUE(garbage.Send(std::string(1000, 'x')));
    while (!garbage.Receive(64).empty()) {
    }
  }
  // A call whose message announces 1 GB.
  const RawConnection large(grpc_);
  const std::string announced("\0\x40\0\0\0", 5);
  ASSERT_TRUE(large.Send(Http2Call("/ingot.v1.CompilerService/Compile") +
                         Http2(0, 0, 1, announced + std::string(64, 'x'))));
  // It waits for the rest, and keeps nobody else from anything.
  ExpectServed();
}

TEST_F(ServiceTest, ReflectionListsTheServices) {
  const auto service = Serve();
  const RawConnection connection(grpc_);
  // list_services, field 7, empty; the end of the stream.
  const std::string request("\0\0\0\0\x02\x3a\0", 7);
  ASSERT_TRUE(connection.Send(
      Http2Call("/grpc.reflection.v1alpha.ServerReflection/"
                "ServerReflectionInfo") +
      Http2(0, 1, 1, request)));
  std::string answer;
  while (answer.find("ingot.v1.ExecutionService") == answer.npos) {
    const std::string more = connection.Receive(1);
    ASSERT_FALSE(more.empty()) << answer;
    answer += more;
  }
  EXPECT_THAT(answer, HasSubstr("ingot.v1.CompilerService"));
}

TEST_F(ServiceTest, TcpHasNoBlockLaneUnlessItIsGiven) {
  const auto service = Serve(
      "[tcp]\naddress = \"127.0.0.1:0\"\n[limits]\nburst = 3\n"
      "calls_per_second = 1\n");
  std::string log;
  size_t at = log.npos;
  for (int i = 0; at == log.npos && i < 600; ++i) {
    usleep(50'000);
    log = service->Log();
    at = log.find("\"tcp_port\":");
  }
  ASSERT_NE(at, log.npos) << log;
  Client client("tcp:127.0.0.1:" + std::to_string(std::stoi(
                                       log.substr(at + 11))));
  v1::GetArtifactRequest request;
  request.set_lane(v1::LANE_BLOCK);
  absl::Status status;
  for (int i = 0; i < 10; ++i) {
    status = client.GetArtifact(request).status();
    if (ReasonOf(status) == v1::FAULT_REASON_RATE_LIMITED) break;
    EXPECT_EQ(ReasonOf(status), v1::FAULT_REASON_BAD_REQUEST);
  }
  EXPECT_EQ(ReasonOf(status), v1::FAULT_REASON_RATE_LIMITED);
  // On the unix socket it has no limits.
  Client local(grpc_);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(ReasonOf(local.GetArtifact(request).status()),
              v1::FAULT_REASON_BAD_REQUEST);
  }
}

TEST_F(ServiceTest, MessagesThatAreTooLarge) {
  const auto service = Serve(
      "[limits]\nmax_message_bytes = 65_536\n"
      "[socket]\nmax_buffered_bytes = 16_777_216\n");
  Client client(grpc_);
  v1::CompileRequest request = RequestFor(module_);
  // Refused at its end, and, beyond what is buffered at all, before it.
  for (const size_t size : {size_t{1} << 20, size_t{100} << 20}) {
    request.set_module_bytes(std::string(size, 'x'));
    EXPECT_EQ(ReasonOf(client.Compile(request).status()),
              v1::FAULT_REASON_TOO_LARGE);
  }
  // In pieces it is taken, and then it has a verdict.
  const std::vector<uint8_t> large = sandbox::SyntheticModule(1, 1, 1 << 20);
  const auto uploaded = client.UploadModule(Text(large).substr(0, 60'000));
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  request.set_module_sha256(uploaded->module_sha256());
  EXPECT_EQ(client.Compile(request)->verdict().kind(),
            v1::VERDICT_KIND_REJECTED);
  ExpectServed();
}

TEST_F(ServiceTest, StopsWhenItIsToldAndAnswersWhatRuns) {
  const auto service = Serve();
  const std::vector<uint8_t> large = sandbox::SyntheticModule(2000, 300);
  const v1::CompileRequest request = RequestFor(large);
  absl::StatusOr<v1::CompileResponse> answer;
  std::thread caller([&] {
    Client client(grpc_);
    answer = client.Compile(request);
  });
  // Its worker has begun when the module is stored.
  const std::string module =
      folder_ + "/store/modules/" + Sha256(large).Hex();
  while (!std::filesystem::exists(module)) usleep(1000);
  service->Signal(SIGTERM);
  caller.join();
  EXPECT_EQ(service->Wait(), 0) << service->Log();
  ASSERT_TRUE(answer.ok()) << answer.status() << service->Log();
  EXPECT_EQ(answer->verdict().kind(), v1::VERDICT_KIND_ACCEPTED);
  EXPECT_FALSE(std::filesystem::exists(grpc_));
  EXPECT_THAT(service->Log(), HasSubstr("\"event\":\"stopped\""));
}

TEST_F(ServiceTest, NothingIsLostWhenItIsKilled) {
  const std::vector<uint8_t> large = sandbox::SyntheticModule(2000, 300);
  std::string before;
  {
    const auto service = Serve();
    Client client(grpc_);
    before = client.Compile(RequestFor(module_))->verdict()
                 .SerializeAsString();
    const v1::CompileRequest request = RequestFor(large);
    std::thread caller([&] {
      Client other(grpc_);
      EXPECT_FALSE(other.Compile(request).ok());
    });
    const std::string module =
        folder_ + "/store/modules/" + Sha256(large).Hex();
    while (!std::filesystem::exists(module)) usleep(1000);
    service->Signal(SIGKILL);
    EXPECT_EQ(service->Wait(), 128 + SIGKILL);
    caller.join();
  }
  // Its socket is still there, and nobody listens.
  EXPECT_TRUE(std::filesystem::exists(grpc_));
  const auto service = Serve();
  Client client(grpc_);
  const auto again = client.Compile(RequestFor(module_));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->cached());
  EXPECT_EQ(again->verdict().SerializeAsString(), before);
  const auto finished = client.Compile(RequestFor(large));
  ASSERT_TRUE(finished.ok()) << finished.status();
  const sandbox::Verdict fresh = FreshVerdict(large, ~uint64_t{0});
  EXPECT_EQ(finished->verdict().SerializeAsString(),
            VerdictToWire(fresh, fresh.artifact.size()).SerializeAsString());
}

TEST_F(ServiceTest, FailedWorkersOnTheBlockPathStopItWithAReport) {
  const auto service =
      Started({"chain_integration/service/test_service", "exit", "3",
               folder_ + "/store", grpc_, frames_});
  v1::CompileRequest request = RequestFor(module_);
  Client client(grpc_);
  EXPECT_EQ(ReasonOf(client.Compile(request).status()),
            v1::FAULT_REASON_WORKER_LOST);
  request.set_lane(v1::LANE_BLOCK);
  const auto answer = client.Compile(request);
  ASSERT_TRUE(answer.ok()) << answer.status() << service->Log();
  EXPECT_EQ(answer->verdict().kind(), v1::VERDICT_KIND_ACCEPTED);
  EXPECT_EQ(service->Wait(), 3);
  EXPECT_THAT(service->Log(), HasSubstr("workers failed every try of a job"));
}

TEST_F(ServiceTest, SaysWhyItDoesNotStart) {
  const auto first = Serve();
  ServiceProcess second(ServeWords(folder_), "/nonexistent");
  EXPECT_EQ(second.Wait(), 3);
  EXPECT_THAT(second.Log(), HasSubstr("another process listens there"));
  ExpectServed();
}

}  // namespace
}  // namespace ingot::service
