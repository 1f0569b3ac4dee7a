#ifndef CHAIN_INTEGRATION_C_HANDLES_H_
#define CHAIN_INTEGRATION_C_HANDLES_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "chain_integration/c/ingot.h"
#include "chain_integration/store/artifact_store.h"
#include "chain_integration/store/compile_cache.h"
#include "compiler/abi/profile.h"
#include "runtime/digest.h"
#include "runtime/outcome.h"
#include "runtime/program.h"
#include "runtime/store.h"
#include "runtime/transaction.h"
#include "sandbox/bootstrap.h"
#include "sandbox/verdict.h"

// What the handles of ingot.h stand for. Each handle owns what it points to, or
// shares it: an engine may be freed before its stores.

namespace ingot::c_api {

struct Engine {
  sandbox::EngineKind executor = sandbox::EngineKind::kNative;
  sandbox::EngineKind compile_executor = sandbox::EngineKind::kNative;
  uint32_t compile_threads = 1;
  Profile profile;
  std::vector<uint8_t> profile_bytes;
  Digest profile_digest;
  Digest compiler_digest;
  // Null without a folder. The cache ends before the store that it uses.
  std::unique_ptr<store::ArtifactStore> artifacts;
  std::unique_ptr<store::CompileCache> cache;
};

// Which thread is in a store, so that a second one is refused, not let loose on
// the first one's instances.
class StoreOwner {
 public:
  // False when another thread is inside.
  [[nodiscard]] bool Enter();
  void Leave();

 private:
  std::atomic<const void*> thread_{nullptr};
  uint32_t depth_ = 0;  // of the thread that is inside
};

// A callback with what belongs to it.
struct Definition {
  ingot_callback callback = nullptr;
  void* data = nullptr;
  void (*drop)(void*) = nullptr;
  ingot_store* store = nullptr;
  runtime::Signature signature = {};

  Definition() = default;
  ~Definition() {
    if (drop != nullptr) drop(data);
  }
  Definition(const Definition&) = delete;
  Definition& operator=(const Definition&) = delete;
};

}  // namespace ingot::c_api

struct ingot_error {
  std::string name;
  std::string message;
};

struct ingot_engine {
  std::shared_ptr<const ingot::c_api::Engine> engine;
};

struct ingot_compilation {
  ingot::sandbox::Verdict verdict;
  // The artifact: in the verdict, or a file of the store.
  std::shared_ptr<const ingot::store::StoredFile> file;
  bool cached = false;

  std::span<const uint8_t> artifact() const {
    if (file != nullptr) return file->bytes();
    return verdict.artifact;
  }
};

struct ingot_program {
  std::shared_ptr<const ingot::runtime::Program> program;
  ingot::sandbox::EngineKind executor = ingot::sandbox::EngineKind::kNative;
};

struct ingot_transaction {
  ingot::runtime::Transaction transaction;
};

struct ingot_store {
  std::shared_ptr<const ingot::c_api::Engine> engine;
  // By (module, name).
  absl::btree_map<std::pair<std::string, std::string>, ingot::runtime::Extern>
      functions;
  absl::btree_map<std::string, ingot_instance> instances;
  // All there ever were: instances go on calling what was replaced.
  std::vector<std::unique_ptr<ingot::c_api::Definition>> definitions;
  // How the last run ended: what an ingot_outcome points to.
  ingot::runtime::Outcome last;
  std::vector<ingot_frame> last_frames;
  ingot::c_api::StoreOwner owner;
  std::unique_ptr<ingot::runtime::Store> store;  // gone first
};

struct ingot_caller {
  ingot::runtime::Caller& caller;
  ingot_store* store;
  // ingot_caller_set_error.
  bool has_error = false;
  uint64_t code = 0;
  std::string message = {};
  // Of the last nested call that was a fault.
  absl::Status nested_fault = {};
};

#endif  // CHAIN_INTEGRATION_C_HANDLES_H_
