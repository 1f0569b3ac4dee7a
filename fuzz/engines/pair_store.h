#ifndef FUZZ_ENGINES_PAIR_STORE_H_
#define FUZZ_ENGINES_PAIR_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/interpreter/interpreter.h"
#include "runtime/native/native_program.h"
#include "runtime/store.h"

// Two engines behind one store (promise P3). In: modules, and whatever a host
// does with a store. Out: what the interpreter answers. Every call is made of
// both engines, and what they answer (results, trap, location, backtrace, gas,
// memory, globals) is compared; a difference is reported to `report` and the
// interpreter's answer stands. Host functions are called once per engine, so
// they must answer alike and not run the store again.

namespace ingot::fuzz {

// A module compiled by the native build of the compiler, with its bodies for
// the interpreter.
class PairProgram final : public runtime::Program {
 public:
  // Null with *rejection when the module is refused; the decoder and the
  // compiler must refuse alike, the verifier must accept code and metering, and
  // reading and writing the artifact must give its bytes again (a status
  // otherwise).
  static absl::StatusOr<std::shared_ptr<const PairProgram>> Load(
      std::vector<uint8_t> bytes, const Profile& profile, Status* rejection);

  const std::shared_ptr<const runtime::NativeProgram>& native() const {
    return native_;
  }

 private:
  using Program::Program;

  std::shared_ptr<const runtime::NativeProgram> native_;
};

using Report = std::function<void(const std::string& difference)>;

// `observer` sees the gas used at the interpreter's observation points.
std::unique_ptr<runtime::Store> NewPairStore(
    Report report, runtime::GasObserver observer = nullptr);

}  // namespace ingot::fuzz

#endif  // FUZZ_ENGINES_PAIR_STORE_H_
