// The node. In and out: see the header. Holds: what the store and the workers
// report becomes a fault here, in one place, and only there.

#include "chain_integration/service/node.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "chain_integration/service/faults.h"
#include "chain_integration/service/version.h"
#include "chain_integration/service/wire.h"
#include "sandbox/embedded_compiler.h"

namespace ingot::service {
namespace {

using std::chrono::steady_clock;
using store::Key;
using store::StoredFile;

constexpr uint64_t kPieceBytes = uint64_t{1} << 20;
// What a message has beside its largest field, and more.
constexpr uint64_t kEnvelopeBytes = 4096;

// How soon a run ends whose client is gone, and how often idle instances and
// what to evict are looked for.
constexpr std::chrono::milliseconds kTick(100);
constexpr uint64_t kTicksBetweenSweeps = 100;

// Every answer must be obtainable: a module that the profile's limit refuses
// is a verdict, so the node may not call it too large.
absl::Status CheckOptions(const NodeOptions& options) {
  if (options.profiles.empty()) {
    return absl::InvalidArgumentError("there is no profile");
  }
  for (const Profile& profile : options.profiles) {
    if (options.max_module_bytes <= profile.limits.module_bytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "max_module_bytes must be more than a profile's limit, ",
          profile.limits.module_bytes,
          ", or a verdict would become a fault"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Node::Node(NodeOptions options, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      log_(log),
      metrics_(metrics),
      desk_(options_.client_limits, options_.call_time, log, metrics),
      beside_cache_(options_.compilations) {}

Node::~Node() {
  metrics_.OnScrape(nullptr);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  ends_.notify_all();
  if (keeper_.joinable()) keeper_.join();
}

absl::StatusOr<std::unique_ptr<Node>> Node::Create(NodeOptions options,
                                                   Log& log,
                                                   Metrics& metrics) {
  if (absl::Status wrong = CheckOptions(options); !wrong.ok()) return wrong;
  if (options.compilers.empty()) {
    const auto embedded = sandbox::EmbeddedCompilerWasm();
    options.compilers.push_back({embedded.begin(), embedded.end()});
  }
  options.workers.log = [&log](const std::string& line) {
    log.Warning("worker", {{"message", line}});
  };
  std::unique_ptr<Node> node(new Node(std::move(options), log, metrics));
  const NodeOptions& own = node->options_;
  auto opened = store::ArtifactStore::Open(
      {.folder = own.store_folder, .log = [&log](const std::string& line) {
         log.Error("store", {{"message", line}});
       }});
  if (!opened.ok()) return opened.status();
  node->store_ = *std::move(opened);
  auto targets = Targets::Create(own.compilers, own.profiles,
                                 own.compile ? nullptr : &own.workers);
  if (!targets.ok()) return targets.status();
  node->targets_ = *std::move(targets);
  if (!node->targets_->pools().empty()) {
    const auto probe = node->targets_->pools()[0]->Probe();
    if (!probe.ok()) return probe.status();
    if (!probe->reached.empty()) {
      return absl::InternalError("a worker can reach " + probe->reached[0]);
    }
    node->protections_ = probe->protections;
  }
  node->instances_ =
      std::make_unique<Instances>(own.instances, log, metrics);
  node->cache_ = std::make_unique<store::CompileCache>(
      *node->store_,
      store::CacheOptions{
          .compile = [raw = node.get()](const store::CompileTask& task) {
            return raw->Run(task);
          },
          .threads = own.compilations,
          .block_threads = 1,
          .shared_gas_limit = own.shared_gas_limit,
          .max_waiting = own.max_waiting});
  node->keeper_ = std::thread([raw = node.get()] { raw->LookAfter(); });
  metrics.OnScrape([raw = node.get()] { return raw->Samples(); });
  return node;
}

void Node::NoteVerdict(const sandbox::Verdict& verdict) {
  if (verdict.code != Code::kCompilerDefect) return;
  metrics_.CountAlarm("compiler_defect");
  log_.Error("compiler_defect",
             {{"module", verdict.module_digest.Hex()},
              {"compiler", verdict.compiler_digest.Hex()},
              {"profile", verdict.profile_digest.Hex()},
              {"trap", static_cast<uint64_t>(verdict.defect.trap)},
              {"function", verdict.defect.function},
              {"offset", verdict.defect.offset}});
}

absl::StatusOr<sandbox::Verdict> Node::CompileInWorker(
    const Target& target, std::span<const uint8_t> module,
    uint64_t gas_limit) {
  const Profile& profile = target.profile->profile;
  return options_.compile
             ? options_.compile(module, profile, gas_limit)
             : target.workers->Compile(module, profile, gas_limit);
}

absl::StatusOr<sandbox::Verdict> Node::Run(const store::CompileTask& task) {
  const Target* const target =
      targets_->Find(task.key.compiler, task.key.profile);
  if (target == nullptr) {
    return Fault(v1::FAULT_REASON_UNKNOWN_PROFILE,
                 "the node has the job's compiler or profile no more");
  }
  const auto began = steady_clock::now();
  absl::StatusOr<sandbox::Verdict> verdict =
      CompileInWorker(*target, task.module->bytes(), task.gas_limit);
  if (!verdict.ok()) {
    if (task.lane != store::Lane::kBlock) {
      return Fault(v1::FAULT_REASON_WORKER_LOST,
                   std::string(verdict.status().message()));
    }
    return RunHere(task, *target, verdict.status());
  }
  const std::chrono::duration<double> took = steady_clock::now() - began;
  metrics_.ObserveCompile("worker", took.count(), verdict->compile_gas);
  log_.Info("compiled",
            {{"module", task.key.module.Hex()},
             {"verdict", sandbox::VerdictName(verdict->kind)},
             {"gas", std::to_string(verdict->compile_gas)},
             {"us", static_cast<uint64_t>(took.count() * 1'000'000)}});
  NoteVerdict(*verdict);
  return verdict;
}

absl::StatusOr<sandbox::Verdict> Node::RunHere(const store::CompileTask& task,
                                               const Target& target,
                                               const absl::Status& lost) {
  const std::string why(lost.message());
  log_.Critical("workers_failed",
                {{"module", task.key.module.Hex()},
                 {"message", why},
                 {"next", "compiling on the interpreter, then stopping"}});
  const auto began = steady_clock::now();
  const auto compiler = targets_->Interpreted(target);
  if (!compiler.ok()) {
    return AsFault(compiler.status(), v1::FAULT_REASON_INTERNAL);
  }
  absl::StatusOr<sandbox::Verdict> verdict = sandbox::CompileInSandbox(
      **compiler, task.module->bytes(), target.profile->profile,
      {.gas_limit = task.gas_limit});
  const std::chrono::duration<double> took = steady_clock::now() - began;
  if (verdict.ok()) {
    metrics_.ObserveCompile("interpreter", took.count(),
                            verdict->compile_gas);
    NoteVerdict(*verdict);
  }
  if (!workers_failed_.exchange(true)) {
    metrics_.CountAlarm("workers_lost");
    if (options_.on_workers_failed) {
      options_.on_workers_failed(absl::StrCat(
          "workers failed every try of a job of the block path, module ",
          task.key.module.Hex(), ": ", why,
          verdict.ok() ? "; the interpreter gave the verdict"
                       : "; and the interpreter failed, too"));
    }
  }
  if (!verdict.ok()) {
    return AsFault(verdict.status(), v1::FAULT_REASON_INTERNAL);
  }
  return verdict;
}

absl::Status Node::StoreFault(const absl::Status& status,
                              v1::FaultReason missing,
                              const Call& call) const {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      // The store's text names its files, which say nothing to a client.
      return ReasonOf(status) == v1::FAULT_REASON_INTERNAL
                 ? Fault(missing, ReasonMessage(missing))
                 : status;
    case absl::StatusCode::kCancelled:
      return ReasonOf(status) == v1::FAULT_REASON_INTERNAL ? call.Why()
                                                           : status;
    case absl::StatusCode::kAborted:
      return AsFault(status, v1::FAULT_REASON_QUEUE_FULL);
    case absl::StatusCode::kFailedPrecondition:
      return AsFault(status, v1::FAULT_REASON_ARTIFACT_REFUSED);
    case absl::StatusCode::kInternal:
      if (ReasonOf(status) == v1::FAULT_REASON_INTERNAL) {
        metrics_.CountAlarm("contradiction");
      }
      return AsFault(status, v1::FAULT_REASON_INTERNAL);
    default:
      return AsFault(status, desk_.draining() ? v1::FAULT_REASON_DRAINING
                                              : v1::FAULT_REASON_STORE);
  }
}

absl::StatusOr<store::CacheAnswer> Node::CompileThrough(const Key& key,
                                                        uint64_t gas_limit,
                                                        Call& call) {
  while (true) {
    absl::StatusOr<store::CacheAnswer> answer =
        cache_->Compile(key, gas_limit, call.lane(), call.GiveUp(),
                        call.client());
    if (answer.ok()) return answer;
    const absl::Status fault =
        StoreFault(answer.status(), v1::FAULT_REASON_UNKNOWN_MODULE, call);
    // It may have been the job of somebody on the normal lane. The next one
    // is the block path's own, and that one never ends so.
    const bool again = call.lane() == store::Lane::kBlock &&
                       ReasonOf(fault) == v1::FAULT_REASON_WORKER_LOST;
    if (!again) return fault;
  }
}

absl::StatusOr<std::shared_ptr<const StoredFile>> Node::ArtifactThrough(
    const Key& key, const std::optional<Digest>& expected, Call& call) {
  while (true) {
    auto file = cache_->Artifact(key, expected, call.lane(), call.GiveUp(),
                                 call.client());
    if (file.ok()) return file;
    const absl::Status fault =
        StoreFault(file.status(), v1::FAULT_REASON_UNKNOWN_ARTIFACT, call);
    const bool again = call.lane() == store::Lane::kBlock &&
                       ReasonOf(fault) == v1::FAULT_REASON_WORKER_LOST;
    if (!again) return fault;
  }
}

absl::StatusOr<v1::CompileResponse> Node::Answer(
    const v1::CompileRequest& request, Call& call) {
  const absl::StatusOr<const Target*> target =
      targets_->Find(request.target());
  if (!target.ok()) return target.status();
  Key key{.module = {},
          .compiler = (*target)->compiler,
          .profile = (*target)->profile->digest};
  const std::span<const uint8_t> bytes = SpanOf(request.module_bytes());
  switch (request.module_case()) {
    case v1::CompileRequest::kModuleBytes:
      if (bytes.size() > options_.max_module_bytes) {
        return Fault(v1::FAULT_REASON_TOO_LARGE, "the module is too large");
      }
      key.module = Sha256(bytes);
      break;
    case v1::CompileRequest::kModuleSha256: {
      const auto digest = DigestFrom(request.module_sha256(), "module_sha256");
      if (!digest.ok()) return digest.status();
      key.module = *digest;
      break;
    }
    default:
      return Fault(v1::FAULT_REASON_BAD_REQUEST,
                   "module: neither its bytes nor its digest");
  }
  const uint64_t limit = GasLimitFrom(request.has_gas_limit()
                                          ? std::optional(request.gas_limit())
                                          : std::nullopt);
  // A verdict that is known needs no module.
  const auto known = store_->Find(key, limit);
  if (!known.ok()) {
    return StoreFault(known.status(), v1::FAULT_REASON_STORE, call);
  }
  if (!known->has_value() &&
      request.module_case() == v1::CompileRequest::kModuleBytes) {
    const auto put = store_->PutModule(bytes);
    if (!put.ok()) {
      return StoreFault(put.status(), v1::FAULT_REASON_STORE, call);
    }
  }
  const auto answer = CompileThrough(key, limit, call);
  if (!answer.ok()) return answer.status();
  uint64_t artifact_bytes = 0;
  if (answer->verdict.kind == sandbox::VerdictKind::kAccepted) {
    const auto record = store_->RecordFor(key);
    if (!record.ok()) {
      return StoreFault(record.status(), v1::FAULT_REASON_STORE, call);
    }
    artifact_bytes = record->artifact_bytes;
  }
  metrics_.CountVerdict(sandbox::VerdictName(answer->verdict.kind));
  v1::CompileResponse response;
  *response.mutable_verdict() =
      VerdictToWire(answer->verdict, artifact_bytes);
  response.set_cached(answer->cached);
  return response;
}

absl::StatusOr<v1::UploadModuleResponse> Node::Answer(
    const UploadSource& next, Call& call) {
  std::vector<uint8_t> module;
  // What this upload has taken of max_upload_bytes.
  struct Share {
    std::atomic<uint64_t>& all;
    uint64_t mine = 0;
    ~Share() { all -= mine; }
  } share{upload_bytes_};
  v1::UploadModuleRequest piece;
  while (next(&piece)) {
    const std::span<const uint8_t> bytes = SpanOf(piece.chunk());
    if (bytes.size() > options_.max_module_bytes - module.size()) {
      return Fault(v1::FAULT_REASON_TOO_LARGE,
                   absl::StrCat("a module has at most ",
                                options_.max_module_bytes, " bytes here"));
    }
    share.mine += bytes.size();
    if ((upload_bytes_ += bytes.size()) > options_.max_upload_bytes) {
      return Fault(v1::FAULT_REASON_QUEUE_FULL, "too much is being uploaded");
    }
    module.insert(module.end(), bytes.begin(), bytes.end());
    if (call.Over()) return call.Why();
    piece.Clear();
  }
  // A stream that broke off looks like one that has ended.
  if (call.Over()) return call.Why();
  const auto digest = store_->PutModule(module);
  if (!digest.ok()) {
    return StoreFault(digest.status(), v1::FAULT_REASON_STORE, call);
  }
  v1::UploadModuleResponse response;
  response.set_module_sha256(BytesOf(*digest));
  response.set_module_bytes(module.size());
  return response;
}

absl::Status Node::Answer(const v1::GetArtifactRequest& request,
                          Pieces pieces, const ArtifactSink& sink,
                          Call& call) {
  const auto target = targets_->Find(request.target());
  if (!target.ok()) return target.status();
  const auto module = DigestFrom(request.module_sha256(), "module_sha256");
  if (!module.ok()) return module.status();
  std::optional<Digest> expected;
  if (!request.artifact_sha256().empty()) {
    const auto digest =
        DigestFrom(request.artifact_sha256(), "artifact_sha256");
    if (!digest.ok()) return digest.status();
    expected = *digest;
  }
  const auto file = ArtifactThrough(
      {*module, (*target)->compiler, (*target)->profile->digest}, expected,
      call);
  if (!file.ok()) return file.status();
  const std::string_view bytes = TextOf((*file)->bytes());
  const uint64_t piece_bytes =
      pieces == Pieces::kMany ? kPieceBytes
                              : options_.max_message_bytes - kEnvelopeBytes;
  if (pieces == Pieces::kWhole && bytes.size() > piece_bytes) {
    return Fault(v1::FAULT_REASON_TOO_LARGE,
                 absl::StrCat("the artifact has ", bytes.size(),
                              " bytes, more than a message; gRPC gives it in "
                              "pieces"));
  }
  for (size_t at = 0; at == 0 || at < bytes.size(); at += piece_bytes) {
    v1::GetArtifactResponse piece;
    if (at == 0) {
      piece.set_artifact_sha256(BytesOf((*file)->digest()));
      piece.set_artifact_bytes(bytes.size());
    }
    piece.set_chunk(std::string(bytes.substr(at, piece_bytes)));
    if (!sink(piece) || call.Over()) return call.Why();
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::InstantiateResponse> Node::Answer(
    const v1::InstantiateRequest& request, const CallContext& context,
    Call& call) {
  const auto target = targets_->Find(request.target());
  if (!target.ok()) return target.status();
  const auto module = DigestFrom(request.module_sha256(), "module_sha256");
  if (!module.ok()) return module.status();
  std::optional<Digest> expected;
  if (!request.artifact_sha256().empty()) {
    const auto digest =
        DigestFrom(request.artifact_sha256(), "artifact_sha256");
    if (!digest.ok()) return digest.status();
    expected = *digest;
  }
  const Key key{*module, (*target)->compiler, (*target)->profile->digest};
  // One that is loaded needs no disk.
  std::shared_ptr<const runtime::NativeProgram> program;
  const auto record = store_->RecordFor(key);
  if (record.ok() && record->HasArtifact() &&
      expected.value_or(record->verdict.artifact_digest) ==
          record->verdict.artifact_digest) {
    program = instances_->Find(record->verdict.artifact_digest);
  }
  if (!program) {
    const auto file = ArtifactThrough(key, expected, call);
    if (!file.ok()) return file.status();
    auto loaded = instances_->Load(key, **file);
    if (!loaded.ok()) return loaded.status();
    program = *std::move(loaded);
  }
  return instances_->Instantiate(std::move(program), request, context.client,
                                 call);
}

namespace {

// What every call has around its body.
template <typename Answer, typename Body>
absl::StatusOr<Answer> Serve(CallDesk& desk, std::string_view method,
                             const CallContext& context, v1::Lane lane,
                             const Body& body) {
  Call call(desk, method, context);
  const absl::Status begun = call.Begin(lane);
  absl::StatusOr<Answer> answer =
      begun.ok() ? absl::StatusOr<Answer>(body(call))
                 : absl::StatusOr<Answer>(begun);
  const absl::Status ended = call.End(answer.status());
  if (!ended.ok()) return ended;
  return answer;
}

}  // namespace

absl::StatusOr<v1::CompileResponse> Node::Compile(
    const v1::CompileRequest& request, const CallContext& context) {
  return Serve<v1::CompileResponse>(
      desk_, "Compile", context, request.lane(),
      [&](Call& call) { return Answer(request, call); });
}

absl::StatusOr<v1::UploadModuleResponse> Node::UploadModule(
    const UploadSource& next, const CallContext& context) {
  return Serve<v1::UploadModuleResponse>(
      desk_, "UploadModule", context, v1::LANE_UNSPECIFIED,
      [&](Call& call) { return Answer(next, call); });
}

absl::Status Node::GetArtifact(const v1::GetArtifactRequest& request,
                               Pieces pieces, const ArtifactSink& sink,
                               const CallContext& context) {
  return Serve<v1::GetArtifactResponse>(
             desk_, "GetArtifact", context, request.lane(),
             [&](Call& call) -> absl::StatusOr<v1::GetArtifactResponse> {
               absl::Status sent = Answer(request, pieces, sink, call);
               if (!sent.ok()) return sent;
               return v1::GetArtifactResponse();
             })
      .status();
}

absl::StatusOr<v1::VerifyResponse> Node::Verify(
    const v1::VerifyRequest& request, const CallContext& context) {
  return Serve<v1::VerifyResponse>(
      desk_, "Verify", context, v1::LANE_UNSPECIFIED,
      [&](Call& call) { return Answer(request, call); });
}

absl::StatusOr<v1::QuoteResponse> Node::Quote(const v1::QuoteRequest& request,
                                              const CallContext& context) {
  return Serve<v1::QuoteResponse>(
      desk_, "Quote", context, v1::LANE_UNSPECIFIED,
      [&](Call& call) { return Answer(request, call); });
}

absl::StatusOr<v1::GetInfoResponse> Node::GetInfo(
    const v1::GetInfoRequest&, const CallContext& context) {
  return Serve<v1::GetInfoResponse>(
      desk_, "GetInfo", context, v1::LANE_UNSPECIFIED,
      [&](Call&) -> absl::StatusOr<v1::GetInfoResponse> {
        v1::GetInfoResponse info;
        info.set_version(std::string(kVersion));
        for (const Digest& digest : targets_->compilers()) {
          info.add_compilers_sha256(BytesOf(digest));
        }
        for (const auto& profile : targets_->profiles()) {
          v1::ProfileInfo& item = *info.add_profiles();
          item.set_profile_sha256(BytesOf(profile->digest));
          item.set_canonical(profile->canonical);
        }
        info.set_max_module_bytes(options_.max_module_bytes);
        info.set_max_message_bytes(options_.max_message_bytes);
        info.set_workers(options_.workers.ready);
        for (const std::string& name : protections_) {
          info.add_protections(name);
        }
        return info;
      });
}

absl::StatusOr<v1::InstantiateResponse> Node::Instantiate(
    const v1::InstantiateRequest& request, const CallContext& context) {
  return Serve<v1::InstantiateResponse>(
      desk_, "Instantiate", context, request.lane(),
      [&](Call& call) { return Answer(request, context, call); });
}

absl::StatusOr<v1::CallResponse> Node::CallFunction(
    CallPeer& peer, const CallContext& context) {
  v1::CallRequest first;
  const bool received = peer.Receive(&first);
  const bool starts =
      received && first.message_case() == v1::CallRequest::kStart;
  const v1::Lane lane = starts ? first.start().lane() : v1::LANE_UNSPECIFIED;
  return Serve<v1::CallResponse>(
      desk_, "Call", context, lane,
      [&](Call& call) -> absl::StatusOr<v1::CallResponse> {
        if (!received && call.Over()) return call.Why();
        if (!starts) {
          return Fault(v1::FAULT_REASON_BAD_REQUEST,
                       "the first message of a call is start");
        }
        auto outcome =
            instances_->Run(first.start(), peer, context.client, call);
        if (!outcome.ok()) return outcome.status();
        v1::CallResponse response;
        *response.mutable_outcome() = *std::move(outcome);
        return response;
      });
}

absl::StatusOr<v1::ReleaseResponse> Node::Release(
    const v1::ReleaseRequest& request, const CallContext& context) {
  return Serve<v1::ReleaseResponse>(
      desk_, "Release", context, v1::LANE_BLOCK,
      [&](Call&) -> absl::StatusOr<v1::ReleaseResponse> {
        absl::Status released =
            instances_->Release(request.instance(), context.client);
        if (!released.ok()) return released;
        return v1::ReleaseResponse();
      });
}

void Node::LookAfter() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (uint64_t tick = 0; !ending_; ++tick) {
    lock.unlock();
    instances_->CancelOver();
    if (tick % kTicksBetweenSweeps == 0) {
      instances_->Sweep();
      if (options_.store_bytes > 0) Evict();
    }
    lock.lock();
    ends_.wait_for(lock, kTick, [this] { return ending_; });
  }
}

void Node::Evict() {
  const auto report = store_->Collect(options_.store_bytes);
  if (!report.ok()) {
    log_.Error("eviction", {{"message", std::string(
                                            report.status().message())}});
  } else if (report->files_removed > 0 || report->records_removed > 0) {
    log_.Info("eviction", {{"files", report->files_removed},
                           {"records", report->records_removed},
                           {"bytes_before", report->bytes_before},
                           {"bytes_after", report->bytes_after}});
  }
}

}  // namespace ingot::service
