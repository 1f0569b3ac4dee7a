#include "chain_integration/cosmwasm/state_file.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace ingot::cosmwasm {
namespace {

std::string TestFolder(const std::string& name) {
  const char* root = std::getenv("TEST_TMPDIR");
  const std::string folder =
      std::string(root == nullptr ? "/tmp" : root) + "/" + name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

std::string ParseError(std::string_view text) {
  return std::string(ParseState(text).status().message());
}

TEST(StateFileTest, EqualStatesGiveEqualBytes) {
  const ContractState state{
      .entries = {{"b", "two"}, {std::string("\0\xFF", 2), ""}}};
  const std::string text = SerializeState(state);
  EXPECT_EQ(text,
            "{\n  \"format\": \"ingot.contract_state.v1\",\n"
            "  \"entries\": {\n    \"00ff\": \"\",\n    \"62\": \"74776f\"\n"
            "  }\n}\n");
  const absl::StatusOr<ContractState> parsed = ParseState(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, state);
  EXPECT_EQ(SerializeState(*ParseState(SerializeState({}))),
            SerializeState({}));
}

TEST(StateFileTest, RefusesOtherFiles) {
  EXPECT_EQ(ParseError("{}"),
            "not a contract state: expected an object with \"format\": "
            "\"ingot.contract_state.v1\" and \"entries\"");
  EXPECT_NE(ParseError(R"({"format":"other","entries":{}})"), "");
  EXPECT_NE(ParseError("hello"), "");
  for (const std::string_view entry :
       {R"({"6":""})", R"({"zz":""})", R"({"61":"F0"})", R"({"61":1})"}) {
    const std::string text =
        R"({"format":"ingot.contract_state.v1","entries":)" +
        std::string(entry) + "}";
    EXPECT_NE(ParseError(text).find("is not lower-case hexadecimal"),
              std::string::npos)
        << text;
  }
}

TEST(StateFileTest, SavesAndLoads) {
  const std::string folder = TestFolder("saves_and_loads");
  const std::string path = folder + "/state.json";
  EXPECT_EQ(LoadState(path)->entries.size(), 0u);
  const ContractState state{.entries = {{"key", "value"}}};
  ASSERT_TRUE(SaveState(path, state).ok());
  ASSERT_TRUE(SaveState(path, state).ok());
  EXPECT_EQ(*LoadState(path), state);
  // No temporary file stays behind.
  const auto files = std::filesystem::directory_iterator(folder);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(StateFileTest, SaysWhatItCannotReadOrWrite) {
  const std::string folder = TestFolder("cannot");
  EXPECT_EQ(LoadState(folder).status().message(),
            folder + " is not a regular file");
  const std::string pipe = folder + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(LoadState(pipe).status().message(),
            pipe + " is not a regular file");
  std::ofstream(folder + "/text") << "hello";
  EXPECT_EQ(LoadState(folder + "/text").status().message(),
            folder + "/text: JSON: expected a value at byte 0");
  const absl::Status status = SaveState(folder + "/absent/state", {});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  // A failed save leaves the old file.
  const std::string occupied = folder + "/occupied";
  std::filesystem::create_directories(occupied + "/inside");
  EXPECT_FALSE(SaveState(occupied, {}).ok());
  EXPECT_TRUE(std::filesystem::exists(occupied + "/inside"));
}

}  // namespace
}  // namespace ingot::cosmwasm
