// Durable files on Linux: fsync of the file before its rename, of the folder
// after it. In and out: see the header. Holds: every error is reported with
// its path and the system's words, none is retried here.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "chain_integration/store/durable_file.h"

namespace ingot::store {
namespace {

absl::Status Error(std::string_view what, const std::string& path) {
  const int error = errno;
  const std::string text =
      absl::StrCat(std::string(what), " ", path, ": ", std::strerror(error));
  switch (error) {
    case ENOENT: return absl::NotFoundError(text);
    case EACCES:
    case EPERM:
    case EROFS: return absl::PermissionDeniedError(text);
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return absl::ResourceExhaustedError(text);
    case EIO: return absl::DataLossError(text);
    default: return absl::UnavailableError(text);
  }
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  const int fd_;
};

// False when the name was taken away, or the lock cannot be had.
bool Lock(int fd, int more) {
  while (flock(fd, LOCK_EX | more) != 0) {
    if (errno != EINTR) return false;
  }
  struct stat status;
  return fstat(fd, &status) == 0 && status.st_nlink != 0;
}

bool WriteAll(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const StoredFile>> SealBytes(
    std::span<const uint8_t> bytes) {
  const runtime::platform::SealedBytes sealed = runtime::platform::Seal(bytes);
  if (!sealed.ok()) {
    return absl::ResourceExhaustedError("no memory for a sealed file");
  }
  return std::make_shared<const StoredFile>(sealed);
}

absl::StatusOr<std::shared_ptr<const StoredFile>> ReadSealed(
    const std::string& path) {
  const Descriptor file(path, O_RDONLY | O_NOFOLLOW);
  if (!file.ok()) return Error("open", path);
  struct stat status;
  if (fstat(file.get(), &status) != 0) return Error("read", path);
  if (!S_ISREG(status.st_mode)) {
    return absl::DataLossError(path + " is no file");
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(status.st_size));
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got =
        read(file.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error("read", path);
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  bytes.resize(have);
  return SealBytes(bytes);
}

absl::Status FlushFolder(const std::string& path) {
  const Descriptor folder(path, O_RDONLY | O_DIRECTORY);
  if (!folder.ok() || fsync(folder.get()) != 0) return Error("flush", path);
  return absl::OkStatus();
}

absl::Status MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return FlushFolder(FolderOf(path));
  const bool there = errno == EEXIST;
  const bool lost = errno == ENOENT;
  const std::string above = FolderOf(path);
  // Who made it may have died before it was flushed.
  if (there) return FlushFolder(above);
  if (!lost || above == path) return Error("make", path);
  if (absl::Status made = MakeFolder(above); !made.ok()) return made;
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error("make", path);
  }
  return FlushFolder(above);
}

absl::Status WriteDurably(const std::string& scratch, const std::string& path,
                          std::span<const uint8_t> bytes) {
  Descriptor file(scratch, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (!file.ok()) return Error("make", scratch);
  absl::Status result;
  // Whoever cleans up may have come between making it and locking it.
  if (!Lock(file.get(), 0)) {
    result = absl::AbortedError(scratch + " was taken away");
  } else if (!WriteAll(file.get(), bytes) || fsync(file.get()) != 0) {
    result = Error("write", scratch);
  } else if (rename(scratch.c_str(), path.c_str()) != 0) {
    result = Error("rename to", path);
  }
  if (!result.ok()) {
    unlink(scratch.c_str());
    return result;
  }
  return FlushFolder(FolderOf(path));
}

absl::Status MoveDurably(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return Error("move", from);
  if (absl::Status flushed = FlushFolder(FolderOf(to)); !flushed.ok()) {
    return flushed;
  }
  return FlushFolder(FolderOf(from));
}

absl::Status RemoveAbandoned(const std::string& scratch) {
  const Descriptor file(scratch, O_RDONLY | O_NOFOLLOW);
  if (!file.ok() || !Lock(file.get(), LOCK_NB)) return absl::OkStatus();
  return Remove(scratch);
}

absl::Status LinkDurably(const std::string& scratch, const std::string& path) {
  absl::Status result;
  if (link(scratch.c_str(), path.c_str()) != 0 && errno != EEXIST &&
      !Exists(path)) {
    result = Error("name", path);
  }
  unlink(scratch.c_str());
  return result.ok() ? FlushFolder(FolderOf(path)) : result;
}

bool Exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

uint64_t FileBytes(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return 0;
  return static_cast<uint64_t>(status.st_size);
}

absl::Status Remove(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Error("remove", path);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path) {
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) return Error("list", path);
  std::vector<std::string> names;
  while (const dirent* const entry = readdir(folder)) {
    if (entry->d_name[0] != '.') names.push_back(entry->d_name);
  }
  closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace ingot::store
