// Logs by spdlog. In and out: see the header. Holds: spdlog adds time and level
// by its pattern; text of a field is always quoted as JSON, so no field can
// begin a line of its own.

#include "chain_integration/service/log.h"

#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace ingot::service {
namespace {

spdlog::level::level_enum LevelOf(Log::Level level) {
  switch (level) {
    case Log::Level::kDebug: return spdlog::level::debug;
    case Log::Level::kInfo: return spdlog::level::info;
    case Log::Level::kWarning: return spdlog::level::warn;
    case Log::Level::kError: return spdlog::level::err;
    case Log::Level::kCritical: return spdlog::level::critical;
  }
  return spdlog::level::critical;
}

}  // namespace

struct Log::Sink {
  Format format;
  spdlog::logger logger;
};

Log::Log() = default;

Log::Log(Level least, Format format)
    : sink_(new Sink{
          format,
          spdlog::logger("ingot",
                         std::make_shared<spdlog::sinks::stderr_sink_mt>())}) {
  sink_->logger.set_level(LevelOf(least));
  sink_->logger.flush_on(spdlog::level::debug);
  sink_->logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(
      format == Format::kJson
          ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}"
          : "%Y-%m-%dT%H:%M:%S.%eZ %-8l %v",
      spdlog::pattern_time_type::utc));
}

Log::~Log() = default;

void Log::Write(Level level, std::string_view event,
                std::initializer_list<LogField> fields) {
  if (!sink_ || !sink_->logger.should_log(LevelOf(level))) return;
  std::string text;
  if (sink_->format == Format::kJson) {
    json::Value object = json::Value::MakeObject();
    object.Add("event", json::Value::String(event));
    for (const LogField& field : fields) object.Add(field.name, field.value);
    text = json::Write(object);
    text = text.substr(1, text.size() - 2);  // the pattern has the braces
  } else {
    text = event;
    for (const LogField& field : fields) {
      text += " " + std::string(field.name) + "=" + json::Write(field.value);
    }
  }
  sink_->logger.log(LevelOf(level), spdlog::string_view_t(text));
}

}  // namespace ingot::service
