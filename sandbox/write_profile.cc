// Writes the canonical bytes of the default profile to a file, for hosts that
// run compiler.wasm without Ingot (node_host/). In: a path. Out: the file.

#include <cstdint>
#include <cstdio>
#include <vector>

#include "compiler/abi/profile.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_profile FILE\n");
    return 2;
  }
  std::vector<uint8_t> bytes(ingot::kProfileBytes);
  ingot::Encode(ingot::Profile(), bytes);
  std::FILE* file = std::fopen(argv[1], "wb");
  const bool written =
      file != nullptr &&
      std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (file == nullptr || std::fclose(file) != 0 || !written) {
    std::fprintf(stderr, "cannot write %s\n", argv[1]);
    return 3;
  }
  return 0;
}
