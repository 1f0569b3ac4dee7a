#ifndef RUNTIME_PROGRAM_H_
#define RUNTIME_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "compiler/base/arena.h"
#include "compiler/base/status.h"
#include "compiler/wasm/module.h"

// A decoded module that can be instantiated any number of times, by any number
// of stores at once. The interpreter runs a Program made from module bytes;
// the native engine runs a subclass that also holds mapped code, whose module
// part was decoded from the artifact (and so has no bodies).

namespace ingot::runtime {

class Program {
 public:
  virtual ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Decodes and validates. A bad module is not a fault: `*rejection` says
  // why and the result is null. A non-OK status is a fault.
  static absl::StatusOr<std::shared_ptr<const Program>> FromModule(
      std::vector<uint8_t> bytes, const Profile& profile, Status* rejection);

  const wasm::Module& module() const { return module_; }
  const Arena& arena() const { return *arena_; }
  const Profile& profile() const { return profile_; }
  std::span<const uint8_t> bytes() const { return bytes_; }
  std::string_view Name(wasm::Bytes range) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + range.offset,
            range.size};
  }
  template <typename T>
  std::span<const T> View(Array<T> array) const {
    return arena_->View(array);
  }

 protected:
  Program(std::vector<uint8_t> bytes, const Profile& profile);

  // Decodes bytes_ into module_; with bodies only if `with_code`.
  absl::Status DecodeBytes(bool with_code, Status* rejection);

 private:
  std::vector<uint8_t> bytes_;
  Profile profile_;
  std::unique_ptr<uint8_t[], void (*)(uint8_t*)> region_;
  std::unique_ptr<Arena> arena_;
  wasm::Module module_;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_PROGRAM_H_
