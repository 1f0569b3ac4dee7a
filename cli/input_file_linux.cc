// Reading and writing files. In: paths. Out: bytes, or a fault that says which
// path and why. Holds: see the header.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "cli/input_file.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

// Of a file over the limit: enough for its kind.
constexpr uint64_t kHeaderBytes = 512;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  // True if the last bytes reached the file system.
  bool Close() {
    const int fd = fd_;
    fd_ = -1;
    return close(fd) == 0;
  }

 private:
  int fd_;
};

absl::Status IoFault(std::string_view path, int error) {
  const std::string message = fmt::format("{}: {}", path, strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(fmt::format("{}: no such file", path));
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case EISDIR:
      return absl::FailedPreconditionError(
          fmt::format("{}: is a directory, not a file", path));
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

// Reads at most `max_bytes`.
absl::Status ReadBytes(int fd, std::string_view path, uint64_t max_bytes,
                       uint64_t expected, std::vector<uint8_t>* bytes) {
  // One byte beyond what is expected finds the end without another round.
  bytes->resize(std::min(max_bytes, expected + 1));
  uint64_t size = 0;
  while (size < max_bytes) {
    if (size == bytes->size()) {
      bytes->resize(std::min(max_bytes, 2 * size + kHeaderBytes));
    }
    const ssize_t n = read(fd, bytes->data() + size, bytes->size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return IoFault(path, errno);
    if (n == 0) break;
    size += static_cast<uint64_t>(n);
  }
  bytes->resize(size);
  return absl::OkStatus();
}

}  // namespace

FileKind KindOf(std::string_view bytes) {
  if (bytes.empty()) return FileKind::kEmpty;
  if (bytes.substr(0, 4) == std::string_view("\0asm", 4)) {
    return FileKind::kModule;
  }
  if (bytes.substr(0, 4) == "\177ELF") return FileKind::kArtifact;
  for (const char c : bytes.substr(0, kHeaderBytes)) {
    const uint8_t byte = static_cast<uint8_t>(c);
    const bool space = byte == '\n' || byte == '\r' || byte == '\t';
    if ((byte < 0x20 && !space) || byte == 0x7F) return FileKind::kOther;
  }
  return FileKind::kText;
}

absl::StatusOr<InputFile> ReadInputFile(const std::string& path,
                                        uint64_t max_bytes) {
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return IoFault(path, errno);
  struct stat status;
  if (fstat(fd.get(), &status) != 0) return IoFault(path, errno);
  if (S_ISDIR(status.st_mode)) return IoFault(path, EISDIR);

  InputFile file;
  file.path = path;
  const bool known = S_ISREG(status.st_mode);
  const uint64_t size = known ? static_cast<uint64_t>(status.st_size) : 0;
  const bool too_large = known && size > max_bytes;
  if (absl::Status read = ReadBytes(
          fd.get(), path, too_large ? kHeaderBytes : max_bytes + 1,
          too_large ? kHeaderBytes : size, &file.bytes);
      !read.ok()) {
    return read;
  }
  file.complete = !too_large && file.bytes.size() <= max_bytes;
  file.size = too_large ? size : file.bytes.size();
  file.kind = KindOf({reinterpret_cast<const char*>(file.bytes.data()),
                      file.bytes.size()});
  return file;
}

std::string KindHint(const InputFile& file) {
  switch (file.kind) {
    case FileKind::kEmpty:
      return "the file is empty";
    case FileKind::kText:
      return "looks like text; WebAssembly text must be assembled with "
             "wat2wasm";
    case FileKind::kArtifact:
      return "is an ELF file: `ingot run`, `inspect` and `verify` take an "
             "artifact";
    case FileKind::kModule:
    case FileKind::kOther:
      return "";
  }
  return "";
}

absl::Status WriteOutputFile(const std::string& path,
                             std::string_view contents) {
  struct stat status;
  const bool in_place =
      stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  const std::string partial =
      in_place ? path : fmt::format("{}.partial.{}", path, getpid());
  FileDescriptor fd(open(partial.c_str(),
                         O_WRONLY | (in_place ? 0 : O_CREAT | O_TRUNC) |
                             O_CLOEXEC,
                         0666));
  if (fd.get() < 0) return IoFault(path, errno);
  int error = 0;
  while (!contents.empty() && error == 0) {
    const ssize_t n = write(fd.get(), contents.data(), contents.size());
    if (n >= 0) {
      contents.remove_prefix(static_cast<size_t>(n));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (!fd.Close() && error == 0) error = errno;
  if (!in_place && error == 0 && rename(partial.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error == 0) return absl::OkStatus();
  if (!in_place) unlink(partial.c_str());
  return IoFault(path, error);
}

}  // namespace ingot::cli
