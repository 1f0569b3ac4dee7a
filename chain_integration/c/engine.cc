// Engines, compilations and programs. In: options, modules, artifacts. Out:
// verdicts and programs. Holds: with a folder every verdict goes through its
// store, so that one compilation answers all who ask for the same.

#include <algorithm>
#include <string_view>

#include "chain_integration/c/border.h"
#include "chain_integration/c/handles.h"
#include "chain_integration/profile/profile_toml.h"
#include "compiler/base/error_text.h"
#include "fmt/format.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/native/native_program.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/compile_job.h"
#include "sandbox/embedded_compiler.h"

namespace ingot::c_api {
namespace {

absl::StatusOr<sandbox::EngineKind> KindOf(uint32_t number) {
  if (number == INGOT_NATIVE) return sandbox::EngineKind::kNative;
  if (number == INGOT_INTERPRETER) return sandbox::EngineKind::kInterpreter;
  return absl::InvalidArgumentError(
      fmt::format("no executor has the number {}", number));
}

absl::StatusOr<Profile> ProfileOf(const ingot_engine_options& options) {
  if (options.profile != nullptr && options.profile_toml != nullptr) {
    return absl::InvalidArgumentError("two profiles: canonical bytes and TOML");
  }
  if (options.profile_toml != nullptr) {
    return profiles::ProfileFromToml(
        {options.profile_toml, options.profile_toml_size}, "profile_toml");
  }
  Profile profile;
  if (options.profile == nullptr) return profile;
  const Status status =
      Decode({options.profile, options.profile_size}, &profile);
  if (status.ok()) return profile;
  const ErrorText& text = TextOf(status.code);
  return absl::InvalidArgumentError(
      fmt::format("the profile's bytes: {} ({}), at byte {}", text.message,
                  text.name, status.offset));
}

absl::StatusOr<sandbox::Verdict> CompileAfresh(
    const Engine& engine, std::span<const uint8_t> module,
    uint64_t gas_limit) {
  auto compiler =
      sandbox::EmbeddedCompiler(engine.compile_executor, engine.profile);
  if (!compiler.ok()) return compiler.status();
  return sandbox::CompileInSandbox(
      **compiler, module, engine.profile,
      {.gas_limit = gas_limit, .threads = engine.compile_threads});
}

absl::Status OpenStore(const char* folder, Engine* engine) {
  auto opened = store::ArtifactStore::Open({.folder = folder});
  if (!opened.ok()) return opened.status();
  engine->artifacts = *std::move(opened);
  // Every caller pays for what it asks for: no limit but its own.
  store::CacheOptions options = {.shared_gas_limit = 0};
  options.compile = [engine](const store::CompileTask& task) {
    return CompileAfresh(*engine, task.module->bytes(), task.gas_limit);
  };
  engine->cache =
      std::make_unique<store::CompileCache>(*engine->artifacts, options);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Engine>> MakeEngine(
    const ingot_engine_options* given) {
  absl::StatusOr<ingot_engine_options> options = ReadStruct(given);
  if (!options.ok()) return options.status();
  auto engine = std::make_shared<Engine>();
  absl::StatusOr<sandbox::EngineKind> executor = KindOf(options->executor);
  if (!executor.ok()) return executor.status();
  engine->executor = *executor;
  executor = KindOf(options->compile_executor);
  if (!executor.ok()) return executor.status();
  engine->compile_executor = *executor;
  engine->compile_threads = std::max<uint32_t>(1, options->compile_threads);
  absl::StatusOr<Profile> profile = ProfileOf(*options);
  if (!profile.ok()) return profile.status();
  engine->profile = *profile;
  engine->profile_bytes = profiles::CanonicalBytes(*profile);
  engine->profile_digest = Sha256(engine->profile_bytes);
  engine->compiler_digest = Sha256(sandbox::EmbeddedCompilerWasm());
  if (options->store_folder != nullptr) {
    if (absl::Status opened = OpenStore(options->store_folder, engine.get());
        !opened.ok()) {
      return opened;
    }
  }
  return engine;
}

absl::Status CompileThroughStore(const Engine& engine,
                                 std::span<const uint8_t> module,
                                 uint64_t gas_limit,
                                 ingot_compilation* compilation) {
  const auto digest = engine.artifacts->PutModule(module);
  if (!digest.ok()) return digest.status();
  const store::Key key = {*digest, engine.compiler_digest,
                          engine.profile_digest};
  auto answer = engine.cache->Compile(key, gas_limit, store::Lane::kBlock);
  if (!answer.ok()) return answer.status();
  compilation->verdict = std::move(answer->verdict);
  compilation->cached = answer->cached;
  if (compilation->verdict.kind != sandbox::VerdictKind::kAccepted) {
    return absl::OkStatus();
  }
  auto file = engine.cache->Artifact(
      key, compilation->verdict.artifact_digest, store::Lane::kBlock);
  if (!file.ok()) return file.status();
  compilation->file = *std::move(file);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const runtime::Program>> LoadNative(
    const Engine& engine, std::span<const uint8_t> artifact,
    std::span<const uint8_t> module) {
  auto program = runtime::NativeProgram::Load(
      artifact,
      {.compiler = engine.compiler_digest, .profile = &engine.profile});
  if (!program.ok()) return program.status();
  if (!module.empty()) {
    if (absl::Status verified =
            runtime::VerifyWithModule((*program)->artifact(), module);
        !verified.ok()) {
      return verified;
    }
  }
  return *std::move(program);
}

absl::StatusOr<std::shared_ptr<const runtime::Program>> LoadInterpreted(
    const Engine& engine, std::span<const uint8_t> module) {
  if (module.empty()) {
    return absl::InvalidArgumentError(
        "the interpreter runs modules: none given");
  }
  Status rejection;
  auto program = runtime::Program::FromModule(
      {module.begin(), module.end()}, engine.profile, &rejection);
  if (!program.ok()) return program.status();
  if (*program != nullptr) return *std::move(program);
  const ErrorText& text = TextOf(rejection.code);
  return absl::FailedPreconditionError(
      fmt::format("the module is rejected: {} ({}), at byte {}", text.message,
                  text.name, rejection.offset));
}

std::span<const uint8_t> Bytes(const uint8_t* data, size_t size) {
  return {data, data == nullptr ? 0 : size};
}

ingot_verdict ToC(const ingot_compilation& compilation) {
  const sandbox::Verdict& verdict = compilation.verdict;
  ingot_verdict out = {};
  out.kind = static_cast<uint32_t>(verdict.kind);
  out.code = static_cast<uint32_t>(verdict.code);
  out.function = verdict.function;
  out.offset = verdict.offset;
  out.cached = compilation.cached ? 1 : 0;
  out.compile_gas = verdict.compile_gas;
  out.artifact_bytes = compilation.artifact().size();
  const auto copy = [](const Digest& digest, uint8_t (&to)[32]) {
    std::copy(digest.bytes.begin(), digest.bytes.end(), to);
  };
  copy(verdict.module_digest, out.module_sha256);
  copy(verdict.compiler_digest, out.compiler_sha256);
  copy(verdict.profile_digest, out.profile_sha256);
  if (verdict.kind == sandbox::VerdictKind::kAccepted) {
    copy(verdict.artifact_digest, out.artifact_sha256);
  }
  // Both are literals of a table, so they end with a 0.
  out.code_name = TextOf(verdict.code).name.data();
  out.message = TextOf(verdict.code).message.data();
  return out;
}

}  // namespace
}  // namespace ingot::c_api

using ingot::c_api::Guarded;

uint32_t ingot_abi_version(void) { return INGOT_ABI_VERSION; }

ingot_status ingot_engine_new(const ingot_engine_options* options,
                              ingot_engine** out, ingot_error** error) {
  return Guarded(error, [&]() -> absl::Status {
    auto engine = ingot::c_api::MakeEngine(options);
    if (!engine.ok()) return engine.status();
    *out = new ingot_engine{*std::move(engine)};
    return absl::OkStatus();
  });
}

void ingot_engine_free(ingot_engine* engine) { delete engine; }

const uint8_t* ingot_engine_profile(const ingot_engine* engine, size_t* size) {
  *size = engine->engine->profile_bytes.size();
  return engine->engine->profile_bytes.data();
}

void ingot_engine_profile_sha256(const ingot_engine* engine,
                                 uint8_t digest[32]) {
  const ingot::Digest& from = engine->engine->profile_digest;
  std::copy(from.bytes.begin(), from.bytes.end(), digest);
}

void ingot_engine_compiler_sha256(const ingot_engine* engine,
                                  uint8_t digest[32]) {
  const ingot::Digest& from = engine->engine->compiler_digest;
  std::copy(from.bytes.begin(), from.bytes.end(), digest);
}

ingot_status ingot_compile(ingot_engine* engine, const uint8_t* module,
                           size_t module_size, uint64_t gas_limit,
                           ingot_compilation** out, ingot_error** error) {
  return Guarded(error, [&]() -> absl::Status {
    const ingot::c_api::Engine& made = *engine->engine;
    const auto bytes = ingot::c_api::Bytes(module, module_size);
    auto compilation = std::make_unique<ingot_compilation>();
    if (made.cache != nullptr) {
      const absl::Status compiled = ingot::c_api::CompileThroughStore(
          made, bytes, gas_limit, compilation.get());
      if (!compiled.ok()) return compiled;
    } else {
      auto verdict = ingot::c_api::CompileAfresh(made, bytes, gas_limit);
      if (!verdict.ok()) return verdict.status();
      compilation->verdict = *std::move(verdict);
    }
    *out = compilation.release();
    return absl::OkStatus();
  });
}

ingot_status ingot_compilation_verdict(const ingot_compilation* compilation,
                                       ingot_verdict* verdict) {
  if (!ingot::c_api::CanWrite(verdict)) return INGOT_INVALID_ARGUMENT;
  ingot::c_api::WriteStruct(ingot::c_api::ToC(*compilation), verdict);
  return INGOT_OK;
}

const uint8_t* ingot_compilation_artifact(const ingot_compilation* compilation,
                                          size_t* size) {
  const std::span<const uint8_t> artifact = compilation->artifact();
  *size = artifact.size();
  return artifact.empty() ? nullptr : artifact.data();
}

void ingot_compilation_free(ingot_compilation* compilation) {
  delete compilation;
}

ingot_status ingot_program_load(ingot_engine* engine, const uint8_t* artifact,
                                size_t artifact_size, const uint8_t* module,
                                size_t module_size, ingot_program** out,
                                ingot_error** error) {
  return Guarded(error, [&]() -> absl::Status {
    const ingot::c_api::Engine& made = *engine->engine;
    const auto module_bytes = ingot::c_api::Bytes(module, module_size);
    auto program =
        made.executor == ingot::sandbox::EngineKind::kNative
            ? ingot::c_api::LoadNative(
                  made, ingot::c_api::Bytes(artifact, artifact_size),
                  module_bytes)
            : ingot::c_api::LoadInterpreted(made, module_bytes);
    if (!program.ok()) return program.status();
    *out = new ingot_program{*std::move(program), made.executor};
    return absl::OkStatus();
  });
}

void ingot_program_free(ingot_program* program) { delete program; }
