#ifndef FUZZ_BAD_INPUTS_ROW_H_
#define FUZZ_BAD_INPUTS_ROW_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/status.h"
#include "fuzz/differential/differential.h"
#include "runtime/store.h"
#include "sandbox/bootstrap.h"

// One row of rows.def while it is checked. In: inputs, and what is to come of
// each. Out: test failures, and what did come, in a line of the printed table.
// Holds: an input is shown to every part that reads its kind: a module to the
// decoder, the native build and the compiler in the sandbox; a run to the
// interpreter and to native code of both levels, at many limits.

namespace ingot::fuzz {

// A call and what comes of it: "returned" and its results in hexadecimal,
// "trapped" and the trap's name, "reverted", "out of gas".
struct Call {
  std::string name;
  std::vector<uint64_t> args;
  std::string outcome;
};

class Row {
 public:
  using Bytes = std::vector<uint8_t>;

  explicit Row(uint32_t number) : number_(number) {}

  // A module that is refused by one of `codes`, by all alike, for compile gas
  // that its bytes explain.
  void Refused(const std::string& what, const Bytes& module,
               const std::set<Code>& codes);
  // A shape of fuzz/bombs at 16 and at 64 KiB: as its table says, accepted at
  // gas that grows like the bytes or refused by its limit.
  void Bomb(std::string_view shape);
  // A module that is accepted, on a thread of the host with a small stack; its
  // artifact.
  Bytes Accepted(const std::string& what, const Bytes& module);

  // Instantiates a module in text form and makes calls, on each engine, at many
  // limits of gas and stack. Outcomes are those of a plentiful limit.
  struct RunOptions {
    std::string instantiation = "returned";
    std::vector<std::string> libraries = {};
    uint64_t gas_limit = 10'000'000;
    uint64_t stack_units = 1 << 20;
    uint32_t gas_replays = 20;
    HostKind host = HostKind::kNone;
  };
  void Runs(const std::string& what, const std::string& text,
            const std::vector<Call>& calls, const RunOptions& options);
  void Runs(const std::string& what, const std::string& text,
            const std::vector<Call>& calls) {
    Runs(what, text, calls, RunOptions());
  }

  // What `use` makes of a store and of a module in text form, on each engine;
  // it is to be `expected`, or the interpreter's where that is empty.
  using Use = std::function<std::string(
      runtime::Store& store, std::shared_ptr<const runtime::Program> program)>;
  void OnEachEngine(const std::string& what, const std::string& text,
                    const Use& use, const std::string& expected = "");

  // An input that was looked at by other means, and what came of it.
  void Saw(const std::string& result);

  static Bytes Assemble(const std::string& text);

  // "31: 12 inputs: returned 3, trapped out_of_bounds_memory 9".
  std::string Summary() const;

 private:
  const sandbox::SandboxedCompiler& Compiler();
  sandbox::Verdict Sandboxed(const Bytes& module);
  void CheckGasOfRefusal(const std::string& what, size_t bytes, uint64_t gas);

  const uint32_t number_;
  const Profile profile_;
  std::shared_ptr<const sandbox::SandboxedCompiler> compiler_;
  uint64_t gas_of_nothing_ = 0;  // of a module without sections
  std::map<std::string, uint32_t> results_;
};

struct BadInput {
  uint32_t number;
  std::string_view input;
  std::string_view expected;
  void (*check)(Row& row);
};

// In the order of rows.def.
std::vector<BadInput> BadInputs();

}  // namespace ingot::fuzz

#endif  // FUZZ_BAD_INPUTS_ROW_H_
