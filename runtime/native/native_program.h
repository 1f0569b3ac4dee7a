#ifndef RUNTIME_NATIVE_NATIVE_PROGRAM_H_
#define RUNTIME_NATIVE_NATIVE_PROGRAM_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "compiler/abi/artifact.h"
#include "compiler/abi/vmctx.h"
#include "metering/gas.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/native/reservation.h"
#include "runtime/platform/platform.h"
#include "runtime/program.h"
#include "runtime/store.h"

// An artifact ready to be instantiated: checked, its module part decoded, its
// code mapped. In: the bytes of a file. Out: a Program for the native engine,
// or a refusal with a code of runtime/artifact/artifact_errors.def. The bytes
// are copied to sealed memory first; what is checked there is what is mapped,
// and nothing is executable before every check has passed.

namespace ingot::runtime {

class NativeProgram final : public Program {
 public:
  static absl::StatusOr<std::shared_ptr<const NativeProgram>> Load(
      std::span<const uint8_t> artifact, const ExpectedArtifact& expected);
  ~NativeProgram() override;

  const ArtifactView& artifact() const { return view_; }
  // The whole mapped range of code and constants.
  std::span<const uint8_t> code() const {
    return {code_, view_.text.size() + view_.rodata.size()};
  }
  // Entry address of a defined function, counted without imports.
  const uint8_t* Entry(uint32_t defined) const {
    return code_ + view_.functions[defined].code_offset;
  }

  // By offset in the code; null when there is none.
  const abi::TrapEntry* FindTrap(uint32_t code_offset) const;
  const abi::TrapEntry* FindCallSite(uint32_t return_offset) const;
  // Bytes of stack arguments that the call with this return address popped.
  uint32_t PoppedAt(uint32_t return_offset) const;
  // The defined function whose code holds the offset.
  std::optional<uint32_t> FindFunction(uint32_t code_offset) const;

  // By type index of the module.
  const Signature& SignatureAt(uint32_t type) const {
    return signatures_[type];
  }
  std::span<const uint32_t> type_ids() const { return type_ids_; }
  // Bytes of stack arguments of a defined function, counted without imports.
  uint32_t StackArgumentBytes(uint32_t defined) const;
  // The reference of a function that the module defines, but for its base.
  abi::FuncRef RefOf(uint32_t function) const;
  // Of the functions that code can ask references of: exported ones, and those
  // that element segments and globals name (core specification 2.0, 3.4.10).
  std::span<const abi::FuncRef> declared_refs() const { return declared_refs_; }
  // By initialiser of an element: the function that it is the reference of, if
  // the module defines it; kNowhere: Evaluate tells.
  std::span<const uint32_t> element_functions() const {
    return element_functions_;
  }
  // What an instance costs, but for what its code does.
  Gas instantiation_fee() const { return instantiation_fee_; }
  // By function index.
  uint32_t TypeOf(uint32_t function) const { return function_types_[function]; }

  // The export's kind and its index in the module.
  std::optional<wasm::Export> FindExport(std::string_view name) const;

  // What the active data segments make of a new memory, to be mapped; null when
  // they are to be copied one by one. A program that is instantiated once is not
  // worth an image.
  const MemoryImage* InitialMemory() const;

  // Where a segment begins in the module that was compiled.
  uint32_t OriginalOffset(uint32_t offset) const;

 private:
  friend class UnverifiedProgram;  // test_artifact.h: the executor's tests

  NativeProgram(std::vector<uint8_t> module, const Profile& profile);

  static absl::StatusOr<std::shared_ptr<const NativeProgram>> LoadSealed(
      std::span<const uint8_t> artifact, const ExpectedArtifact& expected,
      bool verify);

  absl::Status CheckModule() const;
  void ReadTypes();
  void ReadReferences();
  std::shared_ptr<const MemoryImage> MakeImage() const;

  platform::SealedBytes sealed_;
  ArtifactView view_;
  const uint8_t* code_ = nullptr;
  bool registered_ = false;
  std::vector<Signature> signatures_;
  std::vector<uint32_t> type_ids_;
  std::span<const uint32_t> function_types_;
  Gas instantiation_fee_ = Gas::FromLimit(0);
  std::vector<abi::FuncRef> declared_refs_;
  std::vector<uint32_t> element_functions_;
  absl::btree_map<std::string, wasm::Export> exports_;
  mutable std::atomic<bool> instantiated_{false};
  mutable std::once_flag image_made_;
  mutable std::shared_ptr<const MemoryImage> image_;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_NATIVE_PROGRAM_H_
