// compile_unmetered LEVEL MODULE ARTIFACT: compiles natively, without gas code. In a
// program of its own because both compilers have the same names. What comes out
// is for measuring only; it counts fees and host calls, and nothing else.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "sandbox/native_compiler.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: compile_unmetered LEVEL MODULE ARTIFACT\n");
    return 2;
  }
  std::ifstream in(argv[2], std::ios::binary);
  const std::vector<uint8_t> module{std::istreambuf_iterator<char>(in), {}};
  ingot::Profile profile;
  profile.level = std::string_view(argv[1]) == "0" ? 0 : 1;
  const auto result =
      ingot::sandbox::CompileNatively(module, profile, ingot::Digest{});
  if (!result.ok() || !result->verdict.ok()) {
    std::fprintf(stderr, "compile_unmetered: %s: no artifact\n", argv[2]);
    return 1;
  }
  std::ofstream out(argv[3], std::ios::binary);
  out.write(reinterpret_cast<const char*>(result->artifact.data()),
            static_cast<std::streamsize>(result->artifact.size()));
  return out.flush() ? 0 : 3;
}
