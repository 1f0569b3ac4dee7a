#include "fuzz/quote/samples.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "compiler/wasm/module_builder.h"
#include "compiler/wasm/opcodes.h"
#include "fuzz/bombs/genome.h"
#include "fuzz/bombs/shapes.h"
#include "fuzz/differential/random.h"
#include "fuzz/generator/generator.h"
#include "fuzz/generator/operations.h"
#include "sandbox/bootstrap.h"
#include "sandbox/test_modules.h"

// In: groups of modules. Out: samples. Holds: the verifier is left out of the
// compilation, since it costs no gas.

namespace ingot::fuzz {
namespace {

using wasm::ByteWriter;
using wasm::Op;
using wasm::ValType;

constexpr uint32_t kRepetitions = 500;
constexpr ValType kTypes[] = {ValType::kI32, ValType::kI64, ValType::kF32,
                              ValType::kF64};

uint32_t PlaceOf(ValType type) {
  for (uint32_t i = 0; i < 4; ++i) {
    if (kTypes[i] == type) return i;
  }
  return 0;
}

// One function that is `info` again and again on `locals` locals of each type,
// whose results are kept in locals, or dropped.
std::vector<uint8_t> SingleOpcode(const wasm::OpInfo& info, uint32_t locals,
                                  bool keeps) {
  const std::string_view signature = info.signature;
  const size_t colon = signature.find(':');
  ByteWriter code;
  for (uint32_t i = 0; i < kRepetitions; ++i) {
    uint32_t place = 7 * i;
    for (const char letter : signature.substr(0, colon)) {
      code.Inst(Op::kLocalGet, PlaceOf(TypeOfLetter(letter)) * locals +
                                   place++ % locals);
    }
    code.Inst(info.op);
    if (info.immediate == wasm::ImmediateKind::kMemArg) code.U32(0).U32(16);
    if (colon + 1 == signature.size()) continue;
    if (keeps) {
      code.Inst(Op::kLocalSet,
                PlaceOf(TypeOfLetter(signature.back())) * locals +
                    5 * i % locals);
    } else {
      code.Inst(Op::kDrop);
    }
  }
  code.Inst(Op::kEnd);
  std::vector<wasm::LocalRun> runs;
  std::vector<ValType> params(locals, ValType::kI32);
  for (uint32_t i = 1; i < 4; ++i) runs.push_back({locals, kTypes[i]});
  wasm::ModuleBuilder builder;
  builder.AddMemory({1, 1, true});
  builder.AddFunction(builder.AddType(params, {}), runs, code.bytes());
  return builder.Build();
}

}  // namespace

absl::StatusOr<Sample> Measure(const std::string& name,
                               const std::vector<uint8_t>& module,
                               const Profile& profile) {
  const auto compiler =
      sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, profile);
  if (!compiler.ok()) return compiler.status();
  const auto quote = sandbox::QuoteInSandbox(**compiler, module, profile);
  if (!quote.ok()) return quote.status();
  const auto verdict = sandbox::CompileInSandbox(**compiler, module, profile,
                                                 {.verify = false});
  if (!verdict.ok()) return verdict.status();
  return Sample{name, *quote, verdict->kind, verdict->compile_gas};
}

void ForEachCorpusModule(const NamedModule& visit) {
  for (const std::string& path : sandbox::CorpusModules()) {
    visit(path, sandbox::ReadFile(path));
  }
}

void ForEachBomb(const std::vector<uint32_t>& sizes, const NamedModule& visit) {
  for (const BombShape& shape : BombShapes()) {
    for (const uint32_t size : sizes) {
      visit(absl::StrCat("bomb/", std::string(shape.name), "/", size),
            MakeBomb(shape, size));
    }
  }
}

void ForEachGenerated(uint64_t first, uint64_t count,
                      const NamedModule& visit) {
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const GeneratorOptions options = {.tail_calls = seed % 3 == 0,
                                      .extended_const = seed % 5 == 0};
    visit(absl::StrCat("generated/", seed), Generate(seed, options).bytes);
  }
}

void ForEachGenome(uint64_t first, uint64_t count, const NamedModule& visit) {
  for (uint64_t seed = first; seed < first + count; ++seed) {
    Random random(seed);
    const Genome genome = RandomGenome(&random);
    const uint32_t size = 1024u << seed % 6;
    visit(absl::StrCat("genome/", TextOf(genome), "/", size),
          ModuleOfSize(genome, size));
  }
}

void ForEachSingleOpcode(const NamedModule& visit) {
  for (const wasm::OpInfo& info : wasm::kOpInfo) {
    const std::string_view signature = info.signature;
    const bool takes_nothing =
        info.immediate == wasm::ImmediateKind::kNone ||
        info.immediate == wasm::ImmediateKind::kMemArg;
    if (signature == "*" || !takes_nothing || signature[0] == ':') continue;
    for (const uint32_t locals : {3u, 24u}) {
      for (const bool keeps : {false, true}) {
        visit(absl::StrCat("opcode/", info.text, "/", locals, keeps),
              SingleOpcode(info, locals, keeps));
      }
    }
  }
}

}  // namespace ingot::fuzz
