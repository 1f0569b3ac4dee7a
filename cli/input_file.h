#ifndef CLI_INPUT_FILE_H_
#define CLI_INPUT_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Files that a user names. In: a path and the most bytes that are of use. Out:
// the bytes and what kind of file it is. Holds: a file over the limit is never
// read beyond its first bytes, so a file of any size is answered at once; what
// cannot be read (missing, a directory, no permission) is a fault that names
// the path.

namespace ingot::cli {

enum class FileKind : uint8_t {
  kModule,    // begins with \0asm
  kArtifact,  // an ELF file
  kEmpty,
  kText,
  kOther,
};

struct InputFile {
  std::string path;
  FileKind kind = FileKind::kOther;
  uint64_t size = 0;            // of the whole file, or more than the limit
  std::vector<uint8_t> bytes;   // the whole file, or its first bytes
  bool complete = true;         // false: larger than the limit
};

absl::StatusOr<InputFile> ReadInputFile(const std::string& path,
                                        uint64_t max_bytes);

// What to say about a file that is no module, or about a module that is too
// large; empty when its kind explains nothing.
std::string KindHint(const InputFile& file);

FileKind KindOf(std::string_view bytes);

// Writes a whole file, under another name first, so that a reader sees all of
// it or none. What is there and is no file, as a device or a pipe, is written to
// and stays what it is.
absl::Status WriteOutputFile(const std::string& path,
                             std::string_view contents);

}  // namespace ingot::cli

#endif  // CLI_INPUT_FILE_H_
