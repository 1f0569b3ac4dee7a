// Configuration by toml++. In and out: see the header. Holds: one table of keys
// serves reading and listing, so that none can be read and not be listed.

#include "chain_integration/service/config.h"

#include <algorithm>
#include <functional>
#include <limits>

#define TOML_EXCEPTIONS 0
#include "fmt/format.h"
#include "toml++/toml.h"

namespace ingot::service {
namespace {

using std::chrono::milliseconds;

struct Key {
  std::string path;
  // What is wrong with the value; empty: it was taken.
  std::function<std::string(const toml::node& value)> take;
};

template <typename Number>
Key NumberKey(std::string path, Number& target, uint64_t smallest,
              uint64_t largest) {
  return {std::move(path), [&target, smallest,
                            largest](const toml::node& node) {
            const auto value = node.value_exact<int64_t>();
            if (!value) return std::string("is a whole number");
            if (*value < 0 || static_cast<uint64_t>(*value) < smallest ||
                static_cast<uint64_t>(*value) > largest) {
              return fmt::format("{} is out of range: {} to {}", *value,
                                 smallest, largest);
            }
            target = static_cast<Number>(*value);
            return std::string();
          }};
}

Key SecondsKey(std::string path, milliseconds& target, uint64_t largest) {
  return {std::move(path), [&target, largest](const toml::node& node) {
            const auto whole = node.value_exact<int64_t>();
            const auto value = node.value<double>();
            if (!value) return std::string("is a number of seconds");
            const double seconds =
                whole ? static_cast<double>(*whole) : *value;
            if (!(seconds > 0) || seconds > static_cast<double>(largest)) {
              return fmt::format("is more than 0 and at most {} seconds",
                                 largest);
            }
            target = milliseconds(static_cast<int64_t>(seconds * 1000));
            return std::string();
          }};
}

Key TextKey(std::string path, std::string& target) {
  return {std::move(path), [&target](const toml::node& node) {
            const auto value = node.value_exact<std::string>();
            if (!value) return std::string("is a string");
            target = *value;
            return std::string();
          }};
}

Key BoolKey(std::string path, bool& target) {
  return {std::move(path), [&target](const toml::node& node) {
            const auto value = node.value_exact<bool>();
            if (!value) return std::string("is true or false");
            target = *value;
            return std::string();
          }};
}

template <typename Word>
Key WordKey(std::string path, Word& target,
            std::vector<std::pair<std::string, Word>> words) {
  return {std::move(path), [&target, words](const toml::node& node) {
            const auto value = node.value_exact<std::string>();
            std::vector<std::string> names;
            for (const auto& [name, word] : words) {
              names.push_back("\"" + name + "\"");
              if (value && *value == name) {
                target = word;
                return std::string();
              }
            }
            return fmt::format("is one of {}", fmt::join(names, ", "));
          }};
}

Key ModeKey(std::string path, uint32_t& target) {
  return {std::move(path), [&target](const toml::node& node) {
            const auto value = node.value_exact<std::string>();
            const bool octal =
                value && value->size() == 4 && (*value)[0] == '0' &&
                std::all_of(value->begin(), value->end(),
                            [](char c) { return c >= '0' && c <= '7'; });
            if (!octal) {
              return std::string("is four octal digits in quotes, as \"0660\"");
            }
            target = static_cast<uint32_t>(std::stoul(*value, nullptr, 8));
            return std::string();
          }};
}

Key TextsKey(std::string path, std::vector<std::string>& target) {
  return {std::move(path), [&target](const toml::node& node) {
            const toml::array* const items = node.as_array();
            std::vector<std::string> texts;
            for (size_t i = 0; items != nullptr && i < items->size(); ++i) {
              const auto text = (*items)[i].value_exact<std::string>();
              if (!text) return std::string("is a list of strings");
              texts.push_back(*text);
            }
            if (items == nullptr) return std::string("is a list of strings");
            target = std::move(texts);
            return std::string();
          }};
}

bool IsSha256(const std::string& text) {
  return text.size() == 64 &&
         text.find_first_not_of("0123456789abcdef") == text.npos;
}

Key CompilersKey(std::string path, std::vector<CompilerFile>& target) {
  return {std::move(path), [&target](const toml::node& node) {
            const std::string wrong =
                "is a list of { path = \"FILE\", sha256 = \"64 digits\" }";
            const toml::array* const items = node.as_array();
            if (items == nullptr) return wrong;
            std::vector<CompilerFile> files;
            for (const toml::node& item : *items) {
              const toml::table* const table = item.as_table();
              if (table == nullptr || table->size() != 2) return wrong;
              const auto file = (*table)["path"].value_exact<std::string>();
              const auto digest =
                  (*table)["sha256"].value_exact<std::string>();
              if (!file || !digest || !IsSha256(*digest)) return wrong;
              files.push_back({*file, *digest});
            }
            target = std::move(files);
            return std::string();
          }};
}

constexpr uint64_t kDay = 86'400;
constexpr uint64_t kMany = 1'000'000;
constexpr uint64_t kMaxGas = uint64_t{1} << 62;
constexpr uint64_t kTerabyte = uint64_t{1} << 40;

std::vector<Key> Keys(ServiceConfig& config) {
  NodeOptions& node = config.node;
  std::vector<Key> keys;
  const auto add = [&](Key key) { keys.push_back(std::move(key)); };
  add(TextKey("store.folder", node.store_folder));
  add(NumberKey("store.max_bytes", node.store_bytes, 0, kTerabyte * 1024));
  add(TextsKey("compile.profiles", config.profiles));
  add(CompilersKey("compile.compilers", config.compilers));
  add(NumberKey("compile.at_a_time", node.compilations, 1, 1024));
  add(NumberKey("compile.shared_gas_limit", node.shared_gas_limit, 0,
                kMaxGas));
  add(NumberKey("compile.max_waiting", node.max_waiting, 0, kMany));
  add(NumberKey("compile.max_module_bytes", node.max_module_bytes, 1,
                uint64_t{2} << 30));
  add(NumberKey("compile.max_upload_bytes", node.max_upload_bytes, 1,
                kTerabyte));
  add(NumberKey("workers.ready", node.workers.ready, 1, 1024));
  add(NumberKey("workers.tries", node.workers.attempts, 1, 100));
  add(NumberKey("workers.confirmations", node.workers.confirmations, 1, 2));
  add(SecondsKey("workers.job_seconds", node.workers.job_time, kDay));
  add(SecondsKey("workers.start_seconds", node.workers.start_time, kDay));
  add(NumberKey("workers.max_reply_bytes", node.workers.max_reply_bytes,
                uint64_t{1} << 20, kTerabyte));
  add(NumberKey("workers.max_data_bytes", node.workers.max_data_bytes,
                uint64_t{1} << 28, kTerabyte));
  add(TextKey("socket.path", config.grpc.listener.path));
  add(ModeKey("socket.mode", config.grpc.listener.mode));
  add(NumberKey("socket.max_connections",
                config.grpc.listener.max_connections, 1, kMany));
  add(NumberKey("socket.max_connections_per_client",
                config.grpc.listener.max_of_client, 1, kMany));
  add(NumberKey("socket.max_calls", config.grpc.max_threads, 8, 65'536));
  add(NumberKey("socket.max_calls_per_connection", config.grpc.max_streams, 1,
                65'536));
  add(NumberKey("socket.max_buffered_bytes", config.grpc.max_buffered_bytes,
                uint64_t{1} << 24, kTerabyte));
  add(TextKey("tcp.address", config.grpc.tcp));
  add(BoolKey("tcp.block_lane", config.grpc.tcp_block_lane));
  add(TextKey("frames.path", config.frames.listener.path));
  add(ModeKey("frames.mode", config.frames.listener.mode));
  add(NumberKey("frames.max_connections",
                config.frames.listener.max_connections, 1, 65'536));
  add(NumberKey("frames.max_connections_per_client",
                config.frames.listener.max_of_client, 1, 65'536));
  add(SecondsKey("frames.frame_seconds", config.frames.frame_time, kDay));
  add(NumberKey("limits.max_message_bytes", node.max_message_bytes,
                uint64_t{1} << 16, uint64_t{1} << 30));
  add(SecondsKey("limits.call_seconds", node.call_time, kDay));
  add(NumberKey("limits.calls_per_second", node.client_limits.calls_per_second,
                1, kMany));
  add(NumberKey("limits.burst", node.client_limits.burst, 1, kMany));
  add(NumberKey("limits.calls_at_a_time", node.client_limits.concurrent, 1,
                kMany));
  add(NumberKey("instances.max", node.instances.max_instances, 1, kMany));
  add(NumberKey("instances.max_per_client",
                node.instances.max_instances_per_client, 1, kMany));
  add(NumberKey("instances.max_loaded_artifacts",
                node.instances.max_programs, 1, kMany));
  add(NumberKey("instances.max_gas", node.instances.max_gas, 0, kMaxGas));
  add(SecondsKey("instances.idle_seconds", node.instances.idle_time, kDay));
  add(TextKey("metrics.address", config.metrics));
  add(WordKey<Log::Level>("log.level", config.log_level,
                          {{"debug", Log::Level::kDebug},
                           {"info", Log::Level::kInfo},
                           {"warning", Log::Level::kWarning},
                           {"error", Log::Level::kError}}));
  add(WordKey<Log::Format>("log.format", config.log_format,
                           {{"json", Log::Format::kJson},
                            {"text", Log::Format::kText}}));
  add(SecondsKey("drain_seconds", config.drain_time, kDay));
  return keys;
}

absl::Status Wrong(std::string_view path, const toml::node& node,
                   const std::string& what) {
  return absl::InvalidArgumentError(
      fmt::format("{}:{}: {}", path, node.source().begin.line, what));
}

absl::Status Take(const toml::table& table, const std::string& prefix,
                  const std::vector<Key>& keys, std::string_view path) {
  for (const auto& [name, node] : table) {
    const std::string full = prefix + std::string(name.str());
    const auto found =
        std::find_if(keys.begin(), keys.end(),
                     [&](const Key& key) { return key.path == full; });
    if (found != keys.end()) {
      const std::string wrong = found->take(node);
      if (!wrong.empty()) return Wrong(path, node, full + ": " + wrong);
      continue;
    }
    const bool section =
        node.is_table() &&
        std::any_of(keys.begin(), keys.end(), [&](const Key& key) {
          return key.path.starts_with(full + ".");
        });
    if (!section) return Wrong(path, node, full + ": there is no such key");
    absl::Status inner = Take(*node.as_table(), full + ".", keys, path);
    if (!inner.ok()) return inner;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServiceConfig> ParseConfig(std::string_view text,
                                          std::string_view path) {
  // toml++ 3.3 has undefined behaviour at other letters outside of strings.
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      return absl::InvalidArgumentError(
          fmt::format("{}: only ASCII can be read", path));
    }
  }
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    return absl::InvalidArgumentError(
        fmt::format("{}:{}: {}", path, parsed.error().source().begin.line,
                    parsed.error().description()));
  }
  ServiceConfig config;
  absl::Status taken = Take(parsed.table(), "", Keys(config), path);
  if (!taken.ok()) return taken;
  if (config.node.max_message_bytes < config.node.instances.max_read_bytes) {
    config.node.instances.max_read_bytes = config.node.max_message_bytes / 2;
  }
  return config;
}

std::vector<std::string> ConfigKeys() {
  ServiceConfig config;
  std::vector<std::string> paths;
  for (const Key& key : Keys(config)) paths.push_back(key.path);
  return paths;
}

}  // namespace ingot::service
