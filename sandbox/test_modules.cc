// Files and small modules for tests. The synthetic module is written byte by
// byte (core specification 2.0, chapter 5), so that no part of Ingot stands
// between a test and its input.

#include "sandbox/test_modules.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace ingot::sandbox {
namespace {

void AppendUnsigned(std::vector<uint8_t>& out, uint32_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<uint8_t>(value));
}

void AppendSection(std::vector<uint8_t>& out, uint8_t id,
                   const std::vector<uint8_t>& contents) {
  out.push_back(id);
  AppendUnsigned(out, static_cast<uint32_t>(contents.size()));
  out.insert(out.end(), contents.begin(), contents.end());
}

std::vector<uint8_t> Body(uint32_t seed, uint32_t operations) {
  // One local: the sum. loop { sum = (sum + a) * b ...; a -= 1; br_if a }
  std::vector<uint8_t> body = {1, 1, 0x7F, 0x03, 0x40};
  for (uint32_t i = 0; i < operations; ++i) {
    const uint8_t argument = static_cast<uint8_t>((seed + i) % 2);
    body.insert(body.end(), {0x20, 2, 0x20, argument});
    body.push_back(i % 3 == 0 ? 0x6C : 0x6A);  // i32.mul, i32.add
    body.insert(body.end(), {0x21, 2});
  }
  body.insert(body.end(), {0x20, 0, 0x41, 1, 0x6B, 0x22, 0, 0x0D, 0, 0x0B,
                           0x20, 2, 0x0B});
  return body;
}

void AppendModulesBelow(const std::filesystem::path& folder,
                        std::vector<std::string>& out) {
  std::error_code error;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.path().extension() == ".wasm") out.push_back(entry.path());
  }
}

}  // namespace

std::vector<uint8_t> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, const std::vector<uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) std::abort();
}

std::vector<uint8_t> SyntheticModule(uint32_t functions, uint32_t operations,
                                     uint32_t data_bytes) {
  std::vector<uint8_t> module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  AppendSection(module, 1, {1, 0x60, 2, 0x7F, 0x7F, 1, 0x7F});
  std::vector<uint8_t> types;
  AppendUnsigned(types, functions);
  types.resize(types.size() + functions);
  AppendSection(module, 3, types);
  AppendSection(module, 7, {1, 1, 'f', 0, 0});
  std::vector<uint8_t> code;
  AppendUnsigned(code, functions);
  for (uint32_t i = 0; i < functions; ++i) {
    const std::vector<uint8_t> body = Body(i, operations);
    AppendUnsigned(code, static_cast<uint32_t>(body.size()));
    code.insert(code.end(), body.begin(), body.end());
  }
  AppendSection(module, 10, code);
  if (data_bytes != 0) {
    std::vector<uint8_t> data = {1, 1};
    AppendUnsigned(data, data_bytes);
    data.resize(data.size() + data_bytes, 'd');
    AppendSection(module, 11, data);
  }
  return module;
}

std::vector<std::string> CorpusModules() {
  std::vector<std::string> paths;
  const char* corpus = std::getenv("INGOT_CORPUS");
  if (corpus == nullptr) return paths;
  for (const char* folder : {"contracts", "real", "bench"}) {
    AppendModulesBelow(std::filesystem::path(corpus) / folder, paths);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::string> OwnContracts() {
  std::vector<std::string> paths;
  AppendModulesBelow("testdata/contracts", paths);
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string RunCommand(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::string output;
  char piece[4096];
  while (const size_t count = std::fread(piece, 1, sizeof(piece), pipe)) {
    output.append(piece, count);
  }
  pclose(pipe);
  return output;
}

}  // namespace ingot::sandbox
