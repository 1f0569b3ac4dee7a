// See the header.

#include "fuzz/faults/disk_model.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "compiler/base/check.h"

namespace ingot::faults {
namespace {

constexpr uint64_t kSectorBytes = 512;

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool Chance(fuzz::Random& random) { return random.Next() % 2 == 0; }

// Writes the part of `bytes` that lies in each sector, or does not.
void Tear(uint64_t offset, std::string_view bytes, fuzz::Random& random,
          std::string* file) {
  while (!bytes.empty()) {
    const uint64_t size =
        std::min<uint64_t>(kSectorBytes - offset % kSectorBytes, bytes.size());
    if (Chance(random)) {
      if (file->size() < offset + size) file->resize(offset + size);
      file->replace(offset, size, bytes.substr(0, size));
    }
    bytes.remove_prefix(size);
    offset += size;
  }
}

}  // namespace

void DiskModel::Do(const Write& write, std::string* bytes) {
  if (write.truncate) {
    bytes->resize(write.offset);
    return;
  }
  const uint64_t end = write.offset + write.bytes.size();
  if (bytes->size() < end) bytes->resize(end);
  bytes->replace(write.offset, write.bytes.size(), write.bytes);
}

void DiskModel::Flush(uint32_t file) {
  File& flushed = files_[file];
  for (const Write& write : flushed.later) Do(write, &flushed.safe);
  flushed.later.clear();
}

void DiskModel::Apply(const DiskEvent& event) {
  using Kind = DiskEvent::Kind;
  const auto name = [&](const std::string& path, const Name& value) {
    names_[path].later.push_back(value);
  };
  switch (event.kind) {
    case Kind::kMakeFolder:
      return name(event.path, {.folder = true});
    case Kind::kCreate:
      files_[event.file] = {};
      return name(event.path, {.file = event.file});
    case Kind::kWrite:
      files_[event.file].later.push_back({event.offset, event.bytes});
      if (event.flushed) Flush(event.file);
      return;
    case Kind::kTruncate:
      files_[event.file].later.push_back({event.offset, "", true});
      return;
    case Kind::kSync:
      return Flush(event.file);
    case Kind::kSyncFolder:
      for (auto& [path, names] : names_) {
        if (path.empty() || FolderOf(path) != event.path) continue;
        names.safe = names.Last();
        names.later.clear();
      }
      return;
    case Kind::kRename:
    case Kind::kLink: {
      const Name moved = names_[event.path].Last();
      INGOT_CHECK(moved.file.has_value());
      name(event.target, moved);
      if (event.kind == Kind::kRename) name(event.path, {});
      return;
    }
    case Kind::kUnlink:
      return name(event.path, {});
  }
}

std::string DiskModel::Partly(const File& file, Keep keep,
                              fuzz::Random& random) {
  std::string bytes = file.safe;
  if (keep == Keep::kNothing || keep == Keep::kNames) return bytes;
  for (const Write& write : file.later) {
    if (keep != Keep::kSome) {
      Do(write, &bytes);
    } else if (write.truncate) {
      if (Chance(random)) Do(write, &bytes);
    } else {
      Tear(write.offset, write.bytes, random, &bytes);
    }
  }
  if (keep != Keep::kSome) return bytes;
  // The new size without the new bytes.
  std::string seen = file.safe;
  for (const Write& write : file.later) Do(write, &seen);
  if (seen.size() > bytes.size() && Chance(random)) {
    const bool zeros = Chance(random);
    while (bytes.size() < seen.size()) {
      bytes.push_back(zeros ? '\0' : static_cast<char>(random.Next()));
    }
  }
  return bytes;
}

void DiskModel::LosePower(Keep keep, fuzz::Random& random) {
  for (auto& [path, names] : names_) {
    const uint64_t moments = names.later.size() + 1;
    uint64_t moment = 0;
    if (keep == Keep::kAll || keep == Keep::kNames) moment = moments - 1;
    if (keep == Keep::kSome) moment = random.Next() % moments;
    if (moment != 0) names.safe = names.later[moment - 1];
    names.later.clear();
  }
  for (auto& [number, file] : files_) {
    file.safe = Partly(file, keep, random);
    file.later.clear();
  }
  // What lies below a name that is gone is gone, and files without a name.
  std::map<uint32_t, File> named;
  for (auto at = names_.begin(); at != names_.end();) {
    const std::string folder = FolderOf(at->first);
    const auto above = names_.find(folder);
    const bool lost =
        (!at->second.safe.folder && !at->second.safe.file) ||
        (!folder.empty() &&
         (above == names_.end() || !above->second.safe.folder));
    if (lost) {
      at = names_.erase(at);
      continue;
    }
    if (at->second.safe.file) {
      const uint32_t number = *at->second.safe.file;
      named[number] = files_[number];
    }
    ++at;
  }
  files_ = std::move(named);
}

DiskImage DiskModel::Seen() const {
  DiskImage image;
  for (const auto& [path, names] : names_) {
    const Name& name = names.Last();
    if (name.folder) image[path] = std::nullopt;
    if (!name.file) continue;
    const File& file = files_.at(*name.file);
    DiskFile seen{*name.file, file.safe};
    for (const Write& write : file.later) Do(write, &seen.bytes);
    image[path] = std::move(seen);
  }
  return image;
}

void WriteImage(const DiskImage& image, const std::string& folder) {
  std::filesystem::create_directories(folder);
  // In the order of their names a folder stands before what lies in it.
  for (const auto& [path, file] : image) {
    const std::string full = folder + "/" + path;
    if (!file) {
      std::filesystem::create_directory(full);
      continue;
    }
    std::ofstream out(full, std::ios::binary);
    out << file->bytes;
    INGOT_CHECK(out.flush().good());
  }
}

}  // namespace ingot::faults
