#ifndef FUZZ_OTHERS_OTHERS_H_
#define FUZZ_OTHERS_OTHERS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/differential/differential.h"

// Another engine as a witness. In: comparisons that were made for others. Out:
// those on which the engine answers otherwise than the interpreter. Holds: each
// question was asked and has been answered, or the engine is absent.

namespace ingot::fuzz {

class Witness {
 public:
  // What of an answer counts: all of it, or what calls return and that they
  // trap.
  enum class Scope : uint8_t { kAll, kResults };

  // A command that answers a question per line.
  Witness(std::string command, Scope scope)
      : command_(std::move(command)), scope_(scope) {}

  // node's V8, by run_modules.mjs.
  static Witness V8();
  // wasmtime, by ask_peers: the program of bench/peers that INGOT_PEERS names.
  // Without that it is absent.
  static Witness Wasmtime();

  // Keeps what the comparison asks, if anything.
  void Add(const std::string& name, const Comparison& comparison);
  // Asks what was added since.
  std::vector<std::string> Ask();

  uint64_t waiting() const { return names_.size(); }
  uint64_t agreed() const { return agreed_; }
  // The engine could not tell (run_modules.mjs says when).
  uint64_t unanswered() const { return unanswered_; }
  // No answer ever came.
  bool absent() const { return absent_; }

 private:
  std::string command_;
  Scope scope_;
  std::vector<std::string> names_;
  std::vector<std::string> questions_;
  std::vector<std::string> answers_;
  uint64_t agreed_ = 0;
  uint64_t unanswered_ = 0;
  bool absent_ = false;
};

}  // namespace ingot::fuzz

#endif  // FUZZ_OTHERS_OTHERS_H_
