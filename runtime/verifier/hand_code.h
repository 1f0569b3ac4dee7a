#ifndef RUNTIME_VERIFIER_HAND_CODE_H_
#define RUNTIME_VERIFIER_HAND_CODE_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include "compiler/abi/profile.h"
#include "compiler/abi/traps.h"
#include "runtime/verifier/verifier.h"

// Code written by hand for the verifier's tests: the second function of a small
// module, byte by byte, with its tables. The first one returns at once.

namespace ingot::verifier {

// Types: 0 (i32) -> i32, 1 () -> (), 2 (i32, 7 × i64) -> i32. Imports: function
// 0, and as `options` say. Functions 1, and 2 of type 0. One memory of a page, one
// table of four funcrefs, globals 0 (mutable i32), 1 (immutable i64).
struct ModuleOptions {
  bool imported_memory = false;
  // A mutable i32, global 0; a table of funcrefs, table 0.
  bool imported_global = false;
  bool imported_table = false;
  bool has_memory = true;
  uint8_t import_type = 1;
  uint8_t first_type = 1;  // of function 1
  Isa isa = Isa::kX8664V2;
};

class HandCode {
 public:
  explicit HandCode(const ModuleOptions& options = {});
  HandCode(HandCode&& other) noexcept;
  ~HandCode();

  static constexpr uint32_t kFrame = 64;

  HandCode& Prologue();
  HandCode& SaveBase() { return Bytes({0x4C, 0x89, 0x7C, 0x24, 0x30}); }
  HandCode& Epilogue() { return Bytes({0x48, 0x83, 0xC4, 0x38, 0xC3}); }
  HandCode& Bytes(std::initializer_list<uint8_t> bytes);
  HandCode& Disp32(std::initializer_list<uint8_t> bytes, int32_t disp);
  // A trap entry for what comes next.
  HandCode& Site(TrapCode code = TrapCode::kOutOfBoundsMemory);
  HandCode& CallSite() { return Site(TrapCode::kCallSite); }
  HandCode& Label(uint32_t zero_upper);
  // A jump to a trap stub behind the code; `cc` as the machine numbers it.
  HandCode& TrapIf(uint8_t cc, TrapCode code);
  HandCode& Rodata(std::initializer_list<int32_t> entries);
  uint32_t at() const { return static_cast<uint32_t>(code_.size()); }
  uint32_t begin() const { return begin_; }

  // What the verifier says; the stubs are added first.
  Reason Verify();

  std::vector<uint8_t>& code() { return code_; }
  std::vector<abi::TrapEntry>& traps() { return traps_; }
  std::vector<abi::FunctionEntry>& functions() { return functions_; }
  std::vector<abi::CertificateEntry>& certificates() { return certificates_; }
  const wasm::Module& module() const;
  int32_t Import0() const;
  int32_t Table0() const;

 private:
  struct Stub {
    uint32_t at;
    TrapCode code;
  };
  struct Decoded;

  void BeginFunction();
  void EndFunction();

  std::unique_ptr<Decoded> decoded_;
  Isa isa_;
  std::vector<uint8_t> code_;
  std::vector<uint8_t> rodata_;
  std::vector<abi::FunctionEntry> functions_;
  std::vector<abi::TrapEntry> traps_;
  std::vector<abi::CertificateEntry> certificates_;
  std::vector<Stub> stubs_;
  uint32_t begin_ = 0;
};

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_HAND_CODE_H_
