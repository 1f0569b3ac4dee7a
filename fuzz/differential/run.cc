// fuzz/differential:run FILE [--invoke NAME [ARG ...]] [--host KIND]
//   [--gas N] [--stack N] [--replays N] [--stack-replays N] [--level N]
//   [--seed N] [--features N]
// Compares both engines on one module, native code of both levels unless one
// is named, and prints what came of it; without --invoke, on all its exports.
// Ends with 1 when they differ.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "fuzz/differential/differential.h"

namespace {

using ingot::fuzz::Comparison;
using ingot::fuzz::HostKindOf;
using ingot::fuzz::Subject;

int Usage() {
  std::fprintf(
      stderr,
      "usage: run FILE [--host none|stubs|noise|wasi] [--gas N] [--stack N]\n"
      "           [--replays N] [--stack-replays N] [--level N] [--seed N]\n"
      "           [--features N] [--invoke NAME [ARG ...]]\n");
  return 2;
}

bool ReadFile(const char* path, std::vector<uint8_t>* bytes) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return false;
  uint8_t buffer[65536];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, file)) {
    bytes->insert(bytes->end(), buffer, buffer + n);
  }
  std::fclose(file);
  return true;
}

bool ReadOptions(int argc, char** argv, Subject* subject) {
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const char* text = argv[i + 1];
    const uint64_t number = std::strtoull(text, nullptr, 0);
    if (option == "--invoke") {
      ingot::fuzz::Step step = {text, {}};
      for (int k = i + 2; k < argc; ++k) {
        step.args.push_back(std::strtoull(argv[k], nullptr, 0));
      }
      subject->steps.push_back(std::move(step));
      return true;
    }
    if (option == "--host") {
      const auto kind = HostKindOf(text);
      if (!kind) return false;
      subject->host = *kind;
    } else if (option == "--gas") {
      subject->gas_limit = number;
    } else if (option == "--stack") {
      subject->stack_units = number;
    } else if (option == "--replays") {
      subject->gas_replays = static_cast<uint32_t>(number);
    } else if (option == "--stack-replays") {
      subject->stack_replays = static_cast<uint32_t>(number);
    } else if (option == "--level") {
      subject->levels = {static_cast<uint32_t>(number)};
    } else if (option == "--features") {
      subject->profile.features = static_cast<uint32_t>(number);
    } else if (option == "--seed") {
      subject->seed = number;
    } else {
      return false;
    }
  }
  return true;
}

int Report(const Comparison& result, const char* path) {
  if (!result.verdict.ok() && result.difference.empty()) {
    std::printf("%s: refused with code %d in function %u at offset %u\n", path,
                static_cast<int>(result.verdict.code), result.verdict.function,
                result.verdict.offset);
    return 0;
  }
  for (const auto& outcome : result.outcomes) {
    std::printf("%s\n", ingot::fuzz::Describe(outcome).c_str());
  }
  if (!result.captured_stdout.empty()) {
    std::printf("stdout: %s\n", result.captured_stdout.c_str());
  }
  std::printf(
      "%s: gas %llu, %llu observations, %llu host calls, %u replays of gas, "
      "%u of stack, interpreter %.3f s, native %.3f s\n",
      path, static_cast<unsigned long long>(result.gas_used),
      static_cast<unsigned long long>(result.observations),
      static_cast<unsigned long long>(result.host_calls), result.gas_replays,
      result.stack_replays, result.interpreter_seconds,
      result.native_seconds);
  if (result.difference.empty()) return 0;
  std::printf("%s: DIFFERENT: %s\n", path, result.difference.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Subject subject;
  if (argc < 2 || !ReadOptions(argc, argv, &subject)) return Usage();
  if (!ReadFile(argv[1], &subject.module)) {
    std::fprintf(stderr, "%s: cannot be read\n", argv[1]);
    return 2;
  }
  if (subject.steps.empty()) {
    auto steps = ingot::fuzz::StepsOfExports(subject.module, subject.profile,
                                             subject.seed);
    if (!steps.ok()) {
      std::fprintf(stderr, "%s\n", steps.status().ToString().c_str());
      return 2;
    }
    subject.steps = *std::move(steps);
  }
  const auto result = ingot::fuzz::Compare(subject);
  if (!result.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[1],
                 result.status().ToString().c_str());
    return 2;
  }
  return Report(*result, argv[1]);
}
