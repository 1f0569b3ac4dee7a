// Row 40: files that are no longer what a compiler of Ingot wrote. Changed
// instructions are written into a file that is whole in every other respect:
// digests, headers and tables are made anew.

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "fuzz/bad_inputs/rows.h"
#include "gtest/gtest.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/artifact/artifact_writer.h"
#include "runtime/native/native_program.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {

using runtime::ArtifactError;
using runtime::ArtifactErrorOf;
using runtime::NativeProgram;
using Bytes = Row::Bytes;

namespace {

constexpr char kText[] = R"((module (memory 1) (table 2 funcref) (type $v (func))
    (elem (i32.const 0) $f $f) (func $f)
    (func (export "g") (param i32) (result i32)
      (loop $l
        (call_indirect (type $v) (i32.and (local.get 0) (i32.const 1)))
        (i32.store (local.get 0) (i32.load offset=4 (local.get 0)))
        (br_if $l
          (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (i32.load (local.get 0)))))";

// The parts of an artifact, to be changed and put together again.
struct Parts {
  Bytes file;
  runtime::ArtifactView view;
  Bytes code;

  Bytes Write() const {
    runtime::ArtifactPayload payload = {};
    payload.code = code;
    payload.rodata = view.rodata;
    payload.identity = view.identity;
    payload.profile = view.profile_bytes;
    payload.module = view.module;
    payload.functions = view.functions;
    payload.traps = view.traps;
    payload.certificates = view.certificates;
    payload.first_function = view.first_function;
    return runtime::WriteArtifact(payload);
  }

  // Where the code of a trap of this kind begins.
  uint32_t StubOf(TrapCode code) const {
    for (const abi::TrapEntry& entry : view.traps) {
      if (entry.code == static_cast<uint32_t>(code)) {
        return entry.code_offset;
      }
    }
    ADD_FAILURE() << "no trap " << TrapName(code);
    return 0;
  }

  // The conditional jump that leads to this place.
  uint8_t* JumpTo(uint32_t target) {
    for (uint32_t at = 0; at + 6 <= code.size(); ++at) {
      int32_t distance = 0;
      std::memcpy(&distance, &code[at + 2], 4);
      if (code[at] == 0x0F && (code[at + 1] & 0xF0) == 0x80 &&
          static_cast<int64_t>(at) + 6 + distance == target) {
        return &code[at];
      }
    }
    ADD_FAILURE() << "nothing jumps to " << target;
    return code.data();
  }

  uint8_t* Find(std::initializer_list<uint8_t> bytes) {
    const auto at =
        std::search(code.begin(), code.end(), bytes.begin(), bytes.end());
    EXPECT_NE(at, code.end());
    return at == code.end() ? code.data() : &*at;
  }
};

Parts Compile(const Bytes& module, const Profile& profile) {
  Parts parts;
  const auto compiled = sandbox::CompileNatively(module, profile, Digest{});
  EXPECT_TRUE(compiled.ok() && compiled->verdict.ok());
  parts.file = compiled->artifact;
  const auto view = runtime::ReadArtifact(parts.file, {});
  EXPECT_TRUE(view.ok()) << view.status();
  parts.view = *view;
  parts.code.assign(
      view->text.begin(),
      view->text.begin() + static_cast<ptrdiff_t>(view->identity.code_bytes));
  return parts;
}

// Mappings of this process that hold an artifact's code.
int ExecutableArtifacts() {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) {
    count += absl::StrContains(line, "r-x") &&
             absl::StrContains(line, "ingot-artifact");
  }
  return count;
}

// Six and four bytes that do nothing: or ebp, 0; or rbp, 0.
constexpr std::array<uint8_t, 6> kNothing6 = {0x81, 0xCD, 0, 0, 0, 0};
constexpr std::array<uint8_t, 4> kNothing4 = {0x48, 0x83, 0xCD, 0};

class Tampering {
 public:
  explicit Tampering(Row& row) : row_(row), module_(Row::Assemble(kText)) {
    // At level 0 each piece of code pays for itself alone.
    profile_.level = 0;
    parts_ = Compile(module_, profile_);
  }

  // Not what was asked for, or not whole.
  void Identity();
  // Refused by the verifier's first part, which the loader always runs; or, what
  // takes less gas but touches nothing, by its second, with the module.
  void Code();

 private:
  void Refused(const std::string& what, const Bytes& file,
               const runtime::ExpectedArtifact& expected, ArtifactError error) {
    SCOPED_TRACE("row 40: " + what);
    const auto program = NativeProgram::Load(file, expected);
    EXPECT_EQ(ArtifactErrorOf(program.status()), error) << program.status();
    EXPECT_EQ(ExecutableArtifacts(), before_);
    row_.Saw(std::string(ArtifactErrorName(error)));
  }

