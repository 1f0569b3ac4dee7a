// libingot.so.1 loaded into a program that uses OpenSSL 3 and protobuf. In: the
// library's path, a module's path. Out: exit code 0 when each of them gives the
// right digests and bytes, before and after the other was used.

#include <dlfcn.h>
#include <google/protobuf/wrappers.pb.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "chain_integration/c/ingot.h"

// OpenSSL's, whose headers BoringSSL's would be taken for.
extern "C" unsigned char* SHA256(const unsigned char* data, size_t size,
                                 unsigned char* digest);
extern "C" const char* OpenSSL_version(int what);

namespace {

bool OpensslIsItself() {
  unsigned char digest[32];
  SHA256(reinterpret_cast<const unsigned char*>("abc"), 3, digest);
  const unsigned char begin[] = {0xba, 0x78, 0x16, 0xbf};
  return std::memcmp(digest, begin, 4) == 0 &&
         std::string(OpenSSL_version(0)).starts_with("OpenSSL 3");
}

bool ProtobufIsItself() {
  google::protobuf::StringValue value;
  value.set_value("ingot");
  google::protobuf::StringValue read;
  return read.ParseFromString(value.SerializeAsString()) &&
         read.value() == "ingot";
}

template <typename F>
F* Find(void* library, const char* name) {
  return reinterpret_cast<F*>(dlsym(library, name));
}

}  // namespace

int main(int, char** argv) {
  if (!OpensslIsItself() || !ProtobufIsItself()) return 4;
  // Its names are there for all: nothing may be taken from it by accident.
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 5;
  }
  std::ifstream file(argv[2], std::ios::binary);
  const std::string module(std::istreambuf_iterator<char>(file), {});
  const auto* bytes = reinterpret_cast<const uint8_t*>(module.data());
  ingot_engine* engine = nullptr;
  if (Find<decltype(ingot_engine_new)>(library, "ingot_engine_new")(
          nullptr, &engine, nullptr) != INGOT_OK) {
    return 6;
  }
  ingot_compilation* compilation = nullptr;
  if (Find<decltype(ingot_compile)>(library, "ingot_compile")(
          engine, bytes, module.size(), INGOT_GAS_MAX, &compilation,
          nullptr) != INGOT_OK) {
    return 7;
  }
  ingot_verdict verdict = {};
  verdict.size = sizeof verdict;
  Find<decltype(ingot_compilation_verdict)>(
      library, "ingot_compilation_verdict")(compilation, &verdict);
  unsigned char digest[32];
  SHA256(bytes, module.size(), digest);
  if (verdict.kind != INGOT_ACCEPTED ||
      std::memcmp(digest, verdict.module_sha256, sizeof digest) != 0) {
    return 8;
  }
  Find<decltype(ingot_compilation_free)>(
      library, "ingot_compilation_free")(compilation);
  Find<decltype(ingot_engine_free)>(library, "ingot_engine_free")(engine);
  return OpensslIsItself() && ProtobufIsItself() ? 0 : 9;
}
