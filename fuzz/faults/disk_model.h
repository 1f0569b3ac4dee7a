#ifndef FUZZ_FAULTS_DISK_MODEL_H_
#define FUZZ_FAULTS_DISK_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/differential/random.h"

// A disk that loses what was not flushed. In: what a program did to the files
// below one folder, in order. Out: what may be there after the power failed.
// Holds, as POSIX promises no more:
//   - a file's bytes and size are safe once it was flushed; before, each 512
//     bytes of each write may have reached the disk or not, in any order, and a
//     file that grew may hold zeros or other bytes;
//   - a name, made, moved or removed, is safe once its folder was flushed;
//     before, each name of a folder may be as it was at any moment since, apart
//     from the other names. A move is not even atomic across two folders.
// 512 bytes that lie in one sector are written whole or not at all.

namespace ingot::faults {

struct DiskEvent {
  enum class Kind : uint8_t {
    kMakeFolder,
    kCreate,
    kWrite,
    kTruncate,    // to `offset` bytes
    kSync,        // a file
    kSyncFolder,  // its names
    kRename,
    kLink,
    kUnlink,
  };
  Kind kind = Kind::kCreate;
  std::string path = {};  // relative to the folder; "" is the folder itself
  std::string target = {};
  uint32_t file = 0;  // a number that stays with the file when it is moved
  uint64_t offset = 0;
  std::string bytes = {};
  bool flushed = false;  // a write through a descriptor that flushes each
};

// What lies on a disk; nothing for folders.
struct DiskFile {
  uint32_t file = 0;
  std::string bytes;
};
using DiskImage = std::map<std::string, std::optional<DiskFile>>;

class DiskModel {
 public:
  // How much of what was not flushed is there.
  enum class Keep : uint8_t {
    kNothing,
    kAll,
    kNames,  // new names, old bytes
    kBytes,  // new bytes, old names
    kSome,   // each as chance has it
  };

  void Apply(const DiskEvent& event);
  // The power fails; what is left is safe from now on.
  void LosePower(Keep keep, fuzz::Random& random);
  // What a program sees, flushed or not.
  DiskImage Seen() const;

 private:
  struct Write {
    uint64_t offset = 0;
    std::string bytes;
    bool truncate = false;
  };
  struct File {
    std::string safe;
    std::vector<Write> later;
  };
  // A folder, a file's number, or nothing.
  struct Name {
    bool folder = false;
    std::optional<uint32_t> file = {};
  };
  struct Names {
    Name safe;
    std::vector<Name> later;
    const Name& Last() const { return later.empty() ? safe : later.back(); }
  };

  static void Do(const Write& write, std::string* bytes);
  static std::string Partly(const File& file, Keep keep,
                            fuzz::Random& random);
  void Flush(uint32_t file);

  std::map<uint32_t, File> files_;
  std::map<std::string, Names> names_;
};

// Writes an image into a new folder.
void WriteImage(const DiskImage& image, const std::string& folder);

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_DISK_MODEL_H_
