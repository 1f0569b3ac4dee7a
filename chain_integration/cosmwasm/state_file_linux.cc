// The state file: text in, state out, and back. Saving writes a file beside
// the target, syncs it, renames it over the target and syncs the folder.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "chain_integration/cosmwasm/state_file.h"
#include "chain_integration/json/json.h"

namespace ingot::cosmwasm {
namespace {

constexpr std::string_view kFormat = "ingot.contract_state.v1";
constexpr uint64_t kMaxStateFileBytes = uint64_t{1} << 30;

bool IsLowerHex(std::string_view text) {
  if (text.size() % 2 != 0) return false;
  for (const char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

absl::Status SystemError(std::string_view what, const std::string& path) {
  const std::string text =
      absl::StrCat(std::string(what), " ", path, ": ", std::strerror(errno));
  return errno == ENOENT    ? absl::NotFoundError(text)
         : errno == EACCES  ? absl::PermissionDeniedError(text)
         : errno == ENOSPC  ? absl::ResourceExhaustedError(text)
                            : absl::UnavailableError(text);
}

// Closes its descriptor when it goes out of scope.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() { Close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int get() const { return descriptor_; }
  bool Close() {
    const int descriptor = std::exchange(descriptor_, -1);
    return descriptor < 0 || close(descriptor) == 0;
  }

 private:
  int descriptor_;
};

absl::StatusOr<std::string> ReadAll(const File& file,
                                    const std::string& path) {
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return SystemError("cannot read", path);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is not a regular file"));
  }
  if (static_cast<uint64_t>(info.st_size) > kMaxStateFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is larger than ", kMaxStateFileBytes, " bytes"));
  }
  std::string text;
  char buffer[1 << 16];
  while (true) {
    const ssize_t count = read(file.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("cannot read", path);
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > kMaxStateFileBytes) {
      return absl::InvalidArgumentError(absl::StrCat(path, " keeps growing"));
    }
  }
}

bool WriteAll(const File& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(file.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

std::string SerializeState(const ContractState& state) {
  json::Object members;
  members.reserve(state.entries.size());
  for (const auto& [key, value] : state.entries) {
    members.emplace_back(absl::BytesToHexString(key),
                         json::Value::String(absl::BytesToHexString(value)));
  }
  json::Value file = json::Value::MakeObject();
  file.Add("format", json::Value::String(kFormat));
  file.Add("entries", json::Value::MakeObject(std::move(members)));
  return json::WritePretty(file);
}

absl::StatusOr<ContractState> ParseState(std::string_view text) {
  absl::StatusOr<json::Value> file =
      json::Parse(text, {.depth = 4, .bytes = kMaxStateFileBytes});
  if (!file.ok()) return file.status();
  const std::string* format = file->FindString("format");
  const json::Value* entries = file->Find("entries");
  if (format == nullptr || *format != kFormat || entries == nullptr ||
      !entries->IsObject() || file->members().size() != 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        "not a contract state: expected an object with \"format\": \"",
        std::string(kFormat), "\" and \"entries\""));
  }
  ContractState state;
  for (const json::Member& member : entries->members()) {
    if (!member.second.IsString() || !IsLowerHex(member.first) ||
        !IsLowerHex(member.second.AsString())) {
      return absl::InvalidArgumentError(absl::StrCat(
          "contract state: entry ", json::Quote(member.first),
          " is not lower-case hexadecimal to lower-case hexadecimal"));
    }
    state.entries.emplace(absl::HexStringToBytes(member.first),
                          absl::HexStringToBytes(member.second.AsString()));
  }
  return state;
}

absl::StatusOr<ContractState> LoadState(const std::string& path) {
  // O_NONBLOCK: a pipe without a writer must not stop us before it is refused.
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ENOENT) return ContractState();
    return SystemError("cannot open", path);
  }
  absl::StatusOr<std::string> text = ReadAll(file, path);
  if (!text.ok()) return text.status();
  absl::StatusOr<ContractState> state = ParseState(*text);
  if (!state.ok()) {
    return absl::Status(
        state.status().code(),
        absl::StrCat(path, ": ", state.status().message()));
  }
  return state;
}

absl::Status SaveState(const std::string& path, const ContractState& state) {
  const std::string temporary = absl::StrCat(path, ".tmp.", getpid());
  File file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                 0644));
  if (file.get() < 0) return SystemError("cannot create", temporary);
  if (!WriteAll(file, SerializeState(state)) || fsync(file.get()) != 0 ||
      !file.Close() || rename(temporary.c_str(), path.c_str()) != 0) {
    const absl::Status status = SystemError("cannot write", path);
    unlink(temporary.c_str());
    return status;
  }
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  const File directory(open(folder.c_str(), O_RDONLY | O_CLOEXEC));
  if (directory.get() < 0 || fsync(directory.get()) != 0) {
    return SystemError("cannot sync", folder);
  }
  return absl::OkStatus();
}

}  // namespace ingot::cosmwasm
