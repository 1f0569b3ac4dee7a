// See the header. Calls made here are not watched (system_calls.h).

#include "fuzz/faults/disk_recorder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace ingot::faults {
namespace {

uint64_t Inode(int file) {
  struct stat status;
  return fstat(file, &status) == 0 ? status.st_ino : 0;
}

// Whether the open() that this thread is about to make finds the name taken.
thread_local bool name_was_there = false;

}  // namespace

DiskRecorder::DiskRecorder(std::string folder, const DiskImage& image,
                           uint32_t* next_file)
    : folder_(std::move(folder)), next_file_(next_file) {
  for (const auto& [path, file] : image) {
    if (!file) continue;
    struct stat status;
    if (stat((folder_ + "/" + path).c_str(), &status) == 0) {
      files_[status.st_ino] = file->file;
    }
  }
}

bool DiskRecorder::Inside(const char* path, std::string* relative) const {
  const std::string full = path;
  if (full == folder_) {
    relative->clear();
    return true;
  }
  if (!full.starts_with(folder_ + "/")) return false;
  *relative = full.substr(folder_.size() + 1);
  return true;
}

int DiskRecorder::Before(const CallEvent& event) {
  if (event.call == Call::kOpen) {
    name_was_there = access(event.path, F_OK) == 0;
  }
  if (event.call == Call::kClose) {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_.erase(event.file);
  }
  // The model is the disk; the machine's own need not be waited for.
  return event.call == Call::kSync ? kSkip : 0;
}

void DiskRecorder::Opened(const CallEvent& event, bool was_there) {
  std::string path;
  if (!Inside(event.path, &path)) return;
  Open open;
  open.flushed = (event.flags & O_DSYNC) != 0;
  if ((event.flags & O_DIRECTORY) != 0) {
    open.folder = true;
    open.path = path;
    open_[event.file] = open;
    return;
  }
  const uint64_t inode = Inode(event.file);
  if (!was_there) {
    files_[inode] = (*next_file_)++;
    Add({.kind = DiskEvent::Kind::kCreate,
         .path = path,
         .file = files_[inode]});
  } else if ((event.flags & O_TRUNC) != 0) {
    Add({.kind = DiskEvent::Kind::kTruncate, .file = files_[inode]});
  }
  open.file = files_[inode];
  open_[event.file] = open;
}

void DiskRecorder::After(const CallEvent& event, int64_t result) {
  if (result < 0) return;
  using Kind = DiskEvent::Kind;
  const bool was_there = name_was_there;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (event.call == Call::kOpen) return Opened(event, was_there);
  const auto found = open_.find(event.file);
  if (found != open_.end()) {
    const Open& open = found->second;
    if (event.call == Call::kWrite) {
      DiskEvent write{.kind = Kind::kWrite,
                      .file = open.file,
                      .offset = event.offset,
                      .flushed = open.flushed && !ignore_flushes};
      uint64_t left = static_cast<uint64_t>(result);
      for (const iovec& part : event.bytes) {
        const uint64_t size = std::min<uint64_t>(left, part.iov_len);
        write.bytes.append(static_cast<const char*>(part.iov_base), size);
        left -= size;
      }
      return Add(std::move(write));
    }
    if (event.call == Call::kTruncate) {
      return Add({.kind = Kind::kTruncate,
                  .file = open.file,
                  .offset = event.offset});
    }
    if (event.call == Call::kSync && !ignore_flushes) {
      return open.folder ? Add({.kind = Kind::kSyncFolder, .path = open.path})
                         : Add({.kind = Kind::kSync, .file = open.file});
    }
    return;
  }
  std::string path, target;
  if (event.path == nullptr || !Inside(event.path, &path)) return;
  switch (event.call) {
    case Call::kMakeFolder:
      if (!path.empty()) Add({.kind = Kind::kMakeFolder, .path = path});
      return;
    case Call::kUnlink:
      return Add({.kind = Kind::kUnlink, .path = path});
    case Call::kRename:
    case Call::kLink:
      if (!Inside(event.target, &target)) return;
      return Add({.kind = event.call == Call::kLink ? Kind::kLink
                                                    : Kind::kRename,
                  .path = path,
                  .target = target});
    default:
      return;
  }
}

size_t DiskRecorder::Now() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return events_.size();
}

std::vector<DiskEvent> DiskRecorder::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::move(events_);
}

}  // namespace ingot::faults
