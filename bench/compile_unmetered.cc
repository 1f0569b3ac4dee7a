// compile_unmetered MODULE ARTIFACT: compiles natively, without gas code. In a
// program of its own because both compilers have the same names. What comes out
// is for measuring only; it counts fees and host calls, and nothing else.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "sandbox/native_compiler.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: compile_unmetered MODULE ARTIFACT\n");
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  const std::vector<uint8_t> module{std::istreambuf_iterator<char>(in), {}};
  ingot::Profile profile;
  profile.level = 0;
  const auto result =
      ingot::sandbox::CompileNatively(module, profile, ingot::Digest{});
  if (!result.ok() || !result->verdict.ok()) {
    std::fprintf(stderr, "compile_unmetered: %s: no artifact\n", argv[1]);
    return 1;
  }
  std::ofstream out(argv[2], std::ios::binary);
  out.write(reinterpret_cast<const char*>(result->artifact.data()),
            static_cast<std::streamsize>(result->artifact.size()));
  return out.flush() ? 0 : 3;
}
