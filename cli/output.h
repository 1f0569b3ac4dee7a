#ifndef CLI_OUTPUT_H_
#define CLI_OUTPUT_H_

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "chain_integration/json/json.h"

// What a command says, to a reader or to a program.
//
// In: rows and lines for the reader, an object for the program. Out: with
// --json one object on standard output and nothing else there, without it
// aligned text. Holds: colours appear on a terminal only and never when
// NO_COLOR is set; remarks go to standard error.

namespace ingot::cli {

// Exit codes of INTERFACE.md.
enum ExitCode : int {
  kExitOk = 0,        // accepted, returned, all checks pass
  kExitNegative = 1,  // a negative verdict, outcome or finding
  kExitUsage = 2,
  kExitFault = 3,
};

enum class Style : uint8_t { kPlain, kGood, kBad, kWarn, kDim, kBold };

class Output {
 public:
  explicit Output(bool json);
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool json() const { return json_; }

  // The object of --json; Finish prints it.
  json::Value& object() { return object_; }

  // For the reader; silent with --json.
  void Row(std::string_view label, std::string_view value,
           Style style = Style::kPlain);
  void Line(std::string_view text = "");
  std::string Styled(std::string_view text, Style style) const;

  // Rows and lines go to standard error from here on.
  void UseStandardError() { rows_to_ = stderr; }

  // On standard error, in both modes.
  void Remark(std::string_view text);

  // Prints the object, if it is wanted, and passes `exit_code` on.
  int Finish(int exit_code);

  // Says that the host failed, instead of everything else.
  int Fault(const absl::Status& status);
  // The same with a kind of its own.
  int Fault(std::string_view kind, const std::string& message);
  // The same for what a user wrote, such as a profile: what is invalid there is
  // wrong usage, the rest a fault.
  int Refusal(const absl::Status& status);
  // Says that the command cannot be carried out as it was given.
  int Usage(std::string_view message);

 private:
  bool json_;
  bool colour_;
  std::FILE* rows_to_ = stdout;
  json::Value object_ = json::Value::MakeObject();
};

// A function index or an offset in JSON: null for kNowhere.
json::Value PlaceValue(uint32_t place);
// A time in JSON, to a thousandth.
json::Value TimeValue(double time);
json::Value StringOrNull(std::string_view text);

// "not_found" and so on: the kind of a fault in JSON.
std::string_view FaultKind(absl::StatusCode code);

// 1234567 as "1,234,567".
std::string Grouped(uint64_t value);
// "1 byte", "12,345 bytes".
std::string Counted(uint64_t count, std::string_view noun);

}  // namespace ingot::cli

#endif  // CLI_OUTPUT_H_
