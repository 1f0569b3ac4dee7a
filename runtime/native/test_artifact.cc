// The module as bytes, section by section, and the tables for test_code.S.

#include "runtime/native/test_artifact.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "compiler/abi/artifact.h"
#include "compiler/abi/profile.h"
#include "compiler/abi/traps.h"
#include "compiler/abi/vmctx.h"
#include "compiler/base/check.h"
#include "runtime/artifact/artifact_writer.h"
#include "runtime/digest.h"

extern "C" {
#define TEST_LABEL(name) \
  __attribute__((visibility("hidden"))) extern const uint8_t name[];
TEST_LABEL(code_all)
TEST_LABEL(code_all_end)
#define TEST_FUNCTION(name, type, frame) \
  TEST_LABEL(code_##name) TEST_LABEL(code_##name##_end)
#define TEST_SITE(name, function, code, owed) TEST_LABEL(site_##name)
#include "runtime/native/test_functions.def"
}

namespace ingot::runtime {
namespace {

constexpr uint32_t kImports = 2;

using Bytes = std::vector<uint8_t>;

void Append(Bytes& to, const Bytes& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

Bytes Leb(uint64_t value) {
  Bytes out;
  do {
    const uint8_t low = value & 0x7F;
    value >>= 7;
    out.push_back(value != 0 ? low | 0x80 : low);
  } while (value != 0);
  return out;
}

Bytes SignedLeb(int64_t value) {
  Bytes out;
  for (;;) {
    const uint8_t low = value & 0x7F;
    value >>= 7;
    const bool done = (value == 0 && (low & 0x40) == 0) ||
                      (value == -1 && (low & 0x40) != 0);
    out.push_back(done ? low : low | 0x80);
    if (done) return out;
  }
}

Bytes Join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) Append(out, part);
  return out;
}

Bytes Name(std::string_view name) {
  return Join({Leb(name.size()), Bytes(name.begin(), name.end())});
}

Bytes Section(uint8_t id, const Bytes& contents) {
  return Join({{id}, Leb(contents.size()), contents});
}

Bytes Vector(const std::vector<Bytes>& items) {
  Bytes out = Leb(items.size());
  for (const Bytes& item : items) Append(out, item);
  return out;
}

Bytes Type(const Bytes& params, const Bytes& results) {
  return Join({{0x60}, Leb(params.size()), params, Leb(results.size()),
               results});
}

constexpr uint8_t kI32 = 0x7F;
constexpr uint8_t kI64 = 0x7E;
constexpr uint8_t kF64 = 0x7C;

Bytes MakeModule(const TestArtifactOptions& options) {
  const Bytes many(8, kI64);
  const Bytes more = Join({many, Bytes(10, kF64)});
  const Bytes types = Vector({
      Type({kI32, kI32}, {kI32}),
      Type(more, more),
      Type({kI32, kI64, kF64}, {kI32}),
      Type({}, {kI64}),
      Type(many, many),
      Type({kI32}, {kI32}),
      Type({kI32, kI32, kI32}, {}),
      Type({kI32, kI32}, {}),
      Type({}, {}),
      Type({}, {kI32}),
  });
  const Bytes imports = Vector({
      Join({Name("env"), Name("host"), {0, 2}}),
      Join({Name("env"), Name("many"), {0, 4}}),
  });
  std::vector<Bytes> functions;
  std::vector<Bytes> exports = {Join({Name("memory"), {2, 0}}),
                                Join({Name("table"), {1, 0}}),
                                Join({Name("global"), {3, 0}}),
                                Join({Name("host"), {0, 0}})};
  uint32_t index = kImports;
#define TEST_FUNCTION(name, type, frame) \
  functions.push_back({type});           \
  exports.push_back(Join({Name(#name), {0}, Leb(index++)}));
#include "runtime/native/test_functions.def"

  Bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  std::vector<uint32_t> begins;
  const auto add = [&](uint8_t id, const Bytes& contents) {
    begins.push_back(static_cast<uint32_t>(module.size()) + 1000);
    Append(module, Section(id, contents));
  };
  add(1, types);
  add(2, imports);
  add(3, Vector(functions));
  add(4, {1, 0x70, 1, 6, 6});
  add(5, {1, 1, 1, 4});
  add(6, {1, kI32, 1, 0x41, 41, 0x0B});
  add(7, Vector(exports));
  if (options.start != 0xFFFFFFFF) add(8, Leb(options.start));
  add(9, {1, 0, 0x41, 0, 0x0B, 3, kTestAdd, kTestTrap, kTestTrap});
  add(11, Join({{1, 0, 0x41},
                SignedLeb(static_cast<int32_t>(options.data_offset)),
                {0x0B},
                Name("ingot")}));
  if (options.with_offsets) {
    Bytes numbers;
    for (uint32_t begin : begins) {
      for (int i = 0; i < 4; ++i) {
        numbers.push_back(static_cast<uint8_t>(begin >> (8 * i)));
      }
    }
    Append(module, Section(0, Join({Name("ingot.offsets"), numbers})));
  }
  return module;
}

uint32_t CodeOffset(const uint8_t* label) {
  return static_cast<uint32_t>(label - code_all);
}

// test_code.S counts on these.
void CheckLayout() {
  wasm::Module module;
  module.globals.size = 1;
  module.tables.size = 1;
  module.imported_functions = 2;
  const abi::VmctxLayout layout(module);
  INGOT_CHECK(layout.Global(0) == -136);
  INGOT_CHECK(layout.Table(0) == -160);
  INGOT_CHECK(layout.Import(0) == -192);
  INGOT_CHECK(layout.Import(1) == -176);
}

}  // namespace

std::vector<uint8_t> MakeTestArtifact(const TestArtifactOptions& options) {
  CheckLayout();
  std::vector<abi::FunctionEntry> functions;
  uint32_t index = kImports;
#define TEST_FUNCTION(name, type, frame)                                     \
  functions.push_back({CodeOffset(code_##name),                              \
                       static_cast<uint32_t>(code_##name##_end - code_##name), \
                       frame, TestBodyOffset(index++)});
#include "runtime/native/test_functions.def"

  std::vector<abi::TrapEntry> traps;
#define TEST_SITE(name, function, code, owed)                           \
  traps.push_back({CodeOffset(site_##name), TestSiteOffset(function),   \
                   function, owed,                                      \
                   static_cast<uint32_t>(TrapCode::code)});
#include "runtime/native/test_functions.def"
  std::sort(traps.begin(), traps.end(),
            [](const abi::TrapEntry& a, const abi::TrapEntry& b) {
              return a.code_offset < b.code_offset;
            });

  const Profile profile;
  Bytes profile_bytes(kProfileBytes);
  Encode(profile, profile_bytes);
  const Bytes module = MakeModule(options);
  ArtifactPayload payload = {};
  payload.code = {code_all, code_all_end};
  payload.identity.isa = profile.isa;
  const Digest module_digest = Sha256(module);
  const Digest profile_digest = Sha256(profile_bytes);
  std::copy(module_digest.bytes.begin(), module_digest.bytes.end(),
            payload.identity.module_digest);
  std::copy(profile_digest.bytes.begin(), profile_digest.bytes.end(),
            payload.identity.profile_digest);
  payload.profile = profile_bytes;
  payload.module = module;
  payload.functions = functions;
  payload.traps = traps;
  payload.first_function = kImports;
  return WriteArtifact(payload);
}

}  // namespace ingot::runtime