  template <typename Change>
  void Changed(const std::string& what, uint32_t rule, const Change& change) {
    SCOPED_TRACE("row 40: " + what);
    Parts parts = parts_;
    change(parts);
    ASSERT_NE(parts.code, parts_.code);
    const Bytes file = parts.Write();
    if (rule != 7) {
      const auto program = NativeProgram::Load(file, {});
      EXPECT_EQ(ArtifactErrorOf(program.status()), ArtifactError::kVerifier);
      EXPECT_EQ(ExecutableArtifacts(), before_);
      const verifier::Refusal refusal = runtime::RefusalOf(program.status());
      EXPECT_EQ(verifier::RuleOf(refusal.reason), rule) << program.status();
    } else {
      const auto view = runtime::ReadArtifact(file, {});
      ASSERT_TRUE(view.ok()) << view.status();
      const verifier::Refusal refusal =
          runtime::RefusalOf(runtime::VerifyWithModule(*view, module_));
      EXPECT_EQ(verifier::RuleOf(refusal.reason), rule)
          << verifier::NameOf(refusal.reason);
    }
    row_.Saw("refused by rule V" + std::to_string(rule));
  }

  Row& row_;
  const Bytes module_;
  // The sandboxed compiler of other rows may be among them.
  const int before_ = ExecutableArtifacts();
  Profile profile_;
  Parts parts_;
};

void Tampering::Identity() {
  const Digest digest = Sha256(parts_.file);
  {
    const auto whole = NativeProgram::Load(
        parts_.file, {.file = digest, .profile = &profile_});
    EXPECT_TRUE(whole.ok()) << whole.status();
    EXPECT_EQ(ExecutableArtifacts(), before_ + 1);
    EXPECT_EQ(parts_.Write(), parts_.file);
  }
  // The file's shape is read before its digest is made.
  for (size_t i = 0; i < parts_.file.size(); i += 37) {
    Bytes flipped = parts_.file;
    flipped[i] ^= 0x40;
    const auto program = NativeProgram::Load(flipped, {.file = digest});
    EXPECT_EQ(program.status().code(), absl::StatusCode::kDataLoss)
        << "byte " << i << ": " << program.status();
    EXPECT_NE(ArtifactErrorOf(program.status()), ArtifactError::kNone);
    EXPECT_EQ(ExecutableArtifacts(), before_);
    row_.Saw(std::string(ArtifactErrorName(ArtifactErrorOf(program.status()))));
  }
  Bytes cut = parts_.file;
  cut.resize(cut.size() / 2);
  Refused("cut", cut, {}, ArtifactError::kTruncated);
  Profile schedule = profile_;
  schedule.execution.function_entry += 1;
  Refused("another schedule", parts_.file, {.profile = &schedule},
          ArtifactError::kProfileDiffers);
  Profile target = profile_;
  target.isa = profile_.TargetIsa() == Isa::kX8664V2
                   ? static_cast<uint32_t>(Isa::kX8664V3)
                   : static_cast<uint32_t>(Isa::kX8664V2);
  Refused("another target", parts_.file, {.profile = &target},
          ArtifactError::kProfileDiffers);
  Refused("another module", parts_.file, {.module = Digest{}},
          ArtifactError::kModuleDiffers);
  Digest other = {};
  other.bytes[0] = 1;
  Refused("another compiler", parts_.file, {.compiler = other},
          ArtifactError::kCompilerDiffers);
}

void Tampering::Code() {
  const auto put = [](uint8_t* at, const auto& bytes) {
    std::copy(bytes.begin(), bytes.end(), at);
  };
  const auto insert = [&](std::initializer_list<uint8_t> bytes) {
    return [=](Parts& parts) {
      std::copy(bytes.begin(), bytes.end(), parts.Find({0x49, 0x83, 0xEE}));
    };
  };
  Changed("syscall", 1, insert({0x0F, 0x05}));
  Changed("rdtsc", 1, insert({0x0F, 0x31}));
  Changed("wrpkru", 1, insert({0x0F, 0x01, 0xEF}));
  Changed("int 0x80", 1, insert({0xCD, 0x80}));
  Changed("a jump into an instruction", 2, [](Parts& parts) {
    ++parts.JumpTo(parts.StubOf(TrapCode::kUndefinedElement))[2];
  });
  Changed("no type check", 5, [&](Parts& parts) {
    put(parts.JumpTo(parts.StubOf(TrapCode::kIndirectCallMismatch)), kNothing6);
  });
  Changed("no gas taken", 7, [&](Parts& parts) {
    put(parts.Find({0x49, 0x83, 0xEE}), kNothing4);
  });
  Changed("no gas test", 7, [&](Parts& parts) {
    // jl behind sub r14, price
    for (uint32_t at = 0; at + 10 < parts.code.size(); ++at) {
      uint8_t* const code = &parts.code[at];
      if (code[0] == 0x49 && code[1] == 0x83 && code[2] == 0xEE &&
          code[4] == 0x0F && code[5] == 0x8C) {
        put(code + 4, kNothing6);
      }
    }
  });
}

}  // namespace

void Row40(Row& row) {
  Tampering tampering(row);
  tampering.Identity();
  tampering.Code();
}

}  // namespace ingot::fuzz
