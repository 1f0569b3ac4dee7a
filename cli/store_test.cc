// `ingot store` as an operator meets it. The store is filled by the library,
// as the service fills it.

#include <filesystem>
#include <fstream>

#include "chain_integration/store/artifact_store.h"
#include "chain_integration/store/test_verdicts.h"
#include "cli/ingot_process.h"
#include "gtest/gtest.h"

namespace ingot::cli {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::ArtifactStore::Open({.folder = folder_});
    ASSERT_TRUE(opened.ok()) << opened.status();
    for (uint32_t i = 0; i < 2; ++i) {
      verdicts_.push_back(store::AcceptedVerdict(i, 1000 + i));
      ASSERT_TRUE((*opened)->PutModule(store::TestModule(i)).ok());
      ASSERT_TRUE((*opened)->Put(verdicts_[i], uint64_t{1} << 62).ok());
    }
  }

  IngotResult Store(const std::string& what, const std::string& folder,
                    std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"store", what, "--json", "--store",
                                      folder};
    words.insert(words.end(), more.begin(), more.end());
    return RunIngot(words);
  }

  static std::string Text(const IngotResult& result, const char* key) {
    const json::Value object = result.Object();
    const json::Value* const value = object.Find(key);
    return value == nullptr ? "missing" : value->AsString();
  }

  const std::string folder_ = store::TestFolder();
  std::vector<sandbox::Verdict> verdicts_;
};

TEST_F(StoreTest, ListsVerifiesAndFindsDamage) {
  const IngotResult list = Store("ls", folder_);
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_NE(list.out.find(verdicts_[1].artifact_digest.Hex()),
            std::string::npos);
  const IngotResult sound = Store("verify", folder_);
  EXPECT_EQ(sound.exit_code, 0) << sound.err;
  EXPECT_EQ(Text(sound, "artifacts"), "2");
  std::ofstream(folder_ + "/artifacts/" + verdicts_[0].artifact_digest.Hex())
      << "garbage";
  const IngotResult damaged = Store("verify", folder_);
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_EQ(Text(damaged, "quarantined"), "1");
  EXPECT_NE(damaged.err.find("quarantined"), std::string::npos);
}

TEST_F(StoreTest, ExportsAndImports) {
  const std::string stream = folder_ + ".ingots";
  EXPECT_EQ(Store("export", folder_, {stream}).exit_code, 0);
  const std::string other = store::TestFolder();
  const IngotResult careful = Store("import", other, {stream});
  EXPECT_EQ(careful.exit_code, 0) << careful.err;
  EXPECT_EQ(Text(careful, "artifacts"), "2");
  EXPECT_EQ(Text(careful, "verdicts"), "0");
  EXPECT_EQ(Text(Store("import", other, {stream, "--trust"}), "verdicts"),
            "2");
  // Cut short.
  std::filesystem::resize_file(stream, 1000);
  EXPECT_EQ(Store("import", store::TestFolder(), {stream}).exit_code, 3);
  EXPECT_EQ(Store("import", other, {"/nonexistent"}).exit_code, 3);
}

TEST_F(StoreTest, RemovesWhatIsTooMuch) {
  const IngotResult kept =
      Store("gc", folder_, {"--max-bytes", "1000000000"});
  EXPECT_EQ(kept.exit_code, 0) << kept.err;
  EXPECT_EQ(Text(kept, "files_removed"), "0");
  const IngotResult emptied = Store("gc", folder_, {"--max-bytes", "0"});
  EXPECT_EQ(emptied.exit_code, 0);
  EXPECT_EQ(Text(emptied, "files_removed"), "4");
  EXPECT_EQ(Text(emptied, "bytes_after"), "0");
}

TEST_F(StoreTest, SaysWhatIsWrong) {
  EXPECT_EQ(RunIngot({"store"}).exit_code, 2);
  EXPECT_EQ(RunIngot({"store", "ls"}).exit_code, 2);
  EXPECT_EQ(Store("ls", "/proc/nowhere").exit_code, 3);
}

}  // namespace
}  // namespace ingot::cli
