// Prints the API's listing. In: the path of a descriptor set. Out: lines for
// proto/ingot/v1/api.txt.

#include <cstdio>
#include <fstream>

#include "proto/api_listing.h"

int main(int argc, char** argv) {
  google::protobuf::FileDescriptorSet files;
  if (argc != 2) return 2;
  std::ifstream input(argv[1], std::ios::binary);
  if (!files.ParseFromIstream(&input)) {
    std::fprintf(stderr, "write_api: %s is no descriptor set\n", argv[1]);
    return 1;
  }
  for (const std::string& line : ingot::api::Listing(files)) {
    std::printf("%s\n", line.c_str());
  }
  return 0;
}
