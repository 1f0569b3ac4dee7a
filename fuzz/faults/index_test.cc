// The store's index when the disk fails it. Holds: whichever call of a change
// fails, and whether LMDB gives its environment up for it or not, the next
// change and the next look succeed, and what was promised is there.

#include <errno.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <string>

#include "chain_integration/store/index.h"
#include "fuzz/faults/system_calls.h"
#include "gtest/gtest.h"

namespace ingot::faults {
namespace {

// Fails one write or flush: the one that comes after so many others.
class FailOne final : public CallWatcher {
 public:
  void ArmAfter(int others) { left_ = others; }
  void Disarm() { left_ = -1; }

  int Before(const CallEvent& event) override {
    if (event.call != Call::kWrite && event.call != Call::kSync) return 0;
    if (left_ < 0) return 0;
    return left_-- == 0 ? EIO : 0;
  }
  void After(const CallEvent&, int64_t) override {}

 private:
  std::atomic<int> left_{-1};
};

store::Record RecordNumber(uint8_t number, store::Key* key) {
  sandbox::Verdict verdict;
  verdict.kind = sandbox::VerdictKind::kRejected;
  verdict.code = Code::kBadMagic;
  verdict.compile_gas = 1000 + number;
  verdict.module_digest.bytes[0] = number;
  *key = store::KeyOf(verdict);
  return store::RecordOf(verdict, uint64_t{1} << 62);
}

TEST(IndexTest, SurvivesEachCallThatFails) {
  std::string folder = testing::TempDir() + "/index-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  auto index = store::Index::Open(folder);
  ASSERT_TRUE(index.ok()) << index.status();
  static FailOne watcher;
  WatchCalls(&watcher);
  int failed = 0;
  uint8_t number = 0;
  for (int others = 0; others < 8; ++others) {
    store::Key key, next_key;
    const store::Record record = RecordNumber(++number, &key);
    const store::Record next = RecordNumber(++number, &next_key);
    watcher.ArmAfter(others);
    const absl::Status first =
        (*index)->Update(key, [&](const store::Record*) { return record; });
    watcher.Disarm();
    failed += first.ok() ? 0 : 1;
    const absl::Status second = (*index)->Update(
        next_key, [&](const store::Record*) { return next; });
    ASSERT_TRUE(second.ok()) << others << ": " << second;
    const auto found = (*index)->Get(next_key);
    ASSERT_TRUE(found.ok()) << others << ": " << found.status();
    EXPECT_EQ(found->verdict.compile_gas, next.verdict.compile_gas);
    if (first.ok()) EXPECT_TRUE((*index)->Get(key).ok()) << others;
  }
  // The pages, their flush, the head.
  EXPECT_GE(failed, 3);
  WatchCalls(nullptr);
  index->reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ingot::faults
