#ifndef COMPILER_WASM_TEST_MODULE_H_
#define COMPILER_WASM_TEST_MODULE_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "compiler/base/arena.h"
#include "compiler/base/error_text.h"
#include "compiler/base/status.h"
#include "compiler/wasm/decoder.h"
#include "compiler/wasm/features.h"
#include "compiler/wasm/module.h"
#include "compiler/wasm/module_limits.h"
#include "compiler/wasm/validator.h"

// A module for tests: bytes go in, an arena with the decoded and validated
// module and the first error come out. The bytes lie in a block of exactly
// their size, so that a sanitizer sees every read past them.

namespace ingot::wasm {

struct TestOptions {
  ModuleLimits limits;
  Features features;
  DecodeMode mode = DecodeMode::kWhole;
  uint32_t arena_pages = 256;
};

class TestModule {
 public:
  explicit TestModule(const std::vector<uint8_t>& bytes,
                      const TestOptions& options = {})
      : size_(static_cast<uint32_t>(bytes.size())),
        bytes_(new uint8_t[bytes.size()]),
        // Pages that are not touched cost nothing.
        region_(static_cast<uint8_t*>(
            calloc(options.arena_pages, Arena::kPageBytes))),
        arena_(region_.get(), 16, 0,
               uint64_t{options.arena_pages} * Arena::kPageBytes) {
    for (uint32_t i = 0; i < size_; ++i) bytes_[i] = bytes[i];
    status_ = Decode(arena_, bytes_.get(), size_, options.limits,
                     options.features, options.mode, &module_);
    decoded_ = status_.ok();
    if (decoded_) {
      status_ = Validate(arena_, bytes_.get(), options.limits,
                         options.features, &module_);
    }
  }

  Status status() const { return status_; }
  Code code() const { return status_.code; }
  std::string name() const { return std::string(TextOf(status_.code).name); }
  bool decoded() const { return decoded_; }
  const Module& module() const { return module_; }
  Arena& arena() { return arena_; }
  const uint8_t* bytes() const { return bytes_.get(); }

  const Body& body(uint32_t index) const {
    return arena_.Get(module_.bodies, index);
  }
  const LoopInfo& loop(uint32_t body_index, uint32_t index) const {
    return arena_.Get(module_.loops, body(body_index).first_loop + index);
  }
  std::vector<uint32_t> loop_locals(uint32_t body_index, uint32_t index) const {
    const LoopInfo& info = loop(body_index, index);
    const auto all = arena_.View(module_.loop_locals);
    return {all.begin() + info.first, all.begin() + info.first + info.count};
  }

 private:
  struct Free {
    void operator()(uint8_t* region) const { free(region); }
  };

  uint32_t size_;
  std::unique_ptr<uint8_t[]> bytes_;
  std::unique_ptr<uint8_t, Free> region_;
  Arena arena_;
  Module module_;
  Status status_;
  bool decoded_ = false;
};

}  // namespace ingot::wasm

#endif  // COMPILER_WASM_TEST_MODULE_H_
