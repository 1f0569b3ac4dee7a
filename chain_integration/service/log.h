#ifndef CHAIN_INTEGRATION_SERVICE_LOG_H_
#define CHAIN_INTEGRATION_SERVICE_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "chain_integration/json/json.h"

// Structured logs. In: an event's name and its fields. Out: one line each on
// standard error, as JSON or for a reader. Holds: an event is one line, whatever
// a field contains; names of events and fields are fixed words, so that a
// program can search for them. Any thread.

namespace ingot::service {

struct LogField {
  LogField(std::string_view name, std::string_view text)
      : name(name), value(json::Value::String(json::ToValidUtf8(text))) {}
  LogField(std::string_view name, const std::string& text)
      : LogField(name, std::string_view(text)) {}
  LogField(std::string_view name, const char* text)
      : LogField(name, std::string_view(text)) {}
  LogField(std::string_view name, uint64_t number)
      : name(name), value(json::Value::Number(number)) {}

  std::string_view name;
  json::Value value;
};

class Log {
 public:
  enum class Level : uint8_t { kDebug, kInfo, kWarning, kError, kCritical };
  enum class Format : uint8_t { kText, kJson };

  // Says nothing.
  Log();
  Log(Level least, Format format);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void Write(Level level, std::string_view event,
             std::initializer_list<LogField> fields);
  void Debug(std::string_view event, std::initializer_list<LogField> fields) {
    Write(Level::kDebug, event, fields);
  }
  void Info(std::string_view event, std::initializer_list<LogField> fields) {
    Write(Level::kInfo, event, fields);
  }
  void Warning(std::string_view event,
               std::initializer_list<LogField> fields) {
    Write(Level::kWarning, event, fields);
  }
  void Error(std::string_view event, std::initializer_list<LogField> fields) {
    Write(Level::kError, event, fields);
  }
  // The service stops because of it.
  void Critical(std::string_view event,
                std::initializer_list<LogField> fields) {
    Write(Level::kCritical, event, fields);
  }

 private:
  struct Sink;
  std::unique_ptr<Sink> sink_;  // null: silent
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_LOG_H_
