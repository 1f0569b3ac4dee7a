// Output to readers and programs. In: what commands say. Out: standard output
// and standard error. Holds: see the header.

#include "cli/output.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "compiler/base/status.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

constexpr int kLabelWidth = 18;

std::string_view Escape(Style style) {
  switch (style) {
    case Style::kPlain: return "";
    case Style::kGood: return "\033[32m";
    case Style::kBad: return "\033[1;31m";
    case Style::kWarn: return "\033[33m";
    case Style::kDim: return "\033[2m";
    case Style::kBold: return "\033[1m";
  }
  return "";
}

void Print(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

bool ColourWanted() {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && no_color[0] != '\0') return false;
  const char* term = std::getenv("TERM");
  if (term == nullptr || std::string_view(term) == "dumb") return false;
  return isatty(STDOUT_FILENO) != 0;
}

}  // namespace

Output::Output(bool json)
    : json_(json), colour_(!json && ColourWanted()) {}

std::string Output::Styled(std::string_view text, Style style) const {
  if (!colour_ || style == Style::kPlain) return std::string(text);
  return fmt::format("{}{}\033[0m", Escape(style), text);
}

void Output::Row(std::string_view label, std::string_view value, Style style) {
  if (json_) return;
  Print(rows_to_, fmt::format("{:<{}} {}\n", label, kLabelWidth,
                            Styled(value, style)));
}

void Output::Line(std::string_view text) {
  if (json_) return;
  Print(rows_to_, text);
  Print(rows_to_, "\n");
}

void Output::Remark(std::string_view text) {
  Print(stderr, fmt::format("ingot: {}\n", text));
}

int Output::Finish(int exit_code) {
  if (json_) Print(stdout, json::Write(object_) + "\n");
  // A full disk or a closed pipe must not look like success.
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
    Remark("fault: standard output cannot be written");
    return kExitFault;
  }
  return exit_code;
}

int Output::Fault(const absl::Status& status) {
  return Fault(FaultKind(status.code()), std::string(status.message()));
}

int Output::Fault(std::string_view kind, const std::string& message) {
  if (json_) {
    object_ = json::Value::MakeObject();
    object_.Add("fault", json::Value::String(kind));
    object_.Add("message", json::Value::String(json::ToValidUtf8(message)));
    return Finish(kExitFault);
  }
  std::fflush(stdout);
  Remark(fmt::format("fault ({}): {}", kind, message));
  return kExitFault;
}

int Output::Refusal(const absl::Status& status) {
  return status.code() == absl::StatusCode::kInvalidArgument
             ? Usage(std::string(status.message()))
             : Fault(status);
}

int Output::Usage(std::string_view message) {
  if (json_) {
    object_ = json::Value::MakeObject();
    object_.Add("error", json::Value::String("usage"));
    object_.Add("message", json::Value::String(message));
    return Finish(kExitUsage);
  }
  std::fflush(stdout);
  Remark(message);
  return kExitUsage;
}

json::Value PlaceValue(uint32_t place) {
  return place == kNowhere ? json::Value::Null() : json::Value::Number(place);
}

json::Value TimeValue(double time) {
  return json::Parse(fmt::format("{:.3f}", time)).value();
}

json::Value StringOrNull(std::string_view text) {
  return text.empty() ? json::Value::Null() : json::Value::String(text);
}

std::string_view FaultKind(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk: return "ok";
    case absl::StatusCode::kCancelled: return "cancelled";
    case absl::StatusCode::kUnknown: return "unknown";
    case absl::StatusCode::kInvalidArgument: return "invalid_argument";
    case absl::StatusCode::kDeadlineExceeded: return "deadline_exceeded";
    case absl::StatusCode::kNotFound: return "not_found";
    case absl::StatusCode::kAlreadyExists: return "already_exists";
    case absl::StatusCode::kPermissionDenied: return "permission_denied";
    case absl::StatusCode::kResourceExhausted: return "resource_exhausted";
    case absl::StatusCode::kFailedPrecondition: return "failed_precondition";
    case absl::StatusCode::kAborted: return "aborted";
    case absl::StatusCode::kOutOfRange: return "out_of_range";
    case absl::StatusCode::kUnimplemented: return "unimplemented";
    case absl::StatusCode::kInternal: return "internal";
    case absl::StatusCode::kUnavailable: return "unavailable";
    case absl::StatusCode::kDataLoss: return "data_loss";
    case absl::StatusCode::kUnauthenticated: return "unauthenticated";
    default: return "unknown";
  }
}

std::string Grouped(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

std::string Counted(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", Grouped(count), noun, count == 1 ? "" : "s");
}

}  // namespace ingot::cli
