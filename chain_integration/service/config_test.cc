// The configuration, the example of it, and the alert rules. Holds: what is
// written for a user is what the program reads and says.

#include "chain_integration/service/config.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "chain_integration/service/test_node.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ingot::service {
namespace {

using testing::HasSubstr;

std::string Read(const std::string& path) {
  std::ifstream file("chain_integration/service/" + path);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The keys of a file of `name = value` lines and [sections], with the values.
std::vector<std::pair<std::string, std::string>> KeysOf(
    const std::string& text) {
  std::vector<std::pair<std::string, std::string>> keys;
  std::string section;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, std::regex("\\[(\\w+)\\]"))) {
      section = match[1].str() + ".";
    }
    if (std::regex_match(line, match, std::regex("(\\w+) = (.*)"))) {
      keys.emplace_back(section + match[1].str(), match[2].str());
    }
  }
  return keys;
}

TEST(ConfigTest, TheExampleNamesEveryKeyAndIsRead) {
  const std::string text = Read("ingot.example.toml");
  std::vector<std::string> named;
  for (const auto& [key, value] : KeysOf(text)) named.push_back(key);
  EXPECT_THAT(named, testing::UnorderedElementsAreArray(ConfigKeys()));
  const auto config = ParseConfig(text, "example");
  ASSERT_TRUE(config.ok()) << config.status();
}

TEST(ConfigTest, TheExampleHasTheDefaults) {
  // Each line alone gives what an empty file gives, so its value is the
  // default; the fields that tests can see are compared.
  const auto example = ParseConfig(Read("ingot.example.toml"), "example");
  const auto empty = ParseConfig("", "empty");
  ASSERT_TRUE(example.ok() && empty.ok());
  const auto numbers = [](const ServiceConfig& config) {
    const NodeOptions& node = config.node;
    return std::vector<uint64_t>{
        node.store_bytes, node.compilations, node.shared_gas_limit,
        node.max_waiting, node.max_module_bytes, node.max_upload_bytes,
        node.workers.ready, node.workers.attempts, node.workers.confirmations,
        static_cast<uint64_t>(node.workers.job_time.count()),
        static_cast<uint64_t>(node.workers.start_time.count()),
        node.workers.max_reply_bytes, node.workers.max_data_bytes,
        config.grpc.listener.mode, config.grpc.listener.max_connections,
        config.grpc.listener.max_of_client, config.grpc.max_threads,
        config.grpc.max_streams, config.grpc.max_buffered_bytes,
        config.grpc.tcp_block_lane,
        config.frames.listener.mode, config.frames.listener.max_connections,
        config.frames.listener.max_of_client,
        static_cast<uint64_t>(config.frames.frame_time.count()),
        node.max_message_bytes, static_cast<uint64_t>(node.call_time.count()),
        node.client_limits.calls_per_second, node.client_limits.burst,
        node.client_limits.concurrent, node.instances.max_instances,
        node.instances.max_instances_per_client, node.instances.max_programs,
        node.instances.max_gas,
        static_cast<uint64_t>(node.instances.idle_time.count()),
        static_cast<uint64_t>(config.log_level),
        static_cast<uint64_t>(config.log_format),
        static_cast<uint64_t>(config.drain_time.count())};
  };
  EXPECT_EQ(numbers(*example), numbers(*empty));
  for (const std::string* const text :
       {&example->node.store_folder, &example->grpc.listener.path,
        &example->grpc.tcp, &example->frames.listener.path,
        &example->metrics}) {
    EXPECT_EQ(*text, "");
  }
  EXPECT_TRUE(example->profiles.empty());
  EXPECT_TRUE(example->compilers.empty());
}

TEST(ConfigTest, TakesWhatIsWritten) {
  const auto config = ParseConfig(
      "drain_seconds = 0.5\n[store]\nfolder = \"/s\"\n[socket]\nmode = "
      "\"0600\"\n[compile]\nprofiles = [\"a\", \"b\"]\ncompilers = [{ path "
      "= \"c\", sha256 = \"" +
          std::string(64, 'a') +
          "\" }]\n[log]\nlevel = "
      "\"error\"\nformat = \"text\"\n",
      "file");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->drain_time.count(), 500);
  EXPECT_EQ(config->node.store_folder, "/s");
  EXPECT_EQ(config->grpc.listener.mode, 0600u);
  EXPECT_THAT(config->profiles, testing::ElementsAre("a", "b"));
  ASSERT_EQ(config->compilers.size(), 1u);
  EXPECT_EQ(config->compilers[0].path, "c");
  EXPECT_EQ(config->compilers[0].sha256, std::string(64, 'a'));
  EXPECT_EQ(config->log_level, Log::Level::kError);
  EXPECT_EQ(config->log_format, Log::Format::kText);
}

TEST(ConfigTest, ErrorsNameLineAndKey) {
  const struct {
    const char* text;
    const char* expected;
  } kCases[] = {
      {"\n[socket]\npaht = \"x\"", "file:3: socket.paht: there is no such key"},
      {"[workers]\nready = 0", "workers.ready: 0 is out of range: 1 to 1024"},
      {"[workers]\nready = -1", "workers.ready: -1 is out of range"},
      {"[workers]\nready = \"2\"", "workers.ready: is a whole number"},
      {"[workers]\nready = 2.0", "workers.ready: is a whole number"},
      {"[limits]\ncall_seconds = 0", "limits.call_seconds"},
      {"[limits]\ncall_seconds = nan", "limits.call_seconds"},
      {"[log]\nlevel = \"loud\"", "log.level: is one of \"debug\""},
      {"[socket]\nmode = \"rw\"", "socket.mode"},
      {"[tcp]\nblock_lane = 1", "tcp.block_lane: is true or false"},
      {"[compile]\nprofiles = [1]", "compile.profiles: is a list of strings"},
      {"[compile]\ncompilers = [\"c\"]", "compile.compilers: is a list of"},
      {"[compile]\ncompilers = [{ path = \"c\" }]", "compile.compilers: is"},
      {"[compile]\ncompilers = [{ path = \"c\", sha256 = \"AB\" }]",
       "compile.compilers: is a list of"},
      {"store = 1", "store: there is no such key"},
      {"[store", "file:1:"},
      {"[\xC5\x82]", "only ASCII"},
  };
  for (const auto& test : kCases) {
    const auto config = ParseConfig(test.text, "file");
    EXPECT_TRUE(absl::IsInvalidArgument(config.status())) << test.text;
    EXPECT_THAT(std::string(config.status().message()),
                HasSubstr(test.expected));
  }
}

TEST(AlertsTest, NameMetricsThatTheServiceHas) {
  TestNode test;
  test.metrics.CountCall("GetInfo", "direct", "ok", 0.1);
  test.metrics.ObserveCompile("worker", 0.1, 100);
  test.metrics.ObserveRun(0.1, 100);
  const std::string page = test.metrics.Text();
  const std::string rules = Read("alerts.yml");
  const std::regex name("ingot_[a-z_]+");
  std::set<std::string> names;
  for (std::sregex_iterator at(rules.begin(), rules.end(), name), end;
       at != end; ++at) {
    names.insert(at->str());
  }
  EXPECT_GE(names.size(), 8u);
  for (const std::string& metric : names) {
    EXPECT_TRUE(page.find("\n" + metric + " ") != std::string::npos ||
                page.find("\n" + metric + "{") != std::string::npos)
        << metric;
  }
}

}  // namespace
}  // namespace ingot::service
